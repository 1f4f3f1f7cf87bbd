//! From flags to a writer: which format, which columns, escaped or not.

use jiff::tz::TimeZone;

use crate::args::{Format, Output};
use crate::failure::Complaint;
use crate::output::Writer;
use crate::output::column::Column;
use crate::output::csv::Csv;
use crate::output::jsonl::JsonLines;
use crate::output::paths::Paths;
use crate::output::table::{Page, Table};
use crate::terminal::Terminal;

/// How rows will be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    format: Format,
    /// The columns that were chosen; none for the format's usual ones.
    columns: Vec<Column>,
    /// What ends a path, where only paths are printed.
    end: u8,
}

impl Layout {
    /// Decides by what the user asked for and where the rows go.
    pub(crate) fn new(output: &Output, on_terminal: bool) -> Result<Self, Complaint> {
        let format = match output.format {
            Some(format) => format,
            None if output.null => Format::Paths,
            None if on_terminal => Format::Table,
            None if output.columns.is_empty() => Format::Paths,
            None => Format::Csv,
        };
        if output.null && format != Format::Paths {
            return Err(Complaint::about("--null", "only paths can end with NUL").then("leave out --format"));
        }
        if format == Format::Paths && !output.columns.is_empty() {
            let complaint = Complaint::about("--columns", "paths are printed without other columns");
            return Err(complaint.then("choose --format table, csv or jsonl"));
        }
        let columns = distinct(&output.columns)?;
        Ok(Self { format, columns, end: if output.null { 0 } else { b'\n' } })
    }

    /// Whether a row's path has to be put together.
    pub(crate) fn wants_path(&self) -> bool {
        self.columns.is_empty()
            || self.columns.iter().any(|column| matches!(column, Column::Path | Column::Folder))
    }

    /// Whether a row says which source it is from by nothing but the name in front of its path.
    pub(crate) fn tells_sources_by_name(&self) -> bool {
        self.wants_path()
            && match self.format {
                Format::Paths | Format::Table => !self.columns.contains(&Column::Source),
                Format::Csv | Format::Jsonl => {
                    !self.columns.is_empty() && !self.columns.contains(&Column::Source)
                }
            }
    }

    /// The writer. Rows of `several` sources get a column that tells them apart.
    pub(crate) fn writer(self, terminal: &Terminal, several: bool) -> Box<dyn Writer> {
        let columns = match self.columns.is_empty() {
            true => usual(self.format, several, terminal.output_cells),
            false => self.columns,
        };
        match self.format {
            Format::Csv => Box::new(Csv::new(columns, terminal.output_cells.is_some())),
            Format::Jsonl => Box::new(JsonLines::new(&columns)),
            Format::Paths => Box::new(Paths::new(self.end, terminal.output_cells.is_some() && self.end != 0)),
            Format::Table => {
                let page = Page {
                    cells: terminal.output_cells,
                    colour: terminal.output_colour,
                    zone: TimeZone::system(),
                };
                Box::new(Table::new(columns, page))
            }
        }
    }
}

/// The columns of a format where none were chosen. A terminal too narrow for all of a table has the path.
fn usual(format: Format, several: bool, cells: Option<usize>) -> Vec<Column> {
    /// Cells that a table takes with a date, and without, where paths are as short as they get.
    const WITH_DATE: usize = 52;
    const WITH_SIZE: usize = 34;
    match (format, cells) {
        (Format::Paths, _) => vec![Column::Path],
        (Format::Table, Some(..WITH_SIZE)) => vec![Column::Path],
        (Format::Table, Some(..WITH_DATE)) => vec![Column::Size, Column::Path],
        (Format::Table, _) => vec![Column::Size, Column::Modified, Column::Path],
        (Format::Csv | Format::Jsonl, _) => {
            Column::all().iter().copied().filter(|&column| several || column != Column::Source).collect()
        }
    }
}

/// The chosen columns, each once: a JSON object cannot have a key twice.
fn distinct(chosen: &[Column]) -> Result<Vec<Column>, Complaint> {
    for (place, column) in chosen.iter().enumerate() {
        if chosen[..place].contains(column) {
            return Err(Complaint::about("--columns", format!("`{}` is named twice", column.label())));
        }
    }
    Ok(chosen.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Layout, usual};
    use crate::args::{CommandLine, Format, Verb};
    use crate::output::column::Column;
    use clap::Parser as _;

    /// What `flags` make of rows that go to a terminal or a pipe: the format, or a complaint.
    fn check(flags: &str, on_terminal: bool, expected: Result<Format, &str>) {
        let words = "quarry find x --on y".split(' ').chain(flags.split_whitespace());
        let Verb::Find(find) = CommandLine::try_parse_from(words).expect("valid flags").verb else {
            panic!("not parsed as find");
        };
        let found = Layout::new(&find.output, on_terminal);
        let found = found.map(|layout| layout.format).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{flags}");
    }

    #[test]
    fn a_terminal_gets_a_table_and_a_pipe_paths() {
        check("", true, Ok(Format::Table));
        check("", false, Ok(Format::Paths));
        check("--columns name,size", true, Ok(Format::Table));
        check("--columns name,size", false, Ok(Format::Csv));
        check("-0", true, Ok(Format::Paths));
        check("--format jsonl", true, Ok(Format::Jsonl));
    }

    #[test]
    fn flags_that_contradict_each_other_are_told() {
        check("-0 --format csv", false, Err("--null: only paths can end with NUL; leave out --format"));
        check(
            "--format paths --columns name",
            false,
            Err("--columns: paths are printed without other columns; choose --format table, csv or jsonl"),
        );
        check("--columns size,name,size", false, Err("--columns: `size` is named twice"));
    }

    #[test]
    fn only_rows_of_several_sources_name_their_source() {
        for (format, one, several) in [
            (Format::Table, 3, 3),
            (Format::Paths, 1, 1),
            (Format::Csv, Column::all().len() - 1, Column::all().len()),
            (Format::Jsonl, Column::all().len() - 1, Column::all().len()),
        ] {
            assert_eq!((usual(format, false, None).len(), usual(format, true, None).len()), (one, several));
        }
    }

    #[test]
    fn a_table_is_no_wider_than_its_terminal() {
        use crate::output::sample::{Sample, printed};
        use crate::output::table::{Page, Table};
        let rows = [Sample::at("/Users/Anna/Pictures/2014/a picture of many words.jpg"), Sample::at("/")];
        for cells in 1..120 {
            let page = Page { cells: Some(cells), colour: false, zone: jiff::tz::TimeZone::UTC };
            let mut table = Table::new(usual(Format::Table, false, Some(cells)), page);
            let printed = String::from_utf8(printed(&mut table, &rows)).expect("text");
            let widest = printed.lines().map(|line| line.chars().count()).max();
            // A header is as wide as its word.
            assert!(widest <= Some(cells.max("PATH".len())), "{cells}: {printed}");
        }
    }
}

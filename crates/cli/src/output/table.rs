//! Rows for people: aligned, with sizes and dates as people read them.
//!
//! Columns have fixed widths and the path comes last, so that a row can be printed when it is found. A table
//! that measures its cells first would have to hold all of them. Names are always escaped here: a line end in
//! one would break the table wherever it is printed.

use anstyle::Style;
use jiff::tz::TimeZone;
use quarry_index::Kind;
use quarry_index::query::extension;

use super::attributes::{ATTRIBUTES_WIDTH, push_attributes};
use super::column::Column;
use super::escape::{push_escaped, push_shortened, width};
use super::number::{SIZE_WIDTH, push_hexadecimal, push_number, push_size};
use super::row::{Row, kind_word};
use super::style::{HEADER, PARENT, of_name, push_styled};
use super::time::{Civil, is_date};
use super::{Writer, push_words};

/// Cells between two columns.
const GAP: usize = 2;
/// Paths are not shortened below this, however narrow the terminal is.
const PATH_CELLS_MIN: usize = 24;

/// Where a table is printed.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Cells in a line of the terminal, to which paths are shortened; none where there is no terminal.
    pub(crate) cells: Option<usize>,
    /// Whether to colour names.
    pub(crate) colour: bool,
    /// The time zone of the dates.
    pub(crate) zone: TimeZone,
}

/// Writes a header, if there are rows, and a line a row.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    page: Page,
    path_cells: usize,
    begun: bool,
    /// The cell being made, and the path before it is shortened: kept for their room.
    cell: Vec<u8>,
    path: Vec<u8>,
}

impl Table {
    /// A table of `columns`, of which the path is shown last wherever it stands.
    pub(crate) fn new(mut columns: Vec<Column>, page: Page) -> Self {
        columns.sort_by_key(|&column| column == Column::Path);
        let taken: usize = columns.iter().map(|&column| alignment(column).cells() + GAP).sum();
        let left =
            |cells: usize| cells.saturating_sub(taken.saturating_sub(GAP)).max(PATH_CELLS_MIN.min(cells));
        let path_cells = page.cells.map_or(usize::MAX, left);
        Self { columns, page, path_cells, begun: false, cell: Vec::new(), path: Vec::new() }
    }

    fn header(&mut self, out: &mut Vec<u8>) {
        for place in 0..self.columns.len() {
            self.cell.clear();
            self.cell.extend(self.columns[place].label().bytes().map(|letter| letter.to_ascii_uppercase()));
            self.lay(place, HEADER, out);
        }
    }

    /// Fills `cell` with what `row` has in `column`.
    fn fill(&mut self, column: Column, row: &dyn Row) {
        let cell = &mut self.cell;
        cell.clear();
        match column {
            Column::Path => {
                self.path.clear();
                push_escaped(&mut self.path, row.path());
                if row.kind() == Kind::Folder && !self.path.ends_with(b"/") {
                    self.path.push(b'/');
                }
                push_shortened(cell, text(&self.path), self.path_cells);
            }
            Column::Source => push_escaped(cell, row.source().as_bytes()),
            Column::Name => push_escaped(cell, row.name()),
            Column::Folder => push_escaped(cell, row.folder()),
            Column::Ext => push_escaped(cell, extension(row.name())),
            Column::Type => cell.extend_from_slice(kind_word(row.kind()).as_bytes()),
            Column::Size | Column::Allocated if row.kind() == Kind::Folder => {}
            Column::Size => push_size(cell, row.size()),
            Column::Allocated => push_size(cell, row.allocated()),
            Column::Modified | Column::Created | Column::Accessed | Column::Changed => {
                let ticks = column.moment().map_or(0, |moment| row.time(moment));
                if is_date(ticks) {
                    Civil::local(ticks, &self.page.zone).push_minutes(cell);
                }
            }
            Column::Attributes => push_attributes(cell, row.attributes()),
            Column::Links => push_number(cell, row.links().into()),
            Column::Reparse if row.reparse_tag() == 0 => {}
            Column::Reparse => {
                cell.extend_from_slice(b"0x");
                push_hexadecimal(cell, row.reparse_tag(), 8);
            }
            Column::Record => {
                if let Some(record) = row.record() {
                    push_number(cell, record.into());
                }
            }
            Column::Sequence => push_number(cell, row.sequence().into()),
            Column::State => push_words(cell, row.flags()),
        }
        if cell.is_empty() {
            cell.push(b'-');
        }
    }

    /// Appends `cell` as that of the column at `place`, and the line end after the last one.
    fn lay(&self, place: usize, style: Style, out: &mut Vec<u8>) {
        let column = self.columns[place];
        let last = place + 1 == self.columns.len();
        let blank = alignment(column).cells().saturating_sub(width(text(&self.cell)));
        let (before, after) = match alignment(column) {
            Alignment::Right(_) => (blank, 0),
            Alignment::Left(_) => (0, blank),
        };
        pad(out, before);
        self.styled(column, style, out);
        if last {
            out.push(b'\n');
        } else {
            pad(out, after + GAP);
        }
    }

    /// Appends `cell`; of a path, only the last part has the style, so that the name stands out.
    fn styled(&self, column: Column, style: Style, out: &mut Vec<u8>) {
        if !self.page.colour {
            return out.extend_from_slice(&self.cell);
        }
        let name = match column {
            Column::Path => name_start(&self.cell),
            _ => 0,
        };
        let (parent, name) = self.cell.split_at(name);
        push_styled(out, PARENT, parent);
        push_styled(out, style, name);
    }
}

impl Writer for Table {
    fn row(&mut self, row: &dyn Row, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            self.header(out);
        }
        for place in 0..self.columns.len() {
            let column = self.columns[place];
            self.fill(column, row);
            let style = match column {
                Column::Path | Column::Name => of_name(row),
                _ => Style::new(),
            };
            self.lay(place, style, out);
        }
    }
}

/// How a column stands in its room, in cells.
#[derive(Debug, Clone, Copy)]
enum Alignment {
    Left(usize),
    Right(usize),
}

impl Alignment {
    fn cells(self) -> usize {
        let (Self::Left(cells) | Self::Right(cells)) = self;
        cells
    }
}

fn alignment(column: Column) -> Alignment {
    match column {
        // It comes last and takes what is left.
        Column::Path => Alignment::Left(0),
        Column::Name | Column::Folder => Alignment::Left(32),
        Column::Source => Alignment::Left(12),
        Column::Ext | Column::Type => Alignment::Left(6),
        Column::Size => Alignment::Right(SIZE_WIDTH),
        Column::Allocated => Alignment::Right("allocated".len()),
        Column::Modified | Column::Created | Column::Accessed | Column::Changed => {
            Alignment::Left("2024-05-03 10:11".len())
        }
        Column::Attributes => Alignment::Left(ATTRIBUTES_WIDTH),
        Column::Links => Alignment::Right("links".len()),
        Column::Reparse => Alignment::Left("0xa0000003".len()),
        Column::Record => Alignment::Right(9),
        Column::Sequence => Alignment::Right("sequence".len()),
        Column::State => Alignment::Left("deleted+orphan".len()),
    }
}

/// Where the last part of a path begins; a slash at its end belongs to it.
fn name_start(path: &[u8]) -> usize {
    let body = path.strip_suffix(b"/").unwrap_or(path);
    memchr::memrchr(b'/', body).map_or(0, |slash| slash + 1)
}

/// Cells are made of escaped text, so this is all of it.
fn text(cell: &[u8]) -> &str {
    std::str::from_utf8(cell).unwrap_or_default()
}

fn pad(out: &mut Vec<u8>, cells: usize) {
    out.resize(out.len() + cells, b' ');
}

#[cfg(test)]
mod tests {
    use super::{Page, Table};
    use crate::output::column::Column;
    use crate::output::sample::{Sample, printed};
    use jiff::tz::TimeZone;
    use quarry_index::{Kind, RowFlags};

    const USUAL: [Column; 3] = [Column::Path, Column::Size, Column::Modified];

    fn check(columns: &[Column], cells: Option<usize>, colour: bool, rows: &[Sample], expected: &str) {
        let page = Page { cells, colour, zone: TimeZone::UTC };
        let printed = printed(&mut Table::new(columns.to_vec(), page), rows);
        assert_eq!(String::from_utf8_lossy(&printed), expected);
    }

    #[test]
    fn sizes_and_dates_are_aligned_and_the_path_is_last() {
        let rows = [
            Sample::default(),
            Sample { kind: Kind::Folder, modified: 0, ..Sample::at("/docs") },
            Sample { size: 3 << 30, ..Sample::at("/docs/esc\u{1b}[2J") },
        ];
        check(
            &USUAL,
            None,
            false,
            &rows,
            concat!(
                "    SIZE  MODIFIED          PATH\n",
                " 1.5 KiB  2024-05-03 10:11  /docs/report.pdf\n",
                "       -  -                 /docs/\n",
                " 3.0 GiB  2024-05-03 10:11  /docs/esc\\u{1b}[2J\n",
            ),
        );
    }

    #[test]
    fn every_other_column_has_its_form_for_people() {
        let columns: Vec<Column> =
            Column::all().iter().copied().filter(|column| !USUAL.contains(column)).collect();
        let row = Sample {
            reparse_tag: 0xA000_000C,
            flags: RowFlags::DELETED | RowFlags::DAMAGED,
            ..Sample::default()
        };
        check(
            &columns,
            Some(80),
            false,
            &[row],
            concat!(
                "SOURCE        NAME                              FOLDER                            EXT     ",
                "TYPE    ALLOCATED  CREATED           ACCESSED          CHANGED           ATTRIBUTES  LINKS  ",
                "REPARSE        RECORD  SEQUENCE  STATE\n",
                "disk          report.pdf                        /docs                             pdf     ",
                "file      4.0 KiB  1970-01-01 00:00  -                 -                 A               1  ",
                "0xa000000c         64         2  deleted+damaged\n",
            ),
        );
    }

    #[test]
    fn a_terminal_shortens_paths_and_a_pipe_does_not() {
        let row = || [Sample::at("/a/very/long/way/down/to/the/file.txt")];
        check(&[Column::Path], Some(30), false, &row(), "PATH\n/a/very/l…down/to/the/file.txt\n");
        check(&[Column::Path], None, false, &row(), "PATH\n/a/very/long/way/down/to/the/file.txt\n");
    }

    #[test]
    fn the_name_stands_out_in_colour() {
        let rows = [Sample { kind: Kind::Folder, ..Sample::at("/docs/old") }];
        check(
            &[Column::Path],
            None,
            true,
            &rows,
            "\u{1b}[1mPATH\u{1b}[0m\n\u{1b}[2m/docs/\u{1b}[0m\u{1b}[1m\u{1b}[34mold/\u{1b}[0m\n",
        );
    }

    #[test]
    fn pitfall_45_no_rows_no_header() {
        check(&USUAL, Some(80), true, &[], "");
    }
}

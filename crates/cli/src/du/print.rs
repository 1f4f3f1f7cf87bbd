//! Lines with bars for people, records for machines.

use jiff::tz::TimeZone;

use super::line::Line;
use crate::args::By;
use crate::output::column::Cell;
use crate::output::escape::{push_escaped, push_shortened, width};
use crate::output::number::SIZE_WIDTH;
use crate::output::record::{Form, begin, push};
use crate::output::time::{Civil, is_date};
use crate::output::words::size;

/// Cells of the longest bar.
const BAR_CELLS: u64 = 16;
/// Labels are not shortened below this for the sake of another column.
const LABEL_CELLS_MIN: usize = 17;
const DATE_CELLS: usize = 16;
/// Cells between two columns.
const GAP: usize = 2;

/// Where lines are printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) by: By,
    /// Rows say which source they are from.
    pub(super) several: bool,
    /// What a whole bar stands for, bytes.
    pub(super) all: u64,
    /// Cells in a line of the terminal, if there is one.
    pub(super) cells: Option<usize>,
}

impl Page {
    /// The columns of a record.
    fn labels(&self) -> Vec<&'static str> {
        let own: &[&str] = match self.by {
            By::Folder => &["path", "bytes", "allocated", "files", "folders", "newest"],
            By::File => &["path", "bytes", "allocated", "modified"],
            By::Extension => &["extension", "bytes", "allocated", "files", "newest"],
            By::Age => &["age", "bytes", "allocated", "files"],
        };
        let source = self.several && matches!(self.by, By::Folder | By::File);
        source.then_some("source").into_iter().chain(own.iter().copied()).collect()
    }

    /// The lines for machines.
    pub(super) fn records(&self, lines: &[Line], form: Form) -> Vec<u8> {
        let (labels, mut out) = (self.labels(), Vec::new());
        begin(form, &labels, &mut out);
        for line in lines {
            let cell = |&label: &&'static str| match label {
                "source" => Cell::Text(line.source.as_deref().unwrap_or_default().as_bytes()),
                "bytes" => Cell::Number(line.bytes),
                "allocated" => Cell::Number(line.allocated),
                "files" => Cell::Number(line.files),
                "folders" => Cell::Number(line.folders),
                "newest" | "modified" if is_date(line.newest.0) => Cell::Date(line.newest.0),
                "newest" | "modified" => Cell::Nothing,
                _ => Cell::Text(&line.label),
            };
            let cells: Vec<Cell<'_>> = labels.iter().map(cell).collect();
            push(form, &labels, &cells, &mut out);
        }
        out
    }

    /// The lines for people. The bar shows the share of what all takes.
    pub(super) fn table(&self, lines: &[Line]) -> Vec<u8> {
        let mut out = Vec::new();
        if lines.is_empty() {
            return out;
        }
        let zone = TimeZone::system();
        let files =
            lines.iter().map(|line| line.files.to_string().len()).max().unwrap_or(0).max("FILES".len());
        let with_files = self.by != By::File;
        let with_newest = matches!(self.by, By::Folder | By::File);
        let bar_cells = usize::try_from(BAR_CELLS).unwrap_or_default();
        // What is too much for the terminal is left out, the least telling first.
        let mut room = self.cells.map_or(usize::MAX, |cells| cells.saturating_sub(SIZE_WIDTH + GAP));
        let mut fits = |wanted: bool, cells: usize| {
            let fits = wanted && room >= cells + GAP + LABEL_CELLS_MIN;
            room -= if fits { cells + GAP } else { 0 };
            fits
        };
        let with_allocated = fits(true, SIZE_WIDTH);
        let with_files = fits(with_files, files);
        let with_newest = fits(with_newest, DATE_CELLS);
        let with_bar = fits(true, bar_cells);
        let mut row = |cells: [&str; 5], label: &str| {
            let [bytes, allocated, count, newest, bar] = cells;
            let start = out.len();
            out.extend_from_slice(format!("{bytes:>SIZE_WIDTH$}").as_bytes());
            if with_allocated {
                out.extend_from_slice(format!("  {allocated:>SIZE_WIDTH$}").as_bytes());
            }
            if with_files {
                out.extend_from_slice(format!("  {count:>files$}").as_bytes());
            }
            if with_newest {
                out.extend_from_slice(format!("  {newest:DATE_CELLS$}").as_bytes());
            }
            if with_bar {
                out.extend_from_slice(format!("  {bar:bar_cells$}").as_bytes());
            }
            out.extend_from_slice(b"  ");
            let taken = width(std::str::from_utf8(&out[start..]).unwrap_or_default());
            let left = self.cells.map_or(usize::MAX, |cells| cells.saturating_sub(taken).max(1));
            push_shortened(&mut out, label, left);
            while out.last() == Some(&b' ') {
                out.pop();
            }
            out.push(b'\n');
        };
        let (newest, label) = match self.by {
            By::Folder => ("NEWEST", "PATH"),
            By::File => ("MODIFIED", "PATH"),
            By::Extension => ("", "EXTENSION"),
            By::Age => ("", "LAST MODIFIED"),
        };
        row(["SIZE", "ON DISK", "FILES", newest, "SHARE"], label);
        for line in lines {
            let mut newest = Vec::new();
            if is_date(line.newest.0) {
                Civil::local(line.newest.0, &zone).push_minutes(&mut newest);
            } else {
                newest.push(b'-');
            }
            let mut label = Vec::new();
            push_escaped(&mut label, &line.label);
            if label.is_empty() {
                label.extend_from_slice(b"(none)");
            }
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
            let cells = [
                &*size(line.bytes),
                &size(line.allocated),
                &line.files.to_string(),
                &text(newest),
                &bar(line.bytes, self.all),
            ];
            row(cells, &text(label));
        }
        out
    }
}

/// A bar as long as `part` is of `all`, to an eighth of a cell. What is not nothing is seen.
fn bar(part: u64, all: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let wide = u128::from(part.min(all)) * u128::from(BAR_CELLS * 8);
    let eighths = wide.div_ceil(u128::from(all.max(1)));
    let eighths = usize::try_from(eighths).unwrap_or_default();
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::{Page, bar};
    use crate::args::By;
    use crate::du::line::Line;
    use crate::output::record::Form;
    use quarry_index::Time;

    fn line(label: &str, bytes: u64) -> Line {
        Line {
            source: Some("demo".to_owned()),
            label: label.as_bytes().to_vec(),
            bytes,
            allocated: bytes,
            files: 3,
            folders: 1,
            newest: Time(0),
        }
    }

    #[test]
    fn bars_show_shares() {
        for (part, expected) in
            [(0, ""), (1, "▏"), (500, "████████"), (501, "████████▏"), (1000, "████████████████")]
        {
            assert_eq!(bar(part, 1000), expected);
        }
        assert_eq!((bar(0, 0), bar(u64::MAX, u64::MAX).chars().count()), (String::new(), 16));
    }

    #[test]
    fn lines_are_no_wider_than_the_terminal() {
        let lines = [line("/", 2048), line("/Users/Anna/Pictures/2014/a picture of many words.jpg", 1024)];
        for by in [By::Folder, By::File, By::Extension, By::Age] {
            for cells in 11..120 {
                let page = Page { by, several: false, all: 2048, cells: Some(cells) };
                let table = String::from_utf8(page.table(&lines)).expect("text");
                let labels = lines.len();
                let widest = table.lines().skip(1).map(|line| line.chars().count()).max();
                assert!(table.lines().count() == labels + 1 && widest <= Some(cells), "{cells}: {table}");
            }
        }
    }

    #[test]
    fn people_see_bars_and_machines_numbers() {
        let page = Page { by: By::Folder, several: true, all: 2048, cells: Some(87) };
        let lines = [line("/", 2048), line("/a\u{1b}/long/way/down/to/here", 1024)];
        let table = String::from_utf8(page.table(&lines)).expect("text");
        assert_eq!(
            table,
            concat!(
                "    SIZE   ON DISK  FILES  NEWEST            SHARE             PATH\n",
                " 2.0 KiB   2.0 KiB      3  -                 ████████████████  /\n",
                " 1.0 KiB   1.0 KiB      3  -                 ████████          /a\\u{1b…way/down/to/here\n",
            )
        );
        let csv = page.records(&lines[..1], Form::Csv { escape: false });
        assert_eq!(csv, b"source,path,bytes,allocated,files,folders,newest\ndemo,/,2048,2048,3,1,\n");
    }
}

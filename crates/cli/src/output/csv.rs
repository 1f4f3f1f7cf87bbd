//! Comma-separated values as RFC 4180 has them, with the line ends of Unix.
//!
//! Names are written as they are: a leading `=` is not disarmed, because then the cell would no longer be the
//! name. Whoever opens the file in a spreadsheet imports the columns as text.

use super::column::{Cell, Column};
use super::escape::push_escaped;
use super::number::push_number;
use super::row::Row;
use super::time::push_rfc3339;
use super::{Writer, push_words};

/// Writes a header, then a line a row.
#[derive(Debug)]
pub(crate) struct Csv {
    columns: Vec<Column>,
    /// A terminal reads it: what could steer that is escaped.
    escape: bool,
}

impl Csv {
    pub(crate) fn new(columns: Vec<Column>, escape: bool) -> Self {
        Self { columns, escape }
    }
}

impl Writer for Csv {
    fn begin(&mut self, out: &mut Vec<u8>) {
        push_line(out, self.columns.iter().map(|column| Cell::Word(column.label())), self.escape);
    }

    fn row(&mut self, row: &dyn Row, out: &mut Vec<u8>) {
        push_line(out, self.columns.iter().map(|column| column.cell(row)), self.escape);
    }
}

/// Appends a line of `cells`; where a terminal reads it, what could steer that is escaped.
pub(crate) fn push_line<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = Cell<'a>>, escape: bool) {
    let start = out.len();
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Text(text) if escape => {
                let mut safe = Vec::new();
                push_escaped(&mut safe, text);
                push_text(out, &safe);
            }
            cell => push_cell(out, cell),
        }
    }
    // A line with nothing on it would not be read as a row.
    if out.len() == start {
        out.extend_from_slice(b"\"\"");
    }
    out.push(b'\n');
}

fn push_cell(out: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Text(text) => push_text(out, text),
        Cell::Word(word) => out.extend_from_slice(word.as_bytes()),
        Cell::Number(number) => push_number(out, number),
        Cell::Date(ticks) => push_rfc3339(out, ticks),
        Cell::State(state) => push_words(out, state),
        Cell::Nothing => {}
    }
}

fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    // To the end in any case: without a way out the loop is done many bytes at a time.
    let quoted = text.iter().fold(false, |so_far, byte| so_far | matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !quoted {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for &byte in text {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::Csv;
    use crate::output::column::Column;
    use crate::output::sample::{Sample, printed};
    use quarry_index::RowFlags;

    fn check(columns: &[Column], rows: &[Sample], expected: &str) {
        assert_eq!(printed(&mut Csv::new(columns.to_vec(), false), rows), expected.as_bytes());
    }

    #[test]
    fn every_column_of_a_plain_file() {
        check(
            Column::all(),
            &[Sample::default()],
            "source,path,name,folder,ext,type,size,allocated,modified,created,accessed,changed,attributes,links,\
             reparse,record,sequence,state\n\
             disk,/docs/report.pdf,report.pdf,/docs,pdf,file,1536,4096,2024-05-03T10:11:12.1234567Z,\
             1970-01-01T00:00:00Z,,,32,1,,64,2,\n",
        );
    }

    #[test]
    fn quotes_commas_and_line_ends_are_quoted() {
        let columns = [Column::Path, Column::State];
        check(
            &columns,
            &[
                Sample::at("/a,b"),
                Sample::at("/say \"hi\""),
                Sample::at("/new\nline"),
                Sample { flags: RowFlags::all() - RowFlags::METAFILE, ..Sample::at("/gone") },
            ],
            "path,state\n\"/a,b\",\n\"/say \"\"hi\"\"\",\n\"/new\nline\",\n/gone,deleted+orphan+damaged\n",
        );
    }

    #[test]
    fn bytes_that_are_no_text_pass_through() {
        let rows = [Sample { path: b"/\xED\xA0\xBD\x1b".to_vec(), ..Sample::default() }];
        let printed = |escape| printed(&mut Csv::new(vec![Column::Path], escape), &rows);
        assert_eq!(printed(false), b"path\n/\xED\xA0\xBD\x1b\n");
        assert_eq!(printed(true), b"path\n/\\u{d83d}\\u{1b}\n", "but not to a terminal");
    }

    #[test]
    fn pitfall_45_a_row_without_a_value_is_still_a_row() {
        check(&[Column::Ext], &[Sample::at("/noext")], "ext\n\"\"\n");
        check(&[Column::Ext], &[], "ext\n");
    }
}

//! JSON Lines: one object a row, keys in the order of the columns.
//!
//! Written by hand because the objects are flat and `serde_json` cannot write a surrogate on its own, which
//! JSON has an escape for and names on NTFS do hold.

use super::column::{Cell, Column};
use super::number::{push_hexadecimal, push_number};
use super::row::Row;
use super::time::push_rfc3339;
use super::{Writer, push_words};
use quarry_index::query::is_unprintable;
use quarry_index::wtf8::{Piece, pieces};

/// Writes an object and a line end a row.
#[derive(Debug)]
pub(crate) struct JsonLines {
    /// Each column with what stands in front of its value: `{"path":` or `,"size":`.
    columns: Vec<(Column, Vec<u8>)>,
}

impl JsonLines {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let keyed = |(place, &column): (usize, &Column)| {
            let lead = if place == 0 { '{' } else { ',' };
            (column, format!("{lead}\"{}\":", column.label()).into_bytes())
        };
        Self { columns: columns.iter().enumerate().map(keyed).collect() }
    }
}

impl Writer for JsonLines {
    fn row(&mut self, row: &dyn Row, out: &mut Vec<u8>) {
        for (column, key) in &self.columns {
            out.extend_from_slice(key);
            push_cell(out, column.cell(row));
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Appends a value.
pub(crate) fn push_cell(out: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Text(text) => push_string(out, text),
        Cell::Word(word) => push_quoted(out, |out| out.extend_from_slice(word.as_bytes())),
        Cell::Number(number) => push_number(out, number),
        Cell::Date(ticks) => push_quoted(out, |out| push_rfc3339(out, ticks)),
        Cell::State(state) => push_quoted(out, |out| push_words(out, state)),
        Cell::Nothing => out.extend_from_slice(b"null"),
    }
}

fn push_quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

/// Whether a byte cannot stand in a JSON string as it is. Beyond ASCII it may be half a surrogate pair.
fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == 0x7F || byte == b'"' || byte == b'\\' || byte >= 0x80
}

fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    push_quoted(out, |out| {
        // To the end in any case: without a way out the loop is done many bytes at a time.
        let plain = text.iter().fold(true, |so_far, &byte| so_far & !needs_escape(byte));
        if plain {
            return out.extend_from_slice(text);
        }
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => push_text(out, text),
                Piece::Surrogate(unit) => push_unit(out, unit),
                Piece::Stray(_) => push_unit(out, 0xFFFD),
            }
        }
    });
}

/// What could steer or deceive a terminal has an escape that says the same to every reader, so it is always used.
fn push_text(out: &mut Vec<u8>, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if is_unprintable(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|&unit| push_unit(out, unit))
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Appends `\ud83d`.
fn push_unit(out: &mut Vec<u8>, unit: u16) {
    out.extend_from_slice(b"\\u");
    push_hexadecimal(out, unit.into(), 4);
}

#[cfg(test)]
mod tests {
    use super::JsonLines;
    use crate::output::column::Column;
    use crate::output::sample::{Sample, printed};
    use proptest::prelude::{any, proptest};

    fn check(columns: &[Column], rows: &[Sample], expected: &str) {
        let printed = printed(&mut JsonLines::new(columns), rows);
        assert_eq!(String::from_utf8_lossy(&printed), expected);
    }

    #[test]
    fn every_column_of_a_plain_file() {
        check(
            Column::all(),
            &[Sample::default()],
            "{\"source\":\"disk\",\"path\":\"/docs/report.pdf\",\"name\":\"report.pdf\",\"folder\":\"/docs\",\
             \"ext\":\"pdf\",\"type\":\"file\",\"size\":1536,\"allocated\":4096,\
             \"modified\":\"2024-05-03T10:11:12.1234567Z\",\"created\":\"1970-01-01T00:00:00Z\",\"accessed\":null,\
             \"changed\":null,\"attributes\":32,\"links\":1,\"reparse\":null,\"record\":64,\"sequence\":2,\
             \"state\":\"\"}\n",
        );
    }

    #[test]
    fn names_are_escaped_and_no_more() {
        let path = b"/\"\\\n\x01\xED\xA0\xBD\xC3\xA9".to_vec();
        check(
            &[Column::Path],
            &[Sample { path, ..Sample::default() }],
            "{\"path\":\"/\\\"\\\\\\n\\u0001\\ud83d\u{e9}\"}\n",
        );
    }

    proptest! {
        #[test]
        fn any_name_comes_back_from_a_json_parser(name in any::<String>()) {
            let row = Sample { path: name.clone().into_bytes(), ..Sample::default() };
            let line = printed(&mut JsonLines::new(&[Column::Path]), &[row]);
            let object: serde_json::Value = serde_json::from_slice(&line).expect("valid JSON");
            assert_eq!(object["path"], name);
        }
    }
}

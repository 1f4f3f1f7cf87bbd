//! Rows for machines whose columns are not those of a search: CSV and JSON Lines of any cells.

use super::column::Cell;
use super::{csv, jsonl};

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A header, then a line a record; what could steer a terminal is spelled out if it is read by one.
    Csv { escape: bool },
    /// A JSON object a line.
    Jsonl,
}

/// Appends the header, where the form has one.
pub(crate) fn begin(form: Form, labels: &[&'static str], out: &mut Vec<u8>) {
    if let Form::Csv { escape } = form {
        csv::push_line(out, labels.iter().map(|label| Cell::Word(label)), escape);
    }
}

/// Appends one record.
pub(crate) fn push(form: Form, labels: &[&'static str], cells: &[Cell<'_>], out: &mut Vec<u8>) {
    match form {
        Form::Csv { escape } => csv::push_line(out, cells.iter().copied(), escape),
        Form::Jsonl => {
            for (place, (label, &cell)) in labels.iter().zip(cells).enumerate() {
                out.push(if place == 0 { b'{' } else { b',' });
                out.extend_from_slice(format!("\"{label}\":").as_bytes());
                jsonl::push_cell(out, cell);
            }
            out.extend_from_slice(b"}\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, begin, push};
    use crate::output::column::Cell;

    fn check(form: Form, expected: &str) {
        let (labels, mut out) = (["path", "bytes"], Vec::new());
        begin(form, &labels, &mut out);
        push(form, &labels, &[Cell::Text(b"/a,\x1b"), Cell::Number(7)], &mut out);
        push(form, &labels, &[Cell::Text(b""), Cell::Nothing], &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn records_are_lines() {
        check(Form::Csv { escape: false }, "path,bytes\n\"/a,\u{1b}\",7\n,\n");
        check(Form::Csv { escape: true }, "path,bytes\n\"/a,\\u{1b}\",7\n,\n");
        check(Form::Jsonl, "{\"path\":\"/a,\\u001b\",\"bytes\":7}\n{\"path\":\"\",\"bytes\":null}\n");
    }
}

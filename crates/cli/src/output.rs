//! How rows are printed: one writer a format behind one small trait.
//!
//! Writers append to a buffer and never meet the stream itself, so each is tested by what it appended; the
//! [`sink`] alone knows of streams that are slow, full or closed.

pub(crate) mod attributes;
pub(crate) mod column;
pub(crate) mod csv;
pub(crate) mod escape;
pub(crate) mod grid;
pub(crate) mod jsonl;
pub(crate) mod number;
pub(crate) mod paths;
pub(crate) mod record;
pub(crate) mod row;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sink;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod words;

use quarry_index::RowFlags;
use row::{Row, state_words};

/// A format.
pub(crate) trait Writer {
    /// Appends what comes before the first row.
    fn begin(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Appends one row.
    fn row(&mut self, row: &dyn Row, out: &mut Vec<u8>);
}

/// Appends the words for `flags`, joined by `+`.
fn push_words(out: &mut Vec<u8>, flags: RowFlags) {
    for (place, word) in state_words(flags).enumerate() {
        if place > 0 {
            out.push(b'+');
        }
        out.extend_from_slice(word.as_bytes());
    }
}

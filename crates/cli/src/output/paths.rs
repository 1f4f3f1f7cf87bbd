//! One path a row and nothing else: what `xargs`, `fzf` and a shell loop want.

use super::Writer;
use super::escape::push_escaped;
use super::row::Row;

/// Writes each path and an end.
#[derive(Debug)]
pub(crate) struct Paths {
    end: u8,
    /// Spell out what a terminal would act upon.
    escape: bool,
}

impl Paths {
    /// Paths each ended by `end`, a line end or NUL.
    pub(crate) fn new(end: u8, escape: bool) -> Self {
        Self { end, escape }
    }
}

impl Writer for Paths {
    fn row(&mut self, row: &dyn Row, out: &mut Vec<u8>) {
        if self.escape {
            push_escaped(out, row.path());
        } else {
            out.extend_from_slice(row.path());
        }
        out.push(self.end);
    }
}

#[cfg(test)]
mod tests {
    use super::Paths;
    use crate::output::sample::{Sample, printed};

    fn check(end: u8, escape: bool, expected: &[u8]) {
        let rows =
            [Sample::at("/a b"), Sample { path: b"/esc\x1b\xED\xA0\xBD".to_vec(), ..Sample::default() }];
        assert_eq!(printed(&mut Paths::new(end, escape), &rows), expected);
    }

    #[test]
    fn raw_in_a_pipe_escaped_on_a_terminal() {
        check(b'\n', false, b"/a b\n/esc\x1b\xED\xA0\xBD\n");
        check(b'\0', false, b"/a b\0/esc\x1b\xED\xA0\xBD\0");
        check(b'\n', true, b"/a b\n/esc\\u{1b}\\u{d83d}\n");
    }
}

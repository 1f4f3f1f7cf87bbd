//! `path:` with a text that holds slashes, found from its end.
//!
//! `b/src/ma` is in a path if some row's name begins with `ma`, its folder is called `src`, and that one's folder
//! ends in `b`; then it is in the paths of all that the row holds, too. So one sweep for the last part gives
//! the rows to look at, and a few steps upwards decide.

use std::borrow::Cow;

use super::names::{Matcher, NameTest};
use super::row_set::RowSet;
use super::sweep;
use crate::query::ast::{Case, Piece, Text};
use crate::{Index, Kind, Row};

/// A text cut at its slashes.
struct Parts<'a> {
    index: &'a Index,
    case: Case,
    /// What an ancestor's name ends in.
    first: Vec<u8>,
    /// What the names between are, from the top down.
    middle: Vec<Vec<u8>>,
    /// What the row's name begins with.
    last: Vec<u8>,
}

/// The rows whose paths hold `literal`, which has a slash and something else.
pub(super) fn select(index: &Index, literal: &str, case: Case) -> RowSet {
    let fold = |part: &str| match case {
        Case::Blind => index.names().case_table().fold(part.as_bytes()),
        Case::Sensitive => part.as_bytes().to_vec(),
    };
    let mut middle: Vec<Vec<u8>> = literal.split('/').map(fold).collect();
    let last = middle.pop().unwrap_or_default();
    let first = if middle.is_empty() { Vec::new() } else { middle.remove(0) };
    let parts = Parts { index, case, first, middle, last };
    // What the sweep looks for: the last part that is not empty.
    let anchor = literal.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let text = Text { pieces: vec![Piece::Literal(anchor.to_owned())], whole: false, case };
    let candidates = sweep::select(index, &[NameTest::Text(Matcher::new(&text, index.names().case_table()))]);
    let mut rows = RowSet::none(index.len());
    for row in candidates.iter() {
        if !rows.contains(row) {
            parts.insert(index.row(row), &mut rows);
        }
    }
    rows
}

impl<'a> Parts<'a> {
    /// Adds what the text is in the paths of because of where it stands at this row.
    fn insert(&self, row: Row<'a>, rows: &mut RowSet) {
        if !self.last.is_empty() {
            if self.name(row).starts_with(&self.last) && self.is_above(row) {
                rows.insert_range(row.number(), row.subtree_end());
            }
            return;
        }
        // The text ends in a slash: it takes a child to complete it.
        let mut child = row.number() + 1;
        while child < row.subtree_end() {
            let below = self.index.row(child);
            if self.is_above(below) {
                rows.insert_range(child, below.subtree_end());
            } else if below.kind() != Kind::Stream {
                // What is above this child is above all of them.
                return;
            }
            child = below.subtree_end();
        }
    }

    /// Whether all parts but the last stand above the row.
    fn is_above(&self, row: Row<'a>) -> bool {
        let mut here = row;
        let mut climb = || {
            here = here.parent().filter(|_| here.kind() != Kind::Stream)?;
            Some(self.name(here))
        };
        self.middle.iter().rev().all(|part| climb().is_some_and(|name| *name == **part))
            && climb().is_some_and(|name| name.ends_with(&self.first))
    }

    fn name(&self, row: Row<'a>) -> Cow<'a, [u8]> {
        match self.case {
            Case::Blind => Cow::Borrowed(self.index.names().folded(row.name_number())),
            Case::Sensitive => row.name(),
        }
    }
}

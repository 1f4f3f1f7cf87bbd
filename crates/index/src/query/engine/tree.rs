//! Tests that need a row's place in the tree: `path:` and `depth:`.
//!
//! They are answered for all rows at once. Rows lie in preorder, so one pass that remembers something for each
//! open folder sees every path without spelling one out; and where a folder decides for all that it holds, the
//! answer is an interval of rows.

use super::glob::Glob;
use super::names::{Matcher, NameTest};
use super::path_text;
use super::row_set::RowSet;
use super::sweep;
use crate::query::ast::{Bounds, Case, Piece, Text};
use crate::rows::kind_in;
use crate::{Index, Kind, Row};

/// The rows whose full path matches `text`.
pub(super) fn paths(index: &Index, text: &Text) -> RowSet {
    match text.pieces.as_slice() {
        // What holds neither separator lies within one part of the path.
        [Piece::Literal(literal)] if !text.whole && !literal.contains(['/', ':']) => below(index, text),
        [Piece::Literal(literal)]
            if !text.whole && !literal.contains(':') && literal.contains(|c| c != '/') =>
        {
            path_text::select(index, literal, text.case)
        }
        pieces => {
            let mut pieces = pieces.to_vec();
            if !text.whole {
                pieces.insert(0, Piece::AnyRun);
                pieces.push(Piece::AnyRun);
            }
            glob(index, &pieces, text.case)
        }
    }
}

/// The rows whose names hold the text, and all that they hold.
fn below(index: &Index, text: &Text) -> RowSet {
    let named = sweep::select(index, &[NameTest::Text(Matcher::new(text, index.names().case_table()))]);
    let mut rows = RowSet::none(index.len());
    let mut covered = 0;
    for row in named.iter() {
        if row >= covered {
            covered = index.row(row).subtree_end();
            rows.insert_range(row, covered);
        }
    }
    rows
}

/// Passes the tree with what the pattern knows after the path of each open folder.
fn glob(index: &Index, pieces: &[Piece], case: Case) -> RowSet {
    let names = index.names();
    let glob = Glob::new(pieces, (case == Case::Blind).then(|| names.case_table()));
    let mut rows = RowSet::none(index.len());
    // The root is `/`, but what it holds is `/a`: the slash belongs to the child, and the root has no name.
    if glob.is_match(b"/") {
        rows.insert(Index::ROOT);
    }
    let mut trail = Trail { glob: &glob, ends: Vec::new(), states: Vec::new() };
    let mut row = Index::ROOT;
    while row < index.len() {
        let this = index.row(row);
        let state = trail.enter(this);
        glob.advance(state, separator(this));
        let name = this.name_number();
        match case {
            Case::Blind => glob.advance(state, names.folded(name)),
            Case::Sensitive => glob.advance(state, &names.get(name)),
        }
        let next = if glob.accepts_all(state) || glob.is_dead(state) { this.subtree_end() } else { row + 1 };
        if glob.accepts(state) {
            rows.insert_range(row, next);
        }
        row = next;
    }
    rows
}

/// What stands before a row's name in its path.
fn separator(row: Row<'_>) -> &'static [u8] {
    match row.parent() {
        None => b"",
        // The path of the root is a separator itself.
        Some(parent) if row.kind() == Kind::Stream && parent.number() == Index::ROOT => b"/:",
        Some(_) if row.kind() == Kind::Stream => b":",
        Some(_) => b"/",
    }
}

/// The folders that are open at a row of the pass.
struct Trail<'g> {
    glob: &'g Glob,
    /// Where each of them ends.
    ends: Vec<u32>,
    /// What is known after the path of each, one after another.
    states: Vec<u64>,
}

impl Trail<'_> {
    /// Closes what ends before the row and opens the row. Gives its state, which is still that of its parent.
    fn enter(&mut self, row: Row<'_>) -> &mut [u64] {
        while self.ends.last().is_some_and(|&end| end <= row.number()) {
            self.ends.pop();
        }
        let words = self.glob.words();
        let start = self.ends.len() * words;
        self.states.truncate(start);
        match start.checked_sub(words) {
            Some(parent) => self.states.extend_from_within(parent..),
            None => self.states.extend(self.glob.start()),
        }
        self.ends.push(row.subtree_end());
        &mut self.states[start..]
    }
}

/// The rows whose depth lies within `bounds`. A stream is as deep as what it belongs to.
pub(super) fn depths(index: &Index, bounds: Bounds) -> RowSet {
    let rows = &index.rows;
    let mut found = RowSet::none(index.len());
    let mut parents = rows.parent.cursor();
    // What is open at a row: where it ends, which row that is, how deep it lies.
    let mut open: Vec<(u32, u32, u64)> = Vec::new();
    for (row, &class) in (0..index.len()).zip(rows.all_classes()) {
        while open.last().is_some_and(|&(end, ..)| end <= row) {
            open.pop();
        }
        let above = open.last().copied();
        let depth = above.map_or(0, |(.., depth)| depth + u64::from(kind_in(class) != Kind::Stream));
        if bounds.contains(depth) {
            found.insert(row);
        }
        // Parents and intervals tell the same tree, or nobody knows which is right.
        if parents.get(row as usize) != u64::from(above.map_or(row, |(_, parent, _)| parent)) {
            rows.parent.misfit(row as usize);
            return found;
        }
        let end = rows.end(row as usize);
        if end > row + 1 {
            open.push((end, row, depth));
        }
    }
    found
}

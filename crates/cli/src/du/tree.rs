//! Folders with their totals, and files with their streams, of one subtree.
//!
//! Who interrupts gets no answer at all, so a walk that is interrupted just ends.

use std::cmp::Reverse;

use quarry_index::{Counted, Index, Kind, Row, RowFlags};

use super::line::{Base, Line};
use crate::found::{Found, PathBuffer, push_path};
use crate::interrupt::Interrupt;
use crate::output::row::Row as _;

/// How many rows are gone through between two looks at whether the user interrupted.
const ROWS_PER_LOOK: u32 = 4096;
/// Rows that are kept before the largest are picked out, however few are wanted.
const ROOM_MIN: usize = 1024;

/// The folder itself and those in use at most `depth` levels below.
pub(super) fn folders(base: &Base<'_>, depth: u32, interrupt: &Interrupt) -> Vec<Line> {
    let mut lines = vec![folder(base, base.row)];
    let index = &base.source.index;
    // Where the folders end that lie around the row: their number is its depth.
    let mut ends: Vec<u32> = Vec::new();
    let mut next = base.row.number() + 1;
    while next < base.row.subtree_end() && !interrupt.is_set() {
        while ends.last().is_some_and(|&end| end <= next) {
            ends.pop();
        }
        let row = index.row(next);
        let end = row.subtree_end().max(next + 1);
        let in_use = !row.flags().contains(RowFlags::DELETED);
        if depth > 0 && row.kind() == Kind::Folder && in_use {
            lines.push(folder(base, row));
        }
        let below = u32::try_from(ends.len()).unwrap_or(u32::MAX).saturating_add(1);
        if row.kind() == Kind::Folder && in_use && below < depth {
            ends.push(end);
            next += 1;
        } else {
            next = end;
        }
    }
    lines
}

fn folder(base: &Base<'_>, row: Row<'_>) -> Line {
    let (total, mut label) = (row.total(), Vec::new());
    push_path(&mut label, &base.source.place, row);
    Line {
        source: Some(base.source.place.source().to_owned()),
        label,
        bytes: total.bytes,
        allocated: total.allocated,
        files: total.files,
        folders: total.folders,
        newest: total.newest,
    }
}

/// The `limit` largest files and named streams in use, each once, by the first of its file's names there; in no order.
pub(super) fn files(base: &Base<'_>, limit: usize, interrupt: &Interrupt) -> Vec<Line> {
    let mut largest = Largest::new(limit);
    for_each(base, interrupt, |counted| {
        let bytes = Reverse(counted.size());
        if largest.worst.is_none_or(|worst| bytes <= worst.0) {
            largest.push((bytes, Reverse(counted.allocated()), counted.row()));
        }
    });
    largest.cut();
    let mut found = largest.found;
    // In the order of the tree, in which most paths are their neighbour's but for the name.
    found.sort_unstable_by_key(|&(.., row)| row);
    let mut paths = PathBuffer::new();
    let line = |(Reverse(bytes), Reverse(allocated), row)| {
        let row = base.source.index.row(row);
        Line {
            source: Some(base.source.place.source().to_owned()),
            label: Found::with_path(&base.source.place, row, &mut paths).path().to_vec(),
            bytes,
            allocated,
            files: u64::from(row.kind() != Kind::Stream),
            folders: 0,
            newest: row.modified(),
        }
    };
    found.into_iter().map(line).collect()
}

/// A row by what it takes, the largest first.
type BySize = (Reverse<u64>, Reverse<u64>, u32);

/// The first of many rows, of which at most twice as many as are wanted are kept.
struct Largest {
    limit: usize,
    /// With so many the surplus is thrown out.
    room: usize,
    /// What comes after it does not matter.
    worst: Option<BySize>,
    found: Vec<BySize>,
}

impl Largest {
    fn new(limit: usize) -> Self {
        Self { limit, room: limit.saturating_mul(2).max(ROOM_MIN), worst: None, found: Vec::new() }
    }

    fn push(&mut self, row: BySize) {
        self.found.push(row);
        if self.found.len() >= self.room {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.limit < self.found.len() {
            self.worst = Some(*self.found.select_nth_unstable(self.limit).1);
            self.found.truncate(self.limit);
        }
    }
}

/// Calls `each` with what counts in the total of the folder.
pub(super) fn for_each<'a>(base: &Base<'a>, interrupt: &Interrupt, mut each: impl FnMut(&mut Counted<'a>)) {
    let index: &'a Index = &base.source.index;
    let mut counted = index.counted(base.row.number());
    let mut passed = 0u32;
    while counted.advance() {
        if passed.is_multiple_of(ROWS_PER_LOOK) && interrupt.is_set() {
            return;
        }
        passed += 1;
        each(&mut counted);
    }
}

#[cfg(test)]
mod tests {
    use super::{files, folders};
    use crate::du::line::Base;
    use crate::interrupt::Interrupt;
    use crate::sources::Source;
    use crate::tree::{Node, file, folder, index};
    use quarry_index::Index;

    fn source() -> Source {
        Source::of_index(index(&[
            folder(30, 5, "docs"),
            Node { stream: "zone", size: Some(9), ..file(31, 30, "a.txt") },
            file(32, 5, "b.txt"),
        ]))
    }

    /// A file and each of its streams are rows of their own, so that what a stream hides is seen.
    #[test]
    fn streams_are_rows_by_file() {
        let source = source();
        let base = Base { source: &source, row: source.index.row(Index::ROOT) };
        let lines = files(&base, usize::MAX, &Interrupt::default());
        let mut found: Vec<_> = lines
            .iter()
            .map(|line| (String::from_utf8_lossy(&line.label).into_owned(), line.bytes, line.files))
            .collect();
        found.sort();
        let expected = [("/b.txt", 1, 1), ("/docs/a.txt", 9, 1), ("/docs/a.txt:zone", 7, 0)];
        assert_eq!(found, expected.map(|(path, bytes, files)| (path.to_owned(), bytes, files)));
        assert_eq!(lines.iter().map(|line| line.bytes).sum::<u64>(), base.row.total().bytes);
    }

    #[test]
    fn a_walk_that_is_interrupted_ends() {
        let source = source();
        let base = Base { source: &source, row: source.index.row(Index::ROOT) };
        let interrupt = Interrupt::default();
        assert_eq!(folders(&base, 1, &interrupt).len(), 2);
        interrupt.ask();
        assert_eq!((folders(&base, 1, &interrupt).len(), files(&base, 9, &interrupt).len()), (1, 0));
    }
}

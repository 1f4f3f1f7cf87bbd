//! Folders with their totals, and files, of one subtree.

use std::cmp::Reverse;
use std::collections::HashSet;

use quarry_index::{Index, Kind, Row, RowFlags};

use super::line::{Base, Line};
use crate::found::{Found, PathBuffer, push_path};
use crate::output::row::Row as _;

/// The folder itself and those in use at most `depth` levels below.
pub(super) fn folders(base: &Base<'_>, depth: u32) -> Vec<Line> {
    let mut lines = vec![folder(base, base.row)];
    let index = &base.source.index;
    // Where the folders end that lie around the row: their number is its depth.
    let mut ends: Vec<u32> = Vec::new();
    let mut next = base.row.number() + 1;
    while next < base.row.subtree_end() {
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

/// The `limit` largest files in use, each once, by the first of its names there; in no order.
pub(super) fn files(base: &Base<'_>, limit: usize) -> Vec<Line> {
    let mut found = Vec::new();
    for_each(base, |row, is_file| {
        if is_file {
            found.push((Reverse(row.size()), Reverse(row.allocated()), row.number()));
        }
    });
    if limit < found.len() {
        found.select_nth_unstable(limit);
        found.truncate(limit);
    }
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
            files: 1,
            folders: 0,
            newest: row.modified(),
        }
    };
    found.into_iter().map(line).collect()
}

/// Calls `each` with what counts in the total of the folder: every file in use, once, and every named stream, which is no file.
pub(super) fn for_each<'a>(base: &Base<'a>, mut each: impl FnMut(Row<'a>, bool)) {
    let index: &'a Index = &base.source.index;
    let mut seen = HashSet::new();
    for number in base.row.number() + 1..base.row.subtree_end() {
        let row = index.row(number);
        if row.flags().contains(RowFlags::DELETED) {
            continue;
        }
        match row.kind() {
            Kind::Folder => {}
            Kind::Stream => each(row, false),
            Kind::File | Kind::Link => {
                if row.links() < 2 || seen.insert(row.file()) {
                    each(row, true);
                }
            }
        }
    }
}

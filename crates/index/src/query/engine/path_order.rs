//! Sorting by path, without spelling a path out.
//!
//! Comparing two paths part by part costs their depth, which NTFS lets grow to thousands, at every comparison.
//! Instead the folders above what was found are put in order level by level, and the tree is walked in it.

use super::order::{Keyed, sort_by_name, sorted};
use super::row_set::RowSet;
use crate::{Index, Kind};

/// The first `end` rows of `found` by path: the tree above what was found is walked anew, siblings by name.
pub(super) fn first(
    index: &Index,
    found: &RowSet,
    descending: bool,
    end: usize,
) -> impl Iterator<Item = u32> {
    let siblings = Siblings::new(index, found);
    let mut rows = Vec::new();
    let mut open = vec![siblings.tops.iter()];
    while let Some(level) = open.last_mut() {
        match level.next() {
            Some(&row) => {
                if found.contains(row) {
                    rows.push(row);
                }
                open.push(siblings.of(row).iter());
            }
            None => drop(open.pop()),
        }
        if rows.len() >= end && !descending {
            break;
        }
    }
    if descending {
        rows.reverse();
    }
    rows.into_iter().take(end)
}

/// What was found and the folders above it, siblings together and in order.
struct Siblings {
    /// The rows without a parent: the root, then the bucket of orphans.
    tops: Vec<u32>,
    /// Where the children of each row start; those of the next row follow.
    start: Vec<u32>,
    rows: Vec<u32>,
}

impl Siblings {
    fn new(index: &Index, found: &RowSet) -> Self {
        let mut marked = found.clone();
        for row in found.iter() {
            let mut above = index.row(row).parent();
            // Each row is marked once, so the climbs together are no longer than the tree is large.
            while let Some(parent) = above.filter(|parent| !marked.contains(parent.number())) {
                marked.insert(parent.number());
                above = parent.parent();
            }
        }
        let (tops, below): (Vec<u32>, Vec<u32>) =
            marked.iter().partition(|&row| parent(index, row).is_none());
        let mut start = vec![0u32; index.len() as usize + 2];
        for above in below.iter().filter_map(|&row| parent(index, row)) {
            start[above as usize + 2] += 1;
        }
        for place in 2..start.len() {
            start[place] += start[place - 1];
        }
        let mut rows = vec![0; below.len()];
        for row in below {
            let Some(above) = parent(index, row) else { continue };
            let place = &mut start[above as usize + 1];
            rows[*place as usize] = row;
            *place += 1;
        }
        let mut siblings = Self { tops, start, rows };
        siblings.sort(index, &marked);
        siblings
    }

    /// Sorts the children of each row.
    fn sort(&mut self, index: &Index, marked: &RowSet) {
        for above in marked.iter() {
            let children = self.place(above);
            let rows = &mut self.rows[children];
            if rows.len() < 2 {
                continue;
            }
            let keyed =
                rows.iter().map(|&row| Keyed { key: u64::from(index.row(row).kind() != Kind::Stream), row });
            let streams_first = sorted(keyed.collect(), usize::MAX, |run| sort_by_name(index, run));
            rows.iter_mut().zip(streams_first).for_each(|(slot, keyed)| *slot = keyed.row);
        }
    }

    fn place(&self, row: u32) -> std::ops::Range<usize> {
        self.start[row as usize] as usize..self.start[row as usize + 1] as usize
    }

    /// The children of `row`.
    fn of(&self, row: u32) -> &[u32] {
        &self.rows[self.place(row)]
    }
}

fn parent(index: &Index, row: u32) -> Option<u32> {
    index.row(row).parent().map(crate::Row::number)
}

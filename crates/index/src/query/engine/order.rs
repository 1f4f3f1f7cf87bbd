//! Sorting what was found.
//!
//! Keys are one integer a row: a number's own value, and for names their rank, for names are numbered in order. Rows
//! are in the order of their paths as they are. A limit selects before it sorts. The order is total (name, then row
//! number, decide what the key leaves open), so a page is the same however the rows were found.

use std::cmp::Ordering;

use rayon::slice::ParallelSliceMut;

use super::SearchOptions;
use super::names::extension;
use super::row_set::RowSet;
use crate::{Index, Time};

/// By what rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SortKey {
    /// The name, case-blind.
    Name,
    /// The path, part by part, case-blind: a folder, its streams, then what it holds.
    Path,
    /// The extension, case-blind.
    Extension,
    /// Length in bytes.
    Size,
    /// Bytes on disk.
    Allocated,
    /// When the content changed. Impossible times come last in either direction, here and below.
    Modified,
    /// When the file was made.
    Created,
    /// When the file was read.
    Accessed,
    /// When the record changed.
    Changed,
}

/// If more than one row in so many is to be sorted by name, all rows are passed in the order of their names instead.
const DENSE_SHARE: u64 = 8;
/// From how many rows on several threads sort.
const PARALLEL_ROWS_MIN: usize = 1 << 16;

/// Bytes of a text that a key holds.
const KEY_BYTES: usize = size_of::<u64>();

/// A row and what decides most comparisons of it.
#[derive(Debug, Clone, Copy)]
struct Keyed {
    key: u64,
    row: u32,
}

/// The rows of `found` that the options ask for, in order.
pub(super) fn page(index: &Index, found: &RowSet, options: &SearchOptions) -> Vec<u32> {
    let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let offset = whole(options.offset);
    let end = offset.saturating_add(options.limit.map_or(usize::MAX, whole));
    let window = |rows: &mut dyn Iterator<Item = u32>| rows.take(end).skip(offset).collect();
    match options.sort {
        None | Some(SortKey::Path) if options.descending => window(&mut found.iter_back()),
        None | Some(SortKey::Path) => window(&mut found.iter()),
        Some(SortKey::Name) if found.count() > u64::from(index.len()) / DENSE_SHARE => {
            let mut by_name = index.names.rows_by_name().cursor();
            let mut row = |place: usize| u32::try_from(by_name.get(place)).unwrap_or(u32::MAX);
            let rows = index.len() as usize;
            // Each row once, whatever a damaged column says.
            let mut left = found.clone();
            let mut is_next = move |row: &u32| {
                let found = left.contains(*row);
                left.remove(*row);
                found
            };
            if options.descending {
                window(&mut (0..rows).rev().map(row).filter(&mut is_next))
            } else {
                window(&mut (0..rows).map(&mut row).filter(&mut is_next))
            }
        }
        Some(key) => {
            let order = Order { index, key, descending: options.descending };
            let sorted = order.first(found, end);
            window(&mut sorted.into_iter().map(|keyed| keyed.row))
        }
    }
}

/// Sorts, on several threads if that is worth it.
fn sort_by(rows: &mut [Keyed], compare: impl Fn(&Keyed, &Keyed) -> Ordering + Sync) {
    if rows.len() >= PARALLEL_ROWS_MIN {
        rows.par_sort_unstable_by(compare);
    } else {
        rows.sort_unstable_by(compare);
    }
}

/// How rows are compared.
struct Order<'a> {
    index: &'a Index,
    key: SortKey,
    descending: bool,
}

impl<'a> Order<'a> {
    /// The first `end` rows.
    fn first(&self, found: &RowSet, end: usize) -> Vec<Keyed> {
        let mut rows: Vec<Keyed> = found.iter().map(|row| Keyed { key: self.key(row), row }).collect();
        if let Some(last) = end.checked_sub(1).filter(|&last| last < rows.len()) {
            let key = rows.select_nth_unstable_by_key(last, |keyed| keyed.key).1.key;
            // Which of the rows with this key come first is not known yet: keep them all.
            rows.retain(|keyed| keyed.key <= key);
        }
        sort_by(&mut rows, |a, b| a.key.cmp(&b.key));
        let ties = rows.chunk_by_mut(|a, b| a.key == b.key).filter(|run| run.len() > 1);
        ties.for_each(|run| self.settle(run));
        rows.truncate(end);
        rows
    }

    fn key(&self, row: u32) -> u64 {
        let facts = self.index.row(row);
        let time = |time: Time| if time.is_date() { self.directed(time.0) } else { u64::MAX };
        match self.key {
            // The number of a path is that of its row.
            SortKey::Path => self.directed(u64::from(row)),
            SortKey::Name => self.directed(self.rank(row)),
            SortKey::Extension => self.directed(prefix(self.extension(row))),
            SortKey::Size => self.directed(facts.size()),
            SortKey::Allocated => self.directed(facts.allocated()),
            SortKey::Modified => time(facts.modified()),
            SortKey::Created => time(facts.created()),
            SortKey::Accessed => time(facts.accessed()),
            SortKey::Changed => time(facts.changed()),
        }
    }

    /// Turned round if the greatest comes first.
    fn directed(&self, key: u64) -> u64 {
        if self.descending { !key } else { key }
    }

    /// Name, then row, as one number.
    fn rank(&self, row: u32) -> u64 {
        u64::from(self.index.row(row).name_number()) << u32::BITS | u64::from(row)
    }

    fn extension(&self, row: u32) -> &'a [u8] {
        extension(self.index.names().folded(self.index.row(row).name_number()))
    }

    /// Sorts rows with the same key.
    fn settle(&self, run: &mut [Keyed]) {
        if self.key == SortKey::Extension
            && let Some(first) = run.first().map(|keyed| self.extension(keyed.row))
            && run.iter().any(|keyed| self.extension(keyed.row) != first)
        {
            let by_text = |a: &Keyed, b: &Keyed| {
                let order = self.extension(a.row).cmp(self.extension(b.row));
                if self.descending { order.reverse() } else { order }
            };
            run.iter_mut().for_each(|keyed| keyed.key = self.rank(keyed.row));
            return sort_by(run, |a, b| by_text(a, b).then(a.key.cmp(&b.key)));
        }
        run.iter_mut().for_each(|keyed| keyed.key = self.rank(keyed.row));
        sort_by(run, |a, b| a.key.cmp(&b.key));
    }
}

/// The first bytes, so that numbers compare as the texts do: those of texts that differ there.
fn prefix(text: &[u8]) -> u64 {
    let mut bytes = [0; KEY_BYTES];
    bytes.iter_mut().zip(text).for_each(|(slot, &byte)| *slot = byte);
    u64::from_be_bytes(bytes)
}

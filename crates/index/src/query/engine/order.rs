//! Sorting what was found.
//!
//! Rows are in the order of their paths as they are; by all else they are sorted by [keys](super::keys). A limit selects before
//! it sorts. The order is total (name, then row number, decide what the key leaves open), so a page is the same however the
//! rows were found.

use super::SearchOptions;
use super::keys::{Keyed, Keys, cut};
use super::row_set::RowSet;
use super::threads;
use crate::Index;
use crate::store::{CHUNK_WORDS, PackedCursor};

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
/// Words of a set whose rows are given keys at a time: those of a quarter of a million rows.
const SHARE_WORDS: usize = CHUNK_WORDS * 512;

/// The rows of `found` that the options ask for, in order.
pub(super) fn page(index: &Index, found: &RowSet, options: &SearchOptions) -> Vec<u32> {
    let (offset, end) = options.window();
    let window = |rows: &mut dyn Iterator<Item = u32>| rows.take(end).skip(offset).collect();
    match options.sort {
        None | Some(SortKey::Path) if options.descending => window(&mut found.iter_back()),
        None | Some(SortKey::Path) => window(&mut found.iter()),
        Some(SortKey::Name) if found.count() > u64::from(index.len()) / DENSE_SHARE => {
            let mut by_name = ByName::new(index, found);
            let places = 0..index.len() as usize;
            if options.descending {
                window(&mut places.rev().filter_map(|place| by_name.row(place)))
            } else {
                window(&mut places.filter_map(|place| by_name.row(place)))
            }
        }
        Some(key) => {
            let keys = Keys { index, key, descending: options.descending };
            window(&mut first(keys, found, end).into_iter().map(|keyed| keyed.row))
        }
    }
}

/// All rows in the order of their names, of which those in a set are wanted.
struct ByName<'a> {
    index: &'a Index,
    rows: PackedCursor<'a>,
    found: &'a RowSet,
    left: RowSet,
}

impl<'a> ByName<'a> {
    fn new(index: &'a Index, found: &'a RowSet) -> Self {
        Self { index, rows: index.names.rows_by_name().cursor(), found, left: found.clone() }
    }

    /// The row at a place of that order, if it is in the set. Each comes once, whatever a forged column says.
    fn row(&mut self, place: usize) -> Option<u32> {
        let row = u32::try_from(self.rows.get(place)).ok().filter(|&row| self.found.contains(row))?;
        if !self.left.contains(row) {
            self.index.names.rows_by_name().misfit(place);
            return None;
        }
        self.left.remove(row);
        Some(row)
    }
}

/// The first `end` rows.
fn first(keys: Keys<'_>, found: &RowSet, end: usize) -> Vec<Keyed> {
    let shares = found.words().len().div_ceil(SHARE_WORDS);
    let share = |share: usize| keys.first(found, share * SHARE_WORDS..(share + 1) * SHARE_WORDS, end);
    let mut rows = threads::concat(shares, share);
    cut(&mut rows, end);
    threads::sort_by(&mut rows, |a, b| a.key.cmp(&b.key));
    let mut left = end;
    for run in rows.chunk_by_mut(|a, b| a.key == b.key) {
        settle(keys, run, left);
        left = left.saturating_sub(run.len());
    }
    rows.truncate(end);
    rows
}

/// Sorts rows with the same key, of which the first `wanted` matter.
fn settle(keys: Keys<'_>, run: &mut [Keyed], wanted: usize) {
    if run.len() < 2 {
        return;
    }
    let texts_differ = keys.key == SortKey::Extension && {
        let first = run.first().map_or(&[][..], |keyed| keys.extension(keyed.row));
        run.iter().any(|keyed| keys.extension(keyed.row) != first)
    };
    run.iter_mut().for_each(|keyed| keyed.key = keys.rank(keyed.row));
    if texts_differ {
        let by_text = |a: &Keyed, b: &Keyed| {
            let order = keys.extension(a.row).cmp(keys.extension(b.row));
            if keys.descending { order.reverse() } else { order }
        };
        return threads::sort_by(run, |a, b| by_text(a, b).then(a.key.cmp(&b.key)));
    }
    let first = wanted.min(run.len());
    if (1..run.len()).contains(&first) {
        run.select_nth_unstable_by_key(first - 1, |keyed| keyed.key);
    }
    threads::sort_by(&mut run[..first], |a, b| a.key.cmp(&b.key));
}

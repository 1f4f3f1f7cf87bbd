//! Sorting what was found.
//!
//! Keys are one integer a row, so that nearly all comparisons look at nothing else; only rows with equal keys
//! go to their names. A limit selects before it sorts. The order is total (name, then row number, decide what
//! the key leaves open), so a page is the same however the rows were found.

use std::cmp::Ordering;

use rayon::slice::ParallelSliceMut;

use super::SearchOptions;
use super::names::extension;
use super::path_order;
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

/// If more than one row in so many is to be sorted by text, all names are passed instead of those rows.
const DENSE_SHARE: u64 = 8;
/// From how many rows on several threads sort.
const PARALLEL_ROWS_MIN: usize = 1 << 16;

/// Bytes of a text that a key holds.
const KEY_BYTES: usize = size_of::<u64>();

/// A row and what decides most comparisons of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyed {
    pub(super) key: u64,
    pub(super) row: u32,
}

/// The rows of `found` that the options ask for, in order.
pub(super) fn page(index: &Index, found: &RowSet, options: &SearchOptions) -> Vec<u32> {
    let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let offset = whole(options.offset);
    let end = offset.saturating_add(options.limit.map_or(usize::MAX, whole));
    match options.sort {
        None if options.descending => {
            let rows: Vec<u32> = found.iter().collect();
            rows.into_iter().rev().take(end).skip(offset).collect()
        }
        None => found.iter().take(end).skip(offset).collect(),
        Some(SortKey::Path) => {
            path_order::first(index, found, options.descending, end).skip(offset).collect()
        }
        Some(key) => {
            let order = Order { index, key, descending: options.descending };
            let keyed = order.keyed(found);
            sorted(keyed, end, |run| order.settle(run))
                .into_iter()
                .skip(offset)
                .map(|keyed| keyed.row)
                .collect()
        }
    }
}

/// The first `end` of `rows` by their keys; `settle` sorts rows with the same key.
pub(super) fn sorted(mut rows: Vec<Keyed>, end: usize, settle: impl Fn(&mut [Keyed])) -> Vec<Keyed> {
    if let Some(last) = end.checked_sub(1).filter(|&last| last < rows.len()) {
        let key = rows.select_nth_unstable_by_key(last, |keyed| keyed.key).1.key;
        // Which of the rows with this key come first is not known yet: keep them all.
        rows.retain(|keyed| keyed.key <= key);
    }
    sort_by(&mut rows, |a, b| a.key.cmp(&b.key));
    rows.chunk_by_mut(|a, b| a.key == b.key).filter(|run| run.len() > 1).for_each(settle);
    rows.truncate(end);
    rows
}

/// Sorts, on several threads if that is worth it.
fn sort_by(rows: &mut [Keyed], compare: impl Fn(&Keyed, &Keyed) -> Ordering + Sync) {
    if rows.len() >= PARALLEL_ROWS_MIN {
        rows.par_sort_unstable_by(compare);
    } else {
        rows.sort_unstable_by(compare);
    }
}

/// Sorts rows by name, the keys being used up.
pub(super) fn sort_by_name(index: &Index, rows: &mut [Keyed]) {
    rows.iter_mut().for_each(|keyed| keyed.key = prefix(folded(index, keyed.row)));
    sort_by(rows, |a, b| a.key.cmp(&b.key).then_with(|| by_name(index, a.row, b.row)));
}

/// How two rows are compared.
struct Order<'a> {
    index: &'a Index,
    key: SortKey,
    descending: bool,
}

impl<'a> Order<'a> {
    /// The rows with their keys, in any order.
    fn keyed(&self, found: &RowSet) -> Vec<Keyed> {
        let keyed = |row| Keyed { key: self.key(row), row };
        let by_text = matches!(self.key, SortKey::Name | SortKey::Extension);
        if !by_text || found.count() < u64::from(self.index.len()) / DENSE_SHARE {
            return found.iter().map(keyed).collect();
        }
        // Names lie in another order than rows: passed one after another, they are read from the cache.
        let names = self.index.names();
        let rows = (0..crate::batch::as_u32(names.len())).flat_map(|name| names.rows_of(name));
        rows.copied().filter(|&row| found.contains(row)).map(keyed).collect()
    }

    fn key(&self, row: u32) -> u64 {
        let row = self.index.row(row);
        let time = |time: Time| if time.is_date() { self.directed(time.0) } else { u64::MAX };
        match self.key {
            SortKey::Name | SortKey::Path | SortKey::Extension => {
                self.directed(prefix(self.text(row.number())))
            }
            SortKey::Size => self.directed(row.size()),
            SortKey::Allocated => self.directed(row.allocated()),
            SortKey::Modified => time(row.modified()),
            SortKey::Created => time(row.created()),
            SortKey::Accessed => time(row.accessed()),
            SortKey::Changed => time(row.changed()),
        }
    }

    /// Turned round if the greatest comes first.
    fn directed(&self, key: u64) -> u64 {
        if self.descending { !key } else { key }
    }

    /// The text that is sorted by; empty if it is a number.
    fn text(&self, row: u32) -> &'a [u8] {
        let folded = folded(self.index, row);
        match self.key {
            SortKey::Name => folded,
            SortKey::Extension => extension(folded),
            _ => &[],
        }
    }

    /// Sorts rows with the same key.
    fn settle(&self, run: &mut [Keyed]) {
        let Some(first) = run.first().map(|keyed| self.text(keyed.row)) else { return };
        if run.iter().all(|keyed| self.text(keyed.row) == first) {
            return sort_by_name(self.index, run);
        }
        let key =
            |keyed: &Keyed| self.directed(prefix(self.text(keyed.row).get(KEY_BYTES..).unwrap_or_default()));
        run.iter_mut().for_each(|keyed| keyed.key = key(keyed));
        let by_text = |a: &Keyed, b: &Keyed| {
            let order = self.text(a.row).cmp(self.text(b.row));
            if self.descending { order.reverse() } else { order }
        };
        sort_by(run, |a, b| {
            a.key.cmp(&b.key).then_with(|| by_text(a, b)).then_with(|| by_name(self.index, a.row, b.row))
        });
    }
}

fn folded(index: &Index, row: u32) -> &[u8] {
    index.names().folded(index.row(row).name_number())
}

/// The order of names that are the same in every other way.
fn by_name(index: &Index, a: u32, b: u32) -> Ordering {
    folded(index, a)
        .cmp(folded(index, b))
        .then_with(|| index.row(a).name().cmp(index.row(b).name()))
        .then(a.cmp(&b))
}

/// The first bytes, so that numbers compare as the texts do: those of texts that differ there.
fn prefix(text: &[u8]) -> u64 {
    let mut bytes = [0; KEY_BYTES];
    bytes.iter_mut().zip(text).for_each(|(slot, &byte)| *slot = byte);
    u64::from_be_bytes(bytes)
}

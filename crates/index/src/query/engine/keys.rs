//! What rows are sorted by, as one integer a row: a number's own value, and for names their rank, for names are numbered in
//! order. Columns are read chunk by chunk where many rows are asked for; where only the first are wanted, chunks that cannot hold one
//! are passed over.

use std::ops::{Range, RangeInclusive};

use super::names::extension;
use super::order::SortKey;
use super::row_set::{RowSet, WORD, ones};
use crate::batch::as_u32;
use crate::store::{Packed, PackedCursor};
use crate::{Index, Time};

/// Bytes of a text that a key holds.
const KEY_BYTES: usize = size_of::<u64>();
/// If one row in so many is asked for, its number is had alone; else its whole chunk is unpacked.
const SPARSE_SHARE: u64 = 32;

/// A row and what decides most comparisons of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyed {
    pub(super) key: u64,
    pub(super) row: u32,
}

/// How the rows of an index become keys.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) index: &'a Index,
    pub(super) key: SortKey,
    pub(super) descending: bool,
}

impl<'a> Keys<'a> {
    /// Turned round if the greatest comes first.
    fn directed(self, key: u64) -> u64 {
        if self.descending { !key } else { key }
    }

    /// The key of a number of the column that the key is.
    fn of_number(self, number: u64) -> u64 {
        let timeless = !matches!(self.key, SortKey::Size | SortKey::Allocated);
        if timeless && !Time(number).is_date() { u64::MAX } else { self.directed(number) }
    }

    /// What the keys of numbers within these bounds are at least.
    fn least(self, bounds: &RangeInclusive<u64>) -> u64 {
        self.directed(if self.descending { *bounds.end() } else { *bounds.start() })
    }

    /// The column of files that the key is.
    fn column(self) -> Option<&'a Packed> {
        let files = &self.index.files;
        match self.key {
            SortKey::Size => Some(&files.size),
            SortKey::Allocated => Some(&files.allocated),
            SortKey::Modified => Some(&files.modified),
            SortKey::Created => Some(&files.created),
            SortKey::Accessed => Some(&files.accessed),
            SortKey::Changed => Some(&files.changed),
            SortKey::Name | SortKey::Path | SortKey::Extension => None,
        }
    }

    /// The key of a row by itself.
    fn of(self, row: u32) -> u64 {
        let facts = self.index.row(row);
        match self.key {
            // The number of a path is that of its row.
            SortKey::Path => self.directed(u64::from(row)),
            SortKey::Name => self.directed(self.rank(row)),
            SortKey::Extension => self.directed(prefix(self.extension(row))),
            SortKey::Size => self.of_number(facts.size()),
            SortKey::Allocated => self.of_number(facts.allocated()),
            SortKey::Modified => self.of_number(facts.modified().0),
            SortKey::Created => self.of_number(facts.created().0),
            SortKey::Accessed => self.of_number(facts.accessed().0),
            SortKey::Changed => self.of_number(facts.changed().0),
        }
    }

    /// Name, then row, as one number.
    pub(super) fn rank(self, row: u32) -> u64 {
        ranked(self.index.row(row).name_number().into(), row)
    }

    /// The extension of a row's name.
    pub(super) fn extension(self, row: u32) -> &'a [u8] {
        extension(self.index.names().folded(self.index.row(row).name_number()))
    }

    /// Those of the rows of `found` in some of its words that may be among the first `end`; all others come after them. Of rows with
    /// the last one's key all are there.
    pub(super) fn first(self, found: &RowSet, words: Range<usize>, end: usize) -> Vec<Keyed> {
        let mut first = First { end, room: end.saturating_mul(2).max(1024), worst: None, rows: Vec::new() };
        let words = words.start..words.end.min(found.words().len());
        let dense = found.count_in(words.clone()) * SPARSE_SHARE > words.len() as u64 * u64::from(WORD);
        match self.column() {
            Some(column) if dense => self.numbers(column, found, words, &mut first),
            None if dense && self.key == SortKey::Name => {
                let mut names = self.index.rows.name.cursor();
                let key = |row: u32| self.directed(ranked(names.get(row as usize), row));
                found.iter_in(words).map(with(key)).for_each(|keyed| first.push(keyed));
            }
            _ => found.iter_in(words).map(with(|row| self.of(row))).for_each(|keyed| first.push(keyed)),
        }
        first.rows
    }

    /// Reads the column of files along with the rows, which are in the same order but for streams and further names.
    fn numbers(self, column: &Packed, found: &RowSet, words: Range<usize>, first: &mut First) {
        let primary = &self.index.rows.primary;
        let mut reader = Reader { column, cursor: column.cursor(), chunk: usize::MAX, passed: false };
        let mut file = primary.rank(words.start * WORD as usize);
        for (place, &word) in words.clone().zip(&found.words()[words]) {
            let start = as_u32(place) * WORD;
            let primaries = primary.word(place);
            let count = primaries.count_ones() as usize;
            let worst = first.worst;
            let beyond = |bounds: &RangeInclusive<u64>| worst.is_some_and(|worst| self.least(bounds) > worst);
            // Mostly all files of a word lie in one chunk.
            let wanted = if reader.passes_over(file..file + count, beyond) { 0 } else { word & primaries };
            for bit in ones(wanted) {
                let before = primaries & ((1 << bit) - 1);
                let number = reader.cursor.get(file + before.count_ones() as usize);
                first.push(Keyed { key: self.of_number(number), row: start + bit });
            }
            let others = ones(word & !primaries).map(|bit| start + bit);
            others.map(with(|row| self.of(row))).for_each(|keyed| first.push(keyed));
            file += count;
        }
    }
}

fn with(mut key: impl FnMut(u32) -> u64) -> impl FnMut(u32) -> Keyed {
    move |row| Keyed { key: key(row), row }
}

fn ranked(name: u64, row: u32) -> u64 {
    name << u32::BITS | u64::from(row)
}

/// The first bytes, so that numbers compare as the texts do: those of texts that differ there.
fn prefix(text: &[u8]) -> u64 {
    let mut bytes = [0; KEY_BYTES];
    bytes.iter_mut().zip(text).for_each(|(slot, &byte)| *slot = byte);
    u64::from_be_bytes(bytes)
}

/// Reads a column, and tells which chunks hold no number that is wanted.
struct Reader<'a> {
    column: &'a Packed,
    cursor: PackedCursor<'a>,
    /// The chunk that was looked at last, and whether it is passed over.
    chunk: usize,
    passed: bool,
}

impl Reader<'_> {
    /// Whether all these numbers lie in one chunk, and in one that is `beyond` what is wanted.
    fn passes_over(&mut self, numbers: Range<usize>, beyond: impl Fn(&RangeInclusive<u64>) -> bool) -> bool {
        let chunk = Packed::chunk_of(numbers.start);
        if chunk != self.chunk {
            self.chunk = chunk;
            self.passed = self.column.bounds(chunk).is_some_and(|bounds| beyond(&bounds));
        }
        self.passed && (numbers.is_empty() || Packed::chunk_of(numbers.end - 1) == chunk)
    }
}

/// The rows with the least keys so far.
struct First {
    /// How many are wanted.
    end: usize,
    /// With so many the surplus is thrown out.
    room: usize,
    /// What is greater does not matter.
    worst: Option<u64>,
    rows: Vec<Keyed>,
}

impl First {
    fn push(&mut self, keyed: Keyed) {
        if self.worst.is_some_and(|worst| keyed.key > worst) {
            return;
        }
        self.rows.push(keyed);
        if self.rows.len() >= self.room {
            self.worst = cut(&mut self.rows, self.end);
            // Many may have the worst key: they are not sifted again before they are twice as many.
            self.room = self.room.max(self.rows.len() * 2);
        }
    }
}

/// Leaves the rows whose keys are among the `end` least, and gives the greatest of those; nothing if there are not so many.
pub(super) fn cut(rows: &mut Vec<Keyed>, end: usize) -> Option<u64> {
    let last = end.checked_sub(1).filter(|&last| last < rows.len())?;
    let key = rows.select_nth_unstable_by_key(last, |keyed| keyed.key).1.key;
    // Which of the rows with this key come first is not known yet: keep them all.
    rows.retain(|keyed| keyed.key <= key);
    Some(key)
}

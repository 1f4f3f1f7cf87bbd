//! A reader that goes through a column mostly in order.

use std::ops::Range;

use super::{CHUNK, Packed};

/// Reads a column mostly in order: the chunk that it is in lies unpacked.
#[derive(Debug)]
pub(crate) struct PackedCursor<'a> {
    column: &'a Packed,
    /// Whether its numbers have to ascend.
    ascends: bool,
    chunk: usize,
    len: usize,
    values: [u64; CHUNK],
}

impl<'a> PackedCursor<'a> {
    pub(super) fn new(column: &'a Packed, ascends: bool) -> Self {
        Self { column, ascends, chunk: usize::MAX, len: 0, values: [0; CHUNK] }
    }
}

impl PackedCursor<'_> {
    /// As [`Packed::get`].
    #[inline]
    pub(crate) fn get(&mut self, index: usize) -> u64 {
        match self.chunk(index / CHUNK).get(index % CHUNK) {
            Some(&value) => value,
            None => {
                self.column.misfit(index);
                0
            }
        }
    }

    /// The same for a number that need not be followed by its neighbours: alone, unless its chunk lies unpacked.
    #[inline]
    pub(crate) fn near(&mut self, index: usize) -> u64 {
        if self.chunk == index / CHUNK { self.get(index) } else { self.column.get(index) }
    }

    /// Gives the numbers of a range to `each`, as whole stretches of chunks; a damaged chunk gives none.
    pub(crate) fn runs(&mut self, range: Range<usize>, mut each: impl FnMut(&[u64])) {
        let mut at = range.start;
        while at < range.end {
            let (first, next) = (at % CHUNK, (at / CHUNK + 1) * CHUNK);
            let last = first + (range.end.min(next) - at);
            let values = self.chunk(at / CHUNK);
            each(values.get(first.min(values.len())..last.min(values.len())).unwrap_or_default());
            at = next;
        }
    }

    /// Whether the chunk lies unpacked and has a number greater than `value` at its end.
    #[inline]
    pub(super) fn reaches(&self, chunk: usize, value: u64) -> bool {
        self.chunk == chunk && self.values[..self.len].last().is_some_and(|&last| last > value)
    }

    #[inline]
    pub(super) fn chunk(&mut self, chunk: usize) -> &[u64] {
        if self.chunk != chunk {
            self.len =
                if chunk < self.column.chunks() { self.column.unpack(chunk, &mut self.values) } else { 0 };
            self.chunk = chunk;
            if self.ascends && !ascend(&self.values[..self.len]) {
                self.column.misfit(chunk * CHUNK);
                self.len = 0;
            }
        }
        &self.values[..self.len]
    }
}

/// Whether numbers below 2⁶³ ascend: no difference between neighbours has the highest bit. Without a branch at each of them.
fn ascend(numbers: &[u64]) -> bool {
    let pairs = numbers.iter().zip(numbers.get(1..).unwrap_or_default());
    pairs.fold(0, |all, (before, after)| all | after.wrapping_sub(*before)) >> 63 == 0
}

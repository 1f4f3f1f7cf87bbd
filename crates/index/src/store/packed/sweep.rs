//! Passes over a column, and the search in one that ascends.

use std::ops::RangeInclusive;

use super::{CHUNK, Packed, PackedCursor};

/// Bits in a word.
const WORD: usize = u64::BITS as usize;
/// Words that hold a bit for each number of a chunk.
pub(crate) const CHUNK_WORDS: usize = CHUNK / WORD;

/// Numbers that are looked at one by one.
const NEAR: usize = 32;

impl Packed {
    /// Reads every number, so that one that cannot be is noticed.
    pub(crate) fn check(&self) {
        let mut values = [0; CHUNK];
        (0..self.chunks()).for_each(|chunk| {
            self.unpack(chunk, &mut values);
        });
    }

    /// The least and the greatest number that a chunk may hold, if its head tells: that of a column that is relative to another
    /// one does not.
    pub(crate) fn bounds(&self, chunk: usize) -> Option<RangeInclusive<u64>> {
        if self.relative.is_some() || chunk >= self.chunks() {
            return None;
        }
        self.head(chunk).map(|head| head.least..=head.greatest)
    }

    /// Sets a bit for each number that passes, the first in the lowest bit of the first word. `words` begin at chunk `first` and are
    /// empty. Chunks whose bounds may hold none are passed over.
    pub(crate) fn mark(
        &self,
        first: usize,
        words: &mut [u64],
        may_hold: impl Fn(RangeInclusive<u64>) -> bool,
        passes: impl Fn(u64) -> bool,
    ) {
        let mut values = [0; CHUNK];
        for (chunk, words) in (first..self.chunks()).zip(words.chunks_mut(CHUNK_WORDS)) {
            if self.bounds(chunk).is_some_and(|bounds| !may_hold(bounds)) {
                continue;
            }
            let len = self.unpack(chunk, &mut values);
            for (word, values) in words.iter_mut().zip(values[..len].chunks(WORD)) {
                let bits = values.iter().enumerate().map(|(bit, &value)| u64::from(passes(value)) << bit);
                *word = bits.fold(0, |word, bit| word | bit);
            }
        }
    }

    /// How many of ascending numbers are at most `value`, of which the first `from` are known to be.
    pub(crate) fn rank_of(&self, value: u64, cursor: &mut PackedCursor<'_>, from: usize) -> usize {
        if cursor.reaches(from / CHUNK, value) {
            return from / CHUNK * CHUNK + within(cursor.chunk(from / CHUNK), value, from % CHUNK);
        }
        // The chunk is found by steps that double, then by halves: close ones cost a step or two.
        let is_past = |chunk: usize| self.head(chunk).is_none_or(|head| head.greatest > value);
        let (mut low, mut step) = (from / CHUNK, 1);
        while low < self.chunks() && !is_past(low + step - 1) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step - 1).min(self.chunks());
        while low < high {
            let middle = low + (high - low) / 2;
            if is_past(middle) { high = middle } else { low = middle + 1 }
        }
        if low >= self.chunks() {
            return self.len();
        }
        let known = if low == from / CHUNK { from % CHUNK } else { 0 };
        low * CHUNK + within(cursor.chunk(low), value, known)
    }
}

/// How many of ascending numbers are at most `value`, of which the first `from` are known to be.
fn within(numbers: &[u64], value: u64, from: usize) -> usize {
    let rest = numbers.get(from..).unwrap_or_default();
    // One that is close is found by looking at each: halves cost a branch that nobody can predict at every step.
    let (near, far) = rest.split_at(rest.len().min(NEAR));
    let found = near.iter().position(|&number| number > value);
    from + found.unwrap_or_else(|| near.len() + far.partition_point(|&number| number <= value))
}

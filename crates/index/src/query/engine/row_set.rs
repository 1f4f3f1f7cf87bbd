//! A set of rows as one bit a row: a million rows are 122 KiB, which the second cache holds.
//!
//! Every term of a query becomes such a set or narrows one. Sorted lists of row numbers would be smaller for
//! rare terms, but need merging; these need one pass of `&` and `|` whatever the terms found.

use std::ops::Range;

use crate::batch::as_u32;

/// Bits in a word.
pub(super) const WORD: u32 = u64::BITS;

/// A set of the rows below a fixed number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowSet {
    words: Vec<u64>,
    len: u32,
}

impl RowSet {
    /// None of `len` rows.
    pub(crate) fn none(len: u32) -> Self {
        Self { words: vec![0; len.div_ceil(WORD) as usize], len }
    }

    /// All of `len` rows.
    pub(super) fn all(len: u32) -> Self {
        let mut set = Self { words: vec![u64::MAX; len.div_ceil(WORD) as usize], len };
        set.trim();
        set
    }

    /// The rows below `len` for which `test` holds.
    pub(super) fn of(len: u32, test: impl Fn(u32) -> bool) -> Self {
        Self::collect(len, (0..len).map(test))
    }

    /// The first `len` rows whose answers are yes, one answer a row.
    pub(super) fn collect(len: u32, answers: impl Iterator<Item = bool>) -> Self {
        let mut answers = answers.take(len as usize);
        let mut word =
            || (0..WORD).zip(answers.by_ref()).fold(0u64, |word, (bit, yes)| word | u64::from(yes) << bit);
        Self { words: (0..len.div_ceil(WORD)).map(|_| word()).collect(), len }
    }

    /// Clears the bits behind the last row.
    fn trim(&mut self) {
        if let Some(last) = self.words.last_mut()
            && !self.len.is_multiple_of(WORD)
        {
            *last &= (1 << (self.len % WORD)) - 1;
        }
    }

    pub(crate) fn contains(&self, row: u32) -> bool {
        self.words.get((row / WORD) as usize).is_some_and(|word| word >> (row % WORD) & 1 == 1)
    }

    /// Adds a row below the set's length.
    pub(crate) fn insert(&mut self, row: u32) {
        self.insert_new(row);
    }

    /// The same, and says whether it was not there.
    pub(super) fn insert_new(&mut self, row: u32) -> bool {
        let Some(word) = self.words.get_mut((row / WORD) as usize) else { return false };
        let before = *word;
        *word |= 1 << (row % WORD);
        *word != before
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut((row / WORD) as usize) {
            *word &= !(1 << (row % WORD));
        }
    }

    /// The rows as bits, the first in the lowest bit of the first word.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The same, to be filled. Bits behind the last row stay clear.
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The bits of the rows from `first` on, as many as a word has.
    pub(super) fn word_at(&self, first: usize) -> u64 {
        let (place, shift) = (first / WORD as usize, first % WORD as usize);
        let word = |place: usize| self.words.get(place).copied().unwrap_or(0);
        if shift == 0 {
            word(place)
        } else {
            word(place) >> shift | word(place + 1) << (WORD as usize - shift)
        }
    }

    /// Adds the rows from `first` to before `end`, both at most the set's length.
    pub(crate) fn insert_range(&mut self, first: u32, end: u32) {
        if first >= end {
            return;
        }
        let (low, high) = ((first / WORD) as usize, ((end - 1) / WORD) as usize);
        let from = u64::MAX << (first % WORD);
        let to = u64::MAX >> (WORD - 1 - (end - 1) % WORD);
        let Some(words) = self.words.get_mut(low..=high) else { return };
        match words {
            [word] => *word |= from & to,
            [head, middle @ .., tail] => {
                *head |= from;
                middle.fill(u64::MAX);
                *tail |= to;
            }
            [] => {}
        }
    }

    /// How many rows are in it.
    pub(crate) fn count(&self) -> u64 {
        self.count_in(0..self.words.len())
    }

    /// How many rows are in some of its words.
    pub(super) fn count_in(&self, words: Range<usize>) -> u64 {
        self.words[words].iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Adds the rows of `other`, and says whether none of them was there.
    pub(super) fn unite(&mut self, other: &Self) -> bool {
        let mut both = 0;
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            both |= *word & other;
            *word |= other;
        }
        both == 0
    }

    /// Removes the rows that `other` lacks.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Removes the rows whose bits are set in words of 64 that begin with the word `first` of this set.
    pub(crate) fn subtract_words(&mut self, first: usize, words: &[u64]) {
        let rest = self.words.get_mut(first..).unwrap_or_default();
        rest.iter_mut().zip(words).for_each(|(word, other)| *word &= !other);
    }

    /// Turns what is in it into what is not.
    pub(super) fn complement(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
    }

    /// Removes the rows for which `keep` does not hold.
    pub(super) fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        for (word, first) in self.words.iter_mut().zip((0u32..).step_by(WORD as usize)) {
            let kept = ones(*word).filter(|bit| keep(first + bit)).fold(0, |kept, bit| kept | 1 << bit);
            *word = kept;
        }
    }

    /// The rows in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.iter_in(0..self.words.len())
    }

    /// The rows in some of its words in ascending order.
    pub(super) fn iter_in(&self, words: Range<usize>) -> impl Iterator<Item = u32> {
        let firsts = (as_u32(words.start) * WORD..).step_by(WORD as usize);
        self.words[words].iter().zip(firsts).flat_map(|(&word, first)| ones(word).map(move |bit| first + bit))
    }
}

impl RowSet {
    /// The rows in descending order.
    pub(super) fn iter_back(&self) -> impl Iterator<Item = u32> {
        let firsts = (0..self.words.len()).rev().map(|word| as_u32(word) * WORD);
        self.words
            .iter()
            .rev()
            .zip(firsts)
            .flat_map(|(&word, first)| ones_back(word).map(move |bit| first + bit))
    }
}

/// The places of the bits that are set, the highest first.
fn ones_back(word: u64) -> impl Iterator<Item = u32> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let bit = rest.checked_ilog2()?;
        rest &= !(1 << bit);
        Some(bit)
    })
}

/// The places of the bits that are set.
pub(super) fn ones(word: u64) -> impl Iterator<Item = u32> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let bit = rest.trailing_zeros();
        rest &= rest.wrapping_sub(1);
        (bit < WORD).then_some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_complements_respect_the_borders_of_words() {
        for len in [0, 1, 63, 64, 65, 130] {
            for first in 0..=len {
                for end in first..=len {
                    let mut set = RowSet::none(len);
                    set.insert_range(first, end);
                    assert_eq!(
                        set,
                        RowSet::of(len, |row| (first..end).contains(&row)),
                        "{first}..{end}/{len}"
                    );
                    assert_eq!(set, RowSet::collect(len, (0..len).map(|row| (first..end).contains(&row))));
                    assert!(set.iter().eq(first..end));
                    assert!(set.iter_back().eq((first..end).rev()));
                    assert_eq!(set.count(), u64::from(end - first));
                    set.complement();
                    assert_eq!(
                        set,
                        RowSet::of(len, |row| !(first..end).contains(&row)),
                        "not {first}..{end}"
                    );
                }
            }
            assert!(RowSet::all(len).iter().eq(0..len));
        }
    }

    #[test]
    fn sets_combine() {
        let threes = RowSet::of(200, |row| row % 3 == 0);
        let mut set = RowSet::of(200, |row| row % 2 == 0);
        set.intersect(&threes);
        assert!(set.iter().eq((0..200).step_by(6)));
        set.retain(|row| row % 4 == 0);
        assert!(set.iter().eq((0..200).step_by(12)));
        set.insert(1);
        set.unite(&RowSet::of(200, |row| row == 2));
        assert!(set.iter().take(4).eq([0, 1, 2, 12]));
        assert!(set.contains(1) && !set.contains(3) && !set.contains(200));
    }
}

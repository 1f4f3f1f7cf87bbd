//! Bits that are counted: how many are set before a place, and where the *n*-th one is.
//!
//! A row that is the first of its file has a bit here, and the number of its file is the count of those before: one bit and
//! a sixteenth instead of four bytes.

use std::sync::OnceLock;

use super::column::Place;

const WORD: usize = u64::BITS as usize;
const WORD_BYTES: usize = 8;
/// Bits that one entry of the list of ranks covers.
const STRIDE: usize = 512;
const STRIDE_BYTES: usize = STRIDE / 8;
const RANK_BYTES: usize = 4;

/// A column of ranked bits.
#[derive(Debug, Clone)]
pub(crate) struct Ranked {
    place: Place,
    /// Set when the list of ranks has been held against the bits, which is done once.
    counted: OnceLock<()>,
}

impl Ranked {
    pub(super) fn new(place: Place) -> Self {
        Self { place, counted: OnceLock::new() }
    }

    /// How many bytes so many bits take.
    pub(super) fn bytes_of(bits: usize) -> usize {
        bits.div_ceil(WORD) * WORD_BYTES + (bits.div_ceil(STRIDE) + 1) * RANK_BYTES
    }

    /// How many bits there are.
    pub(crate) fn len(&self) -> usize {
        self.place.values
    }

    /// Whether a bit is set.
    #[inline]
    pub(crate) fn contains(&self, index: usize) -> bool {
        index < self.len() && self.word(index / WORD) >> (index % WORD) & 1 == 1
    }

    /// How many bits are set before `index`.
    #[inline]
    pub(crate) fn rank(&self, index: usize) -> usize {
        self.counted.get_or_init(|| self.check());
        let index = index.min(self.len());
        let stride = index / STRIDE;
        let first = stride * (STRIDE / WORD) * WORD_BYTES;
        // One look at the words of the stride: asking for each by itself checks each by itself.
        let Some(bytes) = self.place.get(first..index.div_ceil(WORD) * WORD_BYTES) else {
            return self.missing(index);
        };
        let (words, _) = bytes.as_chunks::<WORD_BYTES>();
        let ones = words.iter().map(|word| u64::from_le_bytes(*word).count_ones()).sum::<u32>();
        let beyond = match (index % WORD, words.last()) {
            (0, _) | (_, None) => 0,
            (bits, Some(last)) => (u64::from_le_bytes(*last) & u64::MAX << bits).count_ones(),
        };
        self.before(stride) + (ones - beyond) as usize
    }

    /// Holds the list of ranks against the bits, for all else trusts it: how many are before a row, and so which file it is of.
    fn check(&self) {
        let mut before = 0;
        let Some(bytes) = self.place.get(0..self.word_bytes()) else { return self.missing(0) };
        for (stride, bytes) in bytes.chunks(STRIDE_BYTES).enumerate() {
            if self.before(stride) != before {
                return self.missing(stride * STRIDE);
            }
            let words = bytes.as_chunks::<WORD_BYTES>().0.iter();
            before += words.map(|word| u64::from_le_bytes(*word).count_ones() as usize).sum::<usize>();
        }
        // Bits behind the last one would be counted, and are no one's.
        let behind = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        let used = self.len() % WORD;
        if before != self.count() || (used > 0 && behind >> used != 0) {
            self.missing(self.len())
        }
    }

    /// How many bits are set.
    pub(crate) fn count(&self) -> usize {
        self.before(self.len().div_ceil(STRIDE))
    }

    /// The place of the `nth` set bit, counted from 0.
    pub(crate) fn select(&self, nth: usize) -> Option<usize> {
        self.counted.get_or_init(|| self.check());
        let (mut low, mut high) = (0, self.len().div_ceil(STRIDE));
        if nth >= self.count() {
            return None;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.before(middle) <= nth { low = middle } else { high = middle }
        }
        let mut rest = nth.checked_sub(self.before(low))?;
        let words = low * (STRIDE / WORD)..self.len().div_ceil(WORD);
        for at in words.take(STRIDE / WORD) {
            let mut word = self.word(at);
            let ones = word.count_ones() as usize;
            if rest < ones {
                (0..rest).for_each(|_| word &= word - 1);
                return Some(at * WORD + word.trailing_zeros() as usize);
            }
            rest -= ones;
        }
        self.place.misfit(nth);
        None
    }

    /// Bytes of the words, behind which the ranks lie.
    fn word_bytes(&self) -> usize {
        self.len().div_ceil(WORD) * WORD_BYTES
    }

    /// One word of 64 bits; 0 beyond the end.
    #[inline]
    pub(crate) fn word(&self, word: usize) -> u64 {
        let start = word * WORD_BYTES;
        let bytes = self.place.get(start..start + WORD_BYTES).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u64::from_le_bytes).unwrap_or_else(|| self.missing(word * WORD))
    }

    /// Bits that are set before a stride.
    #[inline]
    fn before(&self, stride: usize) -> usize {
        let start = self.word_bytes() + stride * RANK_BYTES;
        let bytes = self.place.get(start..start + RANK_BYTES).and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| u32::from_le_bytes(bytes) as usize).unwrap_or_else(|| self.missing(stride * STRIDE))
    }

    #[cold]
    fn missing<T: Default>(&self, index: usize) -> T {
        self.place.misfit(index);
        T::default()
    }
}

/// The bytes of a column of ranked bits, from `bits` bits in `words`.
pub(crate) fn rank(words: &[u64], bits: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(Ranked::bytes_of(bits));
    let words = &words[..bits.div_ceil(WORD)];
    words.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    let mut before = 0u32;
    for stride in words.chunks(STRIDE_BYTES / WORD_BYTES) {
        bytes.extend_from_slice(&before.to_le_bytes());
        before += stride.iter().map(|word| word.count_ones()).sum::<u32>();
    }
    bytes.extend_from_slice(&before.to_le_bytes());
    bytes
}

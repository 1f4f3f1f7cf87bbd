//! Bits that are counted: how many are set before a place, and where the *n*-th one is.
//!
//! A row that is the first of its file has a bit here, and the number of its file is the count of those before: one bit and
//! a sixteenth instead of four bytes.

use super::column::Place;

const WORD: usize = u64::BITS as usize;
const WORD_BYTES: usize = 8;
/// Bits that one entry of the list of ranks covers.
const STRIDE: usize = 512;
const STRIDE_BYTES: usize = STRIDE / 8;
const RANK_BYTES: usize = 4;

/// A column of ranked bits.
#[derive(Debug, Clone)]
pub(crate) struct Ranked(Place);

impl Ranked {
    pub(super) fn new(place: Place) -> Self {
        Self(place)
    }

    /// How many bytes so many bits take.
    pub(super) fn bytes_of(bits: usize) -> usize {
        bits.div_ceil(WORD) * WORD_BYTES + (bits.div_ceil(STRIDE) + 1) * RANK_BYTES
    }

    /// How many bits there are.
    pub(crate) fn len(&self) -> usize {
        self.0.values
    }

    /// Whether a bit is set.
    #[inline]
    pub(crate) fn contains(&self, index: usize) -> bool {
        index < self.len() && self.word(index / WORD) >> (index % WORD) & 1 == 1
    }

    /// How many bits are set before `index`.
    #[inline]
    pub(crate) fn rank(&self, index: usize) -> usize {
        let index = index.min(self.len());
        let stride = index / STRIDE;
        let words = stride * (STRIDE / WORD)..index / WORD;
        let whole: u32 = words.map(|word| self.word(word).count_ones()).sum();
        let part = match index % WORD {
            0 => 0,
            bits => (self.word(index / WORD) & !(u64::MAX << bits)).count_ones(),
        };
        self.before(stride) + (whole + part) as usize
    }

    /// How many bits are set.
    pub(crate) fn count(&self) -> usize {
        self.before(self.len().div_ceil(STRIDE))
    }

    /// The place of the `nth` set bit, counted from 0.
    pub(crate) fn select(&self, nth: usize) -> Option<usize> {
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
        self.0.misfit(nth);
        None
    }

    /// The words of 64 bits, first bits lowest.
    pub(crate) fn words(&self) -> impl ExactSizeIterator<Item = u64> {
        let (words, _) =
            self.0.get(0..self.len().div_ceil(WORD) * WORD_BYTES).unwrap_or_default().as_chunks::<8>();
        words.iter().map(|word| u64::from_le_bytes(*word))
    }

    #[inline]
    fn word(&self, word: usize) -> u64 {
        let start = word * WORD_BYTES;
        let bytes = self.0.get(start..start + WORD_BYTES).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u64::from_le_bytes).unwrap_or_else(|| self.missing(word * WORD))
    }

    /// Bits that are set before a stride.
    #[inline]
    fn before(&self, stride: usize) -> usize {
        let start = self.len().div_ceil(WORD) * WORD_BYTES + stride * RANK_BYTES;
        let bytes = self.0.get(start..start + RANK_BYTES).and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| u32::from_le_bytes(bytes) as usize).unwrap_or_else(|| self.missing(stride * STRIDE))
    }

    #[cold]
    fn missing<T: Default>(&self, index: usize) -> T {
        self.0.misfit(index);
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

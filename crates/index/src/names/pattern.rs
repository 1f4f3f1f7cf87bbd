//! Which characters of a name are in lower case.
//!
//! In names of ASCII, which most are, eight characters are looked at in one go and without the case table.

/// Characters in a word of bits.
const WORD: usize = 64;
/// Characters that are looked at in one go.
const GROUP: usize = 8;
/// The most bytes that a pattern takes: the next length has another meaning in the spelling bytes.
const BYTES_MAX: usize = 254;
/// The lowest bit of each of eight characters.
const EACH: u64 = u64::MAX / 255;
/// The bit in which the two cases of an ASCII letter differ.
const CASE_BIT: u32 = 5;

/// One bit for each character, set where it is in lower case, and what they have in common.
pub(super) struct Pattern {
    words: [u64; BYTES_MAX.div_ceil(8)],
    /// Bytes up to the last bit that is set.
    pub(super) used: usize,
    /// Every character is in lower case that has one.
    pub(super) all: bool,
    /// So is every character but the first, which is as folded.
    pub(super) rest: bool,
}

impl Pattern {
    /// The pattern of a name without characters.
    pub(super) fn new() -> Self {
        Self { words: [0; _], used: 0, all: true, rest: true }
    }

    /// Adds character number `place`: whether it differs from the folded one, and whether that one has a lower
    /// case. `None` if the pattern is too long.
    pub(super) fn add(&mut self, place: usize, lowered: bool, able: bool) -> Option<()> {
        let bit = place % WORD;
        self.all &= lowered == able;
        self.rest &= lowered == (able && place > 0);
        self.set(place / WORD, u64::from(lowered) << bit)
    }

    fn set(&mut self, word: usize, bits: u64) -> Option<()> {
        if bits != 0 {
            *self.words.get_mut(word)? |= bits;
            self.used = word * 8 + (u64::BITS - bits.leading_zeros()).div_ceil(8) as usize;
        }
        (self.used <= BYTES_MAX).then_some(())
    }

    /// Adds all characters of a name of ASCII, and writes the folded name, which is as long, to `folded`.
    /// `None` if the pattern is too long.
    pub(super) fn fold_ascii(&mut self, plain: &[u8], folded: &mut [u8]) -> Option<()> {
        let words = plain.chunks(WORD).zip(folded.chunks_mut(WORD)).enumerate();
        words.map(|(word, (plain, folded))| self.fold_word(word, plain, folded)).collect()
    }

    /// Adds all characters of a name of ASCII. `None` if that name is not folded so, or is too long.
    pub(super) fn add_ascii(&mut self, folded: &[u8], plain: &[u8]) -> Option<()> {
        let mut made = [0; WORD];
        for (word, (plain, folded)) in plain.chunks(WORD).zip(folded.chunks(WORD)).enumerate() {
            let made = &mut made[..plain.len()];
            self.fold_word(word, plain, made)?;
            if made != folded {
                return None;
            }
        }
        (folded.len() == plain.len()).then_some(())
    }

    fn fold_word(&mut self, word: usize, plain: &[u8], folded: &mut [u8]) -> Option<()> {
        let (lowered, able) = fold_word(plain, folded);
        self.all &= lowered == able;
        self.rest &= lowered == able & !u64::from(word == 0);
        self.set(word, lowered)
    }

    /// Appends the number of its bytes, then the bytes.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        out.push(u8::try_from(self.used).expect("a pattern has at most 254 bytes"));
        let end = out.len() + self.used;
        for word in &self.words[..self.used.div_ceil(8)] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.truncate(end);
    }
}

/// Folds a name of at most 64 characters of ASCII, and says which are in lower case and which could be.
pub(super) fn fold_short(plain: &[u8], folded: &mut [u8]) -> Option<(u64, u64)> {
    (plain.len() <= WORD).then(|| fold_word(plain, folded))
}

/// Folds up to 64 characters, and says which are in lower case and which could be.
#[inline]
fn fold_word(plain: &[u8], folded: &mut [u8]) -> (u64, u64) {
    let (mut lowered, mut able) = (0, 0);
    let mut fold = |at: usize, shown: u64| {
        let small = letters(shown, b'a');
        lowered |= gather(small) << at;
        able |= gather(small | letters(shown, b'A')) << at;
        (shown ^ small).to_le_bytes()
    };
    let Some(last) = plain.last_chunk::<GROUP>() else {
        let shown = plain.iter().rfold(0, |word, &byte| word << 8 | u64::from(byte));
        for (to, byte) in folded.iter_mut().zip(fold(0, shown)) {
            *to = byte;
        }
        return (lowered, able);
    };
    let groups = plain.as_chunks::<GROUP>().0.iter().zip(folded.as_chunks_mut::<GROUP>().0);
    for (number, (shown, folded)) in groups.enumerate() {
        *folded = fold(number * GROUP, u64::from_le_bytes(*shown));
    }
    // The last eight once more: to see some twice is faster than to pick out the others.
    if let Some(folded) = folded.last_chunk_mut() {
        *folded = fold(plain.len() - GROUP, u64::from_le_bytes(*last));
    }
    (lowered, able)
}

/// Sets the case bit in each of eight ASCII characters that is one of the 26 letters from `first` on, and no other.
fn letters(word: u64, first: u8) -> u64 {
    // The high bit of a character tells whether it is at least the letter; no carry leaves a character.
    let from = word + EACH * u64::from(0x80 - first);
    let after = word + EACH * u64::from(0x80 - (first + 26));
    (from & !after & EACH << 7) >> (7 - CASE_BIT)
}

/// The case bits of eight characters, side by side.
fn gather(word: u64) -> u64 {
    // Each bit of the factor moves one character's bit to its place in the highest byte.
    ((word >> CASE_BIT & EACH).wrapping_mul(0x0102_0408_1020_4080)) >> 56
}

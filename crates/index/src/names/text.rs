//! The names of items, eight folded bytes at a time.
//!
//! Folded names are not made beforehand where they need not be: ASCII is folded in a number of eight bytes, which
//! costs less than to store and load what was folded.

use std::ops::Range;

use crate::case::CaseTable;

/// Bytes in a key.
pub(super) const KEY_BYTES: usize = 8;

/// The names of items.
pub(super) struct Names<'a> {
    bytes: &'a [u8],
    ends: &'a [u64],
    case: &'a CaseTable,
    /// Whether ASCII folds as ASCII does.
    plain_ascii: bool,
}

/// Folded names one after another.
#[derive(Default)]
pub(super) struct Folded {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The folded name of one item, or its name if that is ASCII.
pub(super) struct Text<'a> {
    blob: &'a [u8],
    start: usize,
    end: usize,
    ascii: bool,
}

impl<'a> Names<'a> {
    pub(super) fn new(bytes: &'a [u8], ends: &'a [u64], case: &'a CaseTable) -> Self {
        let plain_ascii = (0..128u8).all(|byte| case.upper(byte.into()) == byte.to_ascii_uppercase().into());
        Self { bytes, ends, case, plain_ascii }
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The folded name of an item.
    pub(super) fn folded(&self, item: usize) -> Vec<u8> {
        self.case.fold(self.plain(item))
    }

    fn range(&self, item: usize) -> Range<usize> {
        let start = item.checked_sub(1).map_or(0, |before| self.ends[before]);
        place(start)..place(self.ends[item])
    }

    /// The name as it is.
    pub(super) fn plain(&self, item: usize) -> &'a [u8] {
        &self.bytes[self.range(item)]
    }

    /// The first eight folded bytes of a name, and whether it is ASCII and folds so. `folded` is memory that may have been used
    /// before.
    #[inline]
    pub(super) fn first_key(&self, item: usize, folded: &mut Folded) -> (u64, bool) {
        if self.is_ascii(item) {
            return (self.ascii(item).key(0), true);
        }
        folded.bytes.clear();
        folded.ends.clear();
        let number = self.fold_into(item, folded);
        (folded.text(number).key(0), false)
    }

    /// The name of an item for which [`Names::is_ascii`] holds.
    pub(super) fn ascii(&self, item: usize) -> Text<'a> {
        let Range { start, end } = self.range(item);
        Text { blob: self.bytes, start, end, ascii: true }
    }

    /// Whether the name is ASCII and folds so.
    #[inline]
    fn is_ascii(&self, item: usize) -> bool {
        self.plain_ascii && is_ascii(self.plain(item))
    }

    /// Folds the name of an item, and says its number there.
    pub(super) fn fold_into(&self, item: usize, folded: &mut Folded) -> usize {
        self.case.fold_into(self.plain(item), &mut folded.bytes);
        folded.ends.push(folded.bytes.len());
        folded.ends.len() - 1
    }
}

impl Folded {
    pub(super) fn text(&self, number: usize) -> Text<'_> {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        Text { blob: &self.bytes, start, end: self.ends[number], ascii: false }
    }
}

impl Text<'_> {
    /// Length of the folded name in bytes.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Eight folded bytes, the first in the highest bits; zeros behind the end.
    #[inline]
    pub(super) fn key(&self, depth: usize) -> u64 {
        let left = self.len().saturating_sub(depth);
        if left == 0 {
            return 0;
        }
        // What lies behind the name is loaded too and cut off: that is faster than to copy a few bytes.
        let from = &self.blob[self.start + depth..];
        let word = from.first_chunk().map_or_else(|| short(from), |bytes| u64::from_be_bytes(*bytes));
        let word = if left < KEY_BYTES { word & !(u64::MAX >> (left * 8)) } else { word };
        if self.ascii { upper(word) } else { word }
    }

    /// Writes the folded name, which is as long as `out`.
    pub(super) fn copy_to(&self, out: &mut [u8]) {
        out.copy_from_slice(&self.blob[self.start..self.end]);
        if self.ascii {
            out.make_ascii_uppercase();
        }
    }
}

/// A place in memory; one that cannot be is none.
pub(super) fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// As that of the standard library, which is made for longer texts.
#[inline]
fn is_ascii(name: &[u8]) -> bool {
    const HIGH: u64 = u64::MAX / 255 * 0x80;
    let Some(last) = name.last_chunk::<KEY_BYTES>() else {
        return name.iter().all(u8::is_ascii);
    };
    let words = name.as_chunks::<KEY_BYTES>().0.iter().chain([last]);
    words.fold(0, |all, word| all | u64::from_le_bytes(*word)) & HIGH == 0
}

/// The last bytes of a blob.
#[cold]
fn short(bytes: &[u8]) -> u64 {
    let mut word = [0; KEY_BYTES];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_be_bytes(word)
}

/// Eight bytes of ASCII in upper case.
fn upper(word: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    const HIGH: u64 = EACH * 0x80;
    // The high bit of each byte tells whether it is at least the letter; below it no carry can come out.
    let from_a = word + EACH * (0x80 - b'a' as u64);
    let after_z = word + EACH * (0x80 - (b'z' as u64 + 1));
    word - ((from_a & !after_z & HIGH) >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CaseTable;

    #[test]
    fn every_ascii_byte_folds_in_every_place() {
        for byte in 0..128u8 {
            for place in 0..KEY_BYTES {
                let mut bytes = *b"aZ09{`@~";
                bytes[place] = byte;
                let folded = u64::from_be_bytes(bytes.map(|byte| byte.to_ascii_uppercase()));
                assert_eq!(upper(u64::from_be_bytes(bytes)), folded, "{bytes:?}");
            }
        }
    }

    #[test]
    fn keys_end_with_the_name() {
        let case = CaseTable::default();
        let names = Names::new(b"abcdefghijkl\xFFz", &[0, 10, 14], &case);
        let key = |item: usize, depth: usize| names.ascii(item).key(depth).to_be_bytes();
        assert_eq!(key(0, 0), [0; 8]);
        assert_eq!(&key(1, 0), b"ABCDEFGH");
        assert_eq!(&key(1, 8), b"IJ\0\0\0\0\0\0");
        assert_eq!(key(1, 16), [0; 8]);
        assert!(names.is_ascii(1) && !names.is_ascii(2) && !is_ascii(b"12345678\x8012345678"));
        let mut folded = Folded::default();
        let number = names.fold_into(2, &mut folded);
        assert_eq!(folded.text(number).key(0).to_be_bytes(), *b"KL\xEF\xBF\xBDZ\0\0");
    }
}

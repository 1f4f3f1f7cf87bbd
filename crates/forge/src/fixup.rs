//! The update sequence array ("fixups") that guards multi-sector structures against torn writes.
//!
//! The last two bytes of every 512-byte stride are replaced by the update sequence number and kept in the array. The
//! stride is 512 bytes whatever the sector size, in records and index blocks alike.

use crate::bytes::{get16, put16};

/// Bytes guarded by one entry of the update sequence array.
pub const STRIDE: usize = 512;

/// Number of 16-bit words in the array for a structure of `length` bytes: the USN and one per stride.
pub(crate) const fn array_words(length: usize) -> usize {
    length / STRIDE + 1
}

/// Protects `block` with the update sequence number `usn`: saves every stride's tail in the array that the header at
/// offset 4 names, and puts `usn` in its place.
///
/// # Panics
/// When the array that the header names lies outside `block`.
pub fn protect(block: &mut [u8], usn: u16) {
    let array = usize::from(get16(block, 4));
    put16(block, array, usn);
    put16(block, array, usn);
    for (word, tail) in tails(block.len()).enumerate() {
        let saved = get16(block, tail);
        put16(block, array + 2 * (word + 1), saved);
        put16(block, tail, usn);
    }
}

/// Undoes [`protect`]: puts the saved words back. The array keeps its content, as it does in dumps that `ntfscat` writes.
/// Tails are not checked first.
///
/// # Panics
/// When the array that the header names lies outside `block`.
pub fn apply(block: &mut [u8]) {
    let array = usize::from(get16(block, 4));
    for (word, tail) in tails(block.len()).enumerate() {
        let saved = get16(block, array + 2 * (word + 1));
        put16(block, tail, saved);
    }
}

/// Whether every stride ends in the update sequence number. `false` when the array lies outside `block`.
#[must_use]
pub fn is_protected(block: &[u8]) -> bool {
    let array = usize::from(get16(block, 4));
    array + 2 * array_words(block.len()) <= block.len()
        && tails(block.len()).all(|tail| get16(block, tail) == get16(block, array))
}

/// Offsets of the two-byte tails of the strides of a structure of `length` bytes.
fn tails(length: usize) -> impl Iterator<Item = usize> {
    (1..=length / STRIDE).map(|stride| stride * STRIDE - 2)
}

//! Fixups: how a record tells a torn write.
//!
//! Before a record is written, the last two bytes of each 512-byte stride are replaced by the update sequence
//! number (USN), and what was there is kept in the update sequence array (USA) behind it. If a stride does not
//! end in the USN, it was not written together with the others. The stride is 512 bytes on every volume, even
//! where sectors and records have 4096.

use crate::record::Protection;

/// Bytes that one entry of the update sequence array protects.
pub const FIXUP_STRIDE: usize = 512;
/// The shortest header, after which the array can start: that of the old form.
const HEADER_BYTES_MIN: usize = 0x2A;

/// What undoing the fixups of a record found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixup {
    /// Every stride belongs to the same write.
    Sound,
    /// The stride with this number, and perhaps later ones, does not.
    Torn {
        /// Counted from 0.
        first_stride: usize,
    },
    /// The array lies outside the record, or is not as long as the record has strides.
    BadArray,
}

/// Where the array of a record with so many strides starts, if it can be there.
fn array(strides: usize, offset: u16, count: u16) -> Option<usize> {
    let (offset, count) = (usize::from(offset), usize::from(count));
    // It must end before the tail of the first stride, which it would otherwise protect itself with.
    let fits = count == strides + 1 && offset >= HEADER_BYTES_MIN && offset + 2 * count <= FIXUP_STRIDE - 2;
    fits.then_some(offset)
}

/// Puts back the protected bytes of every stride that ends in the USN; other strides stay as they are.
///
/// `offset` and `count` are the record's own words for where the array starts and how many 16-bit numbers it
/// has, the USN first.
pub(crate) fn undo(record: &mut [u8], offset: u16, count: u16) -> Fixup {
    let strides = record.len() / FIXUP_STRIDE;
    let Some(offset) = array(strides, offset, count) else { return Fixup::BadArray };
    let word =
        |record: &[u8], at: usize| record.get(at..at + 2).and_then(|two| <[u8; 2]>::try_from(two).ok());
    let Some(usn) = word(record, offset) else { return Fixup::BadArray };
    let mut result = Fixup::Sound;
    for stride in 0..strides {
        let tail = (stride + 1) * FIXUP_STRIDE - 2;
        let Some(kept) = word(record, offset + 2 + 2 * stride) else { return Fixup::BadArray };
        match record.get_mut(tail..tail + 2) {
            Some(end) if end == usn => end.copy_from_slice(&kept),
            _ if result == Fixup::Sound => result = Fixup::Torn { first_stride: stride },
            _ => {}
        }
    }
    result
}

/// Whether the strides of a record end in its USN, as on disk, or in what the array keeps for them, as after
/// [`undo`]; nothing if they do not agree, as in a torn record.
pub(crate) fn protection(record: &[u8], offset: u16, count: u16) -> Option<Protection> {
    let strides = record.len() / FIXUP_STRIDE;
    let offset = array(strides, offset, count)?;
    let word = |at: usize| record.get(at..at + 2);
    let usn = word(offset)?;
    let tails = |is: &dyn Fn(usize, &[u8]) -> bool| {
        (1..=strides).all(|stride| word(stride * FIXUP_STRIDE - 2).is_some_and(|tail| is(stride, tail)))
    };
    if tails(&|_, tail| tail == usn) {
        Some(Protection::Protected)
    } else {
        tails(&|stride, tail| word(offset + 2 * stride) == Some(tail)).then_some(Protection::Undone)
    }
}

//! Fields of a few bits one after another, taken out with loads of whole words.

use super::head::mask;

/// Up to this width a number is had with one load of eight bytes, wherever its first bit lies.
const SHORT_BITS: u32 = 56;
/// Bytes that have to be there behind the last field.
pub(super) const SPARE_BYTES: usize = 16;

/// Where in a body the field lies, as the first byte to load and the bytes that it takes.
pub(super) fn place(at: usize, width: u32) -> (usize, usize) {
    (at * width as usize / 8, if width <= SHORT_BITS { 8 } else { SPARE_BYTES })
}

/// One field out of the bytes at its place.
#[inline]
pub(super) fn single(bytes: &[u8], at: usize, width: u32) -> Option<u64> {
    let shift = at * width as usize % 8;
    let word = if width <= SHORT_BITS {
        u64::from_le_bytes(bytes.try_into().ok()?) >> shift
    } else {
        low(u128::from_le_bytes(bytes.try_into().ok()?) >> shift)
    };
    Some(word & mask(width))
}

/// The lowest 64 bits.
pub(super) fn low(value: u128) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = value.to_le_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Takes fields of `width` bits out of `bytes`, behind which sixteen more are there.
pub(super) fn unpack(bytes: &[u8], width: u32, out: &mut [u64]) -> Option<()> {
    let mask = mask(width);
    let mut bit = 0;
    if width <= SHORT_BITS {
        for slot in out {
            let start = bit / 8;
            *slot = u64::from_le_bytes(bytes.get(start..start + 8)?.try_into().ok()?) >> (bit % 8) & mask;
            bit += width as usize;
        }
    } else {
        for slot in out {
            let start = bit / 8;
            *slot =
                low(u128::from_le_bytes(bytes.get(start..start + 16)?.try_into().ok()?) >> (bit % 8)) & mask;
            bit += width as usize;
        }
    }
    Some(())
}

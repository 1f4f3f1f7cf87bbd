//! Fields of a few bits one after another, taken out with loads of whole words.

use super::head::mask;

/// Up to this width a number is had with one load of eight bytes, wherever its first bit lies.
const SHORT_BITS: u32 = 56;
/// Bytes that have to be there behind the last field.
pub(super) const SPARE_BYTES: usize = 16;

/// The byte of a body that the field begins in.
pub(super) fn place(at: usize, width: u32) -> usize {
    at * width as usize / 8
}

/// One field out of the bytes from that one on.
#[inline]
pub(super) fn single(bytes: &[u8; SPARE_BYTES], at: usize, width: u32) -> u64 {
    let shift = at * width as usize % 8;
    let both = u128::from_le_bytes(*bytes);
    // A shift of one word costs less than one of two.
    let word = if width <= SHORT_BITS { low(both) >> shift } else { low(both >> shift) };
    word & mask(width)
}

/// The lowest 64 bits.
pub(super) fn low(value: u128) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = value.to_le_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Takes fields of `width` bits out of `bytes`, behind which sixteen more are there.
pub(super) fn unpack(bytes: &[u8], width: u32, out: &mut [u64]) -> Option<()> {
    let done = eights(bytes, width, out)?;
    for (at, slot) in (done..).zip(out.get_mut(done..)?) {
        *slot = single(bytes.get(place(at, width)..)?.first_chunk()?, at, width);
    }
    Some(())
}

/// Unpacks eight at a time, which begin at a whole byte, as many as there are, and says how many numbers that were. Each width has
/// a loop of its own in which every place and shift is known: half a nanosecond a number instead of two.
fn eights(bytes: &[u8], width: u32, out: &mut [u64]) -> Option<usize> {
    macro_rules! by_width {
        ($($width:literal)*) => {
            match width {
                $($width => eights_of::<$width>(bytes, out),)*
                _ => Some(0),
            }
        };
    }
    by_width!(
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
        41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56
    )
}

fn eights_of<const WIDTH: usize>(bytes: &[u8], out: &mut [u64]) -> Option<usize> {
    let mask = u64::MAX >> (u64::BITS as usize - WIDTH);
    let (eights, _) = out.as_chunks_mut::<8>();
    for (at, eight) in eights.iter_mut().enumerate() {
        let group = bytes.get(at * WIDTH..at * WIDTH + WIDTH + 8)?;
        for (place, slot) in eight.iter_mut().enumerate() {
            let start = place * WIDTH / 8;
            let word = u64::from_le_bytes(group.get(start..start + 8)?.try_into().ok()?);
            *slot = word >> (place * WIDTH % 8) & mask;
        }
    }
    Some(eights.len() * 8)
}

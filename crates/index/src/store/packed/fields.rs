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

/// A function for each width up to that, of which only eight fields together end with a byte.
macro_rules! by_width {
    ($width:ident, $eights:ident($($argument:expr),*), else $other:expr) => {
        by_width!(@ $width, $eights, ($($argument),*), $other;
            1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
            41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56)
    };
    (@ $width:ident, $eights:ident, $arguments:tt, $other:expr; $($each:literal)*) => {
        match $width {
            $($each => by_width!(@ $eights $each $arguments),)*
            _ => $other,
        }
    };
    (@ $eights:ident $each:literal ($($argument:expr),*)) => {
        $eights::<$each>($($argument),*)
    };
}

/// Unpacks eight at a time, which begin at a whole byte, as many as there are, and says how many numbers that were. Each width has
/// a loop of its own in which every place and shift is known: half a nanosecond a number instead of two.
fn eights(bytes: &[u8], width: u32, out: &mut [u64]) -> Option<usize> {
    by_width!(width, eights_of(bytes, out), else Some(0))
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

/// Appends fields of `width` bits, none of which has a bit more.
pub(super) fn pack(fields: &[u64], width: u32, out: &mut Vec<u8>) {
    let (start, bits) = (out.len(), fields.len() * width as usize);
    out.resize(start + bits.div_ceil(8), 0);
    let bytes = &mut out[start..];
    let done = by_width!(width, pack_eights(fields, bytes), else 0);
    let mut rest = bytes[done * width as usize / 8..].chunks_mut(8);
    let (mut pending, mut pending_bits) = (0u64, 0);
    for &field in &fields[done..] {
        pending |= field << pending_bits;
        pending_bits += width;
        if pending_bits >= u64::BITS
            && let Some(word) = rest.next()
        {
            word.copy_from_slice(&pending.to_le_bytes());
            pending_bits -= u64::BITS;
            pending = field.checked_shr(width - pending_bits).unwrap_or(0);
        }
    }
    if let Some(last) = rest.next() {
        last.copy_from_slice(&pending.to_le_bytes()[..last.len()]);
    }
}

/// Packs eight at a time, as many as there are, and says how many fields that were. In a loop for each width every place and shift is known.
fn pack_eights<const WIDTH: usize>(fields: &[u64], out: &mut [u8]) -> usize {
    let (eights, _) = fields.as_chunks::<8>();
    for (eight, group) in eights.iter().zip(out.as_chunks_mut::<WIDTH>().0) {
        let mut words = [0u64; 8];
        for (place, &field) in eight.iter().enumerate() {
            let (word, shift) = (place * WIDTH / 64, place * WIDTH % 64);
            words[word] |= field << shift;
            if shift + WIDTH > 64 {
                words[word + 1] |= field >> (64 - shift);
            }
        }
        let bytes = words.map(u64::to_le_bytes);
        group.copy_from_slice(&bytes.as_flattened()[..WIDTH]);
    }
    eights.len() * 8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit by bit.
    fn plainly(fields: &[u64], width: u32) -> Vec<u8> {
        let mut bytes = vec![0; (fields.len() * width as usize).div_ceil(8)];
        for bit in 0..fields.len() * width as usize {
            let (field, at) = (bit / width as usize, bit % width as usize);
            bytes[bit / 8] |= u8::from(fields[field] >> at & 1 == 1) << (bit % 8);
        }
        bytes
    }

    #[test]
    fn fields_of_each_width_lie_bit_by_bit_one_behind_another() {
        for width in 1..=64 {
            for count in (0..40).chain([63, 64, 65, 1023, 1024]) {
                let mut number = u64::from(width) << 32 | count;
                let fields: Vec<u64> = (0..count)
                    .map(|_| {
                        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        (number ^ number >> 31) & mask(width)
                    })
                    .collect();
                let mut packed = b"before".to_vec();
                pack(&fields, width, &mut packed);
                assert_eq!(packed[6..], plainly(&fields, width), "{count} of {width} bits");
                packed.extend_from_slice(&[0xFF; SPARE_BYTES]);
                let mut back = vec![0; fields.len()];
                unpack(&packed[6..], width, &mut back).unwrap();
                assert_eq!(back, fields, "{count} of {width} bits");
            }
        }
    }
}

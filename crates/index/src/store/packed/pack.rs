//! Packs numbers. The reader's half is in the module above.

use super::fields::low;
use super::head::Head;
use super::{CHUNK, EXCEPTION_BYTES};

/// Packs numbers: the bytes of a column.
pub(crate) fn pack(values: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut values = values.into_iter();
    let (mut bytes, mut heads) = (Vec::new(), Vec::new());
    let mut chunk = [0; CHUNK];
    loop {
        let mut len = 0;
        for (slot, value) in chunk.iter_mut().zip(values.by_ref()) {
            *slot = value;
            len += 1;
        }
        if len == 0 {
            break;
        }
        heads.extend_from_slice(&pack_chunk(&chunk[..len], &mut bytes).to_bytes());
        if len < CHUNK {
            break;
        }
    }
    bytes.append(&mut heads);
    bytes
}

/// Appends the body of a chunk.
fn pack_chunk(values: &[u64], out: &mut Vec<u8>) -> Head {
    let least = values.iter().copied().min().unwrap_or(0);
    let greatest = values.iter().copied().max().unwrap_or(0);
    let mut head = Head { least, greatest, body: out.len(), width: width(values, least), exceptions: 0 };
    let marker = head.marker();
    let full = greatest - least > marker;
    let (mut pending, mut bits) = (0u128, 0);
    let mut exceptions: Vec<(u16, u64)> = Vec::new();
    for (place, &value) in (0u16..).zip(values) {
        let difference = value - least;
        let field = if full && difference >= marker {
            exceptions.push((place, difference));
            marker
        } else {
            difference
        };
        pending |= u128::from(field) << bits;
        bits += head.width;
        while bits >= u64::BITS {
            out.extend_from_slice(&low(pending).to_le_bytes());
            pending >>= u64::BITS;
            bits -= u64::BITS;
        }
    }
    out.extend_from_slice(&low(pending).to_le_bytes()[..bits.div_ceil(8) as usize]);
    exceptions.iter().for_each(|(place, _)| out.extend_from_slice(&place.to_le_bytes()));
    exceptions.iter().for_each(|(_, number)| out.extend_from_slice(&number.to_le_bytes()));
    head.exceptions = exceptions.len();
    head
}

/// The width that takes the fewest bytes for differences to `least`.
fn width(values: &[u64], least: u64) -> u32 {
    // How many differences take exactly so many bits, and how many are all ones: a marker cannot stand for itself.
    let (mut taking, mut ones) = ([0usize; 65], [0usize; 65]);
    for value in values {
        let difference = value - least;
        let bits = (u64::BITS - difference.leading_zeros()) as usize;
        taking[bits] += 1;
        ones[bits] += usize::from(difference.count_ones() as usize == bits);
    }
    let widest = taking.iter().rposition(|&count| count > 0).unwrap_or(0);
    let mut best = (values.len() * widest, widest);
    let mut wider = 0;
    for width in (0..widest).rev() {
        wider += taking[width + 1];
        let exceptions = wider + ones[width];
        best = best.min((values.len() * width + exceptions * EXCEPTION_BYTES * 8, width));
    }
    u32::try_from(best.1).unwrap_or(u64::BITS)
}

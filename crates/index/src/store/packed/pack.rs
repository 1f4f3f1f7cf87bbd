//! Packs numbers. The reader's half is in the module above.

use super::fields::low;
use super::head::{HEAD_BYTES, Head};
use super::{CHUNK, EXCEPTION_BYTES};

/// One chunk in so many is looked at to tell which of two forms is smaller.
const SAMPLED: usize = 8;

/// Packs numbers: the bytes of a column.
pub(crate) fn pack(values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 4);
    let mut heads = Vec::with_capacity(values.len().div_ceil(CHUNK) * HEAD_BYTES);
    for chunk in values.chunks(CHUNK) {
        heads.extend_from_slice(&pack_chunk(chunk, &mut bytes).to_bytes());
    }
    bytes.append(&mut heads);
    bytes.shrink_to_fit();
    bytes
}

/// About how many bits numbers take when they are packed, from a sample of their chunks, each turned into another form.
pub(crate) fn estimate(values: &[u64], form: impl Fn(usize, u64) -> u64) -> usize {
    let mut bits = 0;
    for (number, chunk) in values.chunks(CHUNK).enumerate().step_by(SAMPLED) {
        let formed: Vec<u64> =
            (number * CHUNK..).zip(chunk).map(|(place, &value)| form(place, value)).collect();
        bits += best(&formed, formed.iter().copied().min().unwrap_or(0)).0;
    }
    bits
}

/// Appends the body of a chunk.
fn pack_chunk(values: &[u64], out: &mut Vec<u8>) -> Head {
    let least = values.iter().copied().min().unwrap_or(0);
    let greatest = values.iter().copied().max().unwrap_or(0);
    let mut head = Head { least, greatest, body: out.len(), width: best(values, least).1, exceptions: 0 };
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

/// The width that takes the fewest bits for differences to `least`, and how many those are.
fn best(values: &[u64], least: u64) -> (usize, u32) {
    // How many differences take exactly so many bits. One that is as large as the marker needs an exception too, which is
    // rare enough to be left out here.
    let mut taking = [0usize; 65];
    for value in values {
        taking[(u64::BITS - (value - least).leading_zeros()) as usize] += 1;
    }
    let widest = taking.iter().rposition(|&count| count > 0).unwrap_or(0);
    let mut best = (values.len() * widest, widest);
    let mut exceptions = 0;
    // With no bits at all the marker would stand for every number.
    for width in (1..widest).rev() {
        exceptions += taking[width + 1];
        best = best.min((values.len() * width + exceptions * EXCEPTION_BYTES * 8, width));
    }
    (best.0, u32::try_from(best.1).unwrap_or(u64::BITS))
}

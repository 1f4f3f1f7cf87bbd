//! Sources made of choices: the input drives quarry-forge, then damages what it made.
//!
//! Flipping the bytes of a finished `$MFT` rarely gets past signatures and fixups. Here each byte of the input is a
//! choice between things that mean something (which attribute, whose parent, which field is wrong, by how much), so that
//! the search goes where the parser and the index decide.

mod damage;
mod records;
mod volumes;

pub(crate) use records::dump;
pub(crate) use volumes::volume;

use arbitrary::{Result, Unstructured};

/// A number of the kind that breaks arithmetic, or any.
fn number(u: &mut Unstructured<'_>) -> Result<u64> {
    const ODD: [u64; 14] = [
        0,
        1,
        2,
        8,
        0x7F,
        0xFF,
        0x3F0,
        0x8000,
        0xFFFF,
        0x7FFF_FFFF,
        0xFFFF_FFFF,
        1 << 48,
        i64::MAX as u64,
        u64::MAX,
    ];
    match ODD.get(usize::from(u.int_in_range(0..=19u8)?)) {
        Some(&odd) => Ok(odd),
        None if u.arbitrary()? => u.arbitrary(),
        None => Ok(u.arbitrary::<u16>()?.into()),
    }
}

/// A few bytes, `max` at most.
fn bytes(u: &mut Unstructured<'_>, max: usize) -> Result<Vec<u8>> {
    let length = u.int_in_range(0..=max)?.min(u.len());
    Ok(u.bytes(length)?.to_vec())
}

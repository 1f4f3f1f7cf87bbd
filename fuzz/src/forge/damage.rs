//! Damage by choice, to records that were sound.
//!
//! [`quarry_forge::vandal`] finds what it damages by walking and panics where it cannot; here damage comes on damage, so
//! places are found by a walk that gives up instead.

use arbitrary::{Result, Unstructured};
use quarry_forge::fixup::{STRIDE, apply, is_protected, protect};
use quarry_forge::vandal;

use super::{bytes, number};

/// Wrong fields in one record.
const FIELDS_MAX: u8 = 4;
/// Bytes of an attribute's header, the longest form.
const ATTRIBUTE_HEADER_BYTES: usize = 0x48;

/// Damages a record, or mostly leaves it alone.
pub(super) fn record(u: &mut Unstructured<'_>, record: &mut [u8]) -> Result<()> {
    match u.int_in_range(0..=23u8)? {
        0..=5 => fields(u, record)?,
        6 => vandal::mark_baad(record),
        7 => vandal::zero(record),
        8 => vandal::tear(record, u.choose_index(record.len() / STRIDE)?),
        9 => vandal::set_usa_count(record, u.arbitrary()?),
        10 => vandal::set_usa_offset(record, u.arbitrary()?),
        11 => {
            let bytes = bytes(u, 64)?;
            let at = u.choose_index(record.len())?;
            put(record, at, &bytes);
        }
        _ => {}
    }
    Ok(())
}

/// Writes wrong numbers into the header or into attributes, under the fixups.
fn fields(u: &mut Unstructured<'_>, record: &mut [u8]) -> Result<()> {
    let usn = word(record, word(record, 4).into());
    let protected = is_protected(record);
    if protected {
        apply(record);
    }
    let array = record.get(4..8).map(<[u8]>::to_vec);
    for _ in 0..u.int_in_range(1..=FIELDS_MAX)? {
        let starts = attributes(record);
        let at = match u.int_in_range(0..=starts.len())? {
            0 => u.int_in_range(4..=0x2F)?,
            attribute => starts.get(attribute - 1).copied().unwrap_or(0) + field(u)?,
        };
        let width = *u.choose(&[1usize, 2, 4, 8])?;
        let value = number(u)?.to_le_bytes();
        put(record, at, value.get(..width).unwrap_or_default());
    }
    if protected && record.get(4..8).map(<[u8]>::to_vec) == array {
        protect(record, usn);
    }
    Ok(())
}

/// The offset of something in an attribute: mostly of a field of its header, else of anything near.
fn field(u: &mut Unstructured<'_>) -> Result<usize> {
    const FIELDS: [usize; 14] =
        [0x0, 0x4, 0x8, 0x9, 0xA, 0xC, 0x10, 0x14, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40];
    if u.ratio(3, 4)? { Ok(*u.choose(&FIELDS)?) } else { u.int_in_range(0..=2 * ATTRIBUTE_HEADER_BYTES) }
}

/// Where the attributes of a record start, as far as they can be followed.
fn attributes(record: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = usize::from(word(record, 0x14));
    while record.get(at..at + 4).is_some_and(|kind| kind != [0xFF; 4]) && !starts.contains(&at) {
        starts.push(at);
        at += usize::from(word(record, at + 4));
    }
    starts
}

/// Two bytes as a number; 0 where there are none.
fn word(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).map_or(0, u16::from_le_bytes)
}

/// Writes `bytes` at `at`, as far as there is room.
pub(super) fn put(to: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, &byte) in to.iter_mut().skip(at).zip(bytes) {
        *to = byte;
    }
}

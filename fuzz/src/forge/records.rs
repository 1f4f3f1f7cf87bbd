//! Records by choice: which attributes, in which folder, extension of what.

use arbitrary::{Result, Unstructured};
use quarry_forge::{
    Attribute, AttributeList, FileName, ListEntry, NonResident, RecordBuilder, Reference, Reparse,
    StandardInformation, Times, kind, tag,
};

use super::{bytes, damage, number};

/// Records of a dump that is made.
const RECORDS_MAX: u64 = 40;
/// Attributes tried for each record; those that do not fit it any more are left out.
const ATTRIBUTES_MAX: usize = 12;
/// Units in a name that is long on purpose; the others are a choice of few, so that they meet.
const LONG_NAME_UNITS: usize = 255;

/// A `$MFT` of a few records, some of them damaged, perhaps cut short, perhaps with its fixups undone.
pub(crate) fn dump(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let size = *u.choose(&[1024usize, 4096])?;
    let count = u.int_in_range(1..=RECORDS_MAX)?;
    let applied = u.ratio(1, 8)?;
    let mut dump = Vec::new();
    for number in 0..count {
        let built = record(u, number, size, count)?;
        let mut bytes = if applied { built.build_applied() } else { built.build() };
        damage::record(u, &mut bytes)?;
        dump.append(&mut bytes);
    }
    if u.ratio(1, 8)? {
        dump.truncate(u.int_in_range(0..=dump.len())?);
    }
    Ok(dump)
}

/// Record `number` of `count`, which fits `size` bytes.
pub(super) fn record(
    u: &mut Unstructured<'_>,
    number: u64,
    size: usize,
    count: u64,
) -> Result<RecordBuilder> {
    let sequence = if number < 24 { number.max(1) } else { u.int_in_range(0..=2)? };
    let mut record = RecordBuilder::new(number).size(size).sequence(u16::try_from(sequence).unwrap_or(0));
    let bits: u8 = u.arbitrary()?;
    let has = |bit: u8| bits >> bit & 1 == 1;
    if has(0) {
        record = record.directory();
    }
    if has(1) && has(2) {
        record = record.deleted();
    }
    if has(3) && has(4) {
        record = record.base(reference(u, count)?);
    }
    if has(5) && has(6) {
        record = record.old_header();
    }
    if !has(7) {
        record = with(record, StandardInformation::new().times(times(u)?).attributes(u.arbitrary()?));
    }
    for _ in 0..u.int_in_range(0..=ATTRIBUTES_MAX)? {
        record = with(record, attribute(u, count)?);
    }
    Ok(record)
}

/// The record with the attribute, if that fits it.
fn with(record: RecordBuilder, attribute: impl Into<Attribute>) -> RecordBuilder {
    let attribute = attribute.into();
    if attribute.encode(0).len() <= record.room() { record.with(attribute) } else { record }
}

fn attribute(u: &mut Unstructured<'_>, count: u64) -> Result<Attribute> {
    Ok(match u.int_in_range(0..=11u8)? {
        0..=2 => {
            let name = FileName::new(reference(u, count)?, name(u)?).namespace(u.int_in_range(0..=4)?);
            name.flags(if u.ratio(1, 4)? { 0x400 } else { 0 }).reparse_tag(reparse_tag(u)?).into()
        }
        3 => Attribute::data(bytes(u, 40)?),
        4 => Attribute::data(bytes(u, 8)?).named(name(u)?),
        5 => non_resident(u)?,
        6 => non_resident(u)?.named(name(u)?),
        7 => Reparse::new(reparse_tag(u)?, bytes(u, 24)?).into(),
        8 => non_resident(u)?.named("WofCompressedData"),
        9 => AttributeList::new([ListEntry::new(kind::DATA, reference(u, count)?).lowest_vcn(number(u)?)])
            .into(),
        10 => Attribute::resident(u.int_in_range(0..=0x11u32)? << 4, bytes(u, 60)?),
        _ => Attribute::raw(bytes(u, 64)?),
    })
}

/// A `$DATA` in clusters that may be anywhere, of sizes that may not be.
fn non_resident(u: &mut Unstructured<'_>) -> Result<Attribute> {
    let mut runs = Vec::new();
    for _ in 0..u.int_in_range(0..=4u8)? {
        let lcn = u64::from(u.arbitrary::<u16>()?);
        runs.push((u.ratio(3, 4)?.then_some(lcn), u.int_in_range(1..=300)?));
    }
    let mut data = NonResident::new(4096, &runs);
    if u.ratio(1, 4)? {
        data = data.vcns(number(u)?, number(u)?);
    }
    if u.ratio(1, 4)? {
        data = data.real(number(u)?).initialised(number(u)?);
    }
    if u.ratio(1, 4)? {
        data = data.sparse(number(u)?);
    }
    if u.ratio(1, 4)? {
        data = data.run_list(bytes(u, 24)?);
    }
    Ok(Attribute::non_resident(kind::DATA, data))
}

/// A record of the source, and mostly the sequence number that it has.
pub(super) fn reference(u: &mut Unstructured<'_>, count: u64) -> Result<Reference> {
    let frs = match u.int_in_range(0..=7u8)? {
        0..=2 => 5,
        3 => number(u)? & ((1 << 48) - 1),
        _ => u.int_in_range(0..=count)?,
    };
    let sequence = if u.ratio(3, 4)? { frs.clamp(1, 24) } else { u.int_in_range(0..=3)? };
    Ok(Reference::new(frs, u16::try_from(sequence % 24).unwrap_or(0)))
}

fn name(u: &mut Unstructured<'_>) -> Result<Vec<u16>> {
    let few: [&[u16]; 6] =
        [&[0x61], &[0x41], &[0x2E], &[0xD800], &[0xDC00, 0xD83D], &[0x24, 0x42, 0x61, 0x64]];
    Ok(match u.int_in_range(0..=8u8)? {
        0 => vec![u.arbitrary()?; u.int_in_range(1..=LONG_NAME_UNITS)?],
        1 => (0..u.int_in_range(1..=12u8)?).map(|_| u.arbitrary()).collect::<Result<_>>()?,
        choice => few.get(usize::from(choice) - 2).copied().unwrap_or(&[0x62]).to_vec(),
    })
}

fn reparse_tag(u: &mut Unstructured<'_>) -> Result<u32> {
    Ok(*u.choose(&[tag::WOF, tag::SYMLINK, tag::MOUNT_POINT, tag::LX_SYMLINK, 0, 0x123, u32::MAX])?)
}

fn times(u: &mut Unstructured<'_>) -> Result<Times> {
    Ok(Times::all(if u.ratio(1, 2)? { quarry_forge::DEFAULT_FILETIME } else { number(u)? }))
}

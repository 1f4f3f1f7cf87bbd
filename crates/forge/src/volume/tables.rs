//! The two constant tables a volume carries: `$AttrDef` and `$UpCase`.

use crate::attribute::kind;
use crate::bytes::{copy, put32, put64};
use crate::name::Name;

/// Bytes of one `$AttrDef` entry.
const DEFINITION_BYTES: usize = 160;

const INDEXABLE: u32 = 0x02;
const RESIDENT: u32 = 0x40;
const MAY_BE_NON_RESIDENT: u32 = 0x80;

/// Name, type, flags, smallest and largest size of each attribute that NTFS 3.1 defines.
const DEFINITIONS: [(&str, u32, u32, u64, u64); 15] = [
    ("$STANDARD_INFORMATION", kind::STANDARD_INFORMATION, RESIDENT, 48, 72),
    ("$ATTRIBUTE_LIST", kind::ATTRIBUTE_LIST, MAY_BE_NON_RESIDENT, 0, u64::MAX),
    ("$FILE_NAME", kind::FILE_NAME, RESIDENT | INDEXABLE, 68, 578),
    ("$OBJECT_ID", kind::OBJECT_ID, RESIDENT, 0, 256),
    ("$SECURITY_DESCRIPTOR", kind::SECURITY_DESCRIPTOR, MAY_BE_NON_RESIDENT, 0, u64::MAX),
    ("$VOLUME_NAME", kind::VOLUME_NAME, RESIDENT, 2, 256),
    ("$VOLUME_INFORMATION", kind::VOLUME_INFORMATION, RESIDENT, 12, 12),
    ("$DATA", kind::DATA, 0, 0, u64::MAX),
    ("$INDEX_ROOT", kind::INDEX_ROOT, RESIDENT, 0, u64::MAX),
    ("$INDEX_ALLOCATION", kind::INDEX_ALLOCATION, MAY_BE_NON_RESIDENT, 0, u64::MAX),
    ("$BITMAP", kind::BITMAP, MAY_BE_NON_RESIDENT, 0, u64::MAX),
    ("$REPARSE_POINT", kind::REPARSE_POINT, MAY_BE_NON_RESIDENT, 0, 16384),
    ("$EA_INFORMATION", kind::EA_INFORMATION, RESIDENT, 8, 8),
    ("$EA", kind::EA, 0, 0, 65536),
    ("$LOGGED_UTILITY_STREAM", kind::LOGGED_UTILITY_STREAM, MAY_BE_NON_RESIDENT, 0, 65536),
];

/// The content of `$AttrDef`, closed by an empty entry.
pub(super) fn attribute_definitions() -> Vec<u8> {
    let mut table = vec![0; (DEFINITIONS.len() + 1) * DEFINITION_BYTES];
    for (entry, (name, kind, flags, smallest, largest)) in
        table.chunks_exact_mut(DEFINITION_BYTES).zip(DEFINITIONS)
    {
        copy(entry, 0x00, &Name::from(name).to_le_bytes());
        put32(entry, 0x80, kind);
        put32(entry, 0x8C, flags);
        put64(entry, 0x90, smallest);
        put64(entry, 0x98, largest);
    }
    table
}

/// The upper case of every UTF-16 unit by Unicode's one-to-one mappings. Windows's own table differs in a few hundred
/// places; a test that minds brings its own with [`VolumeBuilder::upcase`](super::VolumeBuilder::upcase).
pub(super) fn default_upcase() -> Vec<u16> {
    (0..=u16::MAX).map(|unit| single_upper(unit).unwrap_or(unit)).collect()
}

fn single_upper(unit: u16) -> Option<u16> {
    let mut upper = char::from_u32(u32::from(unit))?.to_uppercase();
    let first = upper.next()?;
    if upper.next().is_some() { None } else { u16::try_from(u32::from(first)).ok() }
}

//! `$ATTRIBUTE_LIST`: which attribute of a file lies in which record.
//!
//! A file whose attributes do not fit one record keeps such a list in its base record, resident or not. For
//! ordinary files the extension records say themselves to whom they belong; for the `$MFT` itself the list is
//! the only way to find its later runs, because without them the extension records cannot be read.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::attribute::AttributeType;
use crate::reference::{FileReference, RawReference};
use crate::utf16::Utf16;

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Raw {
    kind: U32,
    length: U16,
    name_units: u8,
    name_offset: u8,
    lowest_vcn: U64,
    record: RawReference,
    id: U16,
}

const RAW_BYTES: usize = size_of::<Raw>();
const _: () = assert!(RAW_BYTES == 0x1A);

/// One attribute, or a stretch of one, and where it is.
#[derive(Debug, Clone, Copy)]
pub struct AttributeListEntry<'a> {
    /// What it is.
    pub kind: AttributeType,
    /// The first virtual cluster of the stretch.
    pub lowest_vcn: u64,
    /// The record that holds it.
    pub record: FileReference,
    /// Its number within the file.
    pub id: u16,
    /// Its name.
    pub name: Utf16<'a>,
}

/// Where a list breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry of length {length} at byte {offset} of an attribute list of {list} bytes")]
pub struct AttributeListError {
    /// Where in the list.
    pub offset: usize,
    /// The length that the entry claims.
    pub length: u16,
    /// How long the list is.
    pub list: usize,
}

/// The entries of a list in stored order. After an error there are no more.
#[derive(Debug, Clone)]
pub struct AttributeListEntries<'a> {
    list: &'a [u8],
    next: usize,
}

impl<'a> AttributeListEntries<'a> {
    /// Reads the content of an `$ATTRIBUTE_LIST`.
    #[must_use]
    pub fn new(list: &'a [u8]) -> Self {
        Self { list, next: 0 }
    }

    fn read(&self) -> Option<(AttributeListEntry<'a>, usize)> {
        let rest = self.list.get(self.next..)?;
        let (raw, _) = Raw::ref_from_prefix(rest).ok()?;
        let length = usize::from(raw.length.get());
        let bytes = rest.get(..length).filter(|bytes| bytes.len() >= RAW_BYTES)?;
        let name_start = usize::from(raw.name_offset);
        let name = match usize::from(raw.name_units) * 2 {
            0 => &[],
            name_bytes => bytes.get(name_start..name_start + name_bytes)?,
        };
        let entry = AttributeListEntry {
            kind: AttributeType(raw.kind.get()),
            lowest_vcn: raw.lowest_vcn.get(),
            record: raw.record.get(),
            id: raw.id.get(),
            name: Utf16::new(name),
        };
        Some((entry, length))
    }
}

impl<'a> Iterator for AttributeListEntries<'a> {
    type Item = Result<AttributeListEntry<'a>, AttributeListError>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.next;
        let rest = self.list.get(offset..).filter(|rest| !rest.is_empty())?;
        if let Some((entry, length)) = self.read() {
            self.next += length;
            return Some(Ok(entry));
        }
        self.next = self.list.len();
        let length = rest.get(4..6).and_then(|two| two.try_into().ok()).map_or(0, u16::from_le_bytes);
        Some(Err(AttributeListError { offset, length, list: self.list.len() }))
    }
}

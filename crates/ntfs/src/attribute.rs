//! The chain of attributes in a record.
//!
//! ```text
//! 0x00  4  type                        resident:               non-resident:
//! 0x04  4  length, this header too     0x10  4  value length   0x10  8  lowest VCN
//! 0x08  1  0 resident, 1 not           0x14  2  value offset   0x18  8  highest VCN
//! 0x09  1  name length in units        0x16  1  indexed        0x20  2  run list offset
//! 0x0A  2  name offset                                         0x22  1  compression unit
//! 0x0C  2  flags                                               0x28  8  allocated size
//! 0x0E  2  id                                                  0x30  8  real size
//!                                                              0x38  8  initialised size
//!                                                              0x40  8  size on disk, if compressed or sparse
//! ```
//! The chain ends with the type `0xFFFF_FFFF`. Every length and offset is checked before it is used; at the
//! first that does not fit, the walk ends with an error, and what came before stays good.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::runs::Runs;
use crate::utf16::Utf16;

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeType(pub u32);

impl AttributeType {
    /// Times, attributes.
    pub const STANDARD_INFORMATION: Self = Self(0x10);
    /// Which attributes lie in which extension records.
    pub const ATTRIBUTE_LIST: Self = Self(0x20);
    /// A name in a folder.
    pub const FILE_NAME: Self = Self(0x30);
    /// Object id.
    pub const OBJECT_ID: Self = Self(0x40);
    /// Label of the volume.
    pub const VOLUME_NAME: Self = Self(0x60);
    /// Version of the volume.
    pub const VOLUME_INFORMATION: Self = Self(0x70);
    /// A stream of data; the unnamed one is the file's content.
    pub const DATA: Self = Self(0x80);
    /// Root of an index, such as a folder's.
    pub const INDEX_ROOT: Self = Self(0x90);
    /// The rest of an index.
    pub const INDEX_ALLOCATION: Self = Self(0xA0);
    /// Which parts of something are in use.
    pub const BITMAP: Self = Self(0xB0);
    /// What another driver makes of this file.
    pub const REPARSE_POINT: Self = Self(0xC0);
    const END: u32 = 0xFFFF_FFFF;
}

impl std::fmt::Display for AttributeType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::STANDARD_INFORMATION => f.write_str("$STANDARD_INFORMATION"),
            Self::ATTRIBUTE_LIST => f.write_str("$ATTRIBUTE_LIST"),
            Self::FILE_NAME => f.write_str("$FILE_NAME"),
            Self::OBJECT_ID => f.write_str("$OBJECT_ID"),
            Self::VOLUME_NAME => f.write_str("$VOLUME_NAME"),
            Self::VOLUME_INFORMATION => f.write_str("$VOLUME_INFORMATION"),
            Self::DATA => f.write_str("$DATA"),
            Self::INDEX_ROOT => f.write_str("$INDEX_ROOT"),
            Self::INDEX_ALLOCATION => f.write_str("$INDEX_ALLOCATION"),
            Self::BITMAP => f.write_str("$BITMAP"),
            Self::REPARSE_POINT => f.write_str("$REPARSE_POINT"),
            Self(other) => write!(f, "attribute {other:#x}"),
        }
    }
}

bitflags::bitflags! {
    /// How the content of an attribute is stored.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct AttributeFlags: u16 {
        /// Compressed (LZNT1).
        const COMPRESSED = 0x0001;
        /// Encrypted (EFS).
        const ENCRYPTED = 0x4000;
        /// With holes.
        const SPARSE = 0x8000;
        const _ = !0;
    }
}

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RawAttribute {
    kind: U32,
    length: U32,
    non_resident: u8,
    name_units: u8,
    name_offset: U16,
    flags: U16,
    id: U16,
}

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RawResident {
    value_length: U32,
    value_offset: U16,
    indexed: u8,
    reserved: u8,
}

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RawNonResident {
    lowest_vcn: U64,
    highest_vcn: U64,
    runs_offset: U16,
    compression_unit: u8,
    reserved: [u8; 5],
    allocated: U64,
    real: U64,
    initialised: U64,
}

const _: () = assert!(size_of::<RawAttribute>() == 0x10);
const _: () = assert!(size_of::<RawResident>() == 0x08);
const _: () = assert!(size_of::<RawNonResident>() == 0x30);

/// One attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    /// Where it starts in its record, in bytes.
    pub offset: usize,
    /// What it is.
    pub kind: AttributeType,
    /// How its content is stored.
    pub flags: AttributeFlags,
    /// Its number within the file.
    pub id: u16,
    /// Its name; empty for most.
    pub name: Utf16<'a>,
    /// Where its content is.
    pub form: Form<'a>,
}

/// Where the content of an attribute is.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// In the record.
    Resident(&'a [u8]),
    /// In clusters of the volume.
    NonResident(NonResident<'a>),
}

/// An attribute, or a stretch of one, in clusters of the volume.
#[derive(Debug, Clone, Copy)]
pub struct NonResident<'a> {
    /// The first virtual cluster that the run list covers. Only where this is 0 do the sizes mean something.
    pub lowest_vcn: u64,
    /// The last virtual cluster that the run list covers; one less than the first if it covers none.
    pub highest_vcn: u64,
    /// Bytes reserved, holes included.
    pub allocated: u64,
    /// Bytes of content.
    pub real: u64,
    /// Bytes that were ever written; the rest reads as zeros.
    pub initialised: u64,
    /// Bytes taken on disk, where compression or holes make them fewer than reserved.
    pub on_disk: Option<u64>,
    /// Log2 of the clusters that are compressed together.
    pub compression_unit: u8,
    run_list: &'a [u8],
}

impl<'a> NonResident<'a> {
    /// Where the clusters lie.
    #[must_use]
    pub fn runs(&self) -> Runs<'a> {
        Runs::new(self.run_list, self.lowest_vcn, self.highest_vcn)
    }
}

impl<'a> Attribute<'a> {
    /// The content, if it is in the record.
    #[must_use]
    pub fn resident(&self) -> Option<&'a [u8]> {
        match self.form {
            Form::Resident(value) => Some(value),
            Form::NonResident(_) => None,
        }
    }
}

/// What is wrong with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributeFault {
    /// The record ends before the end mark.
    #[error("the record ends before the end of its attributes")]
    NoEnd,
    /// A length that no attribute has.
    #[error("length {found}, of which {room} bytes are there")]
    Length {
        /// The length that it claims.
        found: u32,
        /// What is left of the record.
        room: usize,
    },
    /// Neither resident nor non-resident.
    #[error("form {found}, expected 0 (resident) or 1 (non-resident)")]
    Form {
        /// The form that it claims.
        found: u8,
    },
    /// The name lies outside the attribute.
    #[error("name of {bytes} bytes at offset {offset} of an attribute of {length} bytes")]
    Name {
        /// Offset that it claims.
        offset: u16,
        /// Length that it claims.
        bytes: usize,
        /// Length of the attribute.
        length: u32,
    },
    /// The content lies outside the attribute.
    #[error("content of {bytes} bytes at offset {offset} of an attribute of {length} bytes")]
    Content {
        /// Offset that it claims.
        offset: u16,
        /// Length that it claims.
        bytes: u32,
        /// Length of the attribute.
        length: u32,
    },
}

/// Where the chain of attributes breaks, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("attribute at byte {offset:#x} of the record: {fault}")]
pub struct AttributeError {
    /// Where in the record.
    pub offset: usize,
    /// What is wrong.
    pub fault: AttributeFault,
}

/// The attributes of a record. After an error there are no more.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    record: &'a [u8],
    next: Option<usize>,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(record: &'a [u8], first: usize) -> Self {
        Self { record, next: Some(first) }
    }

    /// The attribute at `offset` and its length; nothing at the end mark.
    fn read(&self, offset: usize) -> Result<Option<(Attribute<'a>, usize)>, AttributeFault> {
        let rest = self.record.get(offset..).ok_or(AttributeFault::NoEnd)?;
        let (kind, _) = U32::read_from_prefix(rest).map_err(|_| AttributeFault::NoEnd)?;
        if kind.get() == AttributeType::END {
            return Ok(None);
        }
        let (header, _) = RawAttribute::ref_from_prefix(rest).map_err(|_| AttributeFault::NoEnd)?;
        let length = header.length.get();
        let bad_length = AttributeFault::Length { found: length, room: rest.len() };
        if length % 8 != 0 || (length as usize) < size_of::<RawAttribute>() + size_of::<RawResident>() {
            return Err(bad_length);
        }
        let bytes = rest.get(..length as usize).ok_or(bad_length)?;
        let form = form(bytes, header)?;
        let attribute = Attribute {
            offset,
            kind: AttributeType(kind.get()),
            flags: AttributeFlags::from_bits_retain(header.flags.get()),
            id: header.id.get(),
            name: name(bytes, header)?,
            form,
        };
        Ok(Some((attribute, bytes.len())))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, AttributeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.next.take()?;
        match self.read(offset) {
            Ok(None) => None,
            Ok(Some((attribute, length))) => {
                self.next = Some(offset + length);
                Some(Ok(attribute))
            }
            Err(fault) => Some(Err(AttributeError { offset, fault })),
        }
    }
}

fn name<'a>(bytes: &'a [u8], header: &RawAttribute) -> Result<Utf16<'a>, AttributeFault> {
    let (offset, length) = (header.name_offset.get(), usize::from(header.name_units) * 2);
    if length == 0 {
        return Ok(Utf16::default());
    }
    let form = if header.non_resident == 0 { size_of::<RawResident>() } else { size_of::<RawNonResident>() };
    let range = usize::from(offset)..usize::from(offset) + length;
    let fault = AttributeFault::Name { offset, bytes: length, length: header.length.get() };
    // Behind the header: a name that may lie over it would make more of a record than it holds.
    if range.start < size_of::<RawAttribute>() + form {
        return Err(fault);
    }
    bytes.get(range).map(Utf16::new).ok_or(fault)
}

fn form<'a>(bytes: &'a [u8], header: &RawAttribute) -> Result<Form<'a>, AttributeFault> {
    let length = header.length.get();
    let body = bytes.get(size_of::<RawAttribute>()..).unwrap_or_default();
    match header.non_resident {
        0 => {
            let fault = AttributeFault::Length { found: length, room: bytes.len() };
            let (raw, _) = RawResident::ref_from_prefix(body).map_err(|_| fault)?;
            let (offset, value) = (raw.value_offset.get(), raw.value_length.get());
            let start = usize::from(offset);
            let fault = AttributeFault::Content { offset, bytes: value, length };
            let end = start.checked_add(value as usize).ok_or(fault)?;
            bytes.get(start..end).map(Form::Resident).ok_or(fault)
        }
        1 => {
            let fault = AttributeFault::Length { found: length, room: bytes.len() };
            let (raw, rest) = RawNonResident::ref_from_prefix(body).map_err(|_| fault)?;
            let offset = raw.runs_offset.get();
            let run_list = bytes.get(usize::from(offset)..);
            Ok(Form::NonResident(NonResident {
                lowest_vcn: raw.lowest_vcn.get(),
                highest_vcn: raw.highest_vcn.get(),
                allocated: raw.allocated.get(),
                real: raw.real.get(),
                initialised: raw.initialised.get(),
                on_disk: on_disk(header, offset, rest),
                compression_unit: raw.compression_unit,
                run_list: run_list.ok_or(AttributeFault::Content { offset, bytes: 0, length })?,
            }))
        }
        found => Err(AttributeFault::Form { found }),
    }
}

/// The size on disk, which is there only if the flags say so and the run list starts behind it.
fn on_disk(header: &RawAttribute, runs_offset: u16, rest: &[u8]) -> Option<u64> {
    let flags = AttributeFlags::from_bits_retain(header.flags.get());
    let there = flags.intersects(AttributeFlags::COMPRESSED | AttributeFlags::SPARSE) && runs_offset >= 0x48;
    let (size, _) = U64::read_from_prefix(rest).ok().filter(|_| there)?;
    Some(size.get())
}

//! `$REPARSE_POINT`: what another driver makes of a file.
//!
//! Links, junctions, cloud placeholders, packed files: the tag says which driver, the data are its own. Only
//! the targets of links are understood here.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::utf16::Utf16;

/// Tags of reparse points.
pub mod tag {
    /// Junction or mount point.
    pub const MOUNT_POINT: u32 = 0xA000_0003;
    /// Symbolic link.
    pub const SYMLINK: u32 = 0xA000_000C;
    /// Packed by the Windows Overlay Filter.
    pub const WOF: u32 = 0x8000_0017;
    /// Reserved, so that no file has it: stands for the tag of a reparse point that was not read.
    pub const UNKNOWN: u32 = 0x0000_0001;
    /// The bit of tags that Microsoft assigned; others carry a GUID.
    pub const MICROSOFT: u32 = 0x8000_0000;
}

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Raw {
    tag: U32,
    data_length: U16,
    reserved: U16,
}

/// The head of the data of a link.
#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RawLink {
    substitute_offset: U16,
    substitute_length: U16,
    print_offset: U16,
    print_length: U16,
}

/// Why a reparse point does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reparse point of {found} bytes, expected {expected}")]
pub struct ReparseError {
    /// Bytes that it has.
    pub found: usize,
    /// Bytes that it would need.
    pub expected: usize,
}

/// A reparse point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReparsePoint<'a> {
    /// Whose it is.
    pub tag: u32,
    /// Who made the tag, where that was not Microsoft.
    pub guid: Option<[u8; 16]>,
    /// What the driver keeps.
    pub data: &'a [u8],
}

impl<'a> ReparsePoint<'a> {
    /// The tag alone, which is sound even where the data are not.
    #[must_use]
    pub fn tag_of(value: &[u8]) -> Option<u32> {
        U32::read_from_prefix(value).ok().map(|(tag, _)| tag.get())
    }

    /// Reads the value of a `$REPARSE_POINT`.
    ///
    /// # Errors
    /// If it is shorter than it says.
    pub fn parse(value: &'a [u8]) -> Result<Self, ReparseError> {
        let short = |expected| ReparseError { found: value.len(), expected };
        let (raw, rest) = Raw::ref_from_prefix(value).map_err(|_| short(size_of::<Raw>()))?;
        let tag = raw.tag.get();
        let (guid, rest) = if tag & tag::MICROSOFT == 0 {
            let (guid, rest) = rest.split_first_chunk::<16>().ok_or_else(|| short(size_of::<Raw>() + 16))?;
            (Some(*guid), rest)
        } else {
            (None, rest)
        };
        let length = usize::from(raw.data_length.get());
        let data = rest.get(..length).ok_or_else(|| short(value.len() - rest.len() + length))?;
        Ok(Self { tag, guid, data })
    }

    /// Where a symbolic link or junction leads, in the form meant for people where there is one.
    #[must_use]
    pub fn target(&self) -> Option<Utf16<'a>> {
        let flag_bytes = match self.tag {
            tag::SYMLINK => 4,
            tag::MOUNT_POINT => 0,
            _ => return None,
        };
        let (raw, rest) = RawLink::ref_from_prefix(self.data).ok()?;
        let names = rest.get(flag_bytes..)?;
        let name = |offset: U16, length: U16| {
            let start = usize::from(offset.get());
            names
                .get(start..start + usize::from(length.get()))
                .map(Utf16::new)
                .filter(|name| !name.is_empty())
        };
        name(raw.print_offset, raw.print_length)
            .or_else(|| name(raw.substitute_offset, raw.substitute_length))
    }
}

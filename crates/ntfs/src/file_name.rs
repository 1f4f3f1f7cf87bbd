//! `$FILE_NAME`: a name in a folder.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::filetime::FileTime;
use crate::reference::{FileReference, RawReference};
use crate::standard_information::FileAttributes;
use crate::utf16::Utf16;

/// By whose rules a name was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// Any name; case matters.
    Posix,
    /// A name that Windows allows; a short one may exist beside it.
    Win32,
    /// The short (8.3) name that stands for a Win32 one: not a name of its own.
    Dos,
    /// A name that is its own short name.
    Win32AndDos,
}

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Raw {
    parent: RawReference,
    created: U64,
    modified: U64,
    changed: U64,
    accessed: U64,
    allocated: U64,
    size: U64,
    attributes: U32,
    reparse_tag: U32,
    name_units: u8,
    namespace: u8,
}

const RAW_BYTES: usize = size_of::<Raw>();
const _: () = assert!(RAW_BYTES == 0x42);

/// Why a `$FILE_NAME` gives no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileNameError {
    /// Too short for what a name takes.
    #[error("$FILE_NAME of {found} bytes, expected at least {expected}")]
    Short {
        /// Bytes that it has.
        found: usize,
        /// Bytes that it would need.
        expected: usize,
    },
    /// No name of no units.
    #[error("$FILE_NAME with an empty name")]
    Empty,
    /// A namespace that there is not.
    #[error("$FILE_NAME of namespace {found}, expected 0 to 3")]
    Namespace {
        /// What it says.
        found: u8,
    },
}

/// A name in a folder.
///
/// Its sizes and attributes were true when the name was last changed; they are never the file's.
#[derive(Debug, Clone, Copy)]
pub struct FileName<'a> {
    /// The folder.
    pub parent: FileReference,
    /// When the file was made, as of the last change of the name; so for the other times.
    pub created: FileTime,
    /// Last change of content.
    pub modified: FileTime,
    /// Last change of the record.
    pub changed: FileTime,
    /// Last read.
    pub accessed: FileTime,
    /// Attributes as of the last change of the name.
    pub attributes: FileAttributes,
    /// Reparse tag as of the last change of the name, if the attributes say that there is one.
    pub reparse_tag: Option<u32>,
    /// By whose rules it was given.
    pub namespace: Namespace,
    /// The name, 1 to 255 units.
    pub name: Utf16<'a>,
}

impl<'a> FileName<'a> {
    /// Reads the value of a `$FILE_NAME`.
    ///
    /// # Errors
    /// If it holds no name.
    pub fn parse(value: &'a [u8]) -> Result<Self, FileNameError> {
        let short = |expected| FileNameError::Short { found: value.len(), expected };
        let (raw, rest) = Raw::ref_from_prefix(value).map_err(|_| short(RAW_BYTES))?;
        let bytes = usize::from(raw.name_units) * 2;
        let name = rest.get(..bytes).ok_or_else(|| short(RAW_BYTES + bytes))?;
        if name.is_empty() {
            return Err(FileNameError::Empty);
        }
        let attributes = FileAttributes::from_bits_retain(raw.attributes.get());
        Ok(Self {
            parent: raw.parent.get(),
            created: FileTime(raw.created.get()),
            modified: FileTime(raw.modified.get()),
            changed: FileTime(raw.changed.get()),
            accessed: FileTime(raw.accessed.get()),
            attributes,
            reparse_tag: attributes.contains(FileAttributes::REPARSE_POINT).then(|| raw.reparse_tag.get()),
            namespace: match raw.namespace {
                0 => Namespace::Posix,
                1 => Namespace::Win32,
                2 => Namespace::Dos,
                3 => Namespace::Win32AndDos,
                found => return Err(FileNameError::Namespace { found }),
            },
            name: Utf16::new(name),
        })
    }
}

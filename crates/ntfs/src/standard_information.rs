//! `$STANDARD_INFORMATION`: the times and attributes that a user sees.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::filetime::FileTime;

bitflags::bitflags! {
    /// `FILE_ATTRIBUTE_*`. Bits above 16 mean something too: all are kept.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct FileAttributes: u32 {
        /// Not to be written.
        const READ_ONLY = 0x1;
        /// Not to be shown.
        const HIDDEN = 0x2;
        /// Of the operating system.
        const SYSTEM = 0x4;
        /// Changed since it was last archived.
        const ARCHIVE = 0x20;
        /// A device.
        const DEVICE = 0x40;
        /// None of the others.
        const NORMAL = 0x80;
        /// Not meant to last.
        const TEMPORARY = 0x100;
        /// Has holes.
        const SPARSE_FILE = 0x200;
        /// Has a reparse point.
        const REPARSE_POINT = 0x400;
        /// Compressed.
        const COMPRESSED = 0x800;
        /// Its data are elsewhere.
        const OFFLINE = 0x1000;
        /// Not for content search.
        const NOT_CONTENT_INDEXED = 0x2000;
        /// Encrypted.
        const ENCRYPTED = 0x4000;
        /// With checksums.
        const INTEGRITY_STREAM = 0x8000;
        /// Not to be checked in the background.
        const NO_SCRUB_DATA = 0x2_0000;
        /// To be fetched when opened.
        const RECALL_ON_OPEN = 0x4_0000;
        /// To be kept on this machine.
        const PINNED = 0x8_0000;
        /// Need not be kept on this machine.
        const UNPINNED = 0x10_0000;
        /// To be fetched when read.
        const RECALL_ON_DATA_ACCESS = 0x40_0000;
        const _ = !0;
    }
}

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Raw {
    created: U64,
    modified: U64,
    changed: U64,
    accessed: U64,
    attributes: U32,
    versions_max: U32,
    version: U32,
    class: U32,
}

/// What NTFS 3 added.
#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RawTail {
    owner: U32,
    security: U32,
    quota: U64,
    usn: U64,
}

const _: () = assert!(size_of::<Raw>() == 0x30);
const _: () = assert!(size_of::<RawTail>() == 0x18);

/// Times and attributes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardInformation {
    /// When it was made.
    pub created: FileTime,
    /// When its content last changed.
    pub modified: FileTime,
    /// When its record last changed.
    pub changed: FileTime,
    /// When it was last read.
    pub accessed: FileTime,
    /// Its attributes. None of them tells a folder: the record does.
    pub attributes: FileAttributes,
    /// Its place in `$Secure`; nothing before NTFS 3.
    pub security_id: Option<u32>,
    /// Its last entry in the change journal; nothing before NTFS 3.
    pub usn: Option<u64>,
}

impl StandardInformation {
    /// Reads the value of a `$STANDARD_INFORMATION`; nothing if it is too short.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (raw, rest) = Raw::ref_from_prefix(value).ok()?;
        let tail = RawTail::ref_from_prefix(rest).ok().map(|(tail, _)| tail);
        Some(Self {
            created: FileTime(raw.created.get()),
            modified: FileTime(raw.modified.get()),
            changed: FileTime(raw.changed.get()),
            accessed: FileTime(raw.accessed.get()),
            attributes: FileAttributes::from_bits_retain(raw.attributes.get()),
            security_id: tail.map(|tail| tail.security.get()),
            usn: tail.map(|tail| tail.usn.get()),
        })
    }
}

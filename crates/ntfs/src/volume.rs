//! `$VOLUME_INFORMATION`: version and state of a volume.

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, KnownLayout};

bitflags::bitflags! {
    /// State of a volume.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct VolumeFlags: u16 {
        /// Not cleanly unmounted: a check is due.
        const DIRTY = 0x1;
        /// The log file is to be resized.
        const RESIZE_LOG_FILE = 0x2;
        /// To be upgraded when mounted.
        const UPGRADE_ON_MOUNT = 0x4;
        /// Mounted by Windows NT 4.
        const MOUNTED_ON_NT4 = 0x8;
        /// The change journal is being deleted.
        const DELETE_USN_UNDERWAY = 0x10;
        /// Object ids are to be repaired.
        const REPAIR_OBJECT_ID = 0x20;
        /// Changed by chkdsk.
        const MODIFIED_BY_CHKDSK = 0x8000;
        const _ = !0;
    }
}

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Raw {
    reserved: [u8; 8],
    major: u8,
    minor: u8,
    flags: U16,
}

/// Version and state of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeInformation {
    /// Major version of NTFS: 3 since Windows 2000.
    pub major: u8,
    /// Minor version: 1 since Windows XP.
    pub minor: u8,
    /// State.
    pub flags: VolumeFlags,
}

impl VolumeInformation {
    /// Reads the value of a `$VOLUME_INFORMATION`; nothing if it is too short.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (raw, _) = Raw::ref_from_prefix(value).ok()?;
        let flags = VolumeFlags::from_bits_retain(raw.flags.get());
        Some(Self { major: raw.major, minor: raw.minor, flags })
    }
}

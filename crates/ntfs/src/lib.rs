//! What the bytes of an NTFS volume mean.
//!
//! Bytes in, facts out: no I/O, no threads, no panic on any input, and no memory but for a name that is asked for
//! as a vector. A record is parsed where it was read; nothing of it is copied.
//!
//! - [`BootSector`] tells the geometry of a volume.
//! - [`Record`] is one record of the `$MFT` (a file record segment, FRS), its fixups undone in place;
//!   [`Record::attributes`] walks its [`Attribute`]s.
//! - [`StandardInformation`], [`FileName`], [`AttributeListEntries`], [`StreamSizes`], [`ReparsePoint`],
//!   [`VolumeInformation`] are what attributes hold; [`Runs`] is where non-resident ones lie.
//! - [`Bitmap`] and [`upcase_units`] read the content of `$BITMAP` and `$UpCase`.
//!
//! The format has no public specification. What is held here was learnt from the documentation of the
//! Linux-NTFS project, from volumes made by Windows and by ntfs-3g, and from the published structures of the
//! Windows SDK; where they leave a choice, the module says which one was made.
//!
//! Numbers on disk are little-endian; all structures are read through [`zerocopy`] types.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::indexing_slicing, reason = "a test may panic"))]

mod attribute;
mod attribute_list;
mod bitmap;
mod boot;
mod damage;
mod file_name;
mod filetime;
mod fixup;
mod record;
mod reference;
mod reparse;
mod runs;
mod sizes;
mod standard_information;
mod upcase;
mod utf16;
mod volume;

pub use attribute::{
    Attribute, AttributeError, AttributeFault, AttributeFlags, AttributeType, Attributes, Form, NonResident,
};
pub use attribute_list::{AttributeListEntries, AttributeListEntry, AttributeListError};
pub use bitmap::Bitmap;
pub use boot::{
    BootError, BootSector, CLUSTER_BYTES_MAX, RECORD_BYTES_MAX, RECORD_BYTES_MIN, SECTOR_BYTES_MAX,
    SECTOR_BYTES_MIN,
};
pub use damage::Damage;
pub use file_name::{FileName, FileNameError, Namespace};
pub use filetime::FileTime;
pub use fixup::{FIXUP_STRIDE, Fixup};
pub use record::{Protection, Record, RecordError, RecordFlags};
pub use reference::FileReference;
pub use reparse::{ReparseError, ReparsePoint, tag};
pub use runs::{Run, RunError, RunFault, Runs};
pub use sizes::{ImpossibleSizes, SizeLimit, StreamSizes};
pub use standard_information::{FileAttributes, StandardInformation};
pub use upcase::{UPCASE_BYTES, upcase_units};
pub use utf16::Utf16;
pub use volume::{VolumeFlags, VolumeInformation};

/// Record numbers that are the same on every volume.
pub mod metafile {
    /// The Master File Table itself.
    pub const MFT: u64 = 0;
    /// A copy of its first records.
    pub const MFT_MIRROR: u64 = 1;
    /// Label and version of the volume.
    pub const VOLUME: u64 = 3;
    /// The root folder.
    pub const ROOT: u64 = 5;
    /// Clusters that cannot be used.
    pub const BAD_CLUSTERS: u64 = 8;
    /// Upper case of each UTF-16 unit.
    pub const UPCASE: u64 = 10;
    /// The folder of further metafiles.
    pub const EXTEND: u64 = 11;
    /// The first record that may be a user's: all before belong to the file system.
    pub const FIRST_USER: u64 = 24;
}

//! What is known of a file, apart from its names.
//!
//! A file has one set of sizes and times however many names it has, so these are kept once per file and rows point at
//! them.

/// Which file: the number of its record and how often that number has been given out before.
///
/// On NTFS these are the FRS number and its sequence number; a source without sequence numbers uses 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// Record number.
    pub record: u32,
    /// Sequence number.
    pub sequence: u16,
}

/// A moment in 100 ns steps since 1601-01-01 UTC, as stored; not every value is a date that ever was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub u64);

impl Time {
    /// 1970-01-01 UTC.
    pub const UNIX_EPOCH: Time = Time(116_444_736_000_000_000);
    /// The first moment of the year 10000: from here on there is no date to show.
    pub const YEAR_10000: Time = Time(2_650_467_744_000_000_000);

    /// Whether this is a date that can be shown: neither unset (0) nor beyond the year 9999.
    #[must_use]
    pub fn is_date(self) -> bool {
        self.0 != 0 && self < Self::YEAR_10000
    }
}

bitflags::bitflags! {
    /// Facts about a file that take one bit.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct FileFlags: u8 {
        /// It can have children.
        const DIRECTORY = 1;
        /// Its record is not in use.
        const DELETED = 1 << 1;
        /// It belongs to the file system itself.
        const METAFILE = 1 << 2;
        /// Something about its record did not check out.
        const DAMAGED = 1 << 3;
        /// Its sizes are known from its own record (a later patch does not replace them).
        const SIZED = 1 << 4;
        /// Its record does not lie where its number says, so that nothing that refers to that number means it.
        const STRAY = 1 << 5;
    }
}

/// What is known of one file. A line of the cache.
#[derive(Debug, Clone, Copy, Default)]
pub struct File {
    /// Record number.
    pub record: u32,
    /// Sequence number of the record.
    pub sequence: u16,
    /// One-bit facts.
    pub flags: FileFlags,
    /// `FILE_ATTRIBUTE_*` bits as stored.
    pub attributes: u32,
    /// Reparse tag, 0 where there is none.
    pub reparse_tag: u32,
    /// Length in bytes.
    pub size: u64,
    /// Bytes taken on disk, outside the record itself.
    pub allocated: u64,
    /// When it was made.
    pub created: Time,
    /// When its content last changed.
    pub modified: Time,
    /// When its record last changed.
    pub changed: Time,
    /// When it was last read.
    pub accessed: Time,
}
const _: () = assert!(size_of::<File>() == 64);

impl FileId {
    /// Stands for no file in a column of ids.
    pub(crate) const NONE: u64 = u64::MAX;

    /// As one number.
    pub(crate) fn packed(self) -> u64 {
        u64::from(self.record) | u64::from(self.sequence) << u32::BITS
    }

    /// The id that a number stands for.
    pub(crate) fn unpacked(packed: u64) -> Option<Self> {
        let [a, b, c, d, e, f, ..] = packed.to_le_bytes();
        let id = Self { record: u32::from_le_bytes([a, b, c, d]), sequence: u16::from_le_bytes([e, f]) };
        (packed != Self::NONE).then_some(id)
    }
}

impl FileFlags {
    /// Those that a snapshot keeps: the rest is for the builder.
    pub(crate) fn stored(self) -> u64 {
        u64::from(
            (self & (Self::DIRECTORY | Self::DELETED | Self::METAFILE | Self::DAMAGED | Self::STRAY)).bits(),
        )
    }
}

/// What an extension record adds to the file that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Patch {
    /// The sizes of the main data, which lies outside the base record.
    Sizes {
        /// Length in bytes.
        size: u64,
        /// Bytes taken on disk.
        allocated: u64,
    },
    /// The reparse tag.
    ReparseTag(u32),
    /// The times of its first name, for a file whose own record tells none. They are [`Evidence`](crate::Evidence), and dropped by a
    /// batch that does not keep it.
    NameTimes {
        /// When the content changed.
        modified: Time,
        /// When it was made.
        created: Time,
        /// When the record changed.
        changed: Time,
        /// When it was read.
        accessed: Time,
    },
    /// The extension did not check out, so the file may lack something.
    Damaged,
}

/// Whether a reparse point stands for another name: symbolic links, junctions, mount points.
#[must_use]
pub fn is_link_tag(reparse_tag: u32) -> bool {
    /// The bit of a reparse tag that says "name surrogate".
    const NAME_SURROGATE: u32 = 0x2000_0000;
    reparse_tag & NAME_SURROGATE != 0
}

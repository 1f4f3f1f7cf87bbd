//! How records point at one another.

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// A record number and the sequence number that the record had when the reference was written.
///
/// On disk it is 8 bytes: 48 bits of number, 16 of sequence. A record that was freed and used again has
/// another sequence number, so that an old reference does not lead to the newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileReference {
    /// Record number, 48 bits.
    pub record: u64,
    /// Sequence number.
    pub sequence: u16,
}

/// A reference as stored.
#[derive(Debug, Clone, Copy, FromBytes, Immutable, KnownLayout)]
#[repr(transparent)]
pub(crate) struct RawReference(U64);

impl RawReference {
    pub(crate) fn get(self) -> FileReference {
        let raw = self.0.get();
        let [.., low, high] = raw.to_le_bytes();
        FileReference { record: raw & 0xFFFF_FFFF_FFFF, sequence: u16::from_le_bytes([low, high]) }
    }

    pub(crate) fn is_null(self) -> bool {
        self.0.get() == 0
    }
}

impl std::fmt::Display for FileReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.record, self.sequence)
    }
}

//! File references: which record, and which life of that record.

/// A record number (FRS) of 48 bits with the 16-bit sequence number of the life it refers to.
///
/// Everything that takes a reference takes `impl Into<Reference>`: a pair `(frs, sequence)`, a `Reference`, or a raw
/// `u64` as it stands on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(u64);

impl Reference {
    /// The root directory, record 5 at sequence 5.
    pub const ROOT: Self = Self(5 | 5 << 48);

    /// Record `frs` at `sequence`.
    ///
    /// # Panics
    /// When `frs` needs more than 48 bits.
    #[must_use]
    pub fn new(frs: u64, sequence: u16) -> Self {
        assert!(frs < 1 << 48, "record number {frs:#x} needs more than 48 bits");
        Self(frs | u64::from(sequence) << 48)
    }

    /// The record number.
    #[must_use]
    pub const fn frs(self) -> u64 {
        self.0 & ((1 << 48) - 1)
    }

    /// The sequence number.
    #[must_use]
    pub const fn sequence(self) -> u16 {
        let bytes = self.0.to_le_bytes();
        u16::from_le_bytes([bytes[6], bytes[7]])
    }

    /// The eight bytes on disk, as a number.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }
}

impl From<(u64, u16)> for Reference {
    fn from((frs, sequence): (u64, u16)) -> Self {
        Self::new(frs, sequence)
    }
}

impl From<u64> for Reference {
    fn from(raw: u64) -> Self {
        Self(raw)
    }
}

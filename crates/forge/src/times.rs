//! FILETIMEs: 100-nanosecond ticks since 1601-01-01 UTC, unsigned.

/// Ticks in a second.
const TICKS_PER_SECOND: u64 = 10_000_000;

/// Seconds from 1601-01-01 to 1970-01-01.
const UNIX_EPOCH_SECONDS: u64 = 11_644_473_600;

/// The time everything carries unless a test says otherwise: 2024-05-06 07:08:09 UTC.
pub const DEFAULT_FILETIME: u64 = filetime(1_714_979_289);

/// The FILETIME of a moment given in seconds since 1970.
#[must_use]
pub const fn filetime(unix_seconds: u64) -> u64 {
    (unix_seconds + UNIX_EPOCH_SECONDS) * TICKS_PER_SECOND
}

/// The four times that `$STANDARD_INFORMATION` and `$FILE_NAME` carry, in the order they stand on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Creation of the file.
    pub created: u64,
    /// Last change of its content.
    pub modified: u64,
    /// Last change of its record.
    pub changed: u64,
    /// Last access.
    pub accessed: u64,
}

impl Times {
    /// The same FILETIME four times.
    #[must_use]
    pub const fn all(filetime: u64) -> Self {
        Self { created: filetime, modified: filetime, changed: filetime, accessed: filetime }
    }

    /// The 32 bytes on disk.
    pub(crate) fn to_le_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (place, time) in
            bytes.chunks_exact_mut(8).zip([self.created, self.modified, self.changed, self.accessed])
        {
            place.copy_from_slice(&time.to_le_bytes());
        }
        bytes
    }
}

impl Default for Times {
    fn default() -> Self {
        Self::all(DEFAULT_FILETIME)
    }
}

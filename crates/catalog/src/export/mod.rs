//! An entry as one file that a user carries elsewhere: drawn in `docs/formats/catalog.md`.
//!
//! The file has checksums of its own, because what is carried on sticks and over networks is damaged there, and because the
//! catalogue does not know how to check a snapshot: its caller does.

mod read;
mod write;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::pointer::{POINTER_BYTES_MAX, PointerError};

pub use read::Exported;

const MAGIC: &[u8; 8] = b"QUARRYEX";
/// The format that is written, and the newest that is read.
pub(crate) const EXPORT_VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const HEADER_SEED: u64 = 1;
const SNAPSHOT_SEED: u64 = 2;
/// The snapshot begins at a multiple of this.
const SNAPSHOT_ALIGNMENT: usize = 4096;
const CHECKSUM_BYTES: u64 = 8;

/// Why a file is no exported entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// It does not begin as one does.
    #[error("it is not an exported entry")]
    NotAnExport,
    /// A later program wrote it.
    #[error(
        "it has version {version}, and this program reads up to {EXPORT_VERSION}: use the program that wrote it"
    )]
    Newer {
        /// Its version.
        version: u32,
    },
    /// Its header, its padding or its snapshot is not what was written.
    #[error("its {what} is damaged: export it again")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
    /// It was cut, or grew.
    #[error("it has {actual} bytes where its header says {expected}: export it again")]
    Length {
        /// What the header says.
        expected: u128,
        /// What it has.
        actual: u64,
    },
    /// It is longer than its reader wants to have in memory.
    #[error("its snapshot has {bytes} bytes, and at most {bytes_max} are read into memory: import it")]
    TooLong {
        /// How long the snapshot is.
        bytes: u64,
        /// The reader's bound.
        bytes_max: u64,
    },
    /// What it says of the entry is not a pointer to one.
    #[error("what it says of the entry cannot be read")]
    Facts(#[from] PointerError),
}

/// The beginning of an exported file.
struct Header {
    facts_bytes: usize,
    snapshot_bytes: u64,
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let facts_bytes = u32::try_from(self.facts_bytes).unwrap_or(u32::MAX);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(EXPORT_VERSION.to_le_bytes());
        bytes.extend(facts_bytes.to_le_bytes());
        bytes.extend(self.snapshot_bytes.to_le_bytes());
        bytes.extend(xxh3_64_with_seed(&bytes, HEADER_SEED).to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, ExportError> {
        let mut rest = bytes.as_slice();
        if take::<8>(&mut rest) != *MAGIC {
            return Err(ExportError::NotAnExport);
        }
        let version = u32::from_le_bytes(take(&mut rest));
        let facts_bytes = u32::from_le_bytes(take(&mut rest)) as usize;
        let snapshot_bytes = u64::from_le_bytes(take(&mut rest));
        let checksum = u64::from_le_bytes(take(&mut rest));
        if version > EXPORT_VERSION {
            return Err(ExportError::Newer { version });
        }
        let sealed = xxh3_64_with_seed(bytes.split_at(HEADER_BYTES - 8).0, HEADER_SEED);
        if checksum != sealed || version == 0 || facts_bytes > POINTER_BYTES_MAX {
            return Err(ExportError::Damaged { what: "header" });
        }
        Ok(Self { facts_bytes, snapshot_bytes })
    }

    fn snapshot_offset(&self) -> usize {
        (HEADER_BYTES + self.facts_bytes).next_multiple_of(SNAPSHOT_ALIGNMENT)
    }

    fn file_bytes(&self) -> u128 {
        self.snapshot_offset() as u128 + u128::from(self.snapshot_bytes) + u128::from(CHECKSUM_BYTES)
    }
}

/// The next `N` bytes; zeros where there are none.
fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let Some((first, rest)) = bytes.split_first_chunk() else { return [0; N] };
    *bytes = rest;
    *first
}

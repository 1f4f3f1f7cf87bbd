//! Why a source cannot be opened or scanned at all. What leaves something to read is in the report instead.

use quarry_index::BuildError;
use quarry_io::{ReadError, WindowError};
use quarry_ntfs::BootError;

use crate::identify::{Content, PartitionTable};

/// Why a source cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Its first bytes cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It holds something else, or nothing.
    #[error("no NTFS volume, {}", instead(.0))]
    Other(Content),
    /// A disk without an NTFS partition.
    #[error("no partition of this {} disk holds NTFS; there are {}", .table.scheme, describe(.table))]
    NoNtfsPartition {
        /// What there is.
        table: PartitionTable,
    },
    /// No such partition.
    #[error("there is no partition {wanted}; there are {}", describe(.table))]
    NoSuchPartition {
        /// The one that was asked for.
        wanted: u32,
        /// What there is.
        table: PartitionTable,
    },
    /// The partition that was asked for is no NTFS volume.
    #[error("partition {wanted} is no NTFS volume; there are {}", describe(.table))]
    NotNtfs {
        /// The one that was asked for.
        wanted: u32,
        /// What there is.
        table: PartitionTable,
    },
    /// A partition was asked for where there are none.
    #[error("it has no partitions: it is a volume or a dump itself")]
    NotPartitioned,
    /// A partition lies outside its disk.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The boot sector says something that cannot be.
    #[error("its boot sector is damaged: {0}")]
    Boot(#[from] BootError),
    /// Neither the `$MFT` nor its mirror can be made out.
    #[error("its $MFT cannot be found: record 0: {record}; its copy in $MFTMirr: {mirror}")]
    NoMft {
        /// What is wrong with record 0.
        record: String,
        /// What is wrong with its copy.
        mirror: String,
    },
    /// The same of a source that ends before its volume does, by the word of the boot sector.
    #[error("volume cut short: {there} of {expected} bytes are there, and {source}")]
    CutShort {
        /// Bytes of the volume that are there.
        there: u64,
        /// Bytes that it has.
        expected: u64,
        /// What cannot be found.
        source: Box<OpenError>,
    },
}

/// What it is in place of an NTFS volume.
fn instead(content: &Content) -> String {
    match content {
        Content::Unknown { first_bytes } if !first_bytes.is_empty() => {
            let bytes: Vec<String> = first_bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("nor anything else that is known: it begins with the bytes {}", bytes.join(" "))
        }
        content => format!("but {content}"),
    }
}

impl OpenError {
    /// What the user can do about it, where there is something.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            OpenError::Other(content) => content.advice(),
            OpenError::NoSuchPartition { .. } | OpenError::NotNtfs { .. } => {
                Some("choose a partition that holds an NTFS volume")
            }
            OpenError::NotPartitioned => Some("do not choose a partition"),
            OpenError::CutShort { .. } => Some("check that it was copied completely"),
            _ => None,
        }
    }
}

/// The partitions of a disk in a line.
fn describe(table: &PartitionTable) -> String {
    match table.partitions.as_slice() {
        [] => "no partitions at all".to_owned(),
        some => {
            some.iter().map(|it| format!("{} ({})", it.number, it.content)).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Why a scan gave no index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// A read failed, and the scan was told to be strict.
    #[error("chunk {chunk} (records {first} to {last})")]
    Strict {
        /// Which chunk.
        chunk: u64,
        /// Its first record.
        first: u64,
        /// Its last record.
        last: u64,
        /// The read that failed: device, offset, cause.
        source: ReadError,
    },
    /// It was to be read past the page cache, and there is no such way.
    #[error("it cannot be read past the system's page cache")]
    OnlyCached,
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
    /// More records than an index can number.
    #[error("a $MFT of {records} records: more than the {max} that one index can hold")]
    TooManyRecords {
        /// How many there are.
        records: u64,
        /// How many there may be.
        max: u64,
    },
    /// The index could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// No port was to be had, or it does not take the device.
    #[error("cannot read ahead")]
    Port(#[from] quarry_io::port::PortError),
    /// There is no memory for the buffers that are read into.
    #[error("cannot have buffers to read into")]
    Buffers(#[from] std::io::Error),
    /// No threads were to be had.
    #[error("cannot start threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// An error and its cause in one line.
pub(crate) fn with_source(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

//! What can be wrong with a snapshot. Every error says where, what was expected and what was found.

use super::format::{Column, VERSION};

/// Why a snapshot cannot be used. The remedy is the same for all but [`SnapshotError::Newer`]: scan the source again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It does not begin as a snapshot does.
    #[error("this is no snapshot of an index: it begins with {found:02x?}")]
    NotASnapshot {
        /// The first bytes.
        found: Vec<u8>,
    },
    /// A later version of the format.
    #[error(
        "the snapshot has format version {found}, this program reads up to {VERSION}: a newer quarry is needed"
    )]
    Newer {
        /// The version that it says it has.
        found: u32,
    },
    /// The file is not as long as it says.
    #[error(
        "the snapshot should be {expected} bytes long and is {actual}: it was cut or added to; scan the source again"
    )]
    Length {
        /// Length that the header tells.
        expected: u64,
        /// Length of the file.
        actual: u64,
    },
    /// A part with a checksum does not have it.
    #[error(
        "the snapshot is damaged: {part} at byte {offset} has checksum {actual:016x}, expected {expected:016x}; scan the source again"
    )]
    Checksum {
        /// Which part.
        part: Part,
        /// Where it starts.
        offset: u64,
        /// The checksum that was written.
        expected: u64,
        /// That of the bytes that are there.
        actual: u64,
    },
    /// The header or the directory contradicts itself.
    #[error("the snapshot is damaged: {what} is {actual}, expected {expected}; scan the source again")]
    Layout {
        /// What.
        what: String,
        /// What would fit.
        expected: String,
        /// What is there.
        actual: String,
    },
    /// What was read a second time, to be copied, is not what was checked.
    #[error(
        "the {bytes} bytes at byte {offset} of the snapshot are others each time that they are read: try again"
    )]
    Copy {
        /// Where they start.
        offset: u64,
        /// How many they are.
        bytes: u64,
    },
    /// A value that passed its checksum and cannot be.
    #[error(
        "the snapshot is damaged: value {index} of column {column} does not fit the others; scan the source again"
    )]
    Value {
        /// The column.
        column: Column,
        /// Which of its values.
        index: u64,
    },
    /// A name that would be taken for something else where a path is read.
    #[error(
        "row {row} of the snapshot has a name that no file can have, which no scan writes: do not use it; scan the source again"
    )]
    ImpossibleName {
        /// The first row that has it.
        row: u32,
    },
}

/// A part of a snapshot that has a checksum of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first 64 bytes.
    Header,
    /// Directory and checksums of blocks.
    Tail,
    /// A block of 64 KiB.
    Block(u64),
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Part::Header => f.write_str("the header"),
            Part::Tail => f.write_str("the tail"),
            Part::Block(number) => write!(f, "block {number}"),
        }
    }
}

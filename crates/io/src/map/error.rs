//! Why a file is not mapped or not read.

use std::io;

/// What [`Map::open`](super::Map::open) and [`Map::read`](super::Map::read) refuse or meet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// Only regular files have a length that holds.
    #[error("not a regular file")]
    NotAFile,
    /// Another user owns the file and may change it at any time. Read it instead.
    #[error("the file belongs to user {owner}, not to user {expected}: it may change while it is mapped")]
    NotOurs {
        /// Who owns it.
        owner: u32,
        /// Whose process this is.
        expected: u32,
    },
    /// Others than its owner may write to the file. Read it instead.
    #[error("others may write to the file (mode {mode:o}): it may change while it is mapped")]
    WritableByOthers {
        /// Its permission bits.
        mode: u32,
    },
    /// The file lies on a file system that may lose it while it is mapped: over a network, or served by a program.
    #[error("the file lies on {file_system} (type {type_magic:#x}), which may lose it while it is mapped")]
    Remote {
        /// What the file system is called.
        file_system: &'static str,
        /// The type as `statfs` gives it.
        type_magic: u64,
    },
    /// Longer than the address space or than the caller's bound.
    #[error("the file has {bytes} bytes; at most {bytes_max} are taken")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// What is taken at most.
        bytes_max: u64,
    },
    /// The file ended before the length it had when it was opened.
    #[error("the file ends after {actual} of {expected} bytes: it was cut while it was read")]
    Cut {
        /// Its length at first.
        expected: u64,
        /// What could be read.
        actual: u64,
    },
    /// The system failed in another way.
    #[error("the file cannot be mapped or read")]
    Failed(#[from] io::Error),
}

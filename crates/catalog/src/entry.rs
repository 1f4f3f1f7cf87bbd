//! What the catalogue says of an entry.

use crate::name::Name;
use crate::source::Source;

/// An entry as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// Grows with each publication of this name, as long as the name is not removed.
    pub generation: u64,
    /// Length of the snapshot, bytes.
    pub bytes: u64,
    /// What the snapshot's writer gave to tell it from others.
    pub identity: u64,
    /// What is known of the scan.
    pub facts: Facts,
}

/// What whoever scanned says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What was scanned.
    pub source: Source,
    /// When the scan began, 100 ns since 1601-01-01 UTC.
    pub scanned: u64,
    /// How long it took, nanoseconds.
    pub took_ns: u64,
    /// What it found.
    pub counts: Counts,
}

/// What a snapshot holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows: names and streams.
    pub rows: u64,
    /// Files, folders left out.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Bytes of the files' contents.
    pub content: u64,
    /// Bytes of the source that could not be read; more than 0 means that something is missing.
    pub unread: u64,
}

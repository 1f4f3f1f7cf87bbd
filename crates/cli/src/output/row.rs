//! A row as the writers see it.
//!
//! The writers know nothing of indexes: they ask a [`Row`] for the cells that their columns need and for no
//! other, because each fact of a file lies in a column of its own and costs a cache miss to fetch.

use quarry_index::{Kind, RowFlags, SnapshotError};

/// The word for a kind in the `type` column.
pub(crate) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::Link => "link",
        Kind::Stream => "stream",
    }
}

/// The words for flags in the `state` column.
pub(crate) fn state_words(flags: RowFlags) -> impl Iterator<Item = &'static str> {
    const WORDS: [(RowFlags, &str); 4] = [
        (RowFlags::DELETED, "deleted"),
        (RowFlags::METAFILE, "metafile"),
        (RowFlags::ORPHAN, "orphan"),
        (RowFlags::DAMAGED, "damaged"),
    ];
    WORDS.into_iter().filter_map(move |(flag, word)| flags.contains(flag).then_some(word))
}

/// Which of a file's four moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Its content was last written.
    Modified,
    /// It was made.
    Created,
    /// It was last read.
    Accessed,
    /// Its record last changed.
    Changed,
}

/// One name found. Paths and names are WTF-8; sizes are bytes; times are FILETIME ticks (100 ns since 1601).
pub(crate) trait Row {
    /// Name of the source that the row came from.
    fn source(&self) -> &str;
    /// The full path, prefixed as the user shall see it.
    fn path(&self) -> &[u8];
    /// The path of the parent.
    fn folder(&self) -> &[u8];
    /// The last part of the path; for a stream, the stream's name.
    fn name(&self) -> &[u8];
    /// What it is.
    fn kind(&self) -> Kind;
    /// Length in bytes.
    fn size(&self) -> u64;
    /// Bytes taken on disk.
    fn allocated(&self) -> u64;
    /// One of its times.
    fn time(&self, moment: Moment) -> u64;
    /// `FILE_ATTRIBUTE_*` bits.
    fn attributes(&self) -> u32;
    /// Number of names of the file.
    fn links(&self) -> u16;
    /// Reparse tag, 0 for none.
    fn reparse_tag(&self) -> u32;
    /// Record number; nothing for a row that stands for no record.
    fn record(&self) -> Option<u32>;
    /// Sequence number of the record.
    fn sequence(&self) -> u16;
    /// What is unusual about it.
    fn flags(&self) -> RowFlags;
    /// Whether all that was asked of it so far can be believed: an index on a disk may be damaged.
    fn sound(&self) -> Result<(), SnapshotError>;
}

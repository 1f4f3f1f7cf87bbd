//! The index itself: rows, files, streams and names, all in memory and never changed again.

use crate::build::NO_RECORD;
use crate::file::{FileColumns, FileFlags, Time};
use crate::names::NameStore;
use crate::row::{Kind, RowColumns, RowFlags, StreamColumns};

/// Every name of a source, ready to be searched. Made by [`crate::Builder`].
#[derive(Debug)]
pub struct Index {
    pub(crate) files: FileColumns,
    pub(crate) links: Vec<u16>,
    pub(crate) rows: RowColumns,
    pub(crate) streams: StreamColumns,
    pub(crate) names: NameStore,
}

impl Index {
    /// The row of the root folder.
    pub const ROOT: u32 = 0;

    /// How many rows there are, the root and the bucket of orphans among them.
    #[must_use]
    pub fn len(&self) -> u32 {
        crate::batch::as_u32(self.rows.name.len())
    }

    /// Whether there is no row; an index that was built has at least two.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.name.is_empty()
    }

    /// The names by number.
    #[must_use]
    pub fn names(&self) -> &NameStore {
        &self.names
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: u32) -> Row<'_> {
        assert!(row < self.len(), "row {row} of {}", self.len());
        Row { index: self, row: row as usize }
    }

    /// All rows in preorder.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows.name.len()).map(|row| Row { index: self, row })
    }

    /// Bytes that the index takes in memory.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let files = self.files.record.capacity() * (4 + 2 + 8 * 6 + 4 + 4 + 1 + 2);
        let rows = self.rows.name.capacity() * (4 * 4 + 2);
        files + rows + self.streams.file.capacity() * 20 + self.names.heap_bytes()
    }
}

/// A row and what it points at.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    index: &'a Index,
    row: usize,
}

impl<'a> Row<'a> {
    /// The number of the row.
    #[must_use]
    pub fn number(self) -> u32 {
        crate::batch::as_u32(self.row)
    }

    /// The number of its name.
    #[must_use]
    pub fn name_number(self) -> u32 {
        self.index.rows.name[self.row]
    }

    /// Its name in WTF-8: for a stream the stream's; empty for the root.
    #[must_use]
    pub fn name(self) -> &'a [u8] {
        self.index.names.get(self.name_number())
    }

    /// What it stands for.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.index.rows.kind[self.row]
    }

    /// What decides whether it is shown.
    #[must_use]
    pub fn flags(self) -> RowFlags {
        self.index.rows.flags[self.row]
    }

    /// The folder that it lies in, for a stream the file; nothing for the root and the bucket of orphans.
    #[must_use]
    pub fn parent(self) -> Option<Row<'a>> {
        let row = self.index.rows.parent[self.row] as usize;
        (row != self.row).then_some(Row { index: self.index, row })
    }

    /// The first row after its subtree; the subtree itself starts at the row.
    #[must_use]
    pub fn subtree_end(self) -> u32 {
        self.index.rows.end[self.row]
    }

    /// The number of its file; rows with the same number are hard links of one file, or its streams.
    #[must_use]
    pub fn file(self) -> u32 {
        let target = self.index.rows.target[self.row];
        if self.kind() == Kind::Stream { self.index.streams.file[target as usize] } else { target }
    }

    /// Length in bytes.
    #[must_use]
    pub fn size(self) -> u64 {
        let target = self.index.rows.target[self.row] as usize;
        if self.kind() == Kind::Stream {
            self.index.streams.size[target]
        } else {
            self.index.files.size[target]
        }
    }

    /// Bytes taken on disk outside the record.
    #[must_use]
    pub fn allocated(self) -> u64 {
        let target = self.index.rows.target[self.row] as usize;
        if self.kind() == Kind::Stream {
            self.index.streams.allocated[target]
        } else {
            self.index.files.allocated[target]
        }
    }

    /// When its file was made.
    #[must_use]
    pub fn created(self) -> Time {
        self.index.files.created[self.file() as usize]
    }

    /// When its file's content last changed.
    #[must_use]
    pub fn modified(self) -> Time {
        self.index.files.modified[self.file() as usize]
    }

    /// When its file's record last changed.
    #[must_use]
    pub fn changed(self) -> Time {
        self.index.files.changed[self.file() as usize]
    }

    /// When its file was last read.
    #[must_use]
    pub fn accessed(self) -> Time {
        self.index.files.accessed[self.file() as usize]
    }

    /// `FILE_ATTRIBUTE_*` bits of its file.
    #[must_use]
    pub fn attributes(self) -> u32 {
        self.index.files.attributes[self.file() as usize]
    }

    /// Reparse tag of its file, 0 if none.
    #[must_use]
    pub fn reparse_tag(self) -> u32 {
        self.index.files.reparse_tag[self.file() as usize]
    }

    /// How many names its file has.
    #[must_use]
    pub fn links(self) -> u16 {
        self.index.links[self.file() as usize]
    }

    /// Record number of its file; nothing for a row that stands for no record.
    #[must_use]
    pub fn record(self) -> Option<u32> {
        Some(self.index.files.record[self.file() as usize]).filter(|&record| record != NO_RECORD)
    }

    /// Sequence number of its file's record.
    #[must_use]
    pub fn sequence(self) -> u16 {
        self.index.files.sequence[self.file() as usize]
    }

    /// One-bit facts of its file.
    #[must_use]
    pub fn file_flags(self) -> FileFlags {
        self.index.files.flags[self.file() as usize]
    }

    /// Appends its full path to `out`: `/a/b`, `/a/b:stream`, `<orphans>/a`; the root is `/`,
    /// its own streams are `/:stream`.
    pub fn path_into(self, out: &mut Vec<u8>) {
        if self.row == Index::ROOT as usize {
            out.push(b'/');
            return;
        }
        let start = out.len();
        let mut here = self;
        // Written backwards while climbing, each name reversed, then turned round as a whole: no stack.
        loop {
            out.extend(here.name().iter().rev());
            let Some(parent) = here.parent() else { break };
            let stream = here.kind() == Kind::Stream;
            out.push(if stream { b':' } else { b'/' });
            if stream && parent.row == Index::ROOT as usize {
                out.push(b'/');
            }
            here = parent;
        }
        out[start..].reverse();
    }

    /// Its full path, as [`Row::path_into`] writes it.
    #[must_use]
    pub fn path(self) -> Vec<u8> {
        let mut path = Vec::new();
        self.path_into(&mut path);
        path
    }
}

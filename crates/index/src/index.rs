//! The index itself: rows, files, streams, names and totals, never changed once they are written.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::Evidence;
use crate::build::{DEPTH_MAX, NO_RECORD};
use crate::check;
use crate::file::{File, FileFlags, FileId, Time};
use crate::names::NameStore;
use crate::row::{Kind, RowFlags};
use crate::rows::{Files, KeptEvidence, Rows, TotalColumns, flags_in, kind_in};
use crate::store::{ByteColumn, Column, Directory, Packed, SnapshotBytes, SnapshotError, exactly, open};

/// Every name of a source, ready to be searched. Made by [`crate::Builder`], or opened from a snapshot.
///
/// The getters of an index and of its rows give plain values. Where an opened snapshot is damaged they give zeros, and
/// [`Index::sound`] tells: ask it before what was read is shown or acted upon. [`Index::search`] does so itself.
#[derive(Debug)]
pub struct Index {
    pub(crate) directory: Directory,
    pub(crate) rows: Rows,
    pub(crate) files: Files,
    pub(crate) names: NameStore,
    totals: TotalColumns,
    pub(crate) evidence: Option<KeptEvidence>,
    note: ByteColumn,
}

/// Rows above one another at most: the folders that a builder follows, the tops, a name and its stream.
pub(crate) const CLIMB_MAX: usize = DEPTH_MAX + 4;

/// What lies below a folder: see `docs/totals.md` for what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// Files and links, each once however many names it has there.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Length of all files and streams in bytes.
    pub bytes: u64,
    /// Bytes that they take on disk.
    pub allocated: u64,
    /// The newest time of change of a file; unset if there is none.
    pub newest: Time,
}

/// What a column of an index takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnSize {
    /// The column.
    pub column: Column,
    /// Its bytes.
    pub bytes: u64,
    /// Its values: bytes, bits or numbers.
    pub values: u64,
}

impl Index {
    /// The row of the root folder.
    pub const ROOT: u32 = 0;

    /// Opens a snapshot. Its columns stay where they are and are checked block by block when they are first touched.
    ///
    /// # Errors
    /// If it is no snapshot, of a later version, or damaged where it tells where its columns are.
    pub fn open(bytes: SnapshotBytes) -> Result<Self, SnapshotError> {
        Self::from_directory(open(bytes, false)?)
    }

    /// The index whose snapshot was just written in memory.
    pub(crate) fn made(snapshot: Vec<u8>) -> Result<Self, SnapshotError> {
        Self::from_directory(open(SnapshotBytes::Owned(snapshot), true)?)
    }

    fn from_directory(directory: Directory) -> Result<Self, SnapshotError> {
        let index = Self {
            rows: Rows::open(&directory)?,
            files: Files::open(&directory)?,
            names: NameStore::open(&directory)?,
            totals: TotalColumns::open(&directory)?,
            evidence: KeptEvidence::open(&directory)?,
            note: directory.bytes(Column::Note)?,
            directory,
        };
        // An index has a root and a bucket of orphans.
        exactly("whether the root is there", true, index.directory.rows >= 2)?;
        index.sound()?;
        Ok(index)
    }

    /// Writes the snapshot of this index: the same bytes for the same rows, wherever they come from.
    ///
    /// # Errors
    /// Whatever writing gives; an error of kind `InvalidData` around a [`SnapshotError`] if the index is damaged.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        self.directory
            .storage
            .check_all()
            .map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
        out.write_all(self.directory.storage.whole())
    }

    /// A number that two snapshots share only if they hold the same.
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.directory.identity
    }

    /// Whether everything that was read so far was sound.
    ///
    /// # Errors
    /// The first fault that was met.
    pub fn sound(&self) -> Result<(), SnapshotError> {
        self.directory.storage.sound()
    }

    /// Checks everything now, not only when it is first touched: every block by its checksum, and whether the columns tell the same of
    /// rows, names and the tree, which a checksum does not say of what somebody forged. Takes about as long as a few searches.
    ///
    /// # Errors
    /// The first fault that was ever met.
    pub fn check(&self) -> Result<(), SnapshotError> {
        self.directory.storage.check_all()?;
        check::columns(self);
        self.sound()
    }

    /// Whether every name is in its place and one that a file can have, so that paths can be printed: for whoever searches a snapshot
    /// from elsewhere without [checking](Self::check) all of it.
    ///
    /// # Errors
    /// The first fault that was ever met.
    pub fn check_names(&self) -> Result<(), SnapshotError> {
        check::names(self);
        self.sound()
    }

    /// All columns of numbers but those of names, which are read in their own way.
    pub(crate) fn packed(&self) -> impl Iterator<Item = &Packed> {
        let evidence = self.evidence.iter().flat_map(KeptEvidence::columns);
        self.rows
            .columns()
            .into_iter()
            .chain(self.files.columns())
            .chain(self.totals.columns())
            .chain(evidence)
    }

    /// Whether `bytes` are those at `offset` of the snapshot, and sound: for whoever copies it, piece by piece.
    ///
    /// # Errors
    /// The first fault that was ever met, or that the bytes are others.
    pub fn check_copy(&self, offset: u64, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.directory.storage.check_copy(offset, bytes)
    }

    /// What the writer noted of the source, as it was given to the builder.
    ///
    /// # Errors
    /// If that part is damaged.
    pub fn note(&self) -> Result<&[u8], SnapshotError> {
        let note = self.note.all();
        self.sound().map(|()| note)
    }

    /// What each column takes.
    pub fn columns(&self) -> impl Iterator<Item = ColumnSize> {
        self.directory.sizes().map(|(column, bytes, values)| ColumnSize { column, bytes, values })
    }

    /// How many rows there are, the root and the bucket of orphans among them.
    #[must_use]
    pub fn len(&self) -> u32 {
        crate::batch::as_u32(self.directory.rows)
    }

    /// Whether there is no row; an index has at least two.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.directory.rows == 0
    }

    /// How many files there are.
    #[must_use]
    pub fn files(&self) -> u32 {
        crate::batch::as_u32(self.files.size.len())
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
        (0..self.directory.rows).map(|row| Row { index: self, row })
    }

    /// What a file is called; nothing for one that stands for no record.
    pub(crate) fn id_of(&self, file: usize) -> Option<FileId> {
        let record = Some(self.files.record.get_u32(file)).filter(|&record| record != NO_RECORD)?;
        Some(FileId { record, sequence: u16::try_from(self.files.sequence.get(file)).unwrap_or(u16::MAX) })
    }

    /// The facts of a file.
    pub(crate) fn facts_of(&self, file: usize) -> File {
        let files = &self.files;
        let time = |column: &Packed| Time(column.get(file));
        File {
            record: files.record.get_u32(file),
            sequence: u16::try_from(files.sequence.get(file)).unwrap_or(u16::MAX),
            size: files.size.get(file),
            allocated: files.allocated.get(file),
            created: time(&files.created),
            modified: time(&files.modified),
            changed: time(&files.changed),
            accessed: time(&files.accessed),
            attributes: files.attributes.get_u32(file),
            reparse_tag: files.tag.get_u32(file),
            flags: self.flags_of(file),
        }
    }

    /// One-bit facts of a file.
    pub(crate) fn flags_of(&self, file: usize) -> FileFlags {
        FileFlags::from_bits_truncate(u8::try_from(self.files.flags.get(file)).unwrap_or(0))
    }

    /// Bytes that the index takes, in memory or in the file that it lies in.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.directory.storage.whole().len()
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
        self.index.rows.name.get_u32(self.row)
    }

    /// Its name in WTF-8: for a stream the stream's; empty for the root.
    #[must_use]
    pub fn name(self) -> Cow<'a, [u8]> {
        self.index.names.get(self.name_number())
    }

    /// What it stands for.
    #[must_use]
    pub fn kind(self) -> Kind {
        kind_in(self.index.rows.class(self.row))
    }

    /// What decides whether it is shown.
    #[must_use]
    pub fn flags(self) -> RowFlags {
        flags_in(self.index.rows.class(self.row))
    }

    /// The folder that it lies in, for a stream the file; nothing for the root and the bucket of orphans.
    #[must_use]
    pub fn parent(self) -> Option<Row<'a>> {
        let row = self.index.rows.parent(self.row);
        (row != self.row).then_some(Row { index: self.index, row })
    }

    /// What its record calls the folder that it lies in: mostly what that is called, another number if that folder is not
    /// there; nothing for what is no name, or has none.
    #[must_use]
    pub fn claimed_parent(self) -> Option<FileId> {
        if self.kind() == Kind::Stream {
            return None;
        }
        let parent = self.parent()?;
        match self.index.rows.claim(self.row) {
            Some(claimed) => FileId::unpacked(claimed),
            None => self.index.id_of(parent.file_place()),
        }
    }

    /// The first row after its subtree; the subtree itself starts at the row.
    #[must_use]
    pub fn subtree_end(self) -> u32 {
        self.index.rows.end(self.row)
    }

    /// How many folders lie above it: the root 0, what it holds 1, a stream as deep as what it belongs to.
    #[must_use]
    pub fn depth(self) -> u32 {
        let climb = std::iter::successors(Some(self), |row| row.parent()).take(CLIMB_MAX);
        let steps = climb.filter(|row| row.parent().is_some() && row.kind() != Kind::Stream);
        crate::batch::as_u32(steps.count())
    }

    /// What lies below it.
    #[must_use]
    pub fn total(self) -> Total {
        if !self.index.rows.subtree.contains(self.row) {
            return Total::default();
        }
        let (totals, holder) = (&self.index.totals, self.index.rows.subtree.rank(self.row));
        Total {
            files: totals.files.get(holder),
            folders: totals.folders.get(holder),
            bytes: totals.bytes.get(holder),
            allocated: totals.allocated.get(holder),
            newest: Time(totals.newest.get(holder)),
        }
    }

    /// The number of its file; rows with the same number are hard links of one file, or its streams.
    #[must_use]
    pub fn file(self) -> u32 {
        crate::batch::as_u32(self.file_place())
    }

    fn file_place(self) -> usize {
        self.index.rows.file(self.row)
    }

    /// Where its stream is, if it is one.
    fn stream(self) -> Option<usize> {
        (self.kind() == Kind::Stream).then(|| self.index.rows.extra(self.row))
    }

    /// Length in bytes.
    #[must_use]
    pub fn size(self) -> u64 {
        match self.stream() {
            Some(stream) => self.index.rows.extra_size.get(stream),
            None => self.index.files.size.get(self.file_place()),
        }
    }

    /// Bytes taken on disk outside the record.
    #[must_use]
    pub fn allocated(self) -> u64 {
        match self.stream() {
            Some(stream) => self.index.rows.extra_allocated.get(stream),
            None => self.index.files.allocated.get(self.file_place()),
        }
    }

    /// When its file was made.
    #[must_use]
    pub fn created(self) -> Time {
        Time(self.index.files.created.get(self.file_place()))
    }

    /// When its file's content last changed.
    #[must_use]
    pub fn modified(self) -> Time {
        Time(self.index.files.modified.get(self.file_place()))
    }

    /// When its file's record last changed.
    #[must_use]
    pub fn changed(self) -> Time {
        Time(self.index.files.changed.get(self.file_place()))
    }

    /// When its file was last read.
    #[must_use]
    pub fn accessed(self) -> Time {
        Time(self.index.files.accessed.get(self.file_place()))
    }

    /// `FILE_ATTRIBUTE_*` bits of its file.
    #[must_use]
    pub fn attributes(self) -> u32 {
        self.index.files.attributes.get_u32(self.file_place())
    }

    /// Reparse tag of its file, 0 if none.
    #[must_use]
    pub fn reparse_tag(self) -> u32 {
        self.index.files.tag.get_u32(self.file_place())
    }

    /// How many names its file has.
    #[must_use]
    pub fn links(self) -> u16 {
        u16::try_from(self.index.files.links.get(self.file_place())).unwrap_or(u16::MAX)
    }

    /// Record number of its file; nothing for a row that stands for no record.
    #[must_use]
    pub fn record(self) -> Option<u32> {
        Some(self.index.files.record.get_u32(self.file_place())).filter(|&record| record != NO_RECORD)
    }

    /// Sequence number of its file's record.
    #[must_use]
    pub fn sequence(self) -> u16 {
        u16::try_from(self.index.files.sequence.get(self.file_place())).unwrap_or(u16::MAX)
    }

    /// The evidence of its file, if the index keeps any.
    #[must_use]
    pub fn evidence(self) -> Option<Evidence> {
        self.index.evidence.as_ref().map(|kept| kept.get(self.file_place()))
    }

    /// One-bit facts of its file.
    #[must_use]
    pub fn file_flags(self) -> FileFlags {
        self.index.flags_of(self.file_place())
    }

    /// As [`Index::sound`], which cannot tell which row it was that was damaged.
    ///
    /// # Errors
    /// The first fault that was met.
    pub fn sound(self) -> Result<(), SnapshotError> {
        self.index.sound()
    }

    /// Appends its full path to `out`: `/a/b`, `/a/b:stream`, `<orphans>/a`; the root is `/`,
    /// its own streams are `/:stream`.
    pub fn path_into(self, out: &mut Vec<u8>) {
        if self.row == Index::ROOT as usize {
            out.push(b'/');
            return;
        }
        let start = out.len();
        let (mut here, mut steps) = (self, 0);
        // Written backwards while climbing, each name reversed, then turned round as a whole: no stack.
        loop {
            steps += 1;
            if steps > CLIMB_MAX {
                // No builder lays rows so deep, and a path of all of them could be longer than memory.
                self.index.rows.parent.misfit(self.row);
                break;
            }
            let name = out.len();
            self.index.names.get_into(here.name_number(), out);
            out[name..].reverse();
            let Some(parent) = here.parent() else { break };
            if !self.index.rows.lies_in(here.row, parent.row) {
                break;
            }
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

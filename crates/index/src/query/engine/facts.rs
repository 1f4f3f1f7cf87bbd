//! Tests of numbers and flags: a sweep over one column, or a look at one row.

use super::row_set::RowSet;
use crate::build::NO_RECORD;
use crate::query::Visibility;
use crate::query::ast::{Bounds, Field, Kinds, State};
use crate::{Index, Kind, Row, RowFlags, Time};

/// The attribute bit of a folder, which NTFS keeps in the record's flags instead.
const ATTRIBUTE_DIRECTORY: u32 = 0x10;

/// A test that a row's facts pass or fail.
#[derive(Debug, Clone, Copy)]
pub(super) enum FactTest {
    Within(Field, Bounds),
    Kind(Kinds),
    Attributes(u32),
    State(State),
    Visible(Visibility),
}

impl FactTest {
    /// Whether the row passes.
    pub(super) fn holds(self, index: &Index, row: u32) -> bool {
        let row = index.row(row);
        match self {
            FactTest::Within(field, bounds) => number(row, field).is_some_and(|value| bounds.contains(value)),
            FactTest::Kind(kinds) => kinds.contains(kind(row.kind())),
            FactTest::Attributes(bits) => {
                let folder = if row.kind() == Kind::Folder { ATTRIBUTE_DIRECTORY } else { 0 };
                (row.attributes() | folder) & bits == bits
            }
            FactTest::State(state) => row.flags().contains(flag(state)),
            FactTest::Visible(visibility) => {
                !row.flags().intersects(hidden(visibility))
                    && (visibility.streams || row.kind() != Kind::Stream)
            }
        }
    }

    /// The rows that pass.
    pub(super) fn select(self, index: &Index) -> RowSet {
        let (files, rows) = (&index.files, &index.rows);
        match self {
            FactTest::Within(field, bounds) => self.select_number(index, field, bounds),
            FactTest::Attributes(bits) => {
                let folders =
                    if bits & ATTRIBUTE_DIRECTORY == 0 { Folders::AsFiles } else { Folders::EachAlone };
                self.by_file(index, &files.attributes, folders, |attributes| attributes & bits == bits)
            }
            FactTest::Kind(kinds) => {
                RowSet::collect(index.len(), rows.kind.iter().map(|&of| kinds.contains(kind(of))))
            }
            FactTest::State(state) => {
                RowSet::collect(index.len(), rows.flags.iter().map(|flags| flags.contains(flag(state))))
            }
            FactTest::Visible(visibility) => {
                let hidden = hidden(visibility);
                let visible = |(flags, &kind): (&RowFlags, &Kind)| {
                    !flags.intersects(hidden) & (visibility.streams | (kind != Kind::Stream))
                };
                RowSet::collect(index.len(), rows.flags.iter().zip(&rows.kind).map(visible))
            }
        }
    }

    fn select_number(self, index: &Index, field: Field, bounds: Bounds) -> RowSet {
        let files = &index.files;
        let times =
            |column: &[Time]| self.by_file(index, column, Folders::AsFiles, |time| bounds.contains(time.0));
        match field {
            Field::Size => self.by_file(index, &files.size, Folders::Never, |size| bounds.contains(size)),
            Field::Allocated => {
                self.by_file(index, &files.allocated, Folders::Never, |size| bounds.contains(size))
            }
            Field::Modified => times(&files.modified),
            Field::Created => times(&files.created),
            Field::Accessed => times(&files.accessed),
            Field::Changed => times(&files.changed),
            Field::Links => {
                self.by_file(index, &index.links, Folders::AsFiles, |links| bounds.contains(u64::from(links)))
            }
            Field::Record => self.by_file(index, &files.record, Folders::AsFiles, |record| {
                record != NO_RECORD && bounds.contains(u64::from(record))
            }),
            Field::Length | Field::Depth => RowSet::of(index.len(), |row| self.holds(index, row)),
        }
    }

    /// Sweeps a column of files once from end to end, then maps the answer to rows: rows lie in the order of
    /// the tree, and going from each to its file's eight bytes would miss the cache every time; its one bit
    /// does not. Streams, whose facts may not be their file's, are tested one by one.
    fn by_file<T: Copy>(
        self,
        index: &Index,
        column: &[T],
        folders: Folders,
        test: impl Fn(T) -> bool,
    ) -> RowSet {
        let count = crate::batch::as_u32(column.len());
        let files = RowSet::collect(count, column.iter().map(|&value| test(value)));
        let rows = (0..).zip(index.rows.kind.iter().zip(&index.rows.target));
        let passes = |(row, (kind, &file)): (u32, (&Kind, &u32))| match (kind, folders) {
            (Kind::File | Kind::Link, _) | (Kind::Folder, Folders::AsFiles) => files.contains(file),
            (Kind::Folder, Folders::Never) => false,
            (Kind::Folder, Folders::EachAlone) | (Kind::Stream, _) => self.holds(index, row),
        };
        RowSet::collect(index.len(), rows.map(passes))
    }
}

/// How a sweep over files answers for folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folders {
    /// As it does for files.
    AsFiles,
    /// No folder has the fact.
    Never,
    /// Each is tested by itself.
    EachAlone,
}

/// The fact as a number, if the row has it. Length is asked of the name, depth of the whole tree.
fn number(row: Row<'_>, field: Field) -> Option<u64> {
    let sized = row.kind() != Kind::Folder;
    match field {
        Field::Size => sized.then(|| row.size()),
        Field::Allocated => sized.then(|| row.allocated()),
        Field::Modified => Some(row.modified().0),
        Field::Created => Some(row.created().0),
        Field::Accessed => Some(row.accessed().0),
        Field::Changed => Some(row.changed().0),
        Field::Links => Some(u64::from(row.links())),
        Field::Record => row.record().map(u64::from),
        Field::Length | Field::Depth => None,
    }
}

fn kind(kind: Kind) -> Kinds {
    match kind {
        Kind::File => Kinds::FILE,
        Kind::Folder => Kinds::FOLDER,
        Kind::Link => Kinds::LINK,
        Kind::Stream => Kinds::STREAM,
    }
}

fn flag(state: State) -> RowFlags {
    match state {
        State::Deleted => RowFlags::DELETED,
        State::Metafile => RowFlags::METAFILE,
        State::Orphan => RowFlags::ORPHAN,
        State::Damaged => RowFlags::DAMAGED,
    }
}

/// The flags that hide a row.
fn hidden(visibility: Visibility) -> RowFlags {
    let mut flags = RowFlags::empty();
    flags.set(RowFlags::DELETED, !visibility.deleted);
    flags.set(RowFlags::METAFILE, !visibility.metafiles);
    flags
}

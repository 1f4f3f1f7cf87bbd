//! Tests of numbers and flags: a sweep over one column, or a look at one row.

use super::row_set::RowSet;
use crate::batch::as_u32;
use crate::build::NO_RECORD;
use crate::query::Visibility;
use crate::query::ast::{Bounds, Field, Kinds, State};
use crate::rows::{flags_in, kind_in};
use crate::{Index, Kind, Row, RowFlags, Time};

/// Rows to which one word of bits tells whether they are the first names of files.
const WORD: usize = 64;

/// The attribute bit of a folder, which NTFS keeps in the record's flags instead.
const ATTRIBUTE_DIRECTORY: u32 = 0x10;

/// A row whose facts can be asked.
pub(crate) trait RowFacts: Copy {
    fn kind(self) -> Kind;
    fn flags(self) -> RowFlags;
    fn size(self) -> u64;
    fn allocated(self) -> u64;
    fn modified(self) -> Time;
    fn created(self) -> Time;
    fn changed(self) -> Time;
    fn accessed(self) -> Time;
    fn attributes(self) -> u32;
    fn links(self) -> u16;
    fn record(self) -> Option<u32>;
}

macro_rules! facts_of_row {
    ($($fact:ident: $of:ty),*) => {
        impl RowFacts for Row<'_> {
            $(fn $fact(self) -> $of {
                self.$fact()
            })*
        }
    };
}
facts_of_row!(
    kind: Kind, flags: RowFlags, size: u64, allocated: u64, modified: Time, created: Time, changed: Time,
    accessed: Time, attributes: u32, links: u16, record: Option<u32>
);

/// A test that a row's facts pass or fail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FactTest {
    Within(Field, Bounds),
    Kind(Kinds),
    Attributes(u32),
    State(State),
    Visible(Visibility),
}

impl FactTest {
    /// Whether the row passes.
    pub(super) fn holds(self, index: &Index, row: u32) -> bool {
        self.holds_for(index.row(row))
    }

    /// Whether a row with these facts passes.
    pub(crate) fn holds_for(self, row: impl RowFacts) -> bool {
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
        let classes = || index.rows.class.all().iter();
        match self {
            FactTest::Within(field, bounds) => self.select_number(index, field, bounds),
            FactTest::Attributes(bits) => {
                let folders =
                    if bits & ATTRIBUTE_DIRECTORY == 0 { Folders::AsFiles } else { Folders::EachAlone };
                let passing = |files: &mut RowSet| {
                    index.files.attributes.for_each_chunk(|first, values| {
                        for (at, value) in values.iter().enumerate() {
                            if value & u64::from(bits) == u64::from(bits) {
                                files.insert(as_u32(first + at));
                            }
                        }
                    });
                };
                self.by_file(index, folders, passing)
            }
            FactTest::Kind(kinds) => {
                RowSet::collect(index.len(), classes().map(|&class| kinds.contains(kind(kind_in(class)))))
            }
            FactTest::State(state) => {
                RowSet::collect(index.len(), classes().map(|&class| flags_in(class).contains(flag(state))))
            }
            FactTest::Visible(visibility) => {
                let hidden = hidden(visibility);
                let visible = |&class: &u8| {
                    !flags_in(class).intersects(hidden)
                        & (visibility.streams | (kind_in(class) != Kind::Stream))
                };
                RowSet::collect(index.len(), classes().map(visible))
            }
        }
    }

    fn select_number(self, index: &Index, field: Field, bounds: Bounds) -> RowSet {
        let files = &index.files;
        let (column, folders) = match field {
            Field::Size => (&files.size, Folders::Never),
            Field::Allocated => (&files.allocated, Folders::Never),
            Field::Modified => (&files.modified, Folders::AsFiles),
            Field::Created => (&files.created, Folders::AsFiles),
            Field::Accessed => (&files.accessed, Folders::AsFiles),
            Field::Changed => (&files.changed, Folders::AsFiles),
            Field::Links => (&files.links, Folders::AsFiles),
            Field::Record => (&files.record, Folders::AsFiles),
            Field::Length | Field::Depth => return RowSet::of(index.len(), |row| self.holds(index, row)),
        };
        // A row that stands for no record has the number that none can have.
        let last =
            if field == Field::Record { bounds.last.min(u64::from(NO_RECORD) - 1) } else { bounds.last };
        self.by_file(index, folders, |found| {
            column.for_each_within(bounds.first..=last, |file| found.insert(as_u32(file)));
        })
    }

    /// Sweeps a column of files once from end to end, then maps the answer to rows: both are in the same order, but for
    /// further names. Streams, whose facts may not be their file's, are tested one by one.
    fn by_file(self, index: &Index, folders: Folders, sweep: impl FnOnce(&mut RowSet)) -> RowSet {
        let mut files = RowSet::none(index.files());
        sweep(&mut files);
        let (mut file, mut rows) = (0, RowSet::none(index.len()));
        let classes = index.rows.class.all();
        for (first, word) in (0u32..).step_by(WORD).zip(index.rows.primary.words()) {
            for (row, &class) in (first..).zip(classes.iter().skip(first as usize).take(WORD)) {
                let primary = word >> (row - first) & 1 == 1;
                let kind = kind_in(class);
                let passes = match (primary, folders) {
                    (true, Folders::Never) if kind == Kind::Folder => false,
                    (true, Folders::EachAlone) if kind == Kind::Folder => self.holds(index, row),
                    (true, _) => files.contains(file),
                    (false, _) => self.holds(index, row),
                };
                file += u32::from(primary);
                if passes {
                    rows.insert(row);
                }
            }
        }
        rows
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
fn number(row: impl RowFacts, field: Field) -> Option<u64> {
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

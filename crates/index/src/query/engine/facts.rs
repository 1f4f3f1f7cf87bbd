//! Tests of numbers and flags: a sweep over one column, or a look at one row.

use std::ops::RangeInclusive;

use super::row_set::{RowSet, ones};
use super::threads;
use crate::batch::as_u32;
use crate::build::NO_RECORD;
use crate::query::Visibility;
use crate::query::ast::{Bounds, Field, Kinds, State};
use crate::rows::{class_bits, flags_in, kind_in};
use crate::store::{CHUNK_WORDS, Packed};
use crate::{Index, Kind, Row, RowFlags, Time};

/// Rows whose bits are in one word.
const WORD: usize = 64;
/// Words that are filled at a time: those of 64 Ki rows.
const STRETCH_WORDS: usize = CHUNK_WORDS * 128;

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
        match self {
            FactTest::Within(field, bounds) => self.select_number(index, field, bounds),
            FactTest::Attributes(bits) => {
                let folders =
                    if bits & ATTRIBUTE_DIRECTORY == 0 { Folders::AsFiles } else { Folders::EachAlone };
                let bits = u64::from(bits);
                self.by_file(index, &index.files.attributes, folders, |_| true, |value| value & bits == bits)
            }
            FactTest::Kind(kinds) => by_class(index, |class| kinds.contains(kind(kind_in(class)))),
            FactTest::State(state) => by_class(index, |class| flags_in(class).contains(flag(state))),
            FactTest::Visible(visibility) => {
                let hidden = hidden(visibility);
                by_class(index, |class| {
                    !flags_in(class).intersects(hidden)
                        && (visibility.streams || kind_in(class) != Kind::Stream)
                })
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
        let (first, bounds) = (bounds.first, bounds.first..=last);
        let may_hold = |of: RangeInclusive<u64>| *of.start() <= last && first <= *of.end();
        self.by_file(index, column, folders, may_hold, |value| bounds.contains(&value))
    }

    /// Sweeps a column of files once from end to end, then maps the answer to rows: both are in the same order, but for
    /// further names. Streams, whose facts may not be their file's, are tested one by one.
    fn by_file(
        self,
        index: &Index,
        column: &Packed,
        folders: Folders,
        may_hold: impl Fn(RangeInclusive<u64>) -> bool + Sync,
        passes: impl Fn(u64) -> bool + Sync,
    ) -> RowSet {
        let mut files = RowSet::none(index.files());
        threads::fill(files.words_mut(), STRETCH_WORDS, |first, words| {
            column.mark(first / CHUNK_WORDS, words, &may_hold, &passes);
        });
        let mut rows = RowSet::none(index.len());
        let (classes, primary) = (index.rows.all_classes(), &index.rows.primary);
        threads::fill(rows.words_mut(), STRETCH_WORDS, |first, words| {
            let mut file = primary.rank(first * WORD);
            let classes = classes.get(first * WORD..).unwrap_or_default().chunks(WORD);
            for ((place, word), classes) in (first..).zip(words).zip(classes) {
                // No row lies behind the last one, whatever bits somebody put there.
                let rows = u64::MAX >> (WORD - classes.len());
                let primaries = primary.word(place) & rows;
                let mut alone = !primaries & rows;
                *word = spread(files.word_at(file), primaries);
                if folders != Folders::AsFiles {
                    let folder = |&class: &u8| kind_in(class) == Kind::Folder;
                    let all = classes
                        .iter()
                        .map(folder)
                        .zip(0..)
                        .fold(0, |all, (is, bit)| all | u64::from(is) << bit);
                    *word &= !all;
                    alone |= if folders == Folders::EachAlone { all } else { 0 };
                }
                let first = as_u32(place * WORD);
                let passing = ones(alone).filter(|bit| self.holds(index, first + bit));
                *word = passing.fold(*word, |word, bit| word | 1 << bit);
                file += primaries.count_ones() as usize;
            }
        });
        rows
    }
}

/// The lowest bits in the places where `mask` has bits, as many as it has.
fn spread(mut bits: u64, mask: u64) -> u64 {
    // Most rows are primary, so that there are few gaps to be made.
    for gap in ones(!mask) {
        let below = (1 << gap) - 1;
        bits = bits & below | (bits & !below) << 1;
    }
    bits
}

/// The rows of the classes that pass.
fn by_class(index: &Index, passes: impl Fn(u8) -> bool) -> RowSet {
    let passing: [bool; 256] = std::array::from_fn(|class| passes(u8::try_from(class).unwrap_or(u8::MAX)));
    let classes = index.rows.all_classes();
    let mut rows = RowSet::none(index.len());
    threads::fill(rows.words_mut(), STRETCH_WORDS, |first, words| {
        let classes = classes.get(first * WORD..).unwrap_or_default().chunks(WORD);
        for (word, classes) in words.iter_mut().zip(classes) {
            *word = class_bits(classes, &passing);
        }
    });
    rows
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

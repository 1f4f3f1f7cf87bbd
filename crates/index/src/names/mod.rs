//! Every spelling once, folded and in order, and the rows that bear it.
//!
//! A search for a word is one sweep over the folded names at memory speed; comparing name by name was measured ten to
//! twenty times slower. Names lie one after another without a separator, because a name may hold any byte: a hit that
//! crosses a border is told by the offsets. They are in the order of their folded bytes, so a name's number is its rank and
//! sorting by name compares numbers. What a name looks like is kept as the way back from its folded form ([`spelling`]):
//! a second blob would take as much as the first.

mod cursor;
mod deal;
mod distinct;
mod first;
mod pattern;
mod possible;
#[cfg(test)]
mod samples;
mod sort;
mod source;
mod spelling;
mod text;
mod write;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

pub(crate) use cursor::NameCursor;
pub(crate) use distinct::{Distinct, NameColumns, distinct};
pub(crate) use possible::is_possible;
pub use possible::make_possible;
pub(crate) use source::ItemNames;
use spelling::Speller;

use crate::CaseTable;
use crate::batch::NAME_BYTES_MAX;
use crate::store::{ByteColumn, Column, Directory, Packed, SnapshotError};

/// What folding can make of the longest name: three bytes of each that is no WTF-8.
const FOLDED_BYTES_MAX: usize = 3 * NAME_BYTES_MAX;

/// The first code of a spelling that takes bytes.
const FIRST_TOLD: u64 = 3;
/// What a spelling takes at most: how it is told, the length, and a name.
const SPELLING_BYTES_MAX: usize = 1 + 2 + NAME_BYTES_MAX;

/// The names of an index by number.
#[derive(Debug)]
pub struct NameStore {
    folded: ByteColumn,
    end: Packed,
    spelling: Packed,
    spellings: ByteColumn,
    posting_end: Packed,
    posting_row: Packed,
    case: CaseTable,
    /// Made when the first name is spelled.
    speller: OnceLock<Speller>,
}

impl NameStore {
    pub(crate) fn open(directory: &Directory) -> Result<Self, SnapshotError> {
        let (names, rows) = (directory.values(Column::NameEnd), directory.rows as u64);
        let folded = directory.bytes(Column::NameFolded)?;
        let case = CaseTable::from_pairs(directory.bytes(Column::CasePairs)?.all());
        Ok(Self {
            end: directory.packed_below(Column::NameEnd, names, folded.len() as u64 + 1)?,
            folded,
            spelling: directory.packed(Column::NameSpelling, names)?,
            spellings: directory.bytes(Column::SpellingBytes)?,
            posting_end: directory.packed_below(Column::PostingEnd, names, rows + 1)?,
            posting_row: directory.packed_below(Column::PostingRow, directory.rows, rows)?,
            case,
            speller: OnceLock::new(),
        })
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A name in WTF-8; empty if there is no such name.
    #[must_use]
    pub fn get(&self, name: u32) -> Cow<'_, [u8]> {
        let folded = self.folded(name);
        match self.spelling.get(name as usize) {
            0 => Cow::Borrowed(folded),
            code => {
                let mut spelled = Vec::with_capacity(folded.len());
                self.spell(name, folded, code, &mut spelled);
                Cow::Owned(spelled)
            }
        }
    }

    /// Whether the name is this one. `spelled` is memory that may have been used before.
    pub(crate) fn is(&self, name: u32, text: &[u8], spelled: &mut Vec<u8>) -> bool {
        spelled.clear();
        self.get_into(name, spelled);
        spelled == text
    }

    /// Appends a name in WTF-8.
    pub fn get_into(&self, name: u32, out: &mut Vec<u8>) {
        self.spell(name, self.folded(name), self.spelling.get(name as usize), out);
    }

    fn spell(&self, name: u32, folded: &[u8], code: u64, out: &mut Vec<u8>) {
        let before = out.len();
        let restored = match code.checked_sub(FIRST_TOLD) {
            None => self.speller().restore(folded, code, &[], out),
            // What is told lies in the next bytes, so that no more of them is looked at.
            Some(place) => {
                let place = usize::try_from(place).unwrap_or(usize::MAX).min(self.spellings.len());
                let end = place.saturating_add(SPELLING_BYTES_MAX).min(self.spellings.len());
                self.speller().restore(folded, FIRST_TOLD, self.spellings.slice(place..end), out)
            }
        };
        // A character that folds takes at most three bytes before and one after, so a name that is longer is not this one's.
        if restored.is_err() || out.len() - before > 3 * folded.len() {
            out.truncate(before);
            self.spelling.misfit(name as usize);
        }
    }

    fn speller(&self) -> &Speller {
        self.speller.get_or_init(|| Speller::new(&self.case))
    }

    /// The name in upper case by the volume's table; empty if there is no such name.
    #[must_use]
    pub fn folded(&self, name: u32) -> &[u8] {
        let name = name as usize;
        let Range { start, end } = self.end.range(name);
        match (usize::try_from(start), usize::try_from(end)) {
            (Ok(start), Ok(end)) if start <= end && end - start <= FOLDED_BYTES_MAX => {
                self.folded.slice(start..end)
            }
            _ => {
                self.end.misfit(name);
                &[]
            }
        }
    }

    /// All folded names one after another, in order.
    #[must_use]
    pub fn folded_blob(&self) -> &[u8] {
        self.folded.all()
    }

    /// The rows that bear the name, ascending.
    pub fn rows_of(&self, name: u32) -> impl DoubleEndedIterator<Item = u32> {
        let place = name as usize;
        let Range { start, end } = self.posting_end.range(place);
        self.posting_range(place, start, end).map(|at| self.posting_row.get_u32(at))
    }

    fn posting_range(&self, name: usize, start: u64, end: u64) -> Range<usize> {
        match (usize::try_from(start), usize::try_from(end)) {
            (Ok(start), Ok(end)) if start <= end && end <= self.posting_row.len() => start..end,
            _ => {
                self.posting_end.misfit(name);
                0..0
            }
        }
    }

    /// All rows in the order of their names.
    pub(crate) fn rows_by_name(&self) -> &Packed {
        &self.posting_row
    }

    /// The table by which names were folded.
    #[must_use]
    pub fn case_table(&self) -> &CaseTable {
        &self.case
    }
}

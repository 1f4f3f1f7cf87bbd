//! A reader that goes through the names upwards, with whole chunks of their offsets unpacked.
//!
//! What it gives never goes back: neither in the blob nor in the list of rows. So a pass over all names reads each byte and each row
//! at most once, even if a forged column says that every name holds all of them; and that one does is noticed.

use std::ops::Range;

use super::{FOLDED_BYTES_MAX, NameStore};
use crate::store::{PackedCursor, SnapshotError};

/// Reads names in ascending order.
pub(crate) struct NameCursor<'a> {
    names: &'a NameStore,
    end: PackedCursor<'a>,
    spelling: PackedCursor<'a>,
    posting_end: PackedCursor<'a>,
    posting_row: PackedCursor<'a>,
    /// The name after the last one that was read, and where that ended in the blob.
    read: (usize, usize),
    /// The same of the rows that were given.
    posted: (usize, usize),
}

impl NameStore {
    /// A reader for names in ascending order.
    pub(crate) fn cursor(&self) -> NameCursor<'_> {
        NameCursor {
            names: self,
            end: self.end.ascending(),
            spelling: self.spelling.cursor(),
            posting_end: self.posting_end.ascending(),
            posting_row: self.posting_row.cursor(),
            read: (0, 0),
            posted: (0, 0),
        }
    }

    /// Whether nothing was met that cannot be.
    pub(crate) fn is_sound(&self) -> bool {
        self.end.is_sound()
    }

    /// Notes that a name does not lie where it should.
    pub(crate) fn misplaced(&self, name: usize) {
        self.end.misfit(name);
    }

    /// Notes that a name is not spelled as it is folded.
    pub(crate) fn misspelled(&self, name: usize) {
        self.spelling.misfit(name);
    }

    /// Notes that a row has a name that no file can have.
    pub(crate) fn impossible(&self, row: u32) {
        self.folded.fault(SnapshotError::ImpossibleName { row });
    }

    /// Where some names lie in the blob; nowhere if they cannot.
    pub(crate) fn place(&self, names: Range<usize>) -> Range<usize> {
        let border = |name: usize| name.checked_sub(1).map_or(Some(0), |before| self.ending(before));
        match (border(names.start), border(names.end)) {
            (Some(start), Some(end)) if start <= end && end <= self.folded.len() => start..end,
            _ => {
                self.end.misfit(names.start);
                0..0
            }
        }
    }

    fn ending(&self, name: usize) -> Option<usize> {
        usize::try_from(self.end.get(name)).ok()
    }

    /// Bytes of the blob.
    pub(crate) fn blob(&self, place: Range<usize>) -> &[u8] {
        self.folded.slice(place)
    }
}

impl<'a> NameCursor<'a> {
    /// The name from `from` on that holds the byte at `offset` of the blob; the number of names if none does.
    pub(crate) fn holding(&mut self, offset: usize, from: usize) -> usize {
        self.names.end.rank_of(offset as u64, &mut self.end, from)
    }

    /// Where a name lies in the blob; `None` if it cannot lie there.
    pub(crate) fn place(&mut self, name: usize) -> Option<Range<usize>> {
        let (next, after) = self.read;
        let start = match name.checked_sub(1) {
            None => 0,
            Some(_) if name == next => after,
            Some(before) => usize::try_from(self.end.get(before)).ok()?,
        };
        let end = usize::try_from(self.end.get(name)).ok()?;
        if name < next || start < after || end < start || end - start > FOLDED_BYTES_MAX {
            self.names.end.misfit(name);
            return None;
        }
        self.read = (name + 1, end);
        Some(start..end)
    }

    /// Appends the spelling of a name.
    pub(crate) fn spell(&mut self, name: usize, folded: &[u8], out: &mut Vec<u8>) {
        self.names.spell(crate::batch::as_u32(name), folded, self.spelling.get(name), out);
    }

    /// Gives the rows that bear one of the names to `each`, those of each name ascending.
    pub(crate) fn rows_of(&mut self, names: Range<usize>, each: impl FnMut(&[u64])) {
        let Some(last) = names.end.checked_sub(1) else { return };
        let (next, after) = self.posted;
        let start = match names.start.checked_sub(1) {
            None => 0,
            Some(_) if names.start == next => after as u64,
            Some(before) => self.posting_end.get(before),
        };
        let rows = self.names.posting_range(last, start, self.posting_end.get(last));
        if names.start < next || rows.start < after {
            return self.names.posting_end.misfit(names.start);
        }
        self.posted = (names.end, rows.end);
        self.posting_row.runs(rows, each);
    }
}

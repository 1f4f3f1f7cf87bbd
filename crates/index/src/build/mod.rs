//! From what the workers read to an index: stitch, join, number, lay out.
//!
//! Six steps, none of which goes deeper where folders do:
//! 1. the workers' tables become one, in the order of the records ([`stitch`]), and names, streams and facts from
//!    extension records find their files ([`join`], [`items`]);
//! 2. each spelling is kept once, in order ([`crate::names`]), while names find their folders ([`parents`]);
//! 3. they are numbered in preorder ([`children`], [`tree`]), files by the first of their rows ([`layout`]);
//! 4. the facts of the files are packed in that order ([`files`]);
//! 5. what lies below each folder is summed up ([`totals`]);
//! 6. the other columns are packed, and all written as a snapshot, in memory or to a file ([`emit`]).
//!
//! Until step 3 what will be a row is an *item*: the names in the order of their records, then the streams,
//! then the rows that are made here.

mod children;
mod emit;
mod files;
mod findings;
mod items;
mod join;
mod layout;
mod parents;
mod record_map;
mod stitch;
#[cfg(test)]
mod tests;
mod totals;
mod tree;

pub use findings::{Finding, FindingKind, Findings, LISTED_MAX};
pub(crate) use join::refers_to;
pub(crate) use record_map::RecordMap;
pub(crate) use tree::DEPTH_MAX;

use std::io::{Cursor, Seek, Write};

use crate::CaseTable;
use crate::batch::Batch;
use crate::file::FileId;
use crate::index::Index;
use crate::names::distinct;
use crate::store::{Encoded, SnapshotError};
use items::Items;
use layout::RowTable;
use parents::Parents;
use stitch::Stitched;
use totals::{Sources, Totals};

/// Stands for a file that is not there.
pub(crate) const NO_FILE: u32 = u32::MAX;
/// The record number of a file that was made here.
pub(crate) const NO_RECORD: u32 = u32::MAX;
/// What the folder of names without a parent is called.
pub(crate) const ORPHANS: &str = "<orphans>";

/// Why an index could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// More files or names than row numbers can count.
    #[error("more than 2147483647 files, names and streams: more than one index can hold")]
    TooManyItems,
    /// What was written cannot be read: a mistake in this program.
    #[error("the index that was built cannot be opened")]
    Unreadable(#[from] SnapshotError),
    /// It could not be written.
    #[error("the index could not be written")]
    Write(#[from] std::io::Error),
}

/// Builds one index out of the batches of any number of workers.
#[derive(Debug)]
pub struct Builder {
    root: FileId,
    case: CaseTable,
}

/// What building tells before the index is written.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Joined<'a> {
    /// What did not fit together.
    pub findings: &'a Findings,
    /// How many rows are named streams.
    pub streams: u64,
}

impl Builder {
    /// An index whose root folder has the record number of `root`, its names compared by `case`.
    #[must_use]
    pub fn new(root: FileId, case: CaseTable) -> Self {
        Self { root, case }
    }

    /// Builds the index in memory. The result is the same to the byte whatever the number of batches and threads,
    /// and whichever worker read what.
    ///
    /// # Errors
    /// If the batches hold more than an index can.
    pub fn build(self, batches: Vec<Batch>) -> Result<(Index, Findings), BuildError> {
        self.build_with_note(batches, |_| Vec::new())
    }

    /// The same, with a note in the index for whoever opens it ([`Index::note`]), made when it is known how things fit
    /// together.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_with_note(
        self,
        batches: Vec<Batch>,
        note: impl FnOnce(Joined<'_>) -> Vec<u8>,
    ) -> Result<(Index, Findings), BuildError> {
        let (columns, rows, findings) = self.columns(batches, note)?;
        let bytes = columns.iter().map(Encoded::bytes).sum::<usize>();
        let room = Vec::with_capacity(bytes + bytes / 64 + (64 << 10));
        Ok((Index::made(emit::write(columns, rows, Cursor::new(room))?)?, findings))
    }

    /// Builds the index as a snapshot in `out`, which has to be empty, and gives that back. The caller flushes.
    ///
    /// # Errors
    /// If the batches hold more than an index can, or `out` cannot be written.
    pub fn write<W: Write + Seek>(self, batches: Vec<Batch>, out: W) -> Result<(W, Findings), BuildError> {
        let (columns, rows, findings) = self.columns(batches, |_| Vec::new())?;
        Ok((emit::write(columns, rows, out)?, findings))
    }

    fn columns(
        self,
        batches: Vec<Batch>,
        note: impl FnOnce(Joined<'_>) -> Vec<u8>,
    ) -> Result<(Vec<Encoded>, usize, Findings), BuildError> {
        let mut findings = Findings::default();
        let mut stitched = Stitched::new(batches, self.root, &mut findings)?;
        let (root, bucket) = (stitched.root(), stitched.bucket());
        let items = Items::new(&mut stitched, root, bucket, &mut findings);
        let (bytes, ends) = items.take_names(&mut stitched);
        let (names, mut parents) = rayon::join(
            || distinct(bytes, ends, |item| items.file[item] != NO_FILE, &self.case),
            || Parents::new(&stitched, &items, &mut findings),
        );
        let numbering = tree::number(&stitched, &items, &mut parents, &names.of_item, &mut findings);
        let rows = RowTable::new(numbering, &parents, &items, &stitched);
        drop(parents);
        let streams = std::mem::take(&mut stitched.streams);
        let (mut columns, of_rows) = rayon::join(
            || {
                let (facts, mut columns) = files::pack_files(&stitched, &rows.order);
                drop(stitched);
                let sources = Sources { rows: &rows, facts: &facts, items: &items, streams: &streams };
                let (totals, allocated) =
                    rayon::join(|| emit::totals(Totals::new(&sources)), || emit::allocated(&facts));
                columns.extend(totals);
                columns.push(allocated);
                columns
            },
            || {
                let mut columns = emit::names(names, &rows);
                columns.extend(emit::rows(&rows, &items, &streams));
                columns
            },
        );
        columns.extend(of_rows);
        let note = note(Joined { findings: &findings, streams: items.streams() });
        columns.extend(emit::kept(&self.case, note));
        Ok((columns, rows.len(), findings))
    }
}

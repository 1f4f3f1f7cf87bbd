//! From what the workers read to an index: stitch, join, number, lay out.
//!
//! Six steps, none of which goes deeper where folders do:
//! 1. the workers' tables become one, in the order of the records ([`stitch`]), and names, streams and facts from
//!    extension records find their files ([`join`], [`items`]);
//! 2. each spelling is kept once, in order ([`crate::names`]), while names find their folders ([`parents`]);
//! 3. they are numbered in preorder ([`children`], [`tree`]) while the names are packed, then files by the first of their rows
//!    ([`layout`]);
//! 4. the facts of the files are packed in that order ([`files`]) while the tree is;
//! 5. what lies below each folder is summed up ([`totals`]), and the other columns are packed ([`emit`]);
//! 6. all is laid out as a snapshot, in memory or to a file.
//!
//! Numbering, the order of the files and the totals are for one thread; whatever does not wait for them is done beside them.
//!
//! Until step 3 what will be a row is an *item*: the names in the order of their records, then the streams,
//! then the rows that are made here.
//!
//! Within a [`Budget`] the same steps are gone, one after the other where two would else go side by side: the facts of files come back
//! [sorted], names are dealt out to a scratch file, and columns lie there until they are written.

mod built;
mod children;
mod emit;
mod file_table;
mod files;
mod findings;
mod items;
mod join;
mod layout;
mod parents;
mod record_map;
mod sorted;
mod stitch;
#[cfg(test)]
mod tests;
mod totals;
mod tree;

pub use built::Built;
pub use findings::{Finding, FindingKind, Findings, LISTED_MAX};
pub(crate) use join::refers_to;
pub(crate) use record_map::RecordMap;
pub(crate) use tree::DEPTH_MAX;

use crate::CaseTable;
use crate::batch::Batch;
use crate::budget::{self, Budget, OverBudget, SpillError};
use crate::file::FileId;
use crate::index::{Index, Total};
use crate::names::{Distinct, distinct};
use crate::store::{Encoded, SnapshotError, WriteError, snapshot};
use items::Items;
use layout::RowTable;
use parents::Parents;
use stitch::Stitched;
use totals::{Sources, Totals};
use tree::Numbering;

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
    /// It takes more memory than is allowed.
    #[error(transparent)]
    OverBudget(#[from] OverBudget),
    /// What does not fit into memory could not be put aside.
    #[error(transparent)]
    Spill(#[from] SpillError),
}

impl From<WriteError> for BuildError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Spill(error) => Self::Spill(error),
            WriteError::Write(error) => Self::Write(error),
        }
    }
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
        let Columns { columns, rows, findings, .. } = self.columns(batches, note)?;
        Ok((Index::made(snapshot(columns, rows as u64)?)?, findings))
    }

    /// Builds the index up to where it can be written, so that it need not be in memory: within the budget that its batches were [made
    /// with](Batch::within). What is written is the same to the byte whatever that is.
    ///
    /// # Errors
    /// If the batches hold more than an index can, or take more than the budget, or what does not fit cannot be put aside.
    pub fn prepare(
        self,
        batches: Vec<Batch>,
        note: impl FnOnce(Joined<'_>) -> Vec<u8>,
    ) -> Result<Built, BuildError> {
        let Columns { columns, rows, findings, root } = self.columns(batches, note)?;
        Built::new(columns, rows, findings, root)
    }

    fn columns(
        self,
        mut batches: Vec<Batch>,
        note: impl FnOnce(Joined<'_>) -> Vec<u8>,
    ) -> Result<Columns, BuildError> {
        let budget = &Batch::one_budget(&mut batches);
        let mut findings = Findings::default();
        budget.turn();
        let mut stitched = Stitched::new(batches, self.root, budget, &mut findings)?;
        let (root, bucket) = (stitched.root(), stitched.bucket());
        let mut items = Items::new(&mut stitched, root, bucket, &mut findings);
        let names = items.take_names(&mut stitched);
        let file = std::mem::take(&mut items.file);
        let parents = || {
            let parents = Parents::new(&stitched, &items, &file, &mut findings);
            // From here on nothing is looked up by its record.
            (stitched.records, stitched.names, items.primary) = Default::default();
            parents
        };
        let distinct = || distinct(names, |item| file[item] != NO_FILE, &self.case, budget);
        let (mut parents, names) = side_by_side(budget, parents, distinct);
        let Distinct { of_item, items_end, columns: names } = names?;
        items.file = file;
        budget.count(budget::Items { claims: parents.claims(), ..Default::default() })?;
        let (columns, tree) = side_by_side(
            budget,
            || emit::names(names, &items_end, budget),
            || tree::number(&stitched, &items, &mut parents, &of_item, &mut findings),
        );
        let mut columns = columns?;
        drop(of_item);
        let Numbering { item: of_items, parent, name, holders } = tree;
        let (rows, streams) = (of_items.len(), items.streams());
        budget.count(budget::Items::holding(holders.len(), rows))?;
        // The tree first: where memory is short it is gone before there are totals.
        let of_tree = || emit::tree(parent, name, &holders, items_end, budget);
        let of_files = || files_and_totals(stitched, of_items, parents, items, &holders, budget);
        let (of_tree, of_files) = side_by_side(budget, of_tree, of_files);
        let (root, of_files) = of_files?;
        columns.extend(of_files);
        columns.extend(of_tree?);
        let note = note(Joined { findings: &findings, streams });
        columns.extend(emit::kept(&self.case, note, budget)?);
        columns.sort_unstable_by_key(|column| column.column);
        Ok(Columns { columns, rows, findings, root })
    }
}

/// The columns of the files and of what follows from them, and what lies below the root. `of_items` are the items that are rows, of
/// which `holders` hold others.
fn files_and_totals(
    stitched: Stitched,
    of_items: Vec<u32>,
    parents: Parents,
    mut items: Items,
    holders: &[(u32, u32)],
    budget: &Budget,
) -> Result<(Total, Vec<Encoded>), SpillError> {
    let Stitched { files, streams, .. } = stitched;
    let mut rows = RowTable::new(&of_items, &parents, &items, files.len());
    drop((of_items, parents));
    items.file = Vec::new();
    let (facts, mut columns) = files::pack_files(files, &rows.order, budget)?;
    rows.order.place = Vec::new();
    let sources = Sources { holders, rows: &rows, facts: &facts, items: &items, streams: &streams };
    let totals = || {
        let totals = Totals::new(&sources);
        (totals.root(holders), emit::totals(totals, budget))
    };
    let others = || {
        let mut columns = emit::rows(&rows, &items, &streams, budget)?;
        columns.push(emit::allocated(&facts, budget)?);
        Ok::<_, SpillError>(columns)
    };
    let ((root, of_totals), others) = rayon::join(totals, others);
    columns.extend(of_totals?);
    columns.extend(others?);
    Ok((root, columns))
}

/// All of an index, packed.
struct Columns {
    /// In the order of their numbers.
    columns: Vec<Encoded>,
    rows: usize,
    findings: Findings,
    /// What lies below the root.
    root: Total,
}

/// Both, on two threads if there is memory for what both take.
fn side_by_side<A: Send, B: Send>(
    budget: &Budget,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if budget.is_limited() {
        let a = a();
        (a, b())
    } else {
        rayon::join(a, b)
    }
}

//! An index and what has changed since: searched as one, without building anew.
//!
//! A source that lives tells which records changed, and whoever reads them again gives their whole new state ([`Change`]): names,
//! facts, streams. A [`View`] keeps these states beside the index that they change (the `delta`) and answers as an index built from
//! the new states would. It is a value: changing it makes another one, so that readers keep what they hold and never wait;
//! publishing is `sync::Snapshot`'s.
//!
//! Rows of the index whose place in the tree and whose facts are as they were are *regular*: the engine finds them in the columns.
//! All others (what a moved folder holds, what has other facts, what is new) are few, and each is asked by itself
//! (a `question`). So a folder that moves costs nothing but that its rows become irregular; when there are many, the view is
//! [rebuilt](View::rebuild). A batch costs its own size, however much changed before (`paged`). Only which
//! of two equal names of one file comes first in a folder may be forgotten. A folder whose facts alone changed, as most do all the
//! time, keeps its rows regular.

mod base;
mod delta;
mod order;
mod paged;
mod question;
mod rebuild;
mod row;
mod search;
mod slots;
#[cfg(test)]
mod tests;
mod totals;
mod tree;
mod wire;

use std::sync::{Arc, OnceLock};

use base::Base;
use delta::Delta;
pub use row::ViewRow;
use totals::Totals;

use crate::{Evidence, File, FileId, Index, Stream};

/// The whole state of a file, as its records tell it now.
#[derive(Debug, Clone)]
pub struct FileState {
    /// Its facts.
    pub file: File,
    /// What an index that keeps evidence keeps of it.
    pub evidence: Evidence,
    /// Its names in WTF-8, each with the folder that it lies in, in the order of the records; no generated short ones.
    pub names: Vec<(FileId, Vec<u8>)>,
    /// Its streams and their names; no packed forms.
    pub streams: Vec<(Vec<u8>, Stream)>,
}

/// What became of a record.
#[derive(Debug, Clone)]
pub enum Change {
    /// It holds this file now, whatever it held before.
    Set(FileState),
    /// It holds none any more.
    Remove(u32),
}

impl Change {
    /// The number of the record that it is of.
    #[must_use]
    pub fn record(&self) -> u32 {
        match self {
            Self::Set(state) => state.file.record,
            Self::Remove(record) => *record,
        }
    }
}

/// An index and its changes.
#[derive(Debug, Clone)]
pub struct View {
    base: Arc<Base>,
    delta: Arc<Delta>,
    /// Made when they are first asked for.
    totals: Arc<OnceLock<Totals>>,
}

impl View {
    /// The index as it is.
    #[must_use]
    pub fn new(index: Arc<Index>) -> Self {
        let base = Base::new(index);
        let mut delta = Delta::new(base.index.len());
        delta.ring_heads = Arc::new(base.ring_heads.iter().copied().collect());
        Self { base: Arc::new(base), delta: Arc::new(delta), totals: Arc::default() }
    }

    /// The view after some more changes, in their order. This one stays as it is.
    #[must_use]
    pub fn with(&self, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut delta = Delta::clone(&self.delta);
        delta.apply(&self.base, changes);
        Self { base: Arc::clone(&self.base), delta: Arc::new(delta), totals: Arc::default() }
    }

    /// The index that has changed.
    #[must_use]
    pub fn base(&self) -> &Arc<Index> {
        &self.base.index
    }

    /// How many rows are asked by themselves: the more, the more is to be gained from [`View::rebuild`].
    #[must_use]
    pub fn irregular(&self) -> u64 {
        self.delta.irregular.count() + self.delta.rows.len() as u64
    }

    /// One row: of the index those that are still there, new ones behind them.
    ///
    /// # Panics
    /// If there never was such a row.
    #[must_use]
    pub fn row(&self, row: u32) -> ViewRow<'_> {
        assert!((row as usize) < self.base.len() + self.delta.rows.len(), "row {row}");
        ViewRow::new(self, row)
    }

    fn totals(&self) -> &Totals {
        self.totals.get_or_init(|| Totals::of(self))
    }

    /// All rows, in no order.
    pub fn rows(&self) -> impl Iterator<Item = ViewRow<'_>> {
        let kept = (0..self.base.index.len()).filter(|&row| self.delta.is_there(row));
        kept.chain(self.delta.alive()).map(|row| ViewRow::new(self, row))
    }
}

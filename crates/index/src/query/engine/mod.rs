//! The search: a query and an index in, rows out.
//!
//! ```text
//! Expr ──► plan   terms made ready for this index, the order in which they are asked
//!      ──► sweep  names (one pass over the blob), facts (one pass over a column), tree (one pass in preorder)
//!      ──► rows   one bit a row
//!      ──► order  sorted, then the offset and the limit: what is counted is what matches, not what is shown
//! ```

mod facts;
mod glob;
mod names;
mod order;
mod path_text;
mod plan;
mod row_set;
mod tree;

pub(crate) use facts::{FactTest, RowFacts};
pub use names::extension;
pub(crate) use names::{Matcher, characters};
pub use order::SortKey;
pub(crate) use row_set::RowSet;

use super::{Query, Visibility};
use crate::{Index, SnapshotError};

/// What is wanted of a search besides the query.
#[derive(Debug, Clone, Default)]
pub struct SearchOptions {
    /// By what the rows are sorted; without it they come in the order of the tree.
    pub sort: Option<SortKey>,
    /// The greatest first.
    pub descending: bool,
    /// How many rows are left out at the beginning.
    pub offset: u64,
    /// How many rows are given at most.
    pub limit: Option<u64>,
    /// Which rows are seen beside the usual ones and those that the query names.
    pub visibility: Visibility,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// The rows that were asked for, in order.
    pub rows: Vec<u32>,
    /// How many rows match, shown or not.
    pub total: u64,
}

impl Index {
    /// The rows that match `query` and are visible.
    ///
    /// # Errors
    /// If the index is damaged where the search came by.
    pub fn search(&self, query: &Query, options: &SearchOptions) -> Result<Hits, SnapshotError> {
        let visibility = options.visibility.and(query.mentions());
        let mut found = self.select(query, visibility);
        // A bucket of orphans that holds none is nothing to show.
        let bucket = self.row(Index::ROOT).subtree_end();
        if bucket + 1 == self.len() {
            found.remove(bucket);
        }
        let rows = self.page(&found, options);
        self.sound().map(|()| Hits { rows, total: found.count() })
    }

    /// The rows that match, whether or not the index is sound there.
    pub(crate) fn select(&self, query: &Query, visibility: Visibility) -> RowSet {
        plan::Plan::new(self, query.expr(), visibility).select(self)
    }

    /// Those of `found` that the options ask for, in order.
    pub(crate) fn page(&self, found: &RowSet, options: &SearchOptions) -> Vec<u32> {
        order::page(self, found, options)
    }
}

#[cfg(test)]
mod tests;

//! The search: a query and an index in, rows out.
//!
//! ```text
//! Expr ──► plan   terms made ready for this index, the order in which they are asked
//!      ──► sweep  names (one pass over the blob), facts (one pass over a column), tree (one pass in preorder)
//!      ──► rows   one bit a row
//!      ──► order  sorted, then the offset and the limit: what is counted is what matches, not what is shown
//! ```
//!
//! Where only the first rows are wanted, and nobody counts, they may be found by [asking](probe) one after another instead, or by
//! [walking](walk) in their order when it is known which names pass.

mod extensions;
mod facts;
mod glob;
mod keys;
mod names;
mod order;
mod path_text;
mod plan;
mod probe;
mod row_set;
mod sweep;
pub(crate) mod threads;
mod tree;
mod walk;

pub use extensions::Extensions;
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

impl SearchOptions {
    /// How many rows are passed over, and where those end that are given.
    pub(crate) fn window(&self) -> (usize, usize) {
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let offset = whole(self.offset);
        (offset, offset.saturating_add(self.limit.map_or(usize::MAX, whole)))
    }
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
    /// The rows that match `query` and are visible. On several threads if it is called in a rayon pool: the answer is the same.
    ///
    /// # Errors
    /// If the index is damaged where the search came by.
    pub fn search(&self, query: &Query, options: &SearchOptions) -> Result<Hits, SnapshotError> {
        let found = self.shown(&self.plan(query, options));
        let rows = self.page(&found, options);
        self.sound().map(|()| Hits { rows, total: found.count() })
    }

    /// The rows that [`Index::search`] gives, found without counting all that match: soon, if it is the first of many in the order
    /// of the tree.
    ///
    /// # Errors
    /// If the index is damaged where the search came by.
    pub fn search_page(&self, query: &Query, options: &SearchOptions) -> Result<Vec<u32>, SnapshotError> {
        let plan = self.plan(query, options);
        let (offset, end) = options.window();
        let in_order = matches!(options.sort, None | Some(SortKey::Path));
        let first = in_order.then(|| {
            let empty = self.empty_bucket();
            let rows = (0..self.len()).filter(|&row| Some(row) != empty);
            if options.descending {
                probe::first(&plan, self, rows.rev(), end)
            } else {
                probe::first(&plan, self, rows, end)
            }
        });
        let rows = match first.flatten().or_else(|| walk::first(&plan, self, options)) {
            Some(mut rows) => {
                rows.drain(..offset.min(rows.len()));
                rows
            }
            None => self.page(&self.shown(&plan), options),
        };
        self.sound().map(|()| rows)
    }

    fn plan<'q>(&self, query: &'q Query, options: &SearchOptions) -> plan::Plan<'q> {
        plan::Plan::new(self, query.expr(), options.visibility.and(query.mentions()))
    }

    /// The bucket of orphans if it holds none, which is nothing to show.
    fn empty_bucket(&self) -> Option<u32> {
        Some(self.row(Index::ROOT).subtree_end()).filter(|bucket| bucket + 1 == self.len())
    }

    /// The rows that pass and are something to show.
    fn shown(&self, plan: &plan::Plan<'_>) -> RowSet {
        let mut found = plan.select(self);
        if let Some(bucket) = self.empty_bucket() {
            found.remove(bucket);
        }
        found
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

//! Searching a view: the engine answers for regular rows, the others are asked one by one, and the answers are merged.

use std::cmp::Ordering;

use super::View;
use super::order::{PathKeys, compare};
use super::question::Question;
use crate::SnapshotError;
use crate::query::{Hits, Query, RowSet, SearchOptions, SortKey, threads};

/// Rows that a thread asks before it takes more.
const TASK_ROWS: usize = 1 << 12;

impl View {
    /// The rows that match `query` and are visible, as [`crate::Index::search`] would find them in an index built anew; by the
    /// numbers of this view. On several threads if it is called in a rayon pool: the answer is the same.
    ///
    /// # Errors
    /// If the index is damaged where the search came by.
    pub fn search(&self, query: &Query, options: &SearchOptions) -> Result<Hits, SnapshotError> {
        let (base, delta) = (&self.base, &self.delta);
        let visibility = options.visibility.and(query.mentions());
        let mut regular = base.index.select(query, visibility);
        delta.gone.take_out_of(&mut regular);
        delta.irregular.take_out_of(&mut regular);
        regular.remove(base.bucket);
        let table = base.index.names().case_table();
        let question = Question::new(query.expr(), table, visibility);
        let asked: Vec<u32> = self.irregular_rows().collect();
        let tasks: Vec<&[u32]> = asked.chunks(TASK_ROWS).collect();
        let holds = |row: &u32| question.holds(self.row(*row), table);
        let mut others = threads::concat(tasks.len(), |task| {
            tasks.get(task).into_iter().flat_map(|rows| rows.iter().copied()).filter(holds).collect()
        });
        if question.holds(self.row(base.bucket), table) && self.bucket_holds_something() {
            others.push(base.bucket);
        }
        let total = regular.count() + others.len() as u64;
        self.page(&regular, others, options).map(|rows| Hits { rows, total })
    }

    /// The rows of a page, of regular rows and of others.
    fn page(
        &self,
        regular: &RowSet,
        mut others: Vec<u32>,
        options: &SearchOptions,
    ) -> Result<Vec<u32>, SnapshotError> {
        let order = |&a: &u32, &b: &u32| compare(self.row(a), self.row(b), options.sort, options.descending);
        if matches!(options.sort, None | Some(SortKey::Path)) {
            let mut keys = PathKeys::new(self);
            others.sort_by_cached_key(|&row| keys.of(row));
            if options.descending {
                others.reverse();
            }
        } else {
            threads::sort_by(&mut others, order);
        }
        let (offset, end) = options.window();
        others.truncate(end);
        let first = SearchOptions { offset: 0, limit: Some(end as u64), ..options.clone() };
        let rows = merged(&self.base.index.page(regular, &first), &others, order);
        self.base.index.sound().map(|()| rows.into_iter().take(end).skip(offset).collect())
    }

    /// The rows that are in no column as they are now, in no order.
    fn irregular_rows(&self) -> impl Iterator<Item = u32> {
        self.delta.irregular.iter().filter(|&row| self.delta.is_there(row)).chain(self.delta.alive())
    }

    fn bucket_holds_something(&self) -> bool {
        let bucket = self.base.bucket;
        let in_bucket = |row: u32| self.row(row).parent().is_some_and(|parent| parent.number() == bucket);
        (bucket + 1..self.base.index.len()).any(|row| self.delta.is_there(row) && in_bucket(row))
            || self.irregular_rows().any(in_bucket)
    }
}

/// Two sorted lists as one. The second is mostly short, so its places in the first are looked for.
fn merged(a: &[u32], b: &[u32], order: impl Fn(&u32, &u32) -> Ordering) -> Vec<u32> {
    let mut rows = Vec::with_capacity(a.len() + b.len());
    let mut rest = a;
    for row in b {
        let before = rest.partition_point(|first| order(first, row) != Ordering::Greater);
        let (head, tail) = rest.split_at(before);
        rows.extend_from_slice(head);
        rows.push(*row);
        rest = tail;
    }
    rows.extend_from_slice(rest);
    rows
}

//! Searching a view: the engine answers for regular rows, the others are asked one by one, and the answers are merged.

use std::cmp::Ordering;

use super::View;
use super::order::compare;
use super::question::Question;
use crate::SnapshotError;
use crate::query::{Hits, Query, SearchOptions};

impl View {
    /// The rows that match `query` and are visible, as [`crate::Index::search`] would find them in an index built anew; by the
    /// numbers of this view.
    ///
    /// # Errors
    /// If the index is damaged where the search came by.
    pub fn search(&self, query: &Query, options: &SearchOptions) -> Result<Hits, SnapshotError> {
        let (base, delta) = (&self.base, &self.delta);
        let visibility = options.visibility.and(query.mentions());
        let mut regular = base.index.select(query, visibility);
        regular.subtract(&delta.gone);
        regular.subtract(&delta.irregular);
        regular.remove(base.bucket);
        let table = base.index.names().case_table();
        let question = Question::new(query.expr(), table, visibility);
        let asked = delta.irregular.iter().filter(|&row| !delta.gone.contains(row)).chain(delta.alive());
        let mut others: Vec<u32> = asked.filter(|&row| question.holds(self.row(row), table)).collect();
        if question.holds(self.row(base.bucket), table) && self.bucket_holds_something() {
            others.push(base.bucket);
        }
        let total = regular.count() + others.len() as u64;
        let order = |&a: &u32, &b: &u32| compare(self.row(a), self.row(b), options.sort, options.descending);
        others.sort_by(order);
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let offset = whole(options.offset);
        let end = offset.saturating_add(options.limit.map_or(usize::MAX, whole));
        let first = SearchOptions { offset: 0, limit: Some(end as u64), ..options.clone() };
        let regular = base.index.page(&regular, &first);
        let rows = merged(regular, others, order).take(end).skip(offset).collect();
        base.index.sound().map(|()| Hits { rows, total })
    }

    fn bucket_holds_something(&self) -> bool {
        self.rows().any(|row| row.parent().is_some_and(|parent| parent.number() == self.base.bucket))
    }
}

/// Two sorted lists as one.
fn merged(a: Vec<u32>, b: Vec<u32>, order: impl Fn(&u32, &u32) -> Ordering) -> impl Iterator<Item = u32> {
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(first), Some(second)) if order(first, second) == Ordering::Greater => b.next(),
        (Some(_), _) => a.next(),
        (None, _) => b.next(),
    })
}

//! Rows of several indexes in one order.
//!
//! Each index gives its rows sorted; the next row of all is the least of those that stand in front. With as many
//! sources as somebody types, looking at each is quicker than keeping a heap of them.

use std::cmp::Ordering;

use quarry_index::query::SortKey;
use quarry_index::{Index, Row, Time};

/// A row of one of several indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Located {
    /// Which index.
    pub(crate) source: usize,
    /// Which row of it.
    pub(crate) row: u32,
}

/// What was found in one index, in order.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    /// What the source is called: paths begin with it.
    pub(crate) name: &'a str,
    pub(crate) index: &'a Index,
    pub(crate) rows: Vec<u32>,
}

/// The first `end` rows of all runs in order; where nothing decides, the runs keep theirs.
pub(crate) fn merge(runs: &[Run<'_>], key: Option<SortKey>, descending: bool, end: usize) -> Vec<Located> {
    let count = runs.iter().map(|run| run.rows.len()).sum::<usize>().min(end);
    let by_source = |a: &usize, b: &usize| match key {
        Some(SortKey::Path) => directed(runs[*a].name.cmp(runs[*b].name), descending),
        _ => directed(a.cmp(b), descending),
    };
    match key {
        Some(key) if key != SortKey::Path && runs.len() > 1 => {
            let mut next = vec![0; runs.len()];
            std::iter::from_fn(|| least(runs, &mut next, key, descending)).take(count).collect()
        }
        _ => {
            let mut order: Vec<usize> = (0..runs.len()).collect();
            order.sort_by(by_source);
            let located = |source: usize| runs[source].rows.iter().map(move |&row| Located { source, row });
            order.into_iter().flat_map(located).take(count).collect()
        }
    }
}

/// Takes the least of the rows that stand in front of the runs; `next` says which those are.
fn least(runs: &[Run<'_>], next: &mut [usize], key: SortKey, descending: bool) -> Option<Located> {
    let front = |source: usize| {
        let index = runs[source].index;
        let row = index.row(*runs[source].rows.get(next[source])?);
        Some((source, Front { row, folded: index.names().folded(row.name_number()) }))
    };
    let fronts = (0..runs.len()).filter_map(front);
    let (source, front) = fronts.min_by(|(_, a), (_, b)| a.compare(b, key, descending))?;
    next[source] += 1;
    Some(Located { source, row: front.row.number() })
}

/// A row that may come next.
#[derive(Debug, Clone, Copy)]
struct Front<'a> {
    row: Row<'a>,
    /// Its name as its volume folds it.
    folded: &'a [u8],
}

impl Front<'_> {
    /// The order in which an index sorts by `key`, between rows of any two.
    fn compare(&self, other: &Self, key: SortKey, descending: bool) -> Ordering {
        let (a, b) = (self.row, other.row);
        let first = match key {
            SortKey::Size => directed(a.size().cmp(&b.size()), descending),
            SortKey::Modified => by_time(a.modified(), b.modified(), descending),
            SortKey::Created => by_time(a.created(), b.created(), descending),
            SortKey::Accessed => by_time(a.accessed(), b.accessed(), descending),
            _ => {
                return directed(
                    self.folded.cmp(other.folded).then_with(|| a.name().cmp(&b.name())),
                    descending,
                );
            }
        };
        first.then_with(|| self.folded.cmp(other.folded)).then_with(|| a.name().cmp(&b.name()))
    }
}

/// What is no date comes last in either direction.
fn by_time(a: Time, b: Time, descending: bool) -> Ordering {
    match (a.is_date(), b.is_date()) {
        (true, true) => directed(a.cmp(&b), descending),
        (a, b) => b.cmp(&a),
    }
}

fn directed(order: Ordering, descending: bool) -> Ordering {
    if descending { order.reverse() } else { order }
}

#[cfg(test)]
mod tests {
    use super::{Run, merge};
    use crate::tree::{Node, file, index};
    use quarry_index::Index;
    use quarry_index::query::{Query, SearchOptions, SortKey};

    /// A moment that is a date, and one that is none.
    const DATE: u64 = 133_592_046_721_234_567;
    const NEVER: u64 = u64::MAX;

    fn sources() -> [(&'static str, Index); 2] {
        let node =
            |record, name, size, modified| Node { size: Some(size), modified, ..file(record, 5, name) };
        [
            ("x", index(&[node(30, "Beta", 5, DATE), node(31, "alpha", 9, NEVER), node(32, "same", 7, 0)])),
            (
                "b",
                index(&[node(30, "gamma", 8, DATE + 1), node(31, "Alpha", 1, 0), node(32, "same", 7, DATE)]),
            ),
        ]
    }

    /// The names found, each after the name of its source.
    fn check(sort: Option<SortKey>, descending: bool, end: usize, expected: &str) {
        let sources = sources();
        let query = Query::parse("type:file", &jiff::Zoned::now()).expect("a query");
        let options = SearchOptions { sort, descending, ..SearchOptions::default() };
        let runs: Vec<Run<'_>> = sources
            .iter()
            .map(|(name, index)| Run {
                name,
                index,
                rows: index.search(&query, &options).expect("it is sound").rows,
            })
            .collect();
        let name = |located: &super::Located| {
            let row = runs[located.source].index.row(located.row);
            format!("{}:{}", runs[located.source].name, String::from_utf8_lossy(&row.name()))
        };
        let found: Vec<String> = merge(&runs, sort, descending, end).iter().map(name).collect();
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn rows_of_several_sources_come_in_one_order() {
        let size = Some(SortKey::Size);
        check(size, false, 9, "b:Alpha x:Beta x:same b:same b:gamma x:alpha");
        check(size, true, 9, "x:alpha b:gamma x:same b:same x:Beta b:Alpha");
        check(size, true, 2, "x:alpha b:gamma");
        let name = Some(SortKey::Name);
        check(name, false, 9, "b:Alpha x:alpha x:Beta b:gamma x:same b:same");
        check(name, true, 9, "x:same b:same b:gamma x:Beta x:alpha b:Alpha");
    }

    #[test]
    fn what_has_no_date_comes_last_in_either_direction() {
        let modified = Some(SortKey::Modified);
        check(modified, false, 9, "x:Beta b:same b:gamma b:Alpha x:alpha x:same");
        check(modified, true, 9, "b:gamma x:Beta b:same b:Alpha x:alpha x:same");
    }

    #[test]
    fn paths_and_unsorted_rows_stay_with_their_source() {
        check(None, false, 4, "x:alpha x:Beta x:same b:Alpha");
        let path = Some(SortKey::Path);
        check(path, false, 9, "b:Alpha b:gamma b:same x:alpha x:Beta x:same");
        check(path, true, 9, "x:same x:Beta x:alpha b:same b:gamma b:Alpha");
    }
}

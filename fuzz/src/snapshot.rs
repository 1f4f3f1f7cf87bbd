//! The target `snapshot`: a file that says it holds an index is opened and asked everything.

use quarry_index::query::{Query, SearchOptions, SortKey};
use quarry_index::{Index, SnapshotBytes};

use crate::sign::sign;

/// Rows that are asked for their paths, which are as long as their folders are deep.
const PATHS_MAX: usize = 64;
const QUERIES: [&str; 6] =
    ["a", "path:a/b | !ext:txt", "size:>0 dm:2001", "regex:o+", "*.?* len:>3", "depth:1 type:file"];

/// Opens the bytes with checksums made to fit, so that what is behind them is reached. What an index gives that says it
/// is sound has to be of one piece.
pub fn snapshot(data: &[u8]) {
    // As it is, too: the checks before the checksums.
    let _ = Index::open(SnapshotBytes::Owned(data.to_vec()));
    let mut bytes = data.to_vec();
    sign(&mut bytes);
    // One that is asked at once, for the first fault that is noticed is the last.
    let checks = Index::open(SnapshotBytes::Owned(bytes.clone())).is_ok_and(|index| index.check().is_ok());
    let Ok(index) = Index::open(SnapshotBytes::Owned(bytes)) else { return };
    let walked = walk(&index);
    if index.sound().is_ok() {
        assert_eq!(walked, Ok(()));
    }
    for (place, text) in QUERIES.into_iter().enumerate() {
        let query = Query::parse(text, &jiff::Zoned::default()).expect("the queries above are right");
        let sort = [None, Some(SortKey::Name), Some(SortKey::Size), Some(SortKey::Extension)][place % 4];
        let options = SearchOptions { sort, descending: place % 2 == 0, ..SearchOptions::default() };
        if let Ok(found) = index.search(&query, &options) {
            assert!(found.total <= u64::from(index.len()) && found.rows.len() as u64 <= found.total);
            assert!(found.rows.iter().all(|&row| row < index.len()));
            if let (true, Ok(page)) = (checks, index.search_page(&query, &options)) {
                assert_eq!(page, found.rows, "two ways to the rows of {text}");
            }
        }
    }
    if checks {
        listed(&index);
    }
    let _ = (index.check(), index.note(), index.columns().count());
}

/// In an index that checks out, names and rows tell the same of one another.
fn listed(index: &Index) {
    let mut rows = 0;
    for name in 0..u32::try_from(index.names().len()).unwrap_or(u32::MAX) {
        for row in index.names().rows_of(name) {
            assert_eq!(index.row(row).name_number(), name);
            rows += 1;
        }
    }
    assert_eq!(rows, index.len());
}

/// Asks every row everything; what does not hang together, if something does not.
fn walk(index: &Index) -> Result<(), String> {
    let mut wrong = Ok(());
    let mut path = Vec::new();
    for (place, row) in index.rows().enumerate() {
        let parent = row.parent().map_or(0, |parent| parent.number());
        if parent > row.number() || row.subtree_end() <= row.number() || row.subtree_end() > index.len() {
            wrong = Err(format!("row {place} lies in {parent} and ends at {}", row.subtree_end()));
        }
        if row.file() >= index.files() && index.files() > 0 {
            wrong = Err(format!("row {place} is of file {}", row.file()));
        }
        let times = [row.created(), row.modified(), row.changed(), row.accessed()];
        let numbers = (row.size(), row.allocated(), row.record(), row.sequence(), row.links(), times);
        let bits = (row.kind(), row.flags(), row.attributes(), row.reparse_tag(), row.file_flags());
        std::hint::black_box((numbers, bits, row.total(), row.name()));
        if place < PATHS_MAX {
            path.clear();
            row.path_into(&mut path);
        }
    }
    let names = index.names();
    for name in 0..u32::try_from(names.len()).unwrap_or(u32::MAX).min(index.len()) {
        let rows: Vec<u32> = names.rows_of(name).collect();
        if rows.iter().any(|&row| row >= index.len()) {
            wrong = Err(format!("name {name} has the rows {rows:?}"));
        }
        std::hint::black_box(names.get(name));
    }
    wrong
}

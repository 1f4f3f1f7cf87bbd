//! A view after any changes against an index built from the states that they lead to.

mod pitfalls;
mod property;
mod rings;
mod steps;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::{Change, FileState, View, ViewRow};
use crate::query::{Query, SearchOptions, SortKey, Visibility};
use crate::{Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Index, Row, Stream, Time};

const ROOT: FileId = FileId { record: 5, sequence: 5 };
/// Records that files have here.
const RECORDS: std::ops::Range<u32> = 30..46;

type Model = BTreeMap<u32, FileState>;

/// The index of the states, in the order of their records.
fn built(model: &Model) -> Index {
    let mut batch = Batch::with_evidence();
    batch.begin(0);
    for state in model.values() {
        batch.open_file();
        for (parent, name) in &state.names {
            batch.name(*parent, false, |blob| blob.extend_from_slice(name));
        }
        for (name, stream) in &state.streams {
            batch.stream(*stream, |blob| blob.extend_from_slice(name));
        }
        let flags = state.file.flags | FileFlags::SIZED;
        batch.close_file_with(File { flags, ..state.file }, state.evidence);
    }
    static CASE: LazyLock<CaseTable> = LazyLock::new(CaseTable::default);
    Builder::new(ROOT, CASE.clone()).build(vec![batch]).unwrap().0
}

fn root(time: u64) -> FileState {
    let file = File {
        record: ROOT.record,
        sequence: ROOT.sequence,
        size: 0,
        allocated: 0,
        created: Time(1),
        modified: Time(time),
        changed: Time(1),
        accessed: Time(1),
        attributes: 6,
        reparse_tag: 0,
        flags: FileFlags::DIRECTORY | FileFlags::METAFILE,
    };
    let stream = (b"zone".to_vec(), Stream { size: time, allocated: 0, packed: false });
    FileState {
        file,
        evidence: Evidence::default(),
        names: vec![(ROOT, b".".to_vec())],
        streams: if time.is_multiple_of(3) { vec![stream] } else { vec![] },
    }
}

/// A folder with a folder that holds a file of two names, the other of which lies in the root, and a stream.
fn small() -> Model {
    let state = |record, flags, names: &[(FileId, &str)]| {
        let mut state = root(1);
        state.file.record = record;
        state.file.sequence = 1;
        state.file.size = u64::from(record);
        state.file.modified = Time(132_000_000_000_000_000 + u64::from(record));
        state.file.flags = flags;
        state.names = names.iter().map(|(folder, name)| (*folder, name.as_bytes().to_vec())).collect();
        state
    };
    let id = |record| FileId { record, sequence: 1 };
    let folder = FileFlags::DIRECTORY;
    let mut linked = state(33, FileFlags::empty(), &[(id(31), "one"), (ROOT, "two")]);
    linked.streams = vec![(b"s".to_vec(), Stream { size: 5, allocated: 8, packed: false })];
    let states = [
        root(1),
        state(30, folder, &[(ROOT, "outer")]),
        state(31, folder, &[(id(30), "inner")]),
        state(32, FileFlags::empty(), &[(id(31), "plain.txt")]),
        linked,
        state(34, folder, &[(ROOT, "other")]),
    ];
    states.into_iter().map(|state| (state.file.record, state)).collect()
}

/// What a row of either kind is, but for numbers.
fn of_index(row: Row<'_>) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {} {} {:?} {:?} {} {:?} {:?}",
        row.path().escape_ascii().to_string(),
        row.kind(),
        row.flags(),
        row.file_flags(),
        row.size(),
        row.allocated(),
        row.modified(),
        row.record(),
        row.links(),
        row.claimed_parent(),
        row.total(),
    )
}

fn of_view(row: ViewRow<'_>) -> String {
    use crate::query::RowFacts;
    format!(
        "{:?} {:?} {:?} {:?} {} {} {:?} {:?} {} {:?} {:?}",
        row.path().escape_ascii().to_string(),
        row.kind(),
        row.flags(),
        FileFlags::from_bits_truncate(u8::try_from(row.file().flags.stored()).unwrap()),
        RowFacts::size(row),
        RowFacts::allocated(row),
        row.file().modified,
        RowFacts::record(row),
        row.links(),
        row.claimed_parent(),
        row.total(),
    )
}

const QUERIES: [&str; 12] = [
    "",
    "a",
    "ext:txt | b",
    "path:a/b",
    "path:moved !a",
    "size:>2",
    "type:folder",
    "type:stream",
    "depth:2",
    "orphan: | damaged:",
    "len:1 case:B",
    "regex:^a",
];

const SORTS: [Option<SortKey>; 6] = [
    None,
    Some(SortKey::Path),
    Some(SortKey::Name),
    Some(SortKey::Size),
    Some(SortKey::Modified),
    Some(SortKey::Extension),
];

/// The queries, parsed once.
static PARSED: LazyLock<Vec<Query>> = LazyLock::new(|| {
    QUERIES.iter().map(|text| Query::parse(text, &jiff::Zoned::default()).unwrap()).collect()
});

/// Every row hangs on one of the tops. Asked before anything is searched: a ring that was overlooked makes every climb as long as
/// climbs are allowed to be, so that a failure would take minutes to tell and hours to shrink.
fn check_climbs(view: &View) -> Result<(), TestCaseError> {
    let rows = view.rows().count();
    for row in view.rows() {
        let steps = std::iter::successors(Some(row), |row| row.parent()).take(rows + 1).count();
        prop_assert!(steps <= rows, "row {} lies in itself", row.number());
    }
    Ok(())
}

/// Holds the answers of a view against those of an index built anew, which it returns.
fn check_answers(view: &View, model: &Model) -> Result<Index, TestCaseError> {
    check_climbs(view)?;
    let index = built(model);
    let all = Visibility { deleted: true, metafiles: true, streams: true };
    for (place, (text, query)) in QUERIES.iter().zip(PARSED.iter()).enumerate() {
        for (number, visibility) in [all, Visibility::default()].into_iter().enumerate() {
            let options = SearchOptions {
                sort: SORTS[(place + number) % SORTS.len()],
                descending: place % 3 == 0,
                offset: u64::from(place % 4 == 3),
                limit: (place % 5 == 4).then_some(3),
                visibility,
            };
            let expected = index.search(query, &options).unwrap();
            let found = view.search(query, &options).unwrap();
            let rows: Vec<String> = expected.rows.iter().map(|&row| of_index(index.row(row))).collect();
            let seen: Vec<String> = found.rows.iter().map(|&row| of_view(view.row(row))).collect();
            prop_assert_eq!(&seen, &rows, "{} {:?}", text, options);
            prop_assert_eq!(found.total, expected.total);
        }
    }
    Ok(index)
}

/// The same, and what the view is rebuilt to.
fn check(view: &View, model: &Model) -> Result<(), TestCaseError> {
    check_rebuilt(view, &check_answers(view, model)?)
}

fn check_rebuilt(view: &View, index: &Index) -> Result<(), TestCaseError> {
    let rebuilt = view.rebuild().unwrap().0;
    prop_assert_eq!(
        rebuilt.rows().map(of_index).collect::<Vec<_>>(),
        index.rows().map(of_index).collect::<Vec<_>>()
    );
    prop_assert_eq!(rebuilt.identity(), index.identity(), "the same to the byte");
    Ok(())
}

fn change(model: &mut Model, record: u32, change: impl FnOnce(&mut FileState)) {
    change(model.get_mut(&record).unwrap());
}

fn in_folder(record: u32) -> FileId {
    FileId { record, sequence: 1 }
}

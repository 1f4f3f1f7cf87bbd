//! A view after any changes against an index built from the states that they lead to.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Change, FileState, View, ViewRow};
use crate::query::{Query, SearchOptions, SortKey, Visibility};
use crate::{Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Index, Row, Stream, Time};
use std::sync::{Arc, LazyLock};

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

fn parent() -> impl Strategy<Value = FileId> {
    prop_oneof![
        3 => Just(ROOT),
        6 => (RECORDS, 1u16..4).prop_map(|(record, sequence)| FileId { record, sequence }),
        1 => Just(FileId { record: 4_000, sequence: 1 }),
    ]
}

fn state() -> impl Strategy<Value = FileState> {
    let name = prop_oneof![Just("a"), Just("B"), Just("b"), Just("ab.txt"), Just("Ab.TXT"), Just("é.c")];
    let names = prop::collection::vec((parent(), name.prop_map(|name| name.as_bytes().to_vec())), 0..3);
    let streams = prop::collection::vec((prop_oneof![Just("s"), Just("a")], 0u64..9), 0..2);
    let kind = prop_oneof![5 => Just(0u8), 4 => Just(1), 1 => Just(2), 1 => Just(3), 1 => Just(4)];
    (RECORDS, 1u16..4, kind, prop::bool::weighted(0.15), names, streams, 0u64..5, 0u64..3).prop_map(
        |(record, sequence, kind, deleted, mut names, streams, size, time)| {
            let mut flags = FileFlags::empty();
            flags.set(FileFlags::DIRECTORY, kind == 1);
            flags.set(FileFlags::DELETED, deleted);
            flags.set(FileFlags::DAMAGED, kind == 2);
            flags.set(FileFlags::METAFILE, kind == 3);
            // A folder has one name. Which of two equal names of one file comes first, a view may have forgotten.
            names.dedup_by(|a, b| a.1 == b.1);
            if kind == 1 {
                names.truncate(1);
            }
            let file = File {
                record,
                sequence,
                size: if kind == 1 { 0 } else { size },
                allocated: size * 8,
                created: Time(time),
                modified: Time(132_000_000_000_000_000 + time),
                changed: Time(2),
                accessed: Time(u64::MAX - time),
                attributes: 0x20 << time,
                reparse_tag: if kind == 4 { 0xA000_000C } else { 0 },
                flags,
            };
            let stream = |size| Stream { size, allocated: size, packed: false };
            let streams =
                streams.into_iter().map(|(name, size)| (name.as_bytes().to_vec(), stream(size))).collect();
            FileState { file, evidence: Evidence { usn: size, ..Evidence::default() }, names, streams }
        },
    )
}

#[derive(Debug, Clone)]
enum Step {
    Set(FileState),
    /// Other facts for what is there.
    Touch(u32, u64),
    /// Another name for what is there.
    Move(u32, FileId, &'static str),
    Remove(u32),
    /// What was there at first, as it was.
    Restore(u32),
    /// The root with another time.
    Root(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => state().prop_map(Step::Set),
        3 => (RECORDS, 0u64..9).prop_map(|(record, size)| Step::Touch(record, size)),
        3 => (RECORDS, parent()).prop_map(|(record, parent)| Step::Move(record, parent, "moved")),
        2 => RECORDS.prop_map(Step::Remove),
        3 => RECORDS.prop_map(Step::Restore),
        1 => (1u64..9).prop_map(Step::Root),
    ]
}

/// The change that a step is, and its effect on the model, which was `first` before all changes.
fn take(model: &mut Model, first: &Model, step: Step) -> Option<Change> {
    let change = match step {
        Step::Set(state) => Change::Set(state),
        Step::Remove(record) => Change::Remove(record),
        Step::Restore(record) => {
            first.get(&record).map_or(Change::Remove(record), |state| Change::Set(state.clone()))
        }
        Step::Touch(record, size) => {
            let mut state = model.get(&record)?.clone();
            state.file.size = if state.file.flags.contains(FileFlags::DIRECTORY) { 0 } else { size };
            state.file.modified = Time(132_000_000_000_000_000 + size);
            Change::Set(state)
        }
        Step::Move(record, parent, name) => {
            let mut state = model.get(&record)?.clone();
            *state.names.first_mut()? = (parent, name.as_bytes().to_vec());
            state.names.dedup_by(|a, b| a.1 == b.1);
            Change::Set(state)
        }
        Step::Root(time) => Change::Set(root(time)),
    };
    match &change {
        Change::Set(state) => drop(model.insert(state.file.record, state.clone())),
        Change::Remove(record) => drop(model.remove(record)),
    }
    Some(change)
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

/// A case is a hundred searches and four indexes, so it takes fewer of them.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: (usual.cases / 8).max(48), ..usual }
}

/// One thread: indexes of a few rows are built sooner than other threads are woken.
static ALONE: LazyLock<rayon::ThreadPool> =
    LazyLock::new(|| rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());

fn check_changes(before: Vec<FileState>, batches: Vec<Vec<Step>>) -> Result<(), TestCaseError> {
    let mut model: Model = before.into_iter().map(|state| (state.file.record, state)).collect();
    model.insert(ROOT.record, root(1));
    let mut view = View::new(Arc::new(built(&model)));
    let first = view.clone();
    let held = model.clone();
    let mut index = check_answers(&view, &model)?;
    for steps in batches {
        let changes: Vec<Change> =
            steps.into_iter().filter_map(|step| take(&mut model, &held, step)).collect();
        view = view.with(changes);
        index = check_answers(&view, &model)?;
    }
    // Who held the view from before still has it.
    check_answers(&first, &held)?;
    // Only the last is rebuilt: building is most of what a case takes.
    check_rebuilt(&view, &index)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_changes_give_what_a_rebuild_gives(
        before in prop::collection::vec(state(), 0..14),
        batches in prop::collection::vec(prop::collection::vec(step(), 1..7), 1..4),
    ) {
        ALONE.install(|| check_changes(before, batches))?;
    }
}

proptest! {
    /// What a log holds is what was put into it; a log that is cut, or is none, is refused and does no harm.
    #[test]
    fn changes_come_back_from_bytes(
        states in prop::collection::vec(state(), 0..4),
        removed: u32,
        cut: prop::sample::Index,
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let changes: Vec<Change> =
            states.into_iter().map(Change::Set).chain([Change::Remove(removed)]).collect();
        let mut bytes = Vec::new();
        changes.iter().for_each(|change| change.encode(&mut bytes));
        let mut rest = bytes.as_slice();
        for change in &changes {
            let back = Change::decode(&mut rest).unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{change:?}"));
        }
        prop_assert!(rest.is_empty());
        let mut cut = &bytes[..cut.index(bytes.len())];
        prop_assert!((0..changes.len()).any(|_| Change::decode(&mut cut).is_none()), "one was cut");
        let mut noise = noise.as_slice();
        while Change::decode(&mut noise).is_some() {}
    }
}

/// As `docs/formats/log.md` draws them.
#[test]
fn changes_are_drawn_as_they_are() {
    let mut bytes = Vec::new();
    Change::Remove(0x0102_0304).encode(&mut bytes);
    assert_eq!(bytes, [2, 4, 3, 2, 1]);
    bytes.clear();
    Change::Set(small()[&33].clone()).encode(&mut bytes);
    assert_eq!(bytes.len(), 132 + 8 + 3 + 3 + 18 + 1, "two names of three bytes, a stream of one");
    assert_eq!(bytes[..8], [1, 33, 0, 0, 0, 1, 0, 0]);
    assert_eq!(bytes[16..24], [33, 0, 0, 0, 0, 0, 0, 0], "the size");
    assert_eq!(bytes[116..131], *b"\x02\0\0\0\x1f\0\0\0\x01\0\x03\0one");
}

/// Found by the soak: a file with the same name in two folders that are not there, told again with the two the other way round.
#[test]
fn equal_names_come_in_the_order_of_the_record() {
    let gone = |record| (FileId { record, sequence: 1 }, b"same".to_vec());
    let file = |names| {
        let mut state = root(0);
        state.file.record = 30;
        state.file.flags = FileFlags::empty();
        FileState { names, streams: Vec::new(), ..state }
    };
    let before = file(vec![gone(41), gone(42)]);
    let mut model: Model = [(30, before), (ROOT.record, root(1))].into();
    let view = View::new(Arc::new(built(&model)));
    let after = file(vec![gone(42), gone(41)]);
    model.insert(30, after.clone());
    check(&view.with([Change::Set(after)]), &model).unwrap();
}

/// Found by the slice of the soak: a ring whose member got another time was taken for none, and climbing it had no end. And a
/// ring of three that one of them leaves: the first of them lies in the bucket for no reason any more.
#[test]
fn rings_last_as_long_as_they_are_closed() {
    let folder = |record, parent, time| {
        let mut state = root(time);
        state.file.record = record;
        state.file.sequence = 1;
        state.file.flags = FileFlags::DIRECTORY;
        state.names = vec![(parent, format!("f{record}").into_bytes())];
        state
    };
    let id = |record| FileId { record, sequence: 1 };
    let ring = [folder(30, id(32), 1), folder(31, id(30), 1), folder(32, id(31), 1), folder(33, id(31), 1)];
    let mut model: Model = ring.into_iter().map(|state| (state.file.record, state)).collect();
    model.insert(ROOT.record, root(1));
    let mut view = View::new(Arc::new(built(&model)));
    check(&view, &model).unwrap();
    for state in [
        folder(32, id(31), 4),
        folder(31, ROOT, 1),
        folder(31, id(30), 2),
        folder(33, id(32), 1),
        folder(30, id(33), 1),
        folder(32, ROOT, 1),
    ] {
        model.insert(state.file.record, state.clone());
        view = view.with([Change::Set(state)]);
        check(&view, &model).unwrap();
    }
}

/// Found when the property did not end: a ring of two folders whose member was removed, so that the other hung on nothing, and came
/// back as it had been. That moved no folder by its own record, so nobody asked for rings again; every climb then went round until
/// it was stopped after 32,772 steps, for each row, of each search, of each step of shrinking.
#[test]
fn a_folder_that_comes_back_closes_its_ring() {
    let folder = |record, parent: u32| {
        let mut state = root(1);
        state.file.record = record;
        state.file.sequence = 1;
        state.file.flags = FileFlags::DIRECTORY;
        state.names = vec![(FileId { record: parent, sequence: 1 }, b"f".to_vec())];
        state
    };
    let mut file = folder(31, 30);
    file.file.flags = FileFlags::empty();
    let ring = [folder(30, 31), folder(31, 30)];
    let mut model: Model = ring.into_iter().map(|state| (state.file.record, state)).collect();
    model.insert(ROOT.record, root(1));
    let whole = model.clone();
    let mut view = View::new(Arc::new(built(&model)));
    for away in [Change::Remove(31), Change::Set(file)] {
        match &away {
            Change::Set(state) => drop(model.insert(31, state.clone())),
            Change::Remove(record) => drop(model.remove(record)),
        }
        view = view.with([away]);
        check(&view, &model).unwrap();
        model.clone_from(&whole);
        view = view.with([Change::Set(whole[&31].clone())]);
        check(&view, &model).unwrap();
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

/// What happens to the states, in words and in fact.
type NamedStep = (&'static str, fn(&mut Model));

/// Each step changes the states; after each, the view is what an index built anew is: rows, searches, orders, totals.
fn check_steps(steps: &[NamedStep]) {
    let mut model = small();
    let mut view = View::new(Arc::new(built(&model)));
    check(&view, &model).unwrap();
    for (title, step) in steps {
        let before = model.clone();
        step(&mut model);
        let set = model.iter().filter(|(record, state)| {
            before.get(record).is_none_or(|had| format!("{had:?}") != format!("{state:?}"))
        });
        let gone = before.keys().filter(|record| !model.contains_key(record));
        let changes: Vec<Change> = set
            .map(|(_, state)| Change::Set(state.clone()))
            .chain(gone.map(|&record| Change::Remove(record)))
            .collect();
        assert!(!changes.is_empty(), "{title}");
        view = view.with(changes);
        check(&view, &model).unwrap_or_else(|error| panic!("{title}: {error}"));
    }
}

fn change(model: &mut Model, record: u32, change: impl FnOnce(&mut FileState)) {
    change(model.get_mut(&record).unwrap());
}

fn in_folder(record: u32) -> FileId {
    FileId { record, sequence: 1 }
}

#[test]
fn rows_are_added_and_deleted() {
    check_steps(&[
        ("a file", |model| {
            let mut state = model[&32].clone();
            state.file.record = 40;
            state.names = vec![(in_folder(31), b"new".to_vec())];
            model.insert(40, state);
        }),
        ("a folder and a file in it", |model| {
            let (mut folder, mut file) = (model[&34].clone(), model[&32].clone());
            (folder.file.record, file.file.record) = (41, 42);
            folder.names = vec![(in_folder(34), b"sub".to_vec())];
            file.names = vec![(in_folder(41), b"deep".to_vec())];
            model.extend([(41, folder), (42, file)]);
        }),
        ("the file is deleted", |model| drop(model.remove(&40))),
        ("a folder without what it holds", |model| drop(model.remove(&31))),
        ("and the rest", |model| model.retain(|&record, _| record == ROOT.record)),
    ]);
}

#[test]
fn facts_change() {
    check_steps(&[
        ("the newest file gets older", |model| {
            change(model, 33, |state| state.file.modified = Time(132_000_000_000_000_000));
        }),
        ("a file grows", |model| change(model, 32, |state| state.file.size = 1 << 40)),
        ("a folder has another time", |model| change(model, 31, |state| state.file.modified = Time(7))),
        ("a stream comes", |model| {
            let stream = Stream { size: 3, allocated: 4, packed: false };
            change(model, 34, |state| state.streams = vec![(b"t".to_vec(), stream)]);
        }),
        ("a stream goes", |model| change(model, 33, |state| state.streams.clear())),
        ("a file reads as deleted", |model| {
            change(model, 32, |state| state.file.flags.insert(FileFlags::DELETED));
        }),
    ]);
}

#[test]
fn rows_are_renamed() {
    check_steps(&[
        ("a file", |model| change(model, 32, |state| state.names[0].1 = b"renamed.md".to_vec())),
        ("only its case", |model| change(model, 32, |state| state.names[0].1 = b"RENAMED.md".to_vec())),
        ("a folder that holds others", |model| change(model, 30, |state| state.names[0].1 = b"z".to_vec())),
        ("back", |model| change(model, 30, |state| state.names[0].1 = b"outer".to_vec())),
    ]);
}

#[test]
fn hard_links_come_and_go() {
    check_steps(&[
        ("a third one beside the first", |model| {
            change(model, 33, |state| state.names.push((in_folder(31), b"three".to_vec())));
        }),
        ("one of a plain file", |model| {
            change(model, 32, |state| state.names.push((in_folder(34), b"elsewhere".to_vec())));
        }),
        ("the first goes", |model| change(model, 33, |state| drop(state.names.remove(0)))),
        ("one is left", |model| change(model, 33, |state| state.names.truncate(1))),
    ]);
}

#[test]
fn folders_move_with_what_they_hold() {
    check_steps(&[
        ("into another", |model| change(model, 30, |state| state.names[0].0 = in_folder(34))),
        ("out of what moved", |model| change(model, 31, |state| state.names[0].0 = ROOT)),
        ("what moved moves on", |model| change(model, 34, |state| state.names[0].0 = in_folder(31))),
        ("to nowhere", |model| change(model, 31, |state| state.names[0].0 = in_folder(99))),
        ("and all back", |model| *model = small()),
    ]);
}

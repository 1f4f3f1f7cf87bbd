//! Any changes, in batches, against a rebuild.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;

/// The root, had its record been given out again.
const RENUMBERED: FileId = FileId { sequence: ROOT.sequence + 1, ..ROOT };

fn parent() -> impl Strategy<Value = FileId> {
    prop_oneof![
        3 => Just(ROOT),
        1 => Just(RENUMBERED),
        6 => (RECORDS, 1u16..4).prop_map(|(record, sequence)| FileId { record, sequence }),
        1 => Just(FileId { record: 4_000, sequence: 1 }),
    ]
}

pub(super) fn state() -> impl Strategy<Value = FileState> {
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
    /// The root with another time, another number and perhaps as a link.
    Root(u64, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => state().prop_map(Step::Set),
        3 => (RECORDS, 0u64..9).prop_map(|(record, size)| Step::Touch(record, size)),
        3 => (RECORDS, parent()).prop_map(|(record, parent)| Step::Move(record, parent, "moved")),
        2 => RECORDS.prop_map(Step::Remove),
        3 => RECORDS.prop_map(Step::Restore),
        1 => (1u64..9, prop_oneof![2 => Just(ROOT), 1 => Just(RENUMBERED)])
            .prop_map(|(time, id)| Step::Root(time, id.sequence)),
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
        Step::Root(time, sequence) => {
            let mut state = root(time);
            state.file.sequence = sequence;
            state.file.reparse_tag = if time == 7 { 0xA000_000C } else { 0 };
            Change::Set(state)
        }
    };
    match &change {
        Change::Set(state) => drop(model.insert(state.file.record, taken(state))),
        Change::Remove(record) => drop(model.remove(record)),
    }
    Some(change)
}

/// What is taken of a state: a root that is said to be another is damaged, and stays the one that it is.
fn taken(state: &FileState) -> FileState {
    let mut state = state.clone();
    if state.file.record == ROOT.record && state.file.sequence != ROOT.sequence {
        state.file.sequence = ROOT.sequence;
        state.file.flags |= FileFlags::DAMAGED;
    }
    state
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

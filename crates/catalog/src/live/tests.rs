//! A live entry on a simulated disk: every batch that was acknowledged is there, whatever was stopped, failed or lost.

use std::path::{Path, PathBuf};

use quarry_index::live::FileState;
use quarry_index::{Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Time};

use super::*;
use crate::entry::{Counts, Facts};
use crate::lock::Wait;
use crate::source::{Source, SourcePath};
use crate::storage::sim::{DISK_FULL, Fault, Plan, Process, World, every};

const FOLDER: &str = "/home/catalog";
const ROOT: FileId = FileId { record: 5, sequence: 5 };
const BYTES_MAX: u64 = 1 << 20;
const CALLS_MAX: u64 = 300;

fn name() -> Name {
    Name::new("a").unwrap()
}

fn catalog(process: &Process) -> Catalog {
    Catalog { folder: PathBuf::from(FOLDER), storage: Arc::new(process.clone()) }
}

fn reader(world: &World) -> Catalog {
    catalog(&Process::new(world, Plan::default()))
}

fn file(record: u32, text: &str) -> FileState {
    let file = File {
        record,
        sequence: 1,
        size: 7,
        allocated: 8,
        created: Time(1),
        modified: Time(2),
        changed: Time(3),
        accessed: Time(4),
        attributes: 0x20,
        reparse_tag: 0,
        flags: FileFlags::empty(),
    };
    let names = vec![(ROOT, text.as_bytes().to_vec())];
    FileState { file, evidence: Evidence::default(), names, streams: Vec::new() }
}

fn set(record: u32, text: &str) -> Change {
    Change::Set(file(record, text))
}

/// An index of one file.
fn index() -> Index {
    let mut batch = Batch::new();
    batch.begin(0);
    batch.open_file();
    let state = file(30, "first");
    batch.name(ROOT, false, |blob| blob.extend_from_slice(b"first"));
    batch.close_file(state.file);
    Builder::new(ROOT, CaseTable::default()).build(vec![batch]).unwrap().0
}

/// A disk with an entry, with nothing in doubt.
fn world() -> World {
    let world = World::new(Path::new(FOLDER));
    let index = index();
    let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
    let source = Source { kind: "volume".into(), path, serial: None, label: None };
    let facts = Facts { source, scanned: 1, took_ns: 2, counts: Counts { unread: 9, ..Counts::default() } };
    let mut lock = reader(&world).lock(&name(), Wait::No).unwrap();
    lock.publish(facts, |mut out| index.write_to(&mut out).map(|()| index.identity())).unwrap();
    drop(lock);
    world.settled()
}

/// The names that a new process sees.
fn seen(world: &World) -> Vec<String> {
    names(&reader(world).current(&name(), BYTES_MAX).unwrap())
}

fn names(current: &Current) -> Vec<String> {
    let rows = current.view.rows().filter(|row| row.parent().is_some());
    let mut names: Vec<String> =
        rows.map(|row| String::from_utf8(row.name().into_owned()).unwrap()).collect();
    names.sort_unstable();
    names
}

/// Never merges by itself: what a background thread does when is no test's to say.
const BY_HAND: LiveOptions = LiveOptions {
    merge_rows: u64::MAX,
    merge_bytes: u64::MAX,
    merge_threads: NonZeroUsize::MIN,
    bytes_max: BYTES_MAX,
};

/// Opens, applies, merges, applies; how many batches were acknowledged.
fn act(catalog: &Catalog, acknowledged: &mut usize) -> Result<(), Error> {
    let live = catalog.lock(&name(), Wait::No)?.live(BY_HAND)?;
    for (place, changes) in batches().into_iter().enumerate() {
        if place == 2 {
            live.merge()?;
        }
        live.apply(changes)?;
        *acknowledged += 1;
    }
    live.merge()
}

fn batches() -> Vec<Vec<Change>> {
    vec![
        vec![set(31, "second"), set(32, "third")],
        vec![Change::Remove(30)],
        vec![set(31, "moved")],
        vec![set(33, "last"), Change::Remove(32)],
    ]
}

/// What is seen after so many batches.
fn after(batches: usize) -> Vec<String> {
    let all: [&[&str]; 5] = [
        &["first"],
        &["first", "second", "third"],
        &["second", "third"],
        &["moved", "third"],
        &["last", "moved"],
    ];
    all[batches].iter().map(|name| (*name).to_owned()).collect()
}

/// All acknowledged batches, and perhaps the one that was under way.
fn check(world: &World, acknowledged: usize, context: &str) {
    let found = seen(world);
    let allowed = [after(acknowledged), after((acknowledged + 1).min(4))];
    assert!(allowed.contains(&found), "{context}: {found:?} after {acknowledged} batches");
}

/// After whatever happened, all goes on, and nothing is left over.
fn check_goes_on(world: &World, context: &str) {
    let before = seen(world);
    let live = reader(world).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
    live.apply(vec![set(40, "z")]).unwrap();
    live.merge().unwrap();
    drop(live);
    let expected: Vec<String> = before.into_iter().chain(["z".to_owned()]).collect();
    assert_eq!(seen(world), expected, "{context}");
    reader(world).collect().unwrap();
    assert_eq!(reader(world).strays().unwrap(), [], "{context}");
    let files = world.file_names(Path::new(FOLDER));
    assert_eq!(files.len(), 5, "{context}: the locks, the pointer, its snapshot and its log: {files:?}");
}

#[test]
fn batches_are_seen_merged_and_found_again() {
    let world = world();
    let mut acknowledged = 0;
    act(&reader(&world), &mut acknowledged).unwrap();
    assert_eq!((acknowledged, seen(&world)), (4, after(4)));
    let entry = reader(&world).show(&name()).unwrap();
    assert_eq!((entry.generation, entry.facts.counts.files, entry.facts.counts.unread), (3, 2, 9));
    check_goes_on(&world, "in the end");
}

#[test]
fn who_loaded_keeps_what_was_there() {
    let world = world();
    let live = reader(&world).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
    let before = live.load_full();
    live.apply(vec![set(31, "second")]).unwrap();
    live.merge().unwrap();
    assert_eq!(names(&before), ["first"]);
    let query = Query::parse("second", &jiff::Zoned::default()).unwrap();
    assert_eq!(live.load().search(&query, &SearchOptions::default()).unwrap().total, 1);
    assert_eq!(before.search(&query, &SearchOptions::default()).unwrap().total, 0);
    assert!(matches!(reader(&world).lock(&name(), Wait::No), Err(Error::Locked { .. })));
}

/// Changes that arrive while a merge is at any of its calls are in what it leads to, and on the disk.
#[test]
fn what_arrives_during_a_merge_is_replayed() {
    for at in 0..CALLS_MAX {
        let world = world();
        let process = Process::new(&world, Plan::default());
        let live = Arc::new(catalog(&process).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap());
        live.apply(vec![set(31, "second")]).unwrap();
        let (opened, first) = (Arc::clone(&live), process.calls());
        let mut come = false;
        let before = Box::new(move |call: u64| {
            // Where writers wait for the merge, one comes when it is over.
            if call >= first + at && !come && !opened.shared.writer.is_locked() {
                come = true;
                opened.apply(vec![set(32, "third")]).unwrap();
            }
        });
        process.plan(Plan { before: Some(before), ..Plan::default() });
        live.merge().unwrap();
        let (calls, found) = (process.calls() - first, names(&live.load()));
        process.plan(Plan::default());
        drop(live);
        assert_eq!(seen(&world), found, "call {at}");
        if calls <= at {
            assert!(at > 10, "a merge makes more calls than {at}");
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn a_process_that_dies_loses_no_batch_that_it_acknowledged() {
    let before = world();
    for at in 0..CALLS_MAX {
        let world = before.kill_all();
        let process = Process::new(&world, Plan { fault: Some((at, Fault::Die)), ..Plan::default() });
        let mut acknowledged = 0;
        let done = act(&catalog(&process), &mut acknowledged).is_ok() && process.calls() <= at;
        let context = format!("killed at call {at}");
        let killed = world.kill_all();
        check(&killed, acknowledged, &context);
        check_goes_on(&killed, &context);
        if done {
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn a_loss_of_power_loses_no_batch_that_was_acknowledged() {
    let before = world();
    let mut disks = 0;
    for at in 0..CALLS_MAX {
        let world = before.kill_all();
        let process = Process::new(&world, Plan { fault: Some((at, Fault::Die)), ..Plan::default() });
        let mut acknowledged = 0;
        let done = act(&catalog(&process), &mut acknowledged).is_ok() && process.calls() <= at;
        disks += every(|choices| {
            let crashed = world.crash(choices);
            check(&crashed, acknowledged, &format!("without power at call {at}, {choices:?}"));
        });
        if done {
            assert!(disks > 100, "only {disks} disks were tried");
            return;
        }
    }
    panic!("it does not come to its end");
}

/// A killed process may leave a frame that is visible and not on the disk. Who opens the entry then builds upon it, and a loss of power
/// must not take it from under what follows.
#[test]
fn a_loss_of_power_after_a_kill_takes_no_batch_from_the_middle() {
    let before = world();
    let first: fn(&Catalog) -> Result<(), Error> =
        |catalog| catalog.lock(&name(), Wait::No)?.live(BY_HAND)?.apply(vec![set(31, "second")]);
    for first_at in 0..CALLS_MAX {
        let world = before.kill_all();
        let process = Process::new(&world, Plan { fault: Some((first_at, Fault::Die)), ..Plan::default() });
        let done = first(&catalog(&process)).is_ok() && process.calls() <= first_at;
        let killed = world.kill_all();
        let there = seen(&killed);
        let live = reader(&killed).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
        assert_eq!(names(&live.load()), there);
        live.apply(vec![set(32, "third")]).unwrap();
        drop(live);
        let expected: Vec<String> = there.into_iter().chain(["third".to_owned()]).collect();
        every(|choices| {
            assert_eq!(seen(&killed.crash(choices)), expected, "killed at {first_at}, {choices:?}");
        });
        if done {
            return;
        }
    }
    panic!("it does not come to its end");
}

#[test]
fn a_call_that_fails_loses_no_batch_that_was_acknowledged() {
    const EIO: i32 = 5;
    let before = world();
    for fault in [Fault::Fail(EIO), Fault::FailLate(EIO)] {
        for at in 0..CALLS_MAX {
            let world = before.kill_all();
            let process = Process::new(&world, Plan { fault: Some((at, fault)), ..Plan::default() });
            let mut acknowledged = 0;
            let result = act(&catalog(&process), &mut acknowledged);
            let done = process.calls() <= at;
            let context = format!("{fault:?} at call {at}: {result:?}");
            check(&world.kill_all(), acknowledged, &context);
            every(|choices| check(&world.crash(choices), acknowledged, &context));
            check_goes_on(&world.kill_all(), &context);
            if done {
                assert!(result.is_ok(), "{context}");
                break;
            }
        }
    }
}

#[test]
fn after_a_write_that_failed_nothing_more_is_applied() {
    let world = world();
    let process = Process::new(&world, Plan::default());
    let live = catalog(&process).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
    process.plan(Plan { fault: Some((process.calls(), Fault::Fail(DISK_FULL))), ..Plan::default() });
    let error = live.apply(vec![set(31, "second")]).unwrap_err();
    assert!(error.to_string().ends_with("make room there, or use another folder"), "{error}");
    assert!(matches!(live.apply(vec![set(32, "third")]), Err(Error::LogBroken { .. })));
    assert_eq!(names(&live.load()), ["first"]);
}

/// How it fares when no merge is under way.
fn ended(live: &Live) -> LiveStatus {
    while live.status().merging {
        std::thread::yield_now();
    }
    live.status()
}

/// Found out by the status, not by a reader: the changes stay in the log, and are merged when the disk is sound again.
#[test]
fn a_merge_that_fails_is_told_and_tried_again() {
    let world = world();
    let process = Process::new(&world, Plan::default());
    let options = LiveOptions { merge_rows: 1, ..BY_HAND };
    let live = catalog(&process).lock(&name(), Wait::No).unwrap().live(options).unwrap();
    let in_log = process.calls() + 2;
    process.plan(Plan { fault: Some((in_log, Fault::Fail(DISK_FULL))), lasting: true, ..Plan::default() });
    live.apply(vec![set(31, "second"), set(32, "third")]).unwrap();
    let failed = ended(&live);
    let why = failed.failure.unwrap();
    assert!(failed.merges == 0 && why.contains("make room"), "{why}");
    process.plan(Plan::default());
    live.apply(vec![set(33, "fourth")]).unwrap();
    assert_eq!(ended(&live).merges, 0, "it waits until there is more to merge");
    live.apply((40..45).map(|record| set(record, "more")).collect()).unwrap();
    let merged = ended(&live);
    assert_eq!((merged.merges, merged.failure, merged.irregular), (1, None, 0));
    assert_eq!(reader(&world).show(&name()).unwrap().generation, 2);
}

/// Facts that change again and again make no more rows irregular, so only the log's length speaks for another try. No batch begins one
/// before.
#[test]
fn a_merge_that_failed_is_tried_again_for_the_length_of_the_log() {
    let world = world();
    let options = LiveOptions { merge_bytes: 1000, ..BY_HAND };
    let live = reader(&world).lock(&name(), Wait::No).unwrap().live(options).unwrap();
    let other_facts = || live.apply(vec![set(30, "first")]).unwrap();
    while live.status().log_bytes < 700 {
        other_facts();
    }
    let before = live.status();
    live.shared.end_merge(Err("no room".into()));
    let mut lengths = Vec::new();
    while ended(&live).merges == 0 {
        lengths.push(live.status().log_bytes);
        assert!(lengths.len() < 50, "no other try: {:?} after {before:?}", live.status());
        other_facts();
    }
    assert_eq!((before.merges, live.status().failure), (0, None));
    let [.., last_but_one, last] = lengths[..] else { panic!("{lengths:?}") };
    let frame = last - last_but_one;
    let doubled = before.log_bytes * 2;
    assert!(last <= doubled && last + frame > doubled, "{lengths:?}, which began at {}", before.log_bytes);
}

/// There are tries until the log is full, each after a good part of what is left.
#[test]
fn bounds_after_a_failure_leave_room() {
    const MIB: u64 = 1 << 20;
    let due = Due::new(&LiveOptions::default());
    // Rows and MiB at the failure, and the bounds of the next try.
    for (rows, log, rows_bound, log_bound) in [
        (0, 0, 200_000, 64),
        (0, 65, 200_000, 130),
        (200_001, 1, 400_002, 64),
        (0, 128, 200_000, 192),
        (0, 192, 200_000, 224),
        (u64::MAX, 256, u64::MAX, 256),
        (0, 257, 200_000, 257),
    ] {
        let next = due.after_failure(rows, log * MIB);
        let context = format!("{rows} rows and {log} MiB: {next:?}");
        assert!(!next.is_passed_by(rows_bound, log_bound * MIB), "{context}");
        assert!(next.is_passed_by(0, log_bound * MIB + 1), "{context}");
        assert!(rows == u64::MAX || next.is_passed_by(rows_bound + 1, 0), "{context}");
    }
}

/// Whatever the bounds are: what is refused for want of room has what makes room begun.
#[test]
fn a_full_log_is_merged() {
    let world = world();
    let live = reader(&world).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
    live.apply(vec![set(31, "second")]).unwrap();
    live.shared.writer.lock().log.fill_up();
    let error = live.apply(vec![set(32, "third")]).unwrap_err();
    assert!(matches!(error, Error::Log { source: LogError::Full, .. }), "{error}");
    assert_eq!(ended(&live).merges, 1);
    live.apply(vec![set(32, "third")]).unwrap();
    assert_eq!(seen(&world), ["first", "second", "third"]);
}

/// Whoever catches the panic goes on with the entry, which must not gather each batch for a merge that is gone, nor take one into a log
/// that readers do not see: once it did, when the panic came after the pointer was replaced and before the new log was taken over.
#[test]
fn a_merge_that_panics_leaves_nothing_behind() {
    let (mut taken, mut refused) = (0, 0);
    for at in 0..CALLS_MAX {
        let world = world();
        let process = Process::new(&world, Plan::default());
        let live = catalog(&process).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
        live.apply(vec![set(31, "second")]).unwrap();
        let first = process.calls();
        let before = Box::new(move |call: u64| assert!(call != first + at, "stop"));
        process.plan(Plan { before: Some(before), ..Plan::default() });
        let merged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live.merge()));
        let Err(_) = merged else {
            assert!(taken > 10 && refused > 3, "{taken} batches were taken and {refused} refused");
            return;
        };
        process.plan(Plan::default());
        assert!(!live.status().merging && live.shared.writer.lock().since.is_none(), "call {at}");
        let third = || live.apply(vec![set(32, "third")]);
        match third() {
            Ok(()) => taken += 1,
            Err(Error::LogBroken { .. }) => {
                refused += 1;
                assert_eq!(seen(&world), ["first", "second"], "call {at}");
                // A merge that comes to its end gives it a log again.
                live.merge().unwrap();
                third().unwrap();
            }
            Err(error) => panic!("call {at}: {error}"),
        }
        assert_eq!(seen(&world), ["first", "second", "third"], "call {at}");
        live.merge().unwrap();
        assert_eq!(seen(&world), ["first", "second", "third"], "call {at}");
    }
    panic!("it does not come to its end");
}

#[test]
fn a_log_of_another_snapshot_is_refused() {
    let world = world();
    let entry = reader(&world).show(&name()).unwrap();
    let path = reader(&world).path(&name(), entry.log());
    for (bytes, what) in [(&b"short"[..], "no log"), (&[0; 40], "no log")] {
        world.put(&path, bytes);
        let error = reader(&world).current(&name(), BYTES_MAX).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let other = Entry { identity: 7, ..entry.clone() };
    let mut lock = reader(&world).lock(&name(), Wait::No).unwrap();
    drop(lock.write_log(&other, &[]).unwrap());
    world.put(&path, &world.bytes(&reader(&world).path(&name(), other.log())).unwrap());
    let error = reader(&world).current(&name(), BYTES_MAX).unwrap_err();
    assert!(matches!(error, Error::Log { source: LogError::OtherSnapshot { actual: 7, .. }, .. }), "{error}");
}

/// A rename takes what changed along.
#[test]
fn changes_move_with_their_entry() {
    let world = world();
    let live = reader(&world).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
    live.apply(vec![set(31, "second")]).unwrap();
    drop(live);
    let renamed = Name::new("b").unwrap();
    reader(&world).rename(&name(), &renamed, Wait::No).unwrap();
    assert_eq!(names(&reader(&world).current(&renamed, BYTES_MAX).unwrap()), ["first", "second"]);
    assert_eq!(reader(&world).strays().unwrap(), []);
}

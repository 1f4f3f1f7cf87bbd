//! A live entry on a simulated disk: every batch that was acknowledged is there, whatever was stopped, failed or lost.

mod crash;
mod merging;

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

/// A bit that turned round in one batch took all behind it away, which were acknowledged, and `verify` called the entry sound.
#[test]
fn damage_before_sound_batches_is_no_torn_end() {
    let world = world();
    let live = reader(&world).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap();
    for (record, text) in [(31, "second"), (32, "third."), (33, "fourth")] {
        live.apply(vec![set(record, text)]).unwrap();
    }
    let log = reader(&world).path(&name(), live.load().entry.log());
    drop(live);
    let sound = world.bytes(&log).unwrap();
    // The header takes 32 bytes, a frame as much more for each batch as it is long.
    let frame = (sound.len() - 32) / 3;
    for (at, number) in [(32, 0), (37, 0), (40, 0), (60, 0), (32 + frame, 1), (70 + frame, 1)] {
        let mut damaged = sound.clone();
        damaged[at] ^= 4;
        world.put(&log, &damaged);
        for error in [
            reader(&world).current(&name(), BYTES_MAX).unwrap_err(),
            reader(&world).lock(&name(), Wait::No).unwrap().live(BY_HAND).unwrap_err(),
        ] {
            let expected = LogError::Damaged { number };
            assert!(matches!(&error, Error::Log { source, .. } if *source == expected), "{at}: {error}");
        }
    }
    // What is wrong in the last one may be the work of a crash.
    let mut torn = sound.clone();
    *torn.last_mut().unwrap() ^= 4;
    world.put(&log, &torn);
    let current = reader(&world).current(&name(), BYTES_MAX).unwrap();
    assert!(names(&current) == ["first", "second", "third."] && current.log_bytes_left > 0);
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

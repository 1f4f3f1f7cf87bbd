//! Single promises that need a failure, a lock or a hand-made disk to be seen.

use std::time::Duration;

use super::*;
use crate::catalog::Stray;
use crate::pointer::{Pointer, PointerError};
use crate::storage::sim::{DISK_FULL, Fault};

const EIO: i32 = 5;

/// The number of the first call that `act` makes of that name.
fn call_number(act: Act, word: &str) -> u64 {
    let process = Process::new(&SCENARIOS[1].world(), Plan::default());
    act(&catalog_of(&process)).unwrap();
    process.log().iter().position(|call| call.starts_with(word)).unwrap() as u64
}

#[test]
fn the_calls_of_a_publication() {
    let world = SCENARIOS[1].world();
    let process = Process::new(&world, Plan::default());
    publish(&catalog_of(&process), "a", NEW).unwrap();
    let identity = xxh3_64(NEW);
    let old = xxh3_64(OLD);
    assert_eq!(
        process.log(),
        [
            "make catalog",
            "open lock",
            "lock lock",
            "open lock.a",
            "lock lock.a",
            "read entry.a",
            "list catalog",
            "create snapshot-new.a.00000000000000000002",
            "write snapshot-new.a.00000000000000000002",
            "write snapshot-new.a.00000000000000000002",
            "sync snapshot-new.a.00000000000000000002",
            &format!("rename snapshot.a.00000000000000000002.{identity:016x}"),
            "sync folder catalog",
            "remove entry-new.a",
            "create entry-new.a",
            "write entry-new.a",
            "sync entry-new.a",
            "rename entry.a",
            "sync folder catalog",
            "list catalog",
            &format!("remove snapshot.a.00000000000000000001.{old:016x}"),
        ]
    );
}

#[test]
fn after_a_flush_that_failed_a_lock_writes_no_more() {
    let act: Act = |catalog| publish(catalog, "a", NEW);
    let pointed = call_number(act, "rename entry");
    let flushes = ["sync snapshot-new", "sync folder", "sync entry-new"].map(|word| call_number(act, word));
    for at in flushes.into_iter().chain([pointed, pointed + 1]) {
        let world = SCENARIOS[1].world();
        let process = Process::new(&world, Plan { fault: Some((at, Fault::Fail(EIO))), ..Plan::default() });
        let catalog = catalog_of(&process);
        let mut lock = catalog.lock(&name("a"), Wait::No).unwrap();
        let error = publish_under(&mut lock, NEW).unwrap_err();
        assert_eq!(matches!(error, Error::Unsettled { .. }), at >= pointed, "call {at}: {error}");
        assert!(matches!(publish_under(&mut lock, NEW), Err(Error::Poisoned { .. })), "call {at}");
        assert!(matches!(lock.collect(), Err(Error::Poisoned { .. })), "call {at}");
        assert!(matches!(lock.remove(), Err(Error::Poisoned { .. })), "call {at}");
        publish(&catalog, "a", NEW).unwrap();
    }
}

/// A writer that does not look at what its writes return must not get half a snapshot published.
#[test]
fn a_write_that_failed_is_not_overlooked() {
    let at = call_number(|catalog| publish(catalog, "a", NEW), "write snapshot-new");
    let world = SCENARIOS[1].world();
    let process = Process::new(&world, Plan { fault: Some((at, Fault::Fail(DISK_FULL))), ..Plan::default() });
    let mut lock = catalog_of(&process).lock(&name("a"), Wait::No).unwrap();
    let error = lock
        .publish(facts(), |snapshot| {
            assert!(snapshot.write(NEW).is_err());
            assert!(snapshot.write(NEW).is_err(), "a draft that failed takes more");
            Ok::<u64, BoxError>(7)
        })
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("snapshot-new.a") && text.contains("be written: ") && text.contains("; make room"),
        "{text}"
    );
    assert_eq!(seen(&world)["a"], OLD);
    // No flush failed: when there is room again, the same lock serves.
    publish_under(&mut lock, NEW).unwrap();
}

/// The catalogue may be what fills the disk. Then there is no room to write that an entry is removed.
#[test]
fn an_entry_is_removed_from_a_full_disk() {
    let remove: Act = |catalog| catalog.remove(&name("a"), Wait::No).map(drop);
    for full in ["create entry-new", "write entry-new"] {
        let at = call_number(remove, full);
        let plan = || Plan { fault: Some((at, Fault::Fail(DISK_FULL))), ..Plan::default() };
        let world = SCENARIOS[1].world();
        let process = Process::new(&world, plan());
        remove(&catalog_of(&process)).unwrap();
        assert!(!seen(&world).contains_key("a"), "{full}");
        // Nothing of it is deleted before its name is gone for good.
        let log = process.log();
        let place = |call: &str| {
            log.iter().position(|it| it.starts_with(call)).unwrap_or_else(|| panic!("{call}: {log:?}"))
        };
        let (pointer, snapshot) = (place("remove entry.a"), place("remove snapshot.a."));
        assert!(log[pointer..snapshot].contains(&"sync folder catalog".to_owned()), "{log:?}");
    }
}

/// Told once and of the folder, not of each entry as if there were something left of it.
#[test]
fn a_folder_that_may_not_be_changed_is_an_error() {
    const EACCES: i32 = if cfg!(windows) { 5 } else { 13 };
    let world = SCENARIOS[1].world();
    let locked = call_number(|catalog| catalog.collect().map(drop), "open lock");
    let plan = Plan { fault: Some((locked, Fault::Fail(EACCES))), lasting: true, ..Plan::default() };
    let collected = catalog_of(&Process::new(&world, plan)).collect();
    let Err(Error::Io { ref source, .. }) = collected else { panic!("{collected:?}") };
    assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
}

#[test]
fn waiting_ends() {
    let world = SCENARIOS[1].world();
    let lock = catalog(&world).lock(&name("a"), Wait::No).unwrap();
    let process = Process::new(&world, Plan::default());
    let refused =
        catalog_of(&process).lock(&name("a"), Wait::AtMost(Duration::from_millis(100))).unwrap_err();
    assert!(matches!(refused, Error::Locked { .. }), "{refused}");
    // Each try asks for the catalogue's lock and the entry's: one at first, one after each of 5 pauses of 20 ms.
    assert_eq!(process.log().iter().filter(|call| *call == "lock lock.a").count(), 6);
    drop(lock);
    catalog_of(&process).lock(&name("a"), Wait::Forever).unwrap();
}

#[test]
fn a_lock_of_the_whole_that_is_never_released_is_reported() {
    let world = SCENARIOS[1].world();
    let whole = catalog(&world).storage.try_lock(&Path::new(FOLDER).join("lock")).unwrap();
    let error = catalog(&world).lock(&name("a"), Wait::Forever).unwrap_err();
    assert!(matches!(error, Error::CatalogLocked { waited_ms: 10_000, .. }), "{error}");
    drop(whole);
}

#[test]
fn a_newer_programs_entry_is_left_alone() {
    let world = SCENARIOS[1].world();
    let body = "quarry catalog entry 2\nwhatever\n";
    let text = format!("{body}checksum {:016x}\n", xxh3_64(body.as_bytes()));
    world.put(&Path::new(FOLDER).join("entry.a"), text.as_bytes());
    let before = world.file_names(Path::new(FOLDER));
    let catalog = catalog(&world);
    let newer =
        |error: Error| matches!(error, Error::Pointer { source: PointerError::Newer { version: 2 }, .. });
    assert!(newer(catalog.open(&name("a")).unwrap_err()));
    assert!(newer(publish(&catalog, "a", NEW).unwrap_err()));
    assert!(newer(catalog.remove(&name("a"), Wait::No).unwrap_err()));
    catalog.collect().unwrap();
    assert_eq!(world.file_names(Path::new(FOLDER)), before);
}

/// A damaged pointer may name any snapshot, so none is deleted; a new scan, or removing it, mends it.
#[test]
fn a_damaged_entry_keeps_its_snapshots_until_it_is_replaced() {
    for remove in [false, true] {
        let world = SCENARIOS[1].world();
        world.put(&Path::new(FOLDER).join("entry.a"), b"quarry catalog entry 1\n");
        let catalog = catalog(&world);
        assert!(catalog.list().unwrap()[0].entry.is_err());
        let before = world.file_names(Path::new(FOLDER));
        catalog.collect().unwrap();
        assert_eq!(world.file_names(Path::new(FOLDER)), before);
        if remove {
            catalog.remove(&name("a"), Wait::No).unwrap();
        }
        check_goes_on(&world);
    }
}

#[test]
fn a_snapshot_that_is_gone_or_cut_is_reported() {
    let world = SCENARIOS[1].world();
    let entry = catalog(&world).show(&name("a")).unwrap();
    let path = catalog(&world).path(&name("a"), entry.part());
    world.put(&path, b"short");
    let error = catalog(&world).open(&name("a")).unwrap_err();
    assert!(matches!(error, Error::SnapshotLength { expected: 16, actual: 5, .. }), "{error}");
    catalog(&world).storage.remove_file(&path).unwrap();
    let error = catalog(&world).open(&name("a")).unwrap_err();
    assert!(matches!(error, Error::SnapshotMissing { .. }), "{error}");
    // The lost one's number is not given again.
    publish(&catalog(&world), "a", NEW).unwrap();
    assert_eq!(catalog(&world).show(&name("a")).unwrap().generation, entry.generation + 1);
    check_goes_on(&world);
}

/// Nobody may say which one it was, but it may be all that there is.
#[test]
fn an_older_snapshot_is_kept_while_the_entrys_own_is_missing() {
    let world = SCENARIOS[1].world();
    let entry = catalog(&world).show(&name("a")).unwrap();
    catalog(&world).storage.remove_file(&catalog(&world).path(&name("a"), entry.part())).unwrap();
    let older = "snapshot.a.00000000000000000000.0000000000000001".to_owned();
    world.put(&Path::new(FOLDER).join(&older), b"older");
    catalog(&world).collect().unwrap();
    assert!(world.file_names(Path::new(FOLDER)).contains(&older));
    check_goes_on(&world);
}

#[test]
fn there_is_no_generation_after_the_last() {
    let world = SCENARIOS[1].world();
    let mut entry = catalog(&world).show(&name("a")).unwrap();
    entry.generation = u64::MAX;
    world.put(&catalog(&world).path(&name("a"), entry.part()), OLD);
    world.put(&Path::new(FOLDER).join("entry.a"), Pointer::Live(entry).encode().as_bytes());
    assert!(matches!(publish(&catalog(&world), "a", NEW), Err(Error::LastGeneration { .. })));
    catalog(&world).remove(&name("a"), Wait::No).unwrap();
    publish(&catalog(&world), "a", NEW).unwrap();
    assert_eq!(catalog(&world).show(&name("a")).unwrap().generation, 1);
}

#[test]
fn two_pointers_that_changed_places_are_found_out() {
    let world = SCENARIOS[1].world();
    publish(&catalog(&world), "b", NEW).unwrap();
    let [a, b] = ["entry.a", "entry.b"].map(|file| Path::new(FOLDER).join(file));
    let [of_a, of_b] = [&a, &b].map(|path| world.bytes(path).unwrap());
    world.put(&a, &of_b);
    world.put(&b, &of_a);
    for entry in ["a", "b"] {
        let error = catalog(&world).open(&name(entry)).unwrap_err();
        assert!(matches!(error, Error::OtherEntry { .. }), "{error}");
    }
    assert_eq!(catalog(&world).strays().unwrap(), []);
}

#[test]
fn leftovers_are_told_from_foreign_files() {
    let world = SCENARIOS[1].world();
    for file in ["notes.txt", "snapshot-new.a.00000000000000000009"] {
        world.put(&Path::new(FOLDER).join(file), b"x");
    }
    let path = |file| Path::new(FOLDER).join(file);
    let [foreign, leftover] =
        [Stray::Foreign(path("notes.txt")), Stray::Leftover(path("snapshot-new.a.00000000000000000009"))];
    assert_eq!(catalog(&world).strays().unwrap(), [foreign.clone(), leftover]);
    catalog(&world).collect().unwrap();
    assert_eq!(catalog(&world).strays().unwrap(), [foreign]);
}

//! When changes are merged, and what a merge that fails or panics leaves.

use super::*;

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

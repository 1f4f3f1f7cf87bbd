//! Dying at every call: processes alone, and the whole machine with whatever the disk had not got yet.
//!
//! A call that a process dies at is not made, so dying at the next one is dying after it. All subsets of what is not settled are tried, and each file
//! that was not flushed is tried whole, torn and empty.

use super::*;
use crate::storage::sim::{Choices, Fault, every};

/// How far a scenario got on a disk.
struct Stopped {
    world: World,
    /// It was not stopped: it came to its end before call number `at`.
    done: bool,
}

fn stop(world: &World, act: Act, at: u64) -> Stopped {
    let world = world.kill_all();
    let process = Process::new(&world, Plan { fault: Some((at, Fault::Die)), ..Plan::default() });
    let done = act(&catalog_of(&process)).is_ok() && process.calls() <= at;
    Stopped { world, done }
}

/// Stops `act` at every call, the last time after its end.
fn stop_everywhere(world: &World, act: Act, mut then: impl FnMut(u64, Stopped)) {
    for at in call_numbers() {
        let stopped = stop(world, act, at);
        let done = stopped.done;
        then(at, stopped);
        if done {
            break;
        }
    }
}

#[test]
fn a_killed_process_leaves_the_old_or_the_new() {
    for scenario in SCENARIOS {
        let (allowed, (_, new)) = (scenario.allowed(), scenario.ends());
        stop_everywhere(&scenario.world(), scenario.act, |at, stopped| {
            let context = format!("{} killed at call {at}", scenario.title);
            let world = stopped.world.kill_all();
            let found = seen(&world);
            assert!(allowed.contains(&found), "{context}: {found:?}");
            assert!(!stopped.done || found == new, "{context}: {found:?}");
            check_goes_on(&world);
        });
    }
}

#[test]
fn a_loss_of_power_leaves_the_old_or_the_new() {
    let mut disks = 0;
    for scenario in SCENARIOS {
        let (allowed, (_, new)) = (scenario.allowed(), scenario.ends());
        stop_everywhere(&scenario.world(), scenario.act, |at, stopped| {
            disks += every(|choices| {
                let world = stopped.world.crash(choices);
                let context = format!("{} without power at call {at}, {choices:?}", scenario.title);
                let found = seen(&world);
                assert!(allowed.contains(&found), "{context}: {found:?}");
                // What was reported as done is done for good.
                assert!(!stopped.done || found == new, "{context}: {found:?}");
                check_goes_on(&world);
            });
        });
    }
    assert!(disks > 900, "only {disks} disks were tried");
}

/// What a killed process left in doubt is settled before anything that it might need is deleted.
#[test]
fn a_loss_of_power_after_a_kill_leaves_one_of_them_whole() {
    let first: Act = |catalog| publish(catalog, "a", NEW);
    let removes: Act = |catalog| catalog.remove(&name("a"), Wait::No).map(drop);
    let seconds: [(&str, Act, Option<&[u8]>); 3] = [
        ("publish", |catalog| publish(catalog, "a", NEXT), Some(NEXT)),
        ("remove", |catalog| tolerate_no_entry(catalog.remove(&name("a"), Wait::No).map(drop)), None),
        ("collect", |catalog| catalog.collect().map(drop), None),
    ];
    let before = SCENARIOS[1].world();
    for (what, first) in [("publish", first), ("remove", removes)] {
        stop_everywhere(&before, first, |first_at, killed| {
            let killed = killed.world.kill_all();
            for (then, second, acknowledged) in seconds {
                stop_everywhere(&killed, second, |at, stopped| {
                    every(|choices| {
                        let world = stopped.world.crash(choices);
                        let context =
                            format!("{what} killed at {first_at}, {then} stopped at {at}, {choices:?}");
                        let found = seen(&world);
                        let found = found.get("a").map(Vec::as_slice);
                        assert!(
                            [None, Some(OLD), Some(NEW), Some(NEXT)].contains(&found),
                            "{context}: {found:?}"
                        );
                        if stopped.done && then != "collect" {
                            assert_eq!(found, acknowledged, "{context}");
                        }
                    });
                });
            }
        });
    }
}

fn tolerate_no_entry(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::NoEntry { .. }) => Ok(()),
        other => other,
    }
}

#[test]
fn an_export_is_whole_or_not_there() {
    let world = SCENARIOS[1].world();
    let export: Act = |catalog| export(catalog).map(drop);
    let whole = world.kill_all();
    export(&catalog(&whole)).unwrap();
    let whole = whole.bytes(Path::new(EXPORTED));
    stop_everywhere(&world, export, |at, stopped| {
        every(|choices: &mut Choices| {
            let world = stopped.world.crash(choices);
            let found = world.bytes(Path::new(EXPORTED));
            assert!(found == whole || found.is_none() && !stopped.done, "stopped at call {at}: {found:?}");
            check_goes_on(&world);
        });
    });
}

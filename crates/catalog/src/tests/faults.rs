//! Failing at every call: once and from then on, with nothing done, and with all done and a failure reported.

use super::*;
use crate::storage::sim::{DISK_FULL, Fault, every};

const EIO: i32 = 5;
const FAULTS: [Fault; 4] =
    [Fault::Fail(EIO), Fault::Fail(DISK_FULL), Fault::FailLate(EIO), Fault::FailLate(DISK_FULL)];

/// What a scenario said when call number `at` failed.
struct Failed {
    context: String,
    world: World,
    result: Result<(), Error>,
    /// It came to its end before that call.
    done: bool,
}

fn fail_everywhere(scenario: &Scenario, fault: Fault, lasting: bool, mut then: impl FnMut(&Failed)) {
    let before = scenario.world();
    for at in call_numbers() {
        let world = before.kill_all();
        let process = Process::new(&world, Plan { fault: Some((at, fault)), lasting, ..Plan::default() });
        let result = (scenario.act)(&catalog_of(&process));
        let context = format!(
            "{}, {fault:?} at {at} ({:?}), lasting: {lasting}: {result:?}",
            scenario.title,
            process.log().get(usize::try_from(at).unwrap())
        );
        let failed = Failed { context, world, result, done: process.calls() <= at };
        then(&failed);
        if failed.done {
            break;
        }
    }
}

/// A scenario with what it leads from and to.
struct Way<'a> {
    scenario: &'a Scenario,
    old: Seen,
    new: Seen,
    allowed: Vec<Seen>,
}

fn fail_in_all_ways(mut then: impl FnMut(&Way<'_>, Fault, bool, &Failed)) {
    for scenario in SCENARIOS {
        let (old, new) = scenario.ends();
        let way = Way { scenario, old, new, allowed: scenario.allowed() };
        for fault in FAULTS {
            for lasting in [false, true] {
                fail_everywhere(scenario, fault, lasting, |failed| then(&way, fault, lasting, failed));
            }
        }
    }
}

#[test]
fn what_is_said_is_what_readers_see() {
    fail_in_all_ways(|Way { scenario, old, new, allowed }, fault, lasting, failed| {
        let Failed { context, world, result, .. } = failed;
        let found = seen(world);
        match result {
            Ok(()) => assert_eq!(&found, new, "{context}"),
            Err(Error::Unsettled { .. }) => {
                assert!(allowed.contains(&found), "{context}: {found:?}")
            }
            // A rename that placed the new name and could not remove the old one says what kept it.
            Err(_) if !scenario.between.is_empty() => {
                assert!(allowed.contains(&found), "{context}: {found:?}");
            }
            Err(_) => assert_eq!(&found, old, "{context}"),
        }
        let sure = matches!(fault, Fault::Fail(_)) && !lasting;
        if sure && matches!(result, Err(error) if !matches!(error, Error::Unsettled { .. })) {
            let collects = scenario.title == "collect";
            assert!(collects || catalog(world).strays().unwrap().is_empty(), "{context}: something is left");
        }
        check_goes_on(&world.kill_all());
    });
}

/// After a flush that failed, nothing is certain that it was to flush, whatever is flushed later.
#[test]
fn a_loss_of_power_after_a_failure_leaves_the_old_or_the_new() {
    fail_in_all_ways(|Way { new, allowed, .. }, _, _, failed| {
        every(|choices| {
            let world = failed.world.crash(choices);
            let found = seen(&world);
            assert!(allowed.contains(&found), "{}, {choices:?}: {found:?}", failed.context);
            if failed.result.is_ok() {
                assert_eq!(&found, new, "{}, {choices:?}", failed.context);
            }
        });
    });
}

/// The next process goes on after the failure and is cut off: nothing that it deletes can be needed again.
#[test]
fn a_loss_of_power_after_the_next_publication_leaves_one_of_them_whole() {
    for scenario in SCENARIOS.iter().filter(|it| ["publish the next", "remove"].contains(&it.title)) {
        for fault in FAULTS {
            fail_everywhere(scenario, fault, false, |failed| {
                let seconds: [Act; 2] =
                    [|catalog| publish(catalog, "a", NEXT), |catalog| catalog.collect().map(drop)];
                for second in seconds {
                    for at in call_numbers() {
                        let world = failed.world.kill_all();
                        let plan = Plan { fault: Some((at, Fault::Die)), ..Plan::default() };
                        let process = Process::new(&world, plan);
                        let result = second(&catalog_of(&process));
                        every(|choices| {
                            let found = seen(&world.crash(choices));
                            let found = found.get("a").map(Vec::as_slice);
                            assert!([None, Some(OLD), Some(NEW), Some(NEXT)].contains(&found));
                        });
                        if result.is_ok() && process.calls() <= at {
                            break;
                        }
                    }
                }
            });
        }
    }
}

#[test]
fn readers_report_failures() {
    let world = SCENARIOS[1].world();
    for fault in FAULTS {
        for at in 0..3 {
            let plan = || Plan { fault: Some((at, fault)), lasting: true, ..Plan::default() };
            let catalog = || catalog_of(&Process::new(&world, plan()));
            let opened = catalog().open(&name("a"));
            assert_eq!(matches!(opened, Err(Error::Io { .. })), at < 2, "{opened:?}");
            let listed = catalog().list();
            let sound = listed.is_ok_and(|listed| listed.iter().all(|listed| listed.entry.is_ok()));
            assert_eq!(sound, at >= 2);
            let strays = catalog().strays();
            assert!(at > 0 || matches!(strays, Err(Error::Io { .. })));
        }
    }
}

//! Processes that die, power that is lost and calls that fail, at each call there is.

use super::*;

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

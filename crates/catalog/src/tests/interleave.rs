//! Processes between each other's calls: at each call of one, another does all of something.

use std::sync::Mutex;

use super::*;
use crate::lock::EntryLock;
use crate::open::OPEN_TRIES_MAX;

/// Runs `act` with `between` called before its call number `at`; returns whether there was one.
fn at_call(
    world: &World,
    at: u64,
    act: impl FnOnce(&Catalog),
    between: impl FnOnce(&World) + Send + 'static,
) -> bool {
    let (between, place) = (Mutex::new(Some(between)), world.clone());
    let hook = move |call| {
        if call == at
            && let Some(between) = between.lock().unwrap().take()
        {
            between(&place);
        }
    };
    let process = Process::new(world, Plan { before: Some(Box::new(hook)), ..Plan::default() });
    act(&catalog_of(&process));
    process.calls() > at
}

#[test]
fn a_reader_between_any_two_calls_sees_the_old_or_the_new() {
    for scenario in SCENARIOS {
        let allowed = scenario.allowed();
        let world = scenario.world();
        let (place, seen_once) = (world.clone(), Arc::new(Mutex::new(0)));
        let count = Arc::clone(&seen_once);
        let hook = move |call| {
            let found = seen(&place);
            assert!(allowed.contains(&found), "call {call}: {found:?}");
            *count.lock().unwrap() += 1;
        };
        let process = Process::new(&world, Plan { before: Some(Box::new(hook)), ..Plan::default() });
        (scenario.act)(&catalog_of(&process)).unwrap();
        assert_eq!(*seen_once.lock().unwrap(), process.calls());
        assert!(process.calls() > 5);
    }
}

#[test]
fn a_reader_meets_a_publication_a_removal_or_a_new_name_at_any_call() {
    let others: [Act; 4] = [
        |catalog| publish(catalog, "a", NEW),
        |catalog| catalog.remove(&name("a"), Wait::No).map(drop),
        |catalog| catalog.remove(&name("a"), Wait::No).and_then(|_| publish(catalog, "a", NEW)),
        |catalog| catalog.rename(&name("a"), &name("b"), Wait::No).map(drop),
    ];
    for other in others {
        for at in 0..4 {
            let world = SCENARIOS[1].world();
            let open = |reader: &Catalog| match reader.open(&name("a")) {
                Ok(opened) => {
                    check(&opened).unwrap();
                    assert_eq!(opened.entry.bytes, opened.file.metadata().unwrap().len());
                }
                Err(Error::NoEntry { .. }) => {}
                Err(error) => panic!("{error}"),
            };
            at_call(&world, at, open, move |world| other(&catalog(world)).unwrap());
        }
    }
}

#[test]
fn a_reader_that_is_overtaken_each_time_gives_up() {
    let world = SCENARIOS[1].world();
    let place = world.clone();
    let hook = move |call| {
        let bytes = format!("snapshot {call}");
        publish(&catalog(&place), "a", bytes.as_bytes()).unwrap();
    };
    let process = Process::new(&world, Plan { before: Some(Box::new(hook)), ..Plan::default() });
    let error = catalog_of(&process).open(&name("a")).unwrap_err();
    assert!(matches!(error, Error::Restless { tries: OPEN_TRIES_MAX, .. }), "{error}");
    assert_eq!(process.calls(), 2 * u64::from(OPEN_TRIES_MAX));
}

/// What another process may say to one that comes in between.
fn tolerated(result: &Result<(), Error>) -> bool {
    use Error::{CatalogLocked, Exists, Locked, NoEntry};
    matches!(result, Ok(()) | Err(Locked { .. } | CatalogLocked { .. } | NoEntry { .. } | Exists { .. }))
}

#[test]
fn two_writers_do_not_meet() {
    let mut done = [0_u32; 2];
    for first in SCENARIOS {
        for second in SCENARIOS {
            for at in call_numbers() {
                let world = first.world();
                let (result, place) = (Arc::new(Mutex::new(None)), world.clone());
                let (told, act) = (Arc::clone(&result), second.act);
                let run = |catalog: &Catalog| {
                    let result = (first.act)(catalog);
                    assert!(tolerated(&result) || first.title == "import", "{}: {result:?}", first.title);
                    done[0] += u32::from(result.is_ok());
                };
                let met = at_call(&world, at, run, move |world| {
                    if world.bytes(Path::new(EXPORTED)).is_none() {
                        export(&catalog(&place)).ok();
                    }
                    *told.lock().unwrap() = Some(act(&catalog(world)));
                });
                let result = result.lock().unwrap().take().unwrap_or(Ok(()));
                let missing = matches!(result, Err(Error::Io { .. })) && second.title == "import";
                assert!(tolerated(&result) || missing, "{} at {at}: {result:?}", second.title);
                done[1] += u32::from(result.is_ok());
                seen(&world);
                check_goes_on(&world);
                if !met {
                    break;
                }
            }
        }
    }
    assert!(done[0] > 500 && done[1] > 100, "{done:?}");
}

/// No publication is lost: each that was done has a number of its own, and the last is what is seen.
#[test]
fn publications_are_numbered_one_after_the_other() {
    for at in call_numbers() {
        let world = SCENARIOS[1].world();
        let generations = Arc::new(Mutex::new(vec![1]));
        let note = Arc::clone(&generations);
        let put = move |catalog: &Catalog, bytes: &[u8]| {
            let lock = catalog.lock(&name("a"), Wait::No);
            match lock.and_then(|mut lock| publish_under(&mut lock, bytes)) {
                Ok(published) => note.lock().unwrap().push(published.entry.generation),
                Err(error) => assert!(tolerated(&Err(error))),
            }
        };
        let other = put.clone();
        let met = at_call(&world, at, |catalog| put(catalog, NEW), move |world| other(&catalog(world), NEXT));
        let generations = generations.lock().unwrap();
        assert!(generations.is_sorted_by(|one, next| one + 1 == *next), "{generations:?}");
        assert_eq!(catalog(&world).show(&name("a")).unwrap().generation, *generations.last().unwrap());
        if !met {
            break;
        }
    }
}

/// A lock file is deleted with its entry. Whoever has the lock then has the one that others meet.
#[test]
fn a_lock_that_was_got_keeps_others_out() {
    let acts: [fn(&Catalog); 2] =
        [|catalog| drop(catalog.remove(&name("a"), Wait::No)), |catalog| drop(catalog.collect())];
    for (act, lock_file_alone) in [(acts[0], false), (acts[1], true)] {
        for at in call_numbers() {
            let world = if lock_file_alone { World::new(Path::new(FOLDER)) } else { SCENARIOS[1].world() };
            drop(catalog(&world).lock(&name("a"), Wait::No).unwrap());
            let got: Arc<Mutex<Option<EntryLock>>> = Arc::default();
            let keep = Arc::clone(&got);
            let met = at_call(&world, at, act, move |world| {
                *keep.lock().unwrap() = catalog(world).lock(&name("a"), Wait::No).ok();
            });
            let held = got.lock().unwrap().is_some();
            let third = catalog(&world).lock(&name("a"), Wait::No);
            assert_eq!(third.is_err(), held, "at call {at}: {third:?}");
            if !met {
                break;
            }
        }
    }
}

/// A lock file is opened and then locked. Were it deleted in between, the lock would be one that nobody else meets.
#[test]
fn a_lock_file_is_not_deleted_while_another_process_opens_it() {
    for at in call_numbers() {
        let world = SCENARIOS[1].world();
        let first = catalog(&world).lock(&name("a"), Wait::No).unwrap();
        let mut second = None;
        let ask = |catalog: &Catalog| second = catalog.lock(&name("a"), Wait::No).ok();
        let met = at_call(&world, at, ask, move |_| drop(first.remove().unwrap()));
        let third = catalog(&world).lock(&name("a"), Wait::No);
        assert_eq!(third.is_err(), second.is_some(), "at call {at}: {third:?}");
        if !met {
            break;
        }
    }
}

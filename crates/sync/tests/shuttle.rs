//! Random schedules of cases too large to explore whole: run with
//! `SHUTTLE_ITERATIONS=100000 RUSTFLAGS="--cfg shuttle" cargo test -p quarry-sync --release --test shuttle`.
//!
//! A failure prints the schedule that led to it; `shuttle::replay` runs it again.
#![cfg(shuttle)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use quarry_sync::{
    GroupCommit, GroupCommitOptions, LockTable, LockTableOptions, RegulatorOptions, Stop, Versioned,
    WorkerOptions,
};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use shuttle::thread::{self, JoinHandle};

/// Schedules of each case if `SHUTTLE_ITERATIONS` does not say.
const ITERATIONS_DEFAULT: usize = 300;

/// Half of the schedules at random, half with few switches at well-chosen points, which finds deeper bugs.
fn check(case: impl Fn() + Send + Sync + Clone + 'static) {
    let iterations = std::env::var("SHUTTLE_ITERATIONS").ok().and_then(|count| count.parse().ok());
    let iterations = iterations.unwrap_or(ITERATIONS_DEFAULT);
    shuttle::check_random(case.clone(), iterations.div_ceil(2));
    shuttle::check_pct(case, iterations.div_ceil(2), 3);
}

fn join(threads: Vec<JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Readers count up, a writer counts far down: whoever enters sees whether somebody is there who must not be.
struct Room(AtomicI64);

impl Room {
    const WRITER: i64 = -1_000;

    fn read(&self) {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) >= 0, "a reader met a writer");
        self.0.fetch_sub(1, Ordering::SeqCst);
    }

    fn write(&self) {
        assert_eq!(self.0.fetch_add(Self::WRITER, Ordering::SeqCst), 0, "a writer was not alone");
        self.0.fetch_sub(Self::WRITER, Ordering::SeqCst);
    }
}

#[test]
fn lock_table_in_every_way_at_once() {
    check(|| {
        let locks: Arc<LockTable<usize, u32>> =
            Arc::new(LockTableOptions::default().shards(NonZeroUsize::MIN).build());
        let rooms: Arc<[Room; 2]> = Arc::new([Room(AtomicI64::new(0)), Room(AtomicI64::new(0))]);
        let threads = (0..5).map(|number| {
            let (locks, rooms) = (Arc::clone(&locks), Arc::clone(&rooms));
            thread::spawn(move || {
                for round in 0..3 {
                    let key = (number + round) % 2;
                    enter(&locks, &rooms, key, number + 2 * round);
                }
            })
        });
        join(threads.collect());
        assert!(locks.is_empty());
    });
}

fn enter(locks: &LockTable<usize, u32>, rooms: &[Room; 2], key: usize, way: usize) {
    let timeout = Duration::from_millis(1);
    match way % 7 {
        0 => {
            let _guard = locks.read(key);
            rooms[key].read();
        }
        1 => {
            let mut guard = locks.write(key);
            *guard += 1;
            rooms[key].write();
        }
        2 => drop(locks.try_write(key).map(|_guard| rooms[key].write())),
        3 => drop(locks.try_read(key).map(|_guard| rooms[key].read())),
        4 => drop(locks.write_for(key, timeout).map(|_guard| rooms[key].write())),
        5 => drop(locks.read_for(key, timeout).map(|_guard| rooms[key].read())),
        _ => {
            let _guards = locks.write_many([1, 0]);
            rooms.iter().for_each(Room::write);
        }
    }
}

#[test]
fn versioned_under_many_writers() {
    check(|| {
        let versioned: Arc<Versioned<[u64; 3], 3>> = Arc::new(Versioned::new([0; 3]));
        let threads = (0..5).map(|number| {
            let versioned = Arc::clone(&versioned);
            thread::spawn(move || {
                for _ in 0..3 {
                    if number < 2 {
                        versioned.update(|value| *value = value.map(|word| word + 1));
                    } else {
                        let sum: u64 = versioned.read_with(|value| value.iter().sum());
                        assert_eq!(sum % 3, 0, "a torn value");
                    }
                }
            })
        });
        join(threads.collect());
        assert_eq!(versioned.snapshot().generation, 6);
    });
}

#[test]
fn group_commit_with_callers_of_every_kind() {
    check(|| {
        let committed = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&committed);
        let commit = move |batch: Vec<u64>| {
            record.lock().unwrap().extend_from_slice(&batch);
            Ok::<_, ()>(batch)
        };
        let options = GroupCommitOptions::default().operations(3);
        let journal = Arc::new(GroupCommit::start(options, commit).unwrap());
        let threads = (0..4).map(|number| {
            let journal = Arc::clone(&journal);
            thread::spawn(move || {
                for round in 0..3 {
                    let op = 10 * number + round;
                    match (number + round) % 3 {
                        0 => assert_eq!(journal.commit(op).unwrap(), op),
                        1 => drop(journal.submit(op)),
                        _ => {
                            drop(journal.submit(op));
                            journal.flush().unwrap();
                        }
                    }
                }
            })
        });
        join(threads.collect());
        drop(Arc::into_inner(journal).expect("the callers are gone"));
        let mut committed = committed.lock().unwrap().clone();
        committed.sort_unstable();
        let all: Vec<u64> = (0..4).flat_map(|number| (0..3).map(move |round| 10 * number + round)).collect();
        assert_eq!(committed, all, "each once");
    });
}

#[test]
fn worker_that_stops_while_others_post() {
    check(|| {
        let ran = Arc::new(AtomicU64::new(0));
        let threads = NonZeroUsize::MIN.saturating_add(1);
        let worker = Arc::new(WorkerOptions::new("case").threads(threads).start().unwrap());
        let accepted = Arc::new(AtomicU64::new(0));
        let posters = (0..3).map(|priority| {
            let (worker, ran, accepted) = (Arc::clone(&worker), Arc::clone(&ran), Arc::clone(&accepted));
            thread::spawn(move || {
                for _ in 0..3 {
                    let ran = Arc::clone(&ran);
                    let job = move || {
                        ran.fetch_add(1, Ordering::SeqCst);
                    };
                    if worker.post(priority, "job", job).is_ok() {
                        accepted.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        });
        let posters: Vec<_> = posters.collect();
        worker.close(Stop::DropQueued);
        join(posters);
        let report = Arc::into_inner(worker).expect("the posters are gone").stop(Stop::Finish);
        assert_eq!(report.ran, ran.load(Ordering::SeqCst));
        assert_eq!(report.ran + report.dropped, accepted.load(Ordering::SeqCst));
    });
}

#[test]
fn regulator_keeps_its_limits_and_admits_everybody() {
    check(|| {
        let regulator = RegulatorOptions::default().permits(2).bytes(10).build();
        let bytes_under_way = Arc::new(AtomicU64::new(0));
        let threads = (0..4_u64).map(|number| {
            let (regulator, bytes_under_way) = (regulator.clone(), Arc::clone(&bytes_under_way));
            thread::spawn(move || {
                for round in 0..3 {
                    let bytes = (number * 4 + round * 3) % 11;
                    // A model's wait with a limit may end at any moment; one without never may.
                    let permit = match round {
                        0 => regulator.acquire_for(bytes, Duration::from_millis(1)).ok(),
                        _ => Some(regulator.acquire(bytes).unwrap()),
                    };
                    if permit.is_some() {
                        assert!(bytes_under_way.fetch_add(bytes, Ordering::SeqCst) + bytes <= 10);
                        bytes_under_way.fetch_sub(bytes, Ordering::SeqCst);
                    }
                }
            })
        });
        join(threads.collect());
        assert_eq!(regulator.stats().permits, 0);
    });
}

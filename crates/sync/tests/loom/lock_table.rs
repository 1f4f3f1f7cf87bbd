//! `LockTable`: exclusion, hand-over, removal, giving up, and several keys at once.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::thread;
use quarry_sync::{LockTable, LockTableOptions};

use crate::check;

/// What a key protects. Loom panics when a write to a cell meets another access.
#[derive(Default)]
struct Protected(UnsafeCell<u32>);

// SAFETY: the point of each model: accesses are ordered by the lock, or loom says so.
unsafe impl Sync for Protected {}

impl Protected {
    fn add(&self) {
        // SAFETY: loom checks that nobody else looks meanwhile.
        self.0.with_mut(|value| unsafe { *value += 1 });
    }

    fn get(&self) -> u32 {
        // SAFETY: loom checks that nobody writes meanwhile.
        self.0.with(|value| unsafe { *value })
    }
}

fn table<V: Default>() -> Arc<LockTable<u8, V>> {
    Arc::new(LockTableOptions::default().shards(NonZeroUsize::MIN).build())
}

#[test]
fn writers_exclude_each_other_while_the_key_comes_and_goes() {
    check(|| {
        let (locks, protected) = (table::<()>(), Arc::new(Protected::default()));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (locks, protected) = (Arc::clone(&locks), Arc::clone(&protected));
                thread::spawn(move || {
                    let _guard = locks.write(1);
                    protected.add();
                })
            })
            .collect();
        {
            let _guard = locks.write(1);
            protected.add();
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(protected.get(), 3);
        assert!(locks.is_empty());
    });
}

#[test]
fn readers_never_see_a_writer_at_work() {
    check(|| {
        let (locks, protected) = (table::<()>(), Arc::new(Protected::default()));
        let writer = {
            let (locks, protected) = (Arc::clone(&locks), Arc::clone(&protected));
            thread::spawn(move || {
                let _guard = locks.write(1);
                protected.add();
                protected.add();
            })
        };
        let reader = {
            let (locks, protected) = (Arc::clone(&locks), Arc::clone(&protected));
            thread::spawn(move || {
                let _guard = locks.read(1);
                assert_ne!(protected.get(), 1);
            })
        };
        {
            let _guard = locks.read(1);
            assert_ne!(protected.get(), 1);
        }
        writer.join().unwrap();
        reader.join().unwrap();
        assert!(locks.is_empty());
    });
}

#[test]
fn a_value_is_shared_by_readers_and_alone_with_a_writer() {
    check(|| {
        let locks = table::<Vec<u8>>();
        let other = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || {
                // Would panic if a reader still had a share of the value.
                locks.write(1).push(1);
            })
        };
        assert!(locks.read(1).len() <= 1);
        locks.write(1).push(2);
        other.join().unwrap();
        assert!(locks.is_empty());
    });
}

#[test]
fn giving_up_strands_nobody() {
    check(|| {
        let locks = table::<()>();
        let impatient = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || drop(locks.write_for(1, Duration::from_millis(1))))
        };
        let reader = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || drop(locks.read(1)))
        };
        drop(locks.read(1));
        impatient.join().unwrap();
        reader.join().unwrap();
        assert!(locks.is_empty());
    });
}

#[test]
fn several_keys_do_not_deadlock() {
    check(|| {
        let locks = table::<()>();
        let other = {
            let locks = Arc::clone(&locks);
            thread::spawn(move || drop(locks.write_many([2, 1])))
        };
        drop(locks.write_many([1, 2]));
        other.join().unwrap();
        assert!(locks.is_empty());
    });
}

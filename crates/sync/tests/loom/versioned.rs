//! `Versioned`: no torn value, and no stale answer, with stale reads explored.

use std::sync::Arc;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use quarry_sync::Versioned;

use crate::check;

#[test]
fn a_reader_never_sees_half_of_an_update() {
    check(|| {
        let versioned: Arc<Versioned<[u64; 2], 2>> = Arc::new(Versioned::new([0, 0]));
        let writer = {
            let versioned = Arc::clone(&versioned);
            thread::spawn(move || versioned.update(|value| *value = value.map(|word| word + 1)))
        };
        let snapshot = versioned.snapshot();
        assert_eq!(snapshot.value, [snapshot.generation; 2]);
        writer.join().unwrap();
        assert_eq!(versioned.snapshot().generation, 1);
    });
}

#[test]
fn writers_lose_no_update() {
    check(|| {
        let versioned: Arc<Versioned<[u64; 2], 2>> = Arc::new(Versioned::new([0, 0]));
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let versioned = Arc::clone(&versioned);
                thread::spawn(move || versioned.update(|value| *value = value.map(|word| word + 1)))
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(versioned.read(), [2, 2]);
    });
}

/// What the value points at is freed after the update. A reader that found it gone is told that its snapshot is stale.
#[test]
fn work_that_met_a_later_state_is_not_current() {
    const FREED: u64 = 99;
    check(|| {
        let versioned: Arc<Versioned<u64, 1>> = Arc::new(Versioned::new(0));
        let places = Arc::new([AtomicU64::new(10), AtomicU64::new(11)]);
        let writer = {
            let (versioned, places) = (Arc::clone(&versioned), Arc::clone(&places));
            thread::spawn(move || {
                versioned.store(1);
                // Published after the update, as a disk's free list would be.
                places[0].store(FREED, Ordering::Release);
            })
        };
        let snapshot = versioned.snapshot();
        // `Relaxed`: it is `is_current` that must order what was read before it.
        let seen = places[usize::try_from(snapshot.value).unwrap()].load(Ordering::Relaxed);
        if versioned.is_current(&snapshot) {
            assert_ne!(seen, FREED);
        }
        writer.join().unwrap();
    });
}

#[test]
fn work_is_done_with_a_whole_value() {
    check(|| {
        let versioned: Arc<Versioned<u64, 1>> = Arc::new(Versioned::new(0));
        let writer = {
            let versioned = Arc::clone(&versioned);
            thread::spawn(move || versioned.store(1))
        };
        let place = Arc::new(AtomicU64::new(0));
        let seen = versioned.read_with(|value| {
            place.store(*value, Ordering::Relaxed);
            *value
        });
        assert_eq!(place.load(Ordering::Relaxed), seen, "the last call is the one that counts");
        writer.join().unwrap();
        assert_eq!(versioned.snapshot().generation, 1);
    });
}

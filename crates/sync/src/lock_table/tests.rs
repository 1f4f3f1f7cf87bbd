//! Keys that exclude each other, those that do not, and entries that do not stay.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;
use crate::primitive::ManualClock;

/// A table in a class that no other test on this thread could hold.
fn table<V: Default>() -> LockTable<u64, V> {
    LockTable::new()
}

#[test]
fn readers_share_and_a_writer_is_alone() {
    let locks = table::<()>();
    let first = locks.read(1);
    let second = locks.try_read(1).expect("readers share");
    assert!(locks.try_write(1).is_none());
    drop(first);
    assert!(locks.try_write(1).is_none());
    drop(second);
    let writing = locks.try_write(1).expect("nobody is left");
    assert!(locks.try_read(1).is_none());
    assert!(locks.try_write(1).is_none());
    assert!(locks.try_write(2).is_some(), "another key is another lock");
    drop(writing);
    assert!(locks.is_empty());
}

#[test]
fn a_value_lives_from_the_first_use_to_the_last() {
    let locks = table::<Vec<u8>>();
    let mut writing = locks.write(7);
    writing.push(1);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| locks.read(7).clone());
        while locks.stats().waits == 0 {
            thread::yield_now();
        }
        drop(writing);
        assert_eq!(waiting.join().unwrap(), [1], "the key was in use without a gap");
    });
    assert_eq!(*locks.read(7), [], "nobody used the key for a moment");
}

#[test]
fn a_waiting_writer_is_not_overtaken_by_readers() {
    let locks = table::<()>();
    let reading = locks.read(1);
    thread::scope(|scope| {
        let writer = scope.spawn(|| drop(locks.write(1)));
        while locks.stats().waits == 0 {
            thread::yield_now();
        }
        assert!(locks.try_read(1).is_none(), "a reader that came later goes in later");
        drop(reading);
        writer.join().unwrap();
    });
    assert!(locks.is_empty());
}

/// The defect of the table this one replaces: removing a lock that was held made the next caller a new one.
#[test]
fn no_second_writer_comes_in_while_keys_come_and_go() {
    let locks = table::<()>();
    let inside = AtomicU32::new(0);
    thread::scope(|scope| {
        for seed in 0..4_u64 {
            let (locks, inside) = (&locks, &inside);
            scope.spawn(move || {
                for round in 0..2_000 {
                    let key = (seed + round) % 3;
                    let _guard = locks.write(key);
                    let bit = 1 << key;
                    assert_eq!(inside.fetch_or(bit, Ordering::SeqCst) & bit, 0, "two writers of {key}");
                    inside.fetch_and(!bit, Ordering::SeqCst);
                }
            });
        }
    });
    assert!(locks.is_empty());
    assert_eq!(locks.stats().acquisitions, 8_000);
}

#[test]
fn waiting_ends_when_the_time_is_up_and_leaves_no_trace() {
    let hands = ManualClock::new();
    let locks: LockTable<u64> = LockTableOptions::default().clock(hands.clock()).build();
    let reading = locks.read(1);
    thread::scope(|scope| {
        let writer = scope.spawn(|| locks.write_for(1, Duration::from_secs(5)).is_some());
        while locks.stats().waits < 1 {
            thread::yield_now();
        }
        let reader = scope.spawn(|| locks.read_for(1, Duration::from_secs(60)).is_some());
        while locks.stats().waits < 2 {
            thread::yield_now();
        }
        hands.advance(Duration::from_secs(6));
        assert!(!writer.join().unwrap(), "the reader never left");
        assert!(reader.join().unwrap(), "with the writer gone from the queue, readers share");
    });
    drop(reading);
    assert!(locks.is_empty());
    assert_eq!(locks.stats().failures, 1);
}

#[test]
fn guards_move_between_threads() {
    let locks = Arc::new(table::<u32>());
    let mut writing = locks.write_owned(3);
    *writing = 5;
    writing.unbind();
    let reading = thread::spawn(move || {
        let mut writing = writing;
        writing.bind();
        *writing += 1;
        *writing
    });
    assert_eq!(reading.join().unwrap(), 6);
    assert!(locks.is_empty(), "the other thread released it");

    let mut reading = locks.read_owned(3);
    reading.unbind();
    drop(locks);
    assert_eq!(thread::spawn(move || *reading).join().unwrap(), 0, "the guard kept the table");
}

#[test]
fn many_keys_are_taken_in_one_order_whatever_order_they_are_named_in() {
    let locks = Arc::new(table::<u64>());
    let (done, ended) = std::sync::mpsc::channel();
    for turn in 0..4 {
        let (locks, done) = (Arc::clone(&locks), done.clone());
        thread::spawn(move || {
            let mut keys = [1, 2, 3, 2, 1];
            keys.rotate_left(turn);
            for _ in 0..500 {
                let mut held = locks.write_many(keys);
                assert!(held.get_mut(&4).is_none());
                *held.get_mut(&2).unwrap() += 1;
            }
            done.send(()).unwrap();
        });
    }
    for _ in 0..4 {
        ended.recv_timeout(Duration::from_secs(60)).expect("no deadlock");
    }
    assert!(locks.is_empty());
    let held = locks.read_many([9, 8]);
    assert_eq!(held.get(&9), Some(&0));
    assert_eq!(held.into_guards().iter().map(|guard| *guard.key()).collect::<Vec<_>>(), [8, 9]);
}

#[test]
fn memory_returns_to_the_empty_tables() {
    let locks: LockTable<u64> =
        LockTableOptions::default().shards(NonZeroUsize::MIN.saturating_add(15)).build();
    let empty = locks.memory_bytes();
    let mut held: Vec<_> = (0..100_000).filter_map(|key| locks.try_read(key)).collect();
    // The order's list of what a thread holds is for a few locks.
    held.iter_mut().rev().for_each(ReadGuard::unbind);
    assert_eq!((held.len(), locks.len()), (100_000, 100_000));
    assert!(locks.memory_bytes() > empty + 100_000 * 8);
    drop(held);
    assert_eq!(locks.memory_bytes(), empty);
}

#[test]
fn the_counters_count() {
    let locks = table::<()>();
    assert_eq!(locks.stats().contention_ratio(), 0.0);
    let writing = locks.write(1);
    assert!(locks.try_read(1).is_none());
    thread::scope(|scope| {
        scope.spawn(|| drop(locks.read(1)));
        while locks.stats().waits == 0 {
            thread::yield_now();
        }
        drop(writing);
    });
    let stats = locks.stats();
    assert_eq!((stats.acquisitions, stats.contentions, stats.waits, stats.failures), (3, 2, 1, 1));
    assert!((stats.contention_ratio() - 2.0 / 3.0).abs() < 1e-9);
}

#[test]
#[cfg(debug_assertions)]
fn a_second_key_beside_the_first_breaks_the_order() {
    let locks = table::<()>();
    let _first = locks.read(1);
    let second = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(locks.read(2))));
    assert!(second.is_err(), "that is what write_many is for");
    assert_eq!(locks.len(), 1, "the attempt left nothing behind");
}

#[test]
fn a_panic_with_a_key_in_hand_releases_it() {
    let locks = table::<u8>();
    let died = thread::scope(|scope| {
        let holder = scope.spawn(|| {
            let _guard = locks.write(1);
            panic!("on purpose");
        });
        holder.join().is_err()
    });
    assert!(died && locks.is_empty());
}

//! Leave that is asked for, given, kept within its limit and given back.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::*;
use crate::primitive::ManualClock;

fn until_waiting(regulator: &Regulator, count: u64) {
    while regulator.stats().waiting < count {
        thread::yield_now();
    }
}

#[test]
fn no_more_are_under_way_than_the_limits_allow() {
    let regulator = RegulatorOptions::default().permits(3).bytes(100).build();
    let (under_way, bytes_under_way) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for thread in 0..8_u64 {
            let (regulator, under_way, bytes_under_way) = (&regulator, &under_way, &bytes_under_way);
            scope.spawn(move || {
                for round in 0..200 {
                    let bytes = (thread * 13 + round * 7) % 101;
                    let permit = regulator.acquire(bytes).unwrap();
                    assert!(under_way.fetch_add(1, Ordering::SeqCst) < 3);
                    assert!(bytes_under_way.fetch_add(bytes, Ordering::SeqCst) + bytes <= 100);
                    bytes_under_way.fetch_sub(bytes, Ordering::SeqCst);
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    drop(permit);
                }
            });
        }
    });
    let stats = regulator.stats();
    assert_eq!((stats.admitted, stats.permits, stats.bytes, stats.waiting), (1_600, 0, 0, 0));
}

#[test]
fn what_never_fits_is_refused_at_once() {
    let regulator = RegulatorOptions::default().bytes(10).build();
    assert_eq!(regulator.acquire(11).err(), Some(AdmissionError::TooLarge { bytes: 11, limit: 10 }));
    assert_eq!(regulator.acquire(10).unwrap().bytes(), 10);
}

#[test]
fn the_rate_is_kept_over_time_with_a_burst_at_first() {
    let hands = ManualClock::new();
    let (per_second, burst) = (NonZeroU32::new(10).unwrap(), NonZeroU32::new(3).unwrap());
    let regulator = RegulatorOptions::default().rate(per_second, burst).clock(hands.clock()).build();
    let admitted = || (0..100).take_while(|_| regulator.try_acquire(0).is_ok()).count();
    assert_eq!(admitted(), 3, "the burst");
    hands.advance(Duration::from_millis(99));
    assert_eq!(admitted(), 0);
    hands.advance(Duration::from_millis(1));
    assert_eq!(admitted(), 1);
    hands.advance(Duration::from_millis(250));
    assert_eq!(admitted(), 2);
    hands.advance(Duration::from_secs(3600));
    assert_eq!(admitted(), 3, "a pause saves up a burst, no more");
}

#[test]
fn one_that_waits_for_the_rate_is_admitted_when_it_is_due() {
    let hands = ManualClock::new();
    let one = NonZeroU32::MIN;
    let regulator = RegulatorOptions::default().rate(one, one).clock(hands.clock()).build();
    drop(regulator.acquire(0).unwrap());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| regulator.acquire(0).map(drop));
        until_waiting(&regulator, 1);
        assert_eq!(regulator.try_acquire(0).err(), Some(AdmissionError::Busy), "it would overtake");
        hands.advance(Duration::from_secs(1));
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(regulator.stats().waited, 1);
}

#[test]
fn a_large_request_is_not_starved_by_small_ones() {
    let regulator = RegulatorOptions::default().bytes(10).build();
    let small = regulator.acquire(1).unwrap();
    thread::scope(|scope| {
        let large = scope.spawn(|| regulator.acquire(10).map(drop));
        until_waiting(&regulator, 1);
        assert_eq!(regulator.try_acquire(1).err(), Some(AdmissionError::Busy));
        drop(small);
        large.join().unwrap().unwrap();
    });
    assert!(regulator.try_acquire(1).is_ok());
}

#[test]
fn giving_up_lets_the_next_one_in() {
    let hands = ManualClock::new();
    let regulator = RegulatorOptions::default().bytes(10).clock(hands.clock()).build();
    let held = regulator.acquire(5).unwrap();
    thread::scope(|scope| {
        let large = scope.spawn(|| regulator.acquire_for(10, Duration::from_secs(1)).map(drop));
        until_waiting(&regulator, 1);
        let small = scope.spawn(|| regulator.acquire(5).map(drop));
        until_waiting(&regulator, 2);
        hands.advance(Duration::from_secs(2));
        assert_eq!(large.join().unwrap(), Err(AdmissionError::TimedOut));
        small.join().unwrap().unwrap();
    });
    drop(held);
    let stats = regulator.stats();
    assert_eq!((stats.admitted, stats.refused, stats.waiting), (2, 1, 0));
}

#[test]
fn permits_return_from_any_thread() {
    let regulator = RegulatorOptions::default().permits(1).build();
    let permit = regulator.acquire(0).unwrap();
    thread::spawn(move || drop(permit)).join().unwrap();
    assert!(regulator.try_acquire(0).is_ok());
}

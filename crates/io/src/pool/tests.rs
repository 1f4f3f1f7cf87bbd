//! What is lent, what waits, and what comes home.

use super::*;
use crate::ALIGNMENT_BYTES;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[test]
fn lends_no_more_than_it_has_and_the_same_again() {
    let pool = BufferPool::new(2, 5000);
    let (mut first, second) = (pool.take(), pool.take());
    assert_eq!((first.len(), first.as_ptr().addr() % ALIGNMENT_BYTES), (5000, 0));
    assert!(pool.try_take().is_none());
    first.fill(9);
    let address = first.as_ptr();
    drop(first);
    let again = pool.try_take().unwrap();
    assert_eq!((again.as_ptr(), again[4999]), (address, 9));
    assert_ne!(again.as_ptr(), second.as_ptr());
}

#[test]
fn take_waits_for_a_buffer_dropped_on_another_thread() {
    let pool = BufferPool::new(1, 16);
    let held = pool.take();
    let (taken, was_taken) = mpsc::channel();
    let waiter = thread::spawn({
        let pool = pool.clone();
        move || taken.send(pool.take().len()).unwrap()
    });
    assert!(was_taken.recv_timeout(Duration::from_millis(50)).is_err());
    thread::spawn(move || drop(held)).join().unwrap();
    assert_eq!(was_taken.recv_timeout(Duration::from_secs(20)), Ok(16));
    waiter.join().unwrap();
}

#[test]
fn many_threads_never_hold_more_than_the_count() {
    let pool = BufferPool::new(3, 64);
    let (held, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let buffer = pool.take();
                    most.fetch_max(held.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    held.fetch_sub(1, Ordering::SeqCst);
                    drop(buffer);
                }
            });
        }
    });
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    assert_eq!((0..4).map_while(|_| pool.try_take()).map(mem::forget).count(), 3);
}

#[test]
fn a_buffer_may_outlive_its_pool() {
    let mut buffer = BufferPool::new(1, 8).take();
    buffer.fill(1);
    assert_eq!(&buffer[..], [1; 8]);
}

#[test]
fn a_wait_with_a_limit_ends_at_the_limit_or_with_a_buffer() {
    let pool = BufferPool::new(1, 16);
    let held = pool.take();
    assert!(pool.take_for(Duration::ZERO).is_none());
    assert!(pool.take_for(Duration::from_millis(5)).is_none());
    let taken = thread::scope(|scope| {
        let waiter = scope.spawn(|| pool.take_for(Duration::MAX));
        drop(held);
        waiter.join().unwrap()
    });
    assert_eq!(taken.map(|buffer| buffer.len()), Some(16));
    assert_eq!(pool.idle(), 1);
}

#[test]
fn a_pool_on_huge_pages_is_a_pool() {
    let pool = BufferPool::with_huge_pages(3, 1 << 20).unwrap();
    let mut buffers: Vec<Buffer> = (0..3).map(|_| pool.take()).collect();
    assert!(pool.try_take().is_none());
    for (number, buffer) in (0u8..).zip(&mut buffers) {
        buffer.fill(number);
    }
    assert!((0u8..).zip(&buffers).all(|(number, buffer)| buffer.iter().all(|&byte| byte == number)));
}

#[test]
fn memory_that_there_is_not_is_an_error() {
    assert!(BufferPool::try_new(usize::MAX, 2).is_err());
}

#[test]
fn a_buffer_alone_belongs_to_nobody() {
    let mut buffer = Buffer::alone(5000).unwrap();
    assert_eq!((buffer.len(), buffer.as_ptr().addr() % ALIGNMENT_BYTES), (5000, 0));
    let address = buffer.as_ptr();
    buffer.fill(3);
    let moved = Box::new(buffer);
    assert_eq!((moved.as_ptr(), moved[4999]), (address, 3));
}

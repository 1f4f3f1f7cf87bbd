//! Several threads on one port.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use quarry_io::BufferPool;
use quarry_io::port::{Handled, Op, OpKind};

use crate::Harness;
use crate::harness::{A_WHILE, buffer, empty, pattern};

pub(crate) fn many_threads_submit_and_serve(h: &impl Harness) {
    const THREADS: u64 = 4;
    const EACH: u64 = 300;
    let port = h.port_with_depth(16, |options| options);
    let device = port.register(h.holding(&pattern(4096)), 0).unwrap();
    let (sum, seen) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let end = port.serve(|done| {
                    if done.kind() == OpKind::Read {
                        assert_eq!(done.result.as_ref().unwrap(), &1);
                        sum.fetch_add(done.context, Ordering::SeqCst);
                        if seen.fetch_add(1, Ordering::SeqCst) + 1 == THREADS * EACH {
                            port.close();
                        }
                        let at = usize::try_from(done.offset()).unwrap();
                        assert_eq!(done.into_buffer().unwrap()[0], pattern(4096)[at]);
                    }
                    Handled::Done
                });
                end.unwrap();
            });
        }
        for thread in 0..THREADS {
            let (port, device) = (&port, &device);
            scope.spawn(move || {
                for number in 0..EACH {
                    let context = thread * EACH + number;
                    port.enqueue(Op::read(device, context, empty(1), context)).unwrap();
                }
            });
        }
    });
    let all = THREADS * EACH;
    assert_eq!((seen.into_inner(), sum.into_inner()), (all, all * (all - 1) / 2));
}

pub(crate) fn a_packet_wakes_a_thread_that_waits(h: &impl Harness) {
    let port = h.port();
    for round in 0..20 {
        thread::scope(|scope| {
            let waiter = scope.spawn(|| port.wait_for(h.never()).unwrap());
            if round % 2 == 0 {
                thread::sleep(Duration::from_millis(2));
            }
            port.post(1, round).unwrap();
            assert_eq!(waiter.join().unwrap().unwrap().context, round);
        });
    }
}

pub(crate) fn a_packet_wakes_one_of_several(h: &impl Harness) {
    const WAITERS: u64 = 4;
    let port = h.port();
    let seen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WAITERS {
            scope.spawn(|| {
                for _ in 0..25 {
                    let packet = port.wait_for(h.never()).unwrap().unwrap();
                    seen.lock().unwrap().push(packet.context);
                }
            });
        }
        for context in 0..WAITERS * 25 {
            port.post(0, context).unwrap();
        }
    });
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    assert_eq!(seen, (0..WAITERS * 25).collect::<Vec<_>>());
}

/// Linux and Windows both cancel what a thread submitted when it ends. Nobody asked for that here.
pub(crate) fn the_end_of_the_submitting_thread_ends_nothing(h: &impl Harness) {
    let port = h.port();
    let (stalling, pool) = (h.stalling(), BufferPool::new(2, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| port.enqueue(Op::read(&stalled, 0, pool.take(), 1)).unwrap()).join().unwrap();
        let ticket = scope.spawn(|| port.submit(Op::read(&stalled, 0, pool.take(), 2)).unwrap());
        let ticket = ticket.join().unwrap();
        assert!(port.wait_for(A_WHILE).unwrap().is_none());
        stalling.release();
        assert_eq!(port.wait_for(h.never()).unwrap().unwrap().result.unwrap(), 0);
        assert_eq!(ticket.wait().result.unwrap(), 0);
    });
    // And work that the ended thread left unfinished is whole.
    let device = port.register(h.holding(&[]), 0).unwrap();
    let bytes = pattern(4 << 20);
    for round in 0..5 {
        let write = Op::write(&device, 0, buffer(&bytes), round);
        let ticket = thread::scope(|scope| scope.spawn(|| port.submit(write).unwrap()).join().unwrap());
        assert_eq!(ticket.wait().result.unwrap(), bytes.len());
    }
}

pub(crate) fn waits_with_limits_end(h: &impl Harness) {
    let port = h.port();
    assert!(port.wait_for(Duration::ZERO).unwrap().is_none());
    assert!(port.wait_for(Duration::from_millis(5)).unwrap().is_none());
    assert_eq!(port.wait_many(9, Some(Duration::from_millis(5)), &mut Vec::new()).unwrap(), 0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert!(port.wait_for(Duration::from_millis(10)).unwrap().is_none()));
        }
    });
}

/// A file read to its end by one operation that goes on from itself.
pub(crate) fn handlers_send_operations_in_again(h: &impl Harness) {
    const PIECE: usize = 100;
    let port = h.port_with_depth(1, |options| options);
    let device = port.register(h.holding(&pattern(1050)), 0).unwrap();
    port.enqueue(Op::read(&device, 0, empty(PIECE), 0)).unwrap();
    let mut read = Vec::new();
    let served = port.serve(|done| {
        let count = *done.result.as_ref().unwrap();
        let next = done.offset() + count as u64;
        let buffer = done.into_buffer().unwrap();
        read.extend_from_slice(&buffer[..count]);
        if count < PIECE {
            port.close();
            return Handled::Done;
        }
        Handled::Again(Op::read(&device, next, buffer, 0))
    });
    served.unwrap();
    assert_eq!(read, pattern(1050));
}

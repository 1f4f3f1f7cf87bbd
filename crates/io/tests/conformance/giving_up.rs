//! Out of order, cancelled, late.

use std::time::Duration;

use quarry_io::BufferPool;
use quarry_io::port::{Completion, Op, OpError};

use crate::Harness;
use crate::harness::{A_WHILE, NEVER, Stalling, empty, pattern, stall};
use crate::tickets::block_on;

const SOON: Duration = Duration::from_millis(10);

/// Whether the system gave the operation up; if it cannot, the operation ended as it would have anyway. One that is late
/// may not have begun by then, and is given up by every system.
fn check_given_up(h: &impl Harness, done: &Completion<u64>, late: bool) {
    match &done.result {
        Err(OpError::Cancelled { done: 0 }) => assert!(h.gives_up() && !late, "cancelled"),
        Err(OpError::TimedOut { done: 0 }) => assert!(late, "timed out"),
        Ok(0) => assert!(!h.gives_up(), "it could have been given up"),
        other => panic!("{other:?}"),
    }
    assert_eq!(done.buffers.bytes(), 1);
}

/// A system that cannot give up has to be let go on.
fn let_go(h: &impl Harness, stalling: Stalling) -> Option<Stalling> {
    if h.gives_up() {
        return Some(stalling);
    }
    std::thread::sleep(A_WHILE);
    stalling.release();
    None
}

pub(crate) fn completions_come_in_the_order_of_their_ends(h: &impl Harness) {
    let port = h.port();
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 1).unwrap();
    let device = port.register(h.holding(&pattern(10)), 2).unwrap();
    stall(&port, &stalled, &pool, 1);
    port.enqueue(Op::read(&device, 0, empty(1), 7)).unwrap();
    assert_eq!(port.wait().unwrap().context, 7);
    stalling.release();
    assert_eq!(port.wait().unwrap().context, 0);
}

pub(crate) fn a_cancelled_operation_gives_its_memory_back(h: &impl Harness) {
    let port = h.port();
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 1).unwrap();
    let ticket = port.submit(Op::read(&stalled, 0, pool.take(), 1)).unwrap();
    stalling.wait_begun(1);
    assert!(ticket.cancel());
    // Asking twice is asking once.
    ticket.cancel();
    // Until the system is done with it, the memory is the kernel's.
    assert!(h.gives_up() || pool.idle() == 0);
    let _kept = let_go(h, stalling);
    check_given_up(h, &ticket.wait(), false);
    assert_eq!(pool.idle(), 1);
}

pub(crate) fn a_pended_operation_is_cancelled_at_once(h: &impl Harness) {
    let port = h.port_with_depth(1, |options| options);
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 1).unwrap();
    let device = port.register(h.holding(&pattern(10)), 2).unwrap();
    stall(&port, &stalled, &pool, 1);
    let id = port.enqueue(Op::write(&device, 0, empty(1), 7)).unwrap();
    assert!(port.cancel(id));
    let done = port.wait().unwrap();
    assert!(matches!(done.result, Err(OpError::Cancelled { done: 0 })), "{:?}", done.result);
    assert_eq!((done.id, done.context, done.buffers.bytes()), (id, 7, 1));
    stalling.release();
    assert_eq!(port.wait().unwrap().context, 0);
    assert_eq!(crate::harness::contents(&port, &device, 0, 1), [0]);
}

pub(crate) fn what_is_over_cannot_be_cancelled(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(10)), 2).unwrap();
    let id = port.enqueue(Op::read(&device, 0, empty(1), 7)).unwrap();
    assert!(port.wait().unwrap().result.is_ok());
    assert!(!port.cancel(id));
    // Its place is used again; the old name does not mean the new one.
    let ticket = port.submit(Op::read(&device, 0, empty(1), 7)).unwrap();
    assert!(!port.cancel(id));
    assert!(ticket.wait().result.is_ok());
}

pub(crate) fn an_operation_that_is_late_is_given_up(h: &impl Harness) {
    let port = h.port();
    let (stalling, pool) = (h.stalling(), BufferPool::new(2, 1));
    let stalled = port.register(stalling.target.clone(), 1).unwrap();
    port.enqueue(Op::read(&stalled, 0, pool.take(), 1).within(SOON)).unwrap();
    let ticket = port.submit(Op::read(&stalled, 0, pool.take(), 2).within(SOON)).unwrap();
    let _kept = let_go(h, stalling);
    check_given_up(h, &port.wait().unwrap(), true);
    check_given_up(h, &ticket.wait(), true);
}

pub(crate) fn an_operation_pended_for_too_long_is_given_up(h: &impl Harness) {
    let port = h.port_with_depth(1, |options| options);
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 1).unwrap();
    stall(&port, &stalled, &pool, 1);
    port.enqueue(Op::read(&stalled, 0, empty(1), 5).within(SOON)).unwrap();
    let done = port.wait().unwrap();
    assert_eq!(done.context, 5);
    assert!(matches!(done.result, Err(OpError::TimedOut { done: 0 })), "{:?}", done.result);
    stalling.release();
    assert_eq!(port.wait().unwrap().context, 0);
}

pub(crate) fn a_future_that_is_late_is_given_up(h: &impl Harness) {
    let port = h.port_with_depth(1, |options| options);
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 1).unwrap();
    stall(&port, &stalled, &pool, 1);
    let late = block_on(port.submit(Op::read(&stalled, 0, empty(1), 5).within(SOON)).unwrap());
    assert!(matches!(late.result, Err(OpError::TimedOut { done: 0 })), "{:?}", late.result);
    stalling.release();
    assert!(port.wait_for(h.never()).unwrap().is_some());
}

pub(crate) fn a_deadline_that_is_kept_changes_nothing(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(10)), 2).unwrap();
    for round in 0..100 {
        port.enqueue(Op::read(&device, 0, empty(1), round).within(NEVER)).unwrap();
        assert_eq!(port.wait().unwrap().result.unwrap(), 1);
    }
    assert!(port.wait_for(SOON).unwrap().is_none());
}

pub(crate) fn everything_is_cancelled_at_once(h: &impl Harness) {
    let port = h.port_with_depth(2, |options| options);
    let (stalling, pool) = (h.stalling(), BufferPool::new(6, 1));
    let stalled = port.register(stalling.target.clone(), 1).unwrap();
    stall(&port, &stalled, &pool, 6);
    stalling.wait_begun(2);
    port.cancel_all();
    if !h.gives_up() {
        stalling.release();
    }
    let mut given_up = 0;
    for _ in 0..6 {
        let done = port.wait().unwrap();
        given_up += u64::from(matches!(done.result, Err(OpError::Cancelled { done: 0 })));
    }
    assert_eq!(given_up, if h.gives_up() { 6 } else { 4 });
    assert_eq!((port.stats().cancelled, pool.idle()), (given_up, 6));
}

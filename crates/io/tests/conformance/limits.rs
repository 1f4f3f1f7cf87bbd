//! How many operations a port takes, and what becomes of the others.

use std::sync::{Arc, Weak, mpsc};
use std::thread;
use std::time::Duration;

use quarry_io::BufferPool;
use quarry_io::port::{Beyond, Op, Port, Refusal};

use crate::Harness;
use crate::harness::{empty, pattern, stall};

pub(crate) fn beyond_the_limit_operations_are_refused(h: &impl Harness) {
    let port = h.port_with_depth(2, |options| options.beyond(Beyond::Refuse));
    let (stalling, pool) = (h.stalling(), BufferPool::new(3, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    let device = port.register(h.holding(b"x"), 0).unwrap();
    stall(&port, &stalled, &pool, 2);
    let error = port.submit(Op::read(&device, 0, pool.take(), 42)).unwrap_err();
    assert_eq!(error.reason, Refusal::Full { in_flight: 2, pended: 0 });
    let mut op = error.op;
    assert_eq!((*op.context(), pool.idle()), (42, 0));
    stalling.release();
    for _ in 0..2 {
        assert_eq!(port.wait().unwrap().result.unwrap(), 0);
    }
    assert_eq!(port.submit(*op).unwrap().wait().result.unwrap(), 1);
    assert_eq!((port.stats().refused, port.stats().submitted), (1, 3));
}

pub(crate) fn beyond_the_limit_operations_are_pended_in_order(h: &impl Harness) {
    let port = h.port_with_depth(1, |options| options.beyond(Beyond::Pend { max: 3 }));
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    let device = port.register(h.holding(&pattern(9)), 0).unwrap();
    stall(&port, &stalled, &pool, 1);
    for context in 1..=3 {
        port.enqueue(Op::read(&device, context, empty(1), context)).unwrap();
    }
    let error = port.enqueue(Op::read(&device, 4, empty(1), 4)).unwrap_err();
    assert_eq!(error.reason, Refusal::Full { in_flight: 1, pended: 3 });
    assert_eq!((port.stats().in_flight, port.stats().waiting), (1, 3));
    stalling.release();
    // One at a time, so they end in the order they came.
    let order: Vec<u64> = (0..4).map(|_| port.wait().unwrap().context).collect();
    assert_eq!(order, [0, 1, 2, 3]);
    assert_eq!(port.stats().pended, 3);
}

pub(crate) fn the_depth_is_never_exceeded(h: &impl Harness) {
    let port = h.port_with_depth(3, |options| options.beyond(Beyond::Pend { max: 1000 }));
    let device = port.register(h.holding(&pattern(4096)), 0).unwrap();
    for context in 0..300 {
        port.enqueue(Op::read(&device, context, empty(64), context)).unwrap();
        assert!(port.stats().in_flight <= 3);
    }
    for _ in 0..300 {
        assert_eq!(port.wait().unwrap().result.unwrap(), 64);
        assert!(port.stats().in_flight <= 3);
    }
    let stats = port.stats();
    assert_eq!((stats.submitted, stats.completed, stats.bytes), (300, 300, 300 * 64));
    assert_eq!((stats.in_flight, stats.waiting, stats.ready), (0, 0, 0));
}

pub(crate) fn packets_and_requeued_operations_are_not_limited(h: &impl Harness) {
    let port = h.port_with_depth(1, |options| options.beyond(Beyond::Refuse));
    let device = port.register(h.holding(b"x"), 0).unwrap();
    let done = port.submit(Op::read(&device, 0, empty(1), 5)).unwrap().wait();
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    stall(&port, &stalled, &pool, 1);
    assert!(port.enqueue(Op::read(&device, 0, empty(1), 0)).is_err());
    port.post(0, 6).unwrap();
    assert_eq!(port.wait().unwrap().context, 6);
    port.requeue(done.again()).unwrap();
    stalling.release();
    let mut contexts = [port.wait().unwrap().context, port.wait().unwrap().context];
    contexts.sort_unstable();
    assert_eq!(contexts, [0, 5]);
}

/// A context that asks its port when it is dropped.
struct AsksWhenDropped(Weak<Port<AsksWhenDropped>>);

impl Drop for AsksWhenDropped {
    fn drop(&mut self) {
        if let Some(port) = self.0.upgrade() {
            let _ = port.stats();
        }
    }
}

/// Of several operations the first is refused and comes back; the rest is dropped with what they came in, and what is in them may
/// come back to the port: under its lock, it would wait for itself.
pub(crate) fn what_is_dropped_behind_a_refused_one_may_come_back(h: &impl Harness) {
    let port = Arc::new(h.options().open::<AsksWhenDropped>().unwrap());
    port.close();
    let (over, is_over) = mpsc::channel();
    thread::spawn(move || {
        let packet = |key| Op::packet(key, AsksWhenDropped(Arc::downgrade(&port)));
        let refused = port.enqueue_many(vec![packet(1), packet(2), packet(3)]).unwrap_err();
        over.send(refused.reason.clone()).unwrap();
    });
    let reason = is_over.recv_timeout(Duration::from_secs(20));
    assert_eq!(reason, Ok(Refusal::Closed), "it waits for itself");
}

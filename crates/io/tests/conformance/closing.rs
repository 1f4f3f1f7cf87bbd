//! How a port ends, above all with operations in flight.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use quarry_io::BufferPool;
use quarry_io::port::{Closed, Op, OpError, Refusal};

use crate::Harness;
use crate::harness::{A_WHILE, NEVER, TestPort, empty, pattern, stall};
use crate::tickets::block_on;

const SOON: Duration = Duration::from_millis(20);

pub(crate) fn a_closed_port_gives_back_what_is_in_flight(h: &impl Harness) {
    let port = h.port_with_depth(4, |options| options);
    let device = port.register(h.holding(&pattern(100)), 0).unwrap();
    for context in 0..20 {
        port.enqueue(Op::read(&device, context, empty(1), context)).unwrap();
    }
    port.close();
    let error = port.enqueue(Op::read(&device, 0, empty(1), 0)).unwrap_err();
    assert_eq!(error.reason, Refusal::Closed);
    let mut contexts = Vec::new();
    while let Ok(done) = port.wait() {
        assert_eq!(done.result.unwrap(), 1);
        contexts.push(done.context);
    }
    contexts.sort_unstable();
    assert_eq!(contexts, (0..20).collect::<Vec<_>>());
    assert_eq!(port.wait_for(h.never()).unwrap_err(), Closed);
}

pub(crate) fn a_closed_port_ends_every_wait(h: &impl Harness) {
    let port = h.port();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(port.wait_for(h.never()).unwrap_err(), Closed));
        }
        thread::sleep(Duration::from_millis(5));
        port.close();
    });
}

pub(crate) fn dropping_with_operations_in_flight_frees_or_leaks(h: &impl Harness) {
    for on_tickets in [false, true] {
        let port = h.port_with_depth(3, |options| options.drop_limit(SOON));
        let (stalling, pool) = (h.stalling(), BufferPool::new(5, 4096));
        let stalled = port.register(stalling.target.clone(), 0).unwrap();
        if on_tickets {
            for context in 0..5 {
                drop(port.submit(Op::read(&stalled, 0, pool.take(), context)).unwrap());
            }
        } else {
            stall(&port, &stalled, &pool, 5);
        }
        stalling.wait_begun(3);
        drop(port);
        // Two were pended; three were the kernel's, which gave them up or keeps them.
        assert_eq!(pool.idle(), if h.gives_up() { 5 } else { 2 });
        stalling.release();
    }
}

pub(crate) fn dropping_gives_everything_back_that_is_pended_or_ready(h: &impl Harness) {
    let port = h.port_with_depth(2, |options| options);
    let device = port.register(h.holding(&pattern(100)), 0).unwrap();
    let pool = BufferPool::new(50, 16);
    for context in 0..50 {
        port.enqueue(Op::read(&device, context, pool.take(), context)).unwrap();
    }
    drop(port);
    assert_eq!(pool.idle(), 50);
}

pub(crate) fn tickets_outlive_their_port(h: &impl Harness) {
    let port = h.port_with_depth(1, |options| options.drop_limit(SOON));
    let device = port.register(h.holding(&pattern(100)), 0).unwrap();
    let done = port.submit(Op::packet(5, 6)).unwrap();
    let finished = port.submit(Op::read(&device, 0, empty(1), 3)).unwrap().wait();
    let (stalling, pool) = (h.stalling(), BufferPool::new(2, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    let [in_flight, pended] = [1, 2].map(|c| port.submit(Op::read(&stalled, 0, pool.take(), c)).unwrap());
    stalling.wait_begun(1);
    drop(port);
    assert_eq!(done.wait().context, 6);
    assert_eq!(finished.result.unwrap(), 1);
    let pended = pended.wait();
    assert!(matches!(pended.result, Err(OpError::Cancelled { .. })), "{:?}", pended.result);
    assert!(!in_flight.cancel());
    let in_flight = in_flight.wait();
    match in_flight.result {
        Err(OpError::Cancelled { done: 0 }) if h.gives_up() => assert_eq!(in_flight.buffers.bytes(), 1),
        Err(OpError::Abandoned) if !h.gives_up() => assert_eq!(in_flight.buffers.bytes(), 0),
        other => panic!("{other:?}"),
    }
    stalling.release();
}

pub(crate) fn futures_end_with_their_port(h: &impl Harness) {
    let port = h.port_with_depth(4, |options| options.drop_limit(SOON));
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    let ticket = port.submit(Op::read(&stalled, 0, pool.take(), 1)).unwrap();
    thread::scope(|scope| {
        let awaiting = scope.spawn(|| block_on(ticket));
        stalling.wait_begun(1);
        drop(port);
        assert!(awaiting.join().unwrap().result.is_err());
    });
    stalling.release();
}

/// A waker that owns the port, as that of a task does whose executor is gone.
struct Owner {
    port: Mutex<Option<TestPort>>,
    dropped: mpsc::Sender<()>,
}

impl Wake for Owner {
    fn wake(self: Arc<Self>) {
        let port = self.port.lock().unwrap().take();
        drop(port);
        let _ = self.dropped.send(());
    }
}

/// It is woken by the thread that fetched the completion. Called from inside the backend, the port's drop would wait for others to
/// come back, and nobody else may go in and fetch them.
pub(crate) fn a_waker_may_own_its_port(h: &impl Harness) {
    let port = h.port_with_depth(4, |options| options.drop_limit(Duration::from_secs(1)));
    let (stuck, soon, pool) = (h.stalling(), h.stalling(), BufferPool::new(1, 1));
    let [never, device] = [&stuck, &soon].map(|one| port.register(one.target.clone(), 0).unwrap());
    port.enqueue(Op::read(&never, 0, pool.take(), 1)).unwrap();
    stuck.wait_begun(1);
    let mut ticket = port.submit(Op::read(&device, 0, empty(1), 2)).unwrap();
    let (dropped, is_dropped) = mpsc::channel();
    let waker = Waker::from(Arc::new(Owner { port: Mutex::new(Some(port)), dropped }));
    assert!(Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker)).is_pending());
    soon.release();
    assert_eq!(is_dropped.recv_timeout(NEVER), Ok(()));
    assert_eq!(pool.idle(), usize::from(h.gives_up()), "what can be given up is given back");
    stuck.release();
}

/// What the kernel kept beyond the end of the port may still come; nobody is there then.
pub(crate) fn late_completions_find_no_port(h: &impl Harness) {
    let port = h.port_with_depth(4, |options| options.drop_limit(Duration::ZERO));
    let (stalling, pool) = (h.stalling(), BufferPool::new(4, 4096));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    stall(&port, &stalled, &pool, 4);
    stalling.wait_begun(4);
    drop(port);
    // No time was given for anything to be given up, so all of it may still be written to.
    assert_eq!(pool.idle(), 0);
    stalling.release();
    thread::sleep(A_WHILE);
    // Whatever has come back is whole.
    while let Some(mut buffer) = pool.try_take() {
        buffer.fill(1);
        std::mem::forget(buffer);
    }
}

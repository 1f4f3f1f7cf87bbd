//! The completions that are for one caller.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use quarry_io::BufferPool;
use quarry_io::port::{Op, Ticket};

use crate::Harness;
use crate::harness::{A_WHILE, NEVER, TestPort, empty, pattern};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The smallest executor there is.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park_timeout(NEVER),
        }
    }
}

/// All of them, polled together.
pub(crate) fn join_all<C: Send>(
    tickets: Vec<Ticket<C>>,
) -> impl Future<Output = Vec<quarry_io::port::Completion<C>>> {
    let mut waiting: Vec<Option<Ticket<C>>> = tickets.into_iter().map(Some).collect();
    let mut done = Vec::new();
    std::future::poll_fn(move |context| {
        for slot in &mut waiting {
            let Some(ticket) = slot else { continue };
            if let Poll::Ready(completion) = Pin::new(ticket).poll(context) {
                done.push(completion);
                *slot = None;
            }
        }
        if waiting.iter().all(Option::is_none) {
            Poll::Ready(std::mem::take(&mut done))
        } else {
            Poll::Pending
        }
    })
}

pub(crate) fn a_ticket_is_waited_for(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(10)), 4).unwrap();
    let ticket = port.submit(Op::read(&device, 3, empty(2), 17)).unwrap();
    let id = ticket.id();
    let done = ticket.wait();
    assert_eq!((done.id, done.context, done.key()), (id, 17, 4));
    assert_eq!(done.into_buffer().unwrap()[..], [3, 4]);
}

pub(crate) fn a_ticket_is_awaited(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(10)), 4).unwrap();
    let sum = block_on(async {
        let mut sum = 0;
        for at in 0..10u64 {
            let done = port.submit(Op::read(&device, at, empty(1), at)).unwrap().await;
            sum += u64::from(done.into_buffer().unwrap()[0]);
        }
        sum
    });
    assert_eq!(sum, 45);
}

pub(crate) fn many_futures_are_awaited_at_once(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(1000)), 4).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let tickets = (0..100).map(|at| port.submit(Op::read(&device, at, empty(1), at)).unwrap());
                let done = block_on(join_all(tickets.collect()));
                assert_eq!(done.len(), 100);
                for done in done {
                    let at = usize::try_from(done.context).unwrap();
                    assert_eq!(done.into_buffer().unwrap()[0], pattern(1000)[at]);
                }
            });
        }
        // A thread that waits at the same time gets none of theirs.
        assert!(port.wait_for(A_WHILE).unwrap().is_none());
    });
}

pub(crate) fn a_detached_ticket_leaves_its_completion_to_the_queue(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(10)), 4).unwrap();
    // Once before and once after it is over.
    let id = port.submit(Op::read(&device, 0, empty(1), 1)).unwrap().detach();
    let done = port.wait().unwrap();
    assert_eq!((done.id, done.context), (id, 1));
    let ticket = port.submit(Op::packet(0, 2)).unwrap();
    let id = ticket.detach();
    assert_eq!(port.wait().unwrap().id, id);
    // And once after it was polled.
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    let mut ticket = port.submit(Op::read(&stalled, 0, pool.take(), 3)).unwrap();
    assert!(Pin::new(&mut ticket).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let id = ticket.detach();
    stalling.release();
    assert_eq!(port.wait().unwrap().id, id);
}

/// A waker that asks the port when it is dropped, as one does whose task has a ticket of its own.
struct AsksWhenDropped(Arc<TestPort>);

impl Wake for AsksWhenDropped {
    fn wake(self: Arc<Self>) {}
}

impl Drop for AsksWhenDropped {
    fn drop(&mut self) {
        let _ = self.0.stats();
    }
}

/// A ticket that was polled keeps a waker, and detaching it drops that one: under the port's lock, it would wait for itself.
pub(crate) fn a_waker_that_is_let_go_may_come_back(h: &impl Harness) {
    let port = Arc::new(h.port());
    let (stalling, pool) = (h.stalling(), BufferPool::new(2, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    let polled = |context| {
        let waker = Waker::from(Arc::new(AsksWhenDropped(Arc::clone(&port))));
        let mut ticket = port.submit(Op::read(&stalled, 0, pool.take(), context)).unwrap();
        assert!(Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker)).is_pending());
        ticket
    };
    let (detached, dropped) = (polled(1), polled(2));
    let (over, is_over) = mpsc::channel();
    thread::spawn(move || {
        detached.detach();
        drop(dropped);
        over.send(()).unwrap();
    });
    if is_over.recv_timeout(Duration::from_secs(20)).is_err() {
        // Its drop would wait for the same lock.
        std::mem::forget(stalling);
        panic!("it waits for itself");
    }
    stalling.release();
    assert_eq!(port.wait().unwrap().context, 1);
}

pub(crate) fn a_dropped_ticket_gives_the_memory_back(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(10)), 4).unwrap();
    let pool = BufferPool::new(1, 10);
    for polled in [false, true, false] {
        let mut ticket = port.submit(Op::read(&device, 0, pool.take(), 1)).unwrap();
        if polled {
            let _ = Pin::new(&mut ticket).poll(&mut Context::from_waker(Waker::noop()));
        }
        drop(ticket);
        h.let_pass(&port);
        // Nobody waits on the port, and the memory comes home all the same.
        assert!(pool.take_for(NEVER).is_some());
    }
    assert_eq!(port.stats().completed, 3);
}

pub(crate) fn a_wait_with_a_limit_gives_the_ticket_back(h: &impl Harness) {
    let port = h.port();
    let (stalling, pool) = (h.stalling(), BufferPool::new(1, 1));
    let stalled = port.register(stalling.target.clone(), 0).unwrap();
    let ticket = port.submit(Op::read(&stalled, 0, pool.take(), 1)).unwrap();
    let ticket = ticket.wait_for(Duration::ZERO).unwrap_err();
    let ticket = ticket.wait_for(A_WHILE).unwrap_err();
    stalling.release();
    assert_eq!(ticket.wait_for(h.never()).unwrap().result.unwrap(), 0);
}

pub(crate) fn waiting_for_a_ticket_takes_nothing_from_the_queue(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(10)), 4).unwrap();
    for round in 0..50 {
        port.enqueue(Op::read(&device, 0, empty(1), round)).unwrap();
        let ticket = port.submit(Op::read(&device, 0, empty(1), 1000 + round)).unwrap();
        port.post(0, 2000 + round).unwrap();
        assert_eq!(ticket.wait().context, 1000 + round);
        let mut contexts = [port.wait().unwrap().context, port.wait().unwrap().context];
        contexts.sort_unstable();
        assert_eq!(contexts, [round, 2000 + round]);
    }
}

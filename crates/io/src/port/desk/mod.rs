//! Where a port's callers and its backend meet: one lock around who is in flight, who waits and what is ready.
//!
//! One lock, because each of these decides about the others; it is held for the time of a few table accesses and never
//! around a call to the system. Wakers, contexts and memory of others are let go outside of it.

mod check;
mod delivering;
mod ending;
mod waiting;

pub(in crate::port) use waiting::Sleeper;

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use quarry_sync::Counters;
use quarry_sync::primitive::{Clock, Condvar, Instant, Mutex};

use crate::port::backend::{Backend, Driving};
use crate::port::completion::{Completion, OpId, Origin};
use crate::port::error::{Refusal, SubmitError};
use crate::port::op::{Op, OpKind};
use crate::port::options::Beyond;
use crate::port::request::{Done, Outcome, Request};
use crate::port::slots::{Entry, Slots, To};
use crate::port::stats;

/// Completions that wait to be taken, when packets are refused.
const READY_MAX: usize = 1 << 16;

pub(in crate::port) struct Desk<C> {
    pub(in crate::port) state: Mutex<State<C>>,
    /// Something is ready, or the place of the driver is free.
    pub(in crate::port) changed: Condvar,
    /// A future wants somebody to drive.
    pub(in crate::port) wanted: Condvar,
    pub(in crate::port) clock: Clock,
    pub(in crate::port) driving: Driving,
    pub(in crate::port) counters: Counters<{ stats::COUNTERS }>,
    /// What registered devices know this port by.
    pub(in crate::port) identity: Arc<()>,
    depth: usize,
    beyond: Beyond,
}

pub(in crate::port) struct State<C> {
    pub(in crate::port) slots: Slots<C>,
    pub(in crate::port) ready: VecDeque<Completion<C>>,
    pub(in crate::port) pended: VecDeque<Request>,
    /// Requests that the backend has.
    pub(in crate::port) in_flight: usize,
    pub(in crate::port) deadlines: BTreeSet<(Instant, OpId)>,
    /// Devices registered so far.
    pub(in crate::port) devices: u32,
    /// Threads asleep that take what is ready.
    pub(in crate::port) takers: usize,
    /// Threads asleep that wait for something else: a ticket's completion, the end, the driver's place.
    pub(in crate::port) others: usize,
    /// Whether a thread is inside `drive`.
    pub(in crate::port) driven: bool,
    /// Operations in flight that no thread waits for: futures, and what dropped tickets left behind.
    pub(in crate::port) unattended: usize,
    pub(in crate::port) closed: bool,
    pub(in crate::port) ended: bool,
}

impl<C> Default for State<C> {
    fn default() -> Self {
        Self {
            slots: Slots::default(),
            ready: VecDeque::new(),
            pended: VecDeque::new(),
            in_flight: 0,
            deadlines: BTreeSet::new(),
            devices: 0,
            takers: 0,
            others: 0,
            driven: false,
            unattended: 0,
            closed: false,
            ended: false,
        }
    }
}

/// What is done once the lock is released: all of it is foreign code or a call to the system.
#[must_use]
pub(in crate::port) struct After<C> {
    pub(in crate::port) wakers: Vec<Waker>,
    pub(in crate::port) unwanted: Vec<Completion<C>>,
    pub(in crate::port) kick: bool,
    /// The thread inside `drive` has to look again.
    pub(in crate::port) alert: bool,
}

impl<C> Default for After<C> {
    fn default() -> Self {
        Self { wakers: Vec::new(), unwanted: Vec::new(), kick: false, alert: false }
    }
}

impl<C> After<C> {
    pub(in crate::port) fn run(self, backend: &dyn Backend) {
        if self.kick {
            backend.kick();
        }
        if self.alert {
            backend.wake();
        }
        for waker in self.wakers {
            contain(|| waker.wake());
        }
        for completion in self.unwanted {
            contain(|| drop(completion));
        }
    }
}

/// Foreign code that panics must not take the backend's thread, or the driver's place, with it.
fn contain(foreign: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(foreign)).is_err() {
        tracing::error!("a waker, or the drop of a context, panicked");
    }
}

/// How an operation is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::port) enum Entrance {
    Usual,
    /// It was in before and goes on: neither the limit nor the closing stops it.
    Again,
}

impl<C> Desk<C> {
    pub(in crate::port) fn new(backend: &Clock, driving: Driving, depth: usize, beyond: Beyond) -> Self {
        Self {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            wanted: Condvar::new(),
            clock: backend.clone(),
            driving,
            counters: Counters::new(),
            identity: Arc::new(()),
            depth,
            beyond,
        }
    }

    /// Takes operations in, in order, until one is refused; that one comes back.
    pub(in crate::port) fn submit(
        &self,
        backend: &dyn Backend,
        ops: impl Iterator<Item = Op<C>>,
        to: impl Fn() -> To<C>,
        entrance: Entrance,
        mut taken: impl FnMut(OpId),
    ) -> Result<(), SubmitError<C>> {
        let mut after = After::default();
        let mut refused = None;
        let mut state = self.state.lock();
        for op in ops {
            match self.admit(&state, &op, entrance) {
                Ok(()) => taken(self.take_in(&mut state, backend, op, to(), &mut after)),
                Err(reason) => {
                    refused = Some(SubmitError { reason, op: Box::new(op) });
                    break;
                }
            }
        }
        drop(state);
        after.run(backend);
        refused.map_or(Ok(()), Err)
    }

    fn admit(&self, state: &State<C>, op: &Op<C>, entrance: Entrance) -> Result<(), Refusal> {
        let refuse = |reason| {
            self.counters.add(stats::REFUSED, 1);
            Err(reason)
        };
        if let Err(reason) = check::check(op, &self.identity) {
            return refuse(reason);
        }
        if entrance == Entrance::Again {
            return Ok(());
        }
        if state.closed {
            return refuse(Refusal::Closed);
        }
        let (in_flight, pended) = (state.in_flight, state.pended.len());
        let room = match self.beyond {
            Beyond::Pend { max } => pended < max || (pended == 0 && in_flight < self.depth),
            Beyond::Refuse => in_flight < self.depth,
        };
        let room = if op.kind == OpKind::Packet { state.ready.len() < READY_MAX } else { room };
        if room { Ok(()) } else { refuse(Refusal::Full { in_flight, pended }) }
    }

    fn take_in(
        &self,
        state: &mut State<C>,
        backend: &dyn Backend,
        op: Op<C>,
        to: To<C>,
        after: &mut After<C>,
    ) -> OpId {
        let Op { kind, device, key, offset, buffers, range, limit, context } = op;
        let registered = device.as_ref().map(|device| Arc::clone(&device.0));
        let nothing_to_do = range.is_empty() && !matches!(kind, OpKind::Flush(_));
        let origin = Origin { kind, device, key, offset, range: range.clone(), limit };
        let id = state.slots.insert(Entry::new(context, origin, to));
        let id = id.expect("memory ends before four billion operations are in flight");
        self.counters.add(stats::SUBMITTED, 1);
        let Some(device) = registered.filter(|_| !nothing_to_do) else {
            let done = Done { id, buffers, outcome: Outcome::Moved(0) };
            self.deliver(state, done, after);
            self.announce(state, after, 1);
            return id;
        };
        if let Some(limit) = limit {
            let deadline = self.clock.now() + limit;
            if let Some(entry) = state.slots.get(id) {
                entry.deadline = Some(deadline);
            }
            state.deadlines.insert((deadline, id));
            // Whoever waits now may sleep for longer than that.
            if state.deadlines.first() == Some(&(deadline, id)) {
                self.changed.notify_all();
                self.wanted.notify_all();
                after.alert |= state.driven;
            }
        }
        state.pended.push_back(Request::new(id, kind, device, offset, buffers, range));
        self.start_pended(state, backend, after);
        if state.pended.back().is_some_and(|last| last.id == id) {
            self.counters.add(stats::PENDED, 1);
        }
        id
    }

    /// Gives the backend of what is pended as much as it may have.
    fn start_pended(&self, state: &mut State<C>, backend: &dyn Backend, after: &mut After<C>) {
        while state.in_flight < self.depth
            && let Some(request) = state.pended.pop_front()
        {
            state.in_flight += 1;
            backend.push(request);
            after.kick = true;
        }
    }
}

impl<C> State<C> {
    /// Whether nothing can become ready any more.
    pub(in crate::port) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.pended.is_empty()
    }
}

//! Where a port's callers and its backend meet: one lock around who is in flight, who waits and what is ready.
//!
//! One lock, because each of these decides about the others; it is held for the time of a few table accesses and never
//! around a call to the system. Wakers, contexts and memory of others are let go outside of it.

mod admitting;
mod after;
mod check;
mod delivering;
mod ending;
mod waiting;

pub(in crate::port) use after::{After, Foreign, wake_all};
pub(in crate::port) use waiting::Sleeper;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use quarry_sync::Counters;
use quarry_sync::primitive::thread::ThreadId;
use quarry_sync::primitive::{Clock, Condvar, Instant, Mutex};

use crate::port::backend::{Backend, Driving};
use crate::port::book::Book;
use crate::port::completion::{Completion, OpId, Origin};
use crate::port::error::{Refusal, SubmitError};
use crate::port::line::Line;
use crate::port::op::{Op, OpKind};
use crate::port::options::{Admission, Beyond};
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
    admission: Admission,
    /// What is known of each priority, where there are several.
    pub(in crate::port) book: Option<Box<Book>>,
}

pub(in crate::port) struct State<C> {
    pub(in crate::port) slots: Slots<C>,
    pub(in crate::port) ready: VecDeque<Completion<C>>,
    pub(in crate::port) pended: Line<Request>,
    /// Requests that the backend has.
    pub(in crate::port) in_flight: usize,
    pub(in crate::port) deadlines: BTreeSet<(Instant, OpId)>,
    /// Devices registered so far.
    pub(in crate::port) devices: u32,
    /// Threads asleep that take what is ready.
    pub(in crate::port) takers: usize,
    /// Threads asleep that wait for something else: a ticket's completion, the end, the driver's place.
    pub(in crate::port) others: usize,
    /// The thread inside `drive`.
    pub(in crate::port) driver: Option<ThreadId>,
    /// What it leaves behind there, to be run when it is out.
    pub(in crate::port) left: Foreign<C>,
    /// Operations in flight that no thread waits for: futures, and what dropped tickets left behind.
    pub(in crate::port) unattended: usize,
    /// How often there was said to be a step to make; see [`Sink::stir`](crate::port::backend::Sink::stir).
    pub(in crate::port) stirs: u64,
    /// Futures that found somebody else inside `drive`, or no step to make, on a backend that is stepped.
    pub(in crate::port) steppers: Vec<Waker>,
    pub(in crate::port) closed: bool,
    pub(in crate::port) ended: bool,
}

impl<C> Default for State<C> {
    fn default() -> Self {
        Self {
            slots: Slots::default(),
            ready: VecDeque::new(),
            pended: Line::default(),
            in_flight: 0,
            deadlines: BTreeSet::new(),
            devices: 0,
            takers: 0,
            others: 0,
            driver: None,
            left: Foreign::default(),
            unattended: 0,
            stirs: 0,
            steppers: Vec::new(),
            closed: false,
            ended: false,
        }
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
    pub(in crate::port) fn new(
        backend: &Clock,
        driving: Driving,
        depth: usize,
        admission: Admission,
    ) -> Self {
        let ranked = matches!(admission, Admission::Ranked { .. });
        Self {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            wanted: Condvar::new(),
            clock: backend.clone(),
            driving,
            counters: Counters::new(),
            identity: Arc::new(()),
            depth,
            admission,
            book: ranked.then(Box::default),
        }
    }

    /// Takes operations in, in order, until one is refused; that one comes back.
    pub(in crate::port) fn submit(
        &self,
        backend: &dyn Backend,
        mut ops: impl Iterator<Item = Op<C>>,
        to: impl Fn() -> To<C>,
        entrance: Entrance,
        mut taken: impl FnMut(OpId),
    ) -> Result<(), SubmitError<C>> {
        let mut after = After::default();
        let mut refused = None;
        let mut state = self.state.lock();
        // By reference: what is left behind a refused one is dropped without the lock, for there are contexts in it.
        for op in ops.by_ref() {
            match self.admit(&mut state, &op, entrance, &mut after) {
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

    fn admit(
        &self,
        state: &mut State<C>,
        op: &Op<C>,
        entrance: Entrance,
        after: &mut After<C>,
    ) -> Result<(), Refusal> {
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
        if op.kind == OpKind::Packet {
            // It is ready at once: it needs no place with the system and none to wait in.
            let room = state.ready.len() < READY_MAX;
            return if room { Ok(()) } else { refuse(Refusal::Full { in_flight, pended }) };
        }
        let room = match self.admission {
            Admission::Plain(Beyond::Pend { max }) => pended < max || (pended == 0 && in_flight < self.depth),
            Admission::Plain(Beyond::Refuse) => in_flight < self.depth,
            Admission::Ranked { places, kept } => {
                let room = self.has_place(state, op.priority, places, kept);
                if !room && !self.shed_for(state, op.priority, after) {
                    let queued_alike = state.pended.len_of(op.priority);
                    if let Some(book) = &self.book {
                        book.refuses(op.priority);
                    }
                    return refuse(Refusal::Busy { queued: pended, queued_alike });
                }
                true
            }
        };
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
        let Op { kind, device, key, offset, buffers, range, limit, priority, context } = op;
        let registered = device.as_ref().map(|device| Arc::clone(&device.0));
        let nothing_to_do = range.is_empty() && !matches!(kind, OpKind::Flush(_));
        let origin = Origin { kind, device, key, offset, range: range.clone(), limit, priority };
        let mut entry = Entry::new(context, origin, to);
        entry.came = self.book.is_some().then(|| after.now(&self.clock));
        let id = state.slots.insert(entry);
        let id = id.expect("memory ends before four billion operations are in flight");
        self.counters.add(stats::SUBMITTED, 1);
        let Some(device) = registered.filter(|_| !nothing_to_do) else {
            let done = Done { id, buffers, outcome: Outcome::Moved(0) };
            self.deliver(state, done, after);
            self.announce(state, after, 1);
            return id;
        };
        if let Some(limit) = limit {
            let deadline = after.now(&self.clock) + limit;
            if let Some(entry) = state.slots.get(id) {
                entry.deadline = Some(deadline);
            }
            state.deadlines.insert((deadline, id));
            // Whoever waits now may sleep for longer than that.
            if state.deadlines.first() == Some(&(deadline, id)) {
                self.changed.notify_all();
                self.wanted.notify_all();
                after.alert |= state.is_driven();
            }
        }
        if state.in_flight >= self.depth {
            self.counters.add(stats::PENDED, 1);
        }
        let mut request = Request::new(id, kind, device, offset, buffers, range);
        request.priority = priority;
        state.pended.push(priority, request);
        self.start_pended(state, backend, after);
        if !state.is_driven() && self.is_waiting_for_a_driver(state) {
            self.wanted.notify_one();
        }
        id
    }

    /// Gives the backend of what is pended as much as it may have; says how many requests that is.
    fn start_pended(&self, state: &mut State<C>, backend: &dyn Backend, after: &mut After<C>) -> usize {
        let before = state.in_flight;
        while state.in_flight < self.depth
            && let Some(request) = state.pended.pop()
        {
            state.in_flight += 1;
            if let Some(book) = &self.book {
                let came = state.slots.get(request.id).and_then(|entry| entry.came);
                book.begins(request.priority, came, after.now(&self.clock));
            }
            backend.push(request);
            after.kick = true;
        }
        state.in_flight - before
    }
}

impl<C> State<C> {
    /// Whether a thread is inside `drive`.
    pub(in crate::port) fn is_driven(&self) -> bool {
        self.driver.is_some()
    }

    /// Whether nothing can become ready any more.
    pub(in crate::port) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.pended.is_empty()
    }
}

//! What callers and the coordinator's thread do with the queue: submit, wait, lead.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::GroupCommitStats;
use super::error::CommitError;
use super::options::GroupCommitOptions;
use super::queue::{Pending, Slot, State};
use crate::histogram::Histogram;
use crate::panics;
use crate::primitive::{Condvar, Mutex, MutexGuard};

type Commit<Op, R, E> = Box<dyn FnMut(Vec<Op>) -> Result<Vec<R>, E> + Send>;

pub(super) struct Shared<Op, R, E> {
    options: GroupCommitOptions,
    /// Locked by the leader alone: `State::leading` says who that is.
    commit: Mutex<Commit<Op, R, E>>,
    state: Mutex<State<Op, R, E>>,
    /// Where the coordinator's thread waits for something to be due.
    due: Condvar,
    /// Where a leader waits for company.
    company: Condvar,
    /// Where those wait who flush.
    finished: Condvar,
    latency: Histogram,
}

impl<Op, R, E> Shared<Op, R, E> {
    pub(super) fn new(options: GroupCommitOptions, commit: Commit<Op, R, E>) -> Self {
        Self {
            options,
            commit: Mutex::new(commit),
            state: Mutex::new(State::new()),
            due: Condvar::new(),
            company: Condvar::new(),
            finished: Condvar::new(),
            latency: Histogram::new(),
        }
    }

    /// Queues `op`. `alone` says that no thread stands ready to lead for it, so that its age must be watched.
    pub(super) fn submit(&self, op: Op, bytes: u64, alone: bool) -> Arc<Slot<R, E>> {
        let slot = Arc::new(Slot::new());
        let submitted = self.options.clock.now();
        let mut state = self.state.lock();
        if let Some(error) = state.poison.clone().or_else(|| state.closed.then_some(CommitError::Closed)) {
            slot.fill(Err(error));
            return slot;
        }
        slot.set_awaited(!alone);
        state.queue.push(Pending { op, submitted, slot: Arc::clone(&slot) });
        state.bytes = state.bytes.saturating_add(bytes);
        state.submitted += 1;
        if state.leading {
            if state.has_company(&self.options) {
                self.company.notify_one();
            }
        } else if alone && (state.queue.len() == 1 || state.is_full(&self.options)) {
            self.due.notify_one();
        }
        slot
    }

    /// Waits for the result in `slot`, leading if nobody does.
    pub(super) fn wait(&self, slot: &Slot<R, E>) -> Result<R, CommitError<E>> {
        let mut state = self.state.lock();
        slot.set_awaited(true);
        loop {
            if let Some(result) = slot.take() {
                return result;
            }
            if state.leading {
                slot.wake.wait(&mut state);
            } else {
                state = self.lead(state);
            }
        }
    }

    pub(super) fn flush(&self) -> Result<(), CommitError<E>> {
        let mut state = self.state.lock();
        let target = state.submitted;
        while state.finished < target {
            if state.leading {
                self.finished.wait(&mut state);
            } else {
                state.urgent = true;
                state = self.lead(state);
            }
        }
        state.poison.clone().map_or(Ok(()), Err)
    }

    /// Somebody who cannot lead waits.
    pub(super) fn hurry(&self) {
        let mut state = self.state.lock();
        // With nothing in the queue what is waited for is under way already.
        state.urgent = !state.queue.is_empty();
        self.due.notify_one();
        self.company.notify_one();
    }

    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.due.notify_one();
        self.company.notify_one();
    }

    pub(super) fn stats(&self) -> GroupCommitStats {
        let state = self.state.lock();
        GroupCommitStats {
            batches: state.batches,
            operations: state.operations,
            bytes: state.bytes_total,
            largest_batch: state.largest_batch,
            pending: state.queue.len() as u64,
            latency: self.latency.snapshot(),
        }
    }

    /// The coordinator's thread: leads for those that do not, until closed with nothing left.
    pub(super) fn serve(&self) {
        let mut state = self.state.lock();
        loop {
            let oldest = state.queue.first().map(|pending| pending.submitted);
            match oldest {
                _ if state.leading => self.due.wait(&mut state),
                None if state.closed => return,
                None => self.due.wait(&mut state),
                Some(_) if state.closed || state.urgent || state.is_full(&self.options) => {
                    state = self.lead(state)
                }
                Some(oldest) => {
                    let deadline = oldest + self.options.delay;
                    let time_is_up = self.options.clock.wait_until(&self.due, &mut state, deadline);
                    if time_is_up && !state.leading && !state.queue.is_empty() {
                        state = self.lead(state);
                    }
                }
            }
        }
    }

    /// Commits what waits. Called with nobody leading; the mutex is released meanwhile.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State<Op, R, E>>) -> MutexGuard<'a, State<Op, R, E>> {
        state.leading = true;
        self.wait_for_company(&mut state);
        let batch = state.take_batch();
        drop(state);

        let began = self.options.clock.now();
        let mut ops = Vec::with_capacity(batch.len());
        let mut slots = Vec::with_capacity(batch.len());
        for Pending { op, submitted, slot } in batch {
            ops.push(op);
            slots.push((slot, submitted));
        }
        let results = self.run(ops);
        let ended = self.options.clock.now();
        for (_, submitted) in &slots {
            self.latency.record(ended - *submitted);
        }

        let mut state = self.state.lock();
        state.leading = false;
        state.batches += 1;
        state.operations += slots.len() as u64;
        state.last_batch = slots.len();
        state.last_took = ended - began;
        state.largest_batch = state.largest_batch.max(slots.len() as u64);
        let slots = slots.into_iter().map(|(slot, _)| slot).collect();
        self.finish(state, slots, results)
    }

    /// Gives those that were served together last time a moment to come back.
    fn wait_for_company(&self, state: &mut MutexGuard<'_, State<Op, R, E>>) {
        if state.has_company(&self.options) {
            return;
        }
        let deadline = self.options.clock.now() + state.last_took.min(self.options.delay);
        while !state.has_company(&self.options) {
            if self.options.clock.wait_until(&self.company, state, deadline) {
                return;
            }
        }
    }

    fn run(&self, ops: Vec<Op>) -> Result<Vec<R>, CommitError<E>> {
        let expected = ops.len();
        let mut commit = self.commit.lock();
        match catch_unwind(AssertUnwindSafe(|| commit(ops))) {
            Ok(Ok(results)) if results.len() == expected => Ok(results),
            Ok(Ok(results)) => Err(CommitError::Miscounted { expected, actual: results.len() }),
            Ok(Err(error)) => Err(CommitError::Failed(Arc::new(error))),
            Err(payload) => Err(CommitError::Panicked { message: panics::message(&*payload).into() }),
        }
    }

    /// Hands out results, and the lead to one who waits.
    fn finish<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<Op, R, E>>,
        mut slots: Vec<Arc<Slot<R, E>>>,
        results: Result<Vec<R>, CommitError<E>>,
    ) -> MutexGuard<'a, State<Op, R, E>> {
        let mut abandoned = Vec::new();
        let results: Vec<_> = match results {
            Ok(results) => results.into_iter().map(Ok).collect(),
            Err(error) => {
                tracing::error!(operations = slots.len(), "a commit failed: nothing is committed any more");
                // What queued up meanwhile fails with the batch; nobody would ever lead for it.
                for Pending { op, slot, .. } in state.empty() {
                    abandoned.push(op);
                    slots.push(slot);
                }
                state.poison = Some(error.clone());
                slots.iter().map(|_| Err(error.clone())).collect()
            }
        };
        state.finished += slots.len() as u64;
        let mut wakers = Vec::new();
        for (slot, result) in slots.iter().zip(results) {
            wakers.extend(slot.fill(result));
            slot.wake.notify_one();
        }
        if let Some(next) = state.queue.iter().find(|pending| pending.slot.is_awaited()) {
            next.slot.wake.notify_one();
        } else {
            self.due.notify_one();
        }
        if state.closed {
            self.due.notify_one();
        }
        self.finished.notify_all();
        // Foreign code, which may come back here, runs without the mutex: wakers, and the drops of operations and of results
        // that nobody wants.
        drop(state);
        wakers.into_iter().for_each(|waker| contain(|| waker.wake()));
        contain(|| drop(slots));
        contain(|| drop(abandoned));
        self.state.lock()
    }
}

/// Foreign code that panics must not take the coordinator's thread with it, which leads for all that do not wait.
fn contain(foreign: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(foreign)).is_err() {
        tracing::error!("a waker, or the drop of an operation or of a result, panicked");
    }
}

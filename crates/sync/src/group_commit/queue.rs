//! What waits to be committed, and the slots in which results arrive.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::error::CommitError;
use super::options::GroupCommitOptions;
use crate::primitive::{Condvar, Instant, Mutex};

pub(super) struct Pending<Op, R, E> {
    pub(super) op: Op,
    pub(super) submitted: Instant,
    pub(super) slot: Arc<Slot<R, E>>,
}

/// Where one operation's result arrives.
pub(super) struct Slot<R, E> {
    outcome: Mutex<Outcome<R, E>>,
    /// Goes with the coordinator's mutex: "your result is there" or "it is your turn to lead".
    pub(super) wake: Condvar,
}

struct Outcome<R, E> {
    result: Option<Result<R, CommitError<E>>>,
    waker: Option<Waker>,
    /// A thread waits for it, and could lead.
    awaited: bool,
}

impl<R, E> Slot<R, E> {
    pub(super) fn new() -> Self {
        let outcome = Outcome { result: None, waker: None, awaited: false };
        Self { outcome: Mutex::new(outcome), wake: Condvar::new() }
    }

    pub(super) fn take(&self) -> Option<Result<R, CommitError<E>>> {
        self.outcome.lock().result.take()
    }

    /// Gives the result to whoever waits; the waker, if it is a future, is to be called without locks.
    pub(super) fn fill(&self, result: Result<R, CommitError<E>>) -> Option<Waker> {
        let mut outcome = self.outcome.lock();
        outcome.result = Some(result);
        outcome.waker.take()
    }

    pub(super) fn set_waker(&self, waker: &Waker) {
        // Its clone and the drop of the one before are foreign code, and run without the lock.
        let waker = Some(waker.clone());
        let before = std::mem::replace(&mut self.outcome.lock().waker, waker);
        drop(before);
    }

    pub(super) fn set_awaited(&self, awaited: bool) {
        self.outcome.lock().awaited = awaited;
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.outcome.lock().awaited
    }
}

/// All that the coordinator's mutex protects.
pub(super) struct State<Op, R, E> {
    pub(super) queue: Vec<Pending<Op, R, E>>,
    pub(super) bytes: u64,
    /// Somebody is committing, or waits for company before doing so.
    pub(super) leading: bool,
    /// Somebody who cannot lead waits for what is in the queue.
    pub(super) urgent: bool,
    pub(super) closed: bool,
    pub(super) poison: Option<CommitError<E>>,
    pub(super) submitted: u64,
    pub(super) finished: u64,
    pub(super) batches: u64,
    pub(super) operations: u64,
    pub(super) bytes_total: u64,
    pub(super) last_batch: usize,
    pub(super) last_took: Duration,
    pub(super) largest_batch: u64,
}

impl<Op, R, E> State<Op, R, E> {
    pub(super) fn new() -> Self {
        Self {
            queue: Vec::new(),
            bytes: 0,
            leading: false,
            urgent: false,
            closed: false,
            poison: None,
            submitted: 0,
            finished: 0,
            batches: 0,
            operations: 0,
            bytes_total: 0,
            last_batch: 0,
            last_took: Duration::ZERO,
            largest_batch: 0,
        }
    }

    /// Whether there is enough for a batch, whoever waits for it.
    pub(super) fn is_full(&self, options: &GroupCommitOptions) -> bool {
        self.queue.len() >= options.operations || self.bytes >= options.bytes
    }

    /// Whether those that a leader waits for have come.
    pub(super) fn has_company(&self, options: &GroupCommitOptions) -> bool {
        self.queue.len() >= self.last_batch || self.is_full(options) || self.closed || self.urgent
    }

    pub(super) fn take_batch(&mut self) -> Vec<Pending<Op, R, E>> {
        self.bytes_total += self.bytes;
        self.empty()
    }

    /// Takes what waits for no batch at all.
    pub(super) fn empty(&mut self) -> Vec<Pending<Op, R, E>> {
        self.bytes = 0;
        self.urgent = false;
        std::mem::take(&mut self.queue)
    }
}

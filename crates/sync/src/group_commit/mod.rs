//! One commit for many callers: [`GroupCommit`].
//!
//! Making something durable costs a flush, and a flush costs the same for one operation as for a hundred. Callers submit operations and
//! get a [`Ticket`] each; a leader takes all that waits, commits it by one call of the commit function, and gives every
//! ticket its result.
//!
//! **Who leads.** A caller that waits for its ticket, if nobody is leading, in its own thread: no switch between threads, no
//! delay. While it commits, others queue up, and one of them leads next with all of them. A thread of the coordinator's
//! own leads for those that do not wait: it acts for futures at once, and for tickets that nobody waits for when their
//! number, their bytes or their age reaches the limit.
//!
//! **When a leader waits for company.** Callers that were just served together are likely to come back together, and the
//! first to be back would commit alone while the others queue up behind it. So a leader gives as many as were served
//! last time a moment to arrive: until that many are there, or [`operations`](GroupCommitOptions::operations) of them, and
//! no longer than the last commit took or [`delay`](GroupCommitOptions::delay). One that was served alone was alone:
//! a lone caller never waits.
//!
//! **After a failure** the coordinator is poisoned. Every ticket of the batch, every one in the queue and every later one
//! fails with the first error: what a failed flush left behind is unknown, and doing as if a second one could tell has
//! cost databases data.

mod error;
mod options;
mod queue;
mod shared;
mod ticket;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::histogram::HistogramSnapshot;
use crate::primitive::thread::{self, JoinHandle};

pub use error::CommitError;
pub use options::GroupCommitOptions;
pub use ticket::Ticket;

use shared::Shared;

/// Commits what many callers submit, together; see the [module](self).
///
/// ```
/// use quarry_sync::{GroupCommit, GroupCommitOptions};
///
/// // A commit function that answers each operation with how many were committed with it.
/// let commit = |batch: Vec<&str>| Ok::<_, std::io::Error>(vec![batch.len(); batch.len()]);
/// let journal = GroupCommit::start(GroupCommitOptions::default(), commit)?;
///
/// let (first, second) = (journal.submit("a"), journal.submit("b"));
/// assert_eq!((first.wait()?, second.wait()?), (2, 2));
/// assert_eq!(journal.commit("c")?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it commits what was submitted. The commit function must not wait for tickets of its own coordinator.
pub struct GroupCommit<Op, R, E> {
    shared: Arc<Shared<Op, R, E>>,
    thread: Option<JoinHandle<()>>,
}

/// What a [`GroupCommit`] did so far.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupCommitStats {
    /// Calls of the commit function.
    pub batches: u64,
    /// Operations in them.
    pub operations: u64,
    /// Bytes in them, as the callers stated.
    pub bytes: u64,
    /// Operations in the largest batch.
    pub largest_batch: u64,
    /// Operations waiting now.
    pub pending: u64,
    /// From submission to result.
    pub latency: HistogramSnapshot,
}

impl GroupCommitStats {
    /// Operations per commit: over 5 under load where grouping is worth its while. 0 without any commit.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn operations_per_commit(&self) -> f64 {
        if self.batches == 0 { 0.0 } else { self.operations as f64 / self.batches as f64 }
    }
}

impl<Op, R, E> GroupCommit<Op, R, E>
where
    Op: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    /// Starts a coordinator and its thread. `commit` makes a batch durable, in the order of submission, and answers
    /// with a result for each operation.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start<F>(options: GroupCommitOptions, commit: F) -> std::io::Result<Self>
    where
        F: FnMut(Vec<Op>) -> Result<Vec<R>, E> + Send + 'static,
    {
        let shared = Arc::new(Shared::new(options, Box::new(commit)));
        let thread = {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("group-commit".into()).spawn(move || shared.serve())?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Queues `op` without waiting. It is committed whether or not the ticket is waited for or kept.
    pub fn submit(&self, op: Op) -> Ticket<Op, R, E> {
        self.submit_sized(op, 0)
    }

    /// Queues `op`, which adds `bytes` to its batch.
    pub fn submit_sized(&self, op: Op, bytes: u64) -> Ticket<Op, R, E> {
        let slot = self.shared.submit(op, bytes, true);
        Ticket::new(Arc::clone(&self.shared), slot)
    }

    /// Queues `op` and waits for its result.
    ///
    /// # Errors
    /// If its batch, or one before, failed.
    pub fn commit(&self, op: Op) -> Result<R, CommitError<E>> {
        let slot = self.shared.submit(op, 0, false);
        self.shared.wait(&slot)
    }

    /// Waits until all that was submitted before is committed.
    ///
    /// # Errors
    /// If a batch failed, this one or one before.
    pub fn flush(&self) -> Result<(), CommitError<E>> {
        self.shared.flush()
    }

    /// What it did so far.
    #[must_use]
    pub fn stats(&self) -> GroupCommitStats {
        self.shared.stats()
    }
}

impl<Op, R, E> Drop for GroupCommit<Op, R, E> {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // Its panics are the commit function's, and those were caught.
            let _ = thread.join();
        }
    }
}

impl<Op, R, E> fmt::Debug for GroupCommit<Op, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupCommit").finish_non_exhaustive()
    }
}

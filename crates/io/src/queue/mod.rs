//! One disk, many who want something of it: [`DiskQueue`] says who is next.
//!
//! # What it is
//! A policy in front of one [`Port`], not a second engine. A disk's workers are its *slots*: so many operations are with
//! the system at once, one or two for a disk with a head, more for flash ([`DriveProfile`]). Everything else waits in
//! *places*, by [`Priority`]: Critical, HighRead, NormalRead, Write, Background; first come, first served within each.
//! Whenever a slot is free, the port, which knows it first, asks the policy for the next; no thread stands in between.
//!
//! Each disk has a port of its own, and with it a lock of its own: disks do not wait for each other. Tickets, futures,
//! cancelling, deadlines and the order at the end are the port's.
//!
//! # Promises
//! - **Nobody starves.** What waits first in its priority has its turn after [`Priority::turns`] turns at most, whatever
//!   else comes: 5 for HighRead, 10 for NormalRead, 19 for Write, 36 for Background; with `n` before it, after `n + 1`
//!   times as many. With `d` slots and operations that take `s` at most, a turn takes `s / d` on average. Critical has
//!   more than half of the turns even when all others wait.
//! - **Critical is let in.** Some places are kept for it, and what is full of Background sheds: any other priority takes the place of what
//!   came last in the background, which comes back with [`OpError::Shed`](crate::port::OpError::Shed), memory and all. So Critical is
//!   refused only when every place is taken and none by Background.
//! - **Busy is said at once.** What finds no place is refused with [`Refusal::Busy`](crate::port::Refusal::Busy) and comes
//!   back. Memory is bounded by places and slots, as far as completions are taken.
//! - **Nothing is lost.** Every operation that was taken comes back once: done, failed, cancelled, late or shed; and
//!   [`stop`](DiskQueue::stop) and dropping finish or return all of them.
//!
//! # What can fail
//! Opening, as a port does. Submitting: the queue is busy or stopped, or the operation cannot be done on this device. An
//! operation, as on any port. A device that never answers keeps its slots; `stop` with a limit says how many.
//!
//! # Costs
//! A turn looks at five queues. Cancelling what waits looks through the queue. Two readings of the clock for an
//! operation, fewer when they come and go in numbers; a histogram is one addition. Beside its buffer an operation costs an
//! entry in the port's table and one in the queue; neither is an allocation of its own.
//!
//! # Considered and rejected
//! - *Threads that work off queues* of blocking calls: a ring needs none, and each hand-over is a context switch.
//! - *A queue and a lock before the port's*: every operation would take two locks, and need somebody awake to carry it from the first
//!   to the second whenever a slot falls free.
//! - *One port for all disks*: one lock for all disks.
//! - *Aging by waiting time*: after a while of overload everything has aged and order of arrival is all that is left.
//! - *Shares by bytes*: an operation's size says little about its cost on a disk with a head, and chunks have one size.
//!
//! ```
//! use quarry_io::port::Op;
//! use quarry_io::{Buffer, DiskQueueOptions, DriveKind, FileDevice, Priority};
//! # let file = tempfile::NamedTempFile::new()?;
//! # std::fs::write(file.path(), "0123456789")?;
//! # let path = file.path();
//!
//! let profile = DriveKind::Ssd.profile();
//! let queue = DiskQueueOptions::new().open::<()>(FileDevice::open(path)?.port_file(), &profile)?;
//! let scrub = queue.submit(Priority::Background, Op::read(queue.device(), 0, Buffer::alone(5)?, ()))?;
//! let wanted = queue.submit(Priority::HighRead, Op::read(queue.device(), 5, Buffer::alone(5)?, ()))?;
//! assert_eq!(wanted.wait().into_buffer().unwrap()[..], *b"56789");
//! assert_eq!(scrub.wait().result?, 5);
//! assert_eq!(queue.stats().of(Priority::HighRead).finished, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod options;

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use crate::port::{
    Closed, Completion, Op, OpId, Port, PortDevice, PortStats, Priority, PriorityStats, SubmitError, Ticket,
};

pub use options::{DiskQueueOptions, PLACES_KEPT};

#[cfg(doc)]
use crate::DriveProfile;

/// A port for one disk, with priorities; see the [module](self).
pub struct DiskQueue<C: Send> {
    port: Port<C>,
    device: PortDevice,
    slots: usize,
}

/// What becomes of what waits when a queue is stopped. What has begun is finished in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It is done.
    Finish,
    /// It comes back undone, as cancelled.
    Return,
}

/// What a [`DiskQueue`] did so far.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskQueueStats {
    /// All priorities together, as the port counts them.
    pub port: PortStats,
    priorities: [PriorityStats; 5],
}

impl DiskQueueStats {
    /// One of them.
    #[must_use]
    pub fn of(&self, priority: Priority) -> &PriorityStats {
        &self.priorities[priority.index()]
    }

    /// Operations that wait for a slot.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.priorities.iter().map(|priority| priority.queued).sum()
    }
}

impl<C: Send> DiskQueue<C> {
    /// The disk: what operations are made for.
    #[must_use]
    pub fn device(&self) -> &PortDevice {
        &self.device
    }

    /// Operations with the system at once, at most.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// What does its work; see [`Port::backend`].
    #[must_use]
    pub fn backend(&self) -> &'static str {
        self.port.backend()
    }

    /// Takes an operation in, for a ticket: to be waited for, awaited, or cancelled.
    ///
    /// # Errors
    /// [`SubmitError`], which has the operation: [`Busy`](crate::port::Refusal::Busy) if there is no place for it.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of `quarry_sync`.
    pub fn submit(&self, priority: Priority, op: Op<C>) -> Result<Ticket<C>, SubmitError<C>> {
        self.port.submit(with(priority, op))
    }

    /// Takes an operation in; its completion goes to whoever [waits](Self::wait).
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    ///
    /// # Panics
    /// As [`submit`](Self::submit).
    pub fn enqueue(&self, priority: Priority, op: Op<C>) -> Result<OpId, SubmitError<C>> {
        self.port.enqueue(with(priority, op))
    }

    /// Takes several in at once, in order, until one is refused; the rest stay in `ops`.
    ///
    /// # Errors
    /// [`SubmitError`] with the one that was refused.
    ///
    /// # Panics
    /// As [`submit`](Self::submit). The iterator runs under the queue's lock and must not use the queue.
    pub fn enqueue_many(
        &self,
        priority: Priority,
        ops: impl IntoIterator<Item = Op<C>>,
    ) -> Result<usize, SubmitError<C>> {
        self.port.enqueue_many(ops.into_iter().map(|op| with(priority, op)))
    }

    /// Waits for the completion of something that was [enqueued](Self::enqueue).
    ///
    /// # Errors
    /// [`Closed`] when the queue is stopped and everything was taken.
    ///
    /// # Panics
    /// As [`submit`](Self::submit).
    pub fn wait(&self) -> Result<Completion<C>, Closed> {
        self.port.wait()
    }

    /// Waits for the first such completion, up to `limit` if there is one, and takes what is there, `max` in all. Says how
    /// many those are.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    ///
    /// # Panics
    /// As [`submit`](Self::submit).
    pub fn wait_many(
        &self,
        max: usize,
        limit: Option<Duration>,
        out: &mut Vec<Completion<C>>,
    ) -> Result<usize, Closed> {
        self.port.wait_many(max, limit, out)
    }

    /// Asks for an operation to end: at once if it waits, if the system can if it has begun. `false`: it is over.
    pub fn cancel(&self, id: OpId) -> bool {
        self.port.cancel(id)
    }

    /// What it did so far, and how many wait.
    #[must_use]
    pub fn stats(&self) -> DiskQueueStats {
        let priorities = self.port.priority_stats();
        let priorities = priorities.expect("the port of a queue keeps them");
        DiskQueueStats { port: self.port.stats(), priorities }
    }

    /// Takes no more, and waits, up to `limit` if there is one, until everything is done or, with [`Rest::Return`], until
    /// what had begun is done and the rest is given back. Completions stay to be taken. Says how many operations are
    /// still under way: none unless the limit was reached.
    ///
    /// # Panics
    /// As [`submit`](Self::submit).
    pub fn stop(&self, rest: Rest, limit: Option<Duration>) -> usize {
        self.port.close();
        if rest == Rest::Return {
            self.port.cancel_pended();
        }
        self.port.wait_idle(limit)
    }
}

fn with<C>(priority: Priority, mut op: Op<C>) -> Op<C> {
    op.priority = priority;
    op
}

impl<C: Send> fmt::Debug for DiskQueue<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskQueue")
            .field("slots", &self.slots)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

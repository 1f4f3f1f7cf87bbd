//! A completion port: operations go in with their memory, come back with their results, in whatever order they end.
//!
//! # Why it is as it is
//! A disk is fast only while it has several operations to choose from, and the ways to give it several differ between
//! systems: a ring (io_uring), a completion port (Windows), threads that block (everywhere). What they share is that the
//! *kernel* holds the memory for a while. So an [`Op`] takes ownership of its buffers and gives them back when the kernel
//! is done with them, never earlier: not when it is cancelled, not when its time is up, not when the port is dropped. A
//! port that is dropped asks for everything to end, waits for it up to a limit, and leaks what the kernel keeps beyond.
//!
//! ```text
//! caller ── submit(Op) ──► desk ── push(Request) ──► backend: threads │ uring │ iocp │ sim
//!    ▲                   ids, limit, pended,               │
//!    └── Completion ◄── deadlines, who waits ◄── complete(Done)
//! ```
//!
//! [`Port::submit`] gives a [`Ticket`], which can be waited for, awaited or detached; [`Port::enqueue`] lets the completion
//! go to the port's queue, where any of the threads in [`Port::wait`] takes it. Which of the two is decided by the caller
//! for each operation: a queue that also served tickets would give one thread what another waits for.
//!
//! # What it promises
//! - Operations of a port are not ordered: a write, then a read of the same bytes, both in flight, end as they like. Wait
//!   for the first.
//! - A read is continued until it is full or the device ends; a write until all is written. Results are exact.
//! - Cancelling and deadlines are requests. An operation that the system had finished by then comes back as finished.
//! - No more than [`PortOptions::depth`] operations are with the system; more are pended or refused, as
//!   [`Beyond`] says. Packets and re-queued operations are neither.
//! - Submitting and waiting panic in debug builds if the thread holds a lock of `quarry_sync`: a lock held across I/O is
//!   held as long as a disk takes.
//!
//! # Considered and rejected
//! - *Borrowed buffers* (`submit(&mut [u8])` with a guard): a guard that is forgotten is safe code, and the kernel would
//!   write into freed memory.
//! - *Any type as a buffer*, behind an unsafe trait: one concrete [`Buffer`](crate::Buffer), aligned, that does not move
//!   when it is moved, is all that disks need; a pool of one serves single operations.
//! - *Contexts as `Box<dyn Any>`*: an allocation and a downcast for each operation. A port has one type of context.
//! - *A thread that fetches completions of a ring*: every completion would cost a second wake-up. The waiting thread goes
//!   into the kernel itself; only futures, whose threads do not wait, have one thread that does it for them.
//! - *A limit kept by each backend*: pending, refusing and counting are the same everywhere, so the desk does them.

pub(crate) mod backend;
mod book;
pub(crate) mod completion;
mod desk;
pub(crate) mod device;
pub(crate) mod error;
#[cfg(any(target_os = "linux", windows))]
mod flights;
#[cfg(windows)]
mod iocp;
#[cfg(test)]
#[cfg(any(target_os = "linux", windows))]
mod kept;
mod line;
mod op;
mod open;
mod options;
pub(crate) mod request;
mod slots;
mod stats;
mod threads;
mod ticket;
#[cfg(target_os = "linux")]
mod uring;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use quarry_sync::order;
use quarry_sync::primitive::thread::JoinHandle;
use quarry_sync::primitive::{Clock, Instant, MutexGuard};

use crate::BufferPool;

use backend::Backend;
use desk::{Desk, Entrance, Sleeper, State};
use slots::{Reason, To};

pub use book::PriorityStats;
pub use completion::{Completion, OpError, OpId};
pub use device::{BlockingDevice, PortDevice, PortFile, PortSource, Target};
pub use error::{Closed, PortError, Refusal, SubmitError};
pub use line::Priority;
pub use op::{Buffers, Flush, Op, OpKind, VECTOR_BUFFERS_MAX};
pub use options::{BackendKind, Beyond, DEPTH_MAX, PortOptions};
pub use stats::PortStats;
pub use ticket::Ticket;

/// A completion port; see the [module](self). `C` is the context that travels with each operation.
///
/// Any number of threads submit to it and wait on it; any number of devices are registered with it.
///
/// ```
/// use quarry_io::port::{Op, Port, PortOptions};
/// use quarry_io::{Buffer, FileDevice};
/// # let file = tempfile::NamedTempFile::new()?;
/// # std::fs::write(file.path(), "0123456789")?;
/// # let path = file.path();
///
/// let port: Port<&str> = PortOptions::new().open()?;
/// let disk = port.register(FileDevice::open(path)?.port_file(), 7)?;
/// port.enqueue(Op::read(&disk, 4, Buffer::alone(3)?, "three bytes"))?;
/// let completion = port.wait()?;
/// assert_eq!((completion.result?, completion.context), (3, "three bytes"));
/// assert_eq!(&completion.buffers.into_one().unwrap()[..], b"456");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Port<C: Send> {
    inner: Arc<Inner<C>>,
    /// Why it is not the backend that [`BackendKind::Auto`] tries first.
    fallback: Option<String>,
    for_futures: Option<JoinHandle<()>>,
    drop_limit: Duration,
}

/// What tickets share with their port.
struct Inner<C> {
    desk: Arc<Desk<C>>,
    backend: Arc<dyn Backend>,
}

/// What a handler says about the completion it was given.
#[derive(Debug)]
pub enum Handled<C> {
    /// It is dealt with.
    Done,
    /// This one goes in next; usually the same one [again](Completion::again).
    Again(Op<C>),
}

impl<C: Send> Port<C> {
    /// What does its work: `"threads"`, `"uring"`, `"iocp"`, `"sim"`.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        self.inner.backend.name()
    }

    /// With [`BackendKind::Auto`]: why it is not the backend that was tried first.
    #[must_use]
    pub fn fallback_reason(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    /// The clock of its deadlines and waits: a simulation's where it works on one.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.inner.desk.clock.clone()
    }

    /// Makes a device known to the port. Completions of its operations carry `key`.
    ///
    /// # Errors
    /// [`PortError::Unsupported`] if the backend cannot work on it.
    pub fn register(&self, target: impl Into<Target>, key: u64) -> Result<PortDevice, PortError> {
        let mut state = self.inner.desk.state.lock();
        let number = state.devices;
        state.devices = number.checked_add(1).ok_or(PortError::TooManyDevices)?;
        drop(state);
        let device = PortDevice::new(target.into(), key, number, Arc::clone(&self.inner.desk.identity));
        if !self.inner.backend.register(&device.0) {
            return Err(PortError::Unsupported { backend: self.backend() });
        }
        Ok(device)
    }

    /// Takes no more operations on `device`, any of its clones. Those in flight or pended go on.
    pub fn withdraw(&self, device: &PortDevice) {
        if device.belongs_to(&self.inner.desk.identity) {
            device.withdraw();
            self.inner.backend.withdraw(&device.0);
        }
    }

    /// Lets the backend prepare the memory of a pool whose buffers will be used again and again. `Ok(false)`: it makes no
    /// difference to this backend. The port keeps the memory as long as it lives.
    ///
    /// # Errors
    /// What the system says, most often that the process may not pin so much. The buffers can be used all the same.
    pub fn register_buffers(&self, pool: &BufferPool) -> io::Result<bool> {
        self.inner.backend.register_memory(pool.slab())
    }

    /// Takes an operation in, for a ticket.
    ///
    /// # Errors
    /// [`SubmitError`], which has the operation.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of `quarry_sync`.
    pub fn submit(&self, op: Op<C>) -> Result<Ticket<C>, SubmitError<C>> {
        let mut id = None;
        self.take_in(Some(op).into_iter(), || To::Ticket(None), Entrance::Usual, |taken| id = Some(taken))?;
        let id = id.expect("an operation that is not refused has an identity");
        Ok(Ticket::new(Arc::clone(&self.inner), id))
    }

    /// Takes an operation in; its completion goes to whoever [waits](Self::wait).
    ///
    /// # Errors
    /// [`SubmitError`], which has the operation.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of `quarry_sync`.
    pub fn enqueue(&self, op: Op<C>) -> Result<OpId, SubmitError<C>> {
        let mut id = None;
        self.take_in(Some(op).into_iter(), || To::Queue, Entrance::Usual, |taken| id = Some(taken))?;
        Ok(id.expect("an operation that is not refused has an identity"))
    }

    /// Takes several in at once, which some backends do with one call to the system. In order, until one is refused; the
    /// rest stay in `ops`.
    ///
    /// # Errors
    /// [`SubmitError`] with the one that was refused.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of `quarry_sync`. The iterator runs under the port's lock and must
    /// not use the port.
    pub fn enqueue_many(&self, ops: impl IntoIterator<Item = Op<C>>) -> Result<usize, SubmitError<C>> {
        let mut count = 0;
        self.take_in(ops.into_iter(), || To::Queue, Entrance::Usual, |_| count += 1)?;
        Ok(count)
    }

    /// Sends `context` to whoever waits. The limit does not hold it up, but it is refused while 65,536 completions wait
    /// to be taken.
    ///
    /// # Errors
    /// [`SubmitError`] if the port is closed, or nobody takes what is ready.
    pub fn post(&self, key: u64, context: C) -> Result<OpId, SubmitError<C>> {
        self.enqueue(Op::packet(key, context))
    }

    /// Takes in an operation that goes on from one that has just completed. Neither the limit nor the closing of the
    /// port stops it: it is pended if need be, in the place of the one that it goes on from.
    ///
    /// # Errors
    /// [`SubmitError`] if it could not be done at all, say on another port's device.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of `quarry_sync`.
    pub fn requeue(&self, op: Op<C>) -> Result<OpId, SubmitError<C>> {
        let mut id = None;
        self.take_in(Some(op).into_iter(), || To::Queue, Entrance::Again, |taken| id = Some(taken))?;
        Ok(id.expect("an operation that is not refused has an identity"))
    }

    fn take_in(
        &self,
        ops: impl Iterator<Item = Op<C>>,
        to: impl Fn() -> To<C>,
        entrance: Entrance,
        taken: impl FnMut(OpId),
    ) -> Result<(), SubmitError<C>> {
        order::assert_none_held("an operation is submitted");
        self.inner.desk.submit(&*self.inner.backend, ops, to, entrance, taken)
    }

    /// Waits for a completion.
    ///
    /// # Errors
    /// [`Closed`] when the port is closed and everything that was in flight was taken.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of `quarry_sync`.
    pub fn wait(&self) -> Result<Completion<C>, Closed> {
        let found = self.look_until(None, |state| state.ready.pop_front())?;
        Ok(found.expect("a wait without a limit ends with what it waits for"))
    }

    /// Waits for a completion, but no longer than `limit`; `None` if there is none by then.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    pub fn wait_for(&self, limit: Duration) -> Result<Option<Completion<C>>, Closed> {
        self.look_until(Some(self.inner.desk.clock.now() + limit), |state| state.ready.pop_front())
    }

    /// Waits for the first completion, up to `limit` if there is one, and puts it and what else is there, `max` in all,
    /// at the end of `out`. Says how many those are.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    pub fn wait_many(
        &self,
        max: usize,
        limit: Option<Duration>,
        out: &mut Vec<Completion<C>>,
    ) -> Result<usize, Closed> {
        let until = limit.map(|limit| self.inner.desk.clock.now() + limit);
        let count = self.look_until(until, |state| {
            let count = state.ready.len().min(max);
            out.extend(state.ready.drain(..count));
            (count > 0 || max == 0).then_some(count)
        })?;
        Ok(count.unwrap_or(0))
    }

    fn look_until<T>(
        &self,
        until: Option<Instant>,
        mut look: impl FnMut(&mut State<C>) -> Option<T>,
    ) -> Result<Option<T>, Closed> {
        order::assert_none_held("completions are waited for");
        let (desk, backend) = (&self.inner.desk, &*self.inner.backend);
        let found = desk.wait_until(backend, until, Sleeper::Taker, |state| {
            look(state).map(Ok).or_else(|| (state.closed && state.is_idle()).then_some(Err(Closed)))
        });
        found.transpose()
    }

    /// Gives completions to `handler` on this thread until the port is closed and everything has been handled. Several
    /// threads may serve one port; what each of them must set up, it sets up before.
    ///
    /// # Errors
    /// [`SubmitError`], when an operation that the handler sends in again is refused; see [`requeue`](Self::requeue).
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    pub fn serve(&self, mut handler: impl FnMut(Completion<C>) -> Handled<C>) -> Result<(), SubmitError<C>> {
        while let Ok(completion) = self.wait() {
            if let Handled::Again(op) = handler(completion) {
                self.requeue(op)?;
            }
        }
        Ok(())
    }

    /// Asks for an operation to end. Its completion comes all the same, with whatever happened. `false`: it is over.
    pub fn cancel(&self, id: OpId) -> bool {
        self.inner.desk.cancel(&*self.inner.backend, id, Reason::Asked)
    }

    /// Asks for all operations to end that were taken in before.
    pub fn cancel_all(&self) {
        self.inner.desk.cancel_all(&*self.inner.backend);
    }

    /// For a queue by priority: what is known of each, in the order of [`Priority::ALL`].
    pub(crate) fn priority_stats(&self) -> Option<[PriorityStats; 5]> {
        let book = self.inner.desk.book.as_ref()?;
        let queued = {
            let state = self.inner.desk.state.lock();
            Priority::ALL.map(|priority| state.pended.len_of(priority))
        };
        Some(Priority::ALL.map(|priority| book.stats(priority, queued[priority.index()])))
    }

    /// Gives back, as cancelled, what has not begun. What has goes on.
    pub(crate) fn cancel_pended(&self) {
        self.inner.desk.cancel_pended(&*self.inner.backend);
    }

    /// Waits until nothing is in flight or pended, up to `limit`; how many operations are then.
    pub(crate) fn wait_idle(&self, limit: Option<Duration>) -> usize {
        order::assert_none_held("operations are waited for");
        let (desk, backend) = (&self.inner.desk, &*self.inner.backend);
        let until = limit.map(|limit| desk.clock.now() + limit);
        desk.wait_until(backend, until, Sleeper::Other, |state| state.is_idle().then_some(()));
        let state = desk.state.lock();
        state.in_flight + state.pended.len()
    }

    /// Takes no more operations. Those that are in go on, and waiting ends when the last was taken.
    pub fn close(&self) {
        self.inner.desk.close(&*self.inner.backend);
    }

    /// What it did so far.
    #[must_use]
    pub fn stats(&self) -> PortStats {
        let sums = self.inner.desk.counters.sums();
        let state = self.inner.desk.state.lock();
        PortStats {
            submitted: sums[stats::SUBMITTED],
            completed: sums[stats::COMPLETED],
            failed: sums[stats::FAILED],
            cancelled: sums[stats::CANCELLED],
            pended: sums[stats::PENDED],
            refused: sums[stats::REFUSED],
            bytes: sums[stats::BYTES],
            in_flight: state.in_flight,
            waiting: state.pended.len(),
            ready: state.ready.len(),
        }
    }
}

impl<C> Inner<C> {
    /// Something is ready that was not announced yet.
    fn tell_queue(&self, state: MutexGuard<'_, State<C>>) {
        let mut after = desk::After::default();
        self.desk.announce(&state, &mut after, 1);
        drop(state);
        after.run(&*self.backend);
    }
}

impl<C: Send> Drop for Port<C> {
    fn drop(&mut self) {
        let (desk, backend) = (&self.inner.desk, &*self.inner.backend);
        desk.close(backend);
        desk.cancel_all(backend);
        let until = desk.clock.now() + self.drop_limit;
        let look = |state: &mut State<C>| state.is_idle().then_some(());
        if desk.wait_until(backend, Some(until), Sleeper::Other, look).is_none() {
            tracing::warn!(
                backend = backend.name(),
                "operations are stuck in the kernel; their memory is leaked"
            );
        }
        desk.end(backend);
        // A waker may own the port, and be run by that very thread.
        if let Some(thread) =
            self.for_futures.take().filter(|it| it.thread().id() != std::thread::current().id())
        {
            // It runs no foreign code but wakers; what they panic with is theirs.
            let _ = thread.join();
        }
    }
}

impl<C: Send> fmt::Debug for Port<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("backend", &self.backend()).field("stats", &self.stats()).finish()
    }
}

//! The seam between a port and whatever does its work: [`Backend`] below, [`Sink`] above.
//!
//! A port keeps what all backends share: identities, contexts, the limit and what is pended beyond it, deadlines, who
//! waits and who is told. A backend moves bytes. The contract between the two, for whoever writes another backend:
//!
//! **Ownership.** [`push`](Backend::push) moves a [`Request`] into the backend, memory included. From then on nobody
//! else can reach that memory. It leaves in one of three ways, once: as a [`Done`] through [`Sink::complete`]; as
//! what [`cancel`](Backend::cancel) returns, if the backend has not begun it and never will; or never, because
//! [`abandon`](Backend::abandon) had to leak it. A backend gives memory back only when nothing below it can write
//! there any more, whatever was asked for meanwhile.
//!
//! **Order.** None is promised. Requests may begin, move bytes and end in any order, a flush included.
//!
//! **What a request says.** Short moves are continued with [`Request::advance`], errors noted with [`Request::fail`]: the
//! two decide when it is over, so that all backends agree. A request of no bytes never comes, except a flush.
//!
//! **Cancelling.** A request to give up, no more. A backend answers a cancelled request with
//! [`Outcome::Cancelled`](super::request::Outcome::Cancelled) if it was given up, and with what it did if it was not. The
//! system may give an operation up that nobody asked it to (both io_uring and Windows do when the thread that
//! submitted it ends): the backend starts it again, and never says `Cancelled` without having been asked.
//!
//! **Locks.** [`push`](Backend::push) and [`cancel`](Backend::cancel) are called with the port's lock held: they are
//! short, do not block, and do not call the sink. [`Sink::complete`] takes that lock: no lock of the backend that `push`
//! or `cancel` take may be held around it. [`kick`](Backend::kick), [`wake`](Backend::wake) and
//! [`drive`](Backend::drive) are called without it.
//!
//! **Coming back.** A thread of a backend that drives [itself](Driving::Itself) looks for the next request after
//! [`Sink::complete`] without being asked, for as many as it handed over: what took their places needs no kick.
//!
//! **Who drives.** [`Driving`] says whether completions come by themselves (threads of the backend), or need one of the
//! waiting threads to go and fetch them (a ring), or need a step of a simulation. The port lets one thread at a time
//! into `drive`, with the time of the next deadline as the latest to return. `drive` may return early and for no reason. Another thread
//! that has news for the one inside calls `wake`, and `drive` then returns soon; a `wake` that comes before the
//! `drive` it means is not lost.
//!
//! **The end.** The port cancels everything, drives or waits until all is back or its limit is over, then calls
//! `abandon`. After that the backend starts nothing, its idle threads end, and what is still below it is leaked. A late
//! completion may still come; the port drops it.
//!
//! **Steps.** A backend that is stepped has nobody who calls when there is something to do: a thread that was told
//! `Idle` sleeps. Whatever ends that, a request pushed or a device released, is followed by [`Sink::stir`].

use std::fmt;
use std::sync::Arc;

use quarry_sync::primitive::{Clock, Instant};

use crate::pool::slab::Slab;

use super::completion::OpId;
use super::device::Registered;
use super::error::PortError;
use super::request::{Done, Request};

/// What moves the bytes. The [module](self) has the contract.
pub(crate) trait Backend: Send + Sync + fmt::Debug {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Starts what delivers to `sink` by itself, if there is such a thing. Called once, before all else.
    fn begin(self: Arc<Self>, sink: Arc<dyn Sink>) -> Result<(), PortError> {
        drop(sink);
        Ok(())
    }

    /// Whose time deadlines and waits are in.
    fn clock(&self) -> Clock {
        Clock::system()
    }

    /// How completions come.
    fn driving(&self) -> Driving;

    /// Prepares a device. `false`: it cannot work on such a one.
    fn register(&self, device: &Registered) -> bool;

    /// Nobody will submit to the device any more. Requests on it may still be pended or in flight.
    fn withdraw(&self, device: &Registered) {
        let _ = device;
    }

    /// Prepares memory that requests will use. `Ok(false)`: it makes no difference to this backend.
    fn register_memory(&self, memory: &Arc<Slab>) -> std::io::Result<bool> {
        let _ = memory;
        Ok(false)
    }

    /// Takes a request. It need not begin before [`kick`](Self::kick).
    fn push(&self, request: Request);

    /// Begins what was pushed, and acts on what was cancelled.
    fn kick(&self);

    /// Asks for a request to be given up; gives it back if it has not begun. One that is not there is over already.
    fn cancel(&self, id: OpId) -> Option<Request>;

    /// Fetches completions and hands them to `sink`, waiting for the first until `until` (`None`: for ever).
    fn drive(&self, sink: &dyn Sink, until: Option<Instant>) -> Driven;

    /// Makes the thread inside [`drive`](Self::drive) come out.
    fn wake(&self);

    /// Ends the backend and leaks what it cannot get back.
    fn abandon(&self);
}

/// How the completions of a backend come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driving {
    /// By threads of its own. `drive` and `wake` are never called.
    Itself,
    /// By a waiting thread that blocks in `drive`.
    #[cfg_attr(
        not(any(target_os = "linux", windows)),
        allow(dead_code, reason = "only a ring and a completion port ask")
    )]
    Waiters,
    /// By a step of virtual time in `drive`, which never blocks.
    Steps,
}

/// What came of a call to [`Backend::drive`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driven {
    /// Something may have happened, or time has passed: look again.
    Progress,
    /// With [`Driving::Steps`]: nothing is in flight and no time was given to pass to.
    Idle,
}

/// Where a backend delivers.
pub(crate) trait Sink: Send + Sync {
    /// Takes all of `done`, and pushes what was pended into `backend` in its place.
    fn complete(&self, backend: &dyn Backend, done: &mut Vec<Done>);

    /// With [`Driving::Steps`]: there may be a step to make now where there was none, so whoever slept for want of one
    /// has to try again. Not called under the port's lock.
    fn stir(&self);
}

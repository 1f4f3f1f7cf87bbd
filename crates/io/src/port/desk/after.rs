//! What waits until the lock is released: calls to the system, and foreign code.
//!
//! A waker, or the drop of a context, may do anything: come back to the port, drop it, panic. So neither runs under the
//! lock, nor inside the backend, where only one thread may be, and a panic ends there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use quarry_sync::primitive::{Clock, Instant};

use crate::port::backend::Backend;
use crate::port::completion::Completion;

/// Wakers to be called, and completions to be dropped.
#[must_use]
pub(in crate::port) struct Foreign<C> {
    pub(in crate::port) wakers: Vec<Waker>,
    pub(in crate::port) unwanted: Vec<Completion<C>>,
}

impl<C> Default for Foreign<C> {
    fn default() -> Self {
        Self { wakers: Vec::new(), unwanted: Vec::new() }
    }
}

impl<C> Foreign<C> {
    pub(in crate::port) fn is_empty(&self) -> bool {
        self.wakers.is_empty() && self.unwanted.is_empty()
    }

    pub(in crate::port) fn append(&mut self, mut other: Self) {
        self.wakers.append(&mut other.wakers);
        self.unwanted.append(&mut other.unwanted);
    }

    pub(in crate::port) fn run(self) {
        wake_all(self.wakers);
        for completion in self.unwanted {
            contain(|| drop(completion));
        }
    }
}

/// What is done once the lock is released: all of it is foreign code or a call to the system.
#[must_use]
pub(in crate::port) struct After<C> {
    pub(in crate::port) foreign: Foreign<C>,
    pub(in crate::port) kick: bool,
    /// The thread inside `drive` has to look again.
    pub(in crate::port) alert: bool,
    /// The time while the lock is held, read when it is first wanted.
    now: Option<Instant>,
}

impl<C> Default for After<C> {
    fn default() -> Self {
        Self { foreign: Foreign::default(), kick: false, alert: false, now: None }
    }
}

impl<C> After<C> {
    pub(super) fn now(&mut self, clock: &Clock) -> Instant {
        *self.now.get_or_insert_with(|| clock.now())
    }

    pub(in crate::port) fn run(self, backend: &dyn Backend) {
        if self.kick {
            backend.kick();
        }
        if self.alert {
            backend.wake();
        }
        self.foreign.run();
    }
}

pub(in crate::port) fn wake_all(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(|waker| contain(|| waker.wake()));
}

/// Foreign code that panics must not take the backend's thread, or the driver's place, with it.
fn contain(foreign: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(foreign)).is_err() {
        tracing::error!("a waker, or the drop of a context, panicked");
    }
}

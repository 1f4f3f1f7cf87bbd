//! How threads wait on a port: who sleeps, who drives the backend, and who looks after the deadlines.
//!
//! Every wait is one loop. The thread ends what is late, looks for what it wants, and otherwise either goes into the
//! backend and fetches completions, if the backend wants that and nobody is inside, or sleeps until something changes. So a ring
//! needs no thread of its own: the one that waits for a completion is the one that the kernel wakes. Only futures have
//! nobody who waits; for them each port keeps one thread, which sleeps as long as no future does.

use quarry_sync::primitive::{Instant, MutexGuard, thread};

use super::{Desk, State, wake_all};
use crate::port::backend::{Backend, Driven, Driving};

/// What a thread that sleeps can be woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::port) enum Sleeper {
    /// It takes from what is ready: one completion is for one such thread.
    Taker,
    /// It waits for something particular.
    Other,
}

impl Sleeper {
    fn count<C>(self, state: &mut State<C>) -> &mut usize {
        match self {
            Self::Taker => &mut state.takers,
            Self::Other => &mut state.others,
        }
    }
}

impl<C: Send> Desk<C> {
    /// Waits until `look` finds something, or until `until`.
    pub(in crate::port) fn wait_until<T>(
        &self,
        backend: &dyn Backend,
        until: Option<Instant>,
        sleeper: Sleeper,
        mut look: impl FnMut(&mut State<C>) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.state.lock();
        loop {
            state = self.expire(state, backend);
            let found = look(&mut state);
            if found.is_some() || until.is_some_and(|until| self.clock.now() >= until) {
                self.hand_on(state);
                return found;
            }
            let deadline = state.deadlines.first().map(|&(deadline, _)| deadline);
            let wake_at = deadline.into_iter().chain(until).min();
            if self.driving != Driving::Itself && !state.is_driven() {
                let progress;
                (state, progress) = self.drive(state, backend, wake_at);
                if progress {
                    continue;
                }
                if let Some(found) = look(&mut state) {
                    self.hand_on(state);
                    return Some(found);
                }
            }
            self.sleep(&mut state, sleeper, wake_at);
        }
    }

    /// Goes into the backend, where nobody is, until `until`. Whether something may have happened.
    ///
    /// What completions set off is run when the place inside is free again: a waker may wait for this port, or own it and
    /// drop it, and then has to go in itself.
    pub(in crate::port) fn drive<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<C>>,
        backend: &dyn Backend,
        until: Option<Instant>,
    ) -> (MutexGuard<'a, State<C>>, bool) {
        state.driver = Some(thread::current().id());
        let stirs = state.stirs;
        drop(state);
        let driven = backend.drive(self, until);
        let mut state = self.state.lock();
        state.driver = None;
        let progress = driven == Driven::Progress || state.stirs != stirs;
        let left = std::mem::take(&mut state.left);
        if left.is_empty() {
            return (state, progress);
        }
        self.hand_on(state);
        left.run();
        (self.state.lock(), progress)
    }

    fn sleep(&self, state: &mut MutexGuard<'_, State<C>>, sleeper: Sleeper, wake_at: Option<Instant>) {
        *sleeper.count(state) += 1;
        match wake_at {
            Some(wake_at) => {
                self.clock.wait_until(&self.changed, state, wake_at);
            }
            None => self.changed.wait(state),
        }
        *sleeper.count(state) -= 1;
    }

    /// A thread leaves: if nobody drives now, or there is more to take, another has to get up.
    pub(in crate::port) fn hand_on(&self, mut state: MutexGuard<'_, State<C>>) {
        let vacant = self.driving != Driving::Itself && !state.is_driven();
        if !vacant && state.ready.is_empty() {
            return;
        }
        let steppers = if vacant { std::mem::take(&mut state.steppers) } else { Vec::new() };
        let (takers, others) = (state.takers, state.others);
        // What came while this thread drove told nobody else of it.
        let wanted = vacant && self.is_wanted(&state);
        drop(state);
        wake_all(steppers);
        match (takers, others) {
            (0, 0) if wanted => {
                self.wanted.notify_one();
            }
            (0, 0) => {}
            (_, 0) => {
                self.changed.notify_one();
            }
            _ => {
                self.changed.notify_all();
            }
        }
    }

    /// What the thread for futures does until the port ends.
    pub(in crate::port) fn drive_for_futures(&self, backend: &dyn Backend) {
        loop {
            let mut state = self.state.lock();
            while !self.is_wanted(&state) && !state.ended {
                self.wanted.wait(&mut state);
            }
            if state.ended {
                return;
            }
            drop(state);
            self.wait_until(backend, None, Sleeper::Other, |state| {
                (!self.is_wanted(state) || state.ended).then_some(())
            });
        }
    }

    /// Whether something is in flight that no thread waits for, and whose completion or deadline needs somebody to drive.
    fn is_wanted(&self, state: &State<C>) -> bool {
        let unattended =
            state.unattended > 0 && (self.driving != Driving::Itself || !state.deadlines.is_empty());
        unattended || self.is_waiting_for_a_driver(state)
    }
}

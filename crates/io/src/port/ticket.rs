//! The other end of one operation: [`Ticket`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use quarry_sync::order;

use super::Inner;
use super::backend::Driving;
use super::completion::{Completion, OpId};
use super::desk::{Sleeper, State};
use super::slots::{Reason, To};

/// Where the completion of one operation will be. It outlives the port if need be.
///
/// Wait for it, await it (in any executor), or [detach](Self::detach) it, and the port's queue gets the completion. A ticket
/// that is dropped lets go: the operation runs to its end all the same, and its result and memory are dropped then.
#[must_use = "a dropped ticket drops the result: `detach` it to have the completion from `Port::wait`"]
pub struct Ticket<C: Send> {
    inner: Arc<Inner<C>>,
    id: OpId,
    /// The completion was given out, or is no longer for this ticket.
    over: bool,
}

impl<C: Send> Ticket<C> {
    pub(super) fn new(inner: Arc<Inner<C>>, id: OpId) -> Self {
        Self { inner, id, over: false }
    }

    /// Which operation it is for.
    #[must_use]
    pub fn id(&self) -> OpId {
        self.id
    }

    /// Asks for the operation to end. Its completion comes all the same, with whatever happened. `false`: it is over.
    pub fn cancel(&self) -> bool {
        self.inner.desk.cancel(&*self.inner.backend, self.id, Reason::Asked)
    }

    /// Waits for the completion.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of `quarry_sync`. If the completion was given out before: a future
    /// that was polled to its end has it.
    pub fn wait(mut self) -> Completion<C> {
        order::assert_none_held("a completion is waited for");
        let (desk, backend, id) = (&self.inner.desk, &*self.inner.backend, self.id);
        assert!(!self.over, "the completion was given out before");
        let found = desk.wait_until(backend, None, Sleeper::Other, |state| take(state, id));
        self.over = true;
        found.expect("a wait without a limit ends with what it waits for")
    }

    /// Waits for the completion, but no longer than `limit`.
    ///
    /// # Errors
    /// The ticket, if there is none by then.
    ///
    /// # Panics
    /// As [`wait`](Self::wait).
    pub fn wait_for(mut self, limit: Duration) -> Result<Completion<C>, Self> {
        order::assert_none_held("a completion is waited for");
        assert!(!self.over, "the completion was given out before");
        let (desk, backend, id) = (&self.inner.desk, &*self.inner.backend, self.id);
        let until = desk.clock.now() + limit;
        let found = desk.wait_until(backend, Some(until), Sleeper::Other, |state| take(state, id));
        self.over = found.is_some();
        found.ok_or(self)
    }

    /// Leaves the completion to whoever waits on the port.
    pub fn detach(mut self) -> OpId {
        self.over = true;
        let mut state = self.inner.desk.state.lock();
        let came = take(&mut state, self.id);
        if let Some(completion) = came {
            state.ready.push_back(completion);
            self.inner.tell_queue(state);
        } else {
            let before = state.slots.get(self.id).map(|entry| std::mem::replace(&mut entry.to, To::Queue));
            state.unattended -= usize::from(has_waker(before.as_ref()));
            drop(state);
            // A waker, whose drop is foreign code.
            drop(before);
        }
        self.id
    }

    /// With a backend that is stepped, a future has to do the steps itself.
    fn step(&self, waker: &Waker) {
        let (desk, backend) = (&self.inner.desk, &*self.inner.backend);
        if desk.driving != Driving::Steps {
            return;
        }
        // A waker's clone and its drop are foreign code, which must not run under the lock.
        let mut waker = Some(waker.clone());
        loop {
            let mut state = desk.state.lock();
            if state.slots.get(self.id).is_none_or(|entry| !entry.is_live()) {
                // Somebody else's may be in flight, and nobody else inside.
                desk.hand_on(state);
                return;
            }
            if state.is_driven() {
                leave_waker(&mut state, &mut waker);
                return;
            }
            let deadline = state.deadlines.first().map(|&(deadline, _)| deadline);
            let (state, progress) = desk.drive(state, backend, deadline);
            let mut state = desk.expire(state, backend);
            if !progress {
                leave_waker(&mut state, &mut waker);
                return;
            }
        }
    }
}

/// To be woken when there may be a step to make. A waker that is not needed stays where it is.
fn leave_waker<C>(state: &mut State<C>, waker: &mut Option<Waker>) {
    let known = |waker: &Waker| state.steppers.iter().any(|other| other.will_wake(waker));
    if !waker.as_ref().is_none_or(known) {
        state.steppers.extend(waker.take());
    }
}

fn has_waker<C>(to: Option<&To<C>>) -> bool {
    matches!(to, Some(To::Ticket(Some(_))))
}

/// The completion, if it is here.
fn take<C>(state: &mut State<C>, id: OpId) -> Option<Completion<C>> {
    let entry = state.slots.get(id)?;
    if !matches!(entry.to, To::Here(_)) {
        return None;
    }
    match state.slots.remove(id)?.to {
        To::Here(completion) => Some(completion),
        To::Queue | To::Ticket(_) | To::Nobody => None,
    }
}

impl<C: Send> Future for Ticket<C> {
    type Output = Completion<C>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        order::assert_none_held("a completion is awaited");
        assert!(!self.over, "polled after it was ready");
        self.step(context.waker());
        let id = self.id;
        let inner = Arc::clone(&self.inner);
        // A waker's clone and its drop are foreign code, which must not run under the lock.
        let waker = context.waker().clone();
        let mut state = inner.desk.state.lock();
        if let Some(completion) = take(&mut state, id) {
            self.over = true;
            return Poll::Ready(completion);
        }
        let mut old: Option<Waker> = None;
        let mut first = false;
        if let Some(entry) = state.slots.get(id) {
            old = match std::mem::replace(&mut entry.to, To::Ticket(Some(waker))) {
                To::Ticket(waker) => waker,
                To::Queue | To::Here(_) | To::Nobody => None,
            };
            first = old.is_none();
        }
        state.unattended += usize::from(first);
        drop(state);
        if first {
            inner.desk.wanted.notify_one();
        }
        drop(old);
        Poll::Pending
    }
}

impl<C: Send> Drop for Ticket<C> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let desk = &self.inner.desk;
        let mut state = desk.state.lock();
        let came = take(&mut state, self.id);
        let before = state.slots.get(self.id).map(|entry| std::mem::replace(&mut entry.to, To::Nobody));
        if before.is_some() && !has_waker(before.as_ref()) {
            state.unattended += 1;
        }
        drop(state);
        // Nobody may ever wait on this port, and the memory is wanted back.
        desk.wanted.notify_one();
        drop((came, before));
    }
}

impl<C: Send> fmt::Debug for Ticket<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("id", &self.id).finish_non_exhaustive()
    }
}

//! How operations end before they are done: cancelled, late, or with the port itself.

use quarry_sync::primitive::MutexGuard;

use super::{After, Desk, State};
use crate::port::backend::Backend;
use crate::port::completion::OpId;
use crate::port::op::Buffers;
use crate::port::slots::Reason;

impl<C> Desk<C> {
    /// Asks for an operation to end. `false`: it is over already.
    pub(in crate::port) fn cancel(&self, backend: &dyn Backend, id: OpId, reason: Reason) -> bool {
        let mut after = After::default();
        let mut state = self.state.lock();
        let found = self.cancel_locked(&mut state, backend, id, reason, &mut after);
        drop(state);
        after.run(backend);
        found
    }

    fn cancel_locked(
        &self,
        state: &mut State<C>,
        backend: &dyn Backend,
        id: OpId,
        reason: Reason,
        after: &mut After<C>,
    ) -> bool {
        let Some(entry) = state.slots.get(id).filter(|entry| entry.is_live()) else { return false };
        entry.reason.get_or_insert(reason);
        if let Some(deadline) = entry.deadline.take() {
            state.deadlines.remove(&(deadline, id));
        }
        let back = match state.pended.remove(|request| request.id == id) {
            Some(request) => Some(request),
            None => {
                after.kick = true;
                let back = backend.cancel(id);
                state.in_flight -= usize::from(back.is_some());
                back
            }
        };
        if let Some(request) = back {
            self.deliver(state, request.cancelled(), after);
            self.start_pended(state, backend, after);
            self.announce(state, after, 1);
        }
        true
    }

    /// Gives back what has not begun; what has goes on.
    pub(in crate::port) fn cancel_pended(&self, backend: &dyn Backend) {
        let mut after = After::default();
        let mut state = self.state.lock();
        self.give_back_pended(&mut state, &mut after);
        drop(state);
        after.run(backend);
    }

    fn give_back_pended(&self, state: &mut State<C>, after: &mut After<C>) {
        let pended = state.pended.take_all();
        let count = pended.len();
        for request in pended {
            if let Some(entry) = state.slots.get(request.id) {
                entry.reason.get_or_insert(Reason::Asked);
            }
            self.deliver(state, request.cancelled(), after);
        }
        self.announce(state, after, count);
    }

    pub(in crate::port) fn cancel_all(&self, backend: &dyn Backend) {
        let mut after = After::default();
        let mut state = self.state.lock();
        self.give_back_pended(&mut state, &mut after);
        for id in state.slots.live() {
            self.cancel_locked(&mut state, backend, id, Reason::Asked, &mut after);
        }
        drop(state);
        after.run(backend);
    }

    /// Asks for the end of whatever is late.
    pub(in crate::port) fn expire<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<C>>,
        backend: &dyn Backend,
    ) -> MutexGuard<'a, State<C>> {
        if state.deadlines.is_empty() {
            return state;
        }
        let now = self.clock.now();
        let mut after = After::default();
        let mut found = false;
        while let Some(&(deadline, id)) = state.deadlines.first()
            && deadline <= now
        {
            found = true;
            state.deadlines.pop_first();
            self.cancel_locked(&mut state, backend, id, Reason::Late, &mut after);
        }
        if !found {
            return state;
        }
        drop(state);
        after.run(backend);
        self.state.lock()
    }

    /// Takes no more operations; those that are in go on.
    pub(in crate::port) fn close(&self, backend: &dyn Backend) {
        let mut state = self.state.lock();
        state.closed = true;
        let alert = state.is_driven();
        drop(state);
        self.changed.notify_all();
        if alert {
            backend.wake();
        }
    }

    /// The backend takes nothing more and has given back what it could: gives up on the rest.
    pub(in crate::port) fn end(&self, backend: &dyn Backend) {
        backend.abandon();
        let mut after = After::default();
        let mut state = self.state.lock();
        state.ended = true;
        state.in_flight = 0;
        for id in state.slots.live() {
            self.hand_over(&mut state, id, Buffers::None, None, &mut after);
        }
        // Whoever waits in the backend for what will never come has to see that this is the end.
        after.alert |= state.is_driven();
        let ready = std::mem::take(&mut state.ready);
        drop(state);
        self.changed.notify_all();
        self.wanted.notify_all();
        after.run(backend);
        drop(ready);
    }
}

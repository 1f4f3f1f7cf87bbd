//! From what a backend says of a request to the completion in the hands of whoever it is for.

use quarry_sync::primitive::thread;

use super::{After, Desk, State, wake_all};
use crate::port::backend::{Backend, Driving, Sink};
use crate::port::completion::OpId;
use crate::port::op::Buffers;
use crate::port::request::{Done, Outcome};
use crate::port::slots::To;
use crate::port::stats;

impl<C> Desk<C> {
    /// Turns what a request came to into a completion and puts it where it belongs.
    pub(super) fn deliver(&self, state: &mut State<C>, done: Done, after: &mut After<C>) {
        let Done { id, buffers, outcome } = done;
        self.count(&outcome);
        if let Some(book) = &self.book
            && let Some(entry) = state.slots.get(id)
            && let (Some(came), Some(priority)) = (entry.came, entry.priority())
        {
            book.ends(priority, after.now(&self.clock) - came, &outcome, entry.reason);
        }
        self.hand_over(state, id, buffers, Some(outcome), after);
    }

    fn count(&self, outcome: &Outcome) {
        self.counters.add(stats::COMPLETED, 1);
        let bytes = match outcome {
            Outcome::Moved(bytes) => *bytes,
            Outcome::Cancelled { done } => {
                self.counters.add(stats::CANCELLED, 1);
                *done
            }
            Outcome::Failed { done, .. } => {
                self.counters.add(stats::FAILED, 1);
                *done
            }
        };
        self.counters.add(stats::BYTES, bytes as u64);
    }

    pub(in crate::port) fn hand_over(
        &self,
        state: &mut State<C>,
        id: OpId,
        buffers: Buffers,
        outcome: Option<Outcome>,
        after: &mut After<C>,
    ) {
        // One that is not there was abandoned; its memory is let go now.
        let Some(entry) = state.slots.get(id) else { return };
        let deadline = entry.deadline.take();
        let Some(completion) = entry.complete(id, buffers, outcome) else { return };
        match &mut entry.to {
            To::Queue => {
                state.ready.push_back(completion);
                state.slots.remove(id);
            }
            To::Nobody => {
                state.unattended -= 1;
                after.foreign.unwanted.push(completion);
                state.slots.remove(id);
            }
            To::Ticket(waker) => {
                let waker = waker.take();
                entry.to = To::Here(completion);
                state.unattended -= usize::from(waker.is_some());
                after.foreign.wakers.extend(waker);
            }
            To::Here(_) => {}
        }
        if let Some(deadline) = deadline {
            state.deadlines.remove(&(deadline, id));
        }
    }

    /// Wakes as many sleepers as `count` completions concern.
    pub(in crate::port) fn announce(&self, state: &State<C>, after: &mut After<C>, count: usize) {
        let over = state.closed && state.is_idle();
        if state.others > 0 || over || count > state.takers {
            self.changed.notify_all();
        } else {
            (0..count).for_each(|_| {
                self.changed.notify_one();
            });
        }
        // The thread inside `drive` may be the one that is meant.
        after.alert |= state.is_driven() && (count > 0 || over);
    }
}

impl<C: Send> Sink for Desk<C> {
    fn complete(&self, backend: &dyn Backend, done: &mut Vec<Done>) {
        let mut after = After::default();
        let mut state = self.state.lock();
        let count = done.len();
        // What comes after the end was counted out when it was abandoned.
        if !state.ended {
            state.in_flight -= count;
        }
        for done in done.drain(..) {
            self.deliver(&mut state, done, &mut after);
        }
        let begun = self.start_pended(&mut state, backend, &mut after);
        // The thread that hands these over comes back for as many, unless foreign code keeps it.
        let comes_back = self.driving == Driving::Itself && after.foreign.is_empty();
        after.kick &= !(comes_back && begun <= count);
        self.announce(&state, &mut after, count);
        // Whoever is inside `drive` is the one who calls.
        after.alert = false;
        if state.driver == Some(thread::current().id()) {
            state.left.append(std::mem::take(&mut after.foreign));
        }
        drop(state);
        after.run(backend);
    }

    fn stir(&self) {
        let mut state = self.state.lock();
        state.stirs = state.stirs.wrapping_add(1);
        let steppers = std::mem::take(&mut state.steppers);
        drop(state);
        self.changed.notify_all();
        wake_all(steppers);
    }
}

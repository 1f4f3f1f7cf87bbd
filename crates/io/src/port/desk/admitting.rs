//! Who is let in where priorities wait: places, those that are kept, and whose place is taken.

use super::{After, Desk, State};
use crate::port::backend::Driving;
use crate::port::line::Priority;
use crate::port::slots::Reason;

impl<C> Desk<C> {
    /// Whether there is a place to wait in, or none is needed.
    pub(super) fn has_place(&self, state: &State<C>, priority: Priority, places: usize, kept: usize) -> bool {
        let queued = state.pended.len();
        if queued == 0 && state.in_flight < self.depth {
            return true;
        }
        let others = queued - state.pended.len_of(Priority::Critical);
        let allowed = priority == Priority::Critical || others < places.saturating_sub(kept);
        queued < places && allowed
    }

    /// Takes the place of what came last in the background, and gives that back. Whoever had asked for it would have
    /// waited longest. One place is enough, as those who wait never have more than there are.
    pub(super) fn shed_for(&self, state: &mut State<C>, priority: Priority, after: &mut After<C>) -> bool {
        if priority == Priority::Background {
            return false;
        }
        let Some(request) = state.pended.pop_last(Priority::Background) else { return false };
        if let Some(entry) = state.slots.get(request.id) {
            entry.reason.get_or_insert(Reason::Shed);
        }
        self.deliver(state, request.cancelled(), after);
        self.announce(state, after, 1);
        true
    }

    /// Whether something waits in a disk's queue for a slot that falls free only when somebody drives. A queue goes on
    /// whether or not its callers wait already.
    pub(in crate::port) fn is_waiting_for_a_driver(&self, state: &State<C>) -> bool {
        self.book.is_some() && self.driving == Driving::Waiters && !state.pended.is_empty()
    }
}

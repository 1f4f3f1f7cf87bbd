//! What a port knows of each operation from its submission until its completion is taken.

use std::task::Waker;

use quarry_sync::primitive::Instant;

use super::completion::{Completion, OpError, OpId, Origin};
use super::line::Priority;
use super::op::Buffers;
use super::request::Outcome;

/// Who gets a completion.
#[derive(Debug)]
pub(super) enum To<C> {
    /// Whoever waits on the port.
    Queue,
    /// A ticket, whose task wants to be woken if it has asked already.
    Ticket(Option<Waker>),
    /// A ticket; here it is.
    Here(Completion<C>),
    /// Nobody any more.
    Nobody,
}

/// Why an operation was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Asked,
    Late,
    Shed,
}

#[derive(Debug)]
pub(super) struct Entry<C> {
    pub(super) to: To<C>,
    pub(super) reason: Option<Reason>,
    pub(super) deadline: Option<Instant>,
    /// When it was taken in; kept only where somebody [asks](super::book::Book).
    pub(super) came: Option<Instant>,
    /// Both gone once the completion is made.
    parts: Option<(C, Origin)>,
}

impl<C> Entry<C> {
    pub(super) fn new(context: C, origin: Origin, to: To<C>) -> Self {
        Self { to, reason: None, deadline: None, came: None, parts: Some((context, origin)) }
    }

    /// `None` once the completion is made.
    pub(super) fn priority(&self) -> Option<Priority> {
        self.parts.as_ref().map(|(_, origin)| origin.priority)
    }

    pub(super) fn is_live(&self) -> bool {
        self.parts.is_some()
    }

    /// The completion; `None` if it was made before. Without an outcome the operation is abandoned.
    pub(super) fn complete(
        &mut self,
        id: OpId,
        buffers: Buffers,
        outcome: Option<Outcome>,
    ) -> Option<Completion<C>> {
        let (context, origin) = self.parts.take()?;
        let result = match outcome {
            None => Err(OpError::Abandoned),
            Some(Outcome::Moved(count)) => Ok(count),
            Some(Outcome::Failed { done, source }) => Err(OpError::Failed { done, source }),
            Some(Outcome::Cancelled { done }) => Err(match self.reason {
                Some(Reason::Late) => OpError::TimedOut { done },
                Some(Reason::Shed) => OpError::Shed,
                Some(Reason::Asked) | None => OpError::Cancelled { done },
            }),
        };
        Some(Completion { id, result, buffers, context, origin })
    }
}

/// The table of entries. Places are used again, with another generation.
#[derive(Debug)]
pub(super) struct Slots<C> {
    slots: Vec<Slot<C>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<C> {
    generation: u32,
    entry: Option<Entry<C>>,
}

impl<C> Default for Slots<C> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<C> Slots<C> {
    /// Takes a place. `None` if four billion are taken.
    pub(super) fn insert(&mut self, entry: Entry<C>) -> Option<OpId> {
        if let Some(index) = self.free.pop() {
            let slot = self.slots.get_mut(index as usize)?;
            slot.entry = Some(entry);
            return Some(OpId::new(index, slot.generation));
        }
        let index = u32::try_from(self.slots.len()).ok()?;
        self.slots.push(Slot { generation: 0, entry: Some(entry) });
        Some(OpId::new(index, 0))
    }

    pub(super) fn get(&mut self, id: OpId) -> Option<&mut Entry<C>> {
        let slot = self.slots.get_mut(id.index())?;
        slot.entry.as_mut().filter(|_| u64::from(slot.generation) == id.generation())
    }

    pub(super) fn remove(&mut self, id: OpId) -> Option<Entry<C>> {
        self.get(id)?;
        let slot = self.slots.get_mut(id.index())?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(u32::try_from(id.index()).ok()?);
        slot.entry.take()
    }

    /// Those whose completion was not made.
    pub(super) fn live(&self) -> Vec<OpId> {
        let ids = self.slots.iter().zip(0..).filter_map(|(slot, index)| {
            slot.entry.as_ref().filter(|entry| entry.is_live()).map(|_| OpId::new(index, slot.generation))
        });
        ids.collect()
    }
}

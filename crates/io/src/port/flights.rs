//! What the kernel has: flights, by the place of their identities.

use super::completion::OpId;

/// A place is used again by later operations, so that each flight is kept with its whole identity.
pub(super) struct Flights<F>(Vec<Option<(OpId, F)>>);

impl<F> Default for Flights<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F> Flights<F> {
    pub(super) fn get_mut(&mut self, id: OpId) -> Option<&mut F> {
        let slot = self.0.get_mut(id.index())?;
        slot.as_mut().filter(|(flying, _)| *flying == id).map(|(_, flight)| flight)
    }

    pub(super) fn put(&mut self, id: OpId, flight: F) {
        if self.0.len() <= id.index() {
            self.0.resize_with(id.index() + 1, || None);
        }
        if let Some(slot) = self.0.get_mut(id.index()) {
            *slot = Some((id, flight));
        }
    }

    pub(super) fn take(&mut self, id: OpId) -> Option<F> {
        let slot = self.0.get_mut(id.index())?;
        slot.take_if(|(flying, _)| *flying == id).map(|(_, flight)| flight)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

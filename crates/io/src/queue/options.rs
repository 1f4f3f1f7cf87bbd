//! What a queue can be told before it opens: [`DiskQueueOptions`].

use std::num::NonZeroUsize;

use crate::DriveProfile;
use crate::port::{DEPTH_MAX, PortError, PortOptions, Target};

use super::DiskQueue;

/// Places to wait in, unless told otherwise.
const PLACES: usize = 1024;
/// Of those, the ones for Critical alone, unless told otherwise.
pub const PLACES_KEPT: usize = 32;

/// How to open a [`DiskQueue`].
#[derive(Debug, Clone)]
#[must_use]
pub struct DiskQueueOptions {
    port: PortOptions,
    slots: Option<NonZeroUsize>,
    places: usize,
    kept: usize,
}

impl Default for DiskQueueOptions {
    fn default() -> Self {
        Self { port: PortOptions::new(), slots: None, places: PLACES, kept: PLACES_KEPT }
    }
}

impl DiskQueueOptions {
    /// A port as [`PortOptions::new`] has it, as many slots as the drive likes, 1,024 places of which
    /// [`PLACES_KEPT`] are kept for Critical.
    pub fn new() -> Self {
        Self::default()
    }

    /// Backend, simulation and patience of its port. How many are in flight, what happens to those beyond and how many threads
    /// there are is the queue's to say.
    pub fn port(mut self, port: PortOptions) -> Self {
        self.port = port;
        self
    }

    /// So many operations with the system at once, whatever the drive is; at most [`DEPTH_MAX`].
    pub fn slots(mut self, slots: NonZeroUsize) -> Self {
        self.slots = Some(slots);
        self
    }

    /// So many operations wait at most.
    pub fn places(mut self, places: NonZeroUsize) -> Self {
        self.places = places.get();
        self
    }

    /// So many of the places are for Critical alone. At least one is left to the others.
    pub fn kept_for_critical(mut self, places: usize) -> Self {
        self.kept = places;
        self
    }

    /// Opens the queue of the disk that `target` leads to.
    ///
    /// # Errors
    /// [`PortError`], as a port has them.
    pub fn open<C: Send + 'static>(
        self,
        target: impl Into<Target>,
        profile: &DriveProfile,
    ) -> Result<DiskQueue<C>, PortError> {
        let liked = NonZeroUsize::new(profile.depth()).unwrap_or(NonZeroUsize::MIN);
        let slots = self.slots.unwrap_or(liked);
        let kept = self.kept.min(self.places - 1);
        let port = self.port.depth(slots).threads(slots).ranked(self.places, kept).open()?;
        let device = port.register(target, 0)?;
        Ok(DiskQueue { port, device, slots: slots.get().min(DEPTH_MAX) })
    }
}

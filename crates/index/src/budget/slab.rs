//! Memory for stretches, in pieces so large that the allocator gives each back to the system when it is free.
//!
//! A stretch for itself would come from where small things are, and when it is freed stay there, the process's, while the next large
//! table is taken from elsewhere: a build within a gibibyte was measured to take an eighth more. What is put on one shelf is freed at
//! about the same time, and so is the slab that it lies in.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::RwLock;

/// More than glibc ever takes from its heaps. What is not written to is no memory yet.
const SLAB_BYTES: usize = 33 << 20;

/// Stretches one after another.
#[derive(Debug)]
pub(super) struct Slab {
    bytes: RwLock<Vec<u8>>,
    /// Bytes of all slabs.
    kept: Arc<AtomicU64>,
}

impl Slab {
    pub(super) fn new(kept: &Arc<AtomicU64>) -> Self {
        Self { bytes: RwLock::new(Vec::with_capacity(SLAB_BYTES)), kept: Arc::clone(kept) }
    }

    /// Appends what has been counted, if it fits, and says where it lies.
    pub(super) fn append(&self, bytes: &[u8]) -> Option<usize> {
        let mut all = self.bytes.write();
        let place = all.len();
        // Never more than its room: growing would move it. A stretch that is longer than a slab has one to itself.
        if place > 0 && place + bytes.len() > all.capacity() {
            return None;
        }
        all.extend_from_slice(bytes);
        Some(place)
    }

    /// Gives some of its bytes to `each`.
    pub(super) fn with<T>(&self, range: Range<usize>, each: impl FnOnce(&[u8]) -> T) -> T {
        each(&self.bytes.read()[range])
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        self.kept.fetch_sub(self.bytes.get_mut().len() as u64, Relaxed);
    }
}

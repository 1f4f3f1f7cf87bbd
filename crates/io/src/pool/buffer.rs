//! The memory that an operation reads into or writes from.

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Shared;
use super::slab::{Part, Slab};

/// Bytes that begin at a multiple of [`ALIGNMENT_BYTES`](crate::ALIGNMENT_BYTES) and never move, on loan from a
/// [`BufferPool`](super::BufferPool) or standing alone. Dropping it, on any thread, gives it back.
pub struct Buffer {
    /// Empty only while it is dropped.
    part: Option<Part>,
    home: Option<Arc<Shared>>,
}

impl Buffer {
    /// A buffer of `bytes` zeros that belongs to no pool. For single operations: it costs two system calls.
    ///
    /// # Errors
    /// If there is no such memory.
    pub fn alone(bytes: usize) -> io::Result<Self> {
        let part = Slab::cut(1, bytes, false)?.pop();
        Ok(Self { part, home: None })
    }

    pub(super) fn lent(part: Part, home: Arc<Shared>) -> Self {
        Self { part: Some(part), home: Some(home) }
    }

    /// The memory that the buffer lies in.
    #[cfg(target_os = "linux")]
    pub(crate) fn slab(&self) -> Option<&Arc<Slab>> {
        self.part.as_ref().map(Part::slab)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.part.as_deref().unwrap_or_default()
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.part.as_deref_mut().unwrap_or_default()
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("bytes", &self.len()).finish_non_exhaustive()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let (Some(part), Some(home)) = (self.part.take(), &self.home) {
            home.take_back(part);
        }
    }
}

//! A fixed number of buffers, lent out and taken back.
//!
//! The pool is both the bound on memory and the back-pressure of a pipeline: readers that are ahead of the parsers wait
//! in [`BufferPool::take`] until one of the buffers comes home, from whatever thread dropped it. Recycling matters as
//! much as the bound: fresh memory costs a page fault per 4 KiB, which is more than parsing the records in it. What
//! came home last is lent first, because the processor's cache still knows it.
//!
//! All buffers of a pool are parts of one mapping, which the system fills with memory when it is touched.

mod buffer;
pub(crate) mod slab;

use std::alloc::{Layout, handle_alloc_error};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use quarry_sync::primitive::{Clock, Condvar, Mutex};

use slab::{Part, Slab};

pub use buffer::Buffer;

/// A bounded set of equal, aligned buffers. Cheap to clone: clones lend from the same set.
///
/// ```
/// use quarry_io::BufferPool;
/// use std::time::Duration;
///
/// let pool = BufferPool::new(1, 4096);
/// let buffer = pool.take();
/// assert!(pool.try_take().is_none());
/// assert!(pool.take_for(Duration::from_millis(1)).is_none());
/// drop(buffer);
/// assert!(pool.try_take().is_some());
/// ```
#[derive(Clone)]
pub struct BufferPool {
    shared: Arc<Shared>,
}

struct Shared {
    idle: Mutex<Vec<Part>>,
    returned: Condvar,
    slab: Arc<Slab>,
    count: usize,
    bytes: usize,
}

impl BufferPool {
    /// A pool of `count` buffers of `bytes` each. A pool of none would never lend: at least one is kept.
    ///
    /// Ends the process as any allocation does if there is no such memory; see [`try_new`](Self::try_new).
    #[must_use]
    pub fn new(count: usize, bytes: usize) -> Self {
        let layout = || Layout::array::<u8>(bytes.saturating_mul(count)).unwrap_or(Layout::new::<u8>());
        Self::try_new(count, bytes).unwrap_or_else(|_no_memory| handle_alloc_error(layout()))
    }

    /// [`new`](Self::new), if there is memory for it.
    ///
    /// # Errors
    /// What the system says if there is none.
    pub fn try_new(count: usize, bytes: usize) -> io::Result<Self> {
        Self::build(count, bytes, false)
    }

    /// A pool on huge pages, where the system gives them. The first touch of a buffer then takes two mebibytes at once,
    /// used or not; `docs/io.md` has what it saves.
    ///
    /// # Errors
    /// What the system says if there is no such memory. That it has no huge pages is not an error.
    pub fn with_huge_pages(count: usize, bytes: usize) -> io::Result<Self> {
        Self::build(count, bytes, true)
    }

    fn build(count: usize, bytes: usize, huge_pages: bool) -> io::Result<Self> {
        let count = count.max(1);
        let mut parts = Slab::cut(count, bytes, huge_pages)?;
        // Lent from the back: the first first, so that what is never needed at once is never touched.
        parts.reverse();
        let slab = parts.first().map(|part| Arc::clone(part.slab())).ok_or(io::ErrorKind::OutOfMemory)?;
        let shared = Shared { idle: Mutex::new(parts), returned: Condvar::new(), slab, count, bytes };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// How many buffers there are at most.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.count
    }

    /// Bytes of each buffer.
    #[must_use]
    pub fn buffer_bytes(&self) -> usize {
        self.shared.bytes
    }

    /// How many could be taken now without waiting.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.shared.idle.lock().len()
    }

    /// Takes a buffer, waiting until there is one. A thread that holds a buffer while it takes another may wait for
    /// ever. The bytes are those of the last use.
    #[must_use]
    pub fn take(&self) -> Buffer {
        let mut idle = self.shared.idle.lock();
        loop {
            if let Some(part) = idle.pop() {
                return self.lend(part);
            }
            self.shared.returned.wait(&mut idle);
        }
    }

    /// Takes a buffer if there is one now.
    #[must_use]
    pub fn try_take(&self) -> Option<Buffer> {
        self.shared.idle.lock().pop().map(|part| self.lend(part))
    }

    /// Takes a buffer, waiting for one at most as long as `limit`.
    #[must_use]
    pub fn take_for(&self, limit: Duration) -> Option<Buffer> {
        let clock = Clock::system();
        let deadline = clock.now() + limit;
        let mut idle = self.shared.idle.lock();
        loop {
            if let Some(part) = idle.pop() {
                return Some(self.lend(part));
            }
            if clock.wait_until(&self.shared.returned, &mut idle, deadline) {
                return idle.pop().map(|part| self.lend(part));
            }
        }
    }

    fn lend(&self, part: Part) -> Buffer {
        Buffer::lent(part, Arc::clone(&self.shared))
    }

    /// The memory of all its buffers.
    pub(crate) fn slab(&self) -> &Arc<Slab> {
        &self.shared.slab
    }
}

impl Shared {
    fn take_back(&self, part: Part) {
        self.idle.lock().push(part);
        self.returned.notify_one();
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { count, bytes, .. } = *self.shared;
        f.debug_struct("BufferPool").field("count", &count).field("bytes", &bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

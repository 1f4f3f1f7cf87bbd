//! A fixed number of buffers, lent out and taken back.
//!
//! The pool is both the bound on memory and the back-pressure of a pipeline: readers that are ahead of the parsers wait
//! in [`BufferPool::take`] until one of the buffers comes home, from whatever thread dropped it. Recycling matters as
//! much as the bound: fresh memory costs a page fault per 4 KiB, which is more than parsing the records in it.

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::AlignedBuffer;

/// A bounded set of equal, aligned buffers. Cheap to clone: clones lend from the same set.
#[derive(Clone)]
pub struct BufferPool {
    shared: Arc<Shared>,
}

struct Shared {
    idle: Mutex<Idle>,
    returned: Condvar,
    count: usize,
    bytes: usize,
}

/// What can be lent: buffers that came home, and buffers that were never made so far.
struct Idle {
    buffers: Vec<AlignedBuffer>,
    unmade: usize,
}

impl BufferPool {
    /// A pool of `count` buffers of `bytes` each, made when first needed. A pool of none would never lend: at least
    /// one is kept.
    #[must_use]
    pub fn new(count: usize, bytes: usize) -> Self {
        let count = count.max(1);
        let idle = Mutex::new(Idle { buffers: Vec::new(), unmade: count });
        Self { shared: Arc::new(Shared { idle, returned: Condvar::new(), count, bytes }) }
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

    /// Takes a buffer, waiting until there is one. A thread that holds a buffer while it takes another may wait for
    /// ever. The bytes are those of the last use.
    #[must_use]
    pub fn take(&self) -> Buffer {
        let mut idle = self.shared.idle.lock();
        loop {
            if let Some(memory) = self.lend(&mut idle) {
                return memory;
            }
            self.shared.returned.wait(&mut idle);
        }
    }

    /// Takes a buffer if there is one now.
    #[must_use]
    pub fn try_take(&self) -> Option<Buffer> {
        self.lend(&mut self.shared.idle.lock())
    }

    fn lend(&self, idle: &mut Idle) -> Option<Buffer> {
        let memory = match idle.buffers.pop() {
            Some(memory) => memory,
            None => {
                idle.unmade = idle.unmade.checked_sub(1)?;
                AlignedBuffer::new(self.shared.bytes)
            }
        };
        Some(Buffer { memory, pool: Arc::clone(&self.shared) })
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { count, bytes, .. } = *self.shared;
        f.debug_struct("BufferPool").field("count", &count).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// A buffer on loan from a [`BufferPool`]; dropping it gives it back.
pub struct Buffer {
    memory: AlignedBuffer,
    pool: Arc<Shared>,
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("bytes", &self.len()).finish_non_exhaustive()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.idle.lock().buffers.push(mem::take(&mut self.memory));
        self.pool.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ALIGNMENT_BYTES;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn lends_no_more_than_it_has_and_the_same_again() {
        let pool = BufferPool::new(2, 5000);
        let (mut first, second) = (pool.take(), pool.take());
        assert_eq!((first.len(), first.as_ptr().addr() % ALIGNMENT_BYTES), (5000, 0));
        assert!(pool.try_take().is_none());
        first.fill(9);
        let address = first.as_ptr();
        drop(first);
        let again = pool.try_take().unwrap();
        assert_eq!((again.as_ptr(), again[4999]), (address, 9));
        assert_ne!(again.as_ptr(), second.as_ptr());
    }

    #[test]
    fn take_waits_for_a_buffer_dropped_on_another_thread() {
        let pool = BufferPool::new(1, 16);
        let held = pool.take();
        let (taken, was_taken) = mpsc::channel();
        let waiter = thread::spawn({
            let pool = pool.clone();
            move || taken.send(pool.take().len()).unwrap()
        });
        assert!(was_taken.recv_timeout(Duration::from_millis(50)).is_err());
        thread::spawn(move || drop(held)).join().unwrap();
        assert_eq!(was_taken.recv_timeout(Duration::from_secs(20)), Ok(16));
        waiter.join().unwrap();
    }

    #[test]
    fn many_threads_never_hold_more_than_the_count() {
        let pool = BufferPool::new(3, 64);
        let (held, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let buffer = pool.take();
                        most.fetch_max(held.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        held.fetch_sub(1, Ordering::SeqCst);
                        drop(buffer);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
        assert_eq!((0..4).map_while(|_| pool.try_take()).map(mem::forget).count(), 3);
    }

    #[test]
    fn a_buffer_may_outlive_its_pool() {
        let mut buffer = BufferPool::new(1, 8).take();
        buffer.fill(1);
        assert_eq!(&buffer[..], [1; 8]);
    }
}

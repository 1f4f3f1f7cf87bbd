//! Memory that begins at a multiple of a page, as unbuffered reads demand.
//!
//! The allocator's own alignment cannot be asked for without `unsafe`, so a little more is allocated and the part that
//! begins at the right address is used. The memory never moves afterwards: it is boxed and cannot grow.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// What every [`AlignedBuffer`] begins at a multiple of, in bytes: the largest sector in use.
pub const ALIGNMENT_BYTES: usize = 4096;

/// Bytes whose first lies at a multiple of [`ALIGNMENT_BYTES`]. Zeroed when made.
#[derive(Default)]
pub struct AlignedBuffer {
    memory: Box<[u8]>,
    start: usize,
}

impl AlignedBuffer {
    /// A buffer of `bytes` zeros. The system gives the memory when it is first touched.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let memory = vec![0; bytes.saturating_add(ALIGNMENT_BYTES - 1)].into_boxed_slice();
        let start = memory.as_ptr().addr().wrapping_neg() % ALIGNMENT_BYTES;
        Self { memory, start }
    }

    /// The used part; what is allocated beyond it differs with the address.
    fn end(&self) -> usize {
        self.start + self.memory.len().saturating_sub(ALIGNMENT_BYTES - 1)
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.memory.get(self.start..self.end()).unwrap_or_default()
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        let end = self.end();
        self.memory.get_mut(self.start..end).unwrap_or_default()
    }
}

impl fmt::Debug for AlignedBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedBuffer").field("bytes", &self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_at_a_page_and_holds_what_was_asked_for() {
        for bytes in [0, 1, 511, 512, 4095, 4096, 4097, 1 << 20] {
            let mut buffer = AlignedBuffer::new(bytes);
            assert_eq!(buffer.len(), bytes);
            assert_eq!(buffer.as_ptr().addr() % ALIGNMENT_BYTES, 0);
            buffer.fill(1);
            assert!(buffer.iter().all(|&byte| byte == 1));
        }
    }

    #[test]
    fn moving_the_buffer_does_not_move_the_bytes() {
        let buffer = AlignedBuffer::new(10_000);
        let address = buffer.as_ptr();
        let boxed = Box::new(buffer);
        assert_eq!(boxed.as_ptr(), address);
    }

    #[test]
    fn the_default_is_empty() {
        assert!(AlignedBuffer::default().is_empty());
    }
}

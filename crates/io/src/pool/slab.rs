//! One stretch of anonymous memory, cut into equal parts that are owned one by one.
//!
//! One mapping for all buffers of a pool is what huge pages and a ring's registered buffers want: the first need two
//! mebibytes in one piece, the second pin the whole pool with one call. Boxes from the allocator would do for neither,
//! and a `Box` that moves while the kernel writes into it breaks Rust's rules of aliasing; a [`Part`] is a pointer.
#![allow(unsafe_code, reason = "the parts of one mapping are lent out one by one")]

use std::io;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

use memmap2::MmapMut;

use crate::ALIGNMENT_BYTES;

/// What a transparent huge page holds on the processors that we know.
const HUGE_PAGE_BYTES: usize = 2 << 20;

/// The memory behind the parts. It is unmapped when the last of them is gone.
#[derive(Debug)]
pub(crate) struct Slab {
    /// Never looked into: only the parts reach the bytes.
    _memory: MmapMut,
    base: NonNull<u8>,
    bytes: usize,
}

// SAFETY: `base` is only ever handed out as an address; the bytes behind it belong to the parts.
unsafe impl Send for Slab {}
// SAFETY: as above.
unsafe impl Sync for Slab {}

/// The bytes of one part, owned like a box of them. They do not move when it does.
#[derive(Debug)]
pub(crate) struct Part {
    start: NonNull<u8>,
    len: usize,
    slab: Arc<Slab>,
}

// SAFETY: a part owns its bytes as a box does; it can be moved to and shared with other threads as one can.
unsafe impl Send for Part {}
// SAFETY: as above.
unsafe impl Sync for Part {}

impl Slab {
    /// Maps and cuts `count` parts of `bytes` zeros each, every one beginning at a page.
    ///
    /// # Errors
    /// If there is no such stretch of memory.
    pub(crate) fn cut(count: usize, bytes: usize, huge_pages: bool) -> io::Result<Vec<Part>> {
        let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
        let stride = bytes.max(1).checked_next_multiple_of(ALIGNMENT_BYTES).ok_or_else(too_large)?;
        let used = stride.checked_mul(count.max(1)).ok_or_else(too_large)?;
        let alignment = if huge_pages { HUGE_PAGE_BYTES } else { ALIGNMENT_BYTES };
        let mut memory = MmapMut::map_anon(used.checked_add(alignment).ok_or_else(too_large)?)?;
        let lead = memory.as_ptr().addr().wrapping_neg() % alignment;
        if huge_pages {
            advise_huge(&memory, lead, used);
        }
        let base = NonNull::from(memory.as_mut()).cast::<u8>();
        // SAFETY: `lead` is below `alignment`, which was added to the length.
        let base = unsafe { base.add(lead) };
        let slab = Arc::new(Self { _memory: memory, base, bytes: used });
        Ok((0..count).map(|index| slab.part(index * stride, bytes)).collect())
    }

    /// `len` bytes at `at`, which is called once for each of the multiples of a stride that is not below `len`.
    fn part(self: &Arc<Self>, at: usize, len: usize) -> Part {
        assert!(at + len <= self.bytes, "a part lies in its slab");
        // SAFETY: `at` lies in the mapping, as asserted.
        let start = unsafe { self.base.add(at) };
        Part { start, len, slab: Arc::clone(self) }
    }

    /// Where the memory begins and how long it is.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only a ring asks"))]
    pub(crate) fn span(&self) -> (NonNull<u8>, usize) {
        (self.base, self.bytes)
    }
}

/// Asks for huge pages. A refusal costs only speed.
#[cfg(target_os = "linux")]
fn advise_huge(memory: &MmapMut, lead: usize, used: usize) {
    if let Err(error) = memory.advise_range(memmap2::Advice::HugePage, lead, used) {
        tracing::debug!(%error, "no huge pages for buffers");
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_memory: &MmapMut, _lead: usize, _used: usize) {}

impl Part {
    /// The memory that this is a part of.
    pub(crate) fn slab(&self) -> &Arc<Slab> {
        &self.slab
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the bytes are mapped as long as `slab` lives, were zeroed by the system, and are this part's alone: a
        // slab is cut once, into parts that do not overlap.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Part {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; `&mut self` makes the reference the only one.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_begin_at_pages_and_do_not_overlap() {
        for (count, bytes, huge_pages) in [(1, 0, false), (3, 1, false), (4, 4096, true), (5, 10_000, true)] {
            let mut parts = Slab::cut(count, bytes, huge_pages).unwrap();
            assert_eq!(parts.len(), count);
            for (number, part) in (1u8..).zip(&mut parts) {
                assert_eq!((part.len(), part.as_ptr().addr() % ALIGNMENT_BYTES), (bytes, 0));
                assert!(part.iter().all(|&byte| byte == 0));
                part.fill(number);
            }
            for (number, part) in (1u8..).zip(&parts) {
                assert!(part.iter().all(|&byte| byte == number));
                let (base, used) = part.slab().span();
                let at = part.as_ptr().addr() - base.addr().get();
                assert!(at + bytes <= used);
                assert!(!huge_pages || base.addr().get().is_multiple_of(HUGE_PAGE_BYTES));
            }
        }
    }

    #[test]
    fn more_than_there_is_is_an_error() {
        assert!(Slab::cut(usize::MAX, 4096, false).is_err());
        assert!(Slab::cut(1, usize::MAX, true).is_err());
        assert!(Slab::cut(1 << 40, 1 << 20, false).is_err());
    }

    #[test]
    fn a_part_outlives_the_others() {
        let mut parts = Slab::cut(3, 100, false).unwrap();
        let mut kept = parts.swap_remove(1);
        drop(parts);
        kept.fill(7);
        assert_eq!(&kept[..], [7; 100]);
    }
}

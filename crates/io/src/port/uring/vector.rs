//! A stretch of memory as the kernel is told of it.
#![allow(unsafe_code, reason = "a pointer that the kernel follows may move to another thread")]

/// The system's `iovec`: a pointer and a length, in this order.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(super) struct IoVector {
    base: *mut u8,
    len: usize,
}

// SAFETY: nothing here follows the pointer; whoever lets the kernel follow it answers for the memory.
unsafe impl Send for IoVector {}

impl IoVector {
    pub(super) fn of(memory: &mut [u8]) -> Self {
        Self { base: memory.as_mut_ptr(), len: memory.len() }
    }

    pub(super) fn new(base: *mut u8, len: usize) -> Self {
        Self { base, len }
    }

    pub(super) fn base(&self) -> *mut u8 {
        self.base
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

const _: () = assert!(size_of::<IoVector>() == 2 * size_of::<usize>());

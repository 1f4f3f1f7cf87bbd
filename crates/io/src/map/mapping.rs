//! The one place where a file is mapped.
#![allow(unsafe_code, reason = "no safe function maps a file: whoever can write to it can change the bytes")]

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// Maps the first `len` bytes of `file` for reading. `len` is not 0.
///
/// Safe to call only from [`super::Map::open`], which has looked at the file's owner and rights: see its contract.
pub(super) fn map(file: &File, len: usize) -> io::Result<Mmap> {
    let mut options = MmapOptions::new();
    options.len(len);
    // SAFETY: the bytes must not change while a reference to them lives. The caller has checked that only this process's
    // user can open the file for writing, and passes on to its own caller, in its documentation, that a file it maps
    // is never written in place and never truncated.
    unsafe { options.map(file) }
}

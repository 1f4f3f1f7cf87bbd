//! Bytes that are gone through from one end to the other, wherever they lie.

use std::ops::Range;
use std::sync::Arc;

use quarry_io::ScratchFile;

use super::slab::Slab;
use super::{Budget, Kind, SpillError};

/// Bytes of a stretch that are in memory at one time when it is gone through.
const STEP_BYTES: usize = 1 << 20;

/// Bytes in memory, or in a scratch file.
#[derive(Debug)]
pub(crate) struct Stretch {
    place: Place,
    budget: Budget,
}

#[derive(Debug)]
enum Place {
    /// There is no limit.
    Memory(Vec<u8>),
    Kept {
        slab: Arc<Slab>,
        range: Range<usize>,
    },
    Aside {
        file: Arc<ScratchFile>,
        place: u64,
        bytes: usize,
    },
}

impl Stretch {
    pub(super) fn unlimited(bytes: Vec<u8>) -> Self {
        Self { place: Place::Memory(bytes), budget: Budget::unlimited() }
    }

    /// Bytes for which there is room.
    pub(super) fn kept(slab: Arc<Slab>, range: Range<usize>) -> Self {
        Self { place: Place::Kept { slab, range }, budget: Budget::unlimited() }
    }

    pub(super) fn aside(file: Arc<ScratchFile>, place: u64, bytes: usize, budget: &Budget) -> Self {
        Self { place: Place::Aside { file, place, bytes }, budget: budget.clone() }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.place {
            Place::Memory(bytes) => bytes.len(),
            Place::Kept { range, .. } => range.len(),
            Place::Aside { bytes, .. } => *bytes,
        }
    }

    /// Whether it lies in memory.
    #[cfg(test)]
    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self.place, Place::Aside { .. })
    }

    /// The file that it lies in, if it does.
    #[cfg(test)]
    pub(super) fn file(&self) -> Option<*const ScratchFile> {
        match &self.place {
            Place::Aside { file, .. } => Some(Arc::as_ptr(file)),
            _ => None,
        }
    }

    /// Puts it aside, if it is not yet.
    pub(super) fn put_aside(&mut self, kind: Kind, budget: &Budget) -> Result<(), SpillError> {
        if let Place::Kept { slab, range } = &self.place {
            let aside = slab.with(range.clone(), |bytes| budget.put_aside(kind, bytes))?;
            *self = aside;
        }
        Ok(())
    }

    /// Appends some of its bytes to `out`.
    ///
    /// # Panics
    /// If it has no such bytes.
    pub(crate) fn read(&self, range: Range<usize>, out: &mut Vec<u8>) -> Result<(), SpillError> {
        match &self.place {
            Place::Memory(bytes) => out.extend_from_slice(&bytes[range]),
            Place::Kept { slab, range: all } => {
                assert!(range.end <= all.len(), "{range:?} of {} bytes", all.len());
                let part = all.start + range.start..all.start + range.end;
                slab.with(part, |bytes| out.extend_from_slice(bytes));
            }
            Place::Aside { file, place, bytes } => {
                assert!(range.end <= *bytes, "{range:?} of {bytes} bytes");
                let start = out.len();
                out.resize(start + range.len(), 0);
                let read = file.read_exact_at(&mut out[start..], place + range.start as u64);
                read.map_err(|source| self.budget.failed("read", source))?;
            }
        }
        Ok(())
    }

    /// Gives its bytes to `each`, one piece after another.
    pub(crate) fn pieces<E: From<SpillError>>(
        &self,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.place {
            Place::Memory(bytes) => return each(bytes),
            Place::Kept { slab, range } => return slab.with(range.clone(), each),
            Place::Aside { .. } => {}
        }
        let mut piece = Vec::new();
        for start in (0..self.len()).step_by(STEP_BYTES) {
            piece.clear();
            self.read(start..self.len().min(start + STEP_BYTES), &mut piece)?;
            each(&piece)?;
        }
        Ok(())
    }
}

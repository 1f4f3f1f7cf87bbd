//! Bytes that are gone through from one end to the other, wherever they lie.
//!
//! What comes back from a scratch file is held to its checksum: else a disk that is going bad would give a wrong index whose own checksums
//! are right.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use quarry_io::ScratchFile;
use xxhash_rust::xxh3::xxh3_64;

use super::slab::Slab;
use super::{Budget, Kind, SpillError};

/// Bytes of a stretch that are in memory at one time when it is gone through.
const STEP_BYTES: usize = 1 << 20;
/// Bytes of a scratch file that have a checksum: what is read is read in so many, whatever is wanted of them.
const BLOCK_BYTES: usize = 4 << 10;
const _: () = assert!(STEP_BYTES.is_multiple_of(BLOCK_BYTES));

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
        /// Of each block, the last of which may be short.
        checksums: Box<[u64]>,
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

    /// What was written to a file.
    pub(super) fn aside(file: Arc<ScratchFile>, place: u64, written: &[u8], budget: &Budget) -> Self {
        let (bytes, checksums) = (written.len(), written.chunks(BLOCK_BYTES).map(xxh3_64).collect());
        Self { place: Place::Aside { file, place, bytes, checksums }, budget: budget.clone() }
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
            Place::Aside { file, place, bytes, checksums } => {
                assert!(range.end <= *bytes, "{range:?} of {bytes} bytes");
                if range.is_empty() {
                    return Ok(());
                }
                let first = range.start / BLOCK_BYTES;
                let blocks = first * BLOCK_BYTES..range.end.next_multiple_of(BLOCK_BYTES).min(*bytes);
                let start = out.len();
                out.resize(start + blocks.len(), 0);
                let read = file.read_exact_at(&mut out[start..], place + blocks.start as u64);
                let read = read.and_then(|()| check(&out[start..], &checksums[first..]));
                read.map_err(|source| self.budget.failed("read", source))?;
                out.truncate(start + range.end - blocks.start);
                out.drain(start..start + range.start - blocks.start);
            }
        }
        Ok(())
    }

    /// Fills `out` with as many of its bytes.
    ///
    /// # Panics
    /// If it has no such bytes, or they are not as many.
    pub(crate) fn copy_to(&self, range: Range<usize>, out: &mut [u8]) -> Result<(), SpillError> {
        match &self.place {
            Place::Memory(bytes) => out.copy_from_slice(&bytes[range]),
            _ => {
                let mut read = Vec::with_capacity(range.len());
                self.read(range, &mut read)?;
                out.copy_from_slice(&read);
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

/// Holds blocks to their checksums.
fn check(bytes: &[u8], checksums: &[u64]) -> io::Result<()> {
    let kept = bytes.chunks(BLOCK_BYTES).zip(checksums).all(|(block, &checksum)| xxh3_64(block) == checksum);
    let changed = || io::Error::new(io::ErrorKind::InvalidData, "what was read is not what was written");
    if kept { Ok(()) } else { Err(changed()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_a_file_comes_back_and_what_has_changed_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (file, budget) = (Arc::new(ScratchFile::create(folder.path()).unwrap()), Budget::unlimited());
        let numbers = 0..2 * BLOCK_BYTES as u64 + 900;
        let written: Vec<u8> =
            numbers.map(|number| xxh3_64(&number.to_le_bytes()).to_le_bytes()[0]).collect();
        let mut changed = written.clone();
        changed[BLOCK_BYTES + 7] ^= 1;
        let places = [&written, &changed].map(|bytes| file.append(bytes).unwrap());
        let [sound, damaged] =
            places.map(|place| Stretch::aside(Arc::clone(&file), place, &written, &budget));
        let edges = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, written.len()];
        for (from, to) in edges.iter().flat_map(|&from| edges.map(|to| (from, to))).filter(|(a, b)| a <= b) {
            let mut found = b"before".to_vec();
            sound.read(from..to, &mut found).unwrap();
            assert_eq!(found, [b"before", &written[from..to]].concat(), "{from}..{to}");
            let meets = from < 2 * BLOCK_BYTES && to > BLOCK_BYTES && from < to;
            assert_eq!(damaged.read(from..to, &mut found).is_err(), meets, "{from}..{to}");
        }
        let error = damaged.pieces(|_| Ok::<(), SpillError>(())).unwrap_err();
        assert!(matches!(error, SpillError::Failed { step: "read", .. }), "{error}");
    }
}

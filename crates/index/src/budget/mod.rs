//! Memory that a build keeps to, and where it puts the rest.
//!
//! What a build goes to in any order is small for each row and always in memory ([`Need`]); the bulk (facts of files, names, packed
//! columns) is gone through from one end to the other, and comes as [`Stretch`]es, which lie in memory as long as there is room and in a
//! [scratch file](quarry_io::ScratchFile) from then on. So a small budget makes a build write more, and nothing else: the index is
//! the same to the byte.
//!
//! Rejected: mapping scratch files, and letting the system choose what stays. Mapped pages count as the process's, so that nobody
//! could hold a build to its budget, and where memory is short it is the system that decides who goes slower.

mod chain;
mod need;
mod slab;
mod stretch;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use quarry_io::ScratchFile;

pub(crate) use chain::{Chain, Runs};
pub(crate) use need::Items;
pub use need::Need;
use slab::Slab;
pub(crate) use stretch::Stretch;

/// How much memory a build may take. Cheap to clone: clones share it.
#[derive(Debug, Clone, Default)]
pub struct Budget(Option<Arc<Limit>>);

#[derive(Debug)]
struct Limit {
    bytes: u64,
    folder: PathBuf,
    /// What is needed if there are as many rows as is expected, and how much of it whatever comes.
    expected: AtomicU64,
    fixed: AtomicU64,
    /// What the rows that came need.
    seen: AtomicU64,
    /// Bytes of stretches in memory.
    kept: Arc<AtomicU64>,
    shelves: [Mutex<Shelf>; Kind::COUNT],
    written: AtomicU64,
}

/// What stretches hold. Those of one kind are not needed any more at about the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Files,
    Names,
    Dealt,
    Columns,
}

impl Kind {
    const COUNT: usize = Self::Columns as usize + 1;
}

/// Where stretches of one kind go to.
#[derive(Debug, Default)]
struct Shelf {
    slab: Option<Arc<Slab>>,
    file: Option<Arc<ScratchFile>>,
}

/// The memory that is allowed is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{allowed} bytes of memory are allowed, and at least {needed} are needed")]
pub struct OverBudget {
    /// Bytes that are needed at least, as far as was known.
    pub needed: u64,
    /// Bytes that may be taken.
    pub allowed: u64,
}

/// What does not fit into memory could not be put aside.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpillError {
    /// The disk is full.
    #[error("no room is left in {} for what does not fit into memory", .folder.display())]
    Full {
        /// The folder that the scratch file is in.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else went wrong with the scratch file.
    #[error("the scratch file in {} could not be {step}", .folder.display())]
    Failed {
        /// The folder that the scratch file is in.
        folder: PathBuf,
        /// What was done: made, written or read.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl Budget {
    /// As much as there is. Nothing is put aside.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// At most so many `bytes`; the rest goes to files without names on the file system of `folder`.
    #[must_use]
    pub fn limited(bytes: u64, folder: impl Into<PathBuf>) -> Self {
        let limit = Limit {
            bytes,
            folder: folder.into(),
            expected: AtomicU64::new(0),
            fixed: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            kept: Arc::default(),
            shelves: Default::default(),
            written: AtomicU64::new(0),
        };
        Self(Some(Arc::new(limit)))
    }

    /// Whether there is a limit.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.0.is_some()
    }

    /// Bytes that have been put aside so far, all builds together.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.0.as_ref().map_or(0, |limit| limit.written.load(Relaxed))
    }

    /// Begins a build for which so much is needed. One that turns out to need more as its rows come in ends with the same error.
    ///
    /// # Errors
    /// If more is needed than is allowed.
    pub fn begin(&self, need: Need) -> Result<(), OverBudget> {
        let Some(limit) = &self.0 else { return Ok(()) };
        limit.expected.store(need.bytes(), Relaxed);
        limit.fixed.store(need.fixed(), Relaxed);
        limit.seen.store(0, Relaxed);
        limit.check()
    }

    /// Counts rows that came.
    pub(crate) fn count(&self, items: Items) -> Result<(), OverBudget> {
        let Some(limit) = &self.0 else { return Ok(()) };
        limit.seen.fetch_add(items.bytes(), Relaxed);
        limit.check()
    }

    /// Whether more lies in memory than there is room for, now that it is known what else is needed.
    pub(crate) fn is_short(&self) -> bool {
        self.0.as_ref().is_some_and(|limit| limit.kept.load(Relaxed) > limit.room())
    }

    /// Bytes as a stretch: in memory if there is room.
    pub(crate) fn put(&self, kind: Kind, bytes: Vec<u8>) -> Result<Stretch, SpillError> {
        match &self.0 {
            None => Ok(Stretch::unlimited(bytes)),
            Some(limit) if limit.keep(bytes.len() as u64) => Ok(limit.put(kind, &bytes)),
            Some(_) => self.put_aside(kind, &bytes),
        }
    }

    /// Bytes as a stretch of a scratch file.
    fn put_aside(&self, kind: Kind, bytes: &[u8]) -> Result<Stretch, SpillError> {
        let Some(limit) = &self.0 else { return Ok(Stretch::unlimited(bytes.to_vec())) };
        let file = limit.file(kind)?;
        let place = file.append(bytes).map_err(|source| limit.failed("written", source))?;
        limit.written.fetch_add(bytes.len() as u64, Relaxed);
        Ok(Stretch::aside(file, place, bytes, self))
    }

    /// What is put from here on goes elsewhere: what was put before makes room as soon as nothing of it is needed.
    pub(crate) fn turn(&self) {
        let shelves = self.0.iter().flat_map(|limit| &limit.shelves);
        shelves.for_each(|shelf| *shelf.lock() = Shelf::default());
    }

    /// The same in memory alone. Files go on: each begun anew would stay open as long as anything in it is needed, and a process may have
    /// about a thousand.
    pub(crate) fn turn_slabs(&self) {
        let shelves = self.0.iter().flat_map(|limit| &limit.shelves);
        shelves.for_each(|shelf| shelf.lock().slab = None);
    }

    fn failed(&self, step: &'static str, source: io::Error) -> SpillError {
        match &self.0 {
            Some(limit) => limit.failed(step, source),
            None => SpillError::Failed { folder: PathBuf::new(), step, source },
        }
    }
}

impl Limit {
    fn needed(&self) -> u64 {
        let seen = self.fixed.load(Relaxed).saturating_add(self.seen.load(Relaxed));
        self.expected.load(Relaxed).max(seen)
    }

    fn check(&self) -> Result<(), OverBudget> {
        let (needed, allowed) = (self.needed(), self.bytes);
        if needed > allowed { Err(OverBudget { needed, allowed }) } else { Ok(()) }
    }

    /// Bytes that stretches in memory may take in all.
    fn room(&self) -> u64 {
        self.bytes.saturating_sub(self.needed())
    }

    /// Takes room for so many bytes, if there is any.
    fn keep(&self, bytes: u64) -> bool {
        let room = self.room();
        let more = |kept: u64| kept.checked_add(bytes).filter(|&all| all <= room);
        self.kept.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// Bytes for which room was taken, in memory.
    fn put(&self, kind: Kind, bytes: &[u8]) -> Stretch {
        let mut shelf = self.shelves[kind as usize].lock();
        loop {
            let slab = shelf.slab.get_or_insert_with(|| Arc::new(Slab::new(&self.kept)));
            if let Some(place) = slab.append(bytes) {
                return Stretch::kept(Arc::clone(slab), place..place + bytes.len());
            }
            shelf.slab = None;
        }
    }

    fn file(&self, kind: Kind) -> Result<Arc<ScratchFile>, SpillError> {
        let file = &mut self.shelves[kind as usize].lock().file;
        if let Some(file) = file {
            return Ok(Arc::clone(file));
        }
        let made = ScratchFile::create(&self.folder).map_err(|source| self.failed("made", source))?;
        Ok(Arc::clone(file.insert(Arc::new(made))))
    }

    fn failed(&self, step: &'static str, source: io::Error) -> SpillError {
        let folder = Path::to_path_buf(&self.folder);
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SpillError::Full { folder, source },
            _ => SpillError::Failed { folder, step, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_lies_in_a_file_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::limited(100, folder.path());
        let stretches: Vec<Stretch> = (0..5).map(|n| budget.put(Kind::Names, vec![n; 40]).unwrap()).collect();
        assert_eq!(
            stretches.iter().map(Stretch::is_kept).collect::<Vec<_>>(),
            [true, true, false, false, false]
        );
        assert_eq!(budget.spilled_bytes(), 120);
        for (number, stretch) in (0..).zip(&stretches) {
            let mut found = Vec::new();
            stretch.read(10..30, &mut found).unwrap();
            assert_eq!(found, [number; 20]);
        }
        drop(stretches);
        budget.turn();
        assert!(budget.put(Kind::Names, vec![0; 100]).unwrap().is_kept(), "what is dropped makes room");
    }

    #[test]
    fn a_full_disk_is_told_from_other_faults() {
        let budget = Budget::limited(0, "/scratch");
        let full = budget.failed("written", io::ErrorKind::StorageFull.into());
        assert!(
            matches!(&full, SpillError::Full { folder, .. } if folder == Path::new("/scratch")),
            "{full}"
        );
        let other = budget.failed("written", io::ErrorKind::PermissionDenied.into());
        assert!(matches!(other, SpillError::Failed { step: "written", .. }), "{other}");
    }

    #[test]
    fn rows_that_come_take_the_room_of_what_is_kept() {
        let items = |names| Items { names, ..Items::default() };
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::limited(items(10).bytes(), folder.path());
        let mut stretch = budget.put(Kind::Files, vec![7; 50]).unwrap();
        assert!(stretch.is_kept() && !budget.is_short());
        budget.count(items(10)).unwrap();
        assert!(budget.is_short());
        stretch.put_aside(Kind::Files, &budget).unwrap();
        budget.turn();
        assert!(!stretch.is_kept() && !budget.is_short());
        let needed = items(11).bytes();
        assert_eq!(budget.count(items(1)), Err(OverBudget { needed, allowed: items(10).bytes() }));
    }
}

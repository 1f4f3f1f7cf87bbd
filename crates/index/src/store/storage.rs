//! The bytes of an index, checked block by block when they are first touched.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use quarry_io::Map;

use super::fault::{Part, SnapshotError};
use super::format::{BLOCK_BYTES, CHECKSUM_BYTES, Column, HEADER_BYTES, block_checksum};

const WORD: usize = u64::BITS as usize;

/// Where the bytes of a snapshot are.
#[derive(Debug)]
pub enum SnapshotBytes {
    /// In memory.
    Owned(Vec<u8>),
    /// In a file that is mapped, or was read by the same means.
    Mapped(Map),
}

impl SnapshotBytes {
    #[inline]
    fn as_slice(&self) -> &[u8] {
        match self {
            SnapshotBytes::Owned(bytes) => bytes,
            SnapshotBytes::Mapped(map) => map,
        }
    }
}

/// The bytes, which of their blocks have been checked, and the first thing that was wrong.
#[derive(Debug)]
pub(crate) struct Storage {
    bytes: SnapshotBytes,
    /// Where the columns end.
    columns_end: usize,
    /// Where the checksums of the blocks are.
    checksums: Range<usize>,
    /// One bit a block; none if the bytes were made in this process.
    checked: Option<Box<[AtomicU64]>>,
    fault: OnceLock<SnapshotError>,
}

impl Storage {
    /// Bytes whose blocks are checked when first touched, or never if they were `made_here`.
    pub(super) fn new(
        bytes: SnapshotBytes,
        columns_end: usize,
        checksums: Range<usize>,
        made_here: bool,
    ) -> Self {
        let words = (checksums.len() / CHECKSUM_BYTES).div_ceil(WORD);
        let checked = (!made_here).then(|| (0..words).map(|_| AtomicU64::new(0)).collect());
        Self { bytes, columns_end, checksums, checked, fault: OnceLock::new() }
    }

    pub(super) fn into_bytes(self) -> SnapshotBytes {
        self.bytes
    }

    /// All bytes, checked or not.
    pub(crate) fn whole(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// Bytes of columns. `None` if they are not there or damaged; the fault is kept.
    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        let bytes = self.bytes.as_slice().get(..self.columns_end)?.get(range.clone())?;
        if let Some(checked) = &self.checked
            && !range.is_empty()
        {
            self.check(range, checked)?;
        }
        Some(bytes)
    }

    /// Checks the blocks that some bytes lie in, if that was not done.
    fn check(&self, range: Range<usize>, checked: &[AtomicU64]) -> Option<()> {
        let first = range.start.checked_sub(HEADER_BYTES)? / BLOCK_BYTES;
        let last = (range.end - 1).checked_sub(HEADER_BYTES)? / BLOCK_BYTES;
        for block in first..=last {
            // Relaxed: the bit guards no memory of ours. The bytes never change, and a thread that does not see
            // it yet checks the block once more.
            let seen = checked.get(block / WORD)?.load(Ordering::Relaxed);
            if seen >> (block % WORD) & 1 == 0 {
                self.check_block(block, checked)?;
            }
        }
        Some(())
    }

    #[cold]
    fn check_block(&self, block: usize, checked: &[AtomicU64]) -> Option<()> {
        let start = HEADER_BYTES + block * BLOCK_BYTES;
        let end = (start + BLOCK_BYTES).min(self.columns_end);
        let bytes = self.bytes.as_slice().get(start..end)?;
        let expected = self.checksum(block)?;
        let actual = block_checksum(block, bytes);
        if actual != expected {
            let part = Part::Block(block as u64);
            self.fault(SnapshotError::Checksum { part, offset: start as u64, expected, actual });
            return None;
        }
        checked.get(block / WORD)?.fetch_or(1 << (block % WORD), Ordering::Relaxed);
        Some(())
    }

    fn checksum(&self, block: usize) -> Option<u64> {
        let start = self.checksums.start + block * CHECKSUM_BYTES;
        let bytes = self.bytes.as_slice().get(start..start + CHECKSUM_BYTES)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Checks every block now.
    pub(crate) fn check_all(&self) -> Result<(), SnapshotError> {
        if self.columns_end > HEADER_BYTES && self.get(HEADER_BYTES..self.columns_end).is_none() {
            self.fault(SnapshotError::Layout {
                what: "the end of the columns".to_owned(),
                expected: format!("at most {}", self.whole().len()),
                actual: self.columns_end.to_string(),
            });
        }
        self.sound()
    }

    /// Checks the blocks that `bytes` at `offset` lie in, and whether these are the same.
    pub(crate) fn check_copy(&self, offset: u64, bytes: &[u8]) -> Result<(), SnapshotError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(bytes.len());
        // What lies around the columns was checked when the snapshot was opened.
        let columns = range.start.max(HEADER_BYTES)..range.end.min(self.columns_end);
        if columns.start < columns.end {
            self.get(columns);
        }
        self.sound()?;
        let same = self.whole().get(range) == Some(bytes);
        if same { Ok(()) } else { Err(SnapshotError::Copy { offset, bytes: bytes.len() as u64 }) }
    }

    /// Keeps the first fault.
    #[cold]
    pub(super) fn fault(&self, fault: SnapshotError) {
        // A later one is most often what follows from the first.
        let _ = self.fault.set(fault);
    }

    /// Notes that a value cannot be.
    #[cold]
    pub(crate) fn misfit(&self, column: Column, index: usize) {
        self.fault(SnapshotError::Value { column, index: index as u64 });
    }

    /// The first fault that was met, if any.
    pub(crate) fn sound(&self) -> Result<(), SnapshotError> {
        self.fault.get().cloned().map_or(Ok(()), Err)
    }
}

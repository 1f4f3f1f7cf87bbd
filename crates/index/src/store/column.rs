//! Columns of bytes, and where a column is.

use std::ops::Range;
use std::sync::Arc;

use super::fault::SnapshotError;
use super::format::Column;
use super::storage::Storage;

/// Where a column lies and how many values it has; checked when the snapshot is opened.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) storage: Arc<Storage>,
    pub(crate) column: Column,
    /// Its first byte.
    pub(crate) start: usize,
    /// Its bytes.
    pub(crate) bytes: usize,
    /// Its values.
    pub(crate) values: usize,
}

impl Place {
    /// Bytes of the column; `None` beyond its end, or if they are damaged.
    #[inline]
    pub(super) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        if range.end > self.bytes {
            return None;
        }
        self.storage.get(self.start + range.start..self.start + range.end)
    }

    /// So many bytes from a place on.
    #[inline]
    pub(super) fn array<const N: usize>(&self, start: usize) -> Option<&[u8; N]> {
        self.get(start..start.checked_add(N)?)?.first_chunk()
    }

    /// Notes that a value cannot be.
    #[cold]
    pub(super) fn misfit(&self, index: usize) {
        self.storage.misfit(self.column, index);
    }
}

/// A column of bytes.
#[derive(Debug, Clone)]
pub(crate) struct ByteColumn(Place);

impl ByteColumn {
    pub(super) fn new(place: Place) -> Self {
        Self(place)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.bytes
    }

    /// One byte; 0 if there is none.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> u8 {
        match self.0.get(index..index.saturating_add(1)) {
            Some(&[byte]) => byte,
            _ => {
                self.0.misfit(index);
                0
            }
        }
    }

    /// Some of the bytes; none if there are not so many.
    #[inline]
    pub(crate) fn slice(&self, range: Range<usize>) -> &[u8] {
        let start = range.start;
        self.0.get(range).unwrap_or_else(|| {
            self.0.misfit(start);
            &[]
        })
    }

    /// All bytes.
    pub(crate) fn all(&self) -> &[u8] {
        self.slice(0..self.0.bytes)
    }

    /// Notes what is wrong with the snapshot.
    #[cold]
    pub(crate) fn fault(&self, fault: SnapshotError) {
        self.0.storage.fault(fault);
    }

    /// Notes that something that was read from it cannot be.
    pub(crate) fn misfit(&self, index: usize) {
        self.0.misfit(index);
    }
}

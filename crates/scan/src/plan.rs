//! How a `$MFT` is cut into chunks: stretches of whole records that are read and parsed at one go.

use std::ops::Range;

use crate::volume::Volume;

/// Bytes read at one go: large enough that the call costs nothing, small enough that the records are still in
/// the processor's second-level cache when they are parsed.
pub const CHUNK_BYTES: u32 = 256 << 10;
/// The most that one chunk may have.
pub const CHUNK_BYTES_MAX: u32 = 4 << 20;

/// The chunks of a `$MFT`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) records: u64,
    per_chunk: u64,
}

impl Plan {
    pub(crate) fn new(volume: &Volume, chunk_bytes: u32) -> Self {
        let per_chunk = u64::from(chunk_bytes.min(CHUNK_BYTES_MAX) / volume.record_bytes).max(1);
        Self { records: volume.records(), per_chunk }
    }

    /// How many chunks there are.
    pub(crate) fn chunks(&self) -> u64 {
        self.records.div_ceil(self.per_chunk)
    }

    /// The records of a chunk.
    pub(crate) fn chunk(&self, number: u64) -> Range<u64> {
        let first = number * self.per_chunk;
        first..(first + self.per_chunk).min(self.records)
    }
}

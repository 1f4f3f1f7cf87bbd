//! What is known of each sector, and of each operation that is in flight.

use std::ops::Range;

/// What a sector holds that corruption touched: anything.
pub(crate) const GARBAGE: u64 = u64::MAX;

/// What write `id` puts into `sector`; write 0 is the zeros of a new disk.
pub(crate) fn stamp(id: u64, sector: usize) -> u64 {
    if id == 0 { 0 } else { (id << 16) | sector as u64 }
}

/// What a sector holds: one of `ids`, whole. `None` if it is none of them.
pub(crate) fn find(bytes: &[u8], sector: usize, ids: impl IntoIterator<Item = u64>) -> Option<u64> {
    let first = bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).unwrap();
    let whole = bytes.chunks(8).all(|word| word == first.to_le_bytes());
    ids.into_iter().find(|&id| whole && stamp(id, sector) == first)
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Sector {
    /// The write that a read finds.
    pub(crate) current: u64,
    /// The last write that a flush covered.
    pub(crate) settled: u64,
    /// Writes after that one, in their order, those in flight included. A power cut leaves any of these or the settled one.
    pub(crate) since: Vec<u64>,
}

impl Sector {
    pub(crate) fn spoil(&mut self) {
        self.current = GARBAGE;
        if self.since.last() != Some(&GARBAGE) {
            self.since.push(GARBAGE);
        }
    }
}

pub(crate) enum Expected {
    Read(Range<usize>),
    Write {
        id: u64,
        sectors: Range<usize>,
    },
    /// What it will cover: sectors and the writes they held when it was submitted.
    Flush(Vec<(usize, u64)>),
}

impl Expected {
    pub(crate) fn span(&self) -> Range<usize> {
        match self {
            Self::Read(sectors) | Self::Write { sectors, .. } => sectors.clone(),
            Self::Flush(_) => 0..0,
        }
    }

    pub(crate) fn writes(&self) -> bool {
        matches!(self, Self::Write { .. })
    }
}

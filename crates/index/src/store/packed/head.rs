//! The head of a chunk: what its numbers have in common, and where they lie.

use super::CHUNK;

/// What a head takes.
pub(super) const HEAD_BYTES: usize = 24;

/// The facts of a chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) least: u64,
    pub(super) greatest: u64,
    /// Where in the column its body begins.
    pub(super) body: usize,
    pub(super) width: u32,
    pub(super) exceptions: usize,
}

impl Head {
    #[inline]
    pub(super) fn parse(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let &[least, greatest, place] = words else { return None };
        let place = u64::from_le_bytes(place);
        let head = Self {
            least: u64::from_le_bytes(least),
            greatest: u64::from_le_bytes(greatest),
            body: usize::try_from(place & ((1 << 40) - 1)).ok()?,
            width: u32::from(place.to_le_bytes()[5]),
            exceptions: usize::try_from(place >> 48).ok()?,
        };
        (head.width <= u64::BITS && head.exceptions <= CHUNK).then_some(head)
    }

    pub(super) fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        let place = self.body as u64 | u64::from(self.width) << 40 | (self.exceptions as u64) << 48;
        for (slot, word) in bytes.chunks_exact_mut(8).zip([self.least, self.greatest, place]) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The field that stands for an exception.
    pub(super) fn marker(self) -> u64 {
        mask(self.width)
    }
}

/// As many ones.
pub(super) fn mask(width: u32) -> u64 {
    u64::MAX.checked_shr(u64::BITS - width).unwrap_or(0)
}

//! What a lock table counts. Each shard counts under the mutex it holds anyway, so counting costs next to nothing.

use std::iter::Sum;

/// Counts of a [`LockTable`](super::LockTable) since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LockStats {
    /// Attempts to lock a key, those that failed included.
    pub acquisitions: u64,
    /// Attempts that found the key held against them.
    pub contentions: u64,
    /// Attempts that waited for the key: the contentions but those that were not willing to.
    pub waits: u64,
    /// Attempts that gave up: not willing to wait, or not any longer.
    pub failures: u64,
    /// Attempts that found their shard's mutex held, by whatever key.
    pub shard_contentions: u64,
}

impl LockStats {
    /// Contentions per acquisition: under 0.05 where locks are as fine as they should be. 0 without any acquisition.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    pub fn contention_ratio(&self) -> f64 {
        if self.acquisitions == 0 { 0.0 } else { self.contentions as f64 / self.acquisitions as f64 }
    }
}

impl Sum for LockStats {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            acquisitions: sum.acquisitions + one.acquisitions,
            contentions: sum.contentions + one.contentions,
            waits: sum.waits + one.waits,
            failures: sum.failures + one.failures,
            shard_contentions: sum.shard_contentions + one.shard_contentions,
        })
    }
}

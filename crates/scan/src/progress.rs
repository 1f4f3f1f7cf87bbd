//! How far a scan has come, and the word to stop it; watched from another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters of a running scan. All are hints for people, so no ordering is asked of them.
#[derive(Debug, Default)]
pub struct Progress {
    records: AtomicU64,
    total: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// Records read so far.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Records to be read; 0 until that is known.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Asks the scan to stop: it ends with [`crate::ScanError::Stopped`] after the reads in flight.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the scan has been asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn expect(&self, records: u64) {
        self.total.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
    }
}

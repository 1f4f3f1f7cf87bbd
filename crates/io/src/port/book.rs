//! What is known of each priority of a queue: how many came to what end, and how long they took.

use std::time::Duration;

use quarry_sync::primitive::Instant;
use quarry_sync::primitive::atomic::{AtomicU64, Ordering};
use quarry_sync::{Histogram, HistogramSnapshot};

use super::line::Priority;
use super::request::Outcome;
use super::slots::Reason;

/// Kept under the lock of a port; the atomics let others read without it.
#[derive(Debug, Default)]
pub(crate) struct Book([Page; 5]);

#[derive(Debug, Default)]
struct Page {
    waits: Histogram,
    latencies: Histogram,
    finished: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    shed: AtomicU64,
    refused: AtomicU64,
}

/// What a [`DiskQueue`](crate::DiskQueue) knows of one priority.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PriorityStats {
    /// Operations that wait for a slot now.
    pub queued: usize,
    /// Operations that did what they were asked to.
    pub finished: u64,
    /// Operations that the system failed.
    pub failed: u64,
    /// Operations that were given up because somebody asked, or because their time was up.
    pub cancelled: u64,
    /// Operations whose place was taken by something more urgent.
    pub shed: u64,
    /// Operations that were not taken because the queue was full.
    pub refused: u64,
    /// From coming to the queue to beginning.
    pub waits: HistogramSnapshot,
    /// From coming to the queue to the completion, of all that began or not.
    pub latencies: HistogramSnapshot,
}

impl Book {
    fn page(&self, priority: Priority) -> &Page {
        &self.0[priority.index()]
    }

    pub(super) fn begins(&self, priority: Priority, came: Option<Instant>, now: Instant) {
        self.page(priority).waits.record(came.map_or(Duration::ZERO, |came| now - came));
    }

    pub(super) fn ends(&self, priority: Priority, took: Duration, outcome: &Outcome, reason: Option<Reason>) {
        let page = self.page(priority);
        page.latencies.record(took);
        let count = match (outcome, reason) {
            (Outcome::Moved(_), _) => &page.finished,
            (Outcome::Failed { .. }, _) => &page.failed,
            (Outcome::Cancelled { .. }, Some(Reason::Shed)) => &page.shed,
            (Outcome::Cancelled { .. }, _) => &page.cancelled,
        };
        // `Relaxed`: counts publish nothing.
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuses(&self, priority: Priority) {
        self.page(priority).refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn stats(&self, priority: Priority, queued: usize) -> PriorityStats {
        let page = self.page(priority);
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        PriorityStats {
            queued,
            finished: load(&page.finished),
            failed: load(&page.failed),
            cancelled: load(&page.cancelled),
            shed: load(&page.shed),
            refused: load(&page.refused),
            waits: page.waits.snapshot(),
            latencies: page.latencies.snapshot(),
        }
    }
}

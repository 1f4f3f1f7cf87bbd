//! What a worker's mutex protects: jobs by priority, and counts.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::{Stop, WorkerReport};

pub(super) struct Job {
    pub(super) label: String,
    pub(super) run: Box<dyn FnOnce() + Send>,
}

#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Queued>,
    /// Jobs ever queued: the order among equals.
    queued: u64,
    closed: bool,
    report: WorkerReport,
}

struct Queued {
    place: (i32, Reverse<u64>),
    job: Job,
}

impl Queue {
    /// Queues `job`, or gives it back if the queue is closed.
    pub(super) fn push(&mut self, priority: i32, job: Job) -> Option<Job> {
        if self.closed {
            return Some(job);
        }
        self.heap.push(Queued { place: (priority, Reverse(self.queued)), job });
        self.queued += 1;
        None
    }

    pub(super) fn pop(&mut self) -> Option<Job> {
        self.heap.pop().map(|queued| queued.job)
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Takes no more, and gives back what is not to be run, to be dropped without the lock.
    #[must_use]
    pub(super) fn close(&mut self, stop: Stop) -> impl Sized + use<> {
        self.closed = true;
        let dropped = match stop {
            Stop::Finish => BinaryHeap::new(),
            Stop::DropQueued => std::mem::take(&mut self.heap),
        };
        self.report.dropped += dropped.len() as u64;
        dropped
    }

    pub(super) fn count(&mut self, ended_well: bool) {
        self.report.ran += 1;
        self.report.panicked += u64::from(!ended_well);
    }

    pub(super) fn report(&self) -> WorkerReport {
        self.report
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Queued {}

//! When what nobody waits for is committed, and when waiting for company ends.

use std::time::Duration;

use crate::primitive::Clock;

/// When a batch is due. None of these is a cap: a batch takes all that waits.
#[derive(Debug, Clone)]
#[must_use]
pub struct GroupCommitOptions {
    pub(super) operations: usize,
    pub(super) bytes: u64,
    pub(super) delay: Duration,
    pub(super) clock: Clock,
}

impl Default for GroupCommitOptions {
    /// 10 operations, 1 MiB, or 100 ms.
    fn default() -> Self {
        Self { operations: 10, bytes: 1 << 20, delay: Duration::from_millis(100), clock: Clock::system() }
    }
}

impl GroupCommitOptions {
    /// For few callers that watch the clock: 5 operations or 50 ms.
    pub fn low_latency() -> Self {
        Self::default().operations(5).delay(Duration::from_millis(50))
    }

    /// For many callers that do not: 20 operations or 500 ms.
    pub fn high_throughput() -> Self {
        Self::default().operations(20).delay(Duration::from_millis(500))
    }

    /// That many operations waiting are due at once.
    pub fn operations(mut self, operations: usize) -> Self {
        self.operations = operations.max(1);
        self
    }

    /// That many bytes waiting are due at once.
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes.max(1);
        self
    }

    /// An operation that nobody waits for is due when it is that old.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The clock that ages go by. The system's unless told.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

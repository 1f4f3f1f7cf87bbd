//! What a simulated device was asked, as it saw it: [`SimObserved`].

use std::time::Duration;

use quarry_sync::primitive::Instant;
use quarry_sync::{Histogram, HistogramSnapshot};

/// What a device saw since it was made, or since [`forget_observed`](super::SimDevice::forget_observed).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimObserved {
    /// Reads.
    pub reads: SimActivity,
    /// Writes.
    pub writes: SimActivity,
    /// Flushes.
    pub flushes: SimActivity,
}

/// One kind of request. What is continued after a short move counts as one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimActivity {
    /// How many are over.
    pub count: u64,
    /// Bytes they moved.
    pub bytes: u64,
    /// Virtual time during which so many were at the device, by their number.
    pub time_at_depth: Vec<Duration>,
    /// From coming to the device to leaving it.
    pub service: HistogramSnapshot,
}

impl SimActivity {
    /// The most that were at the device at once for any time at all.
    #[must_use]
    pub fn depth_max(&self) -> usize {
        self.time_at_depth.iter().rposition(|time| !time.is_zero()).unwrap_or(0)
    }

    /// Virtual time during which there was at least one.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.time_at_depth.iter().skip(1).sum()
    }

    /// How many were at the device on average while there was any; 0 if there was none.
    #[must_use]
    pub fn depth_mean(&self) -> f64 {
        let busy = self.busy().as_secs_f64();
        let weighted =
            (0..).zip(&self.time_at_depth).map(|(depth, time)| f64::from(depth) * time.as_secs_f64());
        let weighted: f64 = weighted.map(|at_depth: f64| at_depth).sum();
        if busy > 0.0 { weighted / busy } else { 0.0 }
    }
}

/// Counts one kind of request as it comes and goes.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    in_flight: usize,
    since: Instant,
    time_at_depth: Vec<Duration>,
    count: u64,
    bytes: u64,
    service: Histogram,
}

impl Tracker {
    fn pass(&mut self, now: Instant) {
        if self.time_at_depth.len() <= self.in_flight {
            self.time_at_depth.resize(self.in_flight + 1, Duration::ZERO);
        }
        if let Some(time) = self.time_at_depth.get_mut(self.in_flight) {
            *time += now - self.since;
        }
        self.since = self.since.max(now);
    }

    pub(super) fn comes(&mut self, now: Instant) {
        self.pass(now);
        self.in_flight += 1;
    }

    /// It leaves without having been served.
    pub(super) fn withdrawn(&mut self, now: Instant) {
        self.pass(now);
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub(super) fn goes(&mut self, now: Instant, came: Instant, bytes: usize) {
        self.withdrawn(now);
        self.count += 1;
        self.bytes += bytes as u64;
        self.service.record(now - came);
    }

    pub(super) fn activity(&mut self, now: Instant) -> SimActivity {
        self.pass(now);
        SimActivity {
            count: self.count,
            bytes: self.bytes,
            time_at_depth: self.time_at_depth.clone(),
            service: self.service.snapshot(),
        }
    }

    /// From now on as if nothing had been; what is in flight stays so.
    pub(super) fn forget(&mut self, now: Instant) {
        *self = Self { in_flight: self.in_flight, since: now, ..Self::default() };
    }
}

//! How long things took, as counts by powers of two: [`Histogram`].
//!
//! Latencies span six orders of magnitude, so buckets that double keep every quantile within a factor of two in 64
//! counters, and recording is one relaxed addition. Finer histograms cost memory for a precision that no decision here
//! rests on.

use std::array;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bucket `b` counts durations of `2^(b-1)..2^b` nanoseconds, bucket 0 those of none; the last takes all that is longer.
const BUCKETS: usize = 64;

/// Counts of durations; shared by the threads that record.
pub struct Histogram {
    // `Relaxed` throughout: counts publish nothing.
    counts: [AtomicU64; BUCKETS],
    total_nanos: AtomicU64,
}

/// What a [`Histogram`] held when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramSnapshot {
    counts: [u64; BUCKETS],
    total_nanos: u64,
}

impl Histogram {
    /// Without a record.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: array::from_fn(|_| AtomicU64::new(0)), total_nanos: AtomicU64::new(0) }
    }

    /// Counts one that took `duration`.
    #[inline]
    pub fn record(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - nanos.leading_zeros()) as usize;
        self.counts[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
        self.total_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The counts now.
    #[must_use]
    pub fn snapshot(&self) -> HistogramSnapshot {
        HistogramSnapshot {
            counts: array::from_fn(|bucket| self.counts[bucket].load(Ordering::Relaxed)),
            total_nanos: self.total_nanos.load(Ordering::Relaxed),
        }
    }
}

impl HistogramSnapshot {
    /// How many were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The mean; zero without a record.
    #[must_use]
    pub fn mean(&self) -> Duration {
        self.total_nanos.checked_div(self.count()).map_or(Duration::ZERO, Duration::from_nanos)
    }

    /// A bound that the fraction `quantile` (0 to 1) of the records did not exceed: at most twice the true value. Zero
    /// without a record.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank between 1 and the count, which is far below 2^53"
    )]
    pub fn quantile(&self, quantile: f64) -> Duration {
        let count = self.count();
        let rank = ((count as f64 * quantile.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, bucket_count) in self.counts.iter().enumerate() {
            seen += bucket_count;
            if seen >= rank {
                return Duration::from_nanos((1_u64 << bucket) - 1);
            }
        }
        Duration::ZERO
    }

    /// The buckets that hold something: the longest duration that falls in it, and how many did.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let bounds = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        bounds.map(|(bucket, count)| (Duration::from_nanos((1_u64 << bucket) - 1), *count))
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.snapshot().buckets()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_bound_what_was_recorded_within_a_factor_of_two() {
        let histogram = Histogram::new();
        for micros in 1..=1_000 {
            histogram.record(Duration::from_micros(micros));
        }
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.count(), 1_000);
        assert_eq!(snapshot.mean(), Duration::from_nanos(500_500));
        for (quantile, micros) in [(0.5, 500), (0.99, 990), (1.0, 1_000)] {
            let (bound, exact) = (snapshot.quantile(quantile), Duration::from_micros(micros));
            assert!((exact..2 * exact).contains(&bound), "{quantile}: {bound:?}");
        }
    }

    #[test]
    fn the_ends_have_buckets() {
        let histogram = Histogram::new();
        assert_eq!(
            (histogram.snapshot().quantile(0.5), histogram.snapshot().mean()),
            (Duration::ZERO, Duration::ZERO)
        );
        histogram.record(Duration::ZERO);
        histogram.record(Duration::MAX);
        let bounds: Vec<_> = histogram.snapshot().buckets().collect();
        assert_eq!(bounds, [(Duration::ZERO, 1), (Duration::from_nanos(u64::MAX >> 1), 1)]);
    }
}

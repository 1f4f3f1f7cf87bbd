//! Counters that many threads add to and few read: [`Counters`].
//!
//! One atomic that all threads add to travels between their caches with every addition, and two on one line do so
//! although they have nothing to do with each other (false sharing). Here each thread adds to counters on cache lines of
//! its own, and whoever reads sums them up.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::stripe;

/// `N` counters, numbered from 0. Counting up only; they wrap at 2⁶⁴.
///
/// ```
/// use quarry_sync::Counters;
///
/// const RECORDS: usize = 0;
/// const BYTES: usize = 1;
/// let counters: Counters<2> = Counters::new();
/// counters.add(RECORDS, 1);
/// counters.add(BYTES, 1024);
/// assert_eq!(counters.sums(), [1, 1024]);
/// ```
pub struct Counters<const N: usize> {
    stripes: Box<[CachePadded<[AtomicU64; N]>]>,
}

impl<const N: usize> Counters<N> {
    /// All at zero.
    #[must_use]
    pub fn new() -> Self {
        let stripe = |_| CachePadded::new(std::array::from_fn(|_| AtomicU64::new(0)));
        Self { stripes: (0..stripe::count_default()).map(stripe).collect() }
    }

    /// Adds `amount` to the counter numbered `which`.
    ///
    /// # Panics
    /// If there is no such counter.
    #[inline]
    pub fn add(&self, which: usize, amount: u64) {
        let mine = &self.stripes[stripe::of_this_thread() & (self.stripes.len() - 1)];
        // `Relaxed`: nothing is published by a count. Whoever needs it exact joins the threads first, which orders it.
        mine[which].fetch_add(amount, Ordering::Relaxed);
    }

    /// The sum of the counter numbered `which`. With threads at work it is a value that the counter had or could have had
    /// between the beginning and the end of the call.
    ///
    /// # Panics
    /// If there is no such counter.
    #[must_use]
    pub fn sum(&self, which: usize) -> u64 {
        self.stripes.iter().fold(0, |sum, stripe| sum.wrapping_add(stripe[which].load(Ordering::Relaxed)))
    }

    /// The sums of all. With threads at work the counters are not of one moment.
    #[must_use]
    pub fn sums(&self) -> [u64; N] {
        std::array::from_fn(|which| self.sum(which))
    }
}

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Counters<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counters").field(&self.sums()).finish()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_add_is_all_there() {
        let counters: Counters<3> = Counters::new();
        std::thread::scope(|scope| {
            for _ in 0..2 * stripe::count_default() {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        counters.add(0, 1);
                        counters.add(2, 10);
                    }
                });
            }
        });
        let additions = 2_000 * stripe::count_default() as u64;
        assert_eq!(counters.sums(), [additions, 0, 10 * additions]);
    }

    #[test]
    fn stripes_do_not_share_cache_lines() {
        let counters: Counters<1> = Counters::new();
        let apart =
            std::ptr::from_ref(&counters.stripes[1]).addr() - std::ptr::from_ref(&counters.stripes[0]).addr();
        assert!(apart >= 64, "{apart}");
    }
}

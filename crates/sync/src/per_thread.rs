//! A container for each thread, merged when all is done: [`PerThread`].
//!
//! The fastest way to share is not to. Each thread fills its own, nobody waits, and the parts are merged at the end. The parts
//! are behind mutexes that nobody contends for: a few nanoseconds, for which threads may come and go as they like,
//! and a thread beyond the number of parts shares one instead of failing.

use std::fmt;

use crossbeam_utils::CachePadded;

use crate::primitive::Mutex;
use crate::stripe;

/// One container for each of the threads that work on it.
///
/// ```
/// use quarry_sync::PerThread;
///
/// let found: PerThread<Vec<u32>> = PerThread::default();
/// std::thread::scope(|scope| {
///     for thread in 0..3 {
///         let found = &found;
///         scope.spawn(move || found.with(|mine| mine.push(thread)));
///     }
/// });
/// let mut all = found.merge(|all, mut more| all.append(&mut more));
/// all.sort_unstable();
/// assert_eq!(all, [0, 1, 2]);
/// ```
pub struct PerThread<C> {
    parts: Box<[CachePadded<Mutex<C>>]>,
}

impl<C> PerThread<C> {
    /// Containers made by `make`: one for each of twice as many threads as the machine runs at once, so that those
    /// that have ended do not crowd the living.
    pub fn new(make: impl Fn() -> C) -> Self {
        let part = |_| CachePadded::new(Mutex::new(make()));
        Self { parts: (0..stripe::count_default()).map(part).collect() }
    }

    /// Works on this thread's container. It must not ask for it a second time inside.
    #[inline]
    pub fn with<R>(&self, work: impl FnOnce(&mut C) -> R) -> R {
        let mine = &self.parts[stripe::of_this_thread() & (self.parts.len() - 1)];
        work(&mut mine.lock())
    }

    /// Goes over the containers while threads may be at work, one at a time: a look at progress, not a result.
    pub fn fold<A>(&self, start: A, mut add: impl FnMut(A, &C) -> A) -> A {
        self.parts.iter().fold(start, |sum, part| add(sum, &part.lock()))
    }

    /// All containers in one: the first, into which `add` puts each further one. In no particular order of threads.
    pub fn merge(self, mut add: impl FnMut(&mut C, C)) -> C
    where
        C: Default,
    {
        let mut parts = self.into_parts();
        let mut all = parts.next().unwrap_or_default();
        parts.for_each(|part| add(&mut all, part));
        all
    }

    /// The containers, those that no thread touched included.
    pub fn into_parts(self) -> impl Iterator<Item = C> {
        self.parts.into_iter().map(|part| CachePadded::into_inner(part).into_inner())
    }
}

impl<C: Default> Default for PerThread<C> {
    fn default() -> Self {
        Self::new(C::default)
    }
}

impl<C> fmt::Debug for PerThread<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerThread").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn more_threads_than_parts_lose_nothing() {
        let counts = PerThread::new(|| 0_u64);
        std::thread::scope(|scope| {
            for _ in 0..4 * stripe::count_default() {
                scope.spawn(|| (0..100).for_each(|_| counts.with(|mine| *mine += 1)));
            }
        });
        let expected = 400 * stripe::count_default() as u64;
        assert_eq!(counts.fold(0, |sum, part| sum + part), expected);
        assert_eq!(counts.merge(|sum, part| *sum += part), expected);
    }

    #[test]
    fn a_thread_finds_its_own_again() {
        let seen: PerThread<Vec<u8>> = PerThread::default();
        seen.with(|mine| mine.push(1));
        seen.with(|mine| assert_eq!(*mine, [1]));
        assert_eq!(seen.into_parts().filter(|part| !part.is_empty()).count(), 1);
    }
}

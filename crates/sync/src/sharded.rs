//! A container cut into parts by key, each behind a lock of its own: [`Sharded`].
//!
//! Threads that work on different keys mostly meet different locks. Each part has cache lines to itself, since locks that
//! share one are in each other's way although nobody waits.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroUsize;

use crossbeam_utils::CachePadded;
use foldhash::fast::RandomState;

use crate::locked::{LockedGuard, ReadLocked};
use crate::order::LockClass;
use crate::primitive::{RwLockReadGuard, RwLockWriteGuard};
use crate::stripe;

/// Parts of a container, by key.
///
/// What concerns one key is atomic; what concerns several is not, and [`fold`](Self::fold) sees the parts one after the other.
///
/// ```
/// use quarry_sync::Sharded;
/// use std::collections::HashMap;
///
/// let sizes: Sharded<HashMap<&str, u64>> = Sharded::default();
/// *sizes.write("a").entry("a").or_default() += 10;
/// assert_eq!(sizes.read("a").get("a"), Some(&10));
/// assert_eq!(sizes.fold(0, |count, part| count + part.len()), 1);
/// ```
pub struct Sharded<C> {
    parts: Box<[CachePadded<ReadLocked<C>>]>,
    hasher: RandomState,
}

impl<C: Default> Sharded<C> {
    /// A container of `parts` parts, rounded up to a power of two (at most 2¹⁶).
    #[must_use]
    pub fn with_parts(parts: NonZeroUsize) -> Self {
        let parts = parts.get().min(1 << 16).next_power_of_two();
        let part = |_| CachePadded::new(ReadLocked::in_class(C::default(), LockClass::SHARD));
        Self { parts: (0..parts).map(part).collect(), hasher: RandomState::default() }
    }
}

/// With eight parts for each thread that the machine runs at once: two threads meet in one out of eight tries or fewer.
impl<C: Default> Default for Sharded<C> {
    fn default() -> Self {
        Self::with_parts(NonZeroUsize::MIN.saturating_add(8 * stripe::count_default() - 1))
    }
}

impl<C> Sharded<C> {
    /// The part of `key`, shared with other readers. A key must hash alike whenever it is asked for.
    #[inline]
    #[track_caller]
    pub fn read<Q: Hash + ?Sized>(&self, key: &Q) -> LockedGuard<RwLockReadGuard<'_, C>> {
        self.part(key).read()
    }

    /// The part of `key`, alone.
    #[inline]
    #[track_caller]
    pub fn write<Q: Hash + ?Sized>(&self, key: &Q) -> LockedGuard<RwLockWriteGuard<'_, C>> {
        self.part(key).write()
    }

    /// Goes over the parts, one lock at a time: what others change meanwhile may or may not be seen.
    #[track_caller]
    pub fn fold<A>(&self, start: A, mut add: impl FnMut(A, &C) -> A) -> A {
        self.parts.iter().fold(start, |sum, part| add(sum, &part.read()))
    }

    /// Changes each part in turn, one lock at a time.
    #[track_caller]
    pub fn for_each(&self, mut change: impl FnMut(&mut C)) {
        self.parts.iter().for_each(|part| change(&mut part.write()));
    }

    /// The parts, out of their locks.
    pub fn into_parts(self) -> impl Iterator<Item = C> {
        self.parts.into_iter().map(|part| CachePadded::into_inner(part).into_inner())
    }

    #[inline]
    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> &ReadLocked<C> {
        // The middle bits: a hash map inside the part may use the same hash's ends.
        // The fast hash of small keys leaves patterns in its bits; a multiplication carries all of them upwards.
        let mixed = self.hasher.hash_one(key).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let at = (mixed >> 40) as usize & (self.parts.len() - 1);
        &self.parts[at]
    }
}

impl<C> fmt::Debug for Sharded<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharded").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_key_is_found_again() {
        let sharded: Sharded<HashMap<u32, u32>> = Sharded::with_parts(NonZeroUsize::MIN.saturating_add(5));
        assert_eq!(sharded.parts.len(), 8);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let sharded = &sharded;
                scope.spawn(move || {
                    for key in 0..1_000 {
                        *sharded.write(&key).entry(key).or_default() += thread;
                    }
                });
            }
        });
        assert!((0..1_000).all(|key| sharded.read(&key).get(&key) == Some(&6)));
        assert_ne!(
            sharded.fold(0, |used, part| used + usize::from(!part.is_empty())),
            1,
            "spread over the parts"
        );
        sharded.for_each(|part| part.retain(|key, _| key % 2 == 0));
        assert_eq!(sharded.fold(0, |count, part| count + part.len()), 500);
        assert_eq!(sharded.into_parts().map(|part| part.len()).sum::<usize>(), 500);
    }
}

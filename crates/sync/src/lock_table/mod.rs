//! A read–write lock per key, made on first use and gone after the last: [`LockTable`].
//!
//! A table of millions of extents needs a lock for each, but holds only a few at a time. So a lock here is an entry in
//! one of 256 small hash tables, each behind a mutex on a cache line of its own: who holds the key, and who waits for
//! it. Acquiring and releasing change that entry under the shard's mutex, which is never held while anybody waits.
//!
//! - **A key that is held or waited for has an entry, and only such a key has one.** There is nothing to remove by
//!   hand, so no second writer can come in by way of a lock that was removed and made anew.
//! - **Waiters are served in order of arrival**, readers next to each other together. The lock is handed to them: nobody
//!   overtakes, so neither readers nor writers starve. The price is that a thread must not read-lock a key twice: a
//!   writer may have queued up in between. (The [order of locks](crate::order) catches it in debug builds.)
//! - **Guards are `Send`**: who releases is recorded by the entry, not by the thread.
//!
//! A value can ride along: `V` is made by `Default` when its key is first used, is shared by readers and exclusive to
//! a writer, and is dropped after the last use. It is made under the shard's mutex, as keys are hashed and compared
//! there: `Default`, `Hash` and `Eq` must not use the table.
//!
//! Rejected: a map from key to `Arc<RwLock>`. It takes two locks and a reference count per acquisition, and an entry can
//! only be removed safely by asking the count under the shard's lock, which is the design here with more parts.

mod guard;
mod many;
mod shard;
mod stats;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_utils::CachePadded;
use foldhash::fast::RandomState;

use crate::order::{self, LockClass};
use crate::primitive::{Clock, Instant};

pub use guard::{ReadGuard, WriteGuard};
pub use many::{ReadMany, WriteMany};
pub use stats::LockStats;

use guard::Hold;
use shard::{Mode, Patience, Shard};

/// Shards of a table that is not told otherwise.
pub const SHARDS_DEFAULT: usize = 256;
/// More shards than this would be memory and nothing else.
pub const SHARDS_MAX: usize = 1 << 16;

/// A read–write lock per key; see the [module](self).
///
/// Keys are hashed with `foldhash` under a seed of the table's own: fast, and a peer that chooses keys without seeing how long
/// locks take cannot make them collide.
///
/// ```
/// use quarry_sync::LockTable;
///
/// let locks: LockTable<u64> = LockTable::new();
/// let reading = locks.read(7);
/// assert!(locks.try_read(7).is_some());
/// assert!(locks.try_write(7).is_none());
/// drop(reading);
/// assert!(locks.is_empty());
/// ```
pub struct LockTable<K, V = ()> {
    shards: Box<[CachePadded<Shard<K, V>>]>,
    hasher: RandomState,
    class: LockClass,
    clock: Clock,
}

/// What a [`LockTable`] can be told when it is made.
#[derive(Debug, Clone)]
#[must_use]
pub struct LockTableOptions {
    shards: usize,
    class: LockClass,
    clock: Clock,
}

impl Default for LockTableOptions {
    fn default() -> Self {
        Self { shards: SHARDS_DEFAULT, class: LockClass::EXTENT, clock: Clock::system() }
    }
}

impl LockTableOptions {
    /// How many shards: rounded up to a power of two, at most [`SHARDS_MAX`]. 256 unless told.
    pub fn shards(mut self, shards: NonZeroUsize) -> Self {
        self.shards = shards.get().min(SHARDS_MAX).next_power_of_two();
        self
    }

    /// The class of the table's locks in the [order]. [`LockClass::EXTENT`] unless told.
    pub fn class(mut self, class: LockClass) -> Self {
        self.class = class;
        self
    }

    /// The clock that time-outs go by. The system's unless told.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// A table of this kind, without a lock in it.
    #[must_use]
    pub fn build<K: Hash + Eq + Clone, V: Default>(self) -> LockTable<K, V> {
        let shards = (0..self.shards).map(|_| CachePadded::new(Shard::new())).collect();
        LockTable { shards, hasher: RandomState::default(), class: self.class, clock: self.clock }
    }
}

impl<K: Hash + Eq + Clone, V: Default> Default for LockTable<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Hash + Eq + Clone, V: Default> LockTable<K, V> {
    /// A table of [`SHARDS_DEFAULT`] shards in class [`LockClass::EXTENT`].
    #[must_use]
    pub fn new() -> Self {
        LockTableOptions::default().build()
    }

    /// Waits until no writer holds `key`, and none that came before waits for it.
    #[track_caller]
    pub fn read(&self, key: K) -> ReadGuard<&Self, K, V> {
        ReadGuard(self.wait(self, key, Mode::Read))
    }

    /// Waits until nobody holds `key`.
    #[track_caller]
    pub fn write(&self, key: K) -> WriteGuard<&Self, K, V> {
        WriteGuard(self.wait(self, key, Mode::Write))
    }

    /// Locks `key` for reading if that needs no waiting.
    #[track_caller]
    pub fn try_read(&self, key: K) -> Option<ReadGuard<&Self, K, V>> {
        self.attempt(self, key, Mode::Read).map(ReadGuard)
    }

    /// Locks `key` for writing if nobody holds it.
    #[track_caller]
    pub fn try_write(&self, key: K) -> Option<WriteGuard<&Self, K, V>> {
        self.attempt(self, key, Mode::Write).map(WriteGuard)
    }

    /// As [`read`](Self::read), but gives up after `timeout`.
    #[track_caller]
    pub fn read_for(&self, key: K, timeout: Duration) -> Option<ReadGuard<&Self, K, V>> {
        self.wait_until(self, key, Mode::Read, self.clock.now() + timeout).map(ReadGuard)
    }

    /// As [`write`](Self::write), but gives up after `timeout`.
    #[track_caller]
    pub fn write_for(&self, key: K, timeout: Duration) -> Option<WriteGuard<&Self, K, V>> {
        self.wait_until(self, key, Mode::Write, self.clock.now() + timeout).map(WriteGuard)
    }

    /// As [`read`](Self::read), with a guard that keeps the table alive and borrows nothing. It costs two changes of
    /// the table's reference count, which all threads share: the borrowing guards scale better.
    #[track_caller]
    pub fn read_owned(self: &Arc<Self>, key: K) -> ReadGuard<Arc<Self>, K, V> {
        ReadGuard(self.wait(Arc::clone(self), key, Mode::Read))
    }

    /// As [`write`](Self::write), with a guard that keeps the table alive and borrows nothing.
    #[track_caller]
    pub fn write_owned(self: &Arc<Self>, key: K) -> WriteGuard<Arc<Self>, K, V> {
        WriteGuard(self.wait(Arc::clone(self), key, Mode::Write))
    }

    /// Keys that are held or waited for, counted shard by shard: with others at work not of one moment.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    /// Whether no key is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What happened since the table was made, summed over the shards.
    #[must_use]
    pub fn stats(&self) -> LockStats {
        self.shards.iter().map(|shard| shard.stats()).sum()
    }

    /// Bytes that the table takes, values and waiting threads not counted. With no key held it is what it was when the
    /// table was made.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let shards = size_of_val(&*self.shards);
        size_of::<Self>() + shards + self.shards.iter().map(|shard| shard.heap_bytes()).sum::<usize>()
    }

    fn hash(&self, key: &K) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The table inside a shard takes the lowest and the highest bits of the hash; the shard is chosen by the middle.
    #[inline]
    fn shard(&self, hash: u64) -> &Shard<K, V> {
        let mask = self.shards.len() - 1;
        let at = (hash >> 32) as usize & mask;
        &self.shards[at]
    }

    #[track_caller]
    fn wait<T: Deref<Target = Self>>(&self, table: T, key: K, mode: Mode) -> Hold<T, K, V> {
        let order = order::blocking(self.class);
        let hash = self.hash(&key);
        let value = self.shard(hash).acquire(&self.hasher, hash, &key, mode);
        Hold::new(table, key, hash, mode, value, order)
    }

    #[track_caller]
    fn attempt<T: Deref<Target = Self>>(&self, table: T, key: K, mode: Mode) -> Option<Hold<T, K, V>> {
        let hash = self.hash(&key);
        let value = self.shard(hash).acquire_within(&self.hasher, hash, &key, mode, Patience::None)?;
        Some(Hold::new(table, key, hash, mode, value, order::attempted(self.class)))
    }

    #[track_caller]
    fn wait_until<T: Deref<Target = Self>>(
        &self,
        table: T,
        key: K,
        mode: Mode,
        deadline: Instant,
    ) -> Option<Hold<T, K, V>> {
        let order = order::blocking(self.class);
        let hash = self.hash(&key);
        let patience = Patience::Until(&self.clock, deadline);
        let value = self.shard(hash).acquire_within(&self.hasher, hash, &key, mode, patience)?;
        Some(Hold::new(table, key, hash, mode, value, order))
    }
}

impl<K, V> fmt::Debug for LockTable<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockTable")
            .field("shards", &self.shards.len())
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

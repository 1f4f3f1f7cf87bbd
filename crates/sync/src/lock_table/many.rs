//! Several keys at once. Everybody takes them in the order of the keys, so no two can wait for each other in a ring.

use std::fmt;
use std::hash::Hash;

use super::guard::Hold;
use super::shard::Mode;
use super::{LockTable, ReadGuard, WriteGuard};
use crate::order;

impl<K: Hash + Ord + Clone, V: Default> LockTable<K, V> {
    /// Locks all of `keys` for writing, each once however often it is named, in the order of the keys. For the
    /// [order of locks](crate::order) they count as one: a thread comes with no lock of the table in hand.
    #[track_caller]
    pub fn write_many(&self, keys: impl IntoIterator<Item = K>) -> WriteMany<'_, K, V> {
        WriteMany(self.hold_many(keys, Mode::Write).into_iter().map(WriteGuard).collect())
    }

    /// Locks all of `keys` for reading, as [`write_many`](Self::write_many) does for writing.
    #[track_caller]
    pub fn read_many(&self, keys: impl IntoIterator<Item = K>) -> ReadMany<'_, K, V> {
        ReadMany(self.hold_many(keys, Mode::Read).into_iter().map(ReadGuard).collect())
    }

    #[track_caller]
    fn hold_many(&self, keys: impl IntoIterator<Item = K>, mode: Mode) -> Vec<Hold<&Self, K, V>> {
        let mut keys: Vec<K> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let mut order = Some(order::blocking(self.class));
        let mut holds = Vec::with_capacity(keys.len());
        for key in keys {
            let hash = self.hash(&key);
            let value = self.shard(hash).acquire(&self.hasher, hash, &key, mode);
            let order = order.take().unwrap_or_else(|| order::attempted(self.class));
            holds.push(Hold::new(self, key, hash, mode, value, order));
        }
        holds
    }
}

/// Several keys held for writing, in order. All are released when it is dropped.
#[must_use = "the keys are released as soon as this is dropped"]
pub struct WriteMany<'a, K: Hash + Eq + Clone, V: Default = ()>(Vec<WriteGuard<&'a LockTable<K, V>, K, V>>);

/// Several keys held for reading, in order. All are released when it is dropped.
#[must_use = "the keys are released as soon as this is dropped"]
pub struct ReadMany<'a, K: Hash + Eq + Clone, V: Default = ()>(Vec<ReadGuard<&'a LockTable<K, V>, K, V>>);

impl<'a, K: Hash + Ord + Clone, V: Default> WriteMany<'a, K, V> {
    /// The value of `key`, if it is one of those held.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.0.binary_search_by(|guard| guard.key().cmp(key)).ok()?;
        self.0.get_mut(at).map(|guard| &mut **guard)
    }

    /// The guards one by one, in the order of their keys.
    pub fn into_guards(self) -> Vec<WriteGuard<&'a LockTable<K, V>, K, V>> {
        self.0
    }
}

impl<'a, K: Hash + Ord + Clone, V: Default> ReadMany<'a, K, V> {
    /// The value of `key`, if it is one of those held.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        let at = self.0.binary_search_by(|guard| guard.key().cmp(key)).ok()?;
        self.0.get(at).map(|guard| &**guard)
    }

    /// The guards one by one, in the order of their keys.
    pub fn into_guards(self) -> Vec<ReadGuard<&'a LockTable<K, V>, K, V>> {
        self.0
    }
}

impl<K: Hash + Eq + Clone + fmt::Debug, V: Default> fmt::Debug for WriteMany<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(WriteGuard::key)).finish()
    }
}

impl<K: Hash + Eq + Clone + fmt::Debug, V: Default> fmt::Debug for ReadMany<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(ReadGuard::key)).finish()
    }
}

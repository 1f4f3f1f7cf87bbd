//! Guards of a lock table: what holds a key, and gives it back when dropped, on whatever thread that is.

use std::fmt;
use std::hash::Hash;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::LockTable;
use super::shard::{Mode, Place};
use crate::order::Held;

/// A key held in either mode. `T` is how the table is reached: a borrow, or an `Arc` that keeps it alive.
pub(super) struct Hold<T, K, V>
where
    T: Deref<Target = LockTable<K, V>>,
    K: Hash + Eq + Clone,
    V: Default,
{
    table: T,
    key: K,
    hash: u64,
    mode: Mode,
    /// `None` only while being dropped.
    value: Option<Place<V>>,
    order: Held,
}

impl<T, K, V> Hold<T, K, V>
where
    T: Deref<Target = LockTable<K, V>>,
    K: Hash + Eq + Clone,
    V: Default,
{
    #[inline]
    pub(super) fn new(table: T, key: K, hash: u64, mode: Mode, value: Place<V>, order: Held) -> Self {
        Self { table, key, hash, mode, value: Some(value), order }
    }

    #[inline]
    fn value(&self) -> &V {
        match self.value.as_ref().expect("a guard in use has its value") {
            Place::Own(value) => value,
            Place::Shared(value) => value,
        }
    }

    #[inline]
    fn value_mut(&mut self) -> &mut V {
        match self.value.as_mut().expect("a guard in use has its value") {
            Place::Own(value) => value,
            // The entry gave its share away, and readers drop theirs before they leave.
            Place::Shared(value) => Arc::get_mut(value).expect("a writer is alone with the value"),
        }
    }
}

impl<T, K, V> Drop for Hold<T, K, V>
where
    T: Deref<Target = LockTable<K, V>>,
    K: Hash + Eq + Clone,
    V: Default,
{
    #[inline]
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            let table = &*self.table;
            drop(table.shard(self.hash).release(&table.hasher, self.hash, &self.key, self.mode, value));
        }
    }
}

macro_rules! guard {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[must_use = "the key is released as soon as the guard is dropped"]
        pub struct $name<T, K, V = ()>(pub(super) Hold<T, K, V>)
        where
            T: Deref<Target = LockTable<K, V>>,
            K: Hash + Eq + Clone,
            V: Default;

        impl<T, K, V> $name<T, K, V>
        where
            T: Deref<Target = LockTable<K, V>>,
            K: Hash + Eq + Clone,
            V: Default,
        {
            /// The key that is held.
            pub fn key(&self) -> &K {
                &self.0.key
            }

            /// The guard is about to move to another thread and no longer counts for this one in the
            /// [order of locks](crate::order).
            pub fn unbind(&mut self) {
                self.0.order.unbind();
            }

            /// The guard has come to this thread and counts for it from now on.
            #[track_caller]
            pub fn bind(&mut self) {
                self.0.order.bind();
            }
        }

        impl<T, K, V> Deref for $name<T, K, V>
        where
            T: Deref<Target = LockTable<K, V>>,
            K: Hash + Eq + Clone,
            V: Default,
        {
            type Target = V;

            fn deref(&self) -> &V {
                self.0.value()
            }
        }

        impl<T, K, V> fmt::Debug for $name<T, K, V>
        where
            T: Deref<Target = LockTable<K, V>>,
            K: Hash + Eq + Clone + fmt::Debug,
            V: Default + fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("key", self.key()).field("value", &**self).finish()
            }
        }
    };
}

guard! {
    /// A key held together with other readers. Releases it when dropped.
    ReadGuard
}
guard! {
    /// A key held alone. Releases it when dropped.
    WriteGuard
}

impl<T, K, V> DerefMut for WriteGuard<T, K, V>
where
    T: Deref<Target = LockTable<K, V>>,
    K: Hash + Eq + Clone,
    V: Default,
{
    fn deref_mut(&mut self) -> &mut V {
        self.0.value_mut()
    }
}

//! Publication by copy on write, as read–copy–update does it: [`Snapshot`].
//!
//! For what is read all the time and changed now and then: an index, a configuration, a table of mounted disks. Readers get what is
//! published now and keep it as long as they like; a writer makes a new one and publishes it; the old one is dropped by
//! whoever lets go of it last. The rule that the textbook's version leaves to "schedule the deletion" is kept by a
//! reference count.
//!
//! The atomic pointer is `arc-swap`'s. It hides its atomics from model checkers, so what is tested here is ours, the
//! serialisation of writers, and the whole under load.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::primitive::Mutex;

/// A value that is replaced as a whole; see the [module](self).
///
/// ```
/// use quarry_sync::Snapshot;
///
/// let disks = Snapshot::new(vec!["sda"]);
/// let seen = disks.load();
/// disks.update(|disks| [disks.as_slice(), &["sdb"]].concat());
/// assert_eq!(*seen, ["sda"]);
/// assert_eq!(*disks.load(), ["sda", "sdb"]);
/// ```
pub struct Snapshot<T> {
    published: ArcSwap<T>,
    /// Writers read, copy and publish one after the other, so that none undoes another's change. Readers do not come here.
    writers: Mutex<()>,
}

/// What was published when it was loaded. Cheaper than an `Arc` to get, and meant to be held for a short while: a thread that holds
/// more than about eight pays for the further ones like for an `Arc`.
pub struct Loaded<T>(Guard<Arc<T>>);

impl<T> Snapshot<T> {
    /// Publishes `value` as the first.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { published: ArcSwap::from_pointee(value), writers: Mutex::new(()) }
    }

    /// What is published now. Never waits.
    #[inline]
    #[must_use]
    pub fn load(&self) -> Loaded<T> {
        Loaded(self.published.load())
    }

    /// What is published now, to be kept. Never waits.
    #[must_use]
    pub fn load_full(&self) -> Arc<T> {
        self.published.load_full()
    }

    /// Publishes what `change` makes of what is published; writers take turns. Returns what was published before.
    ///
    /// `change` is called once, with no other writer in between. It must not write to the same snapshot.
    pub fn update(&self, change: impl FnOnce(&T) -> T) -> Arc<T> {
        let _writers = self.writers.lock();
        let new = change(&self.published.load());
        self.published.swap(Arc::new(new))
    }

    /// As [`update`](Self::update), for a change that may fail. Then nothing is published.
    ///
    /// # Errors
    /// Whatever `change` says.
    pub fn try_update<E>(&self, change: impl FnOnce(&T) -> Result<T, E>) -> Result<Arc<T>, E> {
        let _writers = self.writers.lock();
        let new = change(&self.published.load())?;
        Ok(self.published.swap(Arc::new(new)))
    }

    /// Publishes `value` whatever was published before, and returns that.
    pub fn publish(&self, value: impl Into<Arc<T>>) -> Arc<T> {
        let _writers = self.writers.lock();
        self.published.swap(value.into())
    }
}

impl<T: Default> Default for Snapshot<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Snapshot").field(&*self.load()).finish()
    }
}

impl<T> Loaded<T> {
    /// The value, to be kept.
    #[must_use]
    pub fn into_arc(self) -> Arc<T> {
        Guard::into_inner(self.0)
    }
}

impl<T> Deref for Loaded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Loaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[derive(Debug)]
    struct Dropped(u32, Arc<AtomicU32>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_last_reader_drops() {
        let drops = Arc::new(AtomicU32::new(0));
        let snapshot = Snapshot::new(Dropped(0, Arc::clone(&drops)));
        let (first, kept) = (snapshot.load(), snapshot.load_full());
        drop(snapshot.update(|old| Dropped(old.0 + 1, Arc::clone(&drops))));
        assert_eq!((first.0.0, snapshot.load().0.0, drops.load(Ordering::SeqCst)), (0, 1, 0));
        drop(first);
        assert_eq!(drops.load(Ordering::SeqCst), 0, "one reader is left");
        drop(kept);
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        drop(snapshot);
        assert_eq!(drops.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn no_writer_undoes_another() {
        let snapshot = Snapshot::new([0_u64; 8]);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let snapshot = &snapshot;
                scope.spawn(move || {
                    for _ in 0..1_000 {
                        snapshot.update(|old| {
                            let mut new = *old;
                            new[writer] += 1;
                            new[7] += 1;
                            new
                        });
                        let seen = snapshot.load();
                        assert_eq!(seen[..4].iter().sum::<u64>(), seen[7], "published whole");
                    }
                });
            }
        });
        assert_eq!(*snapshot.load(), [1_000, 1_000, 1_000, 1_000, 0, 0, 0, 4_000]);
    }

    #[test]
    fn a_failed_update_publishes_nothing() {
        let snapshot = Snapshot::new(1);
        assert_eq!(snapshot.try_update(|_| Err("no")), Err("no"));
        assert_eq!(snapshot.try_update(|old| Ok::<_, ()>(old + 1)).map(|old| *old), Ok(1));
        assert_eq!(*snapshot.publish(9), 2);
        assert_eq!(*snapshot.load().into_arc(), 9);
    }
}

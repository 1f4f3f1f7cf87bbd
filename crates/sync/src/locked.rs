//! One lock around a container: [`Locked`], and [`ReadLocked`] for many readers.
//!
//! The plainest of the patterns, and the right one until a measurement says otherwise (`docs/concurrency.md` has the
//! figures). What they add to the bare locks is a class in the [order of locks](crate::order), and `with`, which ends
//! the lock's scope where the closure ends.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::order::{self, Held, LockClass};
use crate::primitive::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A container behind one mutex.
///
/// ```
/// use quarry_sync::Locked;
///
/// let names = Locked::new(vec!["a"]);
/// names.with(|names| names.push("b"));
/// assert_eq!(names.take(), ["a", "b"]);
/// assert!(names.lock().is_empty());
/// ```
pub struct Locked<C> {
    container: Mutex<C>,
    class: LockClass,
}

/// A container behind a lock that readers share.
pub struct ReadLocked<C> {
    container: RwLock<C>,
    class: LockClass,
}

/// Access to a locked container, released when dropped. `G` is the lock's own guard.
#[derive(Debug)]
#[must_use = "the lock is released as soon as the guard is dropped"]
pub struct LockedGuard<G> {
    guard: G,
    // Declared after the guard: dropped after it, so that a lock counts as held a little too long, not too short.
    _held: Held,
}

impl<C> Locked<C> {
    /// Puts `container` behind a lock of class [`LockClass::METADATA`]: the innermost.
    pub fn new(container: C) -> Self {
        Self::in_class(container, LockClass::METADATA)
    }

    /// Puts `container` behind a lock of `class`.
    pub fn in_class(container: C, class: LockClass) -> Self {
        Self { container: Mutex::new(container), class }
    }

    /// Waits for the lock.
    #[track_caller]
    pub fn lock(&self) -> LockedGuard<MutexGuard<'_, C>> {
        let held = order::blocking(self.class);
        LockedGuard { guard: self.container.lock(), _held: held }
    }

    /// Takes the lock if nobody holds it.
    #[track_caller]
    pub fn try_lock(&self) -> Option<LockedGuard<MutexGuard<'_, C>>> {
        let guard = self.container.try_lock()?;
        Some(LockedGuard { guard, _held: order::attempted(self.class) })
    }

    /// Works on the container under the lock, for no longer than that.
    #[track_caller]
    pub fn with<R>(&self, work: impl FnOnce(&mut C) -> R) -> R {
        work(&mut self.lock())
    }

    /// Leaves an empty container and returns the full one, to be worked on without the lock.
    #[track_caller]
    pub fn take(&self) -> C
    where
        C: Default,
    {
        self.with(std::mem::take)
    }

    /// The container, out of the lock.
    pub fn into_inner(self) -> C {
        self.container.into_inner()
    }
}

impl<C> ReadLocked<C> {
    /// Puts `container` behind a lock of class [`LockClass::METADATA`]: the innermost.
    pub fn new(container: C) -> Self {
        Self::in_class(container, LockClass::METADATA)
    }

    /// Puts `container` behind a lock of `class`.
    pub fn in_class(container: C, class: LockClass) -> Self {
        Self { container: RwLock::new(container), class }
    }

    /// Waits until no writer holds the lock.
    #[track_caller]
    pub fn read(&self) -> LockedGuard<RwLockReadGuard<'_, C>> {
        let held = order::blocking(self.class);
        LockedGuard { guard: self.container.read(), _held: held }
    }

    /// Waits until nobody holds the lock.
    #[track_caller]
    pub fn write(&self) -> LockedGuard<RwLockWriteGuard<'_, C>> {
        let held = order::blocking(self.class);
        LockedGuard { guard: self.container.write(), _held: held }
    }

    /// The container, out of the lock.
    pub fn into_inner(self) -> C {
        self.container.into_inner()
    }
}

impl<G: Deref> Deref for LockedGuard<G> {
    type Target = G::Target;

    #[inline]
    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for LockedGuard<G> {
    #[inline]
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

impl<C: Default> Default for Locked<C> {
    fn default() -> Self {
        Self::new(C::default())
    }
}

impl<C: Default> Default for ReadLocked<C> {
    fn default() -> Self {
        Self::new(C::default())
    }
}

impl<C> fmt::Debug for Locked<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").field("class", &self.class).finish_non_exhaustive()
    }
}

impl<C> fmt::Debug for ReadLocked<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadLocked").field("class", &self.class).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn threads_take_turns() {
        let sum = Locked::new(0_u64);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| sum.with(|sum| *sum += 1)));
            }
        });
        assert_eq!(sum.into_inner(), 4_000);
    }

    #[test]
    fn readers_share() {
        let list = ReadLocked::in_class(vec![1], LockClass::new("inner", 400));
        let reading = list.read();
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(*list.read(), [1]));
        });
        drop(reading);
        list.write().push(2);
        assert_eq!(list.into_inner(), [1, 2]);
    }

    #[test]
    fn a_lock_that_is_held_is_not_taken_twice() {
        let locked = Locked::new(());
        let held = locked.lock();
        assert!(locked.try_lock().is_none());
        drop(held);
        assert!(locked.try_lock().is_some());
    }

    #[test]
    #[cfg(debug_assertions)]
    fn the_class_is_checked() {
        let (inner, outer) = (Locked::new(()), Locked::in_class((), LockClass::SHARD));
        let _inner = inner.lock();
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(outer.lock()))).is_err());
    }
}

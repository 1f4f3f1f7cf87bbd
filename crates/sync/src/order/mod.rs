//! A checked order of locks: debug builds panic where a deadlock could begin, whether or not it does this time.
//!
//! Every lock of ours belongs to a [`LockClass`] with a rank. A thread that waits for a lock may hold only locks of lower rank; it
//! panics otherwise, naming the place where each of the two was taken. Three ranks exist from the start, in the order
//! of an extent store: [`SHARD`](LockClass::SHARD) → [`EXTENT`](LockClass::EXTENT) →
//! [`METADATA`](LockClass::METADATA). Attempts that do not wait (`try_…`) cannot deadlock and are recorded, not checked.
//!
//! [`assert_none_held`] stands wherever a thread submits I/O or waits for it: a lock held there is held for as long as a
//! disk takes.
//!
//! In release builds all of this is nothing: a [`Held`] has no bytes. Nor is it there under a model checker, which finds
//! deadlocks itself and runs all its threads on one.
//!
//! ```
//! use quarry_sync::order::{self, LockClass};
//!
//! let extent = order::blocking(LockClass::EXTENT);
//! let metadata = order::blocking(LockClass::METADATA);
//! drop((extent, metadata));
//! order::assert_none_held("a read is submitted");
//! ```
//!
//! Rejected: a graph of observed orders as in the kernel's lockdep. It needs no ranks, but finds a cycle only when
//! both halves have run; a rank finds it at the first half.

#[cfg(all(debug_assertions, not(any(loom, shuttle))))]
mod checked;
#[cfg(not(all(debug_assertions, not(any(loom, shuttle)))))]
mod unchecked;

#[cfg(all(debug_assertions, not(any(loom, shuttle))))]
use checked as imp;
#[cfg(not(all(debug_assertions, not(any(loom, shuttle)))))]
use unchecked as imp;

pub use imp::Held;

/// Whether this build checks the order.
pub const CHECKED: bool = cfg!(all(debug_assertions, not(any(loom, shuttle))));

/// A kind of lock and its place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockClass {
    name: &'static str,
    rank: u16,
}

impl LockClass {
    /// Locks of a part of a container; the outermost.
    pub const SHARD: Self = Self::new("shard", 100);
    /// Locks of one extent, taken with no other extent held (see [`write_many`](crate::LockTable::write_many)).
    pub const EXTENT: Self = Self::new("extent", 200);
    /// Locks of metadata; the innermost.
    pub const METADATA: Self = Self::new("metadata", 300);

    /// A class of one's own. Locks of lower `rank` are taken first; a thread waits for only one lock of a rank.
    #[must_use]
    pub const fn new(name: &'static str, rank: u16) -> Self {
        Self { name, rank }
    }

    /// What the class is called in a panic.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The place in the order.
    #[must_use]
    pub const fn rank(self) -> u16 {
        self.rank
    }
}

/// Says that this thread is about to wait for a lock of `class`, and holds it until the answer is dropped.
///
/// # Panics
/// In debug builds, if the thread holds a lock of the same or a higher rank.
#[track_caller]
pub fn blocking(class: LockClass) -> Held {
    imp::check(class);
    imp::record(class)
}

/// Says that this thread got a lock of `class` without waiting.
#[track_caller]
pub fn attempted(class: LockClass) -> Held {
    imp::record(class)
}

/// Asserts that this thread holds no lock of any class. `doing` says in the panic what it was about to do.
///
/// # Panics
/// In debug builds, if it holds one.
#[track_caller]
pub fn assert_none_held(doing: &str) {
    imp::assert_none_held(doing);
}

#[cfg(all(test, debug_assertions, not(any(loom, shuttle))))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn panic_of(act: impl FnOnce()) -> String {
        let payload = catch_unwind(AssertUnwindSafe(act)).expect_err("should panic");
        payload.downcast_ref::<String>().expect("a formatted message").clone()
    }

    #[test]
    fn the_wrong_order_panics_with_both_places() {
        let held_line = line!() + 1;
        let held = blocking(LockClass::METADATA);
        let wanted_line = line!() + 1;
        let said = panic_of(|| drop(blocking(LockClass::EXTENT)));
        for part in ["metadata", "extent", &format!("{}:{held_line}", file!()), &format!(":{wanted_line}")] {
            assert!(said.contains(part), "{said} lacks {part}");
        }
        drop(held);
        drop(blocking(LockClass::EXTENT));
    }

    #[test]
    fn two_locks_of_a_rank_panic_unless_the_second_did_not_wait() {
        let _first = blocking(LockClass::EXTENT);
        let _attempted = attempted(LockClass::EXTENT);
        assert!(panic_of(|| drop(blocking(LockClass::EXTENT))).contains("extent"));
    }

    #[test]
    fn releasing_in_any_order_leaves_nothing_behind() {
        let shard = blocking(LockClass::SHARD);
        let extent = blocking(LockClass::EXTENT);
        let metadata = blocking(LockClass::METADATA);
        drop(extent);
        drop(shard);
        assert!(panic_of(|| assert_none_held("a read is submitted")).contains("a read is submitted"));
        drop(metadata);
        assert_none_held("a read is submitted");
    }

    #[test]
    fn what_moves_to_another_thread_counts_there_once_bound() {
        let mut held = blocking(LockClass::METADATA);
        held.unbind();
        assert_none_held("the lock was given away");
        std::thread::spawn(move || {
            held.bind();
            assert!(panic_of(|| drop(blocking(LockClass::EXTENT))).contains("metadata"));
        })
        .join()
        .unwrap();
        assert_none_held("the lock was released elsewhere");
    }

    #[test]
    fn a_lock_released_by_another_thread_no_longer_counts_here() {
        let held = blocking(LockClass::METADATA);
        std::thread::spawn(move || drop(held)).join().unwrap();
        assert_none_held("the lock was released elsewhere");
    }
}

//! What an ordinary build takes: `parking_lot` for locks, `std` for the rest.

pub use parking_lot::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Atomic types, fences and orderings.
pub mod atomic {
    pub use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
}

/// Starting and yielding threads.
pub mod thread {
    pub use std::thread::{Builder, JoinHandle, ThreadId, current, spawn, yield_now};
}

//! Which part of a striped structure a thread works on.
//!
//! Threads are numbered as they first ask, so the first `n` of them get parts of their own wherever there are `n`
//! parts. Two threads on one part are slower, never wrong: each part is safe to share.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Parts that a striped structure has unless told otherwise: twice the processors, since threads that ended keep their numbers, rounded
/// up to a power of two.
pub(crate) fn count_default() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let processors = std::thread::available_parallelism().map_or(4, NonZeroUsize::get);
        (2 * processors).next_power_of_two()
    })
}

/// This thread's number: small, its own, the same for every structure.
#[inline]
pub(crate) fn of_this_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // `Relaxed`: numbers must differ, and nothing is published by them.
        static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.try_with(|number| *number).unwrap_or(0)
}

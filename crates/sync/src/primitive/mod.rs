//! Locks, condition variables, atomics, threads and time: everything by which our own code meets another thread.
//!
//! Code of this crate takes these from nowhere else, so that a model checker can stand in for all of them at once:
//!
//! | built with | locks | atomics | threads |
//! | --- | --- | --- | --- |
//! | nothing | `parking_lot` | `std` | `std` |
//! | `--cfg loom` | loom's, every interleaving up to a bound | loom's, with stale reads | loom's |
//! | `--cfg shuttle` | shuttle's, random schedules | shuttle's, sequentially consistent | shuttle's |
//!
//! The shape is `parking_lot`'s: `lock()` gives a guard, there is no poisoning, and a condition variable takes the
//! guard by reference. A thread that panics with a lock held releases it; what must not be seen half-changed is
//! protected by the code that changes it.
//!
//! ```sh
//! LOOM_MAX_PREEMPTIONS=2 RUSTFLAGS="--cfg loom" cargo test -p quarry-sync --release --test loom
//! SHUTTLE_ITERATIONS=100000 RUSTFLAGS="--cfg shuttle" cargo test -p quarry-sync --release --test shuttle
//! ```
//!
//! Model checkers have no time of their own. Under them the [`Clock`] stands still and a wait with a limit lets the others run
//! and then says that its time is up, so that a time-out is met at every point where it could strike.
//!
//! Rejected: a façade as a crate of its own (nothing outside uses it yet), and type parameters for every lock (they
//! spread into every signature for the sake of tests).

mod clock;
#[cfg(any(loom, shuttle))]
mod modelled;
#[cfg(not(any(loom, shuttle)))]
mod native;

pub use clock::{Clock, Instant, ManualClock};
#[cfg(any(loom, shuttle))]
pub use modelled::*;
#[cfg(not(any(loom, shuttle)))]
pub use native::*;

/// Whether a model checker stands in for the real primitives.
pub const MODELLED: bool = cfg!(any(loom, shuttle));

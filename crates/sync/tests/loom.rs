//! Every interleaving of two or three threads, up to a bound on preemptions, of what is our own: run with
//! `LOOM_MAX_PREEMPTIONS=2 RUSTFLAGS="--cfg loom" cargo test -p quarry-sync --release --test loom`.
//!
//! The bound is [`PREEMPTIONS_MAX`] unless the variable says otherwise: most bugs of this kind need one or two
//! preemptions, and each further one multiplies the time by ten.
#![cfg(loom)]

#[path = "loom/group_commit.rs"]
mod group_commit;
#[path = "loom/lock_table.rs"]
mod lock_table;
#[path = "loom/versioned.rs"]
mod versioned;
#[path = "loom/worker.rs"]
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads may be interrupted this often where they need not wait.
const PREEMPTIONS_MAX: usize = 2;
/// Fewer schedules than this mean that a model is not one.
const SCHEDULES_MIN: usize = 10;

/// Explores `model`, and makes sure that there was something to explore: a model whose threads never met would pass whatever
/// the code did.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(PREEMPTIONS_MAX));
    let schedules = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&schedules);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let schedules = schedules.load(Ordering::Relaxed);
    println!("{schedules} schedules");
    assert!(schedules >= SCHEDULES_MIN, "{schedules} schedules: the threads did not meet");
}

//! How threads meet: locks by key, versions, snapshots, commits made together, workers, admission.
//!
//! Each module stands alone and opens with why it exists. Invariant: nothing here knows of files, devices or searches.
//! `docs/concurrency.md` says which of these serves which need, and what serves those that the standard library or a
//! kept crate serves well already.
#![forbid(unsafe_code)]

mod counters;
pub mod group_commit;
mod histogram;
pub mod lock_table;
pub mod locked;
pub mod order;
mod panics;
mod per_thread;
pub mod primitive;
pub mod process;
pub mod regulator;
mod sharded;
pub mod snapshot;
mod stripe;
pub mod versioned;
pub mod worker;

pub use counters::Counters;
pub use group_commit::{CommitError, GroupCommit, GroupCommitOptions, GroupCommitStats};
pub use histogram::{Histogram, HistogramSnapshot};
pub use lock_table::{LockStats, LockTable, LockTableOptions};
pub use locked::{Locked, ReadLocked};
pub use per_thread::PerThread;
pub use regulator::{AdmissionError, Permit, Regulator, RegulatorOptions, RegulatorStats};
pub use sharded::Sharded;
pub use snapshot::Snapshot;
pub use versioned::{Versioned, VersionedSnapshot};
pub use worker::{JobPanic, Stop, Stopped, Worker, WorkerOptions, WorkerReport};

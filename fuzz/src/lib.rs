//! What fuzzing holds Quarry to, a function for each target.
//!
//! Each takes any bytes and panics where something does not hold. They are plain functions, so that cargo-fuzz
//! searches with them on a nightly compiler and `tests/replay.rs` runs every committed input through them on a stable
//! one. "No panic" is the least of what they ask: bounds, order, and answers that do not depend on how a source was
//! read are asserted too. `docs/fuzzing.md` says how to run them and what to do with what they find.
#![forbid(unsafe_code)]

mod boot;
mod catalog;
mod dump;
mod forge;
mod identify;
mod log;
mod query;
mod record;
mod runs;
mod scan;
mod seeds;
#[path = "../../crates/index/tests/common/sign.rs"]
mod sign;
mod snapshot;
mod sparse;
mod target;
mod volume;

pub use boot::boot;
pub use catalog::catalog;
pub use dump::dump;
pub use identify::identify;
pub use log::log;
pub use query::query;
pub use record::record;
pub use runs::runs;
pub use seeds::{Seed, seeds};
pub use snapshot::snapshot;
pub use target::{TARGETS, Target, replay};
pub use volume::volume;

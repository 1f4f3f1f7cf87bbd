//! The model checkers of `sync`: loom walks through every interleaving up to a bound, shuttle through many at random.
//!
//! Each replaces locks and atomics in the whole build by a setting of the compiler, so each builds into a folder of its own
//! beside the usual one; otherwise every run would build everything again, for the models and for whoever comes next.

use anyhow::Result;

use crate::process::{cargo, run};
use crate::workspace;

/// How far the models are explored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth {
    /// How often a thread may be interrupted where it does not wait.
    pub(crate) loom_preemptions: u32,
    /// Random schedules of each of shuttle's cases.
    pub(crate) shuttle_schedules: u32,
}

/// Runs the models of both checkers.
///
/// # Errors
/// When a schedule breaks what a model asserts; the checker has printed it.
pub(crate) fn explore(depth: Depth) -> Result<()> {
    model("loom", "LOOM_MAX_PREEMPTIONS", depth.loom_preemptions)?;
    model("shuttle", "SHUTTLE_ITERATIONS", depth.shuttle_schedules)
}

fn model(checker: &str, setting: &str, value: u32) -> Result<()> {
    let folder = workspace::target().join("models").join(checker);
    run(cargo(&format!("test --package quarry-sync --release --test {checker} --quiet"))
        .env("RUSTFLAGS", format!("--cfg {checker}"))
        .env(setting, value.to_string())
        // The models are a few hundred lines: linking the rest with all optimisations takes longer than they do.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_TARGET_DIR", folder))
}

//! The long run, and the short slice of it that every test run takes: more schedules of the models, more property cases,
//! damage by a seed that no test has seen, fuzzing, and a million files. The slice asks the same every time, the long run by seeds of its own, which
//! are printed before they are used and replay what they found.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::fuzzing::Effort;
use crate::models::Depth;
use crate::process::{cargo, run};
use crate::steps::{compare, tests};
use crate::{fuzzing, models, sanitizer, volumes, workspace};

/// The slice's share of the time that a whole test run may take, and a seed of its own: the same questions every time.
const SLICE_FUZZ_INPUTS: u32 = 1500;
const SLICE_SEED: u64 = 1;
const SLICE_PROPERTY_CASES: u32 = 512;
const SLICE_DAMAGED: u32 = 30;
const SLICE_MODELS: Depth = Depth { loom_preemptions: 2, shuttle_schedules: 2_000 };

/// Cases of each round: some ten minutes. There are as many rounds, each of other cases, as the time allows.
const LONG_PROPERTY_CASES: u32 = 2_000;
/// The share of the time that each target is fuzzed for in a round.
const FUZZ_SHARE: u32 = 20;
const LONG_DAMAGED: u32 = 400;
const LONG_MODELS: Depth = Depth { loom_preemptions: 3, shuttle_schedules: 100_000 };
/// Operations on the simulated disk.
const LONG_SIM_OPERATIONS: u32 = 1_000_000;

/// A few minutes of everything but the million files.
///
/// # Errors
/// The first thing that does not hold.
pub(crate) fn slice() -> Result<()> {
    run(&mut cargo("build --release --package quarry-cli --bin quarry"))?;
    models::explore(SLICE_MODELS)?;
    run(&mut properties(SLICE_PROPERTY_CASES))?;
    damage(&volumes::small()?, SLICE_DAMAGED, SLICE_SEED)?;
    for target in fuzzing::targets()?.unwrap_or_default() {
        fuzzing::fuzz_target(&target, Effort::Inputs(SLICE_FUZZ_INPUTS))?;
    }
    Ok(())
}

/// The million files, the models of `sync` and the ports under AddressSanitizer once, then property tests, damage and fuzzing in turns until the time is over.
///
/// # Errors
/// The first thing that does not hold.
pub(crate) fn long(time: Duration) -> Result<()> {
    let started = Instant::now();
    run(&mut cargo("build --release --package quarry-cli --bin quarry"))?;
    run(&mut compare("--test corpus profile_main", &volumes::million()?))?;
    models::explore(LONG_MODELS)?;
    sanitizer::ports()?;
    let small = volumes::small()?;
    let targets = fuzzing::targets()?.unwrap_or_default();
    loop {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let mut properties = properties(LONG_PROPERTY_CASES);
        properties.env_remove("PROPTEST_RNG_SEED");
        properties.env("QUARRY_SIM_OPERATIONS", LONG_SIM_OPERATIONS.to_string());
        run(properties.env("QUARRY_SIM_SEED", seed.to_string()))?;
        damage(&small, LONG_DAMAGED, seed)?;
        for target in &targets {
            fuzzing::fuzz_target(target, Effort::Time(time / FUZZ_SHARE))?;
        }
        println!("soak: {} of {} minutes", started.elapsed().as_secs() / 60, time.as_secs() / 60);
        if started.elapsed() >= time {
            return Ok(());
        }
    }
}

/// Every test, with this many cases in each property test that does not choose its own number.
fn properties(cases: u32) -> Command {
    let mut command = tests("test --workspace --exclude quarry-tests --lib --tests");
    command.env("PROPTEST_CASES", cases.to_string());
    command
}

/// Damages dumps of two record sizes by `seed` and holds the answers to the bounds and to the originals.
fn damage(corpus: &Path, count: u32, seed: u64) -> Result<()> {
    for profile in ["c2m", "s4k"] {
        let folder = workspace::target().join("corpus").join(format!("damaged-{profile}"));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        volumes::damaged(&corpus.join(profile).join("MFT.raw"), &folder, count, seed)?;
        run(&mut compare("--test corpus damaged", &folder))?;
    }
    Ok(())
}

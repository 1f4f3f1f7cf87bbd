//! The long run, and the short slice of it that every test run takes: more property cases, damage by a seed that no test
//! has seen, fuzzing, and a million files. A seed is printed before it is used, and replays what it found.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use crate::process::{cargo, run};
use crate::steps::{compare, tests};
use crate::{fuzzing, volumes, workspace};

/// The slice's share of the time that a whole test run may take.
const SLICE_FUZZ_PER_TARGET: Duration = Duration::from_secs(10);
const SLICE_PROPERTY_CASES: u32 = 512;
const SLICE_DAMAGED: u32 = 30;

const LONG_PROPERTY_CASES: u32 = 20_000;
const LONG_DAMAGED: u32 = 400;

/// A few minutes of everything but the million files.
///
/// # Errors
/// The first thing that does not hold.
pub(crate) fn slice() -> Result<()> {
    run(&mut cargo("build --release --package quarry-cli --bin quarry"))?;
    properties(SLICE_PROPERTY_CASES)?;
    damage(&volumes::small()?, SLICE_DAMAGED)?;
    for target in fuzzing::targets()?.unwrap_or_default() {
        fuzzing::fuzz_target(&target, SLICE_FUZZ_PER_TARGET)?;
    }
    Ok(())
}

/// The million files once, then property tests, damage and fuzzing in turns until the time is over.
///
/// # Errors
/// The first thing that does not hold.
pub(crate) fn long(time: Duration) -> Result<()> {
    let started = Instant::now();
    run(&mut cargo("build --release --package quarry-cli --bin quarry"))?;
    run(&mut compare("--test corpus profile_main", &volumes::million()?))?;
    let small = volumes::small()?;
    let targets = fuzzing::targets()?.unwrap_or_default();
    loop {
        properties(LONG_PROPERTY_CASES)?;
        damage(&small, LONG_DAMAGED)?;
        for target in &targets {
            fuzzing::fuzz_target(target, time / 10)?;
        }
        println!("soak: {} of {} minutes", started.elapsed().as_secs() / 60, time.as_secs() / 60);
        if started.elapsed() >= time {
            return Ok(());
        }
    }
}

/// Every test, with this many cases in each property test that does not choose its own number.
fn properties(cases: u32) -> Result<()> {
    run(tests("test --workspace --exclude quarry-tests --lib --tests")
        .env("PROPTEST_CASES", cases.to_string()))
}

/// Damages dumps of two record sizes by a fresh seed and holds the answers to the bounds and to the originals.
fn damage(corpus: &Path, count: u32) -> Result<()> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
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

//! `cargo xtask test`: an ordered list of steps, each timed, the first failure the last.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process::{cargo, run as execute};
use crate::{packages, soak, volumes, windows, workspace};

struct Step {
    name: &'static str,
    what: &'static str,
    action: fn() -> Result<()>,
}

/// Cheap and telling ones first: who broke the format should not wait for a corpus to learn it.
const STEPS: &[Step] = &[
    Step { name: "tools", what: "the programs that the tests call", action: packages::ensure },
    Step { name: "lint", what: "format and clippy, warnings are errors", action: lint },
    Step { name: "doc", what: "documentation, warnings are errors", action: doc },
    Step { name: "unit", what: "unit, property and end-to-end tests of every crate", action: unit },
    Step { name: "corpus", what: "real volumes, samples, and the project's own rules", action: corpus },
    Step { name: "windows", what: "the build for Windows, under wine", action: windows::step },
    Step { name: "soak", what: "a short slice of the long run", action: soak::slice },
];

pub(crate) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// Runs all steps, or those named in a list parted by commas, in their own order.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let chosen = chosen(only)?;
    say_what_is_missing();
    let started = Instant::now();
    let mut times = Vec::new();
    for step in chosen {
        println!("\n━━ {}: {}", step.name, step.what);
        let began = Instant::now();
        (step.action)()
            .with_context(|| format!("step `{}` failed after {}", step.name, seconds(began.elapsed())))?;
        println!("━━ {}: passed in {}", step.name, seconds(began.elapsed()));
        times.push(format!("{} {}", step.name, seconds(began.elapsed())));
    }
    println!("\nxtask test: all passed in {} ({})", seconds(started.elapsed()), times.join(", "));
    Ok(())
}

fn chosen(only: Option<&str>) -> Result<Vec<&'static Step>> {
    let Some(only) = only else { return Ok(STEPS.iter().collect()) };
    let wanted: Vec<&str> = only.split(',').collect();
    if let Some(unknown) = wanted.iter().find(|name| !names().contains(name)) {
        bail!("no step `{unknown}`; there are {}", names().join(", "));
    }
    Ok(STEPS.iter().filter(|step| wanted.contains(&step.name)).collect())
}

fn say_what_is_missing() {
    if workspace::samples().is_none() {
        println!(
            "\n!! The samples of real Windows volumes are not at ../shared/data: tests/samples.rs will compare nothing.\n"
        );
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn lint() -> Result<()> {
    execute(&mut cargo("fmt --all --check"))?;
    execute(&mut cargo("clippy --workspace --all-targets -- -D warnings"))
}

fn doc() -> Result<()> {
    execute(cargo("doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}

fn unit() -> Result<()> {
    execute(&mut tests("test --workspace --exclude quarry-tests"))
}

/// The comparisons run the binary that users get; the rest of the package reads manifests and sources.
fn corpus() -> Result<()> {
    execute(&mut cargo("build --release --package quarry-cli --bin quarry"))?;
    let folder = volumes::small()?;
    execute(&mut compare("", &folder))
}

/// `cargo test` with nothing skipped, and optimised enough for property tests while checks stay on.
pub(crate) fn tests(arguments: &str) -> Command {
    let mut command = cargo(arguments);
    command.env("QUARRY_REQUIRE_TOOLS", "1").env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    // The same cases every time: whether a change goes in must not depend on luck. The soak looks for new ones.
    command.env("PROPTEST_RNG_SEED", "1");
    if let Some(samples) = workspace::samples() {
        command.env("QUARRY_SAMPLES", samples);
    }
    command
}

/// The tests over the whole project, on the volumes in `folder`.
pub(crate) fn compare(filter: &str, folder: &std::path::Path) -> Command {
    let mut command = tests(&format!("test --package quarry-tests {filter}"));
    command.env("QUARRY_CORPUS", folder).env("QUARRY_BIN", workspace::quarry());
    command
}

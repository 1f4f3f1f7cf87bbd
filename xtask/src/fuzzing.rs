//! cargo-fuzz, which needs a nightly compiler. What it found is committed as seeds and replayed on stable by the crates'
//! own tests, so a machine without it loses the search for new inputs and nothing else.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};

/// One input may take this much memory and time before it counts as a finding.
const INPUT_MEMORY_MIB_MAX: u32 = 2048;
const INPUT_SECONDS_MAX: u32 = 20;

/// The fuzz targets, or `None` (said aloud) where they cannot be run.
///
/// # Errors
/// When cargo-fuzz is there and cannot list them.
pub(crate) fn targets() -> Result<Option<Vec<String>>> {
    if !workspace::root().join("fuzz/Cargo.toml").is_file() {
        println!("!! fuzz/ is not here: nothing is fuzzed");
        return Ok(None);
    }
    if !fuzz().arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!(
            "!! Nothing is fuzzed: that needs a nightly compiler (rustup toolchain install nightly) and cargo-fuzz"
        );
        println!("!! (cargo install cargo-fuzz). The committed inputs were replayed by the unit tests.");
        return Ok(None);
    }
    let listed = fuzz().arg("list").output().context("cannot list the fuzz targets")?;
    let names: Vec<String> =
        String::from_utf8_lossy(&listed.stdout).split_whitespace().map(str::to_owned).collect();
    if !listed.status.success() || names.is_empty() {
        bail!("cargo fuzz lists no targets: {}", String::from_utf8_lossy(&listed.stderr));
    }
    Ok(Some(names))
}

/// How long one target is fuzzed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Effort {
    /// So many inputs, the same ones every time: a test run must not depend on luck.
    Inputs(u32),
    /// New inputs for a time.
    Time(Duration),
}

/// Fuzzes one target from its committed inputs, which are left as they are.
///
/// # Errors
/// When an input makes it fail; cargo-fuzz has said where that input is.
pub(crate) fn fuzz_target(name: &str, effort: Effort) -> Result<()> {
    let found = workspace::target().join("fuzz-corpus").join(name);
    std::fs::create_dir_all(&found)?;
    let mut command = fuzz();
    // No unsafe code, so no sanitizer: inputs run several times as fast.
    command.args(["run", "--sanitizer", "none", name]).arg(&found);
    let committed = workspace::root().join("fuzz/corpus").join(name);
    if committed.is_dir() {
        command.arg(committed);
    }
    command.arg("--");
    match effort {
        Effort::Inputs(runs) => command.arg("-seed=1").arg(format!("-runs={runs}")),
        Effort::Time(time) => command.arg(format!("-max_total_time={}", time.as_secs().max(1))),
    };
    command.args([format!("-rss_limit_mb={INPUT_MEMORY_MIB_MAX}"), format!("-timeout={INPUT_SECONDS_MAX}")]);
    process::run(command.arg("-print_final_stats=1").arg("-verbosity=0"))
}

fn fuzz() -> Command {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz"]).current_dir(workspace::root());
    // Linking every target with link-time optimisation takes longer than fuzzing it.
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    command
}

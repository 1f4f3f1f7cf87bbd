//! Things that a test needs and this machine may lack. Under `cargo xtask test` (QUARRY_REQUIRE_TOOLS=1) a lack fails;
//! otherwise it is said past the test harness's capture, so that what was not tested is seen.

use std::io::Write as _;
use std::path::PathBuf;

/// Whether every test must run.
#[must_use]
pub fn nothing_may_be_skipped() -> bool {
    std::env::var_os("QUARRY_REQUIRE_TOOLS").is_some_and(|value| value != "0")
}

/// A folder of the corpus, from `QUARRY_CORPUS` or where `cargo xtask volumes` puts it.
///
/// # Panics
/// When it is not there and nothing may be skipped.
#[must_use]
pub fn corpus(profile: &str) -> Option<PathBuf> {
    let root = std::env::var_os("QUARRY_CORPUS")
        .map_or_else(|| super::sources::root().join("target/corpus/small"), PathBuf::from);
    let folder = root.join(profile);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped(&format!("corpus {profile}: not at {} (cargo xtask volumes makes it)", folder.display()));
    None
}

/// The folder of real samples. Their absence never fails: they may not be published with the project.
#[must_use]
pub fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("QUARRY_SAMPLES").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        say("samples: QUARRY_SAMPLES names no folder, nothing was compared with real Windows volumes");
    }
    folder
}

/// Says that something was not tested.
///
/// # Panics
/// When nothing may be skipped.
pub fn skipped(what: &str) {
    assert!(!nothing_may_be_skipped(), "{what}");
    say(what);
}

fn say(what: &str) {
    // Not eprintln!: the harness would swallow it with the output of a test that passes.
    let _ = writeln!(std::io::stderr(), "!! NOT TESTED: {what}");
}

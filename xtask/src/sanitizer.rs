//! The port's tests under AddressSanitizer: what shows whether memory was freed while the kernel could still write to it.
//!
//! It needs a nightly compiler. The whole conformance suite is run, on every backend of this system, with it the ports that are dropped with
//! operations in flight, and the tests of the backends alone. What a port leaks then it leaks on purpose, so leaks are not looked for.

use std::process::Command;

use anyhow::Result;

use crate::process::run;
use crate::workspace;

/// Runs them, or says aloud that there is no compiler for it.
///
/// # Errors
/// When one fails, or touches what is not its own.
pub(crate) fn ports() -> Result<()> {
    let nightly = || cargo().arg("--version").output().is_ok_and(|output| output.status.success());
    if !cfg!(target_os = "linux") || !nightly() {
        println!(
            "!! No port is tested under AddressSanitizer: that needs a nightly compiler (rustup toolchain install nightly)"
        );
        return Ok(());
    }
    // With a target named, what runs while building is not looked at.
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut command = cargo();
    command.args(["test", "--package", "quarry-io", "--lib", "--test", "conformance", "--target", &target]);
    command.env("RUSTFLAGS", "-Zsanitizer=address").env("ASAN_OPTIONS", "detect_leaks=0");
    run(command.env("CARGO_TARGET_DIR", workspace::target().join("sanitizer")))
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    // Cargo tells those that it runs which compiler it is itself.
    command.arg("+nightly").env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN").current_dir(workspace::root());
    command
}

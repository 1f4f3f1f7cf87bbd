//! The built `quarry`, run under bounds: whatever it reads, it must end in time, within memory, and not by a signal.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Address space of one run, by default. The largest corpus has a million records.
const ADDRESS_SPACE_BYTES_MAX: u64 = 3 << 30;
/// Each thread reserves address space for its stack and its heap: a bound needs their number, whatever the machine.
const THREADS: &str = "4";
/// A debug build of the command on a busy machine stays far below this; a loop without an end does not.
const SECONDS_MAX: u32 = 120;
/// What timeout(1) answers when it had to end its child.
const TIMED_OUT: i32 = 124;

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code: 0 found, 1 none, 2 error, 3 partial.
    pub code: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error, for messages.
    pub stderr: String,
}

fn quarry<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(address_space_bytes: u64, arguments: I) -> Ended {
    let mut command = Command::new("prlimit");
    command.arg(format!("--as={address_space_bytes}"));
    command.args(["timeout", "--kill-after=5", &SECONDS_MAX.to_string()]).arg(binary());
    command.args(arguments).env_remove("RUST_LOG").env("TZ", "UTC");
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    check(&command, output)
}

fn check(command: &Command, output: Output) -> Ended {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code().unwrap_or_else(|| panic!("{command:?} ended by a signal: {stderr}"));
    assert_ne!(code, TIMED_OUT, "{command:?} was still running after {SECONDS_MAX} s");
    assert!(!stderr.contains("panicked at"), "{command:?} panicked: {stderr}");
    assert!((0..=3).contains(&code), "{command:?} answered {code}: {stderr}");
    Ended { code, stdout: output.stdout, stderr }
}

/// `quarry find QUERY --on SOURCE …`.
///
/// # Panics
/// When it is ended by a signal, takes too long, panics, or answers a code that is not one of its own.
pub fn find(query: &str, source: &Path, more: &[&str]) -> Ended {
    find_within(ADDRESS_SPACE_BYTES_MAX, query, source, more)
}

/// The same with a bound on the address space of its own.
///
/// # Panics
/// As [`find`], and when the bound makes it fail in one of these ways.
pub fn find_within(address_space_bytes: u64, query: &str, source: &Path, more: &[&str]) -> Ended {
    let fixed =
        ["find", "--threads", THREADS, "--on"].map(OsStr::new).into_iter().chain([source.as_os_str()]);
    quarry(address_space_bytes, fixed.chain(more.iter().map(OsStr::new)).chain(["--", query].map(OsStr::new)))
}

/// The command under test: `QUARRY_BIN`, or the workspace's own, built now as the profile of these tests has it.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("QUARRY_BIN").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "quarry-cli", "--bin", "quarry", "--message-format=json"])
        .current_dir(super::sources::root())
        .output()
        .unwrap_or_else(|error| panic!("cannot run cargo: {error}"));
    assert!(output.status.success(), "quarry does not build: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("cargo built quarry and named no executable"))
}

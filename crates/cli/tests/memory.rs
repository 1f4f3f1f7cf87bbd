//! `--memory` holds: by the peak of the process, and nothing of what was put aside is left, whatever ends it.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a process may take beside what it was allowed.
const BESIDE: u64 = 16 << 20;
/// Records of the `$MFT` that is measured: without a limit they take half as much again as with the least.
const RECORDS: &str = "1000000";

fn quarry(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    quarry(folder, arguments).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The least that is needed, as the complaint says: what stands behind `--memory` there.
fn least(folder: &Path, arguments: &[&str]) -> String {
    let refused = run(folder, &[arguments, &["--memory", "1mb"]].concat());
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("1048576 bytes of memory are allowed, and at least"), "{told}");
    told.rsplit("--memory ").next().expect("it says what to do").trim().to_owned()
}

fn number(line: &serde_json::Value, path: &[&str]) -> u64 {
    path.iter().fold(line, |value, key| &value[key]).as_u64().unwrap_or_else(|| panic!("{path:?} of {line}"))
}

#[test]
fn the_peak_of_a_process_is_what_it_was_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let bench = ["bench", "synth", "--records", RECORDS, "--runs", "1", "--threads", "2", "--json"];
    let measured = |more: &[&str]| {
        let output = run(folder, &[&bench, more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let last = text(&output.stdout).lines().last().map(str::to_owned).expect("a line");
        serde_json::from_str::<serde_json::Value>(&last).expect("JSON")
    };
    let peak = |line: &serde_json::Value| {
        ["read", "build"].map(|phase| number(line, &["phases", phase, "peak_bytes"])).into_iter().max()
    };
    let allowed = least(folder, &bench);
    let bytes = allowed.trim_end_matches("mb").parse::<u64>().expect("a number") << 20;
    let limited = measured(&["--memory", &allowed, "--scratch", "."]);
    let unlimited = measured(&[]);
    let (within, without) = (peak(&limited).unwrap_or(0), peak(&unlimited).unwrap_or(0));
    assert!(within <= bytes + BESIDE, "{within} bytes where {bytes} were allowed");
    assert!(without > bytes + BESIDE, "{without} bytes without a limit: the test sees nothing");
    assert_eq!(limited["identity"], unlimited["identity"]);
    assert!(number(&limited, &["spilled_bytes"]) > 50 << 20, "{limited}");
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 0);
}

#[test]
fn a_scan_within_memory_makes_the_same_entry_and_leaves_nothing_even_if_it_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let made = run(folder, &["bench", "synth", "--records", "60000", "--write", "made.mft"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    std::fs::create_dir(folder.join("aside")).expect("a folder");
    let scan = ["scan", "made.mft", "--catalog", "kept", "--quiet", "--threads", "2"];
    let exported = |name: &str, more: &[&str]| {
        let done = run(folder, &[&scan[..], &["--name", name], more].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        let found =
            run(folder, &["find", "", "--on", name, "--catalog", "kept", "--deleted", "--format", "csv"]);
        assert!(found.status.success(), "{}", text(&found.stderr));
        found.stdout
    };
    let allowed = least(folder, &scan);
    let within = ["--memory", &allowed, "--scratch", "aside"];
    let began = Instant::now();
    let limited = exported("limited", &within);
    let takes = began.elapsed();
    assert!(limited == exported("usual", &[]), "the same rows");
    let on = ["find", "", "--on", "./made.mft", "--count", "--deleted", "--threads", "2"];
    assert_eq!(run(folder, &[&on[..], &within].concat()).stdout, run(folder, &on).stdout);
    for hundredths in [20, 40, 60, 80] {
        let scan = [&scan[..], &["--name", "limited"], &within].concat();
        let mut child = quarry(folder, &scan).stdout(Stdio::null()).spawn().expect("it runs");
        std::thread::sleep(takes * hundredths / 100 + Duration::from_millis(1));
        let aside = || std::fs::read_dir(folder.join("aside")).expect("a folder").count();
        assert_eq!(aside(), 0, "what is put aside has no name");
        child.kill().expect("it is ours");
        child.wait().expect("it ends");
        assert_eq!(aside(), 0, "killed at {hundredths} %");
    }
}

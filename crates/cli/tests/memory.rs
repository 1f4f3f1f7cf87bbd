//! `--memory` holds: by the peak of the process, and nothing of what was put aside is left, whatever ends it.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use quarry_forge::{FileName, RecordBuilder, Reference, StandardInformation};

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

/// A dump of files whose names are as long as names can be: all different, or all one.
fn long_names(same: bool) -> Vec<u8> {
    let record = |number: u64| {
        let letters = (0..252).map(|at| if same { 0 } else { number * 7 + at * 13 } % 20_000);
        let letters = letters.filter_map(|at| char::from_u32(0x4E00 + u32::try_from(at).unwrap_or(0)));
        let name: String =
            format!("{:03}", if same { 0 } else { number % 1000 }).chars().chain(letters).collect();
        let record = RecordBuilder::new(number).with(StandardInformation::new());
        match number {
            5 => record.sequence(5).directory().with(FileName::new(Reference::ROOT, ".")).build(),
            _ => record.with(FileName::new(Reference::ROOT, name.as_str())).build(),
        }
    };
    (0..60_000).flat_map(record).collect()
}

/// What is dealt out in one go was once a number of names, however long: three times what was allowed.
#[test]
fn long_names_take_no_more_than_short_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for same in [false, true] {
        std::fs::write(folder.join("long.mft"), long_names(same)).expect("room");
        let bench = ["bench", "scan", "long.mft", "--runs", "1", "--threads", "2", "--json"];
        let allowed = least(folder, &bench);
        let bytes = allowed.trim_end_matches("mb").parse::<u64>().expect("a number") << 20;
        let output = run(folder, &[&bench[..], &["--memory", &allowed, "--scratch", "."]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let line = serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON");
        let peak = number(&line, &["phases", "build", "peak_bytes"]);
        assert!(peak <= bytes + BESIDE, "{peak} bytes where {bytes} were allowed");
        assert!(number(&line, &["spilled_bytes"]) > 40 << 20, "{line}");
    }
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

//! Ctrl-C in the middle of a scan: it ends soon, and the catalogue is as it was.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What is asked for: a tenth of a second, the reads in flight, and what a busy machine makes of it.
const SOON: Duration = Duration::from_millis(200);
/// Moments of the interrupt, in hundredths of what a scan takes: while it reads, while it builds, and while it writes.
const MOMENTS: [u32; 8] = [10, 20, 35, 50, 60, 75, 85, 95];

fn quarry(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    quarry(folder).args(arguments).output().expect("it runs")
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, found) } else { _ = found.insert(path) }
    }
}

#[test]
fn an_interrupt_ends_a_scan_soon_and_leaves_the_catalogue_as_it_was() {
    interrupt(&[]);
}

/// With so little memory that most of what is read and built is put aside in the catalogue's folder.
#[test]
fn an_interrupt_of_a_scan_within_memory_leaves_nothing_of_what_was_put_aside() {
    interrupt(&["--threads", "1", "--memory", "64mb"]);
}

fn interrupt(more: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let made = run(folder, &["bench", "synth", "--records", "60000", "--write", "made.mft"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let scan = [&["scan", "made.mft", "--catalog", "kept", "--quiet"], more].concat();
    let began = Instant::now();
    let first = run(folder, &scan);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let takes = began.elapsed();
    let kept = || {
        let mut found = BTreeSet::new();
        files(&folder.join("kept"), &mut found);
        (found, run(folder, &["catalog", "list", "--catalog", "kept", "--json"]).stdout)
    };
    let before = kept();
    let mut soonest = Duration::MAX;
    for moment in MOMENTS {
        let mut child = quarry(folder).args(&scan).stdout(Stdio::null()).spawn().expect("it runs");
        std::thread::sleep(takes * moment / 100);
        let asked = Instant::now();
        let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("it runs");
        let status = child.wait().expect("it ends");
        if told.success() && status.code() == Some(130) {
            soonest = soonest.min(asked.elapsed());
            assert_eq!(kept(), before, "interrupted at {moment} %");
        } else {
            // It was faster than the first one, and has replaced the entry: nothing more can be compared.
            assert!(status.success(), "{status}");
            break;
        }
    }
    assert!(soonest <= SOON, "{soonest:?}");
    let sound = run(folder, &["catalog", "verify", "--catalog", "kept"]);
    assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stdout));
}

/// The beginning of a made-up `$MFT` once stayed, which the next `--write` refused to replace, and a scan took for all of one.
#[test]
fn an_interrupt_leaves_no_beginning_of_a_made_up_mft() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made.mft");
    let words = ["bench", "synth", "--records", "100000000", "--write", "made.mft"];
    let mut child = quarry(folder.path()).args(words).spawn().expect("it runs");
    let began = Instant::now();
    while !made.exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(made.exists());
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(!made.exists());
}

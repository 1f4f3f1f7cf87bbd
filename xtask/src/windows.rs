//! The Windows build on this system: built by the MinGW tools, run by wine.
//!
//! What wine can show is that the calls are right: completion ports, overlapped and unbuffered reads, a raw volume by its
//! name. What it cannot is listed in [`LEFT_OUT`], and said at each run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::{output, run};
use crate::steps::tests;
use crate::wine::{self, Prefix, TARGET};
use crate::{packages, workspace};

/// Tests that do not run under wine, by the beginnings of their names, and why not. All others do.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "a_loss_of_power",
        "a simulated disk that is the same on every system: minutes here, half an hour in wine's heap",
    ),
    ("what_is_said_is_what_readers_see", "the same"),
    ("tests::interleave", "the same"),
];
/// Packages whose tests do not: what makes test input, held against programs of this system; committed inputs that mean the same
/// on every system; rules over sources.
const PACKAGES_LEFT_OUT: &[&str] = &["quarry-forge", "quarry-fuzz", "quarry-tests"];

/// Cases of a property test: what they ask has been asked on this system, of the same code, many times more.
const PROPERTY_CASES: &str = "32";

/// What is asked of the Windows command and of this system's, which have to say the same.
const QUESTIONS: &[&[&str]] = &[
    &["find", "", "--format", "csv", "--columns", "path,size,allocated,modified,created,state"],
    &["find", "*.jpg", "--sort", "size", "--format", "paths"],
    &["find", "dm:2024", "--format", "table"],
    &["find", "size:>1mb dm:>=2024", "--deleted", "--format", "jsonl", "--columns", "path,size,state"],
];

/// How the command ends when it could not read all.
const PARTIAL: i32 = 3;

/// Where it is asked, so that dates depend on a database of time zones, which Windows has not.
const ZONE: &str = "Europe/Berlin";

/// Builds for Windows and runs what can be run.
///
/// # Errors
/// The first thing that does not hold.
pub(crate) fn step() -> Result<()> {
    packages::ensure()?;
    wine::ensure_target()?;
    for (test, why) in LEFT_OUT {
        println!("!! not run under wine: {test} ({why})");
    }
    println!("!! no tests under wine: {}, and no benches", PACKAGES_LEFT_OUT.join(", "));
    let lint =
        format!("clippy --workspace {} --lib --bins --tests --target {TARGET} -- -D warnings", excluded());
    run(quickly(&mut tests(&lint)))?;
    // All is built before anything runs: wine's server does not wait for a compiler.
    run(quickly(&mut tests(&format!("{} --no-run", test_line()))))?;
    let prefix = wine::prefix()?;
    prefix.start()?;
    checks(&prefix)
}

/// Whatever runs under wine, as cargo is told.
fn test_line() -> String {
    format!("test --workspace {} --lib --bins --tests --target {TARGET}", excluded())
}

fn excluded() -> String {
    PACKAGES_LEFT_OUT.iter().map(|package| format!("--exclude {package} ")).collect()
}

fn checks(prefix: &Prefix) -> Result<()> {
    let image = image()?;
    let volume = prefix.attach(&image)?;
    let mut command = tests(&format!("{} --", test_line()));
    command.args(LEFT_OUT.iter().flat_map(|(test, _)| ["--skip", test]));
    command.env("QUARRY_RAW_VOLUME", volume).env("QUARRY_RAW_IMAGE", wine::path(&image));
    run(prefix.set(quickly(&mut command)))?;
    compare(prefix, &image, volume)
}

/// Few cases, and no debug information, which takes the linker longer than the code and leads nowhere under wine.
fn quickly(command: &mut Command) -> &mut Command {
    command.env("PROPTEST_CASES", PROPERTY_CASES).env("CARGO_PROFILE_DEV_DEBUG", "0")
}

/// The demo volume, as a file.
fn image() -> Result<PathBuf> {
    let (packed, image) =
        (workspace::root().join("crates/cli/demo/demo.ntfs.zst"), workspace::target().join("demo.ntfs"));
    run(Command::new("zstd").args(["-q", "-f", "-d"]).arg(packed).arg("-o").arg(&image))?;
    Ok(image)
}

/// Asks both builds the same, the Windows one of the image and of the raw volume that it is.
fn compare(prefix: &Prefix, image: &Path, volume: &str) -> Result<()> {
    let build = "build --package quarry-cli --bin quarry";
    run(&mut tests(build))?;
    run(quickly(&mut tests(&format!("{build} --target {TARGET}"))))?;
    let native = workspace::target().join("debug/quarry");
    let foreign = workspace::target().join(TARGET).join("debug/quarry.exe");
    for question in QUESTIONS {
        let mut asked = Command::new(&native);
        let expected = output(asked.args(*question).arg("--on").arg(image).env("TZ", ZONE))?;
        ensure!(expected.len() > 100, "`{}` finds next to nothing", question.join(" "));
        for source in [wine::path(image), volume.to_owned()] {
            let mut asked = prefix.command(&foreign);
            let found = output(asked.args(*question).args(["--on", &source]).env("TZ", ZONE))?;
            let same = found == expected;
            ensure!(
                same,
                "`quarry.exe {} --on {source}` says something else than on Linux",
                question.join(" ")
            );
            println!("quarry.exe {} --on {source}: {} bytes, as on Linux", question.join(" "), found.len());
        }
    }
    every_drive(prefix, &foreign, volume)
}

/// Without a source all drives with NTFS are scanned. Wine calls folders so that are no volumes; they are told, and stop nothing.
fn every_drive(prefix: &Prefix, quarry: &Path, volume: &str) -> Result<()> {
    let catalog = workspace::target().join("wine-catalog");
    if catalog.exists() {
        fs::remove_dir_all(&catalog)?;
    }
    let mut scan = prefix.command(quarry);
    let scan = scan.args(["scan", "--json", "--catalog"]).arg(wine::path(&catalog)).output()?;
    let said = String::from_utf8_lossy(&scan.stderr);
    ensure!(scan.status.code() == Some(PARTIAL), "`quarry.exe scan` ends with {}: {said}", scan.status);
    ensure!(
        String::from_utf8_lossy(&scan.stdout).contains(&volume.replace('\\', r"\\")),
        "{volume} is not scanned: {said}"
    );
    println!("quarry.exe scan: {volume} is found among the drives");
    Ok(())
}

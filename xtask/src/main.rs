//! `cargo xtask`: the project's chores, in Rust so that they run wherever the project builds.
//!
//! A make file or a shell script was the alternative; both would need a second language for the caching of volumes and
//! for saying, of a long run, which step took how long and which one failed.

mod bench;
mod fuzzing;
mod large;
mod models;
mod packages;
mod process;
mod sanitizer;
mod soak;
mod steps;
mod volumes;
mod windows;
mod wine;
mod workspace;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

Commands:
  test [--only STEP,…]    everything that must hold before a change goes in (under 40 minutes from nothing)
  test --windows          its step `windows` alone: builds for Windows, and runs the tests under wine
  soak [--minutes N]      the same questions asked for longer: a million files, long fuzzing, many property cases (60)
  soak --records N        builds an index of N made-up records within a budget of memory, and holds it to that (100 million take 15 GB)
  bench                   measures the scan and the search on a million files, beside a hand-written loop and mft_dump
  volumes                 builds the NTFS volumes that the tests compare with, if they are not there, and says where

Steps of `test`, in order: ";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => steps::run(None),
        ["test", "--only", chosen] => steps::run(Some(chosen)),
        ["test", "--windows"] => steps::run(Some("windows")),
        ["soak"] => soak::long(Duration::from_secs(60 * 60)),
        ["soak", "--minutes", minutes] => {
            let minutes: u64 =
                minutes.parse().with_context(|| format!("--minutes {minutes} is not a whole number"))?;
            soak::long(Duration::from_secs(minutes * 60))
        }
        ["soak", "--records", records] => {
            let records =
                records.parse().with_context(|| format!("--records {records} is not a whole number"))?;
            large::run_records(records)
        }
        ["bench"] => bench::run(),
        ["volumes"] => volumes::small().map(|folder| println!("{}", folder.display())),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}{}", steps::names().join(", "));
            Ok(())
        }
        _ => bail!("no such command: {}\n\n{USAGE}{}", words.join(" "), steps::names().join(", ")),
    }
}

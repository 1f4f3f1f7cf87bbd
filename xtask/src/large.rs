//! A part of the soak by itself: as many records as no volume at hand has, read, built within a budget of memory, written, opened
//! again and searched.
//!
//! What is held: that the budget is, that a record takes hardly more time than one among a tenth as many, and that no more is written than
//! is said. The records are made up as they are read, so that only the index and what is put aside need a disk.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::process::{cargo, output, run};
use crate::workspace;

/// Bytes of memory that a record is allowed: three quarters of what a build without a limit takes.
const AMPLE: u64 = 150;
/// One and a half times what a record takes in the finished index, which is the aim for the peak.
const TIGHT: u64 = 61;
/// What is allowed beside it.
const FIXED_BYTES: u64 = 64 << 20;
/// What a process may take beside what it was allowed.
const BESIDE_BYTES: u64 = 16 << 20;
/// Bytes a record that may be put aside and written. A hundred million of them take 12 GB.
const WRITTEN_PER_RECORD: u64 = 120;
/// CPU time of a record, at most so many times that of one among a tenth as many. From ten million to a hundred it was measured to take
/// 1.5 times as much on a busy machine.
const SLOWER_AT_MOST: f64 = 2.0;

/// Builds an index of so many records, and one of a tenth, that one also with little memory.
///
/// # Errors
/// The first thing that does not hold.
pub(crate) fn run_records(records: u64) -> Result<()> {
    ensure!(records >= 1000, "{records} records are too few to tell anything");
    run(&mut cargo("build --release --package quarry-cli --bin quarry"))?;
    built(records / 10, TIGHT)?;
    let fewer = built(records / 10, AMPLE)?;
    let all = built(records, AMPLE)?;
    ensure!(all.written <= records * WRITTEN_PER_RECORD, "{} bytes were written", all.written);
    let ratio = all.cpu_per_record / fewer.cpu_per_record;
    println!("soak: a record takes {ratio:.2} times the CPU time of one among a tenth as many");
    ensure!(ratio <= SLOWER_AT_MOST, "at most {SLOWER_AT_MOST} times were allowed");
    Ok(())
}

/// What one build took.
struct Built {
    cpu_per_record: f64,
    /// Bytes of the index, and of what was put aside.
    written: u64,
}

/// Builds an index of so many records within so many bytes for each.
fn built(records: u64, each: u64) -> Result<Built> {
    let allowed = records * each + FIXED_BYTES;
    let scratch = workspace::target();
    let mut bench = std::process::Command::new(scratch.join("release").join("quarry"));
    bench.args(["bench", "synth", "--runs", "1", "--json", "--find", "report"]);
    bench.arg("--records").arg(records.to_string());
    bench.arg("--memory").arg(allowed.to_string()).arg("--scratch").arg(&scratch);
    let lines = String::from_utf8(output(&mut bench)?)?;
    let line = lines.lines().last().context("it says what it took")?;
    let told: Value = serde_json::from_str(line)?;
    let phases = ["read", "build", "find"];
    let mut cpu = 0.0;
    for phase in phases {
        let taken = &told["phases"][phase];
        let (seconds, peak) = (taken["cpu"].as_f64(), taken["peak_bytes"].as_u64());
        let (Some(seconds), Some(peak)) = (seconds, peak) else {
            bail!("what {phase} took is not told: {line}")
        };
        println!("soak: {records} records, {phase}: {seconds:.1} CPU s, {} MiB at the peak", peak >> 20);
        // A search goes over an index that is mapped: what the system keeps of it is no memory that was asked for.
        ensure!(phase == "find" || peak <= allowed + BESIDE_BYTES, "{} MiB were allowed", allowed >> 20);
        cpu += if phase == "find" { 0.0 } else { seconds };
    }
    ensure!(told["found"].as_u64().is_some_and(|found| found > 0), "the search found nothing");
    let columns = told["columns"].as_object().context("the columns are told")?;
    let mut index = 0;
    for (name, bytes) in columns {
        let bytes = bytes.as_u64().unwrap_or(0);
        index += bytes;
        println!("soak: {name:<24} {:>8.3} bytes a record", per_record(bytes, records));
    }
    let written = index + told["spilled_bytes"].as_u64().unwrap_or(0);
    println!(
        "soak: {:.1} bytes a record in the index, {:.1} written in all",
        per_record(index, records),
        per_record(written, records)
    );
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let cpu_per_record = cpu / records as f64;
    Ok(Built { cpu_per_record, written })
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn per_record(bytes: u64, records: u64) -> f64 {
    bytes as f64 / records as f64
}

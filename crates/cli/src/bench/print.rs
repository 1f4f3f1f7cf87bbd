//! The lines of a bench: for people one a phase, for programs an object that tells of the machine, too.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroUsize;

use quarry_scan::Pipeline;
use serde::Serialize;

use super::Run;
use super::meter::Taken;
use crate::reads::HowRead;

/// What was measured in one way.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    what: &'static str,
    mode: Option<&'static str>,
    depth: Option<usize>,
    threads: usize,
    records: u64,
    bytes: u64,
    rows: Option<u32>,
    /// Of the index: what two machines that read the same have to agree on.
    identity: Option<String>,
    /// Bytes of each of its columns.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    columns: BTreeMap<&'static str, u64>,
    /// Bytes that were put aside to keep to a budget.
    spilled_bytes: u64,
    /// Rows that a search found.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<u64>,
    phases: Phases,
    records_per_second: f64,
    bytes_per_second: f64,
    reads: Option<HowRead>,
    machine: Machine,
}

#[derive(Debug, Serialize)]
struct Phases {
    #[serde(skip_serializing_if = "Option::is_none")]
    make: Option<Taken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<Taken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<Taken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    find: Option<Taken>,
}

#[derive(Debug, Serialize)]
struct Machine {
    system: &'static str,
    architecture: &'static str,
    processors: usize,
    program: &'static str,
}

impl Machine {
    fn this() -> Self {
        Self {
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            processors: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            program: concat!("quarry ", env!("CARGO_PKG_VERSION")),
        }
    }
}

impl Line {
    /// The records of a made-up `$MFT`, made and not looked at.
    pub(super) fn made(records: u64, bytes: u64, threads: NonZeroUsize, taken: Taken) -> Self {
        Self {
            what: "make",
            mode: None,
            depth: None,
            threads: threads.get(),
            records,
            bytes,
            rows: None,
            identity: None,
            columns: BTreeMap::new(),
            spilled_bytes: 0,
            found: None,
            records_per_second: rate(records, taken.wall),
            bytes_per_second: rate(bytes, taken.wall),
            phases: Phases { make: Some(taken), read: None, build: None, find: None },
            reads: None,
            machine: Machine::this(),
        }
    }

    pub(super) fn scanned(pipeline: &Pipeline, run: &Run) -> Self {
        let bytes = run.reads.bytes;
        Self {
            what: "scan",
            mode: Some(run.reads.mode.name()),
            depth: Some(run.reads.depth_most),
            threads: pipeline.threads.get(),
            records: run.records,
            bytes,
            rows: run.built.as_ref().map(|built| built.rows),
            identity: run.built.as_ref().map(|built| format!("{:016x}", built.identity)),
            columns: run.built.as_ref().map(|built| built.columns.clone()).unwrap_or_default(),
            spilled_bytes: run.spilled,
            found: run.found.map(|(_, rows)| rows),
            records_per_second: rate(run.records, run.wall()),
            bytes_per_second: rate(bytes, run.read.wall),
            phases: Phases {
                make: None,
                read: Some(run.read),
                build: run.build,
                find: run.found.map(|it| it.0),
            },
            reads: Some(HowRead::new(&run.reads)),
            machine: Machine::this(),
        }
    }

    /// The object in one line.
    pub(super) fn json(&self) -> String {
        // Strings and numbers with known keys: there is nothing in it that cannot be written.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }

    /// A line for each phase.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let how = match (self.mode, self.depth) {
            (Some(mode), Some(depth)) => {
                let chosen = self.reads.as_ref().is_some_and(HowRead::was_chosen);
                format!("{}{mode}, depth {depth}", if chosen { "auto: " } else { "" })
            }
            _ => "no scan".to_owned(),
        };
        let Phases { make, read, build, find } = &self.phases;
        for (phase, taken) in [("make", make), ("read", read), ("build", build), ("find", find)] {
            let Some(taken) = taken else { continue };
            let cpu = taken.cpu.map_or_else(|| "?".to_owned(), |cpu| format!("{cpu:.3}"));
            let peak = taken.peak_bytes.map_or_else(|| "?".to_owned(), |bytes| (bytes >> 20).to_string());
            let millions = rate(self.records, taken.wall) / 1e6;
            let megabytes = rate(self.bytes, taken.wall) / 1e6;
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{how:<30} threads {:<3} {phase:<5} {:>8.3} s {cpu:>8} CPU s {millions:>8.2} million records/s \
                 {megabytes:>7.0} MB/s {peak:>6} MiB at the peak",
                self.threads, taken.wall
            );
        }
        text
    }
}

fn rate(number: u64, seconds: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = number as f64 / seconds.max(1e-9);
    rate.round()
}

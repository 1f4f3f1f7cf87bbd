//! What a scan did, phase by phase.

use std::fmt::Write as _;

use quarry_catalog::Published;
use quarry_scan::Prepared;
use serde::Serialize;

use crate::catalog::EntryFacts;
use crate::damage::Damage;
use crate::output::words::{bytes_a_row, count, escaped, line, size};
use crate::reads::{self, HowRead};
use crate::volumes::Phases;

/// A volume that was scanned and published.
#[derive(Debug)]
pub(crate) struct Done {
    /// The source as the user named it.
    pub(super) title: String,
    pub(super) published: Published,
    pub(super) scan: Prepared,
    pub(super) phases: Phases,
    /// Seconds that writing, flushing and publishing took.
    pub(super) write: f64,
    /// Bytes of the records that are known.
    pub(super) mft_bytes: u64,
    /// Records that were read and are not in use, if what was deleted was not kept.
    pub(super) unused: Option<u64>,
}

/// The JSON object of a scan.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    entry: EntryFacts<'a>,
    mft_bytes: u64,
    records: u64,
    deleted: u64,
    streams: u64,
    bytes_a_row: f64,
    phases: Seconds,
    reads: HowRead,
    damage: Damage,
    notes: Vec<String>,
}

/// Seconds of each phase.
#[derive(Debug, Serialize)]
struct Seconds {
    read: f64,
    build: f64,
    write: f64,
}

impl Done {
    /// The object in one line.
    pub(super) fn json(&self) -> String {
        let (entry, report) = (&self.published.entry, &self.scan.report);
        let summary = Summary {
            entry: EntryFacts::new(entry),
            mft_bytes: self.mft_bytes,
            records: report.counts.records,
            deleted: report.counts.deleted_files,
            streams: report.counts.streams,
            bytes_a_row: bytes_a_row(entry.bytes, entry.facts.counts.rows),
            phases: Seconds {
                read: millis(self.phases.read),
                build: millis(self.phases.build),
                write: millis(self.write),
            },
            reads: HowRead::new(&self.scan.reads),
            damage: Damage::new(report),
            notes: report.notes.iter().map(ToString::to_string).collect(),
        };
        // Strings and numbers with known keys: there is nothing in it that cannot be written.
        let mut line = serde_json::to_string(&summary).unwrap_or_default();
        line.push('\n');
        line
    }

    /// The lines for people.
    pub(super) fn text(&self) -> String {
        let (entry, counts) = (&self.published.entry, &self.scan.report.counts);
        // As `catalog list` and `du` count them.
        let quarry_catalog::Counts { rows, files, folders, .. } = entry.facts.counts;
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ =
            writeln!(text, "{}: {}", escaped(entry.name.as_str().as_bytes()), escaped(self.title.as_bytes()));
        #[expect(clippy::cast_precision_loss, reason = "it is rounded to whole MB/s")]
        let rate = self.mft_bytes as f64 / 1e6 / self.phases.read.max(1e-9);
        let read = count(counts.records, "record", "records");
        phase(
            &mut text,
            "read",
            self.phases.read,
            &format!("{read}, {}, {rate:.0} MB/s", size(self.mft_bytes)),
        );
        line(&mut text, "", &self.scan.reads.to_string());
        line(&mut text, "left out", &reads::left_out(&self.scan.reads, self.unused));
        let kinds = [
            count(rows, "row", "rows"),
            count(files, "file", "files"),
            count(folders, "folder", "folders"),
            format!("{} deleted", counts.deleted_files),
            count(counts.streams, "stream", "streams"),
        ];
        phase(&mut text, "build", self.phases.build, &kinds.join(", "));
        let per_row = bytes_a_row(entry.bytes, rows);
        phase(&mut text, "write", self.write, &format!("{}, {per_row:.1} bytes a row", size(entry.bytes)));
        let damage: Vec<String> = Damage::new(&self.scan.report).counted().collect();
        let damage = if damage.is_empty() { "none".to_owned() } else { damage.join(", ") };
        line(&mut text, "damage", &damage);
        text
    }
}

fn phase(text: &mut String, label: &str, seconds: f64, what: &str) {
    line(text, label, &format!("{seconds:>8.3} s  {what}"));
}

/// Seconds, to the millisecond.
fn millis(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

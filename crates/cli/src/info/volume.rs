//! What `quarry info` says of a volume, for people.

use std::fmt::Write as _;
use std::path::Path;

use quarry_io::Device;
use quarry_scan::identify::{Content, PartitionTable};

use crate::facts::{Facts, Mft};
use crate::output::grid::{Align, Grid};
use crate::output::words::{escaped, line, size};
use crate::session::{Session, Verbosity};

/// Runs of the `$MFT` that are listed without `-v`.
const RUNS_USUAL: usize = 8;

/// The line that says what a source is.
pub(super) fn head(path: &Path, device: &dyn Device, content: &Content) -> String {
    let path = escaped(path.as_os_str().as_encoded_bytes());
    format!("{path}: {content}, {}, {}\n", size(device.len()), device.kind())
}

/// The partitions of a disk, and what is wrong with their table.
pub(super) fn partitions(table: &PartitionTable, cells: Option<usize>) -> String {
    let mut grid = Grid::new(&[
        ("PARTITION", Align::Right),
        ("OFFSET", Align::Right),
        ("SIZE", Align::Right),
        ("TYPE", Align::Left),
        ("NAME", Align::Left),
        ("HOLDS", Align::Left),
    ]);
    for partition in &table.partitions {
        grid.row(vec![
            partition.number.to_string(),
            partition.offset.to_string(),
            size(partition.length),
            partition.kind.to_string(),
            escaped(partition.name.as_bytes()),
            partition.content.to_string(),
        ]);
    }
    let mut lines = String::from("\n");
    for row in grid.text(cells).lines() {
        // Writing to a string does not fail.
        let _ = writeln!(lines, "  {row}");
    }
    for defect in &table.defects {
        line(&mut lines, "table", &defect.to_string());
    }
    lines
}

/// Everything about a volume.
pub(crate) fn volume(facts: &Facts, session: &Session) -> String {
    let mut text = String::from("\n");
    if let Some(partition) = facts.partition {
        line(&mut text, "partition", &partition.to_string());
    }
    if let Some(label) = &facts.label {
        line(&mut text, "label", label);
    }
    if let Some(version) = &facts.version {
        let state = if facts.dirty == Some(true) { "not cleanly unmounted" } else { "clean" };
        line(&mut text, "version", &format!("NTFS {version}, {state}"));
    }
    if let Some(geometry) = &facts.geometry {
        line(&mut text, "serial", &geometry.serial);
        line(&mut text, "sectors", &format!("{} of {} bytes", geometry.sectors, geometry.sector_bytes));
        line(&mut text, "clusters", &format!("{} of {} bytes", geometry.clusters, geometry.cluster_bytes));
    }
    let records = &facts.records;
    let from = match facts.mft.first_record {
        0 => String::new(),
        first => format!(", numbered from {first}"),
    };
    line(
        &mut text,
        "records",
        &format!("{} of {} bytes{from}; of them are", records.all, facts.record_bytes),
    );
    for (count, kind) in [
        (records.files, "files"),
        (records.folders, "folders"),
        (records.extensions, "extensions"),
        (records.deleted, "deleted"),
        (records.free, "free"),
        (records.blank, "blank"),
        (records.unusable, "unusable"),
    ] {
        line(&mut text, kind, &count.to_string());
    }
    if let Some(streams) = records.streams {
        line(&mut text, "streams", &streams.to_string());
    }
    mft(&mut text, &facts.mft, session.verbosity >= Verbosity::Verbose);
    damage(&mut text, facts);
    text
}

fn mft(text: &mut String, mft: &Mft, all: bool) {
    let count = mft.runs.len();
    line(
        text,
        "$MFT",
        &format!("{} bytes in {count} {}", mft.bytes, if count == 1 { "run" } else { "runs" }),
    );
    let shown = if all { count } else { RUNS_USUAL };
    for run in mft.runs.iter().take(shown) {
        let place = run.offset.map_or_else(|| "a hole".to_owned(), |offset| format!("at byte {offset}"));
        line(text, "", &format!("{} bytes {place}", run.bytes));
    }
    if count > shown {
        line(text, "", &format!("and {} more; -v lists them", count - shown));
    }
}

fn damage(text: &mut String, facts: &Facts) {
    let mut label = "damage";
    for counted in facts.damage.counted() {
        line(text, std::mem::take(&mut label), &counted);
    }
    if !label.is_empty() {
        line(text, label, if facts.damage.is_whole() { "none" } else { "none in the records" });
    }
}

//! The text of `quarry info`.

use std::fmt::Write as _;
use std::path::Path;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use quarry_io::Device;
use quarry_scan::identify::{Content, PartitionTable};

use super::facts::{Facts, Mft};
use crate::output::escape::push_escaped;
use crate::output::number::push_size;
use crate::session::{Session, Verbosity};

/// Runs of the `$MFT` that are listed without `-v`.
const RUNS_USUAL: usize = 8;

/// The line that says what a source is.
pub(super) fn head(path: &Path, device: &dyn Device, content: &Content) -> String {
    format!("{}: {content}, {}, {}\n", path.display(), size(device.len()), device.kind())
}

/// The partitions of a disk, and what is wrong with their table.
pub(super) fn partitions(table: &PartitionTable, cells: Option<usize>) -> String {
    let mut text = Table::new();
    text.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(cells) = cells.and_then(|cells| u16::try_from(cells).ok()) {
        text.set_width(cells);
    }
    text.set_header(["PARTITION", "OFFSET", "SIZE", "TYPE", "NAME", "HOLDS"]);
    for partition in &table.partitions {
        text.add_row([
            partition.number.to_string(),
            partition.offset.to_string(),
            size(partition.length),
            partition.kind.to_string(),
            escaped(partition.name.as_bytes()),
            partition.content.to_string(),
        ]);
    }
    for number in 0..3 {
        if let Some(column) = text.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut lines = String::from("\n");
    for row in text.lines() {
        // Writing to a string does not fail.
        let _ = writeln!(lines, " {}", row.trim_end());
    }
    for defect in &table.defects {
        line(&mut lines, "table", &defect.to_string());
    }
    lines
}

/// Everything about a volume.
pub(super) fn volume(facts: &Facts, session: &Session) -> String {
    let mut text = String::from("\n");
    if let Some(partition) = facts.partition {
        line(&mut text, "partition", &partition.to_string());
    }
    if let Some(label) = &facts.label {
        line(&mut text, "label", &escaped(label.as_bytes()));
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
    line(&mut text, "records", &format!("{} of {} bytes{from}", records.all, facts.record_bytes));
    for (count, kind) in [
        (records.files, "files"),
        (records.folders, "folders"),
        (records.extensions, "extensions"),
        (records.deleted, "deleted"),
        (records.free, "free"),
        (records.blank, "blank"),
        (records.unusable, "unusable"),
        (records.streams, "streams"),
    ] {
        line(&mut text, kind, &count.to_string());
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
        line(text, label, "none");
    }
}

/// A fact and what it is; without a label it goes on with the one before.
fn line(text: &mut String, label: &str, fact: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "  {label:<12}{fact}");
}

fn size(bytes: u64) -> String {
    let mut text = Vec::new();
    push_size(&mut text, bytes);
    String::from_utf8(text).unwrap_or_default()
}

fn escaped(name: &[u8]) -> String {
    let mut text = Vec::new();
    push_escaped(&mut text, name);
    String::from_utf8(text).unwrap_or_default()
}

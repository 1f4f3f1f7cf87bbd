//! What is known of one volume: the JSON object of `quarry info --json`, and what the text is made of.

use quarry_scan::{Report, Scan};
use serde::Serialize;

use crate::damage::Damage;
use crate::volumes::Opened;

/// One volume. Sizes and offsets are bytes.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    pub(super) source: String,
    /// Number of the partition that it lies in.
    pub(super) partition: Option<u32>,
    /// `volume`, or `dump` for a `$MFT` without its volume.
    pub(super) kind: &'static str,
    pub(super) bytes: u64,
    pub(super) label: Option<String>,
    /// `3.1` since Windows XP.
    pub(super) version: Option<String>,
    /// Not cleanly unmounted.
    pub(super) dirty: Option<bool>,
    pub(super) geometry: Option<Geometry>,
    pub(super) record_bytes: u32,
    pub(super) mft: Mft,
    pub(super) records: Records,
    pub(super) damage: Damage,
    /// What is to be known of it as a whole.
    pub(super) notes: Vec<String>,
}

/// What the boot sector says.
#[derive(Debug, Serialize)]
pub(super) struct Geometry {
    /// In hexadecimal.
    pub(super) serial: String,
    pub(super) sector_bytes: u32,
    pub(super) sectors: u64,
    pub(super) cluster_bytes: u32,
    pub(super) clusters: u64,
}

/// Where the `$MFT` lies.
#[derive(Debug, Serialize)]
pub(super) struct Mft {
    pub(super) bytes: u64,
    /// Number of the first record: 0, unless this is a dump of a piece of the `$MFT`.
    pub(super) first_record: u64,
    pub(super) runs: Vec<Run>,
}

/// A stretch of the `$MFT`.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    /// Where on the volume; nothing for a hole.
    pub(super) offset: Option<u64>,
    pub(super) bytes: u64,
}

/// How many records of which kind there are.
#[derive(Debug, Serialize)]
pub(super) struct Records {
    pub(super) all: u64,
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) extensions: u64,
    /// Files that were deleted and whose names are left.
    pub(super) deleted: u64,
    /// Not in use, and nothing is left of what they were.
    pub(super) free: u64,
    pub(super) blank: u64,
    /// Neither a record nor blank, or marked bad.
    pub(super) unusable: u64,
    /// Named streams, which lie in the records of their files.
    pub(super) streams: u64,
}

impl Facts {
    /// What was found out by opening and reading the volume.
    pub(super) fn new(opened: &Opened, scan: &Scan) -> Self {
        let volume = &opened.volume;
        let information = volume.information();
        let label = volume.boot().map(|_| String::from_utf8_lossy(&volume.label()).into_owned());
        let run = |extent: &quarry_scan::Extent| Run { offset: extent.offset, bytes: extent.length };
        let dirty = quarry_ntfs::VolumeFlags::DIRTY;
        Self {
            source: opened.source.display().to_string(),
            partition: volume.partition(),
            kind: if volume.boot().is_some() { "volume" } else { "dump" },
            bytes: volume.device().len(),
            label,
            version: information.map(|information| format!("{}.{}", information.major, information.minor)),
            dirty: information.map(|information| information.flags.contains(dirty)),
            geometry: volume.boot().map(Geometry::new),
            record_bytes: volume.record_bytes(),
            mft: Mft {
                bytes: volume.mft().length() - volume.mft().start(),
                first_record: volume.numbers().start,
                runs: volume.mft().as_slice().iter().map(run).collect(),
            },
            records: Records::new(&scan.report),
            damage: Damage::new(&scan.report),
            notes: scan.report.notes.iter().map(ToString::to_string).collect(),
        }
    }

    /// The object in one line.
    pub(super) fn json(&self) -> String {
        // Strings and numbers with known keys: there is nothing in it that cannot be written.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

impl Geometry {
    fn new(boot: &quarry_ntfs::BootSector) -> Self {
        Self {
            serial: format!("{:016X}", boot.serial),
            sector_bytes: boot.sector_bytes,
            sectors: boot.sectors,
            cluster_bytes: boot.cluster_bytes,
            clusters: boot.clusters(),
        }
    }
}

impl Records {
    fn new(report: &Report) -> Self {
        let counts = &report.counts;
        Self {
            all: counts.records,
            files: counts.files - counts.folders,
            folders: counts.folders,
            extensions: counts.extensions,
            deleted: counts.deleted_files,
            free: counts.deleted - counts.deleted_files,
            blank: counts.blank,
            unusable: counts.baad + counts.junk,
            streams: counts.streams,
        }
    }
}

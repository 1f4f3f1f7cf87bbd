//! What is known of one volume: the JSON object of `quarry info --json`, what the text is made of, and what an entry of
//! the catalogue keeps of the volume that it was scanned from.

use std::borrow::Cow;

use quarry_scan::Report;
use serde::{Deserialize, Serialize};

use crate::damage::Damage;
use crate::volumes::Opened;

/// One volume. Sizes and offsets are bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) source: String,
    /// Number of the partition that it lies in.
    pub(crate) partition: Option<u32>,
    /// `volume`, or `dump` for a `$MFT` without its volume.
    pub(crate) kind: Cow<'static, str>,
    pub(crate) bytes: u64,
    pub(crate) label: Option<String>,
    /// `3.1` since Windows XP.
    pub(crate) version: Option<String>,
    /// Not cleanly unmounted.
    pub(crate) dirty: Option<bool>,
    pub(crate) geometry: Option<Geometry>,
    pub(crate) record_bytes: u32,
    pub(crate) mft: Mft,
    pub(crate) records: Records,
    pub(crate) damage: Damage,
    /// What is to be known of it as a whole.
    pub(crate) notes: Vec<String>,
}

/// What the boot sector says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Geometry {
    /// In hexadecimal.
    pub(crate) serial: String,
    pub(crate) sector_bytes: u32,
    pub(crate) sectors: u64,
    pub(crate) cluster_bytes: u32,
    pub(crate) clusters: u64,
}

/// Where the `$MFT` lies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Mft {
    pub(crate) bytes: u64,
    /// Number of the first record: 0, unless this is a dump of a piece of the `$MFT`.
    pub(crate) first_record: u64,
    pub(crate) runs: Vec<Run>,
    /// What the system says of the runs, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) runs_by_system: Option<Cow<'static, str>>,
}

/// A stretch of the `$MFT`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Where on the volume; nothing for a hole.
    pub(crate) offset: Option<u64>,
    pub(crate) bytes: u64,
}

/// How many records of which kind there are.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Records {
    pub(crate) all: u64,
    pub(crate) files: u64,
    pub(crate) folders: u64,
    pub(crate) extensions: u64,
    /// Files that were deleted and whose names are left.
    pub(crate) deleted: u64,
    /// Not in use, and nothing is left of what they were.
    pub(crate) free: u64,
    pub(crate) blank: u64,
    /// Neither a record nor blank, or marked bad.
    pub(crate) unusable: u64,
    /// Named streams, which lie in the records of their files. Notes of earlier versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) streams: Option<u64>,
}

/// What sort of source a volume is.
pub(crate) fn kind(volume: &quarry_scan::Volume) -> &'static str {
    if volume.boot().is_some() { "volume" } else { "dump" }
}

impl Facts {
    /// What was found out by opening and reading the volume, and by joining its records.
    pub(crate) fn new(opened: &Opened, report: &Report) -> Self {
        let volume = &opened.volume;
        let information = volume.information();
        let label = volume.boot().map(|_| String::from_utf8_lossy(&volume.label()).into_owned());
        let run = |extent: &quarry_scan::Extent| Run { offset: extent.offset, bytes: extent.length };
        let dirty = quarry_ntfs::VolumeFlags::DIRTY;
        Self {
            source: opened.source.display().to_string(),
            partition: volume.partition(),
            kind: kind(volume).into(),
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
                runs_by_system: volume.runs_check().map(|check| check.name().into()),
            },
            records: Records::new(report),
            damage: Damage::new(report),
            notes: report.notes.iter().map(ToString::to_string).collect(),
        }
    }

    /// The object in one line.
    pub(crate) fn json(&self) -> String {
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
            streams: Some(counts.streams),
        }
    }
}

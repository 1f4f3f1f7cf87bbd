//! What an entry keeps of its scan, as JSON in the snapshot: what `quarry info` would have said then, and how to scan again.

use quarry_index::Index;
use quarry_scan::{Reads, Report};
use serde::{Deserialize, Serialize};

use crate::damage::finding;
use crate::facts::Facts;
use crate::reads;
use crate::volumes::Opened;

/// How many damaged records, how many unread ranges, how many findings, and how many runs of the `$MFT` are kept.
const LISTED_MAX: usize = 1000;

/// How a source was scanned, so that it can be scanned again in the same way.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Flags {
    pub(crate) evidence: bool,
    pub(crate) strict: bool,
    /// As many as there are processors, if nothing was said.
    pub(crate) threads: Option<std::num::NonZeroUsize>,
    /// Deleted files were left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) living_only: bool,
}

/// The note.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The program and its version.
    pub(crate) program: String,
    pub(crate) flags: Flags,
    pub(crate) volume: Facts,
    /// Damaged records, the first of them, in words.
    pub(crate) damaged: Vec<String>,
    /// What could not be read, the first of it, in words.
    pub(crate) unread: Vec<String>,
    /// What did not fit together, the first of it, in words.
    #[serde(default)]
    pub(crate) findings: Vec<String>,
    /// What was not read because it need not be, in words.
    #[serde(default)]
    pub(crate) left_out: Option<String>,
}

impl Note {
    /// What is to be kept of a volume that has been read.
    pub(crate) fn new(opened: &Opened, report: &Report, reads: &Reads, flags: Flags) -> Self {
        let mut volume = Facts::new(opened, report);
        let runs = volume.mft.runs.len();
        if runs > LISTED_MAX {
            volume.mft.runs.truncate(LISTED_MAX);
            volume.notes.push(format!("the $MFT had {runs} runs; the first {LISTED_MAX} are noted"));
        }
        let program = concat!("quarry ", env!("CARGO_PKG_VERSION")).to_owned();
        let damaged = report.damaged.iter().take(LISTED_MAX).map(ToString::to_string).collect();
        let unread = report.unread.iter().take(LISTED_MAX).map(ToString::to_string).collect();
        let findings = report.findings.listed().iter().take(LISTED_MAX).map(finding).collect();
        let left_out = Some(reads::left_out(reads, flags.living_only.then_some(report.counts.deleted)));
        Self { program, flags, volume, damaged, unread, findings, left_out }
    }

    /// The note as it stands in the snapshot.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        // Strings and numbers with known keys: there is nothing in it that cannot be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The note in an index, if it has one that this program understands: another one may have written the snapshot.
    pub(crate) fn of(index: &Index) -> Option<Self> {
        serde_json::from_slice(index.note().ok()?).ok()
    }
}

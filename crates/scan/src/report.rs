//! What a scan met: counts of everything, and the first of what was damaged or could not be read.

use std::fmt;
use std::ops::AddAssign;

use quarry_index::Findings;
use quarry_ntfs::{AttributeError, Damage};

use crate::identify::TableDefect;

/// How many damaged records and unread ranges are listed each; the counts go on.
pub const LISTED_MAX: usize = 10_000;

/// How many records of which kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// Base records in use: files and folders.
    pub files: u64,
    /// Of those, folders.
    pub folders: u64,
    /// Extension records in use.
    pub extensions: u64,
    /// Records not in use, base or extension.
    pub deleted: u64,
    /// Of those, files whose names are left; counted only where deleted records are kept.
    pub deleted_files: u64,
    /// Records that were never used.
    pub blank: u64,
    /// Records that the driver marked bad.
    pub baad: u64,
    /// Records with another signature.
    pub junk: u64,
    /// Records in which something did not check out, those marked bad and those that are none included.
    pub damaged: u64,
    /// Of those, torn ones: written only in part.
    pub torn: u64,
    /// Torn records that were sound when read once more.
    pub mended: u64,
    /// Streams beside the main data, of the files that are kept.
    pub streams: u64,
    /// Short (8.3) names that stand for long ones.
    pub short_names: u64,
    /// Records that could not be read.
    pub unread: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.files += other.files;
        self.folders += other.folders;
        self.extensions += other.extensions;
        self.deleted += other.deleted;
        self.deleted_files += other.deleted_files;
        self.blank += other.blank;
        self.baad += other.baad;
        self.junk += other.junk;
        self.damaged += other.damaged;
        self.torn += other.torn;
        self.mended += other.mended;
        self.streams += other.streams;
        self.short_names += other.short_names;
        self.unread += other.unread;
    }
}

/// A record in which something did not check out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedRecord {
    /// Which record.
    pub record: u64,
    /// What did not check out.
    pub damage: Damage,
    /// Where its attributes break, if they do.
    pub attribute: Option<AttributeError>,
}

impl fmt::Display for DamagedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.record, self.damage)?;
        self.attribute.map_or(Ok(()), |error| write!(f, ": {error}"))
    }
}

/// Records that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The first of them.
    pub record: u64,
    /// How many.
    pub records: u64,
    /// Where they start on the volume, in bytes.
    pub offset: u64,
    /// What the system said.
    pub cause: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.record + self.records.saturating_sub(1);
        write!(f, "records {} to {last} at byte {} not read: {}", self.record, self.offset, self.cause)
    }
}

/// Something about a source as a whole that its user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The boot sector was damaged; its backup at the end of the volume was used.
    BackupBootSector,
    /// Something is wrong with the partition table of the disk.
    PartitionTable(TableDefect),
    /// Another partition of the disk holds a volume that cannot be opened.
    PartitionNotOpened {
        /// Its number.
        partition: u32,
        /// Why.
        cause: String,
    },
    /// Record 0 was damaged; its copy in `$MFTMirr` was used.
    MirrorUsed {
        /// What was wrong with it.
        cause: String,
    },
    /// The dump was made with fixups undone, so torn records cannot be told.
    FixupsUndone,
    /// The dump is a piece of a `$MFT`, by the numbers that most of its records give themselves.
    DumpStartsAt {
        /// Its first record.
        record: u64,
    },
    /// Record 0 is not the first thing in the dump, by the numbers that most of its records give themselves.
    DumpStartsLate {
        /// Records before it, which have no number and are left out.
        records: u64,
    },
    /// The source ends before its `$MFT` does, or the run list of the `$MFT` breaks off.
    MftCutShort {
        /// Bytes of the `$MFT` that are there.
        there: u64,
        /// Bytes that it has.
        expected: u64,
        /// Why.
        cause: String,
    },
    /// The source ends before its volume does, by the word of the boot sector. What of the `$MFT` is missing is counted as not read, so nothing is
    /// partial for this alone.
    VolumeCutShort {
        /// Bytes of the volume that are there.
        there: u64,
        /// Bytes that it has.
        expected: u64,
    },
    /// The end of the `$MFT` was never written: what lies there are no records of this volume.
    MftUnwritten {
        /// Bytes in all.
        bytes: u64,
    },
    /// The system says something else than record 0 of where the `$MFT` lies.
    MftRunsDiffer {
        /// The first byte of the `$MFT` of which it does.
        at: u64,
    },
    /// The `$MFT` of a volume in use grew while it was read.
    MftGrew {
        /// Records that came and were read.
        records: u64,
        /// Records that came after that and were not.
        left: u64,
    },
    /// Whether the `$MFT` of a volume in use grew while it was read is not known.
    MftNotLookedAtAgain {
        /// Why.
        cause: String,
    },
    /// Sparse stretches inside the `$MFT`, whose records do not exist.
    MftHoles {
        /// Bytes in all.
        bytes: u64,
    },
    /// The volume's own case table could not be read; the usual one was taken.
    DefaultCaseTable {
        /// Why.
        cause: String,
    },
}

impl Note {
    /// Whether something is missing from the index for it.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        match self {
            Note::MftCutShort { .. }
            | Note::PartitionNotOpened { .. }
            | Note::DumpStartsAt { .. }
            | Note::DumpStartsLate { .. }
            | Note::MftGrew { left: 1.., .. } => true,
            Note::PartitionTable(defect) => defect.hides_volume(),
            _ => false,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::BackupBootSector => {
                f.write_str("the boot sector is damaged: used its backup at the volume's end")
            }
            Note::PartitionTable(defect) => defect.fmt(f),
            Note::PartitionNotOpened { partition, cause } => {
                write!(f, "partition {partition} not searched: {cause}")
            }
            Note::MirrorUsed { cause } => {
                write!(f, "record 0 is damaged ({cause}): used its copy in $MFTMirr")
            }
            Note::FixupsUndone => {
                f.write_str("a dump with fixups already undone: torn records cannot be told")
            }
            Note::DumpStartsAt { record } => {
                write!(f, "a piece of a $MFT: it starts with record {record}, those before are missing")
            }
            Note::DumpStartsLate { records } => {
                write!(f, "records in the dump that come before record 0 and are left out: {records}")
            }
            Note::MftCutShort { there, expected, cause } => {
                cut_short(f, "$MFT", *there, *expected)?;
                write!(f, ": {cause}")
            }
            Note::VolumeCutShort { there, expected } => {
                cut_short(f, "volume", *there, *expected)?;
                f.write_str(": what files hold may lie there")
            }
            Note::MftUnwritten { bytes } => {
                write!(f, "the last {bytes} bytes of $MFT were never written: there are no records there")
            }
            Note::MftRunsDiffer { at } => write!(
                f,
                "the system says something else than record 0 of where $MFT lies, from its byte {at} on: record 0 was believed"
            ),
            Note::MftGrew { records, left: 0 } => {
                write!(f, "$MFT grew while it was read: {records} records that came were read, too")
            }
            Note::MftGrew { records, left } => write!(
                f,
                "$MFT grew while it was read: {records} records that came were read, {left} that came after that were not"
            ),
            Note::MftNotLookedAtAgain { cause } => {
                write!(f, "whether $MFT grew while it was read is not known: {cause}")
            }
            Note::MftHoles { bytes } => {
                write!(f, "$MFT has holes of {bytes} bytes, whose records do not exist")
            }
            Note::DefaultCaseTable { cause } => {
                write!(f, "the volume's case table could not be read ({cause}): used the usual one")
            }
        }
    }
}

/// How much of something is there.
fn cut_short(f: &mut fmt::Formatter<'_>, what: &str, there: u64, expected: u64) -> fmt::Result {
    let missing = expected.saturating_sub(there);
    write!(f, "{what} cut short: {there} of {expected} bytes are there, {missing} are missing")
}

/// What a scan met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many records of which kind.
    pub counts: Counts,
    /// The first [`LISTED_MAX`] damaged records, in their order.
    pub damaged: Vec<DamagedRecord>,
    /// The first [`LISTED_MAX`] ranges that could not be read, in their order.
    pub unread: Vec<Unread>,
    /// What did not fit together when the index was built.
    pub findings: Findings,
    /// What is to be known of the source as a whole.
    pub notes: Vec<Note>,
}

impl Report {
    /// Whether something that should be in the index could not be read.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.counts.unread > 0 || self.notes.iter().any(Note::is_partial)
    }

    /// Takes in what another worker met.
    pub(crate) fn merge(&mut self, other: Report) {
        self.counts += other.counts;
        self.damaged.extend(other.damaged);
        self.unread.extend(other.unread);
    }

    /// Puts the lists in the order of records and within their bounds.
    pub(crate) fn settle(&mut self) {
        self.damaged.sort_by_key(|damaged| damaged.record);
        self.damaged.truncate(LISTED_MAX);
        self.unread.sort_by_key(|unread| unread.record);
        let mut joined: Vec<Unread> = Vec::new();
        for next in std::mem::take(&mut self.unread) {
            list(&mut joined, next);
        }
        self.unread = joined;
    }

    pub(crate) fn note_damage(&mut self, damaged: DamagedRecord) {
        self.counts.damaged += 1;
        self.counts.torn += u64::from(damaged.damage.contains(Damage::TORN));
        if self.damaged.len() < LISTED_MAX {
            self.damaged.push(damaged);
        }
    }

    pub(crate) fn note_unread(&mut self, unread: Unread) {
        self.counts.unread += unread.records;
        list(&mut self.unread, unread);
    }
}

/// Appends to a list of ranges, going on with the last one where that is possible.
fn list(ranges: &mut Vec<Unread>, next: Unread) {
    if let Some(last) = ranges.last_mut()
        && last.record + last.records == next.record
        && last.cause == next.cause
    {
        last.records += next.records;
    } else if ranges.len() < LISTED_MAX {
        ranges.push(next);
    }
}

//! The partitions of a whole disk, from whichever tables it has.
//!
//! An MBR with a protective partition points to a GPT, and the GPT counts; what else such an MBR names (a hybrid) are
//! some of the same partitions. An MBR without one was written by a tool that knew no GPT, so a GPT there is stale.
//! Entries come from untrusted bytes: a partition is offered only where it lies inside the device, and what was cut off
//! or left out is listed.

use std::fmt;
use std::sync::Arc;

use quarry_io::{Device, Window, WindowError};

use super::kind::PartitionType;
use super::view::View;
use super::{Content, gpt, mbr, volume};

/// How the partitions of a disk are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// A master boot record, with its chain of logical partitions.
    Mbr,
    /// A GUID partition table, the copy at the start of the disk.
    Gpt,
    /// A GUID partition table, the copy at the end of the disk, because the one at the start is damaged.
    GptBackup,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mbr => "MBR",
            Self::Gpt => "GPT",
            Self::GptBackup => "GPT (backup copy)",
        })
    }
}

/// The partitions of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionTable {
    /// How they are written down.
    pub scheme: Scheme,
    /// The unit that the table counts in, in bytes: 512 or 4096.
    pub sector_bytes: u32,
    /// Those that lie inside the device, in the order of the table.
    pub partitions: Vec<Partition>,
    /// What was found wrong with the table.
    pub defects: Vec<TableDefect>,
}

impl PartitionTable {
    /// The partitions that hold an NTFS volume.
    pub fn ntfs(&self) -> impl Iterator<Item = &Partition> {
        self.partitions.iter().filter(|partition| matches!(partition.content, Content::NtfsVolume { .. }))
    }

    /// The partition that the table numbers `number`.
    #[must_use]
    pub fn partition(&self, number: u32) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.number == number)
    }
}

/// A stretch of a disk, inside the device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partition {
    /// Its number as Linux counts: the entry's place from 1; logical partitions of an MBR from 5.
    pub number: u32,
    /// Where it begins, in bytes from the start of the disk.
    pub offset: u64,
    /// Its length in bytes, cut at the device's end.
    pub length: u64,
    /// What the table says that it is for.
    pub kind: PartitionType,
    /// Its label in a GPT; empty if it has none.
    pub name: String,
    /// What it holds. Tables and dumps inside a partition are not looked for.
    pub content: Content,
}

impl Partition {
    /// The partition as a device. `disk` is the device that the table was read from.
    ///
    /// # Errors
    /// [`WindowError`] if `disk` is shorter than the one that the table was read from.
    pub fn window(&self, disk: Arc<dyn Device>) -> Result<Window, WindowError> {
        let name = format!("{}, partition {}", disk.name(), self.number);
        Window::new(disk, name, self.offset, self.length)
    }
}

/// Something wrong with a partition table. The partitions that are offered do not depend on what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableDefect {
    /// The copy of the GPT at the start of the disk cannot be used; the one at the end is.
    #[error("the primary GPT is damaged ({0}); its backup at the end of the disk is used")]
    PrimaryGpt(GptFault),
    /// Neither copy of the GPT can be used.
    #[error("the GPT is damaged in both copies ({0})")]
    BothGpts(GptFault),
    /// The header is sound and the entries do not match its checksum, in the only copy that there is.
    #[error("the entries of the GPT do not match their checksum; they may be wrong")]
    GptEntries,
    /// There is no MBR beside the GPT.
    #[error("the protective MBR is missing or damaged")]
    NoProtectiveMbr,
    /// There is a GPT that the MBR does not point to.
    #[error("there is a GPT that the MBR does not point to; the MBR is used")]
    StaleGpt,
    /// A partition begins behind the end of the device, ends before it begins, or covers the table itself.
    #[error(
        "partition {number} ({length} bytes at offset {offset}) lies outside the device's {device_length} bytes"
    )]
    OutOfBounds {
        /// The partition's number.
        number: u32,
        /// Where the table says that it begins, in bytes; saturated.
        offset: u64,
        /// Its length by the table, in bytes; 0 if it ends before it begins.
        length: u64,
        /// Length of the device in bytes.
        device_length: u64,
    },
    /// A partition ends behind the end of the device: the image was cut short. What is there of it is offered.
    #[error("partition {number} ends {missing} bytes behind the end of the device")]
    CutShort {
        /// The partition's number.
        number: u32,
        /// How many of its bytes are not there.
        missing: u64,
    },
    /// A partition lies over an NTFS volume that came before it, and is left out: each volume is searched once.
    #[error("partition {number} lies over partition {other} and is left out")]
    Overlap {
        /// The partition's number.
        number: u32,
        /// The one that it lies over.
        other: u32,
    },
    /// What a partition holds could not be told, because reading it failed.
    #[error("partition {number} cannot be read at offset {offset} of the disk")]
    Unreadable {
        /// The partition's number.
        number: u32,
        /// The first offset that could not be read, in bytes from the start of the disk.
        offset: u64,
    },
    /// The chain of logical partitions leads to something that is none of its links.
    #[error("the chain of logical partitions is broken at offset {offset}")]
    ChainBroken {
        /// Where the link should be, in bytes from the start of the disk.
        offset: u64,
    },
    /// The chain of logical partitions leads back into itself.
    #[error("the chain of logical partitions runs in a circle at offset {offset}")]
    ChainCycle {
        /// The link that was met before, in bytes from the start of the disk.
        offset: u64,
    },
    /// There are more entries than are looked at.
    #[error("the table has more than {max} entries; the others are left out")]
    TooMany {
        /// How many are looked at.
        max: u32,
    },
}

impl TableDefect {
    /// The partition that it is about, if it is about one.
    #[must_use]
    pub fn partition(&self) -> Option<u32> {
        match *self {
            Self::OutOfBounds { number, .. }
            | Self::CutShort { number, .. }
            | Self::Overlap { number, .. }
            | Self::Unreadable { number, .. } => Some(number),
            _ => None,
        }
    }

    /// Whether a volume may be missing for it: the disk cannot be read where a partition begins, or ends before.
    #[must_use]
    pub fn hides_volume(&self) -> bool {
        match self {
            Self::OutOfBounds { offset, length, device_length, .. } => *length > 0 && offset >= device_length,
            Self::Unreadable { .. } => true,
            _ => false,
        }
    }
}

/// Why a copy of a GPT cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GptFault {
    /// Its signature is not there, or its sector cannot be read.
    #[error("no header")]
    NoHeader,
    /// The header does not match its checksum.
    #[error("header checksum")]
    HeaderChecksum,
    /// The header was written for another place on the disk.
    #[error("header in the wrong place")]
    Misplaced,
    /// The header has a size, a number of entries or an entry size that cannot be.
    #[error("impossible header")]
    Impossible,
    /// The entries lie outside the device or cannot be read.
    #[error("entries unreadable")]
    EntriesUnreadable,
    /// The entries do not match their checksum.
    #[error("entry checksum")]
    EntriesChecksum,
}

/// An entry as the table has it, in bytes, before it is held against the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u32,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) kind: PartitionType,
    pub(super) name: String,
}

/// The table that begins the disk, if one does.
pub(super) fn read(view: &mut View<'_>) -> Option<PartitionTable> {
    let record = mbr::read(view);
    match &record {
        Some(record) if !record.is_protective() => {
            let mut table = mbr::table(view, record)?;
            if gpt::has_header(view) {
                table.defects.push(TableDefect::StaleGpt);
            }
            Some(table)
        }
        Some(record) => Some(gpt::table(view).unwrap_or_else(|fault| {
            let mut table =
                mbr::table(view, record).unwrap_or_else(|| PartitionTable::empty(Scheme::Gpt, 512));
            table.defects.push(TableDefect::BothGpts(fault));
            table
        })),
        None => {
            let mut table = gpt::primary(view).ok()?;
            table.defects.push(TableDefect::NoProtectiveMbr);
            Some(table)
        }
    }
}

/// The backup GPT of a disk whose start is lost. Looked for when nothing else was recognised, because it also survives
/// at the end of a disk that was given a single file system later.
pub(super) fn recover(view: &mut View<'_>) -> Option<PartitionTable> {
    let mut table = gpt::backup(view, GptFault::NoHeader).ok()?;
    table.defects.push(TableDefect::NoProtectiveMbr);
    Some(table)
}

impl PartitionTable {
    fn empty(scheme: Scheme, sector_bytes: u32) -> Self {
        Self { scheme, sector_bytes, partitions: Vec::new(), defects: Vec::new() }
    }

    /// Holds `entries` against the device and looks into each that lies inside.
    pub(super) fn settle(
        scheme: Scheme,
        sector_bytes: u32,
        entries: Vec<Entry>,
        device: &dyn Device,
        defects: Vec<TableDefect>,
    ) -> Self {
        let mut table = Self { defects, ..Self::empty(scheme, sector_bytes) };
        for entry in entries {
            table.admit(entry, device);
        }
        table
    }

    fn admit(&mut self, entry: Entry, device: &dyn Device) {
        let Entry { number, offset, length, kind, name } = entry;
        let device_length = device.len();
        if offset < u64::from(self.sector_bytes) || offset >= device_length || length == 0 {
            self.defects.push(TableDefect::OutOfBounds { number, offset, length, device_length });
            return;
        }
        let overlapped = self.ntfs().find(|other| {
            offset < other.offset.saturating_add(other.length) && other.offset < offset.saturating_add(length)
        });
        if let Some(other) = overlapped {
            self.defects.push(TableDefect::Overlap { number, other: other.number });
            return;
        }
        let there = length.min(device_length - offset);
        if there < length {
            self.defects.push(TableDefect::CutShort { number, missing: length - there });
        }
        let content = volume(View::part(device, offset, there)).unwrap_or_else(|error| {
            self.defects.push(TableDefect::Unreadable { number, offset: error.offset });
            Content::Unknown { first_bytes: Vec::new() }
        });
        self.partitions.push(Partition { number, offset, length: there, kind, name, content });
    }

    /// How many of the partitions hold something that was recognised.
    pub(super) fn recognised(&self) -> usize {
        let told = |content: &Content| !matches!(content, Content::Unknown { .. } | Content::Zeros);
        self.partitions.iter().filter(|partition| told(&partition.content)).count()
    }
}

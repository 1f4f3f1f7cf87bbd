//! What a device holds, told by its bytes and not by its name.
//!
//! Somebody who lost a file hands over what they have: a disk, a partition, an image of either, a dumped `$MFT`, or
//! something that only looks like one of these. This module says which it is, where its NTFS volumes are, and, when
//! there is nothing to read, what else it is and what its owner can do about that. It recognises; parsing what was
//! recognised is the business of the `ntfs` crate and of the rest of this one.
//!
//! The order of the tests settles what is ambiguous. A boot sector of NTFS ends like a partition table and holds boot
//! code where that has its entries, so it is looked for first, also at the volume's end; a signature in the first sector
//! excludes a table; a table outweighs old signatures further in, which survive repartitioning; and the backup of a GPT
//! counts last, because it survives everything but a write to the end of the disk.
//!
//! Invariant: nothing is trusted. Reads, entries and chains are bounded by named constants, arithmetic is checked, and
//! what lies outside the device is listed, not offered.

mod boot;
mod container;
mod dump;
mod fat;
mod filesystem;
mod gpt;
mod kind;
mod le;
mod mbr;
mod table;
#[cfg(test)]
mod tests;
mod view;

use std::fmt;

use quarry_io::{Device, ReadError};

pub use boot::{BootCopy, backup_boot_offset};
pub use container::{Compression, ImageFormat};
pub use filesystem::FileSystem;
pub use kind::{Guid, PartitionType};
pub use table::{GptFault, Partition, PartitionTable, Scheme, TableDefect};

use view::View;

/// How much of the start of a device has to be zeros, in bytes, for it to be called empty of all content.
const ZEROS_BYTES: u64 = 64 << 10;

/// Bytes of an unknown device that are kept for the message.
const FIRST_BYTES: u64 = 16;

/// What a device holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// An NTFS volume.
    NtfsVolume {
        /// Which boot sector tells its geometry.
        boot: BootCopy,
    },
    /// A disk with partitions.
    Disk(PartitionTable),
    /// The records of a `$MFT`, without the volume around them.
    MftDump {
        /// Bytes of a record.
        record_bytes: u32,
        /// Bytes of the last record if it is cut short; 0 if it is whole.
        cut_bytes: u32,
    },
    /// Another file system, or what stands in the place of one.
    Other(FileSystem),
    /// A disk image that is not raw.
    Image(ImageFormat),
    /// A compressed file or an archive.
    Compressed(Compression),
    /// No bytes at all.
    Empty,
    /// Zeros, as far as was looked: at the start, at the end, and wherever a known format has its signature.
    Zeros,
    /// Nothing that is known here.
    Unknown {
        /// Up to 16 bytes from the start, for the message; none if they cannot be read.
        first_bytes: Vec<u8>,
    },
}

/// Tells what `device` holds. Some hundred kilobytes are read, plus a few pages of each partition.
///
/// # Errors
/// The first [`ReadError`], if nothing was recognised and something could not be read. What is recognised without the
/// bytes that cannot be read is reported as if there were no error.
pub fn identify(device: &dyn Device) -> Result<Content, ReadError> {
    let mut view = View::whole(device);
    match claimed(&mut view)
        .or_else(|| container::image(&mut view).map(Content::Image))
        .or_else(|| container::compression(&mut view).map(Content::Compressed))
        .or_else(|| mft_dump(&mut view))
        .or_else(|| table::read(&mut view).map(Content::Disk))
        .or_else(|| filesystem::identify(&mut view).map(Content::Other))
        .or_else(|| table::recover(&mut view).map(Content::Disk))
    {
        Some(content) => Ok(content),
        None => remains(view),
    }
}

/// Tells what a volume or a partition holds: [`identify`] without partition tables, dumps and files.
fn volume(mut view: View<'_>) -> Result<Content, ReadError> {
    match claimed(&mut view).or_else(|| filesystem::identify(&mut view).map(Content::Other)) {
        Some(content) => Ok(content),
        None => remains(view),
    }
}

/// What claims the first sector, or is an NTFS volume without one.
fn claimed(view: &mut View<'_>) -> Option<Content> {
    boot::primary(view)
        .map(|boot| Content::NtfsVolume { boot })
        .or_else(|| filesystem::in_first_sector(view).map(Content::Other))
        .or_else(|| boot::backup(view).map(|boot| Content::NtfsVolume { boot }))
}

fn mft_dump(view: &mut View<'_>) -> Option<Content> {
    let record_bytes = dump::record_bytes(view)?;
    let cut_bytes = u32::try_from(view.len() % u64::from(record_bytes)).ok()?;
    Some(Content::MftDump { record_bytes, cut_bytes })
}

/// The answer when nothing sound was recognised.
fn remains(mut view: View<'_>) -> Result<Content, ReadError> {
    if let Some(boot) = boot::claimed(&mut view) {
        return Ok(Content::NtfsVolume { boot });
    }
    let len = view.len();
    let mut piece = |offset: u64, end: u64| view.bytes(offset, usize::try_from(end - offset).ok()?);
    let first_bytes = piece(0, len.min(FIRST_BYTES)).unwrap_or_default();
    let is_zeros = |bytes: Option<Vec<u8>>| bytes.is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0));
    let zeros =
        is_zeros(piece(0, len.min(ZEROS_BYTES))) && is_zeros(piece(len.saturating_sub(ZEROS_BYTES), len));
    match view.into_error() {
        Some(error) => Err(error),
        None if len == 0 => Ok(Content::Empty),
        None if zeros => Ok(Content::Zeros),
        None => Ok(Content::Unknown { first_bytes }),
    }
}

impl Content {
    /// What its owner can do when there is nothing here to read; `None` for what can be read.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::NtfsVolume { .. } | Self::MftDump { .. } => return None,
            Self::Disk(table) if table.ntfs().next().is_some() => return None,
            Self::Disk(_) => "none of its partitions holds an NTFS volume; nothing else can be read",
            Self::Other(file_system) => file_system.advice(),
            Self::Image(format) => format.advice(),
            Self::Compressed(compression) => compression.advice(),
            Self::Empty => "check that a file was copied completely, or that a drive has its medium",
            Self::Zeros => {
                "if its partition table was wiped, give the volume inside it as a device of its own (`losetup --offset`)"
            }
            Self::Unknown { .. } => {
                "give an NTFS volume, a disk with one, a raw image of either, or a dump of its $MFT"
            }
        })
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NtfsVolume { boot: BootCopy::Primary } => f.write_str("NTFS volume"),
            Self::NtfsVolume { boot: BootCopy::Backup { .. } } => {
                f.write_str("NTFS volume with a damaged boot sector (its backup is used)")
            }
            Self::Disk(table) => match table.partitions.len() {
                1 => write!(f, "disk with one partition ({})", table.scheme),
                count => write!(f, "disk with {count} partitions ({})", table.scheme),
            },
            Self::MftDump { record_bytes, .. } => write!(f, "dump of a $MFT, {record_bytes} bytes a record"),
            Self::Other(file_system) => file_system.fmt(f),
            Self::Image(format) => format.fmt(f),
            Self::Compressed(compression) => compression.fmt(f),
            Self::Empty => f.write_str("no bytes at all"),
            Self::Zeros => f.write_str("zeros at its start and at its end"),
            Self::Unknown { first_bytes } if first_bytes.is_empty() => f.write_str("unreadable data"),
            Self::Unknown { first_bytes } => {
                f.write_str("unknown data, beginning with")?;
                first_bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
            }
        }
    }
}

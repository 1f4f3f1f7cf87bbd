//! What kind of drive a handle leads to, and how it likes to be asked.
//!
//! A disk with a head wants one or two large requests at once, flash wants many, and a queue that does not know starts
//! wrong in one of the two directions. The system can be asked; what it answers is a start and no more, and whoever
//! measures may go elsewhere within the [`depths`](DriveProfile::depths).
//!
//! A drive of a virtual machine says that it rotates, or that it does not, and lies either way: what is behind it is the
//! host's. So it is a kind of its own, as is whatever cannot be told, and starts in the middle.

mod letter;
#[cfg(target_os = "linux")]
mod sysfs;
mod volume;

use std::fmt;
use std::fs::File;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

pub use letter::{DriveLetter, drive_letters};
pub use volume::{SystemVolume, system_volumes};

#[cfg(windows)]
use crate::raw;

/// What a request asks for at once on a disk with a head, where a seek costs as much as reading a mebibyte.
const CHUNK_BYTES_ROTATIONAL: usize = 1 << 20;
/// The same elsewhere: what fits into the processor's cache until it has been parsed.
const CHUNK_BYTES: usize = 256 << 10;

/// A kind of drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriveKind {
    /// A disk with a head.
    Rotational,
    /// Flash behind a bus made for disks (SATA, SAS, USB, SD).
    Ssd,
    /// Flash on the processor's bus.
    Nvme,
    /// Made of something else (a virtual machine's, a network's, a striped set of different ones), or not to be told.
    Virtual,
    /// No drive but a file on one.
    File,
}

impl DriveKind {
    /// The kind of what `file` is: of the drive, if it is a block device (or a partition of one), else [`File`](Self::File).
    #[must_use]
    pub fn of(file: &File) -> Self {
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => Self::File,
            Ok(metadata) => drive_itself(&metadata),
            Err(_) => without_metadata(file),
        }
    }

    /// The kind of the drive below: the same for a block device, and for a file the one that its file system lies on.
    #[must_use]
    pub fn below(file: &File) -> Self {
        match file.metadata() {
            Ok(metadata) if metadata.is_file() || metadata.is_dir() => drive_below(file, &metadata),
            Ok(metadata) => drive_itself(&metadata),
            Err(_) => without_metadata(file),
        }
    }

    /// How it likes to be asked.
    #[must_use]
    pub fn profile(self) -> DriveProfile {
        let (depths, depth, chunk_bytes) = match self {
            Self::Rotational => (1..=2, 2, CHUNK_BYTES_ROTATIONAL),
            Self::Ssd => (4..=8, 6, CHUNK_BYTES),
            Self::Nvme => (8..=16, 12, CHUNK_BYTES),
            Self::Virtual | Self::File => (1..=16, 6, CHUNK_BYTES),
        };
        DriveProfile { kind: self, depths, depth, chunk_bytes }
    }
}

impl fmt::Display for DriveKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rotational => "rotational",
            Self::Ssd => "SSD",
            Self::Nvme => "NVMe",
            Self::Virtual => "virtual",
            Self::File => "file",
        })
    }
}

#[cfg(target_os = "linux")]
fn drive_itself(metadata: &std::fs::Metadata) -> DriveKind {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    if metadata.file_type().is_block_device() { sysfs::kind(metadata.rdev()) } else { DriveKind::Virtual }
}

#[cfg(target_os = "linux")]
fn drive_below(_file: &File, metadata: &std::fs::Metadata) -> DriveKind {
    sysfs::kind(std::os::unix::fs::MetadataExt::dev(metadata))
}

/// On Windows what has metadata is no drive; elsewhere nobody is asked, so nothing can be told.
#[cfg(not(target_os = "linux"))]
fn drive_itself(_metadata: &std::fs::Metadata) -> DriveKind {
    DriveKind::Virtual
}

#[cfg(windows)]
fn drive_below(file: &File, _metadata: &std::fs::Metadata) -> DriveKind {
    raw::volume_below(file).map_or(DriveKind::Virtual, |volume| raw::drive_kind(&volume))
}

#[cfg(not(any(target_os = "linux", windows)))]
fn drive_below(_file: &File, _metadata: &std::fs::Metadata) -> DriveKind {
    DriveKind::Virtual
}

/// A raw volume or disk of Windows is such a thing.
#[cfg(windows)]
fn without_metadata(file: &File) -> DriveKind {
    raw::drive_kind(file)
}

#[cfg(not(windows))]
fn without_metadata(_file: &File) -> DriveKind {
    DriveKind::Virtual
}

/// How a drive likes to be asked: how many requests at once, and how large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveProfile {
    kind: DriveKind,
    depths: RangeInclusive<usize>,
    depth: usize,
    chunk_bytes: usize,
}

impl DriveProfile {
    /// The kind that it was made for.
    #[must_use]
    pub fn kind(&self) -> DriveKind {
        self.kind
    }

    /// Requests at once to start with.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Requests at once that make sense at all.
    #[must_use]
    pub fn depths(&self) -> RangeInclusive<usize> {
        self.depths.clone()
    }

    /// Bytes of a request when much is to be moved.
    #[must_use]
    pub fn chunk_bytes(&self) -> usize {
        self.chunk_bytes
    }

    /// The caller knows better: exactly `depth` requests at once.
    #[must_use]
    pub fn with_depth(mut self, depth: NonZeroUsize) -> Self {
        (self.depth, self.depths) = (depth.get(), depth.get()..=depth.get());
        self
    }

    /// The caller knows better: requests of `bytes`.
    #[must_use]
    pub fn with_chunk_bytes(mut self, bytes: NonZeroUsize) -> Self {
        self.chunk_bytes = bytes.get();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_file_on_some_drive() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(DriveKind::of(&file), DriveKind::File);
        assert_ne!(DriveKind::below(&file), DriveKind::File);
    }

    #[test]
    fn what_is_no_drive_cannot_be_told() {
        let folder = tempfile::tempdir().unwrap();
        let folder = crate::open::folder(folder.path());
        assert_eq!(DriveKind::of(&folder), DriveKind::Virtual);
        #[cfg(unix)]
        assert_eq!(DriveKind::below(&File::open("/dev/null").unwrap()), DriveKind::Virtual);
    }

    #[test]
    fn profiles_start_inside_their_bounds_until_they_are_overridden() {
        use DriveKind::{File, Nvme, Rotational, Ssd, Virtual};
        for kind in [Rotational, Ssd, Nvme, Virtual, File] {
            let profile = kind.profile();
            assert!(profile.depths().contains(&profile.depth()), "{kind}");
            let fixed = profile.with_depth(NonZeroUsize::new(99).unwrap());
            assert_eq!((fixed.depth(), fixed.depths(), fixed.kind()), (99, 99..=99, kind));
            let chunked = fixed.with_chunk_bytes(NonZeroUsize::new(4096).unwrap());
            assert_eq!((chunked.chunk_bytes(), chunked.depth()), (4096, 99));
        }
        assert_eq!((Rotational.profile().depths(), Nvme.profile().depths()), (1..=2, 8..=16));
    }
}

//! A volume or a disk that was opened for reading, and what there is to know of it.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_NO_BUFFERING;

use super::answer;
use super::control::{Question, ask};
use crate::DriveKind;

pub(crate) struct Opened {
    pub(crate) file: File,
    /// What offsets, lengths and addresses of reads must be multiples of.
    pub(crate) sector_bytes: u32,
}

impl Opened {
    /// Opens it past the cache, so that a scan pushes nothing else out of memory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(FILE_FLAG_NO_BUFFERING).open(path)?;
        // Else the file system would keep back what lies behind its own end: the copy of the boot sector.
        let _refused = ask(&file, Question::ReachBehindFileSystem);
        let sector = ask(&file, Question::Alignment).and_then(|said| answer::sector_bytes(&said));
        let sector = sector
            .or_else(|| ask(&file, Question::Geometry).and_then(|said| answer::geometry_sector_bytes(&said)));
        Ok(Self { file, sector_bytes: sector.unwrap_or(answer::SECTOR_BYTES_MAX) })
    }

    /// Bytes from its start to its end.
    pub(crate) fn len(&mut self) -> io::Result<u64> {
        match ask(&self.file, Question::Length).and_then(|said| answer::length(&said)) {
            Some(length) => Ok(length),
            None => self.file.seek(SeekFrom::End(0)),
        }
    }
}

/// The kind of the drive that a volume or a disk lies on.
pub(crate) fn drive_kind(volume: &File) -> DriveKind {
    let Some(descriptor) = ask(volume, Question::Descriptor) else { return DriveKind::Virtual };
    let penalty = ask(volume, Question::SeekPenalty).unwrap_or_default();
    answer::drive_kind(&descriptor, &penalty)
}

//! Partitioned disks around volumes: MBR with primary and logical partitions, and GPT.
//!
//! Positions are in sectors, as partition tables have them. The disk ends where its content does unless made longer.

mod gpt;
mod mbr;

use crate::bytes::index;

/// Partition types: one byte for MBR, a GUID (in the byte order of the disk) for GPT.
pub mod partition_type {
    /// MBR: NTFS, exFAT or HPFS.
    pub const NTFS: u8 = 0x07;
    /// MBR: FAT32 with LBA addresses.
    pub const FAT32: u8 = 0x0C;
    /// MBR: extended partition with LBA addresses, the container of logical ones.
    pub const EXTENDED: u8 = 0x0F;
    /// MBR: Linux.
    pub const LINUX: u8 = 0x83;
    /// MBR: the whole disk is described by a GPT.
    pub const GPT_PROTECTIVE: u8 = 0xEE;
    /// GPT: Windows basic data, EBD0A0A2-B9E5-4433-87C0-68B6B72699C7.
    pub const BASIC_DATA: [u8; 16] =
        [0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7];
    /// GPT: EFI system partition, C12A7328-F81F-11D2-BA4B-00A0C93EC93B.
    pub const EFI_SYSTEM: [u8; 16] =
        [0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B];
    /// GPT: Linux file system data, 0FC63DAF-8483-4772-8E79-3D69D8477DE4.
    pub const LINUX_DATA: [u8; 16] =
        [0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4];
}

pub use gpt::GptDisk;
pub use mbr::MbrDisk;

/// Where to start: `Disk::mbr(512)` or `Disk::gpt(4096)`.
#[derive(Clone, Copy, Debug)]
pub struct Disk;

impl Disk {
    /// A disk with a master boot record.
    #[must_use]
    pub fn mbr(sector_bytes: usize) -> MbrDisk {
        MbrDisk::new(sector_bytes)
    }

    /// A disk with a GUID partition table and its protective MBR.
    #[must_use]
    pub fn gpt(sector_bytes: usize) -> GptDisk {
        GptDisk::new(sector_bytes)
    }
}

/// A stretch of the disk and what is in it.
#[derive(Clone, Debug)]
struct Content {
    start: u64,
    bytes: Vec<u8>,
}

impl Content {
    /// Sectors that the content takes.
    fn sectors(&self, sector_bytes: usize) -> u64 {
        self.bytes.len().div_ceil(sector_bytes) as u64
    }

    /// The first sector behind it.
    fn end(&self, sector_bytes: usize) -> u64 {
        self.start + self.sectors(sector_bytes)
    }

    fn write(&self, sector_bytes: usize, image: &mut [u8]) {
        let at = index(self.start) * sector_bytes;
        image[at..at + self.bytes.len()].copy_from_slice(&self.bytes);
    }
}

/// Panics when two stretches overlap, or one overlaps the tables before sector `first`.
fn check_layout(sector_bytes: usize, first: u64, contents: &[&Content]) {
    let mut sorted = contents.to_vec();
    sorted.sort_by_key(|content| content.start);
    let mut free_from = first;
    for content in sorted {
        assert!(
            content.start >= free_from,
            "the partition at sector {} overlaps what is before it",
            content.start
        );
        free_from = content.end(sector_bytes);
    }
}

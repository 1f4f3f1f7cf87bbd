//! What else a volume can hold: other file systems, and what stands in the place of one.
//!
//! Each is named so that its owner recognises it and learns the next step; none of them is read. A signature of four
//! bytes or more is taken at its word; a shorter one (ext, FAT) only with fields around it that fit.

use std::fmt;

use super::fat;
use super::view::View;

/// A file system other than NTFS, or what stands in the place of one: encryption, a volume manager, swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the name of a file system; `Display` spells it out")]
pub enum FileSystem {
    BitLocker,
    BitLockerToGo,
    ReFs,
    ExFat,
    Fat12,
    Fat16,
    Fat32,
    Ext2,
    Ext3,
    Ext4,
    Xfs,
    Btrfs,
    F2fs,
    ReiserFs,
    Jfs,
    Iso9660,
    Udf,
    Apfs,
    HfsPlus,
    SquashFs,
    Erofs,
    Zfs,
    Luks,
    Lvm2,
    LinuxRaid,
    LinuxSwap,
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BitLocker => "BitLocker-encrypted volume",
            Self::BitLockerToGo => "BitLocker To Go-encrypted volume",
            Self::ReFs => "ReFS file system",
            Self::ExFat => "exFAT file system",
            Self::Fat12 => "FAT12 file system",
            Self::Fat16 => "FAT16 file system",
            Self::Fat32 => "FAT32 file system",
            Self::Ext2 => "ext2 file system",
            Self::Ext3 => "ext3 file system",
            Self::Ext4 => "ext4 file system",
            Self::Xfs => "XFS file system",
            Self::Btrfs => "Btrfs file system",
            Self::F2fs => "F2FS file system",
            Self::ReiserFs => "ReiserFS file system",
            Self::Jfs => "JFS file system",
            Self::Iso9660 => "ISO 9660 file system",
            Self::Udf => "UDF file system",
            Self::Apfs => "APFS container",
            Self::HfsPlus => "HFS+ file system",
            Self::SquashFs => "SquashFS file system",
            Self::Erofs => "EROFS file system",
            Self::Zfs => "member of a ZFS pool",
            Self::Luks => "LUKS-encrypted volume",
            Self::Lvm2 => "LVM2 physical volume",
            Self::LinuxRaid => "member of a Linux RAID",
            Self::LinuxSwap => "Linux swap space",
        })
    }
}

impl FileSystem {
    /// What its owner can do next.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::BitLocker | Self::BitLockerToGo => {
                "unlock it (on Linux `cryptsetup open --type bitlk DEVICE NAME`) and give the unlocked volume \
                 (`/dev/mapper/NAME`)"
            }
            Self::Luks => {
                "unlock it (`cryptsetup open DEVICE NAME`) and give what is inside (`/dev/mapper/NAME`)"
            }
            Self::Lvm2 => {
                "activate it (`vgchange --activate y`) and give a logical volume (`/dev/GROUP/VOLUME`)"
            }
            Self::LinuxRaid => "assemble it (`mdadm --assemble --readonly`) and give the array (`/dev/mdN`)",
            Self::LinuxSwap => "swap space holds no files",
            _ => "only NTFS volumes can be read; mount it and search there",
        }
    }
}

/// Signatures that need no second look, in the order in which they are tried: what wraps a file system comes before
/// the file systems, whose old signatures may have survived beneath it.
#[rustfmt::skip]
const SIGNATURES: &[(FileSystem, u64, &[u8])] = &[
    (FileSystem::BitLocker, 0x03, b"-FVE-FS-"),
    (FileSystem::Luks, 0, b"LUKS\xBA\xBE"),
    (FileSystem::Lvm2, 0x218, b"LVM2 001"),
    (FileSystem::Lvm2, 0x018, b"LVM2 001"),
    (FileSystem::Lvm2, 0x418, b"LVM2 001"),
    (FileSystem::Lvm2, 0x618, b"LVM2 001"),
    (FileSystem::LinuxRaid, 0x1000, b"\xFC\x4E\x2B\xA9\x01\0\0\0"),
    (FileSystem::LinuxRaid, 0, b"\xFC\x4E\x2B\xA9\x01\0\0\0"),
    (FileSystem::ReFs, 0x03, b"ReFS\0\0\0\0"),
    (FileSystem::ExFat, 0x03, b"EXFAT   "),
    (FileSystem::Xfs, 0, b"XFSB"),
    (FileSystem::SquashFs, 0, b"hsqs"),
    (FileSystem::Apfs, 0x20, b"NXSB"),
    (FileSystem::F2fs, 0x400, b"\x10\x20\xF5\xF2"),
    (FileSystem::Erofs, 0x400, b"\xE2\xE1\xF5\xE0"),
    (FileSystem::HfsPlus, 0x400, b"H+\0\x04"),
    (FileSystem::HfsPlus, 0x400, b"HX\0\x05"),
    (FileSystem::Btrfs, 0x1_0040, b"_BHRfS_M"),
    (FileSystem::ReiserFs, 0x1_0034, b"ReIsEr"),
    (FileSystem::Jfs, 0x8000, b"JFS1"),
    // Swap signs the end of its first page, whose size is the machine's.
    (FileSystem::LinuxSwap, 0x0FF6, b"SWAPSPACE2"),
    (FileSystem::LinuxSwap, 0x3FF6, b"SWAPSPACE2"),
    (FileSystem::LinuxSwap, 0xFFF6, b"SWAPSPACE2"),
];

/// The marker that BitLocker To Go puts into a boot sector which otherwise is one of FAT.
const TO_GO_GUID: &[u8] = b"\x3B\xD6\x67\x49\x29\x2E\xD8\x4A\x83\x99\xF6\xA3\x39\xE3\xD0\x01";

/// What claims the first sector for itself, where a disk has its table: looked for before tables.
pub(super) fn in_first_sector(view: &mut View<'_>) -> Option<FileSystem> {
    if view.has(0x03, b"MSWIN4.1") && view.has(0x1A8, TO_GO_GUID) {
        return Some(FileSystem::BitLockerToGo);
    }
    let mut early = SIGNATURES.iter().filter(|(_, offset, magic)| *offset + magic.len() as u64 <= 0x1BE);
    early
        .find(|(_, offset, magic)| view.has(*offset, magic))
        .map(|&(found, ..)| found)
        .or_else(|| fat::identify(&view.array(0)?))
}

/// Any file system, wherever it signs.
pub(super) fn identify(view: &mut View<'_>) -> Option<FileSystem> {
    in_first_sector(view)
        .or_else(|| {
            let mut all = SIGNATURES.iter();
            all.find(|(_, offset, magic)| view.has(*offset, magic)).map(|&(found, ..)| found)
        })
        .or_else(|| ext(view))
        .or_else(|| optical(view))
        .or_else(|| has_zfs_uberblock(view).then_some(FileSystem::Zfs))
}

/// ext2, ext3 and ext4 share a superblock; its feature bits tell which driver it needs.
fn ext(view: &mut View<'_>) -> Option<FileSystem> {
    const SUPERBLOCK: u64 = 0x400;
    const JOURNAL: u32 = 0x4;
    /// Extents, 64-bit block numbers, multiple mount protection, flexible groups and what came after them.
    const INCOMPATIBLE_OF_EXT4: u32 = 0xFFFF_FFC0;
    /// Huge files, group checksums, many subfolders, larger inodes, metadata checksums.
    const READ_ONLY_OF_EXT4: u32 = 0x478;

    let has_magic = view.has(SUPERBLOCK + 0x38, b"\x53\xEF");
    let (inodes, blocks) = (view.u32(SUPERBLOCK)?, view.u32(SUPERBLOCK + 4)?);
    let (block_size_log, revision) = (view.u32(SUPERBLOCK + 0x18)?, view.u32(SUPERBLOCK + 0x4C)?);
    if !has_magic || inodes == 0 || blocks == 0 || block_size_log > 6 || revision > 1 {
        return None;
    }
    let compatible = view.u32(SUPERBLOCK + 0x5C)?;
    let incompatible = view.u32(SUPERBLOCK + 0x60)?;
    let read_only = view.u32(SUPERBLOCK + 0x64)?;
    Some(if incompatible & INCOMPATIBLE_OF_EXT4 != 0 || read_only & READ_ONLY_OF_EXT4 != 0 {
        FileSystem::Ext4
    } else if compatible & JOURNAL != 0 {
        FileSystem::Ext3
    } else {
        FileSystem::Ext2
    })
}

/// ISO 9660 and UDF begin with the same sequence of descriptors; a disc with both is read as UDF.
fn optical(view: &mut View<'_>) -> Option<FileSystem> {
    const SEQUENCE: u64 = 0x8000;
    const DESCRIPTOR_BYTES: u64 = 2048;
    const DESCRIPTORS_MAX: u64 = 64;

    let mut found = None;
    for index in 0..DESCRIPTORS_MAX {
        let id: [u8; 5] = view.array(SEQUENCE + index * DESCRIPTOR_BYTES + 1)?;
        match &id {
            b"NSR02" | b"NSR03" => return Some(FileSystem::Udf),
            b"CD001" => found = Some(FileSystem::Iso9660),
            b"BEA01" | b"BOOT2" => {}
            _ => break,
        }
    }
    found
}

/// A ZFS label keeps a ring of uberblocks in its second half, each at a multiple of 1 KiB, in the byte order of the
/// machine that wrote it.
fn has_zfs_uberblock(view: &mut View<'_>) -> bool {
    const RING: u64 = 128 << 10;
    const STEP: u64 = 1 << 10;

    (0..128)
        .map(|index| RING + index * STEP)
        .any(|at| view.has(at, b"\x0C\xB1\xBA\0\0\0\0\0") || view.has(at, b"\0\0\0\0\0\xBA\xB1\x0C"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::{Content, identify};
    use quarry_io::MemoryDevice;

    /// 256 KiB of noise that signs nothing, with `pieces` in it.
    fn tell(pieces: &[(u64, &[u8])]) -> Content {
        let mut bytes = vec![0xA5; 256 << 10];
        for (offset, piece) in pieces {
            let start = usize::try_from(*offset).unwrap();
            bytes[start..start + piece.len()].copy_from_slice(piece);
        }
        identify(&MemoryDevice::new("volume", bytes)).unwrap()
    }

    /// A superblock of ext with these feature words: compatible, incompatible, read-only compatible.
    fn ext(features: [u32; 3]) -> Vec<u8> {
        let mut block = vec![0; 1024];
        block[0..4].copy_from_slice(&16u32.to_le_bytes());
        block[4..8].copy_from_slice(&64u32.to_le_bytes());
        block[0x38..0x3A].copy_from_slice(&[0x53, 0xEF]);
        for (at, word) in [0x5C, 0x60, 0x64].into_iter().zip(features) {
            block[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        block
    }

    #[test]
    fn each_signature_tells_its_file_system() {
        for &(file_system, offset, magic) in SIGNATURES {
            assert_eq!(tell(&[(offset, magic)]), Content::Other(file_system), "{file_system}");
        }
    }

    #[test]
    fn the_ext_family_is_told_by_its_features() {
        for (features, expected) in [
            ([0x38, 0x2, 0x3], FileSystem::Ext2),
            ([0x3C, 0x2, 0x3], FileSystem::Ext3),
            ([0x3C, 0x2C2, 0x46B], FileSystem::Ext4),
            ([0x38, 0x2, 0x400], FileSystem::Ext4),
        ] {
            assert_eq!(tell(&[(0x400, &ext(features))]), Content::Other(expected));
        }
    }

    #[test]
    fn the_two_bytes_of_ext_alone_are_not_enough() {
        for around in [0, 0xA5] {
            let pieces: &[(u64, &[u8])] = &[(0x400, &[around; 1024]), (0x438, b"\x53\xEF")];
            assert!(matches!(tell(pieces), Content::Unknown { .. }), "among {around:#x}");
        }
    }

    #[test]
    fn bitlocker_to_go_is_told_from_the_fat_it_pretends_to_be() {
        let pieces: &[(u64, &[u8])] = &[(3, b"MSWIN4.1"), (0x1A8, TO_GO_GUID)];
        assert_eq!(tell(pieces), Content::Other(FileSystem::BitLockerToGo));
        assert!(matches!(tell(&pieces[..1]), Content::Unknown { .. }));
    }

    #[test]
    fn a_disc_with_both_formats_is_udf() {
        let iso: &[(u64, &[u8])] = &[(0x8001, b"CD001"), (0x8801, b"CD001")];
        assert_eq!(tell(iso), Content::Other(FileSystem::Iso9660));
        let both = [iso, &[(0x9001, b"BEA01"), (0x9801, b"NSR03")]].concat();
        assert_eq!(tell(&both), Content::Other(FileSystem::Udf));
    }

    #[test]
    fn zfs_is_told_in_both_byte_orders() {
        for magic in [b"\x0C\xB1\xBA\0\0\0\0\0", b"\0\0\0\0\0\xBA\xB1\x0C"] {
            assert_eq!(tell(&[((128 << 10) + 37 * 1024, magic)]), Content::Other(FileSystem::Zfs));
        }
    }

    #[test]
    fn what_wraps_a_file_system_outweighs_what_it_left_behind() {
        let swap: (u64, &[u8]) = (0x0FF6, b"SWAPSPACE2");
        assert_eq!(tell(&[swap, (0x218, b"LVM2 001")]), Content::Other(FileSystem::Lvm2));
    }

    #[test]
    fn encryption_and_volume_managers_say_how_to_get_inside() {
        for (file_system, command) in [
            (FileSystem::BitLocker, "cryptsetup open --type bitlk"),
            (FileSystem::BitLockerToGo, "cryptsetup open --type bitlk"),
            (FileSystem::Luks, "cryptsetup open"),
            (FileSystem::Lvm2, "vgchange"),
            (FileSystem::LinuxRaid, "mdadm"),
        ] {
            assert!(file_system.advice().contains(command), "{file_system}");
        }
    }
}

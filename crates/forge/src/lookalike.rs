//! Superblocks of other systems: just enough for a tool to tell which one it was given instead of NTFS.

use crate::bytes::{copy, put8, put16, put32, put64};

/// Length of every image, so that a superblock at 64 KiB fits with room behind it.
const IMAGE_BYTES: usize = 1 << 20;

/// A system whose superblock can be imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lookalike {
    /// exFAT boot sector.
    ExFat,
    /// FAT32 boot sector.
    Fat32,
    /// ext4 superblock at 1024.
    Ext4,
    /// XFS superblock.
    Xfs,
    /// Btrfs superblock at 64 KiB.
    Btrfs,
    /// ReFS boot sector.
    Refs,
    /// BitLocker boot sector (`-FVE-FS-`).
    BitLocker,
    /// ISO 9660 primary volume descriptor at 32 KiB.
    Iso9660,
    /// APFS container superblock.
    Apfs,
    /// HFS+ volume header at 1024.
    HfsPlus,
    /// squashfs superblock.
    Squashfs,
    /// LUKS 2 header.
    Luks,
    /// Linux swap signature at the end of the first page.
    Swap,
}

impl Lookalike {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::ExFat,
        Self::Fat32,
        Self::Ext4,
        Self::Xfs,
        Self::Btrfs,
        Self::Refs,
        Self::BitLocker,
        Self::Iso9660,
        Self::Apfs,
        Self::HfsPlus,
        Self::Squashfs,
        Self::Luks,
        Self::Swap,
    ];

    /// One MiB that starts (or, for swap, whose first page ends) as that system's volume would.
    #[must_use]
    pub fn image(self) -> Vec<u8> {
        let mut image = vec![0; IMAGE_BYTES];
        let write = match self {
            Self::ExFat => exfat,
            Self::Fat32 => fat32,
            Self::Ext4 => ext4,
            Self::Xfs => xfs,
            Self::Btrfs => btrfs,
            Self::Refs => refs,
            Self::BitLocker => bitlocker,
            Self::Iso9660 => iso9660,
            Self::Apfs => apfs,
            Self::HfsPlus => hfs_plus,
            Self::Squashfs => squashfs,
            Self::Luks => luks,
            Self::Swap => swap,
        };
        write(&mut image);
        image
    }
}

fn exfat(image: &mut [u8]) {
    copy(image, 0, &[0xEB, 0x76, 0x90]);
    copy(image, 3, b"EXFAT   ");
    put64(image, 0x48, 2048);
    put32(image, 0x50, 24);
    put32(image, 0x54, 1);
    put32(image, 0x58, 32);
    put32(image, 0x5C, 252);
    put32(image, 0x60, 4);
    put32(image, 0x64, 0x1234_5678);
    put16(image, 0x68, 0x0100);
    copy(image, 0x6C, &[9, 3, 1, 0x80]);
    copy(image, 0x1FE, &[0x55, 0xAA]);
    // The twelfth sector repeats the checksum of the eleven before it.
    let sum = (0..11 * 512).filter(|at| ![106, 107, 112].contains(at));
    let sum = sum.fold(0u32, |sum, at| sum.rotate_right(1).wrapping_add(u32::from(image[at])));
    (0..128).for_each(|word| put32(image, 11 * 512 + 4 * word, sum));
}

fn fat32(image: &mut [u8]) {
    copy(image, 0, &[0xEB, 0x58, 0x90]);
    copy(image, 3, b"MSDOS5.0");
    put16(image, 0x0B, 512);
    put8(image, 0x0D, 1);
    put16(image, 0x0E, 32);
    put8(image, 0x10, 2);
    put8(image, 0x15, 0xF8);
    // Enough clusters (over 65524) that the count alone says FAT32.
    put32(image, 0x20, 70_000);
    put32(image, 0x24, 545);
    put32(image, 0x2C, 2);
    put16(image, 0x30, 1);
    put8(image, 0x42, 0x29);
    copy(image, 0x47, b"NO NAME    ");
    copy(image, 0x52, b"FAT32   ");
    copy(image, 0x1FE, &[0x55, 0xAA]);
}

fn ext4(image: &mut [u8]) {
    const AT: usize = 1024;
    put32(image, AT, 64);
    put32(image, AT + 0x04, 1024);
    put32(image, AT + 0x14, 1);
    put32(image, AT + 0x20, 8192);
    put32(image, AT + 0x28, 64);
    put16(image, AT + 0x38, 0xEF53);
    put32(image, AT + 0x4C, 1);
    put16(image, AT + 0x58, 256);
    // A journal, extents and flexible groups: what makes it ext4 and not an elder.
    put32(image, AT + 0x5C, 0x0004);
    put32(image, AT + 0x60, 0x0242);
    copy(image, AT + 0x68, &[0xE4; 16]);
}

/// XFS is big-endian.
fn xfs(image: &mut [u8]) {
    copy(image, 0, b"XFSB");
    copy(image, 0x04, &4096u32.to_be_bytes());
    copy(image, 0x08, &8192u64.to_be_bytes());
    copy(image, 0x20, &[0xF5; 16]);
    copy(image, 0x50, &1u32.to_be_bytes());
    copy(image, 0x54, &4096u32.to_be_bytes());
    copy(image, 0x58, &2u32.to_be_bytes());
    copy(image, 0x60, &855u32.to_be_bytes());
    // Version 4, sectors of 512 bytes, inodes of 256, 16 to a block, and the logarithms of these.
    copy(image, 0x64, &0x0004u16.to_be_bytes());
    copy(image, 0x66, &512u16.to_be_bytes());
    copy(image, 0x68, &256u16.to_be_bytes());
    copy(image, 0x6A, &16u16.to_be_bytes());
    copy(image, 0x78, &[12, 9, 8, 4, 12, 0, 0, 25]);
}

fn btrfs(image: &mut [u8]) {
    const AT: usize = 64 << 10;
    copy(image, AT + 0x20, &[0xBF; 16]);
    put64(image, AT + 0x30, AT);
    copy(image, AT + 0x40, b"_BHRfS_M");
    put64(image, AT + 0x70, 1 << 20);
    put64(image, AT + 0x88, 1);
    copy(image, AT + 0x90, &[0, 0x10, 0, 0, 0, 0x40, 0, 0, 0, 0x40, 0, 0, 0, 0x10, 0, 0]);
    // CRC-32C of the superblock behind its checksum.
    let checksum = crate::bytes::reflected_crc(0x82F6_3B78, &image[AT + 0x20..AT + 0x1000]);
    put32(image, AT, checksum);
}

fn refs(image: &mut [u8]) {
    copy(image, 0x03, b"ReFS\0\0\0\0");
    copy(image, 0x10, b"FSRS");
    put16(image, 0x14, 512);
    put64(image, 0x18, 2048);
    put32(image, 0x20, 512);
    put32(image, 0x24, 128);
    copy(image, 0x28, &[3, 4]);
    copy(image, 0x1FE, &[0x55, 0xAA]);
}

fn bitlocker(image: &mut [u8]) {
    copy(image, 0x00, &[0xEB, 0x58, 0x90]);
    copy(image, 0x03, b"-FVE-FS-");
    put16(image, 0x0B, 512);
    put8(image, 0x0D, 8);
    put8(image, 0x15, 0xF8);
    // The GUID that marks volumes of Windows 7 and later, and the three copies of the metadata.
    copy(
        image,
        0xA0,
        &[0x3B, 0xD6, 0x67, 0x49, 0x29, 0x2E, 0xD8, 0x4A, 0x83, 0x99, 0xF6, 0xA3, 0x39, 0xE3, 0xD0, 0x01],
    );
    for (place, offset) in [0x8000, 0x1_0000, 0x1_8000].into_iter().enumerate() {
        put64(image, 0xB0 + 8 * place, offset);
        copy(image, offset, b"-FVE-FS-");
        put16(image, offset + 0x0A, 2);
    }
    copy(image, 0x1FE, &[0x55, 0xAA]);
}

fn iso9660(image: &mut [u8]) {
    const AT: usize = 32 << 10;
    copy(image, AT, b"\x01CD001\x01");
    copy(image, AT + 40, b"FORGE                           ");
    copy(image, AT + 2048, b"\xFFCD001\x01");
}

fn apfs(image: &mut [u8]) {
    put64(image, 0x08, 1);
    put64(image, 0x10, 1);
    put16(image, 0x18, 1);
    put16(image, 0x1A, 0x8000);
    copy(image, 0x20, b"NXSB");
    put32(image, 0x24, 4096);
    put64(image, 0x28, 256);
    copy(image, 0x48, &[0xAF; 16]);
}

/// HFS+ is big-endian.
fn hfs_plus(image: &mut [u8]) {
    const AT: usize = 1024;
    copy(image, AT, b"H+");
    copy(image, AT + 0x02, &4u16.to_be_bytes());
    copy(image, AT + 0x08, b"10.0");
    copy(image, AT + 0x28, &4096u32.to_be_bytes());
    copy(image, AT + 0x2C, &256u32.to_be_bytes());
}

fn squashfs(image: &mut [u8]) {
    copy(image, 0, b"hsqs");
    put32(image, 4, 1);
    put32(image, 12, 131_072);
    copy(image, 20, &[1, 0, 17, 0]);
    put16(image, 28, 4);
    put64(image, 40, 4096);
}

/// LUKS is big-endian.
fn luks(image: &mut [u8]) {
    copy(image, 0x00, b"LUKS\xBA\xBE");
    copy(image, 0x06, &2u16.to_be_bytes());
    copy(image, 0x08, &0x4000u64.to_be_bytes());
    copy(image, 0xA8, b"0a1b2c3d-0000-4000-8000-000000000001");
}

fn swap(image: &mut [u8]) {
    put32(image, 1024, 1);
    put32(image, 1028, 255);
    copy(image, 1036, &[0x5A; 16]);
    copy(image, 4096 - 10, b"SWAPSPACE2");
}

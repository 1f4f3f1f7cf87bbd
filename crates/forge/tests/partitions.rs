//! Partition tables and superblocks, as `sfdisk`, sleuthkit's `mmls` and `blkid` see them.

mod common;

use common::Image;
use quarry_forge::disk::partition_type::{BASIC_DATA, LINUX, LINUX_DATA, NTFS};
use quarry_forge::{Disk, Lookalike, VolumeBuilder};

/// Starts and lengths in sectors that `sfdisk --dump` reports.
fn partitions(dump: &str) -> Vec<(u64, u64)> {
    let number = |line: &str, key: &str| -> Option<u64> {
        let (_, rest) = line.split_once(key)?;
        rest.trim_start().split(',').next()?.trim().parse().ok()
    };
    dump.lines().filter_map(|line| Some((number(line, "start=")?, number(line, "size=")?))).collect()
}

#[test]
fn mbr_with_primary_and_logical_partitions() {
    let volume = VolumeBuilder::new().build();
    let length = volume.image().len() as u64 / 512;
    let disk = Disk::mbr(512)
        .partition(63, NTFS, volume.image())
        .partition(2048, LINUX, &[0; 4096])
        .logical(4096, NTFS, volume.image())
        .logical(8192, NTFS, volume.image())
        .logical(16384, LINUX, &[0; 512])
        .sectors(20_000)
        .build();
    let image = Image::new(&disk);
    let container = (4095, 16385 - 4095);
    if let Some(dump) = image.text("sfdisk", &["--dump", "@"]) {
        assert!(dump.contains("label: dos"), "{dump}");
        let expected = [(63, length), (2048, 8), container, (4096, length), (8192, length), (16384, 1)];
        assert_eq!(partitions(&dump), expected, "{dump}");
    }
    if let Some(verdict) = image.text("sfdisk", &["--verify", "@"]) {
        assert!(verdict.contains("No errors detected"), "{verdict}");
    }
    if let Some(table) = image.text("mmls", &["@"]) {
        assert_eq!(table.matches("NTFS / exFAT (0x07)").count(), 3, "{table}");
    }
    if let Some(listing) = image.text("fls", &["-o", "8192", "@"]) {
        assert!(listing.contains("$MFTMirr"), "{listing}");
    }
}

#[test]
fn gpt_with_its_checksums() {
    let volume = VolumeBuilder::new().build();
    let length = volume.image().len() as u64 / 512;
    let disk = Disk::gpt(512)
        .partition(2048, BASIC_DATA, "Daten", volume.image())
        .partition(34, LINUX_DATA, "first on disk", &[0; 512])
        .sectors(10_000)
        .build();
    let image = Image::new(&disk);
    if let Some(dump) = image.text("sfdisk", &["--dump", "@"]) {
        assert!(dump.contains("label: gpt") && dump.contains("name=\"Daten\""), "{dump}");
        assert!(dump.contains("type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"), "{dump}");
        assert!(dump.contains("type=0FC63DAF-8483-4772-8E79-3D69D8477DE4"), "{dump}");
        assert_eq!(partitions(&dump), [(2048, length), (34, 1)], "{dump}");
    }
    // Checks both headers, both tables and their checksums.
    if let Some(verdict) = image.text("sfdisk", &["--verify", "@"]) {
        assert!(verdict.contains("No errors detected"), "{verdict}");
    }
    if let Some(table) = image.text("mmls", &["@"]) {
        assert!(table.contains("Daten") && table.contains("0000002048"), "{table}");
    }
}

/// `sfdisk` cannot be told a file's sector size; sleuthkit finds out by itself.
#[test]
fn gpt_with_sectors_of_4096_bytes() {
    let volume = VolumeBuilder::new().sector_bytes(4096).record_bytes(4096).build();
    let disk = Disk::gpt(4096).partition(256, BASIC_DATA, "large", volume.image()).build();
    let image = Image::new(&disk);
    if let Some(table) = image.text("mmls", &["@"]) {
        assert!(table.contains("4096-byte sectors") && table.contains("large"), "{table}");
    }
    if let Some(listing) = image.text("fls", &["-b", "4096", "-o", "256", "@"]) {
        assert!(listing.contains("$MFTMirr"), "{listing}");
    }
}

#[test]
fn lookalikes_are_taken_for_what_they_imitate() {
    for lookalike in Lookalike::ALL {
        let expected = match lookalike {
            Lookalike::ExFat => "exfat",
            Lookalike::Fat32 => "vfat",
            Lookalike::Ext4 => "ext4",
            Lookalike::Xfs => "xfs",
            Lookalike::Btrfs => "btrfs",
            Lookalike::Refs => "ReFS",
            Lookalike::BitLocker => "BitLocker",
            Lookalike::Iso9660 => "iso9660",
            Lookalike::Apfs => "apfs",
            Lookalike::HfsPlus => "hfsplus",
            Lookalike::Squashfs => "squashfs",
            Lookalike::Luks => "crypto_LUKS",
            Lookalike::Swap => "swap",
            other => panic!("{other:?} has no name here"),
        };
        let image = Image::new(&lookalike.image());
        if let Some(found) =
            image.text("blkid", &["--probe", "--output", "value", "--match-tag", "TYPE", "@"])
        {
            assert_eq!(found.trim(), expected, "{lookalike:?}");
        }
    }
}

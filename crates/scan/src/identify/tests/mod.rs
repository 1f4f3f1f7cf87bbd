//! Whole devices, built byte by byte, and what they are told to be.

mod disks;
mod hostile;

use quarry_io::{Device, FaultyDevice, MemoryDevice};
use std::sync::Arc;

use super::boot::tests::volume;
use super::dump::tests::records;
use super::*;

const NTFS: Content = Content::NtfsVolume { boot: BootCopy::Primary };

fn tell(bytes: Vec<u8>) -> Content {
    identify(&MemoryDevice::new("device", bytes)).unwrap()
}

/// Overwrites the bytes of `disk` from `offset` on.
fn put(disk: &mut [u8], offset: usize, bytes: &[u8]) {
    disk[offset..offset + bytes.len()].copy_from_slice(bytes);
}

#[test]
fn a_bare_volume_is_no_disk_though_its_boot_sector_ends_like_one() {
    for sector_bytes in [512, 4096] {
        assert_eq!(tell(volume(sector_bytes, 100)), NTFS);
    }
    // Even when its boot code could be partition entries.
    let mut bytes = volume(512, 100);
    put(&mut bytes, 0x1BE, &[0x80, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0]);
    bytes[0x1CE..0x1FE].fill(0);
    assert_eq!(tell(bytes), NTFS);
}

#[test]
fn a_damaged_boot_sector_is_replaced_by_its_backup() {
    for sector_bytes in [512usize, 4096] {
        let mut bytes = volume(u16::try_from(sector_bytes).unwrap(), 100);
        let expected = Content::NtfsVolume { boot: BootCopy::Backup { offset: (sector_bytes * 100) as u64 } };
        bytes[..11].fill(0);
        assert_eq!(tell(bytes.clone()), expected);
        let device = Arc::new(MemoryDevice::new("device", bytes));
        assert_eq!(backup_boot_offset(&*device), Some((sector_bytes * 100) as u64));
        let faulty = FaultyDevice::new(device).fail_on(0..512);
        assert_eq!(identify(&faulty).unwrap(), expected);
    }
}

#[test]
fn a_volume_without_a_sound_boot_sector_is_still_one_of_ntfs() {
    let mut bytes = volume(512, 100);
    bytes[0x0D] = 3;
    let last = bytes.len() - 512;
    let expected = Content::NtfsVolume { boot: BootCopy::Backup { offset: last as u64 } };
    assert_eq!(tell(bytes.clone()), expected);
    bytes[last + 0x0D] = 3;
    assert_eq!(tell(bytes), NTFS);
}

#[test]
fn dumps_are_told_whole_and_cut() {
    for (bytes, record_bytes, cut_bytes) in [
        (records(1024, 10), 1024, 0),
        (records(4096, 10), 4096, 0),
        (records(1024, 10)[..10_000].to_vec(), 1024, 784),
        (records(1024, 1)[..1000].to_vec(), 1024, 1000),
        (records(4096, 3)[..9000].to_vec(), 4096, 808),
    ] {
        assert_eq!(tell(bytes), Content::MftDump { record_bytes, cut_bytes });
    }
}

#[test]
fn nothing_is_told_as_what_kind_of_nothing() {
    assert_eq!(tell(Vec::new()), Content::Empty);
    assert_eq!(tell(vec![0; 1]), Content::Zeros);
    assert_eq!(tell(vec![0; 1 << 20]), Content::Zeros);
    let mut bytes = vec![0; 1 << 20];
    *bytes.last_mut().unwrap() = 1;
    assert_eq!(tell(bytes), Content::Unknown { first_bytes: vec![0; 16] });
    let text = tell(b"hello".to_vec());
    assert_eq!(text.to_string(), "unknown data, beginning with 68 65 6c 6c 6f");
    assert!(text.advice().is_some());
}

#[test]
fn an_unknown_device_that_cannot_be_read_is_an_error() {
    let noise: Arc<dyn Device> = Arc::new(MemoryDevice::new("noise", vec![0xA5; 100_000]));
    let error = identify(&FaultyDevice::new(noise).fail_on(1024..1025)).unwrap_err();
    assert_eq!((error.offset, error.device.as_str()), (0, "noise"));
}

#[test]
fn a_file_system_with_an_old_table_in_front_is_a_disk_only_if_the_table_is_used() {
    let mut bytes = vec![0; 1 << 20];
    put(&mut bytes, 510, &[0x55, 0xAA]);
    put(&mut bytes, 0x8001, b"CD001");
    assert_eq!(tell(bytes.clone()), Content::Other(FileSystem::Iso9660));
    // Hybrid images have an entry that covers the table itself.
    put(&mut bytes, 0x1BE, &[0x80, 0, 0, 0, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0]);
    assert_eq!(tell(bytes), Content::Other(FileSystem::Iso9660));
}

#[test]
fn boot_code_in_the_place_of_the_entries_is_no_table() {
    let mut bytes = vec![0; 1 << 20];
    put(&mut bytes, 510, &[0x55, 0xAA]);
    put(&mut bytes, 0x1BE, &[0x80, 0, 0, 0, 7, 0, 0, 0, 64, 0, 0, 0, 99, 0, 0, 0]);
    assert!(matches!(tell(bytes.clone()), Content::Disk(_)));
    // One flag that is neither "active" nor nothing spoils all four.
    bytes[0x1DE] = 0x33;
    assert!(matches!(tell(bytes), Content::Unknown { .. }));
}

#[test]
fn what_can_be_read_needs_no_advice() {
    assert_eq!(NTFS.advice(), None);
    assert_eq!(tell(records(1024, 3)).advice(), None);
    assert_eq!(NTFS.to_string(), "NTFS volume");
    assert_eq!(tell(records(1024, 3)).to_string(), "dump of a $MFT, 1024 bytes a record");
}

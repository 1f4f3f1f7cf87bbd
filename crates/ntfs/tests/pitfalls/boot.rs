//! The boot sector: every geometry that there is, and none that there is not.

use quarry_ntfs::{BootError, BootSector};

/// A boot sector with these bytes at 0x0B, 0x0D and 0x40.
fn sector(sector_bytes: u16, per_cluster: u8, record: u8) -> Vec<u8> {
    let mut sector = vec![0; 512];
    sector[3..11].copy_from_slice(b"NTFS    ");
    sector[0x0B..0x0D].copy_from_slice(&sector_bytes.to_le_bytes());
    sector[0x0D] = per_cluster;
    sector[0x28..0x30].copy_from_slice(&(1u64 << 20).to_le_bytes());
    sector[0x30] = 4;
    sector[0x38] = 2;
    sector[0x40] = record;
    sector
}

/// Whether the bytes mean clusters and records of so many bytes.
#[track_caller]
fn check(bytes: (u16, u8, u8), cluster_bytes: u32, record_bytes: u32) {
    let boot = BootSector::parse(&sector(bytes.0, bytes.1, bytes.2)).unwrap();
    assert_eq!((boot.sector_bytes, boot.cluster_bytes, boot.record_bytes), {
        (u32::from(bytes.0), cluster_bytes, record_bytes)
    });
    assert_eq!(boot.offset_of(boot.mft_lcn), Some(4 * u64::from(cluster_bytes)));
}

/// Whether the field at `offset` is what is refused.
#[track_caller]
fn refuses(bytes: (u16, u8, u8), offset: u8) {
    match BootSector::parse(&sector(bytes.0, bytes.1, bytes.2)) {
        Err(BootError::Geometry { offset: found, .. }) => assert_eq!(found, offset, "{bytes:x?}"),
        other => panic!("{bytes:x?}: {other:?}"),
    }
}

#[test]
fn pitfall_02_records_are_smaller_and_larger_than_clusters() {
    check((512, 1, 2), 512, 1024);
    check((512, 1, 8), 512, 4096);
    check((512, 1, 0xF6), 512, 1024);
    check((512, 2, 1), 1024, 1024);
    check((512, 8, 0xF6), 4096, 1024);
    check((4096, 1, 1), 4096, 4096);
    check((4096, 16, 0xF4), 65536, 4096);
    check((512, 0xF4, 0xF6), 2 << 20, 1024);
}

#[test]
fn pitfall_03_sizes_below_one_are_negative_powers_of_two() {
    check((512, 8, 0xF7), 4096, 512);
    check((512, 8, 0xF4), 4096, 4096);
    check((512, 0x80, 0xF6), 65536, 1024);
    check((512, 0xF8, 0xF6), 128 << 10, 1024);
    check((512, 0xF4, 0xF6), 2 << 20, 1024);
    check((4096, 0xF7, 0xF4), 2 << 20, 4096);
    // 4 MiB; 2^127 sectors; 2^128 sectors, which is no shift of any number.
    refuses((512, 0xF3, 0xF6), 0x0D);
    refuses((512, 0x81, 0xF6), 0x0D);
    refuses((512, 0, 0xF6), 0x0D);
    refuses((512, 3, 0xF6), 0x0D);
    // 8 KiB; 256 bytes; 2^128 bytes; none at all; three clusters.
    refuses((512, 8, 0xF3), 0x40);
    refuses((512, 8, 0xF8), 0x40);
    refuses((512, 8, 0x80), 0x40);
    refuses((512, 8, 0), 0x40);
    refuses((512, 1, 3), 0x40);
    refuses((500, 8, 0xF6), 0x0B);
    refuses((8192, 1, 0xF6), 0x0B);
}

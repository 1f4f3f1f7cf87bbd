//! No bytes make the recognisers panic, run on, or offer what is not there.

use super::*;
use proptest::prelude::*;

/// Pieces that lead into each of the recognisers.
const SEEDS: &[&[u8]] = &[
    b"EFI PART\0\0\x01\0\x5C\0\0\0",
    b"FILE\x30\0\x03\0",
    b"NTFS    ",
    b"\x55\xAA",
    b"\xEB\x52\x90",
    b"CD001",
    b"\x53\xEF",
    b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
];

/// Where formats keep what they are told by.
const PLACES: &[usize] = &[0, 3, 11, 40, 446, 450, 454, 458, 510, 512, 1024, 1080, 4096, 0x8001];

fn check(bytes: Vec<u8>) {
    let len = bytes.len() as u64;
    let content = tell(bytes);
    assert!(!content.to_string().is_empty());
    if let Content::Disk(table) = &content {
        assert!(table.partitions.len() <= 1024 + 4 + 128);
        assert!(table.partitions.iter().all(|p| p.length > 0 && p.offset + p.length <= len));
        assert!(table.defects.iter().all(|defect| !defect.to_string().is_empty()));
    }
}

proptest! {
    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..9000)) {
        check(bytes);
    }

    #[test]
    fn seeded_bytes(
        len in 0usize..50_000,
        fill in prop::sample::select(vec![0u8, 1, 5, 0x7F, 0xFF]),
        seeds in prop::collection::vec(
            (prop::sample::select(SEEDS), prop::sample::select(PLACES), any::<bool>()), 0..10),
    ) {
        let mut bytes = vec![fill; len];
        for (seed, place, from_end) in seeds {
            let start = if from_end { len.saturating_sub(place) } else { place };
            for (to, from) in bytes.iter_mut().skip(start).zip(seed) {
                *to = *from;
            }
        }
        check(bytes);
    }

    #[test]
    fn tables_of_random_entries(
        entries in prop::collection::vec((any::<u8>(), 0u32..300, 0u32..300), 4),
        links in prop::collection::vec((0u32..200, 0u32..200), 0..20),
    ) {
        let mut disk = vec![0; 200 * 512];
        let raw = |kind: u8, first: u32, sectors: u32| {
            [&[0, 0, 0, 0, kind, 0, 0, 0][..], &first.to_le_bytes(), &sectors.to_le_bytes()].concat()
        };
        for (slot, (kind, first, sectors)) in entries.into_iter().enumerate() {
            let kind = if kind % 3 == 0 { 5 } else { kind };
            put(&mut disk, 0x1BE + 16 * slot, &raw(kind, first, sectors));
        }
        for (at, next) in links {
            let link = at as usize * 512;
            put(&mut disk, link + 0x1BE, &raw(5, next, 9));
            put(&mut disk, link + 510, &[0x55, 0xAA]);
        }
        put(&mut disk, 510, &[0x55, 0xAA]);
        check(disk);
    }

    #[test]
    fn random_boot_sectors(noise in prop::collection::vec((0usize..512, any::<u8>()), 0..40)) {
        let mut bytes = volume(512, 60);
        for (at, byte) in noise {
            bytes[at] = byte;
        }
        check(bytes);
    }
}

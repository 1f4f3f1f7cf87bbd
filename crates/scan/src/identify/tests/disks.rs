//! Disks with tables: sound, damaged, stale, hybrid and cut short.

use super::*;
use crate::identify::fat::tests::boot_sector as fat_boot_sector;
use crc_fast::{CrcAlgorithm, checksum};

const BASIC_DATA: [u8; 16] = *b"\xA2\xA0\xD0\xEB\xE5\xB9\x33\x44\x87\xC0\x68\xB6\xB7\x26\x99\xC7";

fn mbr_entry(kind: u8, first: u32, sectors: u32) -> Vec<u8> {
    [&[0, 0, 0, 0, kind, 0, 0, 0][..], &first.to_le_bytes(), &sectors.to_le_bytes()].concat()
}

/// Writes a table of these entries into the sector at `offset`.
fn put_mbr(disk: &mut [u8], offset: usize, entries: &[(u8, u32, u32)]) {
    for (slot, &(kind, first, sectors)) in entries.iter().enumerate() {
        put(disk, offset + 0x1BE + 16 * slot, &mbr_entry(kind, first, sectors));
    }
    put(disk, offset + 510, &[0x55, 0xAA]);
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(checksum(CrcAlgorithm::Crc32IsoHdlc, bytes)).unwrap().to_le_bytes()
}

fn gpt_entry(first: u64, last: u64, name: &str) -> Vec<u8> {
    let mut entry = [&BASIC_DATA[..], &[1; 16], &first.to_le_bytes(), &last.to_le_bytes(), &[0; 8]].concat();
    entry.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
    entry.resize(128, 0);
    entry
}

fn gpt_header(own: u64, other: u64, entries_lba: u64, count: u32, entries: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 92];
    put(&mut header, 0, b"EFI PART\0\0\x01\0\x5C\0\0\0");
    for (at, lba) in [(24, own), (32, other), (72, entries_lba)] {
        put(&mut header, at, &lba.to_le_bytes());
    }
    put(&mut header, 80, &count.to_le_bytes());
    put(&mut header, 84, &128u32.to_le_bytes());
    put(&mut header, 88, &crc(entries));
    let sum = crc(&header);
    put(&mut header, 16, &sum);
    header
}

/// Both copies of a GPT with these entries, and the protective MBR.
fn put_gpt(disk: &mut [u8], sector_bytes: usize, entries: &[Vec<u8>]) {
    let mut bytes = entries.concat();
    bytes.resize(8 * 128, 0);
    let last = disk.len() / sector_bytes - 1;
    let before = last - 1024usize.div_ceil(sector_bytes);
    for (own, other, entries_lba) in [(1, last, 2), (last, 1, before)] {
        let header = gpt_header(own as u64, other as u64, entries_lba as u64, 8, &bytes);
        put(disk, own * sector_bytes, &header);
        put(disk, entries_lba * sector_bytes, &bytes);
    }
    put_mbr(disk, 0, &[(0xEE, 1, u32::MAX)]);
}

/// 1 MiB with an NTFS volume of 101 sectors at sector 64.
fn disk_with_volume(sector_bytes: u16) -> Vec<u8> {
    let mut disk = vec![0; 1 << 20];
    put(&mut disk, 64 * usize::from(sector_bytes), &volume(sector_bytes, 100));
    disk
}

fn gpt_disk(sector_bytes: u16) -> Vec<u8> {
    let mut disk = disk_with_volume(sector_bytes);
    put_gpt(&mut disk, usize::from(sector_bytes), &[gpt_entry(64, 164, "Daten")]);
    disk
}

fn table(bytes: Vec<u8>) -> PartitionTable {
    match tell(bytes) {
        Content::Disk(table) => table,
        other => panic!("{other}"),
    }
}

/// The partitions as (number, first sector, sectors, content).
fn partitions(table: &PartitionTable) -> Vec<(u32, u64, u64, Content)> {
    let unit = u64::from(table.sector_bytes);
    let row = |p: &Partition| (p.number, p.offset / unit, p.length / unit, p.content.clone());
    table.partitions.iter().map(row).collect()
}

#[test]
fn an_mbr_is_read_in_both_sector_sizes() {
    for sector_bytes in [512, 4096] {
        let mut disk = disk_with_volume(sector_bytes);
        put_mbr(&mut disk, 0, &[(0, 0, 0), (7, 64, 101)]);
        let table = table(disk);
        assert_eq!((table.scheme, table.sector_bytes), (Scheme::Mbr, u32::from(sector_bytes)));
        assert_eq!(partitions(&table), [(2, 64, 101, NTFS)]);
        assert_eq!(table.defects, []);
    }
}

#[test]
fn logical_partitions_are_numbered_from_five() {
    let mut disk = disk_with_volume(512);
    put_mbr(&mut disk, 0, &[(6, 1, 9), (5, 50, 900)]);
    put(&mut disk, 512, &fat_boot_sector(5000, 20, 0));
    put_mbr(&mut disk, 50 * 512, &[(0x83, 1, 5), (5, 10, 200)]);
    put_mbr(&mut disk, 60 * 512, &[(7, 4, 101)]);
    let table = table(disk);
    let fat = Content::Other(FileSystem::Fat16);
    assert_eq!(partitions(&table), [(1, 1, 9, fat), (5, 51, 5, Content::Zeros), (6, 64, 101, NTFS)]);
    assert_eq!(table.ntfs().map(|p| p.number).collect::<Vec<_>>(), [6]);
    assert_eq!(table.defects, []);
}

#[test]
fn a_chain_that_runs_in_a_circle_ends() {
    let mut disk = disk_with_volume(512);
    put_mbr(&mut disk, 0, &[(7, 64, 101), (0x0F, 300, 900)]);
    put_mbr(&mut disk, 300 * 512, &[(0x83, 1, 5), (5, 10, 200)]);
    put_mbr(&mut disk, 310 * 512, &[(0x83, 1, 5), (5, 0, 200)]);
    let table = table(disk);
    assert_eq!(table.partitions.iter().map(|p| p.number).collect::<Vec<_>>(), [1, 5, 6]);
    assert_eq!(table.defects, [TableDefect::ChainCycle { offset: 300 * 512 }]);
}

#[test]
fn a_chain_that_leads_nowhere_or_on_and_on_ends() {
    let mut disk = disk_with_volume(512);
    put_mbr(&mut disk, 0, &[(7, 64, 101), (5, 300, 900)]);
    assert_eq!(table(disk.clone()).defects, [TableDefect::ChainBroken { offset: 300 * 512 }]);

    for link in 0..200u32 {
        put_mbr(&mut disk, 512 * (300 + link as usize), &[(0x83, 1, 1), (5, link + 1, 1)]);
    }
    let table = table(disk);
    assert_eq!(table.defects, [TableDefect::TooMany { max: 128 }]);
    assert_eq!(table.partitions.len(), 1 + 128);
}

#[test]
fn entries_outside_the_device_are_listed_and_not_offered() {
    let mut disk = disk_with_volume(512);
    put_mbr(&mut disk, 0, &[(7, 64, 101), (7, 5000, 10), (7, 0, 10), (7, u32::MAX, u32::MAX)]);
    let table = table(disk);
    assert_eq!(partitions(&table), [(1, 64, 101, NTFS)]);
    let numbers: Vec<_> = table
        .defects
        .iter()
        .map(|defect| match defect {
            TableDefect::OutOfBounds { number, device_length: 0x10_0000, .. } => *number,
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(numbers, [2, 3, 4]);
}

#[test]
fn a_partition_cut_by_the_end_of_the_image_is_offered_as_far_as_it_goes() {
    let mut disk = disk_with_volume(512);
    put_mbr(&mut disk, 0, &[(7, 64, 101)]);
    disk.truncate(100 * 512);
    let table = table(disk);
    assert_eq!(partitions(&table), [(1, 64, 36, NTFS)]);
    assert_eq!(table.defects, [TableDefect::CutShort { number: 1, missing: 65 * 512 }]);
}

#[test]
fn a_gpt_is_read_in_both_sector_sizes() {
    for sector_bytes in [512, 4096] {
        let table = table(gpt_disk(sector_bytes));
        assert_eq!((table.scheme, table.sector_bytes), (Scheme::Gpt, u32::from(sector_bytes)));
        assert_eq!(partitions(&table), [(1, 64, 101, NTFS)]);
        assert_eq!(table.partition(1).unwrap().name, "Daten");
        assert_eq!(table.partition(1).unwrap().kind.to_string(), "Microsoft basic data");
        assert_eq!(table.defects, []);
    }
}

#[test]
fn a_damaged_primary_gpt_is_replaced_by_its_backup() {
    for sector_bytes in [512u16, 4096] {
        let unit = usize::from(sector_bytes);
        for (at, fault) in [
            (unit, GptFault::NoHeader),
            (unit + 40, GptFault::HeaderChecksum),
            (unit + 13, GptFault::Impossible),
            (2 * unit + 40, GptFault::EntriesChecksum),
        ] {
            let mut disk = gpt_disk(sector_bytes);
            disk[at] ^= 0xFF;
            let table = table(disk);
            assert_eq!(table.scheme, Scheme::GptBackup, "{fault}");
            assert_eq!(partitions(&table), [(1, 64, 101, NTFS)]);
            assert_eq!(table.defects, [TableDefect::PrimaryGpt(fault)]);
        }
    }
}

#[test]
fn a_header_copied_to_another_place_is_refused() {
    let mut disk = gpt_disk(512);
    let last = disk.len() - 512;
    disk.copy_within(last.., 512);
    assert_eq!(table(disk).defects, [TableDefect::PrimaryGpt(GptFault::Misplaced)]);
}

#[test]
fn entries_without_a_right_checksum_are_the_last_resort() {
    let mut disk = gpt_disk(512);
    let last = disk.len() - 512;
    disk[last] = 0;
    disk[2 * 512 + 56] = b'X';
    let table = table(disk);
    assert_eq!(table.scheme, Scheme::Gpt);
    assert_eq!(table.partition(1).unwrap().name, "Xaten");
    assert_eq!(table.defects, [TableDefect::GptEntries]);
}

#[test]
fn a_gpt_lost_in_both_copies_is_said() {
    let mut disk = gpt_disk(512);
    let last = disk.len() - 512;
    disk[last] = 0;
    disk[512] = 0;
    let content = tell(disk.clone());
    assert!(content.advice().is_some(), "{content}");
    let lost = table(disk.clone());
    assert_eq!((lost.partitions.len(), lost.defects), (0, vec![TableDefect::BothGpts(GptFault::NoHeader)]));

    // What a hybrid MBR names is left.
    put_mbr(&mut disk, 0, &[(0xEE, 1, 10), (7, 64, 101)]);
    let hybrid = table(disk);
    assert_eq!(partitions(&hybrid), [(2, 64, 101, NTFS)]);
    assert_eq!(hybrid.defects, [TableDefect::BothGpts(GptFault::NoHeader)]);
}

#[test]
fn a_hybrid_mbr_gives_way_to_its_gpt_and_a_gpt_without_one_to_the_mbr() {
    let mut disk = gpt_disk(512);
    put_mbr(&mut disk, 0, &[(0xEE, 1, 10), (7, 900, 20)]);
    assert_eq!(partitions(&table(disk.clone())), [(1, 64, 101, NTFS)]);

    put_mbr(&mut disk, 0, &[(7, 64, 101), (0, 0, 0)]);
    let table = table(disk);
    assert_eq!(table.scheme, Scheme::Mbr);
    assert_eq!(table.defects, [TableDefect::StaleGpt]);
}

#[test]
fn a_gpt_without_a_protective_mbr_is_used_and_said() {
    let mut disk = gpt_disk(512);
    disk[..512].fill(0);
    let found = table(disk.clone());
    assert_eq!((found.scheme, found.defects.clone()), (Scheme::Gpt, vec![TableDefect::NoProtectiveMbr]));

    disk[..4096].fill(0);
    let found = table(disk.clone());
    assert_eq!(found.scheme, Scheme::GptBackup);
    assert_eq!(partitions(&found), [(1, 64, 101, NTFS)]);

    // The same backup behind a file system that was made later is stale.
    put(&mut disk, 0, b"XFSB");
    assert_eq!(tell(disk), Content::Other(FileSystem::Xfs));
}

#[test]
fn hostile_gpt_entries_are_refused() {
    let mut disk = disk_with_volume(512);
    let entries = [
        gpt_entry(164, 64, "ends before it begins"),
        gpt_entry(0, u64::MAX, "everything"),
        gpt_entry(u64::MAX, u64::MAX, "nowhere"),
        gpt_entry(64, 164, "good"),
        gpt_entry(64, u64::MAX, "too long"),
    ];
    put_gpt(&mut disk, 512, &entries);
    let table = table(disk);
    let names: Vec<_> = table.partitions.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["good"]);
    assert_eq!(table.defects.len(), 4);
    assert_eq!(table.defects[3], TableDefect::Overlap { number: 5, other: 4 }, "one volume is offered once");
    assert!(table.partitions.iter().all(|p| p.offset + p.length <= 1 << 20));
}

#[test]
fn too_many_or_too_large_entries_are_not_read() {
    for (at, value) in [(80, u32::MAX), (80, 8193), (84, 127), (84, u32::MAX), (84, 132)] {
        let mut disk = gpt_disk(512);
        let last = disk.len() - 512;
        disk[last] = 0;
        put(&mut disk, 512 + at, &value.to_le_bytes());
        put(&mut disk, 512 + 16, &[0; 4]);
        let sum = crc(&disk[512..512 + 92]);
        put(&mut disk, 512 + 16, &sum);
        let fault = TableDefect::BothGpts(GptFault::Impossible);
        assert_eq!(table(disk).defects, [fault], "{value} at {at}");
    }
}

#[test]
fn a_partition_whose_boot_sector_is_gone_is_told_by_the_backup() {
    let mut disk = gpt_disk(512);
    disk[64 * 512..65 * 512].fill(0);
    let offset = 100 * 512;
    let expected = Content::NtfsVolume { boot: BootCopy::Backup { offset } };
    assert_eq!(partitions(&table(disk)), [(1, 64, 101, expected)]);
}

#[test]
fn an_unreadable_partition_does_not_hide_the_others() {
    let mut disk = disk_with_volume(512);
    put_mbr(&mut disk, 0, &[(7, 64, 101), (7, 400, 100)]);
    disk[400 * 512..500 * 512].fill(0xA5);
    let faulty = FaultyDevice::new(Arc::new(MemoryDevice::new("disk", disk))).fail_on(204_800..204_801);
    let Content::Disk(table) = identify(&faulty).unwrap() else { panic!("no disk") };
    let unreadable = Content::Unknown { first_bytes: Vec::new() };
    assert_eq!(partitions(&table), [(1, 64, 101, NTFS), (2, 400, 100, unreadable)]);
    assert_eq!(table.defects, [TableDefect::Unreadable { number: 2, offset: 204_800 }]);
}

#[test]
fn a_partition_opens_as_a_device_of_its_own() {
    let disk: Arc<dyn Device> = Arc::new(MemoryDevice::new("disk.img", gpt_disk(512)));
    let Content::Disk(table) = identify(&*disk).unwrap() else { panic!("no disk") };
    let window = table.partitions[0].window(disk).unwrap();
    assert_eq!((window.name(), window.len()), ("disk.img, partition 1", 101 * 512));
    assert_eq!(identify(&window).unwrap(), NTFS);
}

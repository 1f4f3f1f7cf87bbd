//! GUID partition tables, primary and backup, behind a protective MBR.

use super::mbr::{entry, write_table};
use super::partition_type::GPT_PROTECTIVE;
use super::{Content, check_layout};
use crate::bytes::{copy, index, put32, put64};
use crate::name::Name;

const HEADER_BYTES: usize = 92;
const ENTRY_BYTES: usize = 128;
const ENTRIES: usize = 128;
/// Units that a partition's name has room for.
const NAME_UNITS: usize = 36;

/// Describes a disk with a GUID partition table of 128 entries.
#[derive(Clone, Debug)]
pub struct GptDisk {
    sector_bytes: usize,
    sectors: Option<u64>,
    partitions: Vec<Partition>,
}

#[derive(Clone, Debug)]
struct Partition {
    kind: [u8; 16],
    name: Name,
    content: Content,
}

impl GptDisk {
    pub(super) fn new(sector_bytes: usize) -> Self {
        Self { sector_bytes, sectors: None, partitions: Vec::new() }
    }

    /// Makes the disk `sectors` long, the backup table included.
    #[must_use]
    pub fn sectors(mut self, sectors: u64) -> Self {
        self.sectors = Some(sectors);
        self
    }

    /// A partition from sector `start` on, as long as its content.
    #[must_use]
    pub fn partition(mut self, start: u64, kind: [u8; 16], name: &str, bytes: &[u8]) -> Self {
        let content = Content { start, bytes: bytes.to_vec() };
        self.partitions.push(Partition { kind, name: name.into(), content });
        self
    }

    /// The disk's bytes.
    ///
    /// # Panics
    /// When partitions overlap each other or the tables, or do not fit the disk.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let sector = self.sector_bytes;
        let table_sectors = (ENTRIES * ENTRY_BYTES).div_ceil(sector) as u64;
        let first = 2 + table_sectors;
        let contents: Vec<_> = self.partitions.iter().map(|partition| &partition.content).collect();
        check_layout(sector, first, &contents);

        let end = contents.iter().map(|content| content.end(sector)).max().unwrap_or(first);
        let sectors = self.sectors.unwrap_or(end + table_sectors + 1);
        let last = sectors - table_sectors - 2;
        assert!(last + 1 >= end, "the disk's {sectors} sectors have no room for partitions up to {end}");
        let mut image = vec![0; index(sectors) * sector];
        contents.iter().for_each(|content| content.write(sector, &mut image));

        // A disk of more sectors than 32 bits can say is protected as far as they reach.
        let protected = (sectors - 1).min(u64::from(u32::MAX));
        write_table(&mut image, &[entry(GPT_PROTECTIVE, 1, protected)]);
        let table = self.table();
        let backup = sectors - 1;
        let usable = (first, last);
        for (own, other, table_at) in [(1, backup, 2), (backup, 1, backup - table_sectors)] {
            copy(&mut image, index(table_at) * sector, &table);
            copy(&mut image, index(own) * sector, &header(own, other, table_at, usable, &table));
        }
        image
    }

    fn table(&self) -> Vec<u8> {
        assert!(self.partitions.len() <= ENTRIES, "a table has {ENTRIES} entries");
        let mut table = vec![0; ENTRIES * ENTRY_BYTES];
        for ((number, entry), partition) in
            (1u8..).zip(table.chunks_exact_mut(ENTRY_BYTES)).zip(&self.partitions)
        {
            assert!(partition.name.len() <= NAME_UNITS, "a partition's name has at most {NAME_UNITS} units");
            copy(entry, 0x00, &partition.kind);
            copy(entry, 0x10, &guid(number));
            put64(entry, 0x20, partition.content.start);
            put64(entry, 0x28, partition.content.end(self.sector_bytes) - 1);
            copy(entry, 0x38, &partition.name.to_le_bytes());
        }
        table
    }
}

/// The header at sector `own`, whose twin is at `other` and whose table starts at `table_at`.
fn header(own: u64, other: u64, table_at: u64, (first, last): (u64, u64), table: &[u8]) -> Vec<u8> {
    let mut header = vec![0; HEADER_BYTES];
    copy(&mut header, 0x00, b"EFI PART");
    put32(&mut header, 0x08, 0x0001_0000);
    put32(&mut header, 0x0C, HEADER_BYTES);
    put64(&mut header, 0x18, own);
    put64(&mut header, 0x20, other);
    put64(&mut header, 0x28, first);
    put64(&mut header, 0x30, last);
    copy(&mut header, 0x38, &guid(0));
    put64(&mut header, 0x48, table_at);
    put32(&mut header, 0x50, ENTRIES);
    put32(&mut header, 0x54, ENTRY_BYTES);
    put32(&mut header, 0x58, crc32(table));
    let checksum = crc32(&header);
    put32(&mut header, 0x10, checksum);
    header
}

/// A well-formed (version 4) GUID that differs by `number` alone, so that disks are the same in every run.
fn guid(number: u8) -> [u8; 16] {
    [0x51, 0x75, 0x61, 0x72, 0x72, 0x79, 0x00, 0x40, 0x80, 0, 0, 0, 0, 0, 0, number]
}

/// CRC-32 as GPT uses it (reflected, polynomial 0x04C11DB7), bit by bit: an independent witness of the library that
/// verifies it elsewhere.
fn crc32(bytes: &[u8]) -> u32 {
    crate::bytes::reflected_crc(0xEDB8_8320, bytes)
}

#[cfg(test)]
mod tests {
    /// The check value of the CRC catalogue.
    #[test]
    fn crc32_of_the_digits() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
    }
}

//! Master boot records, and the chain of extended boot records for logical partitions.

use super::partition_type::EXTENDED;
use super::{Content, check_layout};
use crate::bytes::{copy, index, put8, put32};

/// Offset of the four-entry partition table in its sector, whatever the sector's size.
const TABLE_AT: usize = 0x1BE;

/// Bytes of a table entry.
const ENTRY_BYTES: usize = 16;

/// Entries of the table.
const ENTRIES: usize = 4;

/// Describes a disk with a master boot record.
#[derive(Clone, Debug)]
pub struct MbrDisk {
    sector_bytes: usize,
    sectors: Option<u64>,
    primary: Vec<(u8, Content)>,
    logical: Vec<(u8, Content)>,
}

impl MbrDisk {
    pub(super) fn new(sector_bytes: usize) -> Self {
        Self { sector_bytes, sectors: None, primary: Vec::new(), logical: Vec::new() }
    }

    /// Makes the disk `sectors` long.
    #[must_use]
    pub fn sectors(mut self, sectors: u64) -> Self {
        self.sectors = Some(sectors);
        self
    }

    /// A primary partition from sector `start` on, as long as its content.
    #[must_use]
    pub fn partition(mut self, start: u64, kind: u8, bytes: &[u8]) -> Self {
        self.primary.push((kind, Content { start, bytes: bytes.to_vec() }));
        self
    }

    /// A logical partition from sector `start` on. Its extended boot record is the sector before; give them in order.
    #[must_use]
    pub fn logical(mut self, start: u64, kind: u8, bytes: &[u8]) -> Self {
        self.logical.push((kind, Content { start, bytes: bytes.to_vec() }));
        self
    }

    /// The disk's bytes.
    ///
    /// # Panics
    /// When partitions overlap or do not fit the table or the disk.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let sector = self.sector_bytes;
        let records: Vec<_> = self.logical.iter().map(|(_, content)| self.record_of(content)).collect();
        let contents: Vec<_> = self.primary.iter().chain(&self.logical).map(|(_, content)| content).collect();
        check_layout(sector, 1, &contents.iter().copied().chain(&records).collect::<Vec<_>>());

        let end = contents.iter().map(|content| content.end(sector)).max().unwrap_or(1);
        let sectors = self.sectors.unwrap_or(end);
        assert!(sectors >= end, "the disk's {sectors} sectors end before its partitions, at {end}");
        let mut image = vec![0; index(sectors) * sector];
        contents.iter().for_each(|content| content.write(sector, &mut image));

        let mut table: Vec<_> =
            self.primary.iter().map(|(kind, content)| self.entry(*kind, 0, content)).collect();
        table.extend(self.extended_entry());
        write_table(&mut image, &table);
        self.write_chain(&mut image);
        image
    }

    /// The stretch that a logical partition's boot record takes: one sector.
    fn record_of(&self, content: &Content) -> Content {
        Content { start: content.start - 1, bytes: vec![0; self.sector_bytes] }
    }

    /// The entry of the container, from the first extended boot record to the end of the last logical partition.
    fn extended_entry(&self) -> Option<[u8; ENTRY_BYTES]> {
        let start = self.logical.first()?.1.start - 1;
        let end = self.logical.iter().map(|(_, content)| content.end(self.sector_bytes)).max()?;
        Some(entry(EXTENDED, start, end - start))
    }

    /// Writes each logical partition's boot record: the partition, counted from that record, and the next record,
    /// counted from the container's start.
    fn write_chain(&self, image: &mut [u8]) {
        for (place, (kind, content)) in self.logical.iter().enumerate() {
            let container = self.logical[0].1.start - 1;
            let record = content.start - 1;
            let mut table = vec![self.entry(*kind, record, content)];
            if let Some((_, next)) = self.logical.get(place + 1) {
                let sectors = next.end(self.sector_bytes) - (next.start - 1);
                table.push(entry(EXTENDED, next.start - 1 - container, sectors));
            }
            write_table(&mut image[index(record) * self.sector_bytes..], &table);
        }
    }

    fn entry(&self, kind: u8, origin: u64, content: &Content) -> [u8; ENTRY_BYTES] {
        entry(kind, content.start - origin, content.sectors(self.sector_bytes))
    }
}

/// A table entry. Cylinder addresses say "use the sector numbers".
pub(super) fn entry(kind: u8, start: u64, sectors: u64) -> [u8; ENTRY_BYTES] {
    const NO_CYLINDERS: [u8; 3] = [0xFE, 0xFF, 0xFF];
    let mut entry = [0; ENTRY_BYTES];
    copy(&mut entry, 1, &NO_CYLINDERS);
    put8(&mut entry, 4, kind);
    copy(&mut entry, 5, &NO_CYLINDERS);
    put32(&mut entry, 8, start);
    put32(&mut entry, 12, sectors);
    entry
}

/// Writes a partition table and the signature into the sector at the start of `sector`.
pub(super) fn write_table(sector: &mut [u8], entries: &[[u8; ENTRY_BYTES]]) {
    assert!(entries.len() <= ENTRIES, "{} partitions do not fit the table's four entries", entries.len());
    for (place, entry) in entries.iter().enumerate() {
        copy(sector, TABLE_AT + place * ENTRY_BYTES, entry);
    }
    copy(sector, 0x1FE, &[0x55, 0xAA]);
}

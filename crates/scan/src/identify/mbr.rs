//! The master boot record: four entries at the end of the first sector, one of which may lead to a chain of more.
//!
//! Nothing in it says how large a sector is. 512 bytes are tried first, then 4096, and the first unit at which some
//! partition holds something recognisable is taken.

use std::collections::BTreeSet;

use super::kind::PartitionType;
use super::le;
use super::table::{Entry, PartitionTable, Scheme, TableDefect};
use super::view::View;

/// Where the four entries begin in their sector, and the bytes of each.
const ENTRIES_OFFSET: usize = 0x1BE;
const ENTRY_BYTES: usize = 16;

/// Links of the chain of logical partitions that are followed.
const LOGICAL_MAX: u32 = 128;

/// The number of the first logical partition.
const LOGICAL_FIRST: u32 = 5;

/// The type of the entry that keeps old tools off a disk with a GPT.
const PROTECTIVE: u8 = 0xEE;

/// The sector sizes that disks have, in bytes.
pub(super) const SECTOR_SIZES: [u32; 2] = [512, 4096];

/// An entry of the first sector or of a link.
#[derive(Debug, Clone, Copy)]
struct RawEntry {
    kind: u8,
    first: u32,
    sectors: u32,
}

/// A first sector that is a table.
#[derive(Debug)]
pub(super) struct Record([Option<RawEntry>; 4]);

/// The first sector as a table: marked, its flags possible, and at least one of its entries in use.
pub(super) fn read(view: &mut View<'_>) -> Option<Record> {
    let record = entries(&view.array(0)?)?;
    // The entry that only covers the table itself is what hybrid ISO images have: not a table to go by.
    let is_used = |entry: &RawEntry| entry.first > 0 && u64::from(entry.first) * 512 < view.len();
    record.0.iter().flatten().any(is_used).then_some(record)
}

fn entries(sector: &[u8; 512]) -> Option<Record> {
    if sector.get(510..)? != [0x55, 0xAA] {
        return None;
    }
    let mut record = Record([None; 4]);
    let slots = sector.get(ENTRIES_OFFSET..510)?.chunks_exact(ENTRY_BYTES);
    for (slot, raw) in record.0.iter_mut().zip(slots) {
        // The flag of an entry is "active" or nothing. Boot code in its place is not.
        if raw.first()? & 0x7F != 0 {
            return None;
        }
        let entry = RawEntry { kind: *raw.get(4)?, first: le::u32(raw, 8)?, sectors: le::u32(raw, 12)? };
        *slot = (entry.kind != 0 && entry.sectors != 0).then_some(entry);
    }
    Some(record)
}

impl Record {
    /// Whether it points to a GPT.
    pub(super) fn is_protective(&self) -> bool {
        self.0.iter().flatten().any(|entry| entry.kind == PROTECTIVE)
    }
}

impl RawEntry {
    fn is_extended(self) -> bool {
        matches!(self.kind, 0x05 | 0x0F | 0x85)
    }

    /// The partition it describes, counted from `base` in bytes. Products of `u32` and a sector size fit.
    fn entry(self, number: u32, base: u64, sector_bytes: u32) -> Entry {
        let bytes = |sectors: u32| u64::from(sectors) * u64::from(sector_bytes);
        Entry {
            number,
            offset: base.saturating_add(bytes(self.first)),
            length: bytes(self.sectors),
            kind: PartitionType::Mbr(self.kind),
            name: String::new(),
        }
    }
}

/// The partitions that the record names, the protective one left out; `None` if there is no other.
pub(super) fn table(view: &mut View<'_>, record: &Record) -> Option<PartitionTable> {
    let mut table = table_in_units_of(view, record, SECTOR_SIZES[0]);
    if table.recognised() == 0 {
        let larger = table_in_units_of(view, record, SECTOR_SIZES[1]);
        table = if larger.recognised() > 0 { larger } else { table };
    }
    let has_any = !table.partitions.is_empty() || !table.defects.is_empty();
    has_any.then_some(table)
}

fn table_in_units_of(view: &mut View<'_>, record: &Record, sector_bytes: u32) -> PartitionTable {
    let mut defects = Vec::new();
    let entries = collect(view, record, sector_bytes, &mut defects);
    PartitionTable::settle(Scheme::Mbr, sector_bytes, entries, view.device(), defects)
}

fn collect(
    view: &mut View<'_>,
    record: &Record,
    sector_bytes: u32,
    defects: &mut Vec<TableDefect>,
) -> Vec<Entry> {
    let mut found = Vec::new();
    for (number, raw) in (1..).zip(&record.0) {
        let Some(raw) = raw.filter(|raw| raw.kind != PROTECTIVE && !raw.is_extended()) else { continue };
        found.push(raw.entry(number, 0, sector_bytes));
    }
    for extended in record.0.iter().flatten().filter(|raw| raw.is_extended()) {
        let start = u64::from(extended.first) * u64::from(sector_bytes);
        follow(view, start, sector_bytes, &mut found, defects);
    }
    found
}

/// Follows the chain that begins at `start`: each link names one logical partition, counted from the link, and the
/// next link, counted from the start of the chain.
fn follow(
    view: &mut View<'_>,
    start: u64,
    sector_bytes: u32,
    found: &mut Vec<Entry>,
    defects: &mut Vec<TableDefect>,
) {
    let mut number = found.iter().map(|entry| entry.number + 1).max().unwrap_or(0).max(LOGICAL_FIRST);
    let mut seen = BTreeSet::new();
    let mut next = Some(start);
    while let Some(link) = next {
        if !seen.insert(link) {
            return defects.push(TableDefect::ChainCycle { offset: link });
        }
        if number >= LOGICAL_FIRST + LOGICAL_MAX || seen.len() > LOGICAL_MAX as usize {
            return defects.push(TableDefect::TooMany { max: LOGICAL_MAX });
        }
        let Some(Record(entries)) = view.array(link).and_then(|sector| entries(&sector)) else {
            return defects.push(TableDefect::ChainBroken { offset: link });
        };
        for logical in entries.iter().flatten().filter(|raw| !raw.is_extended()) {
            found.push(logical.entry(number, link, sector_bytes));
            number += 1;
        }
        next = entries
            .iter()
            .flatten()
            .find(|raw| raw.is_extended())
            .and_then(|raw| start.checked_add(u64::from(raw.first) * u64::from(sector_bytes)));
    }
}

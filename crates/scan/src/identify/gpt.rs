//! The GUID partition table: a header and its entries at the start of the disk, and a copy of both at the end.
//!
//! The sector size is told by where the header is found: at byte 512 or at byte 4096. A copy counts only with both of
//! its checksums right; entries whose header alone is sound are used as the last resort, and that is said.

use crc_fast::{CrcAlgorithm, checksum};

use super::kind::{Guid, PartitionType, label};
use super::le;
use super::mbr::SECTOR_SIZES;
use super::table::{Entry, GptFault, PartitionTable, Scheme, TableDefect};
use super::view::View;

/// Bytes of a header that mean something.
const HEADER_BYTES: usize = 92;

/// Where the header's own checksum stands in it.
const HEADER_CRC_OFFSET: usize = 16;

/// Bytes of an entry at least; larger ones are this one and room.
const ENTRY_BYTES_MIN: u32 = 128;

/// Bytes of an entry at most.
const ENTRY_BYTES_MAX: u32 = 4096;

/// Bytes of all entries at most: what is read at once. Disks have 16 KiB.
const ENTRIES_BYTES_MAX: u64 = 1 << 20;

/// Partitions that are looked at. Disks have room for 128.
const PARTITIONS_MAX: u32 = 1024;

/// A header that matches its checksum.
#[derive(Debug, Clone, Copy)]
struct Header {
    sector_bytes: u32,
    backup_lba: u64,
    entries_lba: u64,
    entry_count: u32,
    entry_bytes: u32,
    entries_crc: u32,
}

/// The better copy of the two.
pub(super) fn table(view: &mut View<'_>) -> Result<PartitionTable, GptFault> {
    primary(view).or_else(|fault| backup(view, fault)).or_else(|fault| {
        let header = headers_at_start(view).find_map(Result::ok).ok_or(fault)?;
        let entries = read_entries(view, header, false)?;
        Ok(settle(view, Scheme::Gpt, header, &entries, TableDefect::GptEntries))
    })
}

/// The copy at the start of the disk.
pub(super) fn primary(view: &mut View<'_>) -> Result<PartitionTable, GptFault> {
    let mut worst = GptFault::NoHeader;
    for header in headers_at_start(view).collect::<Vec<_>>() {
        match header.and_then(|header| Ok((header, read_entries(view, header, true)?))) {
            Ok((header, entries)) => return Ok(settle(view, Scheme::Gpt, header, &entries, None)),
            Err(GptFault::NoHeader) => {}
            Err(fault) => worst = fault,
        }
    }
    Err(worst)
}

/// The copy at the end of the disk, which is used because of `fault` in the one at the start.
pub(super) fn backup(view: &mut View<'_>, fault: GptFault) -> Result<PartitionTable, GptFault> {
    // An image may have been cut or padded behind the place that the sound part of the primary names.
    let named: Vec<_> = headers_at_start(view).flatten().map(|h| (h.sector_bytes, h.backup_lba)).collect();
    let len = view.len();
    let last = SECTOR_SIZES.map(|bytes| (bytes, (len / u64::from(bytes)).saturating_sub(1)));
    for (sector_bytes, lba) in named.into_iter().chain(last) {
        let Ok(header) = read_header(view, lba, sector_bytes) else { continue };
        let Ok(entries) = read_entries(view, header, true) else { continue };
        return Ok(settle(view, Scheme::GptBackup, header, &entries, TableDefect::PrimaryGpt(fault)));
    }
    Err(fault)
}

/// Whether a sound header stands at the start of the disk.
pub(super) fn has_header(view: &mut View<'_>) -> bool {
    headers_at_start(view).any(|header| header.is_ok())
}

fn headers_at_start(view: &mut View<'_>) -> impl Iterator<Item = Result<Header, GptFault>> {
    SECTOR_SIZES.map(|sector_bytes| read_header(view, 1, sector_bytes)).into_iter()
}

fn read_header(view: &mut View<'_>, lba: u64, sector_bytes: u32) -> Result<Header, GptFault> {
    let offset = lba.checked_mul(u64::from(sector_bytes)).ok_or(GptFault::NoHeader)?;
    let mut sector = view.bytes(offset, sector_bytes as usize).ok_or(GptFault::NoHeader)?;
    if !sector.starts_with(b"EFI PART") {
        return Err(GptFault::NoHeader);
    }
    let size = le::u32(&sector, 12).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    let stored = le::u32(&sector, HEADER_CRC_OFFSET).ok_or(GptFault::Impossible)?;
    if size < HEADER_BYTES || size > sector.len() {
        return Err(GptFault::Impossible);
    }
    // The checksum is of the header with zeros in its own place.
    sector.truncate(size);
    if let Some(field) = sector.get_mut(HEADER_CRC_OFFSET..HEADER_CRC_OFFSET + 4) {
        field.fill(0);
    }
    if crc32(&sector) != stored {
        return Err(GptFault::HeaderChecksum);
    }
    if le::u64(&sector, 24) != Some(lba) {
        return Err(GptFault::Misplaced);
    }
    parse_header(&sector, sector_bytes).ok_or(GptFault::Impossible)
}

fn parse_header(header: &[u8], sector_bytes: u32) -> Option<Header> {
    let entry_bytes = le::u32(header, 84)?;
    let is_possible =
        (ENTRY_BYTES_MIN..=ENTRY_BYTES_MAX).contains(&entry_bytes) && entry_bytes.is_multiple_of(8);
    is_possible.then_some(Header {
        sector_bytes,
        backup_lba: le::u64(header, 32)?,
        entries_lba: le::u64(header, 72)?,
        entry_count: le::u32(header, 80)?,
        entry_bytes,
        entries_crc: le::u32(header, 88)?,
    })
}

/// The bytes of all entries, matched to their checksum if `checked`.
fn read_entries(view: &mut View<'_>, header: Header, checked: bool) -> Result<Vec<u8>, GptFault> {
    let bytes = u64::from(header.entry_count) * u64::from(header.entry_bytes);
    let len = usize::try_from(bytes).ok().filter(|_| bytes <= ENTRIES_BYTES_MAX);
    let offset = header.entries_lba.checked_mul(u64::from(header.sector_bytes));
    let entries = view
        .bytes_once(offset.ok_or(GptFault::EntriesUnreadable)?, len.ok_or(GptFault::Impossible)?)
        .ok_or(GptFault::EntriesUnreadable)?;
    if checked && crc32(&entries) != header.entries_crc {
        return Err(GptFault::EntriesChecksum);
    }
    Ok(entries)
}

fn settle(
    view: &View<'_>,
    scheme: Scheme,
    header: Header,
    entries: &[u8],
    defect: impl Into<Option<TableDefect>>,
) -> PartitionTable {
    let mut defects: Vec<_> = defect.into().into_iter().collect();
    let raw = entries.chunks_exact(header.entry_bytes as usize);
    let mut used = (1..).zip(raw).filter_map(|(number, raw)| entry(number, raw, header.sector_bytes));
    let found: Vec<_> = used.by_ref().take(PARTITIONS_MAX as usize).collect();
    if used.next().is_some() {
        defects.push(TableDefect::TooMany { max: PARTITIONS_MAX });
    }
    PartitionTable::settle(scheme, header.sector_bytes, found, view.device(), defects)
}

/// An entry in use. One that ends before it begins has length 0, and one beyond all numbers is saturated: both
/// are refused when they are held against the device.
fn entry(number: u32, raw: &[u8], sector_bytes: u32) -> Option<Entry> {
    let kind = Guid::at(raw, 0).filter(|guid| guid.0 != 0)?;
    let (first, last) = (le::u64(raw, 32)?, le::u64(raw, 40)?);
    let sectors = last.checked_sub(first).map_or(0, |more| more.saturating_add(1));
    Some(Entry {
        number,
        offset: first.saturating_mul(u64::from(sector_bytes)),
        length: sectors.saturating_mul(u64::from(sector_bytes)),
        kind: PartitionType::Gpt(kind),
        name: label(raw.get(56..128)?),
    })
}

/// CRC-32 as GPT and zip use it.
fn crc32(bytes: &[u8]) -> u32 {
    let sum = checksum(CrcAlgorithm::Crc32IsoHdlc, bytes);
    u32::try_from(sum).unwrap_or(u32::MAX)
}

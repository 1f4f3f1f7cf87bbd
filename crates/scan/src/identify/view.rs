//! What the recognisers read through: a stretch of a device, a page at a time, each page once.
//!
//! A signature may lie in a sector that cannot be read, and the answer may not need it: a volume is still told by its
//! backup boot sector when its first sector is gone. So what cannot be read counts as absent here, and the first error
//! is kept for the caller, who reports it if nothing was recognised without those bytes.

use std::collections::BTreeMap;

use quarry_io::{Device, ReadError};

use super::le;

/// Bytes fetched together. Recognisers look at a few dozen pages, so few are kept.
const PAGE_BYTES: u64 = 4096;

/// The smallest piece that a disk loses: what a page is split into when it cannot be read.
const SECTOR_BYTES: u64 = 512;

/// A device from an offset on, for a length.
pub(super) struct View<'a> {
    device: &'a dyn Device,
    base: u64,
    len: u64,
    pages: BTreeMap<u64, Page>,
    error: Option<ReadError>,
}

/// The sectors of a page; `None` for one that could not be read.
type Page = Vec<Option<Vec<u8>>>;

impl<'a> View<'a> {
    pub(super) fn whole(device: &'a dyn Device) -> Self {
        Self::part(device, 0, device.len())
    }

    /// The part of the device from `base` on, cut at the device's end.
    pub(super) fn part(device: &'a dyn Device, base: u64, len: u64) -> Self {
        let len = len.min(device.len().saturating_sub(base));
        Self { device, base, len, pages: BTreeMap::new(), error: None }
    }

    pub(super) fn device(&self) -> &'a dyn Device {
        self.device
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The first error met so far.
    pub(super) fn into_error(self) -> Option<ReadError> {
        self.error
    }

    /// The bytes at `offset`, or `None` if some lie behind the end or cannot be read.
    pub(super) fn bytes(&mut self, offset: u64, len: usize) -> Option<Vec<u8>> {
        let end = offset.checked_add(len as u64).filter(|&end| end <= self.len)?;
        let mut bytes = Vec::with_capacity(len);
        let mut at = offset;
        while at < end {
            let (sector, skip) = self.sector_from(at)?;
            let count = usize::try_from(end - at).ok()?;
            let part = sector.get(skip..)?;
            let part = part.get(..count).unwrap_or(part);
            at = at.checked_add(part.len() as u64).filter(|&next| next > at)?;
            bytes.extend_from_slice(part);
        }
        Some(bytes)
    }

    /// Bytes that are looked at only once and may be many: not kept.
    pub(super) fn bytes_once(&mut self, offset: u64, len: usize) -> Option<Vec<u8>> {
        offset.checked_add(len as u64).filter(|&end| end <= self.len)?;
        let read = self.device.read_bytes(self.base.checked_add(offset)?, len);
        read.map_err(|error| self.error.get_or_insert(error)).ok()
    }

    pub(super) fn array<const N: usize>(&mut self, offset: u64) -> Option<[u8; N]> {
        self.bytes(offset, N)?.try_into().ok()
    }

    /// Whether `magic` stands at `offset`.
    pub(super) fn has(&mut self, offset: u64, magic: &[u8]) -> bool {
        self.bytes(offset, magic.len()).is_some_and(|bytes| bytes == magic)
    }

    pub(super) fn u32(&mut self, offset: u64) -> Option<u32> {
        le::u32(&self.bytes(offset, 4)?, 0)
    }

    /// The sector that holds the byte at `at`, and where in it that byte is.
    fn sector_from(&mut self, at: u64) -> Option<(&[u8], usize)> {
        let start = at - at % PAGE_BYTES;
        if !self.pages.contains_key(&start) {
            let page = self.fetch(start);
            self.pages.insert(start, page);
        }
        let index = usize::try_from((at - start) / SECTOR_BYTES).ok()?;
        let sector = self.pages.get(&start)?.get(index)?.as_deref()?;
        Some((sector, usize::try_from(at % SECTOR_BYTES).ok()?))
    }

    fn fetch(&mut self, start: u64) -> Page {
        let len = PAGE_BYTES.min(self.len.saturating_sub(start));
        if let Some(bytes) = self.read(start, len) {
            let sector_bytes = usize::try_from(SECTOR_BYTES).unwrap_or(usize::MAX);
            return bytes.chunks(sector_bytes).map(|sector| Some(sector.to_vec())).collect();
        }
        (0..len.div_ceil(SECTOR_BYTES))
            .map(|index| index * SECTOR_BYTES)
            .map(|skip| self.read(start + skip, SECTOR_BYTES.min(len - skip)))
            .collect()
    }

    fn read(&mut self, offset: u64, len: u64) -> Option<Vec<u8>> {
        self.bytes_once(offset, usize::try_from(len).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quarry_io::{FaultyDevice, MemoryDevice};
    use std::sync::Arc;

    fn disk(len: usize) -> MemoryDevice {
        let sectors = (0u8..).flat_map(|number| [number; 512]);
        MemoryDevice::new("disk", sectors.take(len).collect::<Vec<u8>>())
    }

    #[test]
    fn reads_across_pages_and_stops_at_the_end() {
        let disk = disk(10_000);
        let mut view = View::part(&disk, 100, 9000);
        let expected = disk.bytes();
        for (offset, len) in [(0, 1), (4000, 200), (0, 9000), (8999, 1), (511, 2)] {
            let start = 100 + offset;
            assert_eq!(view.bytes(offset as u64, len).unwrap(), &expected[start..start + len]);
        }
        assert_eq!(view.bytes(8999, 2), None);
        assert_eq!(view.bytes(u64::MAX, 2), None);
        assert!(view.into_error().is_none());
    }

    #[test]
    fn a_part_is_cut_at_the_end_of_the_device() {
        let disk = disk(1000);
        assert_eq!(View::part(&disk, 900, u64::MAX).len(), 100);
        assert_eq!(View::part(&disk, 2000, 10).len(), 0);
    }

    #[test]
    fn a_bad_sector_hides_only_itself() {
        let faulty = FaultyDevice::new(Arc::new(disk(8192))).fail_on(512..513);
        let mut view = View::whole(&faulty);
        assert!(view.has(0, &[0; 512]));
        assert!(view.has(1024, &[2; 512]));
        assert_eq!(view.bytes(500, 20), None);
        let reads = faulty.reads();
        assert_eq!(view.bytes(512, 1), None);
        assert_eq!(faulty.reads(), reads, "a bad sector is not tried again");
        assert_eq!(view.into_error().unwrap().offset, 0);
    }
}

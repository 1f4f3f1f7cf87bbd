//! A device that fails on purpose, for tests of everything that reads.
//!
//! It wraps another device and adds what disks do: sectors that cannot be read, reads that end early, and bytes that
//! are different when they are read again. Faults are fixed when it is made, so a test sees the same ones every time.
//! Nothing but tests has a use for it; it is public so that the crates above can test with it too.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Device, DeviceKind};

/// Which reads see the bytes of [`FaultyDevice::overlay`] instead of the device's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Only the first read that touches them: a record read while it was being written.
    FirstRead,
    /// Every read after the first that touches them: a record that changed meanwhile.
    LaterReads,
}

/// Another device with faults. For tests.
#[derive(Debug)]
pub struct FaultyDevice {
    device: Arc<dyn Device>,
    failing: Vec<Range<u64>>,
    overlays: Vec<Patch>,
    read_bytes_max: usize,
    reads: AtomicU64,
}

#[derive(Debug)]
struct Patch {
    offset: u64,
    bytes: Vec<u8>,
    when: Overlay,
    touched: AtomicU64,
}

impl FaultyDevice {
    /// `device` without any fault so far.
    #[must_use]
    pub fn new(device: Arc<dyn Device>) -> Self {
        let (failing, overlays) = (Vec::new(), Vec::new());
        Self { device, failing, overlays, read_bytes_max: usize::MAX, reads: AtomicU64::new(0) }
    }

    /// Fails every read that touches the bytes at `range`, as a disk fails a bad sector (`EIO`).
    #[must_use]
    pub fn fail_on(mut self, range: Range<u64>) -> Self {
        self.failing.push(range);
        self
    }

    /// Gives at most `bytes` at each read, which must not be 0: that would be the device's end.
    #[must_use]
    pub fn short_reads(mut self, bytes: usize) -> Self {
        self.read_bytes_max = bytes.max(1);
        self
    }

    /// Shows `bytes` in the place of the device's own from `offset` on to the reads that `when` says.
    #[must_use]
    pub fn overlay(mut self, offset: u64, bytes: impl Into<Vec<u8>>, when: Overlay) -> Self {
        self.overlays.push(Patch { offset, bytes: bytes.into(), when, touched: AtomicU64::new(0) });
        self
    }

    /// How many reads there were so far, failed ones and those of parts of a range included.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

impl Patch {
    fn apply(&self, buf: &mut [u8], offset: u64) {
        let span = self.offset..self.offset.saturating_add(self.bytes.len() as u64);
        let read = offset..offset.saturating_add(buf.len() as u64);
        if !overlap(&span, &read) {
            return;
        }
        let first = self.touched.fetch_add(1, Ordering::SeqCst) == 0;
        if first != (self.when == Overlay::FirstRead) {
            return;
        }
        for (position, &byte) in (self.offset..).zip(&self.bytes) {
            let target = position.checked_sub(offset).and_then(|index| usize::try_from(index).ok());
            if let Some(target) = target.and_then(|index| buf.get_mut(index)) {
                *target = byte;
            }
        }
    }
}

impl Device for FaultyDevice {
    fn name(&self) -> &str {
        self.device.name()
    }

    fn len(&self) -> u64 {
        self.device.len()
    }

    fn alignment(&self) -> u32 {
        self.device.alignment()
    }

    fn kind(&self) -> DeviceKind {
        self.device.kind()
    }

    fn whole_offset(&self, offset: u64) -> u64 {
        self.device.whole_offset(offset)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let most = buf.len().min(self.read_bytes_max);
        let buf = buf.get_mut(..most).unwrap_or_default();
        let asked = offset..offset.saturating_add(buf.len() as u64);
        if self.failing.iter().any(|range| overlap(range, &asked)) {
            return Err(medium_error());
        }
        let count = self.device.read_at(buf, offset)?;
        if let Some(read) = buf.get_mut(..count) {
            self.overlays.iter().for_each(|patch| patch.apply(read, offset));
        }
        Ok(count)
    }
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start.max(b.start) < a.end.min(b.end)
}

/// What the system says of a sector that cannot be read: `EIO`, or `ERROR_CRC` on Windows.
pub(crate) fn medium_error() -> io::Error {
    io::Error::from_raw_os_error(if cfg!(windows) { 23 } else { 5 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryDevice;

    fn faulty() -> FaultyDevice {
        FaultyDevice::new(Arc::new(MemoryDevice::new("m", (0..100).collect::<Vec<u8>>())))
    }

    #[test]
    fn only_reads_that_touch_a_bad_range_fail() {
        let device = faulty().fail_on(10..12).fail_on(50..51);
        for (offset, len, good) in
            [(0, 10, true), (0, 11, false), (11, 1, false), (12, 38, true), (50, 1, false), (51, 9, true)]
        {
            assert_eq!(device.read_bytes(offset, len).is_ok(), good, "{len} bytes at {offset}");
        }
        assert_eq!(device.reads(), 6);
    }

    #[test]
    fn short_reads_are_counted_one_by_one() {
        let device = faulty().short_reads(7);
        assert_eq!(device.read_at(&mut [0; 50], 3).unwrap(), 7);
        assert_eq!(device.read_bytes(0, 50).unwrap(), (0..50).collect::<Vec<u8>>());
        assert_eq!(device.reads(), 1 + 8);
    }

    #[test]
    fn overlays_are_seen_first_or_later() {
        let device =
            faulty().overlay(4, [200, 201], Overlay::FirstRead).overlay(8, [202], Overlay::LaterReads);
        assert_eq!(device.read_bytes(0, 4).unwrap(), [0, 1, 2, 3]);
        assert_eq!(device.read_bytes(5, 5).unwrap(), [201, 6, 7, 8, 9]);
        assert_eq!(device.read_bytes(4, 6).unwrap(), [4, 5, 6, 7, 202, 9]);
        assert_eq!(device.read_bytes(8, 1).unwrap(), [202]);
    }
}

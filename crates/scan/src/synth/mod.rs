//! A `$MFT` that nobody stored: its records are made when they are read.
//!
//! Measuring at a hundred million records would take a disk of a hundred gigabytes. A record here is a function of its number
//! and a seed, so that any stretch can be read alone, by any thread, and is the same each time; and it is cheap, so that what
//! is measured is the scan. The volume is consistent: every parent is a folder in use, every extension has its base, nothing is an orphan.
//! `docs/performance.md` says where the distributions come from.
//!
//! It lays records out in blocks of [`BLOCK`], the first of each a folder: so a folder's number needs no table, and files
//! lie near their folders, as they do on volumes that grew.

mod choices;
mod record;

use std::io;

use quarry_io::{Device, DeviceKind};

use record::{RECORD_BYTES, make};

/// Records of a block: one in twelve is a folder.
const BLOCK: u64 = 12;
/// The fewest records: those of the file system, and a folder.
const RECORDS_MIN: u64 = quarry_ntfs::metafile::FIRST_USER + 1;
/// The most records: their numbers have 32 bits.
pub const SYNTH_RECORDS_MAX: u64 = u32::MAX as u64;

/// A dump of a made-up `$MFT`, with records of 1 KiB.
#[derive(Debug, Clone)]
pub struct SynthDevice {
    name: String,
    records: u64,
    seed: u64,
}

impl SynthDevice {
    /// One of so many `records`, at least 25 and at most [`SYNTH_RECORDS_MAX`], the same for the same `seed`.
    #[must_use]
    pub fn new(records: u64, seed: u64) -> Self {
        let records = records.clamp(RECORDS_MIN, SYNTH_RECORDS_MAX);
        Self { name: format!("made-up $MFT of {records} records, seed {seed}"), records, seed }
    }

    /// How many records there are.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }
}

impl Device for SynthDevice {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.records * RECORD_BYTES as u64
    }

    fn kind(&self) -> DeviceKind {
        DeviceKind::Memory
    }

    fn is_cached(&self, _offset: u64, _bytes: usize) -> Option<bool> {
        Some(true)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = buf.len().min(rest);
        let mut left = buf.get_mut(..count).unwrap_or_default();
        let mut at = offset;
        while !left.is_empty() {
            let (number, inside) = (at / RECORD_BYTES as u64, at % RECORD_BYTES as u64);
            let inside = usize::try_from(inside).unwrap_or(0);
            let (part, rest) = left.split_at_mut(left.len().min(RECORD_BYTES - inside));
            if let Ok(record) = <&mut [u8; RECORD_BYTES]>::try_from(&mut *part) {
                make(record, number, self.records, self.seed);
            } else {
                let mut record = [0; RECORD_BYTES];
                make(&mut record, number, self.records, self.seed);
                part.copy_from_slice(record.get(inside..inside + part.len()).unwrap_or_default());
            }
            at += part.len() as u64;
            left = rest;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_part_is_the_same_as_in_the_whole(records in 25u64..400, seed: u64, start in 0usize..500_000, length in 0usize..9000) {
            let device = SynthDevice::new(records, seed);
            let whole = device.read_bytes(0, usize::try_from(device.len()).unwrap()).unwrap();
            let start = start % whole.len();
            let end = (start + length).min(whole.len());
            let part = device.read_bytes(start as u64, end - start).unwrap();
            prop_assert_eq!(&part, &whole[start..end]);
            prop_assert_eq!(device.read_at(&mut [0; 8], device.len()).unwrap(), 0);
        }
    }

    #[test]
    fn seeds_differ() {
        let bytes = |seed| SynthDevice::new(100, seed).read_bytes(30 << 10, 1024).unwrap();
        assert_ne!(bytes(1), bytes(2));
        assert_eq!(bytes(1), bytes(1));
    }
}

//! Which records are in use, by the word of `$MFT::$BITMAP`.
//!
//! A hint and no more: the bitmap of a volume that was in use lags behind its records, and taking it at its word has lost
//! programs thousands of files. It says what to read last, and what may be left out where the caller wants only the living
//! of a source that does not change.

use std::ops::Range;

use quarry_ntfs::{AttributeType, Form, metafile};

use crate::volume::{Volume, content, unnamed};

/// How much longer than it need be it may be: systems lengthen it in steps.
const BYTES_MORE: usize = 1 << 20;

/// A bit for each record.
#[derive(Debug)]
pub(crate) struct Bitmap {
    bits: Vec<u8>,
}

impl Bitmap {
    /// That of the volume; nothing where there is none or it cannot be read, as in a dump.
    pub(crate) fn of(volume: &Volume) -> Option<Self> {
        let boot = volume.boot()?;
        let mut buffer = Vec::new();
        let record = volume.record(metafile::MFT, &mut buffer).ok()?;
        let bitmap = unnamed(&record, AttributeType::BITMAP)?;
        let wanted = usize::try_from(volume.numbers().end.div_ceil(8)).ok()?;
        // Holes may claim to be records by the billion, and the bits of them another hole: no bitmap is longer than its device.
        let longest = usize::try_from(volume.device.len()).unwrap_or(usize::MAX);
        let longest = wanted.checked_add(BYTES_MORE)?.min(longest);
        let mut bits = content(&*volume.device, boot, &bitmap, longest).ok()?;
        if let Form::NonResident(data) = bitmap.form {
            // Of one that goes on in another record the rest would read as zeros, which say that all is free.
            let told = data.highest_vcn.checked_add(1)?.checked_mul(boot.cluster_bytes.into())?;
            if told < data.real {
                return None;
            }
            bits.truncate(usize::try_from(data.initialised).unwrap_or(usize::MAX));
        }
        Some(Self { bits })
    }

    /// Whether a record may be in use: what the bitmap does not reach, and what belongs to the file system, may.
    fn is_used(&self, record: u64) -> bool {
        let byte = usize::try_from(record / 8).ok().and_then(|at| self.bits.get(at));
        record < metafile::FIRST_USER || byte.is_none_or(|byte| byte >> (record % 8) & 1 == 1)
    }

    /// Whether any of the records may be in use.
    pub(crate) fn any_used(&self, records: Range<u64>) -> bool {
        self.next(records, true).is_some()
    }

    /// The stretches of `records` that are to be read: those in use, and the gaps between them that are shorter than `gap`,
    /// because a read that goes on costs less than a new one.
    pub(crate) fn used(&self, records: Range<u64>, gap: u64) -> Vec<Range<u64>> {
        let mut stretches: Vec<Range<u64>> = Vec::new();
        let mut at = records.start;
        while let Some(start) = self.next(at..records.end, true) {
            let end = self.next(start..records.end, false).unwrap_or(records.end);
            match stretches.last_mut() {
                Some(last) if start - last.end < gap => last.end = end,
                _ => stretches.push(start..end),
            }
            at = end;
        }
        stretches
    }

    /// The first of `records` that is in use, or is not.
    fn next(&self, records: Range<u64>, used: bool) -> Option<u64> {
        let Range { start: mut at, end } = records;
        let whole = if used { 0x00 } else { 0xFF };
        while at < end {
            let byte = usize::try_from(at / 8).ok().and_then(|at| self.bits.get(at));
            // Eight at once where none of them is wanted.
            let skip = at.is_multiple_of(8) && at >= metafile::FIRST_USER && byte == Some(&whole);
            match skip {
                true => at += 8,
                false if self.is_used(at) == used => return Some(at),
                false => at += 1,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list of booleans: everything in use is read, a gap is left out if and only if it is long enough, and the
        /// stretches begin and end with what is in use.
        #[test]
        fn all_that_is_in_use_is_read_and_long_gaps_are_not(
            bits in proptest::collection::vec(prop_oneof![Just(0u8), Just(0xFF), any::<u8>()], 0..40),
            start in 0u64..300,
            length in 0u64..200,
            gap in 1u64..40,
        ) {
            let bitmap = Bitmap { bits: bits.clone() };
            let used = |record: u64| {
                let byte = bits.get(usize::try_from(record / 8).unwrap());
                record < 24 || byte.is_none_or(|byte| byte & (1 << (record % 8)) != 0)
            };
            let records = start..start + length;
            let found = bitmap.used(records.clone(), gap);
            let read = |record: u64| found.iter().any(|stretch| stretch.contains(&record));
            for record in records.clone() {
                prop_assert!(read(record) || !used(record), "record {} is in use", record);
            }
            for stretch in &found {
                prop_assert!(used(stretch.start) && used(stretch.end - 1) && records.end >= stretch.end);
            }
            for two in found.windows(2) {
                prop_assert!(two[1].start - two[0].end >= gap);
            }
            let mut free = 0;
            for record in records.clone() {
                free = if used(record) { 0 } else { free + 1 };
                let inside = records.clone().any(|it| it < record && used(it)) && (record + 1..records.end).any(used);
                if free == gap && inside {
                    prop_assert!(!read(record), "a gap of {} up to record {}", gap, record);
                }
            }
            prop_assert_eq!(bitmap.any_used(records.clone()), records.clone().any(used));
        }
    }
}

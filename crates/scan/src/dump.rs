//! What a dump tells of itself: nothing stands beside its records that says how they were taken.
//!
//! Two things have to be known before any record can be understood: whether its fixups are undone, and which number
//! its place has. A dump may be a piece out of the middle of a `$MFT`, and then the first record in it is not
//! number 0: taken for that, every record would be the child of a stranger. Records say both of themselves, and any
//! of them can be damaged or out of place, so that a sample of them votes and more than half decide. Where they do
//! not, a dump is what it mostly is: as on disk, from record 0 on.

use std::ops::Range;

use quarry_io::Device;
use quarry_ntfs::{Protection, Record};

use crate::report::Note;

/// Places looked at in all. A sample all of one stretch could be nothing but blank records.
const SAMPLE: u64 = 256;
/// Stretches that these are taken in: each costs a slow disk one movement.
const STRETCHES: u64 = 16;

/// How the records of a dump are to be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) protection: Protection,
    /// Number of the record at the first place that has one.
    pub(crate) first: u64,
    /// Places before that one, which have none.
    pub(crate) skipped: u64,
}

impl Told {
    /// Asks the `places` records of `record_bytes` that `device` holds.
    pub(crate) fn by(device: &dyn Device, record_bytes: u32, places: u64) -> Self {
        let (mut protections, mut shifts) = (Vec::new(), Vec::new());
        for place in sample(places).flatten() {
            // What cannot be read is listed by the scan; it says nothing here.
            let read = device.read_bytes(place * u64::from(record_bytes), record_bytes as usize);
            let Ok(mut buffer) = read else { continue };
            protections.extend(Record::protection_of(&buffer).map(|it| it == Protection::Undone));
            let number = Record::parse(&mut buffer, Protection::Protected).ok().and_then(|it| it.number());
            shifts.extend(number.map(|number| i128::from(number) - i128::from(place)));
        }
        let undone = majority(protections) == Some(true);
        let shift = majority(shifts).unwrap_or(0);
        let first = u64::try_from(shift).unwrap_or(0);
        // There is no number for records beyond: they are of no use as targets, nor as what they say they are.
        let first = if first + places <= u64::from(u32::MAX) { first } else { 0 };
        Self {
            protection: if undone { Protection::Undone } else { Protection::Protected },
            first,
            skipped: u64::try_from(-shift).unwrap_or(0),
        }
    }

    /// What the user should know of it.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Note> {
        let undone = (self.protection == Protection::Undone).then_some(Note::FixupsUndone);
        let starts = (self.first > 0).then_some(Note::DumpStartsAt { record: self.first });
        let skipped = (self.skipped > 0).then_some(Note::DumpStartsLate { records: self.skipped });
        [undone, starts, skipped].into_iter().flatten()
    }
}

/// The places to look at: all where they are few, else stretches all over the dump.
fn sample(places: u64) -> impl Iterator<Item = Range<u64>> {
    let (stretches, length) = if places <= SAMPLE { (1, places) } else { (STRETCHES, SAMPLE / STRETCHES) };
    let last = places - length;
    (0..stretches).map(move |stretch| {
        let start = last / (stretches - 1).max(1) * stretch;
        start..start + length
    })
}

/// What more than half of the votes are for.
fn majority<T: Ord + Copy>(mut votes: Vec<T>) -> Option<T> {
    votes.sort_unstable();
    // If anything has more than half of them, it is in their middle.
    let &middle = votes.get(votes.len() / 2)?;
    let count = votes.iter().filter(|&&vote| vote == middle).count();
    (count * 2 > votes.len()).then_some(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_decide() {
        let check = |votes: &[i32], expected| assert_eq!(majority(votes.to_vec()), expected, "{votes:?}");
        check(&[], None);
        check(&[7], Some(7));
        check(&[7, 8], None);
        check(&[8, 7, 8], Some(8));
        check(&[1, 2, 8, 8], None);
        check(&[8, 1, 8, 9, 8], Some(8));
    }

    #[test]
    fn the_sample_lies_all_over_the_dump_and_inside_it() {
        for places in [0, 1, 255, 256, 257, 300, 4095, 4096, 10_000, 1 << 40] {
            let stretches: Vec<_> = sample(places).collect();
            let taken: u64 = stretches.iter().map(|it| it.end - it.start).sum();
            assert_eq!(taken, places.min(SAMPLE));
            assert_eq!(stretches[0].start, 0);
            let end = stretches[stretches.len() - 1].end;
            assert!(end <= places && places - end < STRETCHES, "{places}: {stretches:?}");
        }
    }
}

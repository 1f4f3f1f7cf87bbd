//! How a `$MFT` is cut into chunks: stretches of whole records that are read and parsed at one go.
//!
//! How long a `$MFT` is it says itself, and a damaged run list claims terabytes in ten bytes. So the plan is made of
//! what the device can hold: records in holes are not looked at, records behind the device's end are not tried one by
//! one, and nor are those of runs that lie over one another, once as much has been planned as the device has.

use std::ops::Range;

use crate::volume::Volume;

/// Bytes read at one go: large enough that the call costs nothing, small enough that the records are still in
/// the processor's second-level cache when they are parsed.
pub const CHUNK_BYTES: u32 = 256 << 10;
/// The most that one chunk may have.
pub const CHUNK_BYTES_MAX: u32 = 4 << 20;

/// Where records lie. One that lies in two places counts for the later of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In a hole: they are blank, and any number of them is one chunk.
    Hole,
    /// Nowhere: behind the end of the device, or where runs have claimed all of it. Any number of them is one chunk.
    Missing,
    /// On the device.
    Device,
}

/// Records that are dealt with at one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) records: Range<u64>,
    pub(crate) place: Place,
}

/// The chunks of a `$MFT`, which together are all of its records, in order.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) numbers: Range<u64>,
    pub(crate) chunks: Vec<Chunk>,
}

impl Plan {
    pub(crate) fn new(volume: &Volume, chunk_bytes: u32) -> Self {
        let record_bytes = u64::from(volume.record_bytes);
        let per_chunk = (u64::from(chunk_bytes.min(CHUNK_BYTES_MAX)) / record_bytes).max(1);
        let mut stretches = Stretches::default();
        for (bytes, place) in places(volume).filter(|(bytes, _)| !bytes.is_empty()) {
            stretches.push(bytes.start / record_bytes..bytes.end.div_ceil(record_bytes), place);
        }
        let mut chunks = Vec::new();
        for Chunk { records: Range { mut start, end }, place } in stretches.list {
            let most = if place == Place::Device { per_chunk } else { u64::MAX };
            while start < end {
                let next = start.saturating_add(most).min(end);
                chunks.push(Chunk { records: start..next, place });
                start = next;
            }
        }
        Self { numbers: volume.numbers(), chunks }
    }
}

/// The bytes of the `$MFT`'s records and where they lie, in order and without gaps.
fn places(volume: &Volume) -> impl Iterator<Item = (Range<u64>, Place)> {
    let device = volume.device.len();
    let mut left = device;
    let Range { start, end } = volume.numbers();
    let record_bytes = u64::from(volume.record_bytes);
    volume.mft.within(start * record_bytes..end * record_bytes).flat_map(move |extent| {
        let (start, end) = (extent.start, extent.start + extent.length);
        let Some(offset) = extent.offset else { return [(start..end, Place::Hole), (end..end, Place::Hole)] };
        let there = extent.length.min(device.saturating_sub(offset)).min(left);
        left -= there;
        [(start..start + there, Place::Device), (start + there..end, Place::Missing)]
    })
}

/// Records by place, neighbours of one place joined.
#[derive(Debug, Default)]
struct Stretches {
    list: Vec<Chunk>,
}

impl Stretches {
    /// Appends records, the first of which may be the last that are there already: it then lies in both places.
    fn push(&mut self, records: Range<u64>, place: Place) {
        let Range { mut start, end } = records;
        while let Some(last) =
            self.list.last_mut().filter(|last| last.records.end > start && last.place < place)
        {
            last.records.end = start.max(last.records.start);
            if !last.records.is_empty() {
                break;
            }
            self.list.pop();
        }
        start = self.list.last().map_or(start, |last| last.records.end.max(start));
        match self.list.last_mut() {
            _ if start >= end => {}
            Some(last) if last.place == place && last.records.end == start => last.records.end = end,
            _ => self.list.push(Chunk { records: start..end, place }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> impl Strategy<Value = Place> {
        prop_oneof![Just(Place::Hole), Just(Place::Missing), Just(Place::Device)]
    }

    proptest! {
        /// Each record counts for the last of the places that its bytes lie in.
        #[test]
        fn records_are_where_their_bytes_are(
            lengths in proptest::collection::vec((0u64..9, place()), 0..30),
            record_bytes in 1u64..6,
        ) {
            let mut stretches = Stretches::default();
            let (mut places, mut at) = (Vec::new(), 0);
            for (length, place) in lengths {
                places.extend((0..length).map(|_| place));
                if length > 0 {
                    stretches.push(at / record_bytes..(at + length).div_ceil(record_bytes), place);
                }
                at += length;
            }
            let expected: Vec<Place> = places
                .chunks(usize::try_from(record_bytes).unwrap())
                .map(|bytes| *bytes.iter().max().unwrap())
                .collect();
            let found: Vec<Place> = stretches
                .list
                .iter()
                .flat_map(|chunk| chunk.records.clone().map(|_| chunk.place))
                .collect();
            prop_assert_eq!(found, expected);
            prop_assert!(stretches.list.windows(2).all(|two| two[0].place != two[1].place));
        }
    }
}

//! How a `$MFT` is cut into chunks: stretches of whole records that are read and parsed at one go.
//!
//! How long a `$MFT` is it says itself, and a damaged run list claims terabytes in ten bytes. So the plan is made of
//! what the device can hold: records in holes are not looked at, records behind the device's end are not tried one by
//! one, and nor are those of runs that lie over one another, once as much has been planned as the device has.
//!
//! A chunk ends where a run does, so that it lies in one piece and can be read by one request; only records that
//! themselves lie in two runs are read piece by piece. The bitmap of the `$MFT` says which chunks are read last, and, where the caller
//! allows it, what is not read at all: at the edges of a chunk and inside of it.

use std::ops::Range;

use super::bitmap::Bitmap;
use crate::volume::Volume;

/// Bytes read at one go: large enough that the call costs nothing, small enough that the records are still in
/// the processor's second-level cache when they are parsed.
pub const CHUNK_BYTES: u32 = 256 << 10;
/// The most that one chunk may have.
pub const CHUNK_BYTES_MAX: u32 = 4 << 20;
/// What is not in use is read all the same where it is shorter: as much goes by on a drive while it takes a new request.
const GAP_BYTES: u64 = 64 << 10;

/// In which order the chunks are read. The index does not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// As they lie on the device, so that a head travels over it once.
    #[default]
    Disk,
    /// As their records are numbered.
    Records,
}

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
    /// Its place among all chunks by their records.
    pub(crate) number: u64,
    pub(crate) records: Range<u64>,
    pub(crate) place: Place,
    /// Where it lies on the device, if that is one piece.
    pub(crate) offset: Option<u64>,
    /// None of it is in use, by the bitmap.
    unused: bool,
}

/// The chunks of a `$MFT`, in the order in which they are read: all of its records but those that are left out.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) numbers: Range<u64>,
    pub(crate) chunks: Vec<Chunk>,
    /// Records on the device that are not read, because the bitmap says that they are not in use.
    pub(crate) left_out: u64,
    /// Records in holes.
    pub(crate) holes: u64,
    /// Records on the device that are read last, because the bitmap says that they are not in use.
    pub(crate) put_last: u64,
}

/// What a plan is to be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) chunk_bytes: u32,
    pub(crate) order: Order,
    pub(crate) bitmap: Option<&'a Bitmap>,
    /// Whether what is not in use is left out, by the bitmap's word.
    pub(crate) skip: bool,
}

impl Plan {
    pub(crate) fn new(volume: &Volume, wanted: Wanted<'_>) -> Self {
        Self::of(volume, volume.numbers(), wanted)
    }

    /// The plan for some records of the volume.
    pub(crate) fn of(volume: &Volume, numbers: Range<u64>, wanted: Wanted<'_>) -> Self {
        let record_bytes = u64::from(volume.record_bytes);
        let per_chunk = (u64::from(wanted.chunk_bytes.min(CHUNK_BYTES_MAX)) / record_bytes).max(1);
        let mut stretches = Stretches::default();
        for (bytes, place) in places(volume, &numbers).filter(|(bytes, _)| !bytes.is_empty()) {
            stretches.push(bytes.start / record_bytes..bytes.end.div_ceil(record_bytes), place);
        }
        let mut plan = Self { numbers, chunks: Vec::new(), left_out: 0, holes: 0, put_last: 0 };
        for Stretch { records, place } in stretches.list {
            if place == Place::Device {
                plan.add(volume, records, per_chunk, wanted);
            } else {
                plan.holes += if place == Place::Hole { records.end - records.start } else { 0 };
                plan.push(records, place, None, false);
            }
        }
        let key = |chunk: &Chunk| match wanted.order {
            Order::Records => (chunk.unused, chunk.number),
            Order::Disk => (chunk.unused, chunk.offset.unwrap_or(u64::MAX)),
        };
        plan.chunks.sort_by_key(key);
        plan
    }

    /// Adds records that are on the device.
    fn add(&mut self, volume: &Volume, records: Range<u64>, per_chunk: u64, wanted: Wanted<'_>) {
        let record_bytes = u64::from(volume.record_bytes);
        let length = |records: &Range<u64>| records.end - records.start;
        let read = match wanted.bitmap.filter(|_| wanted.skip) {
            Some(bitmap) => bitmap.used(records.clone(), (GAP_BYTES / record_bytes).max(1)),
            None => Vec::from([records.clone()]),
        };
        self.left_out += length(&records) - read.iter().map(length).sum::<u64>();
        for (piece, offset) in read.into_iter().flat_map(|records| pieces(volume, records)) {
            let Range { mut start, end } = piece;
            let first = start;
            while start < end {
                let next = start.saturating_add(per_chunk).min(end);
                let unused = wanted.bitmap.is_some_and(|bitmap| !bitmap.any_used(start..next));
                self.put_last += if unused { next - start } else { 0 };
                let offset = offset.map(|offset| offset + (start - first) * record_bytes);
                self.push(start..next, Place::Device, offset, unused);
                start = next;
            }
        }
    }

    fn push(&mut self, records: Range<u64>, place: Place, offset: Option<u64>, unused: bool) {
        let number = self.chunks.len() as u64;
        self.chunks.push(Chunk { number, records, place, offset, unused });
    }

    /// Records that are dealt with.
    pub(crate) fn records(&self) -> u64 {
        self.numbers.end - self.numbers.start - self.left_out
    }

    /// Records that are read from the device, and the chunks that they are.
    pub(crate) fn on_device(&self) -> (u64, u64) {
        let there = self.chunks.iter().filter(|chunk| chunk.place == Place::Device);
        there.fold((0, 0), |(records, chunks), it| (records + it.records.end - it.records.start, chunks + 1))
    }
}

/// Records on the device in the pieces that their runs are, each with its place; those that lie in two runs have none.
fn pieces(volume: &Volume, records: Range<u64>) -> Vec<(Range<u64>, Option<u64>)> {
    let record_bytes = u64::from(volume.record_bytes);
    let mut pieces = Vec::new();
    let mut at = records.start;
    for extent in volume.mft.within(records.start * record_bytes..records.end * record_bytes) {
        let first = extent.start.div_ceil(record_bytes).max(at);
        let last = (extent.start + extent.length) / record_bytes;
        let Some(offset) = extent.offset.filter(|_| first < last) else { continue };
        if at < first {
            pieces.push((at..first, None));
        }
        pieces.push((first..last, Some(offset + (first * record_bytes - extent.start))));
        at = last;
    }
    if at < records.end {
        pieces.push((at..records.end, None));
    }
    pieces
}

/// The bytes of some of the `$MFT`'s records and where they lie, in order and without gaps.
fn places<'v>(
    volume: &'v Volume,
    numbers: &Range<u64>,
) -> impl Iterator<Item = (Range<u64>, Place)> + use<'v> {
    let device = volume.device.len();
    let mut left = device;
    let Range { start, end } = *numbers;
    let record_bytes = u64::from(volume.record_bytes);
    volume.mft.within(start * record_bytes..end * record_bytes).flat_map(move |extent| {
        let (start, end) = (extent.start, extent.start + extent.length);
        let Some(offset) = extent.offset else { return [(start..end, Place::Hole), (end..end, Place::Hole)] };
        let there = extent.length.min(device.saturating_sub(offset)).min(left);
        left -= there;
        [(start..start + there, Place::Device), (start + there..end, Place::Missing)]
    })
}

/// Neighbouring records of one place.
#[derive(Debug)]
struct Stretch {
    records: Range<u64>,
    place: Place,
}

/// Records by place, neighbours of one place joined.
#[derive(Debug, Default)]
struct Stretches {
    list: Vec<Stretch>,
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
            _ => self.list.push(Stretch { records: start..end, place }),
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

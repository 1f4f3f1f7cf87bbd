//! Numbers in as few bits as their neighbours need, each to be had alone.
//!
//! Patched frame of reference, in chunks of 512: what is packed is the difference to the chunk's least number, in the width that
//! takes the fewest bytes; the few numbers that need more are kept beside. One shape serves every column: the best one for each
//! (run lengths, dictionaries, deltas) would save a few bytes a row and cost as many things to check.

mod cursor;
mod fields;
mod head;
mod pack;
mod sweep;

use std::ops::Range;

pub(crate) use cursor::PackedCursor;
use head::{HEAD_BYTES, Head};
pub(crate) use pack::{Done, Packer, TASK_VALUES, bits_of, joined, pack};
pub(crate) use sweep::CHUNK_WORDS;

use super::column::Place;
use super::format::Transform;

/// Numbers in a chunk.
pub(crate) const CHUNK: usize = 512;
/// What an exception takes: its place and its number.
const EXCEPTION_BYTES: usize = 2 + 8;

/// A column of packed numbers.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    place: Place,
    /// Every number is less than this, or any if it is the greatest there is.
    limit: u64,
    /// What its numbers stand for, and the column that they are relative to.
    relative: Option<(Transform, Box<Packed>)>,
}

impl Packed {
    pub(super) fn new(place: Place, limit: u64, relative: Option<(Transform, Packed)>) -> Self {
        Self { place, limit, relative: relative.map(|(transform, base)| (transform, Box::new(base))) }
    }

    /// How many bytes a column of so many numbers takes at least.
    pub(super) fn bytes_min(values: usize) -> usize {
        values.div_ceil(CHUNK) * HEAD_BYTES
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.place.values
    }

    /// One number; 0 if it is not there or cannot be, which the storage then knows.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> u64 {
        let Some(value) = self.stored(index) else {
            self.place.misfit(index);
            return 0;
        };
        self.restored(index, value)
    }

    /// A number that is known to be less than 2³²; what is not is 0 and noted.
    #[inline]
    pub(crate) fn get_u32(&self, index: usize) -> u32 {
        u32::try_from(self.get(index)).unwrap_or_else(|_| {
            self.place.misfit(index);
            0
        })
    }

    /// Whether no column of the snapshot has met anything that cannot be.
    pub(crate) fn is_sound(&self) -> bool {
        self.place.storage.sound().is_ok()
    }

    /// The chunk that a number lies in.
    pub(crate) fn chunk_of(index: usize) -> usize {
        index / CHUNK
    }

    /// Notes that a number cannot be.
    pub(crate) fn misfit(&self, index: usize) {
        self.place.misfit(index);
    }

    #[inline]
    fn restored(&self, index: usize, value: u64) -> u64 {
        match &self.relative {
            None => value,
            Some((transform, base)) => transform.undo(value, base.get(index)),
        }
    }

    #[inline]
    fn stored(&self, index: usize) -> Option<u64> {
        if index >= self.place.values {
            return None;
        }
        self.number(index, self.head(index / CHUNK)?)
    }

    /// A number of the chunk with this head.
    #[inline]
    fn number(&self, index: usize, head: Head) -> Option<u64> {
        if head.width == 0 && head.exceptions == 0 {
            return self.checked(head, 0);
        }
        let at = index % CHUNK;
        // The heads lie behind the bodies, so whole words are always there.
        let start = head.body.checked_add(fields::place(at, head.width))?;
        let field = fields::single(self.place.array(start)?, at, head.width);
        let difference = if head.exceptions > 0 && field == head.marker() {
            self.exception(index / CHUNK, head, at)?
        } else {
            field
        };
        self.checked(head, difference)
    }

    /// A number and the one before it, which is 0 for the first: where something begins and ends, if this is a column of ends.
    #[inline]
    pub(crate) fn range(&self, index: usize) -> Range<u64> {
        let Some(before) = index.checked_sub(1) else { return 0..self.get(0) };
        let both = || {
            let together = index < self.len() && !index.is_multiple_of(CHUNK);
            let head = if together { self.head(index / CHUNK)? } else { return None };
            let (start, end) = (self.number(before, head)?, self.number(index, head)?);
            Some(self.restored(before, start)..self.restored(index, end))
        };
        both().unwrap_or_else(|| self.get(before)..self.get(index))
    }

    #[inline]
    fn checked(&self, head: Head, difference: u64) -> Option<u64> {
        let value = head.least.checked_add(difference)?;
        (value <= head.greatest && (value < self.limit || self.limit == u64::MAX)).then_some(value)
    }

    fn chunks(&self) -> usize {
        self.place.values.div_ceil(CHUNK)
    }

    #[inline]
    fn head(&self, chunk: usize) -> Option<Head> {
        let heads = self.place.bytes.checked_sub(Self::bytes_min(self.place.values))?;
        Head::parse(self.place.array(heads + chunk * HEAD_BYTES)?)
    }

    /// Numbers in a chunk: the last one may be short.
    fn chunk_len(&self, chunk: usize) -> usize {
        self.place.values.saturating_sub(chunk * CHUNK).min(CHUNK)
    }

    /// Places and numbers of a chunk's exceptions.
    fn exceptions(&self, chunk: usize, head: Head) -> Option<(&[u8], &[u8])> {
        let fields = (self.chunk_len(chunk) * head.width as usize).div_ceil(8);
        let start = head.body.checked_add(fields)?;
        let bytes = self.place.get(start..start.checked_add(head.exceptions * EXCEPTION_BYTES)?)?;
        bytes.split_at_checked(head.exceptions * 2)
    }

    #[cold]
    fn exception(&self, chunk: usize, head: Head, at: usize) -> Option<u64> {
        let (places, numbers) = self.exceptions(chunk, head)?;
        let at = u16::try_from(at).ok()?;
        let (places, _) = places.as_chunks::<2>();
        let found = places.binary_search_by_key(&at, |place| u16::from_le_bytes(*place)).ok()?;
        let (numbers, _) = numbers.as_chunks::<8>();
        numbers.get(found).map(|number| u64::from_le_bytes(*number))
    }

    /// Unpacks a chunk into `out` and says how many numbers it has; none if it is damaged, which the storage then knows.
    fn unpack(&self, chunk: usize, out: &mut [u64; CHUNK]) -> usize {
        let len = self.chunk_len(chunk);
        if self.unpack_stored(chunk, &mut out[..len]).is_none() {
            self.place.misfit(chunk * CHUNK);
            return 0;
        }
        if let Some((transform, base)) = &self.relative {
            let mut bases = [0; CHUNK];
            base.unpack(chunk, &mut bases);
            out.iter_mut()
                .zip(bases)
                .take(len)
                .for_each(|(value, base)| *value = transform.undo(*value, base));
        }
        len
    }

    fn unpack_stored(&self, chunk: usize, out: &mut [u64]) -> Option<()> {
        let head = self.head(chunk)?;
        if head.width == 0 && head.exceptions == 0 {
            out.fill(self.checked(head, 0)?);
            return Some(());
        }
        let field_bytes = (out.len() * head.width as usize).div_ceil(8);
        let bytes = self.place.get(head.body..head.body.checked_add(field_bytes + fields::SPARE_BYTES)?)?;
        fields::unpack(bytes, head.width, out)?;
        if head.exceptions > 0 {
            self.patch(chunk, head, out)?;
        }
        self.checked(head, greatest(out))?;
        out.iter_mut().for_each(|value| *value = value.wrapping_add(head.least));
        Some(())
    }

    /// Puts the exceptions of a chunk where their markers stand. Every marker is an exception and the other way round, or
    /// [`Packed::get`] would find other numbers.
    fn patch(&self, chunk: usize, head: Head, out: &mut [u64]) -> Option<()> {
        let marker = head.marker();
        if out.iter().filter(|&&field| field == marker).count() != head.exceptions {
            return None;
        }
        let (places, numbers) = self.exceptions(chunk, head)?;
        let (places, numbers) = (places.as_chunks::<2>().0, numbers.as_chunks::<8>().0);
        let mut next = 0;
        for (place, number) in places.iter().zip(numbers) {
            let place = usize::from(u16::from_le_bytes(*place));
            let slot = out.get_mut(place).filter(|field| place >= next && **field == marker)?;
            *slot = u64::from_le_bytes(*number);
            next = place + 1;
        }
        Some(())
    }

    /// A reader that unpacks whole chunks.
    pub(crate) fn cursor(&self) -> PackedCursor<'_> {
        PackedCursor::new(self, false)
    }

    /// The same for numbers that have to ascend: a chunk where they do not is damaged.
    pub(crate) fn ascending(&self) -> PackedCursor<'_> {
        PackedCursor::new(self, true)
    }
}

/// The greatest of some numbers; 0 of none. In four lanes, for one compares each with the one before.
fn greatest(numbers: &[u64]) -> u64 {
    let (fours, rest) = numbers.as_chunks::<4>();
    let mut lanes = [0; 4];
    for four in fours {
        lanes.iter_mut().zip(four).for_each(|(lane, &number)| *lane = number.max(*lane));
    }
    lanes.iter().chain(rest).copied().max().unwrap_or(0)
}

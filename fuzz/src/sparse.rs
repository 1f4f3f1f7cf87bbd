//! A device that is mostly zeros, so that a few bytes of input describe a large disk.
//!
//! ```text
//! 0  8  length of the device in bytes; the highest byte is left out, so that offsets can be added
//!    then, until the input ends, pieces of
//! 0  8  where the piece lies; the highest byte is left out again
//! 8  2  how many bytes it has; 0xFFFF: none, but the 512 bytes there cannot be read
//! A  …  the bytes
//! ```

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use quarry_io::{Device, DeviceKind};

/// The piece's length that stands for a sector that cannot be read.
const FAILS: u16 = u16::MAX;
/// Bytes that cannot be read there.
const SECTOR_BYTES: u64 = 512;
/// Zeros from which on a new piece takes less than they do.
const ZEROS_MIN: usize = 12;

/// The device. It counts what is read of it.
#[derive(Debug, Default)]
pub(crate) struct Sparse {
    length: u64,
    pieces: Vec<(u64, Vec<u8>)>,
    failing: Vec<Range<u64>>,
    asked: AtomicU64,
}

impl Sparse {
    /// Reads a description; whatever bytes are one.
    pub(crate) fn decode(data: &[u8]) -> Self {
        let mut rest = data;
        let mut sparse = Self { length: number::<7>(&mut rest), ..Self::default() };
        number::<1>(&mut rest);
        while !rest.is_empty() {
            let offset = number::<7>(&mut rest);
            number::<1>(&mut rest);
            match u16::try_from(number::<2>(&mut rest)).unwrap_or(0) {
                FAILS => sparse.failing.push(offset..offset + SECTOR_BYTES),
                length => {
                    let (bytes, behind) = rest.split_at(rest.len().min(length.into()));
                    sparse.pieces.push((offset, bytes.to_vec()));
                    rest = behind;
                }
            }
        }
        sparse
    }

    /// Describes a device that holds `image`, its zeros left out, which is `length` bytes long.
    pub(crate) fn encode(image: &[u8], length: u64) -> Vec<u8> {
        let mut data = length.to_le_bytes().to_vec();
        let mut pieces: Vec<Range<usize>> = Vec::new();
        for (at, _) in image.iter().enumerate().filter(|&(_, &byte)| byte != 0) {
            match pieces.last_mut() {
                Some(last) if at < last.end + ZEROS_MIN && at - last.start < usize::from(FAILS) - 1 => {
                    last.end = at + 1
                }
                _ => pieces.push(at..at + 1),
            }
        }
        for piece in pieces {
            let bytes = image.get(piece.clone()).unwrap_or_default();
            data.extend_from_slice(&(piece.start as u64).to_le_bytes());
            data.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
            data.extend_from_slice(bytes);
        }
        data
    }

    /// Makes the bytes at `range` fail to be read.
    pub(crate) fn fail_on(&mut self, range: Range<u64>) {
        self.failing.push(range);
    }

    /// How many bytes have been asked for.
    pub(crate) fn bytes_asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl From<Vec<u8>> for Sparse {
    fn from(image: Vec<u8>) -> Self {
        Self { length: image.len() as u64, pieces: vec![(0, image)], ..Self::default() }
    }
}

/// A little-endian number of `BYTES`, taken from the front; what is missing counts as zeros.
fn number<const BYTES: usize>(rest: &mut &[u8]) -> u64 {
    let (bytes, behind) = rest.split_at(rest.len().min(BYTES));
    *rest = behind;
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

impl Device for Sparse {
    fn name(&self) -> &'static str {
        "sparse"
    }

    fn len(&self) -> u64 {
        self.length
    }

    fn kind(&self) -> DeviceKind {
        DeviceKind::Memory
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let there = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX).min(buf.len());
        let (buf, _) = buf.split_at_mut(there);
        self.asked.fetch_add(there as u64, Ordering::Relaxed);
        let span = offset..offset + there as u64;
        if self.failing.iter().any(|range| range.start < span.end && span.start < range.end) {
            return Err(io::Error::other("a sector that cannot be read"));
        }
        buf.fill(0);
        for (start, bytes) in &self.pieces {
            let end = start + bytes.len() as u64;
            let common = span.start.max(*start)..span.end.min(end);
            if common.is_empty() {
                continue;
            }
            let within = |from: u64| {
                let place = |at: u64| usize::try_from(at - from).unwrap_or(usize::MAX);
                place(common.start)..place(common.end)
            };
            if let (Some(to), Some(from)) = (buf.get_mut(within(span.start)), bytes.get(within(*start))) {
                to.copy_from_slice(from);
            }
        }
        Ok(there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_is_read() {
        let mut image = vec![0; 200_000];
        for (at, byte) in
            image.iter_mut().enumerate().filter(|(at, _)| at % 70_000 < 66_000 && at % 997 < 500)
        {
            *byte = at.to_le_bytes()[0];
        }
        let device = Sparse::decode(&Sparse::encode(&image, 1 << 40));
        assert_eq!((device.len(), device.read_bytes(0, image.len()).unwrap()), (1 << 40, image.clone()));
        assert_eq!(device.read_bytes(150_001, 9).unwrap(), image[150_001..150_010]);
        assert_eq!(device.read_bytes((1 << 40) - 3, 3).unwrap(), [0; 3]);
    }

    #[test]
    fn sectors_fail_where_it_says() {
        let device =
            Sparse::decode(&[&Sparse::encode(&[], 4096)[..], &1024u64.to_le_bytes(), &[0xFF; 2]].concat());
        assert!(device.read_bytes(1000, 25).is_err());
        assert_eq!((device.read_bytes(0, 1024).is_ok(), device.read_bytes(1536, 9).is_ok()), (true, true));
    }
}

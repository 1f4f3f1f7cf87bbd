//! What a device is to the rest of the program, and what it says when a read fails.
//!
//! The trait asks implementations for one read that may be short, as the system gives it, and provides the reads
//! that callers want, so that retrying, short reads and alignment are handled in one place for every device.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::port::PortSource;
use crate::{AlignedBuffer, DriveKind};

/// Where the bytes of a device come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceKind {
    /// A regular file: an image or a dump.
    File,
    /// A block device: a disk or one of its partitions.
    Block,
    /// Bytes held in memory.
    Memory,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Block => "block device",
            Self::Memory => "memory",
        })
    }
}

/// Something that is read at positions and never written: a file, a block device, memory, or a part of one.
///
/// The length is fixed when the device is opened. Reads from several threads at once do not disturb each other.
pub trait Device: Send + Sync + fmt::Debug {
    /// What a person calls it; for messages.
    fn name(&self) -> &str;

    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of which the offset, the length and the buffer's address of every [`read_at`](Self::read_at) must be
    /// multiples. A power of two; 1 where the system's page cache stands between.
    fn alignment(&self) -> u32 {
        1
    }

    /// Where the bytes come from.
    fn kind(&self) -> DeviceKind;

    /// Where byte `offset` of this device lies on the whole device that this one is cut from; `offset` itself when
    /// this one is whole.
    fn whole_offset(&self, offset: u64) -> u64 {
        offset
    }

    /// What a [`Port`](crate::Port) can work on in this device's place. Nothing: it has to be read through
    /// [`read_at`](Self::read_at), as one that looks at the bytes on their way must.
    fn port_source(&self) -> Option<PortSource> {
        None
    }

    /// The kind of drive that the bytes come from, as far as it can be told.
    fn drive(&self) -> DriveKind {
        DriveKind::Virtual
    }

    /// Whether the `bytes` at `offset` would come out of memory now, without a drive. Nothing: it cannot be told.
    fn is_cached(&self, offset: u64, bytes: usize) -> Option<bool> {
        let _ = (offset, bytes);
        None
    }

    /// The same bytes, read past the system's page cache; it asks for [aligned](Self::alignment) requests. Nothing: there is no such way.
    fn past_cache(&self) -> Option<Arc<dyn Device>> {
        None
    }

    /// Reads once from `offset` into `buf` and returns the count of bytes read: all that `buf` holds, or fewer at the
    /// end of the device or where the system gives fewer; 0 only for an empty `buf` or at or beyond the end.
    ///
    /// # Errors
    /// What the system says, [`io::ErrorKind::Interrupted`] included.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Fills `buf` from `offset`, however many reads that takes. The request must respect the
    /// [`alignment`](Self::alignment).
    ///
    /// # Errors
    /// A [`ReadError`] that says how far it came; `buf` holds [`ReadError::got`] good bytes then.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<(), ReadError> {
        let wanted = buf.len();
        let (got, source) = fill(self, buf, offset);
        if got == wanted { Ok(()) } else { Err(ReadError::new(self, offset, wanted, got, source)) }
    }

    /// Reads `len` bytes from any `offset` into memory of its own, aligning the request where the device asks for it.
    /// For boot sectors and the like: it allocates `len` bytes, so the caller bounds `len` first.
    ///
    /// # Errors
    /// A [`ReadError`], as [`read_exact_at`](Self::read_exact_at) gives it.
    fn read_bytes(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        if self.alignment() <= 1 {
            let mut bytes = vec![0; len];
            self.read_exact_at(&mut bytes, offset)?;
            return Ok(bytes);
        }
        read_unaligned(self, offset, len)
    }
}

/// Fills `buf` as far as the device allows; the count of good bytes, and the error that ended it unless the device did.
fn fill<D: Device + ?Sized>(device: &D, buf: &mut [u8], offset: u64) -> (usize, Option<io::Error>) {
    let alignment = usize::try_from(device.alignment().max(1)).unwrap_or(1);
    let mut done = 0;
    while done < buf.len() {
        let Some(position) = offset.checked_add(done as u64) else { return (done, None) };
        let Some(rest) = buf.get_mut(done..) else { return (done, None) };
        match device.read_at(rest, position) {
            Ok(0) => return (done, None),
            Ok(count) => {
                let reached = (done + count).min(buf.len());
                // A short read that ends between two multiples of the alignment is continued from the lower one.
                let next = if reached == buf.len() { reached } else { reached - reached % alignment };
                if next <= done {
                    return (reached, None);
                }
                done = next;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (done, Some(error)),
        }
    }
    (done, None)
}

/// [`Device::read_bytes`] where requests must be aligned: reads the multiples around the range and cuts it out.
fn read_unaligned<D: Device + ?Sized>(device: &D, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
    let refuse = |got, source| ReadError::new(device, offset, len, got, source);
    let alignment = u64::from(device.alignment());
    let lead = offset % alignment;
    let around = usize::try_from(lead)
        .ok()
        .and_then(|lead| lead.checked_add(len))
        .and_then(|end| end.checked_next_multiple_of(usize::try_from(alignment).ok()?));
    let (Some(around), Ok(lead)) = (around, usize::try_from(lead)) else {
        return Err(refuse(0, Some(io::ErrorKind::InvalidInput.into())));
    };
    let mut buffer = AlignedBuffer::new(around);
    let (got, source) = fill(device, &mut buffer, offset - offset % alignment);
    // The stretch after the wanted bytes may lie behind the device's end, or fail: nobody asked for it.
    let good = got.saturating_sub(lead).min(len);
    match buffer.get(lead..lead + good) {
        Some(bytes) if good == len => Ok(bytes.to_vec()),
        _ => Err(refuse(good, source)),
    }
}

/// A read that did not give all that was asked for.
///
/// [`source`](Self::source) is what the system said, or `None` when the device ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub struct ReadError {
    /// Name of the device.
    pub device: String,
    /// Offset of the first byte asked for, in the device.
    pub offset: u64,
    /// The same byte's offset in the whole device that this one is cut from; equal to `offset` when it is whole.
    pub whole_offset: u64,
    /// Bytes asked for.
    pub wanted: usize,
    /// Bytes read before it failed.
    pub got: usize,
    /// Where the device ends.
    pub device_bytes: u64,
    /// What the system said; `None` when the device ended.
    pub source: Option<io::Error>,
}

impl ReadError {
    fn new<D: Device + ?Sized>(
        device: &D,
        offset: u64,
        wanted: usize,
        got: usize,
        source: Option<io::Error>,
    ) -> Self {
        let (whole_offset, device_bytes) = (device.whole_offset(offset), device.len());
        Self { device: device.name().to_owned(), offset, whole_offset, wanted, got, device_bytes, source }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, offset, whole_offset, wanted, got, device_bytes, .. } = self;
        write!(f, "{device}: cannot read {wanted} bytes at offset {offset}")?;
        if whole_offset != offset {
            write!(f, " ({whole_offset} of the whole device)")?;
        }
        match self.source {
            Some(_) => write!(f, ": failed after {got}"),
            // A device that gives less than its length has been cut meanwhile.
            None if offset.saturating_add(*wanted as u64) <= *device_bytes => {
                write!(f, ": the device gave no more after {got} bytes")
            }
            None => write!(f, ": the device ends at offset {device_bytes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultyDevice, MemoryDevice};
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    /// A device that demands alignment like an unbuffered handle, and answers from a script of short reads first.
    #[derive(Debug)]
    struct Strict {
        bytes: Vec<u8>,
        alignment: u32,
        script: Mutex<VecDeque<Result<usize, io::ErrorKind>>>,
    }

    impl Strict {
        fn new(len: u16, alignment: u32, script: &[Result<usize, io::ErrorKind>]) -> Self {
            let bytes = (0..len).map(|i| i.to_le_bytes()[usize::from(i % 2)]).collect();
            Self { bytes, alignment, script: Mutex::new(script.iter().copied().collect()) }
        }
    }

    impl Device for Strict {
        fn name(&self) -> &str {
            "strict"
        }
        fn len(&self) -> u64 {
            self.bytes.len() as u64
        }
        fn alignment(&self) -> u32 {
            self.alignment
        }
        fn kind(&self) -> DeviceKind {
            DeviceKind::Memory
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            let alignment = self.alignment as usize;
            assert_eq!(offset % u64::from(self.alignment), 0, "offset {offset}");
            assert_eq!(buf.len() % alignment, 0, "length {}", buf.len());
            assert_eq!(buf.as_ptr().addr() % alignment, 0, "address");
            let most = self.script.lock().unwrap().pop_front().unwrap_or(Ok(usize::MAX))?;
            let start = usize::try_from(offset).unwrap().min(self.bytes.len());
            let count = buf.len().min(self.bytes.len() - start).min(most);
            buf[..count].copy_from_slice(&self.bytes[start..start + count]);
            Ok(count)
        }
    }

    #[test]
    fn short_and_interrupted_reads_are_continued() {
        let interrupted = Err(io::ErrorKind::Interrupted);
        let device = Strict::new(100, 1, &[Ok(3), interrupted, Ok(1), interrupted, interrupted, Ok(5)]);
        assert_eq!(device.read_bytes(10, 80).unwrap(), &device.bytes[10..90]);
        assert!(device.script.lock().unwrap().is_empty());
    }

    #[test]
    fn an_aligned_device_is_only_asked_for_multiples() {
        // 700 is no multiple of 512: the second request has to start again at 512.
        let device = Strict::new(3000, 512, &[Ok(700)]);
        assert_eq!(device.read_bytes(100, 1500).unwrap(), &device.bytes[100..1600]);
        // The last multiple around the range reaches behind the end.
        assert_eq!(device.read_bytes(2990, 10).unwrap(), &device.bytes[2990..]);
        let error = device.read_bytes(2990, 11).unwrap_err();
        assert_eq!((error.offset, error.wanted, error.got), (2990, 11, 10));
    }

    #[test]
    fn an_aligned_device_that_gives_less_than_one_multiple_ends_the_read() {
        let device = Strict::new(3000, 512, &[Ok(100), Ok(100), Ok(100)]);
        assert_eq!(device.read_bytes(0, 300).unwrap_err().got, 100);
    }

    #[test]
    fn the_error_says_where_how_much_and_why() {
        let bytes = Arc::new(MemoryDevice::new("disk.img", vec![1; 100]));
        let error = bytes.read_bytes(90, 20).unwrap_err();
        assert_eq!(
            error.to_string(),
            "disk.img: cannot read 20 bytes at offset 90: the device ends at offset 100"
        );
        let error = Strict::new(100, 1, &[Ok(7), Ok(0)]).read_bytes(10, 20).unwrap_err();
        assert_eq!(
            error.to_string(),
            "strict: cannot read 20 bytes at offset 10: the device gave no more after 7 bytes"
        );

        let faulty = FaultyDevice::new(bytes).short_reads(16).fail_on(32..33);
        let error = faulty.read_bytes(0, 100).unwrap_err();
        assert_eq!(error.to_string(), "disk.img: cannot read 100 bytes at offset 0: failed after 32");
        assert!(error.source.is_some());
    }

    #[test]
    fn offsets_at_the_end_of_numbers_are_refused() {
        let aligned = Strict::new(1024, 512, &[]);
        let plain = MemoryDevice::new("m", vec![0; 10]);
        for offset in [u64::MAX, u64::MAX - 1, 1 << 63] {
            assert_eq!(plain.read_bytes(offset, 4).unwrap_err().got, 0);
        }
        assert_eq!(aligned.read_bytes(u64::from(u32::MAX), 4).unwrap_err().got, 0);
    }

    proptest! {
        #[test]
        fn reads_equal_slices(
            len in 0u16..3000,
            offset in 0usize..3100,
            wanted in 0usize..3100,
            alignment in prop::sample::select(vec![1u32, 8, 512]),
            short in prop::collection::vec(512usize..2000, 0..5),
        ) {
            let script: Vec<_> = short.into_iter().map(Ok).collect();
            let device = Strict::new(len, alignment, &script);
            let read = device.read_bytes(offset as u64, wanted);
            match device.bytes.get(offset..offset + wanted) {
                Some(expected) => prop_assert_eq!(read.unwrap(), expected),
                // A read of nothing beyond the end has nothing to miss.
                None if wanted == 0 => prop_assert_eq!(read.unwrap(), Vec::<u8>::new()),
                None => {
                    let error = read.unwrap_err();
                    prop_assert_eq!(error.got, device.bytes.len().saturating_sub(offset));
                    prop_assert!(error.source.is_none());
                }
            }
        }
    }
}

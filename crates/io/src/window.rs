//! A part of a device as a device: a partition of a disk, a volume inside an image.
//!
//! The bounds are checked once when the window is made and kept at every read, so that a corrupt volume can never
//! reach its neighbour, whatever offsets its metadata claims.

use std::io;
use std::sync::Arc;

use crate::port::PortSource;
use crate::{Device, DeviceKind, DriveKind};

/// The bytes from an offset on, for a length, of another device.
#[derive(Debug, Clone)]
pub struct Window {
    name: String,
    device: Arc<dyn Device>,
    offset: u64,
    length: u64,
}

/// A window that would reach beyond its device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{device}: {length} bytes at offset {offset} reach beyond its end at {device_length}")]
#[non_exhaustive]
pub struct WindowError {
    /// Name of the device.
    pub device: String,
    /// Asked-for offset in the device, in bytes.
    pub offset: u64,
    /// Asked-for length in bytes.
    pub length: u64,
    /// Length of the device in bytes.
    pub device_length: u64,
}

impl Window {
    /// The `length` bytes of `device` from `offset` on, called `name` in messages.
    ///
    /// # Errors
    /// [`WindowError`] when they are not all inside the device.
    pub fn new(
        device: Arc<dyn Device>,
        name: impl Into<String>,
        offset: u64,
        length: u64,
    ) -> Result<Self, WindowError> {
        let device_length = device.len();
        if offset.checked_add(length).is_none_or(|end| end > device_length) {
            return Err(WindowError { device: device.name().to_owned(), offset, length, device_length });
        }
        Ok(Self { name: name.into(), device, offset, length })
    }

    /// The device that this is a part of.
    #[must_use]
    pub fn device(&self) -> &Arc<dyn Device> {
        &self.device
    }

    /// Offset of the first byte in that device.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether aligned requests of the window are aligned requests of the device.
    fn is_aligned(&self) -> bool {
        let alignment = u64::from(self.device.alignment().max(1));
        self.offset.is_multiple_of(alignment) && self.length.is_multiple_of(alignment)
    }
}

impl Device for Window {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.length
    }

    /// What the device asks for, if the window begins and ends at multiples of it; else 1: a partition that begins at
    /// sector 63 of a disk read in pages of 4096 bytes is read through a copy.
    fn alignment(&self) -> u32 {
        if self.is_aligned() { self.device.alignment() } else { 1 }
    }

    fn kind(&self) -> DeviceKind {
        self.device.kind()
    }

    fn whole_offset(&self, offset: u64) -> u64 {
        self.device.whole_offset(self.offset.saturating_add(offset))
    }

    fn port_source(&self) -> Option<PortSource> {
        let PortSource { target, offset } = self.device.port_source()?;
        Some(PortSource { target, offset: offset.checked_add(self.offset)? })
    }

    fn drive(&self) -> DriveKind {
        self.device.drive()
    }

    fn is_cached(&self, offset: u64, bytes: usize) -> Option<bool> {
        self.device.is_cached(self.offset.checked_add(offset)?, bytes)
    }

    fn past_cache(&self) -> Option<Arc<dyn Device>> {
        Some(Arc::new(Self { device: self.device.past_cache()?, ..self.clone() }))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.length.saturating_sub(offset);
        let count = usize::try_from(rest).unwrap_or(usize::MAX).min(buf.len());
        let Some(part) = buf.get_mut(..count).filter(|part| !part.is_empty()) else { return Ok(0) };
        // `offset` is below `length` here, and the window was checked to be inside the device.
        let offset = self.offset + offset;
        if self.is_aligned() {
            return self.device.read_at(part, offset);
        }
        let bytes = self.device.read_bytes(offset, count).map_err(|error| {
            // A device that ends inside a window of it has shrunk since the window was made.
            error.source.unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())
        })?;
        part.copy_from_slice(&bytes);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultyDevice, MemoryDevice};
    use proptest::prelude::*;

    fn disk(len: u16) -> Arc<dyn Device> {
        let bytes: Vec<u8> = (0..len).map(|i| i.to_le_bytes()[usize::from(i % 2)]).collect();
        Arc::new(MemoryDevice::new("disk", bytes))
    }

    /// A device that asks for alignment and refuses what is not aligned.
    #[derive(Debug)]
    struct Aligned(Arc<dyn Device>);

    impl Device for Aligned {
        fn name(&self) -> &str {
            self.0.name()
        }
        fn len(&self) -> u64 {
            self.0.len()
        }
        fn alignment(&self) -> u32 {
            64
        }
        fn kind(&self) -> DeviceKind {
            self.0.kind()
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            let aligned =
                [offset, buf.len() as u64, buf.as_ptr().addr() as u64].iter().all(|n| n.is_multiple_of(64));
            if aligned { self.0.read_at(buf, offset) } else { Err(io::ErrorKind::InvalidInput.into()) }
        }
    }

    #[test]
    fn a_window_must_lie_inside_its_device() {
        for (offset, length) in [(0, 101), (100, 1), (101, 0), (u64::MAX, 1), (1, u64::MAX)] {
            let error = Window::new(disk(100), "w", offset, length).unwrap_err();
            assert_eq!((error.offset, error.length, error.device_length), (offset, length, 100));
        }
        assert!(Window::new(disk(100), "w", 100, 0).unwrap().is_empty());
    }

    #[test]
    fn errors_carry_both_offsets_through_nested_windows() {
        let faulty: Arc<dyn Device> = Arc::new(FaultyDevice::new(disk(100)).fail_on(35..36));
        let outer: Arc<dyn Device> = Arc::new(Window::new(faulty, "disk 1", 10, 80).unwrap());
        let inner = Window::new(outer, "disk 1, part", 20, 30).unwrap();
        let error = inner.read_bytes(4, 8).unwrap_err();
        assert_eq!((error.offset, error.whole_offset), (4, 34));
        assert_eq!(
            error.to_string(),
            "disk 1, part: cannot read 8 bytes at offset 4 (34 of the whole device): failed after 0"
        );
    }

    proptest! {
        #[test]
        fn reads_equal_slices_of_the_slice(
            len in 0u16..2000,
            start in 0usize..2000,
            length in 0usize..2000,
            offset in 0usize..2100,
            wanted in 0usize..2100,
            aligned: bool,
        ) {
            let start = start.min(usize::from(len));
            let length = length.min(usize::from(len) - start);
            let whole = disk(len).read_bytes(0, usize::from(len)).unwrap();
            let device = if aligned { Arc::new(Aligned(disk(len))) } else { disk(len) };
            let window = Window::new(device, "w", start as u64, length as u64).unwrap();
            let part = &whole[start..start + length];

            let mut buf = vec![0; wanted];
            let expected = part.get(offset..).unwrap_or(&[]);
            let expected = &expected[..expected.len().min(wanted)];
            if window.alignment() == 1 {
                let count = window.read_at(&mut buf, offset as u64).unwrap();
                prop_assert_eq!(&buf[..count], expected);
            }
            match window.read_bytes(offset as u64, wanted) {
                Ok(bytes) => prop_assert_eq!(bytes, expected),
                Err(error) => {
                    prop_assert!(expected.len() < wanted);
                    prop_assert_eq!((error.got, error.whole_offset), (expected.len(), (start + offset) as u64));
                }
            }
        }
    }
}

//! A device whose bytes are in memory: images made by tests, small volumes unpacked from an archive.

use std::io;
use std::sync::Arc;

use crate::{Device, DeviceKind};

/// Bytes in memory, read as a device. Cheap to clone: the bytes are shared.
#[derive(Debug, Clone)]
pub struct MemoryDevice {
    name: String,
    bytes: Arc<[u8]>,
}

impl MemoryDevice {
    /// A device over `bytes`, called `name` in messages.
    pub fn new(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }

    /// All of the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Device for MemoryDevice {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn kind(&self) -> DeviceKind {
        DeviceKind::Memory
    }

    fn is_cached(&self, _offset: u64, _bytes: usize) -> Option<bool> {
        Some(true)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or(&[]);
        let count = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

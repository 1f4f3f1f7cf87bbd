//! What a port works on: files opened elsewhere, devices that block, and their registration.

use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Arc;
#[cfg(any(target_os = "linux", windows))]
use std::sync::OnceLock;

use quarry_sync::primitive::atomic::{AtomicBool, Ordering};

use crate::{Device, positioned};

#[cfg(windows)]
use super::iocp::PacketFile;
use super::op::Flush;
#[cfg(target_os = "linux")]
use super::uring::RingFile;
use crate::sim::SimDevice;

/// A device whose calls return when they are done. The port that works on one has threads to spend on it.
///
/// Calls come from several threads at once and need not be in any order.
pub trait BlockingDevice: Send + Sync + fmt::Debug {
    /// Reads once into `buf` from `offset` on; fewer bytes than asked for are continued, 0 are the device's end.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::Interrupted`] is tried again.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes once from `buf` to `offset`; fewer bytes than asked for are continued, 0 are an error.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::Interrupted`] is tried again.
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes durable what was written.
    ///
    /// # Errors
    /// What the system says. Nothing is known then about what was written before.
    fn flush(&self, flush: Flush) -> io::Result<()>;

    /// Bytes of which offsets and lengths must be multiples. A power of two.
    fn alignment(&self) -> u32 {
        1
    }

    /// Whether writes and flushes are taken at all.
    fn is_writable(&self) -> bool {
        true
    }
}

/// An open file or block device that a port can work on. Cheap to clone: clones are one handle.
///
/// It comes from a [`FileDevice`](crate::FileDevice), and is then read only, or from a
/// [`WritableFile`](crate::WritableFile).
#[derive(Debug, Clone)]
pub struct PortFile {
    file: Arc<File>,
    alignment: u32,
    writable: bool,
}

impl PortFile {
    pub(crate) fn new(file: Arc<File>, alignment: u32, writable: bool) -> Self {
        Self { file, alignment: alignment.max(1), writable }
    }

    /// A handle opened elsewhere, to be read only. Nothing is checked: what it leads to may be of any kind.
    #[must_use]
    pub fn read_only(file: File) -> Self {
        Self::new(Arc::new(file), 1, false)
    }

    #[cfg(any(target_os = "linux", windows))]
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Whether it goes past the system's cache.
    #[cfg(windows)]
    pub(crate) fn is_unbuffered(&self) -> bool {
        self.alignment > 1
    }
}

impl BlockingDevice for PortFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        positioned::read_at(&self.file, buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        positioned::write_at(&self.file, buf, offset)
    }

    fn flush(&self, flush: Flush) -> io::Result<()> {
        match flush {
            Flush::Data => self.file.sync_data(),
            Flush::All => self.file.sync_all(),
        }
    }

    fn alignment(&self) -> u32 {
        self.alignment
    }

    fn is_writable(&self) -> bool {
        self.writable
    }
}

/// What can be registered with a port. Not every backend takes every kind.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Target {
    /// A file or a block device. Every backend that works on real disks takes it.
    File(PortFile),
    /// Anything that blocks. Only a backend with threads takes it.
    Blocking(Arc<dyn BlockingDevice>),
    /// One of a simulation, for a port on the same simulation; a backend with threads takes it as well.
    Simulated(SimDevice),
}

impl Target {
    pub(crate) fn blocking(&self) -> &dyn BlockingDevice {
        match self {
            Self::File(file) => file,
            Self::Blocking(device) => &**device,
            Self::Simulated(device) => device,
        }
    }
}

/// Where a port finds the bytes of a [`Device`].
#[derive(Debug, Clone)]
pub struct PortSource {
    /// What is registered.
    pub target: Target,
    /// Where the device's first byte lies on it.
    pub offset: u64,
}

impl PortSource {
    /// That of `device`: its own, or, where it has none, the device itself, read by threads that block.
    #[must_use]
    pub fn of(device: &Arc<dyn Device>) -> Self {
        let blocking = || Target::Blocking(Arc::new(ReadOnly(Arc::clone(device))));
        device.port_source().unwrap_or_else(|| Self { target: blocking(), offset: 0 })
    }
}

/// A device as one that blocks and takes no writes.
#[derive(Debug)]
struct ReadOnly(Arc<dyn Device>);

impl BlockingDevice for ReadOnly {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }

    fn write_at(&self, _buf: &[u8], _offset: u64) -> io::Result<usize> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn flush(&self, _flush: Flush) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn alignment(&self) -> u32 {
        self.0.alignment()
    }

    fn is_writable(&self) -> bool {
        false
    }
}

impl From<PortFile> for Target {
    fn from(file: PortFile) -> Self {
        Self::File(file)
    }
}

impl From<Arc<dyn BlockingDevice>> for Target {
    fn from(device: Arc<dyn BlockingDevice>) -> Self {
        Self::Blocking(device)
    }
}

/// A device as registered with one port. Cheap to clone. The target stays open until the last clone and the last
/// operation on it are gone.
#[derive(Debug, Clone)]
pub struct PortDevice(pub(crate) Arc<Registered>);

#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) target: Target,
    key: u64,
    alignment: u32,
    writable: bool,
    /// Which registration of the port it is, counted from 0; never given twice.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only a ring asks"))]
    pub(crate) number: u32,
    /// Held by the port as well: an operation on another port's device would go to the wrong disk.
    port: Arc<()>,
    withdrawn: AtomicBool,
    /// What a completion port of the system works on. It is closed with the last operation.
    #[cfg(windows)]
    packet_file: OnceLock<PacketFile>,
    /// What a ring knows the file by, which would keep it open.
    #[cfg(target_os = "linux")]
    ring_file: OnceLock<RingFile>,
}

impl PortDevice {
    pub(super) fn new(target: Target, key: u64, number: u32, port: Arc<()>) -> Self {
        let (alignment, writable) = (target.blocking().alignment().max(1), target.blocking().is_writable());
        let withdrawn = AtomicBool::new(false);
        Self(Arc::new(Registered {
            target,
            key,
            alignment,
            writable,
            number,
            port,
            withdrawn,
            #[cfg(windows)]
            packet_file: OnceLock::new(),
            #[cfg(target_os = "linux")]
            ring_file: OnceLock::new(),
        }))
    }

    /// The key it was registered with.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.0.key
    }

    /// Bytes of which offsets and lengths of operations must be multiples.
    #[must_use]
    pub fn alignment(&self) -> u32 {
        self.0.alignment
    }

    /// Whether it takes writes and flushes.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.0.writable
    }

    pub(super) fn belongs_to(&self, port: &Arc<()>) -> bool {
        Arc::ptr_eq(&self.0.port, port)
    }

    pub(super) fn withdraw(&self) {
        // `Relaxed`: a submission that does not see it yet came before it.
        self.0.withdrawn.store(true, Ordering::Relaxed);
    }
}

impl Registered {
    pub(crate) fn alignment(&self) -> u32 {
        self.alignment
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }

    #[cfg(windows)]
    pub(super) fn set_packet_file(&self, file: PacketFile) {
        // A device is registered once.
        let _first = self.packet_file.set(file);
    }

    #[cfg(target_os = "linux")]
    pub(super) fn set_ring_file(&self, file: RingFile) {
        // A device is registered once.
        let _first = self.ring_file.set(file);
    }

    #[cfg(windows)]
    pub(super) fn packet_file(&self) -> Option<&PacketFile> {
        self.packet_file.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::{Op, Port, PortOptions};
    use crate::sim::{Sim, SimProfile};
    use crate::{Buffer, FaultyDevice, FileDevice, MemoryDevice, Window};

    /// What a port reads in a device's place, and through which backend.
    fn check(device: Arc<dyn Device>, offset: u64, backend: Option<&str>) {
        let expected = device.read_bytes(offset, 100).unwrap();
        let PortSource { target, offset: base } = PortSource::of(&device);
        let port: Port<()> = PortOptions::new().working_on(&target).open().unwrap();
        let registered = port.register(target, 0).unwrap();
        assert!(!registered.is_writable() || backend == Some("sim"));
        let op = Op::read(&registered, base + offset, Buffer::alone(100).unwrap(), ());
        let completion = port.submit(op).unwrap().wait();
        assert_eq!(completion.result.unwrap(), 100);
        assert_eq!(&completion.buffers.into_one().unwrap()[..], expected);
        assert!(backend.is_none_or(|backend| port.backend() == backend));
    }

    #[test]
    fn a_port_reads_what_the_device_reads() {
        let bytes: Vec<u8> = (0..=255).cycle().take(64 << 10).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let on_disk: Arc<dyn Device> = Arc::new(FileDevice::open(file.path()).unwrap());
        let memory: Arc<dyn Device> = Arc::new(MemoryDevice::new("memory", bytes.clone()));
        let disk = Sim::new(1).disk(SimProfile::instant(), bytes.len() as u64);
        disk.fill(0, &bytes);
        check(Arc::clone(&on_disk), 7, None);
        // A part of a part, by the handle of the whole.
        let part: Arc<dyn Device> = Arc::new(Window::new(on_disk, "part", 1000, 9000).unwrap());
        let inner: Arc<dyn Device> = Arc::new(Window::new(part, "inner", 11, 800).unwrap());
        assert_eq!(inner.port_source().map(|source| source.offset), Some(1011));
        check(inner, 300, None);
        check(Arc::clone(&memory), 7, Some("threads"));
        check(Arc::new(disk), 7, Some("sim"));
        // What changes bytes on their way is not gone past.
        let faulty = FaultyDevice::new(memory).overlay(50, [0xAA; 20], crate::Overlay::LaterReads);
        assert!(faulty.port_source().is_none());
        faulty.read_bytes(0, 100).unwrap();
        check(Arc::new(faulty), 0, Some("threads"));
    }

    #[test]
    fn what_is_cached_is_told_where_the_system_tells() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [1; 8192]).unwrap();
        let device = FileDevice::open(file.path()).unwrap();
        // It was written just now. Where the file system cannot tell, nothing is said.
        assert_ne!(device.is_cached(0, 8192), Some(false));
        assert_eq!(device.is_cached(0, 0), None, "nothing is asked for");
        assert_eq!(device.is_cached(u64::MAX, 2), None);
        assert_eq!(MemoryDevice::new("memory", [0; 4]).is_cached(0, 4), Some(true));
    }
}

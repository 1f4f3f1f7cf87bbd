//! What differs between backends: how a port is opened on one, and what its devices are made of.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use quarry_io::WritableFile;
use quarry_io::port::{BackendKind, BlockingDevice, Flush, Op, Port, PortDevice, PortOptions, Target};
#[cfg(target_os = "linux")]
use quarry_io::sim::Fault;
use quarry_io::sim::{Sim, SimDevice, SimProfile};
use quarry_io::{Buffer, BufferPool};

/// Long enough that a test which gets here has failed. Where time is virtual and passes for those who wait, see
/// [`Harness::never`].
pub(crate) const NEVER: Duration = Duration::from_secs(60);
/// Long enough for something to go wrong that should not happen at all.
pub(crate) const A_WHILE: Duration = Duration::from_millis(30);

pub(crate) type TestPort = Port<u64>;

/// A device whose reads stall until they are released, and then meet its end: they move no byte.
pub(crate) struct Stalling {
    pub(crate) target: Target,
    begun: Box<dyn Fn(u64) + Send>,
    release: Option<Box<dyn FnOnce() + Send>>,
}

impl Stalling {
    /// Waits until the system has begun so many reads; before that it could give them back as if they had never been.
    pub(crate) fn wait_begun(&self, count: u64) {
        (self.begun)(count);
    }

    pub(crate) fn release(mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

impl Drop for Stalling {
    /// A test that fails leaves no thread behind that waits for ever.
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

pub(crate) trait Harness: Sync {
    /// Options of a port on this backend.
    fn options(&self) -> PortOptions;

    /// A device that stalls.
    fn stalling(&self) -> Stalling;

    /// Whether the system gives up an operation on such a device when it is asked to.
    fn gives_up(&self) -> bool;

    /// A device of these bytes, to read from and write to. Writes lengthen it.
    fn holding(&self, bytes: &[u8]) -> Target {
        let mut file = temporary(File::options().read(true).write(true));
        file.write_all(bytes).unwrap();
        WritableFile::from_file(file, "a temporary file").port_file().into()
    }

    /// A device all of whose reads fail.
    fn failing(&self) -> Target {
        let write_only = temporary(File::options().write(true));
        WritableFile::from_file(write_only, "write-only").port_file().into()
    }

    /// A device that has no room.
    #[cfg(target_os = "linux")]
    fn full(&self) -> Target {
        let full = File::options().read(true).write(true).open("/dev/full").unwrap();
        WritableFile::from_file(full, "full").port_file().into()
    }

    /// Whether it works on files of the system.
    fn takes_files(&self) -> bool {
        true
    }

    /// A limit for waits that should end before it.
    fn never(&self) -> Duration {
        NEVER
    }

    /// Lets what is in flight end although nobody waits for it.
    fn let_pass(&self, _port: &TestPort) {}

    fn port(&self) -> TestPort {
        self.options().open().unwrap()
    }

    fn port_with_depth(&self, depth: usize, change: impl FnOnce(PortOptions) -> PortOptions) -> TestPort
    where
        Self: Sized,
    {
        change(self.options().depth(NonZeroUsize::new(depth).unwrap())).open().unwrap()
    }
}

pub(crate) struct OnThreads;

impl Harness for OnThreads {
    fn options(&self) -> PortOptions {
        PortOptions::new().backend(BackendKind::Threads)
    }

    fn stalling(&self) -> Stalling {
        let gate = Arc::new(Gate::default());
        let (device, watched): (Arc<dyn BlockingDevice>, _) = (Arc::clone(&gate) as _, Arc::clone(&gate));
        let begun = Box::new(move |count| watched.wait_begun(count));
        Stalling { target: device.into(), begun, release: Some(Box::new(move || gate.open())) }
    }

    fn gives_up(&self) -> bool {
        false
    }
}

/// A device that blocks its readers until it is opened.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    opened: bool,
    begun: u64,
}

impl Gate {
    fn open(&self) {
        self.state.lock().unwrap().opened = true;
        self.changed.notify_all();
    }

    fn wait_begun(&self, count: u64) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| state.begun < count).unwrap());
    }
}

impl BlockingDevice for Gate {
    fn read_at(&self, _buf: &mut [u8], _offset: u64) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap();
        state.begun += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| !state.opened).unwrap());
        Ok(0)
    }

    fn write_at(&self, _buf: &[u8], _offset: u64) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn flush(&self, _flush: Flush) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(target_os = "linux")]
pub(crate) struct OnUring;

#[cfg(target_os = "linux")]
impl Harness for OnUring {
    fn options(&self) -> PortOptions {
        PortOptions::new().backend(BackendKind::Uring)
    }

    /// A pipe with nobody writing: its readers wait in the kernel, and meet the end when the other side goes.
    fn stalling(&self) -> Stalling {
        let (reader, writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(reader));
        let target = quarry_io::port::PortFile::read_only(file).into();
        // What is submitted to a ring has begun.
        Stalling { target, begun: Box::new(|_| ()), release: Some(Box::new(move || drop(writer))) }
    }

    fn gives_up(&self) -> bool {
        true
    }
}

#[cfg(windows)]
pub(crate) struct OnIocp;

#[cfg(windows)]
impl Harness for OnIocp {
    fn options(&self) -> PortOptions {
        PortOptions::new().backend(BackendKind::Iocp)
    }

    /// As on a ring.
    fn stalling(&self) -> Stalling {
        let (reader, writer) = crate::pipe::pipe();
        let target = quarry_io::port::PortFile::read_only(reader).into();
        // What is submitted has begun.
        Stalling { target, begun: Box::new(|_| ()), release: Some(Box::new(move || drop(writer))) }
    }

    fn gives_up(&self) -> bool {
        true
    }
}

/// An empty file that others may open, and that is gone with its last handle.
fn temporary(options: &mut OpenOptions) -> File {
    let place = tempfile::NamedTempFile::new().unwrap();
    #[cfg(windows)]
    {
        // A name that is taken away while a handle is open leads nowhere, not even for that handle.
        let (_, path) = place.keep().unwrap();
        let flag = windows_sys::Win32::Storage::FileSystem::FILE_FLAG_DELETE_ON_CLOSE;
        std::os::windows::fs::OpenOptionsExt::custom_flags(options, flag).open(path).unwrap()
    }
    #[cfg(not(windows))]
    options.open(place.path()).unwrap()
}

/// One simulation for each test.
pub(crate) struct OnSim(Sim);

impl OnSim {
    pub(crate) fn new() -> Self {
        Self(Sim::new(1))
    }

    fn empty_file(&self) -> SimDevice {
        self.0.file(SimProfile::ssd(), 1 << 30)
    }
}

impl Harness for OnSim {
    fn options(&self) -> PortOptions {
        PortOptions::new().simulated(&self.0)
    }

    fn stalling(&self) -> Stalling {
        let device = self.empty_file();
        device.hold();
        let target = device.clone().into();
        // What is submitted has come to the device.
        Stalling { target, begun: Box::new(|_| ()), release: Some(Box::new(move || device.release())) }
    }

    fn gives_up(&self) -> bool {
        true
    }

    fn holding(&self, bytes: &[u8]) -> Target {
        let device = self.empty_file();
        device.fill(0, bytes);
        device.into()
    }

    fn failing(&self) -> Target {
        let device = self.0.disk(SimProfile::hdd(), 1 << 20);
        device.fail_on(0..1 << 20);
        device.into()
    }

    #[cfg(target_os = "linux")]
    fn full(&self) -> Target {
        let device = self.empty_file();
        device.inject(Fault::Full);
        device.into()
    }

    fn takes_files(&self) -> bool {
        false
    }

    /// The end of time, for time passes as fast as it can.
    fn never(&self) -> Duration {
        Duration::MAX
    }

    fn let_pass(&self, port: &TestPort) {
        assert!(port.wait_for(A_WHILE).unwrap().is_none());
    }
}

/// A buffer with these bytes.
pub(crate) fn buffer(bytes: &[u8]) -> Buffer {
    let mut buffer = Buffer::alone(bytes.len()).unwrap();
    buffer.copy_from_slice(bytes);
    buffer
}

/// A buffer of `len` bytes of 0xEE, which no test writes to a device.
pub(crate) fn empty(len: usize) -> Buffer {
    buffer(&vec![0xEE; len])
}

pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

/// What the device holds from `offset` on, up to `len` bytes.
pub(crate) fn contents(port: &TestPort, device: &PortDevice, offset: u64, len: usize) -> Vec<u8> {
    let completion = port.submit(Op::read(device, offset, empty(len), 0)).unwrap().wait();
    let count = completion.result.unwrap();
    completion.buffers.into_one().unwrap()[..count].to_vec()
}

/// Registers a device that stalls and puts `count` reads of one byte on it, each with a buffer of `pool`.
pub(crate) fn stall(port: &TestPort, device: &PortDevice, pool: &BufferPool, count: u64) {
    for context in 0..count {
        port.enqueue(Op::read(device, 0, pool.take(), context)).unwrap();
    }
}

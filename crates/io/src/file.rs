//! Image files and block devices, opened for reading only.
//!
//! The file is read through the system's page cache: a second search of the same image costs no disk, and requests
//! need no alignment. Only a raw volume or disk of Windows is read past it, in whole sectors, and what [`Device::past_cache`] gives. What is not a regular file or a block device is refused before it is opened, because opening alone can
//! block for ever (a named pipe) or do something (a tape rewinds). What takes its place in between is refused, too, before it is opened or without
//! waiting for anybody.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

#[cfg(windows)]
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_NO_BUFFERING, FILE_GENERIC_READ};

use crate::port::{PortFile, PortSource};
#[cfg(windows)]
use crate::raw;
#[cfg(any(target_os = "linux", windows))]
use crate::{ALIGNMENT_BYTES, AlignedBuffer};
use crate::{Device, DeviceKind, DriveKind, FileKind, OpenError, positioned};

/// A regular file or a block device, read-only.
#[derive(Debug)]
pub struct FileDevice {
    name: String,
    file: Arc<File>,
    len: u64,
    alignment: u32,
    kind: DeviceKind,
}

impl FileDevice {
    /// Opens the image file or the block device at `path`. No handle that could write is ever made.
    ///
    /// # Errors
    /// [`OpenError`], which says what is wrong and what its owner can do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        #[cfg(windows)]
        if let Some(device) = raw::device_path(path) {
            return Self::open_raw(path, &device);
        }
        let owned = || path.to_owned();
        let metadata = path.metadata().map_err(|e| OpenError::from_io(owned(), false, e))?;
        let kind = accept(&metadata).map_err(|kind| OpenError::WrongKind { path: owned(), kind })?;
        let (mut file, kind) = open_now(path, kind)?;
        // Metadata gives 0 for a block device; its end is where seeking to the end arrives.
        let len =
            file.seek(SeekFrom::End(0)).map_err(|source| OpenError::NoLength { path: owned(), source })?;
        advise_sequential(&file);
        Ok(Self { name: path.display().to_string(), file: Arc::new(file), len, alignment: 1, kind })
    }

    /// A volume or a disk of Windows: its path alone says what it is, as it has no metadata.
    #[cfg(windows)]
    fn open_raw(path: &Path, device: &Path) -> Result<Self, OpenError> {
        let owned = || path.to_owned();
        let mut opened = raw::Opened::open(device).map_err(|e| OpenError::from_io(owned(), true, e))?;
        let len = opened.len().map_err(|source| OpenError::NoLength { path: owned(), source })?;
        let (file, alignment) = (Arc::new(opened.file), opened.sector_bytes);
        Ok(Self { name: path.display().to_string(), file, len, alignment, kind: DeviceKind::Block })
    }

    /// The same handle for a [`Port`](crate::port::Port), which will only read from it.
    #[must_use]
    pub fn port_file(&self) -> PortFile {
        PortFile::new(Arc::clone(&self.file), self.alignment, false)
    }
}

impl Device for FileDevice {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn alignment(&self) -> u32 {
        self.alignment
    }

    fn kind(&self) -> DeviceKind {
        self.kind
    }

    fn port_source(&self) -> Option<PortSource> {
        Some(PortSource { target: self.port_file().into(), offset: 0 })
    }

    /// For an image, that of the drive that it lies on.
    fn drive(&self) -> DriveKind {
        DriveKind::below(&self.file)
    }

    fn is_cached(&self, offset: u64, bytes: usize) -> Option<bool> {
        let last = offset.checked_add(bytes.checked_sub(1)? as u64)?;
        Some(is_cached_at(&self.file, offset)? && is_cached_at(&self.file, last)?)
    }

    fn past_cache(&self) -> Option<Arc<dyn Device>> {
        let (file, alignment) = past_cache(self)?;
        Some(Arc::new(Self { name: self.name.clone(), file, alignment, ..*self }))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        // The length stays what it was at opening even where the file grows, as the trait promises.
        let rest = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        // Past the cache whole sectors are asked for, even of a device that ends within one.
        let sector = usize::try_from(self.alignment).unwrap_or(1);
        let count = buf.len().min(rest.checked_next_multiple_of(sector).unwrap_or(rest));
        let Some(part) = buf.get_mut(..count).filter(|_| rest > 0) else { return Ok(0) };
        if part.is_empty() {
            return Ok(0);
        }
        positioned::read_at(&self.file, part, offset).map(|read| read.min(rest))
    }
}

/// Opens what was of this kind when it was looked at; what it is now. The path may lead elsewhere since then, the handle does not.
fn open_now(path: &Path, kind: DeviceKind) -> Result<(File, DeviceKind), OpenError> {
    let failed = |error| OpenError::from_io(path.to_owned(), kind == DeviceKind::Block, error);
    let now = |file: &File| {
        let kind = accept(&file.metadata().map_err(failed)?);
        kind.map_err(|kind| OpenError::WrongKind { path: path.to_owned(), kind })
    };
    let mut options = OpenOptions::new();
    do_not_wait(options.read(true));
    let there = options.open(path).map_err(failed)?;
    now(&there)?;
    let file = to_be_read(there, path).map_err(failed)?;
    let kind = now(&file)?;
    Ok((file, kind))
}

/// Lets opening wait for nobody, as a named pipe without a writer is waited for. Here by taking hold of what lies there without opening it.
#[cfg(target_os = "linux")]
fn do_not_wait(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(rustix::fs::OFlags::PATH.bits().cast_signed());
}

#[cfg(all(unix, not(target_os = "linux")))]
fn do_not_wait(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
}

#[cfg(not(unix))]
fn do_not_wait(_options: &mut OpenOptions) {}

/// What is a file or a device, opened as usual: whoever has a lease on it, as Samba has for a client that keeps a file in its own cache, is waited for,
/// and so is the medium of a drive.
#[cfg(target_os = "linux")]
fn to_be_read(there: File, path: &Path) -> io::Result<File> {
    match open_again(&there, rustix::fs::OFlags::empty()) {
        // There need not be a `/proc`.
        Err(rustix::io::Errno::NOENT) => File::open(path),
        opened => Ok(opened?),
    }
}

/// The same file as if it had been opened as usual: reads may wait.
#[cfg(all(unix, not(target_os = "linux")))]
fn to_be_read(there: File, _path: &Path) -> io::Result<File> {
    let flags = rustix::fs::fcntl_getfl(&there)?;
    rustix::fs::fcntl_setfl(&there, flags - rustix::fs::OFlags::NONBLOCK)?;
    Ok(there)
}

#[cfg(not(unix))]
fn to_be_read(there: File, _path: &Path) -> io::Result<File> {
    Ok(there)
}

/// Another handle of the same file, for reading. By the handle: the path may lead elsewhere by now.
#[cfg(target_os = "linux")]
fn open_again(file: &File, flags: rustix::fs::OFlags) -> rustix::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::open(path, flags | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map(File::from)
}

/// Tells the kernel to read ahead further. Most of a `$MFT` lies in a few long runs; a refusal costs only speed.
#[cfg(target_os = "linux")]
fn advise_sequential(file: &File) {
    let _refused = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn advise_sequential(_file: &File) {}

/// A handle of the same file that goes past the page cache, and what its requests have to be multiples of. File systems that keep all they
/// hold in memory refuse it.
#[cfg(target_os = "linux")]
fn past_cache(device: &FileDevice) -> Option<(Arc<File>, u32)> {
    whole_sectors(open_again(&device.file, rustix::fs::OFlags::DIRECT).ok()?)
}

/// The same; a raw volume is read past it anyhow.
#[cfg(windows)]
fn past_cache(device: &FileDevice) -> Option<(Arc<File>, u32)> {
    if device.alignment > 1 {
        return Some((Arc::clone(&device.file), device.alignment));
    }
    whole_sectors(raw::open_again(&device.file, FILE_GENERIC_READ, FILE_FLAG_NO_BUFFERING).ok()?)
}

/// A handle that goes past the page cache, if it can be read from: some file systems refuse only that. It wants what any sector divides.
#[cfg(any(target_os = "linux", windows))]
fn whole_sectors(file: File) -> Option<(Arc<File>, u32)> {
    let mut first = AlignedBuffer::new(ALIGNMENT_BYTES);
    positioned::read_at(&file, &mut first, 0).ok()?;
    Some((Arc::new(file), u32::try_from(ALIGNMENT_BYTES).ok()?))
}

#[cfg(not(any(target_os = "linux", windows)))]
fn past_cache(_device: &FileDevice) -> Option<(Arc<File>, u32)> {
    None
}

/// Whether the byte at `offset` lies in the page cache: a read that may not wait says so.
#[cfg(target_os = "linux")]
fn is_cached_at(file: &File, offset: u64) -> Option<bool> {
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    let mut byte = [0];
    match preadv2(file, &mut [io::IoSliceMut::new(&mut byte)], offset, ReadWriteFlags::NOWAIT) {
        Ok(count) => Some(count == 1),
        Err(Errno::AGAIN) => Some(false),
        Err(_) => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn is_cached_at(_file: &File, _offset: u64) -> Option<bool> {
    None
}

/// Which kind of device the file is, or what it is instead.
pub(crate) fn accept(metadata: &Metadata) -> Result<DeviceKind, FileKind> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(DeviceKind::File);
    }
    if kind.is_dir() {
        return Err(FileKind::Directory);
    }
    accept_special(kind)
}

#[cfg(unix)]
fn accept_special(kind: std::fs::FileType) -> Result<DeviceKind, FileKind> {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_block_device() => Ok(DeviceKind::Block),
        () if kind.is_fifo() => Err(FileKind::Fifo),
        () if kind.is_socket() => Err(FileKind::Socket),
        () if kind.is_char_device() => Err(FileKind::CharacterDevice),
        () => Err(FileKind::Unknown),
    }
}

#[cfg(not(unix))]
fn accept_special(_kind: std::fs::FileType) -> Result<DeviceKind, FileKind> {
    Err(FileKind::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemoryDevice, Window};
    use std::io::Write;

    #[test]
    fn reads_a_regular_file_at_positions() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let device = FileDevice::open(file.path()).unwrap();
        assert_eq!((device.len(), device.kind(), device.alignment()), (10, DeviceKind::File, 1));
        assert_eq!(device.read_bytes(3, 4).unwrap(), b"3456");
        assert_eq!(device.read_at(&mut [0; 8], 7).unwrap(), 3);
        assert_eq!(device.read_at(&mut [0; 8], 10).unwrap(), 0);
        assert_eq!(device.read_at(&mut [0; 8], u64::MAX).unwrap(), 0);
        assert_eq!(device.name(), file.path().display().to_string());
    }

    /// Where the temporary files lie in memory there is no way past the cache; then that is all that is seen here.
    #[test]
    fn past_the_cache_the_same_is_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = (0..10_000u32).map(|at| at.to_le_bytes()[0]).collect();
        file.write_all(&bytes).unwrap();
        file.as_file().sync_all().unwrap();
        let device = FileDevice::open(file.path()).unwrap();
        let Some(past) = device.past_cache() else {
            assert!(past_cache(&device).is_none());
            return;
        };
        assert_eq!((past.len(), past.kind(), past.name()), (10_000, DeviceKind::File, device.name()));
        assert!(past.alignment() > 1, "whole sectors are asked for");
        assert_eq!(past.read_bytes(0, 10_000).unwrap(), bytes);
        assert_eq!(past.read_bytes(4095, 5905).unwrap(), bytes[4095..]);
        let part = Window::new(Arc::new(device), "part", 4096, 5000).unwrap();
        let past = part.past_cache().expect("a part of what can be read so can be, too");
        assert_eq!(past.read_bytes(1, 4999).unwrap(), bytes[4097..9096]);
        assert!(MemoryDevice::new("memory", [0; 4]).past_cache().is_none());
    }

    #[test]
    fn the_length_is_that_of_the_opening() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let device = FileDevice::open(file.path()).unwrap();
        file.write_all(b"more").unwrap();
        assert_eq!(device.read_at(&mut [0; 8], 7).unwrap(), 3);
        file.as_file().set_len(5).unwrap();
        assert_eq!(device.read_bytes(0, 10).unwrap_err().got, 5);
    }

    #[test]
    fn an_empty_file_is_a_device_of_no_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(FileDevice::open(file.path()).unwrap().is_empty());
    }

    #[test]
    fn what_is_missing_or_a_directory_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let missing = FileDevice::open(folder.path().join("no")).unwrap_err();
        assert!(matches!(missing, OpenError::NotFound { .. }), "{missing}");
        let error = FileDevice::open(folder.path()).unwrap_err();
        assert!(matches!(error, OpenError::WrongKind { kind: FileKind::Directory, .. }), "{error}");
        assert!(error.to_string().contains("is a directory; give the device"), "{error}");
    }

    /// Opening a named pipe for reading would wait for a writer; this test would hang.
    #[cfg(unix)]
    #[test]
    fn pipes_sockets_and_character_devices_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (fifo, socket) = (folder.path().join("fifo"), folder.path().join("socket"));
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, expected) in [
            (fifo.as_path(), FileKind::Fifo),
            (&socket, FileKind::Socket),
            (Path::new("/dev/null"), FileKind::CharacterDevice),
        ] {
            match FileDevice::open(path).unwrap_err() {
                OpenError::WrongKind { kind, .. } => assert_eq!(kind, expected),
                other => panic!("{other}"),
            }
        }
    }

    /// A pipe that takes the place of a file after that was looked at. Opened as usual, it would be waited for.
    #[cfg(unix)]
    #[test]
    fn a_pipe_that_came_in_between_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("disk.img");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let (done, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(open_now(&fifo, DeviceKind::File)));
        let opened = told.recv_timeout(std::time::Duration::from_secs(10)).expect("nobody is waited for");
        let error = opened.unwrap_err();
        assert!(matches!(error, OpenError::WrongKind { kind: FileKind::Fifo, .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn reads_of_what_was_opened_may_wait() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let device = FileDevice::open(file.path()).unwrap();
        let flags = rustix::fs::fcntl_getfl(&device.file).unwrap();
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK), "{flags:?}");
    }

    /// Whoever is root already is not told to become root.
    #[cfg(unix)]
    #[test]
    fn no_permission_says_what_to_do() {
        let error = OpenError::from_io("/dev/sda".into(), true, io::ErrorKind::PermissionDenied.into());
        assert!(error.to_string().starts_with("/dev/sda: no permission to read it; "), "{error}");
        for (block, root, expected) in [
            (true, false, "run the command as root (for example with sudo)"),
            (false, false, "add read permission (chmod +r) or run the command as root"),
            (true, true, "root may not, either"),
            (false, true, "root may not, either"),
        ] {
            let advice = crate::open::permission_advice(block, root);
            assert!(advice.starts_with(expected), "{advice}");
        }
    }
}

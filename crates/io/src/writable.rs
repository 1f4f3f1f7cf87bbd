//! Files and block devices of our own, opened for writing.
//!
//! Sources are only ever read: a [`FileDevice`](crate::FileDevice) makes no handle that could write, and nothing leads
//! from one to the type here. What is written (a pool's disks, a catalogue's files) is opened by its own function, by
//! code that says so.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use crate::file::accept;
use crate::port::PortFile;
use crate::{ALIGNMENT_BYTES, DeviceKind, OpenError, raw};

/// How to open a [`WritableFile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct WriteOptions {
    create_new: bool,
    direct: bool,
}

impl WriteOptions {
    /// A file that is there, through the page cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the file, for its owner alone, and fails if something of that name is there.
    pub fn create_new(mut self) -> Self {
        self.create_new = true;
        self
    }

    /// Goes past the page cache (`O_DIRECT` on Linux, `FILE_FLAG_NO_BUFFERING` on Windows, nothing elsewhere): offsets and
    /// lengths must then be multiples of 4096. The file system may refuse it.
    pub fn direct(mut self) -> Self {
        self.direct = true;
        self
    }
}

/// A regular file or a block device that is ours to write to.
#[derive(Debug)]
pub struct WritableFile {
    file: Arc<File>,
    kind: DeviceKind,
    alignment: u32,
    name: String,
}

impl WritableFile {
    /// Opens `path` for reading and writing. A block device is opened exclusively: one that is mounted is refused. Volumes
    /// and disks of Windows are refused: what is written to one below its file system is lost to it or damages it.
    ///
    /// # Errors
    /// [`OpenError`], which says what is wrong.
    pub fn open(path: impl AsRef<Path>, options: WriteOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let owned = || path.to_owned();
        if cfg!(windows) && raw::device_path(path).is_some() {
            let source = io::Error::new(io::ErrorKind::Unsupported, "a volume or disk is not written to");
            return Err(OpenError::Failed { path: owned(), source });
        }
        let mut open = OpenOptions::new();
        open.read(true).write(true).create_new(options.create_new);
        let mut block = false;
        if !options.create_new {
            // Opening alone can block for ever (a named pipe) or do something (a tape rewinds).
            let metadata = path.metadata().map_err(|e| OpenError::from_io(owned(), false, e))?;
            let kind = accept(&metadata).map_err(|kind| OpenError::WrongKind { path: owned(), kind })?;
            block = kind == DeviceKind::Block;
        }
        set_flags(&mut open, options, block);
        let file = open.open(path).map_err(|e| OpenError::from_io(owned(), block, e))?;
        let metadata = file.metadata().map_err(|e| OpenError::from_io(owned(), block, e))?;
        let kind = accept(&metadata).map_err(|kind| OpenError::WrongKind { path: owned(), kind })?;
        let alignment = if options.direct { u32::try_from(ALIGNMENT_BYTES).unwrap_or(1) } else { 1 };
        Ok(Self { file: Arc::new(file), kind, alignment, name: path.display().to_string() })
    }

    /// A handle that was opened elsewhere, called `name` in messages. Nothing is checked: what it leads to may be of any
    /// kind, and may not even be writable.
    #[must_use]
    pub fn from_file(file: File, name: impl Into<String>) -> Self {
        Self { file: Arc::new(file), kind: DeviceKind::File, alignment: 1, name: name.into() }
    }

    /// What a person calls it; for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a file or a block device.
    #[must_use]
    pub fn kind(&self) -> DeviceKind {
        self.kind
    }

    /// Length in bytes now.
    ///
    /// # Errors
    /// What the system says.
    pub fn len(&self) -> io::Result<u64> {
        // Metadata gives 0 for a block device; its end is where seeking to the end arrives. Nobody uses the cursor.
        (&*self.file).seek(SeekFrom::End(0))
    }

    /// Whether there are no bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts or lengthens a regular file, with a hole behind its old end.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    /// The same handle for a [`Port`](crate::port::Port).
    #[must_use]
    pub fn port_file(&self) -> PortFile {
        PortFile::new(Arc::clone(&self.file), self.alignment, true)
    }
}

#[cfg(target_os = "linux")]
fn set_flags(open: &mut OpenOptions, options: WriteOptions, block: bool) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let mut flags = OFlags::empty();
    flags.set(OFlags::DIRECT, options.direct);
    // Without O_CREAT and on a block device it says: nobody else's, not even a mount's.
    flags.set(OFlags::EXCL, block);
    open.mode(0o600).custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
}

#[cfg(windows)]
fn set_flags(open: &mut OpenOptions, options: WriteOptions, _block: bool) {
    if options.direct {
        let flag = windows_sys::Win32::Storage::FileSystem::FILE_FLAG_NO_BUFFERING;
        std::os::windows::fs::OpenOptionsExt::custom_flags(open, flag);
    }
}

#[cfg(not(any(target_os = "linux", windows)))]
fn set_flags(_open: &mut OpenOptions, _options: WriteOptions, _block: bool) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileKind;

    #[test]
    fn a_new_file_is_ours_alone_and_is_not_made_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        let file = WritableFile::open(&path, WriteOptions::new().create_new()).unwrap();
        file.set_len(8192).unwrap();
        assert_eq!((file.len().unwrap(), file.kind()), (8192, DeviceKind::File));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(WritableFile::open(&path, WriteOptions::new().create_new()).is_err());
        assert_eq!(WritableFile::open(&path, WriteOptions::new()).unwrap().len().unwrap(), 8192);
    }

    #[test]
    fn what_is_missing_or_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let missing = WritableFile::open(folder.path().join("no"), WriteOptions::new()).unwrap_err();
        assert!(matches!(missing, OpenError::NotFound { .. }), "{missing}");
        let error = WritableFile::open(folder.path(), WriteOptions::new()).unwrap_err();
        assert!(matches!(error, OpenError::WrongKind { kind: FileKind::Directory, .. }), "{error}");
    }
}

//! The real storage: the system's own calls.
//!
//! Files are opened without following links and without waiting, so that a link, a pipe or a folder in a file's place is an
//! error and not a trap. On Windows a folder cannot be flushed; NTFS writes the names of a folder to its journal in
//! order, which is what the protocol needs.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::{Found, Held, Links, Opening, Output, Storage, rename_new, trust};

/// The file systems of this machine.
#[derive(Debug)]
pub(crate) struct Disk;

impl Storage for Disk {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        let mut missing = Vec::new();
        for above in folder.ancestors() {
            if above.as_os_str().is_empty() || above.try_exists()? {
                break;
            }
            missing.push(above);
        }
        folder_builder().recursive(true).create(folder)?;
        for made in missing {
            match made.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => self.sync_folder(parent)?,
                _ => self.sync_folder(Path::new("."))?,
            }
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Found>> {
        let entries = fs::read_dir(folder)?;
        entries
            .map(|entry| {
                let entry = entry?;
                Ok(Found { file_name: entry.file_name(), folder: entry.file_type()?.is_dir() })
            })
            .collect()
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let file = open_regular(OpenOptions::new(), path, Links::Refuse)?;
        let mut bytes = Vec::new();
        file.take(limit as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn open(&self, path: &Path, links: Links) -> io::Result<Opening> {
        let mut options = OpenOptions::new();
        refuse_writers(&mut options);
        let file = open_regular(options, path, links)?;
        let metadata = file.metadata()?;
        let trust = trust::of(&metadata, path);
        Ok(Opening { file, bytes: metadata.len(), trust })
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        match path.symlink_metadata() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(OutputFile(private(OpenOptions::new().write(true).create_new(true)).open(path)?)))
    }

    /// The one place that renames: what is renamed was flushed before, and its folder is flushed afterwards (see
    /// [`crate::durable`]).
    #[expect(clippy::disallowed_methods)]
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        for pause in RENAME_PAUSES_MS {
            match fs::rename(from, to) {
                Err(error) if is_held_open(&error) => std::thread::sleep(Duration::from_millis(*pause)),
                renamed => return renamed,
            }
        }
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        rename_new::rename_new(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    #[cfg(unix)]
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        refuse_links(private(&mut options));
        let file = options.open(path)?;
        regular(&file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(LockFile(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

#[derive(Debug)]
struct OutputFile(File);

impl Output for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// The system takes the lock back when the file is closed, however that comes.
#[derive(Debug)]
struct LockFile(#[expect(dead_code, reason = "held open, not used")] File);

impl Held for LockFile {}

fn open_regular(mut options: OpenOptions, path: &Path, links: Links) -> io::Result<File> {
    options.read(true);
    match links {
        Links::Refuse => refuse_links(&mut options),
        Links::Follow => do_not_wait(&mut options),
    };
    let file = options.open(path)?;
    regular(&file)?;
    Ok(file)
}

fn regular(file: &File) -> io::Result<()> {
    let found = file.metadata()?.file_type();
    if found.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "a folder"));
    }
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(())
}

fn folder_builder() -> fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// How long a file is left to those who have it open before it is renamed or replaced all the same.
const RENAME_PAUSES_MS: &[u64] = if cfg!(windows) { &[1, 2, 4, 8, 16, 32, 64, 128] } else { &[] };

/// On Windows a file that a reader, or a scanner for viruses, has open for a moment cannot be replaced where the file system
/// knows no renaming as POSIX has it: access is denied (5), or sharing violated (32).
fn is_held_open(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(5 | 32))
}

/// Advisory locks stop nobody who does not ask; the mode of the file does.
#[cfg(unix)]
fn refuse_writers(_options: &mut OpenOptions) {}

/// While it is open, others may read, rename and delete it, and not write to it.
#[cfg(windows)]
fn refuse_writers(options: &mut OpenOptions) {
    const FILE_SHARE_READ: u32 = 1;
    const FILE_SHARE_DELETE: u32 = 4;
    std::os::windows::fs::OpenOptionsExt::share_mode(options, FILE_SHARE_READ | FILE_SHARE_DELETE);
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(unix)]
fn refuse_links(options: &mut OpenOptions) -> &mut OpenOptions {
    open_flags(options, rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK)
}

/// A pipe would wait for somebody to write.
#[cfg(unix)]
fn do_not_wait(options: &mut OpenOptions) -> &mut OpenOptions {
    open_flags(options, rustix::fs::OFlags::NONBLOCK)
}

#[cfg(unix)]
fn open_flags(options: &mut OpenOptions, flags: rustix::fs::OFlags) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed())
}

#[cfg(windows)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// A link is opened itself, and is then no regular file.
#[cfg(windows)]
fn refuse_links(options: &mut OpenOptions) -> &mut OpenOptions {
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    std::os::windows::fs::OpenOptionsExt::custom_flags(options, FILE_FLAG_OPEN_REPARSE_POINT);
    options
}

#[cfg(windows)]
fn do_not_wait(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

//! The system calls that the catalogue makes, as a trait: real ones, and in tests a simulated disk that crashes, fails and forgets.
//!
//! Whether a catalogue survives is a matter of the order of its calls and of nothing else, so the order is what tests must be able to
//! cut at every place. Reading a snapshot is not among them: it is the caller's, who gets the open file.

mod disk;
mod rename_new;
#[cfg(test)]
pub(crate) mod sim;
mod trust;

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

pub(crate) use disk::Disk;
pub use trust::Trust;

/// What a folder holds.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) file_name: OsString,
    /// A folder itself, not a link to one.
    pub(crate) folder: bool,
}

/// A file opened for reading.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) file: File,
    pub(crate) bytes: u64,
    pub(crate) trust: Trust,
}

/// A file being written. Closed when dropped.
pub(crate) trait Output: Debug + Send {
    /// Writes some of `bytes` at the end.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Returns when everything written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A lock that is held. Released when dropped.
pub(crate) trait Held: Debug + Send + Sync {}

/// Whether a link in a path's last place is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// In the catalogue's folder: a link is somebody else's doing.
    Refuse,
    /// Where the user named the file.
    Follow,
}

/// Where catalogues lie.
pub(crate) trait Storage: Debug + Send + Sync {
    /// Makes `folder` and those above it where they are missing, for this user alone, durably.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// What is in `folder`, in any order.
    fn list(&self, folder: &Path) -> io::Result<Vec<Found>>;
    /// All of a small regular file, at most `limit` bytes of it; links are not followed.
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>>;
    /// Opens a regular file for reading.
    fn open(&self, path: &Path, links: Links) -> io::Result<Opening>;
    /// Whether something has that name, a broken link too.
    fn exists(&self, path: &Path) -> io::Result<bool>;
    /// Creates a file, which must not exist, for this user alone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Output>>;
    /// Gives a file another name, in place of what has that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file another name, which nothing must have; looking and renaming are one step.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, which nothing must have.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Returns when what was created, renamed and deleted in `folder` is on the disk.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Deletes a file, or a link.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Locks the file, which is made if it is missing, against everybody else; `None` if somebody holds it. Never waits.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>>;
    /// Lets some time pass.
    fn pause(&self, time: Duration);
}

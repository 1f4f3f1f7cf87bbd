//! What can go wrong with a catalogue, in words that say what was being done, where, and what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::export::ExportError;
use crate::log::LogError;
use crate::name::Name;
use crate::pointer::PointerError;
use crate::source::SourceError;

/// An error of whoever writes or checks a snapshot.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What was being done when the system refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Making a folder.
    MakeFolder,
    /// Listing a folder.
    List,
    /// Opening a file.
    Open,
    /// Reading a file.
    Read,
    /// Creating a file.
    Create,
    /// Writing a file.
    Write,
    /// Flushing a file to its disk.
    Flush,
    /// Renaming a file.
    Rename,
    /// Linking a file to a second name.
    Link,
    /// Flushing a folder to its disk.
    FlushFolder,
    /// Deleting a file.
    Delete,
    /// Locking a file.
    Lock,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MakeFolder => "be made",
            Self::List => "be listed",
            Self::Open => "be opened",
            Self::Read => "be read",
            Self::Create => "be created",
            Self::Write => "be written",
            Self::Flush => "be flushed to its disk",
            Self::Rename => "be renamed",
            Self::Link => "be linked",
            Self::FlushFolder => "be flushed to its disk",
            Self::Delete => "be deleted",
            Self::Lock => "be locked",
        })
    }
}

/// What a catalogue refuses or meets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing says where the user's data lies.
    #[error("no home folder is known, so there is no default catalogue: name a folder for it")]
    NoPlace,
    /// There is no such entry.
    #[error("{}: holds no entry {name:?}; list the catalogue to see what it holds", folder.display(), name = name.as_str())]
    NoEntry {
        /// The catalogue's folder.
        folder: PathBuf,
        /// What was asked for.
        name: Name,
    },
    /// There is such an entry already.
    #[error("there is an entry {:?} already: remove it first, or choose another name", name.as_str())]
    Exists {
        /// Its name.
        name: Name,
    },
    /// Another process, or another thread of this one, scans, removes or collects the entry.
    #[error("the entry {:?} is being changed by another process: try again when it is done, or wait for it", name.as_str())]
    Locked {
        /// Its name.
        name: Name,
    },
    /// Somebody held the catalogue's own lock for longer than any sound process does.
    #[error("{}: was held by another process for {waited_ms} ms: is one stopped?", path.display())]
    CatalogLocked {
        /// The lock file.
        path: PathBuf,
        /// How long it was waited for.
        waited_ms: u64,
    },
    /// What is in a pointer's place is no pointer.
    #[error("{}: the entry cannot be read: {source}; scan its source again under the same name, or remove it", path.display())]
    Pointer {
        /// The pointer.
        path: PathBuf,
        /// What is wrong with it.
        source: PointerError,
    },
    /// A pointer speaks of another entry than its file's name does.
    #[error("{}: is the entry {:?}, renamed by hand; give it back its name, or remove it", path.display(), actual.as_str())]
    OtherEntry {
        /// The pointer.
        path: PathBuf,
        /// The entry that it speaks of.
        actual: Name,
    },
    /// The snapshot that the pointer names is not there.
    #[error("{}: is missing, though the entry {:?} names it: scan its source again", path.display(), name.as_str())]
    SnapshotMissing {
        /// The snapshot.
        path: PathBuf,
        /// The entry.
        name: Name,
    },
    /// A snapshot was cut, or grew.
    #[error("{}: has {actual} bytes where the entry says {expected}: scan its source again", path.display())]
    SnapshotLength {
        /// The snapshot.
        path: PathBuf,
        /// What the pointer says.
        expected: u64,
        /// What the file has.
        actual: u64,
    },
    /// The entry was published anew each time that it was opened.
    #[error("the entry {:?} was published anew {tries} times while it was being opened: try again", name.as_str())]
    Restless {
        /// Its name.
        name: Name,
        /// How often it was tried.
        tries: u32,
    },
    /// The caller's check of a snapshot found fault.
    #[error("{}: does not pass as a snapshot", path.display())]
    Rejected {
        /// The snapshot.
        path: PathBuf,
        /// What the check says.
        source: BoxError,
    },
    /// Whoever wrote the snapshot gave up. Nothing was published.
    #[error("the snapshot of {:?} could not be made; nothing was published", name.as_str())]
    Writer {
        /// The entry.
        name: Name,
        /// What it says.
        source: BoxError,
    },
    /// The source's description is out of bounds. Nothing was written.
    #[error("the entry {:?} cannot be described", name.as_str())]
    Source {
        /// The entry.
        name: Name,
        /// What is out of bounds.
        source: SourceError,
    },
    /// There is no number after the last.
    #[error("the entry {:?} has the last generation there is: remove it, then scan again", name.as_str())]
    LastGeneration {
        /// The entry.
        name: Name,
    },
    /// A pointer was replaced, or perhaps not, and may not outlast a loss of power. Readers see the old entry or the new one.
    #[error(
        "{}: could not {step}: {source}; readers may see the new state, and a loss of power may bring the old one back; \
         look after the disk, then do it again", path.display()
    )]
    Unsettled {
        /// The pointer or its folder.
        path: PathBuf,
        /// What failed.
        step: Step,
        /// What the system said.
        source: io::Error,
    },
    /// A flush failed under this lock, so nothing more is written under it.
    #[error("a flush failed before, so nothing more is written to the entry {:?}; look after the disk, then begin anew", name.as_str())]
    Poisoned {
        /// The entry.
        name: Name,
    },
    /// A file is not an exported entry, or is damaged.
    #[error("{}: cannot be used", path.display())]
    Export {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ExportError,
    },
    /// What is to be exported to is there already.
    #[error("{}: is there already: delete it, or choose another name", path.display())]
    TargetExists {
        /// The file.
        path: PathBuf,
    },
    /// What lies in a log's place is none of the snapshot's.
    #[error("{}: {source}; scan the entry's source again", path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// What is wrong with it.
        source: LogError,
    },
    /// Writing to a log failed before, so that what it holds is not known.
    #[error("{}: could not be written before, so nothing more is; look after the disk, then open the entry again", path.display())]
    LogBroken {
        /// The log.
        path: PathBuf,
    },
    /// The snapshot could not be opened as an index.
    #[error("the snapshot of {:?} cannot be searched: scan its source again", name.as_str())]
    Index {
        /// The entry.
        name: Name,
        /// What is wrong with it.
        source: BoxError,
    },
    /// The changes could not be folded into a new snapshot. They are still where they were.
    #[error("the changes of {:?} could not be folded into its snapshot", name.as_str())]
    Merge {
        /// The entry.
        name: Name,
        /// What went wrong.
        source: BoxError,
    },
    /// The system refused.
    #[error("{}: could not {step}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was being done.
        step: Step,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Whether there was no room for what was to be written.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_full(source))
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// What to do next about what the system said.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        _ if is_full(error) => "; make room there, or use another folder",
        io::ErrorKind::PermissionDenied => "; take the folder into your ownership, or use another one",
        io::ErrorKind::ReadOnlyFilesystem => "; use a folder that can be written to",
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "; something else is in its place: move it away"
        }
        io::ErrorKind::Unsupported => "; its file system cannot do that: use a folder on another one",
        _ => "",
    }
}

/// Says what was being done to what.
pub(crate) trait During<T> {
    fn during(self, step: Step, path: &Path) -> Result<T, Error>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, step: Step, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { step, path: path.to_path_buf(), source })
    }
}

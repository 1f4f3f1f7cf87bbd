//! Why a path could not be opened as a device, in words that tell its owner what to do next.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What a path leads to when it is neither a regular file nor a block device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A folder.
    Directory,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device: a terminal, `/dev/null`.
    CharacterDevice,
    /// Something that this system has and this program does not know.
    Unknown,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::CharacterDevice => "a character device",
            Self::Unknown => "neither a file nor a disk",
        })
    }
}

impl FileKind {
    fn advice(self) -> &'static str {
        match self {
            Self::Directory if cfg!(target_os = "linux") => {
                "give the device or image that holds the file system (`findmnt -T DIRECTORY` shows the device)"
            }
            Self::Directory if cfg!(windows) => {
                r"give the device or image that holds the file system (the device of drive C is \\.\C:)"
            }
            Self::Directory => "give the device or image that holds the file system",
            Self::Fifo | Self::Socket => "it cannot be read at positions; save what it gives to a file first",
            Self::CharacterDevice | Self::Unknown => "give an image file or a block device",
        }
    }
}

/// A path that cannot be opened as a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing is there.
    #[error("{}: not found", path.display())]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// It is there and may not be read.
    #[error("{}: no permission to read it; {}", path.display(), permission_advice(*block, is_root()))]
    NoPermission {
        /// The path as given.
        path: PathBuf,
        /// Whether it is a block device or, on Windows, a raw volume or disk.
        block: bool,
        /// What the system said.
        source: io::Error,
    },
    /// It is of a kind that has no positions to read at.
    #[error("{}: is {kind}; {}", path.display(), kind.advice())]
    WrongKind {
        /// The path as given.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// It was opened, but the system does not say where it ends.
    #[error("{}: the system does not tell its length; make an image of it and give that", path.display())]
    NoLength {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system failed in another way.
    #[error("{}: cannot be opened", path.display())]
    Failed {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    /// The error for `source`, met at `path`, which is a block device (or a raw volume) if `block`.
    pub(crate) fn from_io(path: PathBuf, block: bool, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::PermissionDenied => Self::NoPermission { path, block, source },
            io::ErrorKind::IsADirectory => Self::WrongKind { path, kind: FileKind::Directory },
            _ => Self::Failed { path, source },
        }
    }
}

/// What to do about it, by who is asking.
pub(crate) fn permission_advice(block: bool, root: bool) -> &'static str {
    match (cfg!(windows), block, root) {
        (true, _, _) => "run the command from an elevated (administrator) prompt",
        (false, _, true) => {
            "root may not, either: ask for it outside of this container, or as the user whose file system it lies on"
        }
        (false, true, false) => "run the command as root (for example with sudo)",
        (false, false, false) => {
            "add read permission (chmod +r) or run the command as root (for example with sudo)"
        }
    }
}

/// Whether the process is one of the user who may read everything.
fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    false
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    /// What the system says to whoever is no administrator.
    #[test]
    fn a_volume_that_is_denied_asks_for_an_administrator() {
        let denied = windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED.cast_signed();
        let error = OpenError::from_io(r"\\.\C:".into(), true, io::Error::from_raw_os_error(denied));
        assert_eq!(
            error.to_string(),
            r"\\.\C:: no permission to read it; run the command from an elevated (administrator) prompt"
        );
    }
}

/// A handle of a folder, which no device is. Windows gives one only to who says that a folder is meant.
#[cfg(test)]
pub(crate) fn folder(path: &std::path::Path) -> std::fs::File {
    let mut options = std::fs::File::options();
    #[cfg(windows)]
    {
        let flag = windows_sys::Win32::Storage::FileSystem::FILE_FLAG_BACKUP_SEMANTICS;
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, flag);
    }
    options.read(true).open(path).expect("the folder is there")
}

//! Renaming a file to a name that nothing has, without a moment in which something could take it and be lost.
//!
//! Each system and file system has another way, so three are tried: renaming that refuses to replace (Linux), a second name and the removal
//! of the first (whoever knows links), and a name taken with an empty file of our own (FAT, some networks). Rejected: looking
//! first and renaming then, for between the two a user may save a file there.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Gives the file at `from` the name `to`.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    first_known([rename_noreplace, link_and_remove, reserve_and_rename], from, to)
}

type Way = fn(&Path, &Path) -> io::Result<()>;

/// Goes the first of the ways that is known there.
fn first_known(ways: [Way; 3], from: &Path, to: &Path) -> io::Result<()> {
    let mut result = Err(io::ErrorKind::Unsupported.into());
    for way in ways {
        if result.as_ref().is_err_and(is_unknown) {
            result = way(from, to);
        }
    }
    result
}

/// Whether a call failed because the file system, or the system, has no such thing. What fails for another reason fails the
/// next way, too.
fn is_unknown(error: &io::Error) -> bool {
    // FAT answers EPERM to a link; FUSE answers EINVAL or ENOSYS to a flag.
    let kinds = [io::ErrorKind::InvalidInput, io::ErrorKind::PermissionDenied, io::ErrorKind::Unsupported];
    kinds.contains(&error.kind()) || error.raw_os_error().is_some_and(|code| UNKNOWN_CODES.contains(&code))
}

/// What file systems answer to a link or a flag that they do not know, and the standard library does not call unsupported everywhere.
#[cfg(unix)]
const UNKNOWN_CODES: [i32; 2] =
    [rustix::io::Errno::NOTSUP.raw_os_error(), rustix::io::Errno::OPNOTSUPP.raw_os_error()];
/// The same: `ERROR_INVALID_FUNCTION`, `ERROR_NOT_SUPPORTED`.
#[cfg(windows)]
const UNKNOWN_CODES: [i32; 2] = [1, 50];

#[cfg(target_os = "linux")]
fn rename_noreplace(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(target_os = "linux"))]
fn rename_noreplace(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A link never replaces.
fn link_and_remove(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    // The file has its name; a second one that stays takes no room.
    let _ = fs::remove_file(from);
    Ok(())
}

/// Only the empty file that is made here can be replaced, unless somebody takes exactly that away and puts another there.
#[expect(
    clippy::disallowed_methods,
    reason = "what is renamed was flushed before, and its folder is flushed afterwards"
)]
fn reserve_and_rename(from: &Path, to: &Path) -> io::Result<()> {
    drop(File::create_new(to)?);
    fs::rename(from, to).inspect_err(|_| {
        // An empty file that stays is one that the user sees.
        let _ = fs::remove_file(to);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the codes that a file system answers, whatever kind the standard library makes of them.
    #[test]
    fn what_a_file_system_does_not_know_is_no_failure() {
        let codes: [(i32, bool); 6] = if cfg!(windows) {
            // Invalid function, not supported, invalid parameter; exists, disk full, not found.
            [(1, true), (50, true), (87, true), (183, false), (112, false), (2, false)]
        } else {
            // EINVAL, EPERM, EOPNOTSUPP; EEXIST, ENOSPC, ENOENT.
            let not_supported = if cfg!(any(target_os = "linux", target_os = "android")) { 95 } else { 45 };
            [(22, true), (1, true), (not_supported, true), (17, false), (28, false), (2, false)]
        };
        for (code, unknown) in codes {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(is_unknown(&error), unknown, "{code}: {error}, {:?}", error.kind());
        }
    }

    #[test]
    fn each_way_takes_a_free_name_and_leaves_what_is_there() {
        let unknown: Way = |_, _| Err(io::Error::from_raw_os_error(if cfg!(windows) { 1 } else { 22 }));
        let ways: [Way; 3] = [rename_noreplace, link_and_remove, reserve_and_rename];
        for first in 0..ways.len() {
            let ways = [0, 1, 2].map(|way| if way < first { unknown } else { ways[way] });
            let folder = tempfile::tempdir().unwrap();
            let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
            fs::write(&from, "new").unwrap();
            fs::write(&to, "a user's").unwrap();
            let error = first_known(ways, &from, &to).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "way {first}");
            assert_eq!(fs::read(&to).unwrap(), b"a user's");
            fs::remove_file(&to).unwrap();
            first_known(ways, &from, &to).unwrap();
            assert_eq!((fs::read(&to).unwrap(), from.exists()), (b"new".to_vec(), false), "way {first}");
        }
    }
}

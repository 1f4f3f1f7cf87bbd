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
    // FAT answers EPERM to a link; FUSE answers EINVAL or ENOSYS to a flag; `ERROR_INVALID_FUNCTION` is Windows'.
    const WINDOWS_INVALID_FUNCTION: i32 = 1;
    let kinds = [io::ErrorKind::InvalidInput, io::ErrorKind::PermissionDenied, io::ErrorKind::Unsupported];
    kinds.contains(&error.kind()) || cfg!(windows) && error.raw_os_error() == Some(WINDOWS_INVALID_FUNCTION)
}

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

    #[test]
    fn each_way_takes_a_free_name_and_leaves_what_is_there() {
        let unknown: Way = |_, _| Err(io::Error::from_raw_os_error(22));
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

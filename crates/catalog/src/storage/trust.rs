//! Whether a snapshot is one that nobody but this user could have written, and so may be mapped.
//!
//! A mapped file that changes or shrinks is a crash or worse. The catalogue never changes a snapshot; what is asked here is whether
//! somebody else could. Whether the file system may lose it (a network) is `quarry_io::Map`'s question.

use std::fs::Metadata;
use std::path::Path;

/// Whose a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// This user's, in a folder of this user's, and nobody else may write to either: it may be mapped.
    Trusted,
    /// Anything else: it is to be read into memory.
    Foreign,
}

/// Write permission for the group and for others.
#[cfg(unix)]
const WRITABLE_BY_OTHERS: u32 = 0o022;
#[cfg(unix)]
const SNAPSHOT_MODE: u32 = 0o600;

/// Whose the file at `path` is, which has been opened and says `metadata`.
#[cfg(unix)]
pub(super) fn of(metadata: &Metadata, path: &Path) -> Trust {
    use std::os::unix::fs::MetadataExt;
    let us = rustix::process::geteuid().as_raw();
    let folder_is_ours = || {
        let folder = path.parent()?.metadata().ok()?;
        Some(folder.uid() == us && folder.mode() & WRITABLE_BY_OTHERS == 0)
    };
    let file_is_ours =
        metadata.is_file() && metadata.uid() == us && metadata.mode() & 0o7777 == SNAPSHOT_MODE;
    if file_is_ours && folder_is_ours() == Some(true) { Trust::Trusted } else { Trust::Foreign }
}

/// Who may write where cannot be asked without calls of the system that are unsafe; what lies in the user's own
/// application data is the user's.
#[cfg(not(unix))]
pub(super) fn of(metadata: &Metadata, path: &Path) -> Trust {
    let inside = || {
        let own = std::env::var_os("LOCALAPPDATA").filter(|own| !own.is_empty())?;
        let own = Path::new(&own).canonicalize().ok()?;
        Some(path.canonicalize().ok()?.starts_with(own))
    };
    if metadata.is_file() && inside() == Some(true) { Trust::Trusted } else { Trust::Foreign }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_what_nobody_else_may_write_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "x").unwrap();
        let check = |folder_mode, file_mode, expected| {
            fs::set_permissions(folder.path(), Permissions::from_mode(folder_mode)).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(file_mode)).unwrap();
            let found = of(&path.metadata().unwrap(), &path);
            assert_eq!(found, expected, "folder {folder_mode:o}, file {file_mode:o}");
        };
        check(0o700, 0o600, Trust::Trusted);
        check(0o755, 0o600, Trust::Trusted);
        check(0o770, 0o600, Trust::Foreign);
        check(0o777, 0o600, Trust::Foreign);
        check(0o1777, 0o600, Trust::Foreign);
        check(0o700, 0o644, Trust::Foreign);
        check(0o700, 0o660, Trust::Foreign);
        check(0o700, 0o400, Trust::Foreign);
    }
}

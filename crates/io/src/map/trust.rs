//! Whether a file may be mapped: whether anybody but us can change it, and whether it can go away.

use std::fs::{File, Metadata};

use super::MapError;

/// Write permission for the group and for others.
#[cfg(unix)]
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Types of `statfs` whose files can vanish or shrink under a mapping without anybody of this machine doing it:
/// NFS, SMB (three), 9P, Ceph, AFS, FUSE.
#[cfg(target_os = "linux")]
const REMOTE: &[u64] =
    &[0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x517B, 0x0102_1997, 0x00C3_6400, 0x5346_414F, 0x6573_5546];

/// Refuses what somebody else could change.
pub(super) fn check(file: &File, metadata: &Metadata) -> Result<(), MapError> {
    check_owner(metadata)?;
    check_place(file)
}

#[cfg(unix)]
fn check_owner(metadata: &Metadata) -> Result<(), MapError> {
    use std::os::unix::fs::MetadataExt;
    let expected = rustix::process::geteuid().as_raw();
    if metadata.uid() != expected {
        return Err(MapError::NotOurs { owner: metadata.uid(), expected });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(MapError::WritableByOthers { mode });
    }
    Ok(())
}

/// Windows refuses to truncate a mapped file, and who may write to it is its folder's matter.
#[cfg(not(unix))]
fn check_owner(_metadata: &Metadata) -> Result<(), MapError> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn check_place(file: &File) -> Result<(), MapError> {
    let found = rustix::fs::fstatfs(file).map_err(std::io::Error::from)?;
    // The field's type differs between architectures; the types of interest have 32 bits.
    let type_magic = u64::try_from(found.f_type).unwrap_or_default() & u64::from(u32::MAX);
    if REMOTE.contains(&type_magic) { Err(MapError::Remote { type_magic }) } else { Ok(()) }
}

#[cfg(not(target_os = "linux"))]
fn check_place(_file: &File) -> Result<(), MapError> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_others_may_write_is_not_mapped() {
        let file = tempfile::tempfile().unwrap();
        for (mode, taken) in [(0o600, true), (0o644, true), (0o400, true), (0o620, false), (0o602, false)] {
            file.set_permissions(Permissions::from_mode(mode)).unwrap();
            let found = check(&file, &file.metadata().unwrap());
            assert_eq!(found.is_ok(), taken, "{mode:o}: {found:?}");
        }
    }

    /// Only root can give a file away; `/proc/1` tells the rest of us whom else a file can belong to.
    #[test]
    fn a_file_of_another_user_is_not_mapped() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let metadata = if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(file.path(), Some(1), None).unwrap();
            file.as_file().metadata().unwrap()
        } else {
            std::fs::metadata("/").unwrap()
        };
        let error = check(file.as_file(), &metadata).unwrap_err();
        assert!(matches!(error, MapError::NotOurs { .. }), "{error}");
    }
}

//! Whether a file may be mapped: whether anybody but us can change it, and whether it can go away.

use std::fs::{File, Metadata};

use super::MapError;

/// Write permission for the group and for others.
#[cfg(unix)]
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Types of `statfs` whose files can vanish or shrink under a mapping without anybody of this machine doing it.
#[cfg(target_os = "linux")]
const REMOTE: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x517B, "SMB"),
    (0x0102_1997, "9P"),
    (0x00C3_6400, "Ceph"),
    (0x5346_414F, "AFS"),
    (0x6573_5546, "FUSE"),
];

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
#[allow(clippy::useless_conversion, reason = "the field has fewer bits on other processors")]
fn check_place(file: &File) -> Result<(), MapError> {
    let found = rustix::fs::fstatfs(file).map_err(std::io::Error::from)?;
    check_type(found.f_type.into())
}

/// The field is signed on most architectures, and some of the types then come out negative where it has 32 bits.
#[cfg(target_os = "linux")]
fn check_type(found: i64) -> Result<(), MapError> {
    let type_magic = found.cast_unsigned() & u64::from(u32::MAX);
    let remote = REMOTE.iter().find(|(remote, _)| *remote == type_magic);
    remote.map_or(Ok(()), |&(type_magic, file_system)| Err(MapError::Remote { file_system, type_magic }))
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_on_a_network_is_not_mapped_and_the_error_says_which() {
        let smb = i64::from(0xFF53_4D42_u32.cast_signed());
        for (found, name) in
            [(0x6969, Some("NFS")), (smb, Some("CIFS")), (0xFF53_4D42, Some("CIFS")), (0xEF53, None)]
        {
            let said = check_type(found).err().map(|error| error.to_string());
            assert_eq!(said.is_some(), name.is_some(), "{found:#x}: {said:?}");
            assert!(said.zip(name).is_none_or(|(said, name)| said.contains(name)), "{found:#x}");
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

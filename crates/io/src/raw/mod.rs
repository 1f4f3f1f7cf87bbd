//! Volumes and disks of Windows themselves: `\\.\C:`, `\\.\PhysicalDrive0`.
//!
//! They are no files: they have no metadata, seeking to their end is not promised to work, and their offsets and lengths are
//! multiples of a sector. Drivers answer control codes instead. Any of them may be refused (a RAM disk knows no sectors, wine
//! knows almost none), so each question has another one behind it and a guess at the end that is safe.

#[cfg(windows)]
mod again;
#[cfg(any(windows, test))]
mod answer;
#[cfg(windows)]
mod control;
#[cfg(windows)]
mod letters;
#[cfg(windows)]
mod opened;
#[cfg(windows)]
mod volumes;

use std::path::{Path, PathBuf};

#[cfg(windows)]
pub(crate) use again::open_again;
#[cfg(windows)]
pub(crate) use control::system_runs;
#[cfg(windows)]
pub(crate) use control::{reach_behind_file_system, volume_below};
#[cfg(windows)]
pub(crate) use letters::drive_letters;
#[cfg(windows)]
pub(crate) use opened::{Opened, drive_kind};
#[cfg(windows)]
pub(crate) use volumes::system_volumes;

/// Behind it stands a device by its name in the system's own tree, as copies of volumes have no other.
const ROOT: &str = r"GLOBALROOT\Device\";
/// The disk that a device of that tree may be a part of: `Harddisk0\Partition1`.
const DISK: &str = "Harddisk";

/// The device that a path of Windows names, if it names a volume or a disk itself: `\\.\C:`, `\\.\PhysicalDrive0`, `\\?\Volume{…}`,
/// `\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1`. A separator behind it, as the system prints volumes, is not part of it.
pub(crate) fn device_path(path: &Path) -> Option<PathBuf> {
    let text = path.to_string_lossy();
    let text = text.strip_suffix(['\\', '/']).unwrap_or(&text);
    let rest = text.strip_prefix(r"\\.\").or_else(|| text.strip_prefix(r"\\?\"))?;
    let root = rest.get(..ROOT.len()).is_some_and(|start| start.eq_ignore_ascii_case(ROOT));
    let name = if root { rest.get(ROOT.len()..)? } else { rest };
    let mut parts = name.split(['\\', '/']);
    let first =
        parts.next().filter(|first| !first.is_empty() && !first.eq_ignore_ascii_case("GLOBALROOT"))?;
    let of_disk = root && first.get(..DISK.len()).is_some_and(|start| start.eq_ignore_ascii_case(DISK));
    // With more behind the device's name it is a path into its file system.
    match (parts.next(), parts.next()) {
        (None, _) => Some(PathBuf::from(text)),
        (Some(part), None) if of_disk && part.starts_with(['P', 'p']) => Some(PathBuf::from(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_paths_of_windows_are_told_from_files() {
        for (path, device) in [
            (r"\\.\C:", Some(r"\\.\C:")),
            (r"\\.\C:\", Some(r"\\.\C:")),
            (r"\\.\PhysicalDrive0", Some(r"\\.\PhysicalDrive0")),
            (
                r"\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}\",
                Some(r"\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}"),
            ),
            (
                r"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy12",
                Some(r"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy12"),
            ),
            (r"\\?\globalroot\device\HarddiskVolume3\", Some(r"\\?\globalroot\device\HarddiskVolume3")),
            (
                r"\\.\GLOBALROOT\Device\Harddisk0\Partition2",
                Some(r"\\.\GLOBALROOT\Device\Harddisk0\Partition2"),
            ),
            (r"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy12\Users", None),
            (r"\\?\GLOBALROOT\Device\Harddisk0\Partition2\pagefile.sys", None),
            (r"\\?\GLOBALROOT\Device\", None),
            (r"\\?\GLOBALROOT", None),
            (r"\\.\C:\image.dd", None),
            (r"\\?\C:\image.dd", None),
            (r"C:\image.dd", None),
            (r"\\server\share", None),
            ("image.dd", None),
            (r"\\.\", None),
            (r"\\?\Grün", Some(r"\\?\Grün")),
        ] {
            assert_eq!(device_path(Path::new(path)), device.map(PathBuf::from), "{path}");
        }
    }
}

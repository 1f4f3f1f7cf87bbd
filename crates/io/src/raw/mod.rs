//! Volumes and disks of Windows themselves: `\\.\C:`, `\\.\PhysicalDrive0`.
//!
//! They are no files: they have no metadata, seeking to their end is not promised to work, and their offsets and lengths are
//! multiples of a sector. Drivers answer control codes instead. Any of them may be refused (a RAM disk knows no sectors, wine
//! knows almost none), so each question has another one behind it and a guess at the end that is safe.

#[cfg(any(windows, test))]
mod answer;
#[cfg(windows)]
mod control;
#[cfg(windows)]
mod opened;

use std::path::Path;

#[cfg(windows)]
pub(crate) use control::volume_below;
#[cfg(windows)]
pub(crate) use opened::{Opened, drive_kind};

/// Whether a path of Windows names a volume or a disk itself: `\\.\C:`, `\\.\PhysicalDrive0`, `\\?\Volume{…}`.
pub(crate) fn is_raw_path(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let Some(rest) = text.strip_prefix(r"\\.\").or_else(|| text.strip_prefix(r"\\?\")) else { return false };
    // With a separator behind the device's name it is a path into its file system.
    !rest.is_empty() && !rest.contains(['\\', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_paths_of_windows_are_told_from_files() {
        for (path, raw) in [
            (r"\\.\C:", true),
            (r"\\.\PhysicalDrive0", true),
            (r"\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}", true),
            (r"\\.\C:\image.dd", false),
            (r"\\?\C:\image.dd", false),
            (r"C:\image.dd", false),
            ("image.dd", false),
            (r"\\.\", false),
        ] {
            assert_eq!(is_raw_path(Path::new(path)), raw, "{path}");
        }
    }
}

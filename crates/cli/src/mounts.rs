//! Where a block device is mounted, so that what is found on it can be opened by the path that is printed.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// Number of a block device, as the kernel prints it in `mountinfo`.
type DeviceNumber = (u32, u32);

/// Where the file system on the block device at `path` is mounted, or that in one of its partitions.
pub(crate) fn mounted_at(path: &Path, partition: Option<u32>) -> Option<PathBuf> {
    let disk = device_number(path)?;
    let device = match partition {
        Some(number) => partition_number(Path::new("/sys/dev/block"), disk, number)?,
        None => disk,
    };
    mount_point(&std::fs::read("/proc/self/mountinfo").ok()?, device)
}

/// The device number of a partition of `disk`, which has a folder in that of its disk. `devices` is
/// `/sys/dev/block`.
fn partition_number(devices: &Path, disk: DeviceNumber, partition: u32) -> Option<DeviceNumber> {
    let folders = std::fs::read_dir(devices.join(format!("{}:{}", disk.0, disk.1))).ok()?;
    folders.filter_map(Result::ok).find_map(|folder| {
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).ok();
        let number: u32 = text("partition")?.trim().parse().ok()?;
        let device = text("dev").filter(|_| number == partition)?;
        let (major, minor) = device.trim().split_once(':')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    })
}

/// The place where the whole file system of a device is mounted, the first if there are several.
///
/// `mountinfo` is the text of `/proc/self/mountinfo`; proc(5) draws its lines.
fn mount_point(mountinfo: &[u8], device: DeviceNumber) -> Option<PathBuf> {
    let number = format!("{}:{}", device.0, device.1);
    mountinfo.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b' ').skip(2);
        let (found, root, place) = (fields.next()?, fields.next()?, fields.next()?);
        // With another root only a folder of the file system is there (a bind mount).
        (found == number.as_bytes() && root == b"/").then(|| OsString::from_vec(unescape(place)).into())
    })
}

/// Undoes the octal escapes of `mountinfo`: `\040` is a space.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            _ => out.push(byte),
        }
    }
    out
}

/// The number of the block device at `path`, if it is one.
fn device_number(path: &Path) -> Option<DeviceNumber> {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let metadata = path.metadata().ok()?;
    let number = metadata.rdev();
    metadata.file_type().is_block_device().then(|| (rustix::fs::major(number), rustix::fs::minor(number)))
}

#[cfg(test)]
mod tests {
    use super::{mount_point, partition_number};
    use std::path::PathBuf;

    const MOUNTINFO: &[u8] = b"\
22 28 0:21 / /proc rw,nosuid - proc proc rw\n\
30 28 8:2 /home /home rw - ext4 /dev/sda2 rw\n\
31 28 8:17 /Users /srv/users ro - ntfs3 /dev/sdb1 ro\n\
32 28 8:17 / /mnt/win\\040dows\\134x rw - fuseblk /dev/sdb1 rw\n\
33 28 8:17 / /elsewhere rw - fuseblk /dev/sdb1 rw\n\
34 28 8:1\n";

    #[test]
    fn the_first_whole_mount_is_taken() {
        let cases = [((8, 17), Some("/mnt/win dows\\x")), ((8, 2), None), ((8, 1), None), ((9, 9), None)];
        for (device, expected) in cases {
            assert_eq!(mount_point(MOUNTINFO, device), expected.map(PathBuf::from), "{device:?}");
        }
    }

    #[test]
    fn a_partition_is_found_in_the_folder_of_its_disk() {
        let devices = tempfile::tempdir().expect("a temporary folder");
        for (folder, partition, device) in
            [("sda1", "1\n", "8:1\n"), ("sda2", "2\n", "259:7\n"), ("queue", "", "")]
        {
            let folder = devices.path().join("8:0").join(folder);
            std::fs::create_dir_all(&folder).expect("made");
            std::fs::write(folder.join("partition"), partition).expect("written");
            std::fs::write(folder.join("dev"), device).expect("written");
        }
        for (disk, partition, expected) in
            [((8, 0), 1, Some((8, 1))), ((8, 0), 2, Some((259, 7))), ((8, 0), 3, None), ((9, 0), 1, None)]
        {
            assert_eq!(partition_number(devices.path(), disk, partition), expected);
        }
    }
}

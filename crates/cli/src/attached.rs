//! Which NTFS volumes are attached to this machine.
//!
//! Linux lists its block devices; which of them hold NTFS is told by their content, as for any source. A disk is
//! looked at as a whole, with all its partitions, and so is what is made of disks (LVM, RAID, LUKS). Windows lists the letters of its
//! drives, and its volumes by names of its own, those that are mounted in a folder or nowhere among them: what lies on a fixed or removable drive and
//! is NTFS by the system's word is looked at, by its letter if it has one. Neither list is enough: a drive that a program has added may have no more than a letter.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
#[cfg(target_os = "linux")]
use std::fs;
use std::path::{Path, PathBuf};

#[cfg(any(windows, test))]
use quarry_io::{DriveLetter, SystemVolume};
use quarry_scan::OpenError;

use crate::failure::Complaint;
use crate::session::{Session, Verbosity};
use crate::volumes::{self, Opened};

/// Where Linux lists block devices, and where it has them.
#[cfg(target_os = "linux")]
const SYS: &str = "/sys/block";
#[cfg(target_os = "linux")]
const DEV: &str = "/dev";
/// Drives that take seconds to say that there is nothing in them, and disks in memory.
#[cfg(target_os = "linux")]
const NOT_LOOKED_AT: &[&str] = &["fd", "sr", "ram", "zram"];

/// All volumes, each once, and what could not be looked at.
pub(crate) fn open_all(session: &Session) -> (Vec<Opened>, Vec<Complaint>) {
    open_each(devices(), session)
}

fn open_each(paths: Vec<PathBuf>, session: &Session) -> (Vec<Opened>, Vec<Complaint>) {
    let (mut opened, mut failed) = (Vec::new(), Vec::new());
    let mut known = Known::default();
    for path in paths {
        match open(&path) {
            Ok(volumes) => opened.extend(volumes.into_iter().filter(|it| match known.add(it) {
                None => true,
                Some(note) => {
                    session.note(Verbosity::Usual, &note);
                    false
                }
            })),
            Err(Ok(other)) => {
                session.note(Verbosity::Verbose, &format!("{}: {other}", path.display()));
            }
            Err(Err(complaint)) => failed.push(complaint),
        }
    }
    (opened, failed)
}

/// The volumes that were found, by serial number and length, with their titles.
#[derive(Debug, Default)]
struct Known(HashMap<(u64, u64), String>);

impl Known {
    /// Takes in a volume, or says why it is left out. A disk that is reached by two ways is one. A copy of it looks the same, so it is told.
    fn add(&mut self, found: &Opened) -> Option<String> {
        let boot = found.volume.boot()?;
        match self.0.entry((boot.serial, boot.sectors)) {
            Entry::Vacant(place) => {
                place.insert(found.title());
                None
            }
            Entry::Occupied(first) => {
                let cause = format!("has the serial number {:016X} of {}", boot.serial, first.get());
                Some(format!("{}: {cause}: taken for the same volume and left out", found.title()))
            }
        }
    }
}

/// The volumes of one device; or, as the inner of the two, what it holds instead.
fn open(path: &Path) -> Result<Vec<Opened>, Result<OpenError, Complaint>> {
    let device = volumes::open_device(path).map_err(Err)?;
    let mut volumes = quarry_scan::open(device, None).map_err(|error| match error {
        OpenError::Other(_) | OpenError::NoNtfsPartition { .. } => Ok(error),
        error => Err(volumes::refusal(path, &error)),
    })?;
    volumes.iter_mut().for_each(|volume| volumes::ask_system(path, volume));
    Ok(volumes.into_iter().map(|volume| Opened { source: path.to_owned(), volume }).collect())
}

/// The drives that may hold NTFS.
#[cfg(windows)]
pub(crate) fn devices() -> Vec<PathBuf> {
    with_ntfs(&quarry_io::drive_letters(), &quarry_io::system_volumes())
}

/// Those that the system has mounted as NTFS: it knows better than a first sector what it has decrypted. Drives with letters in the order of those;
/// then what is mounted in folders, in the order of those; then what is mounted nowhere, by name.
#[cfg(any(windows, test))]
fn with_ntfs(letters: &[DriveLetter], volumes: &[SystemVolume]) -> Vec<PathBuf> {
    let ntfs = |said: &Option<String>| said.as_ref().is_some_and(|said| said.eq_ignore_ascii_case("NTFS"));
    let lettered = |volume: &SystemVolume| {
        volume.letters().any(|letter| letters.iter().any(|drive| drive.letter == letter))
    };
    let mut rest: Vec<&SystemVolume> =
        volumes.iter().filter(|volume| ntfs(&volume.file_system) && !lettered(volume)).collect();
    rest.sort_by_key(|volume| (volume.mounted_at.is_empty(), volume.mounted_at.first(), &volume.name));
    let drives = letters.iter().filter(|drive| ntfs(&drive.file_system)).map(DriveLetter::volume);
    drives.chain(rest.into_iter().map(SystemVolume::volume)).collect()
}

/// The block devices that have something in them, by name.
#[cfg(target_os = "linux")]
fn devices() -> Vec<PathBuf> {
    devices_in(Path::new(SYS), Path::new(DEV))
}

#[cfg(target_os = "linux")]
fn devices_in(sys: &Path, dev: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(sys).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let looked_at = |name: &String| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let sectors = fs::read_to_string(sys.join(name).join("size")).unwrap_or_default();
        !NOT_LOOKED_AT.contains(&stem) && sectors.trim().parse::<u64>().is_ok_and(|sectors| sectors > 0)
    };
    // The system writes a slash in a device's name as an exclamation mark.
    names.into_iter().filter(looked_at).map(|name| dev.join(name.replace('!', "/"))).collect()
}

#[cfg(test)]
mod letter_tests {
    use super::with_ntfs;
    use quarry_io::{DriveLetter, SystemVolume};

    #[test]
    fn drives_with_ntfs_are_read_by_their_letters() {
        let drive = |letter, file_system: Option<&str>| DriveLetter {
            letter,
            file_system: file_system.map(str::to_owned),
        };
        let letters =
            [drive('C', Some("NTFS")), drive('D', Some("exFAT")), drive('E', None), drive('F', Some("ntfs"))];
        assert_eq!(paths(&letters, &[]), [r"\\.\C:", r"\\.\F:"]);
    }

    #[test]
    fn volumes_without_a_letter_are_read_by_their_names() {
        let letters = ['C', 'D'].map(|letter| DriveLetter { letter, file_system: Some("NTFS".to_owned()) });
        let volume = |name: &str, places: &[&str], file_system: Option<&str>| SystemVolume {
            name: format!(r"\\?\Volume{{{name}}}"),
            mounted_at: places.iter().map(|&place| place.to_owned()).collect(),
            file_system: file_system.map(str::to_owned),
        };
        let volumes = [
            volume("7", &[], Some("NTFS")),
            volume("3", &[], Some("NTFS")),
            volume("1", &[r"C:\"], Some("NTFS")),
            volume("5", &[r"D:\photos\"], Some("ntfs")),
            volume("6", &[r"C:\mnt\"], Some("NTFS")),
            // Both a folder and a letter.
            volume("2", &[r"C:\data\", r"D:\"], Some("NTFS")),
            volume("4", &[], Some("FAT32")),
            volume("8", &[], None),
            // The system has given it a letter since letters were asked for.
            volume("9", &[r"E:\"], Some("NTFS")),
        ];
        let expected = [
            r"\\.\C:",
            r"\\.\D:",
            r"\\?\Volume{6}",
            r"\\?\Volume{5}",
            r"\\?\Volume{9}",
            r"\\?\Volume{3}",
            r"\\?\Volume{7}",
        ];
        assert_eq!(paths(&letters, &volumes), expected);
        assert_eq!(paths(&[], &volumes[2..3]), [r"\\?\Volume{1}"]);
    }

    fn paths(letters: &[DriveLetter], volumes: &[SystemVolume]) -> Vec<String> {
        with_ntfs(letters, volumes).iter().map(|path| path.display().to_string()).collect()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// A machine whose devices are files.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("dev/cciss")).unwrap();
            Self(root)
        }

        fn attach(&self, name: &str, content: &[u8]) {
            let folder = self.0.path().join("block").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("size"), format!("{}\n", content.len() / 512)).unwrap();
            fs::write(self.0.path().join("dev").join(name.replace('!', "/")), content).unwrap();
        }

        fn look(&self) -> (Vec<String>, Vec<String>) {
            let session = Session::quiet();
            let (opened, failed) =
                open_each(devices_in(&self.0.path().join("block"), &self.0.path().join("dev")), &session);
            let short = |text: String| text.rsplit('/').next().unwrap_or_default().to_owned();
            let opened = opened.iter().map(|it| short(it.title())).collect();
            (opened, failed.iter().map(ToString::to_string).map(short).collect())
        }
    }

    #[test]
    fn every_volume_is_found_once_and_by_its_content() {
        let packed: &[u8] = include_bytes!("../demo/demo.ntfs.zst");
        let volume = zstd::decode_all(packed).unwrap();
        let machine = Machine::new();
        machine.attach("sdb", &volume);
        machine.attach("cciss!c0d0", &[7; 4096]);
        machine.attach("sda", b"");
        machine.attach("loop0", &[0; 1 << 20]);
        machine.attach("ram0", &volume);
        assert_eq!(machine.look(), (vec!["sdb".to_owned()], vec![]));
        // The same disk by another way, and one that the system lists and does not have.
        machine.attach("sdc", &volume);
        machine.attach("sdd", &volume);
        fs::remove_file(machine.0.path().join("dev/sdd")).unwrap();
        let (opened, failed) = machine.look();
        assert_eq!((opened, failed.len()), (vec!["sdb".to_owned()], 1));
        assert!(failed[0].contains("sdd"), "{failed:?}");
    }

    /// A copy of a disk cannot be told from a second way to it. So the second is left out, and said to be.
    #[test]
    fn a_copy_of_a_volume_is_left_out_and_told() {
        let packed: &[u8] = include_bytes!("../demo/demo.ntfs.zst");
        let volume = zstd::decode_all(packed).unwrap();
        let machine = Machine::new();
        let mut other = volume.clone();
        // Another serial number, at 0x48 of the boot sector.
        other[0x48] ^= 1;
        for (name, content) in [("sda", &volume), ("sdb", &other), ("sdc", &volume)] {
            machine.attach(name, content);
        }
        let dev = machine.0.path().join("dev");
        let mut known = Known::default();
        let told: Vec<_> = ["sda", "sdb", "sdc"]
            .into_iter()
            .map(|name| known.add(&open(&dev.join(name)).unwrap_or_else(|_| panic!("{name}"))[0]))
            .collect();
        let (first, copy) = (dev.join("sda"), dev.join("sdc"));
        let serial = u64::from_le_bytes(volume[0x48..0x50].try_into().unwrap());
        let note = format!(
            "{}: has the serial number {serial:016X} of {}: taken for the same volume and left out",
            copy.display(),
            first.display()
        );
        assert_eq!(told, [None, None, Some(note)]);
        assert_eq!(machine.look(), (vec!["sda".to_owned(), "sdb".to_owned()], vec![]));
    }
}

//! What Linux says of a block device in `/sys`.
//!
//! `/sys/dev/block/8:1` leads to the device's own folder, whose path says what bus it hangs on. A partition's folder lies in its
//! disk's, which has the queue. What is made of other drives (LVM, LUKS, RAID) names them in `slaves`.

use std::fs;
use std::path::Path;

use super::DriveKind;

const ROOT: &str = "/sys";

/// How many drives may be made of drives: LUKS on LVM on RAID is three.
const LAYERS_MAX: usize = 8;

/// Parts of a device's path that give a hypervisor away: virtio, Xen, Hyper-V.
const VIRTUAL_BUSES: &[&str] = &["virtio", "vbd-", "VMBUS:"];
/// What emulated SCSI disks give as their vendor.
const VIRTUAL_VENDORS: &[&str] = &["QEMU", "VMware", "VBOX", "Msft", "XEN", "Google"];

/// The kind of the block device with this number.
pub(super) fn kind(number: u64) -> DriveKind {
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    kind_in(Path::new(ROOT), major, minor)
}

fn kind_in(root: &Path, major: u32, minor: u32) -> DriveKind {
    let Ok(folder) = fs::canonicalize(root.join(format!("dev/block/{major}:{minor}"))) else {
        // A file system without a device: in memory, over a network, stacked.
        return DriveKind::Virtual;
    };
    let disk = if folder.join("partition").exists() { folder.parent().unwrap_or(&folder) } else { &folder };
    kind_of(disk, LAYERS_MAX)
}

fn kind_of(disk: &Path, layers: usize) -> DriveKind {
    if let Some(kind) = kind_of_parts(disk, layers) {
        return kind;
    }
    let parts = || disk.components().map(|part| part.as_os_str().to_string_lossy());
    let vendor = read(&disk.join("device/vendor"));
    let is_virtual = parts()
        .any(|part| part == "virtual" || VIRTUAL_BUSES.iter().any(|bus| part.starts_with(bus)))
        || VIRTUAL_VENDORS.iter().any(|known| vendor.eq_ignore_ascii_case(known));
    let name = disk.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match read(&disk.join("queue/rotational")).as_str() {
        // The heads of an NVMe name space shared by several paths lie among the virtual ones.
        _ if name.starts_with("nvme") => DriveKind::Nvme,
        _ if is_virtual => DriveKind::Virtual,
        "0" => DriveKind::Ssd,
        "1" => DriveKind::Rotational,
        _ => DriveKind::Virtual,
    }
}

/// What the drives are of which this one is made, if it is made of drives and they are all the same.
fn kind_of_parts(disk: &Path, layers: usize) -> Option<DriveKind> {
    let layers = layers.checked_sub(1)?;
    let parts = fs::read_dir(disk.join("slaves")).ok()?;
    let mut kinds = parts.flatten().map(|part| match fs::canonicalize(part.path()) {
        Ok(folder) if folder.join("partition").exists() => {
            kind_of(folder.parent().unwrap_or(&folder), layers)
        }
        Ok(folder) => kind_of(&folder, layers),
        Err(_) => DriveKind::Virtual,
    });
    let first = kinds.next()?;
    Some(if kinds.all(|kind| kind == first) { first } else { DriveKind::Virtual })
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    /// A tree like `/sys`, as far as it is looked at.
    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            fs::create_dir_all(tree.0.path().join("dev/block")).unwrap();
            tree
        }

        fn disk(&self, number: &str, path: &str, rotational: Option<&str>, vendor: Option<&str>) -> PathBuf {
            let folder = self.0.path().join("devices").join(path);
            fs::create_dir_all(folder.join("queue")).unwrap();
            fs::create_dir_all(folder.join("device")).unwrap();
            if let Some(rotational) = rotational {
                fs::write(folder.join("queue/rotational"), format!("{rotational}\n")).unwrap();
            }
            if let Some(vendor) = vendor {
                fs::write(folder.join("device/vendor"), format!("{vendor}   \n")).unwrap();
            }
            symlink(&folder, self.0.path().join("dev/block").join(number)).unwrap();
            folder
        }

        fn partition(&self, number: &str, disk: &Path, name: &str) -> PathBuf {
            let folder = disk.join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("partition"), "1\n").unwrap();
            symlink(&folder, self.0.path().join("dev/block").join(number)).unwrap();
            folder
        }

        fn made_of(&self, number: &str, path: &str, parts: &[&Path]) -> PathBuf {
            let folder = self.disk(number, path, Some("0"), None);
            fs::create_dir_all(folder.join("slaves")).unwrap();
            for part in parts {
                symlink(part, folder.join("slaves").join(part.file_name().unwrap())).unwrap();
            }
            folder
        }

        #[track_caller]
        fn check(&self, minor: u32, expected: DriveKind) {
            assert_eq!(kind_in(self.0.path(), 8, minor), expected);
        }
    }

    #[test]
    fn a_disk_says_what_it_is() {
        let tree = Tree::new();
        tree.disk("8:0", "pci0000:00/ata1/host0/block/sda", Some("1"), Some("ATA"));
        tree.disk("8:1", "pci0000:00/ata2/host1/block/sdb", Some("0"), Some("ATA"));
        tree.disk("8:2", "pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1", Some("0"), None);
        tree.disk("8:3", "virtual/nvme-subsystem/nvme-subsys0/nvme0n1", Some("0"), None);
        tree.disk("8:4", "pci0000:00/ata3/host2/block/sdc", None, None);
        for (minor, kind) in [
            (0, DriveKind::Rotational),
            (1, DriveKind::Ssd),
            (2, DriveKind::Nvme),
            (3, DriveKind::Nvme),
            (4, DriveKind::Virtual),
            (99, DriveKind::Virtual),
        ] {
            tree.check(minor, kind);
        }
    }

    /// virtio says that it rotates whatever the host has.
    #[test]
    fn a_virtual_machines_disk_is_not_believed() {
        let tree = Tree::new();
        tree.disk("8:0", "pci0000:00/0000:00:04.0/virtio1/block/vda", Some("1"), None);
        tree.disk("8:1", "pci0000:00/ata1/host0/block/sda", Some("0"), Some("QEMU"));
        tree.disk("8:2", "vbd-51712/block/xvda", Some("0"), None);
        tree.disk("8:3", "virtual/block/loop0", Some("0"), None);
        (0..4).for_each(|minor| tree.check(minor, DriveKind::Virtual));
    }

    #[test]
    fn a_partition_is_of_its_disk() {
        let tree = Tree::new();
        let disk = tree.disk("8:0", "pci0000:00/ata1/host0/block/sda", Some("1"), None);
        tree.partition("8:1", &disk, "sda1");
        tree.check(1, DriveKind::Rotational);
    }

    #[test]
    fn what_is_made_of_drives_is_what_they_all_are() {
        let tree = Tree::new();
        let head = tree.disk("8:0", "pci0000:00/ata1/host0/block/sda", Some("1"), None);
        let flash = tree.disk("8:1", "pci0000:00/ata2/host1/block/sdb", Some("0"), None);
        let nvme = tree.disk("8:2", "pci0000:00/nvme/nvme0/nvme0n1", Some("0"), None);
        let partition = tree.partition("8:3", &nvme, "nvme0n1p2");
        let luks = tree.made_of("8:4", "virtual/block/dm-0", &[&partition]);
        tree.made_of("8:5", "virtual/block/dm-1", &[&luks]);
        tree.made_of("8:6", "virtual/block/md0", &[&head, &flash]);
        tree.made_of("8:7", "virtual/block/dm-2", &[]);
        tree.check(4, DriveKind::Nvme);
        tree.check(5, DriveKind::Nvme);
        tree.check(6, DriveKind::Virtual);
        tree.check(7, DriveKind::Virtual);
    }

    #[test]
    fn a_drive_made_of_itself_ends() {
        let tree = Tree::new();
        let folder = tree.disk("8:0", "virtual/block/dm-0", Some("1"), None);
        fs::create_dir_all(folder.join("slaves")).unwrap();
        symlink(&folder, folder.join("slaves/dm-0")).unwrap();
        tree.check(0, DriveKind::Virtual);
    }
}

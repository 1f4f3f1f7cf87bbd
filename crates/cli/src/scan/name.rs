//! What an entry is called if nobody says: short, fit for a shell and a terminal, and the same each time.

use quarry_catalog::{NAME_BYTES_MAX, Name};
use quarry_index::query::is_unprintable;
use quarry_io::DeviceKind;

use crate::entries;
use crate::failure::Complaint;
use crate::place::{stem, with_partition};
use crate::volumes::Opened;

/// The file's stem; of a device the volume's label. The partition's number stands behind it if there are `several`.
pub(super) fn usual(opened: &Opened, several: bool) -> Result<Name, Complaint> {
    let partition = opened.volume.partition().filter(|_| several);
    let stem = stem(&opened.source, None);
    as_name(&safe(device_label(opened).as_ref().unwrap_or(&stem), partition))
}

/// What a device is called among others whose volumes have the same label: that, and its own name. Nothing for what has no other name.
pub(super) fn longer(opened: &Opened, several: bool) -> Option<Result<Name, Complaint>> {
    let partition = opened.volume.partition().filter(|_| several);
    let label = device_label(opened)?;
    Some(as_name(&safe(&format!("{label}_{}", stem(&opened.source, None)), partition)))
}

/// The label of a volume that is a device, if it has one that leaves a name.
fn device_label(opened: &Opened) -> Option<String> {
    let label = String::from_utf8_lossy(&opened.volume.label()).into_owned();
    let is_device = opened.volume.device().kind() == DeviceKind::Block;
    (is_device && !safe(&label, None).is_empty()).then_some(label)
}

fn as_name(name: &str) -> Result<Name, Complaint> {
    entries::name(name).map_err(|complaint| complaint.then("choose a name with --name"))
}

/// `text` as a name, with the number of a partition: what would mislead a shell or a terminal becomes `_`, and what is too
/// long is cut.
fn safe(text: &str, partition: Option<u32>) -> String {
    let harmless = |c: char| !is_unprintable(c) && !c.is_control() && !"/\\:'\"`$*?[]{}<>|".contains(c);
    let text: String = text.chars().map(|c| if harmless(c) { c } else { '_' }).collect();
    let behind = with_partition("", partition);
    let mut text = text.trim();
    while text.len() + behind.len() > NAME_BYTES_MAX {
        let mut shorter = text.chars();
        shorter.next_back();
        text = shorter.as_str().trim_end();
    }
    if text.is_empty() { behind } else { format!("{text}{behind}") }
}

#[cfg(test)]
mod tests {
    use super::{longer, safe, usual};
    use crate::args::{CommandLine, Verb};
    use crate::scan::names;
    use crate::volumes::Opened;
    use clap::Parser as _;
    use quarry_catalog::{NAME_BYTES_MAX, Name};
    use quarry_io::{Device, DeviceKind, MemoryDevice};
    use std::sync::Arc;

    fn check(text: &str, partition: Option<u32>, expected: &str) {
        let found = safe(text, partition);
        assert_eq!(found, expected);
        assert!(found.is_empty() || Name::new(&found).is_ok(), "{found:?}");
    }

    /// A device that holds the demo volume, whose label is `Household`.
    #[derive(Debug)]
    struct Disk(MemoryDevice);

    impl Device for Disk {
        fn name(&self) -> &str {
            self.0.name()
        }
        fn len(&self) -> u64 {
            self.0.len()
        }
        fn kind(&self) -> DeviceKind {
            DeviceKind::Block
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
            self.0.read_at(buf, offset)
        }
    }

    #[test]
    fn a_device_is_called_by_its_label_or_by_that_and_its_name() {
        let packed: &[u8] = include_bytes!("../../demo/demo.ntfs.zst");
        let volume = zstd::decode_all(packed).unwrap();
        let mut devices = Vec::new();
        for (source, expected) in [
            ("/dev/sdb1", "Household_sdb1"),
            (r"\\.\D:", "Household_D"),
            (r"\\?\Volume{26a2}", "Household_Volume_26a2_"),
        ] {
            let device = Arc::new(Disk(MemoryDevice::new("disk", volume.clone())));
            let volume = quarry_scan::open(device, None).unwrap().remove(0);
            let opened = Opened { source: source.into(), volume };
            assert_eq!(usual(&opened, false).unwrap().as_str(), "Household");
            assert_eq!(longer(&opened, false).unwrap().unwrap().as_str(), expected);
            devices.push(opened);
        }
        let CommandLine { verb: Verb::Scan(scan) } = CommandLine::parse_from(["quarry", "scan", "x"]) else {
            panic!("it is a scan")
        };
        let named = |devices: &[Opened]| {
            let names = names(&scan, devices).unwrap();
            names.into_iter().map(|(name, _)| name.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(named(&devices[..1]), ["Household"]);
        assert_eq!(named(&devices[..2]), ["Household_sdb1", "Household_D"]);
        let image = Arc::new(MemoryDevice::new("disk.img", volume));
        let volume = quarry_scan::open(image, None).unwrap().remove(0);
        let opened = Opened { source: "disk.img".into(), volume };
        assert_eq!(usual(&opened, false).unwrap().as_str(), "disk");
        assert!(longer(&opened, false).is_none());
    }

    #[test]
    fn names_are_safe_and_bounded() {
        check("Household", None, "Household");
        check("C:", Some(3), "C_#3");
        check("Volume{26a21bda-a627}", None, "Volume_26a21bda-a627_");
        check(" a/b\u{1b}[2J\u{202e}'; rm *", None, "a_b__2J__; rm _");
        check("  ", None, "");
        check("  ", Some(2), "#2");
        check(&"ü".repeat(40), Some(12), &format!("{}#12", "ü".repeat(30)));
        check(&"x ".repeat(40), None, &format!("{}x", "x ".repeat(31)));
        assert_eq!(safe(&"x".repeat(999), None).len(), NAME_BYTES_MAX);
    }
}

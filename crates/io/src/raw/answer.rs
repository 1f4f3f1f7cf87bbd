//! What drivers answer to control codes, taken apart byte by byte.
//!
//! A driver is a stranger: an answer may be short, or say nonsense. So these are byte strings and not the system's structures,
//! one of which holds a truth value that means nothing at all unless it is 0 or 1; and they are understood on every system.

use crate::{ALIGNMENT_BYTES, DriveKind, SystemRun};

/// What sectors are taken to have when nobody says: what a smaller one divides.
pub(super) const SECTOR_BYTES_MAX: u32 = 4096;
/// The smallest sector of any disk.
const SECTOR_BYTES_MIN: u32 = 512;

/// Numbers of buses (`STORAGE_BUS_TYPE`): those of flash on the processor's bus, NVMe and memory.
const NVME_BUSES: &[u32] = &[0x11, 0x12];
/// Those behind which there can be anything: Fibre Channel, RAID, iSCSI, virtual, a file, storage spaces.
const VIRTUAL_BUSES: &[u32] = &[0x6, 0x8, 0x9, 0xE, 0xF, 0x10];
/// What drives of virtual machines call themselves: Hyper-V's, VMware's, VirtualBox's, QEMU's.
const VIRTUAL_NAMES: &[&str] =
    &["msft", "virtual", "vmware", "vbox", "qemu", "virtio", "red hat", "xen", "google"];

/// `GET_LENGTH_INFORMATION`: a signed number of bytes.
pub(super) fn length(said: &[u8]) -> Option<u64> {
    let bytes = said.first_chunk::<8>()?;
    u64::try_from(i64::from_le_bytes(*bytes)).ok().filter(|&bytes| bytes > 0)
}

/// `STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR`: the fifth number is the sector that is addressed.
pub(super) fn sector_bytes(said: &[u8]) -> Option<u32> {
    number(said, 16).filter(|&bytes| is_sector(bytes))
}

/// `DISK_GEOMETRY`: the last number is that sector.
pub(super) fn geometry_sector_bytes(said: &[u8]) -> Option<u32> {
    number(said, 20).filter(|&bytes| is_sector(bytes))
}

/// `STORAGE_DEVICE_DESCRIPTOR` (names by their offsets, then the bus) and `DEVICE_SEEK_PENALTY_DESCRIPTOR`, whose truth value
/// follows two numbers.
pub(super) fn drive_kind(descriptor: &[u8], penalty: &[u8]) -> DriveKind {
    let Some(bus) = number(descriptor, 28) else { return DriveKind::Virtual };
    let names = [12, 16].map(|at| name(descriptor, at).to_ascii_lowercase());
    let is_virtual = VIRTUAL_NAMES.iter().any(|known| names.iter().any(|name| name.contains(known)));
    match penalty.get(8) {
        _ if is_virtual || VIRTUAL_BUSES.contains(&bus) => DriveKind::Virtual,
        _ if NVME_BUSES.contains(&bus) => DriveKind::Nvme,
        Some(0) => DriveKind::Ssd,
        Some(_) => DriveKind::Rotational,
        None => DriveKind::Virtual,
    }
}

/// `RETRIEVAL_POINTERS_BUFFER`: how many, where the first starts, and for each where the next one starts and where it lies (-1: in
/// a hole). They are appended to `runs`, of which the next has to start at `start`. Nothing if that is not what is said.
pub(super) fn runs(said: &[u8], start: u64, runs: &mut Vec<SystemRun>) -> Option<()> {
    let wide = |at: usize| Some(i64::from_le_bytes(*said.get(at..)?.first_chunk()?));
    let count = usize::try_from(number(said, 0)?).ok()?;
    // The stretch in which `start` lies may begin before it.
    let mut vcn = u64::try_from(wide(8)?).ok().filter(|&first| first <= start)?;
    for at in (0..count).map(|index| index.checked_mul(16)?.checked_add(16)) {
        let next = u64::try_from(wide(at?)?).ok().filter(|&next| next > vcn)?;
        let lcn = wide(at?.checked_add(8)?)?;
        let lcn = if lcn == -1 { None } else { Some(u64::try_from(lcn).ok()?) };
        let from = vcn.max(start);
        if next > from {
            let lcn = match lcn {
                Some(lcn) => Some(lcn.checked_add(from - vcn)?),
                None => None,
            };
            runs.push(SystemRun { vcn: from, clusters: next - from, lcn });
        }
        vcn = next;
    }
    Some(())
}

/// `GetLogicalDrives`: a bit for each letter.
pub(super) fn letters(mask: u32) -> impl Iterator<Item = char> {
    ('A'..='Z').enumerate().filter(move |(bit, _)| mask >> bit & 1 == 1).map(|(_, letter)| letter)
}

/// `GetDriveType`: whether it is a drive of this machine whose medium can be written to: no network, no compact disc, no memory.
pub(super) fn is_fixed_or_removable(kind: u32) -> bool {
    const REMOVABLE: u32 = 2;
    const FIXED: u32 = 3;
    kind == REMOVABLE || kind == FIXED
}

/// The same of a volume in the system's own list, which holds none of the network: what it cannot tell the kind of (0) may be one.
pub(super) fn may_be_fixed_or_removable(kind: u32) -> bool {
    const UNKNOWN: u32 = 0;
    kind == UNKNOWN || is_fixed_or_removable(kind)
}

/// A text that ends with a 0 or with its memory.
pub(super) fn text(units: &[u16]) -> String {
    String::from_utf16_lossy(units.split(|&unit| unit == 0).next().unwrap_or_default())
}

/// Texts, each of which ends with a 0, up to an empty one.
pub(super) fn texts(units: &[u16]) -> Vec<String> {
    units.split(|&unit| unit == 0).take_while(|text| !text.is_empty()).map(String::from_utf16_lossy).collect()
}

fn is_sector(bytes: u32) -> bool {
    const _: () = assert!(SECTOR_BYTES_MAX as usize == ALIGNMENT_BYTES);
    bytes.is_power_of_two() && (SECTOR_BYTES_MIN..=SECTOR_BYTES_MAX).contains(&bytes)
}

fn number(said: &[u8], at: usize) -> Option<u32> {
    said.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// The text whose offset stands at `at`, up to its 0. Offset 0: there is none.
fn name(said: &[u8], at: usize) -> String {
    let start = number(said, at).and_then(|start| usize::try_from(start).ok()).filter(|&start| start > 0);
    let text = start.and_then(|start| said.get(start..)).unwrap_or_default();
    String::from_utf8_lossy(text.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// A descriptor with this bus and these names.
    fn descriptor(bus: u32, vendor: &str, product: &str) -> Vec<u8> {
        let vendor_at = 36;
        let product_at = vendor_at + u32::try_from(vendor.len()).unwrap() + 1;
        let vendor_at = if vendor.is_empty() { 0 } else { vendor_at };
        let mut said = numbers(&[40, 100, 0, vendor_at, product_at, 0, 0, bus, 0]);
        said.extend(format!("{vendor}\0{product}\0").bytes());
        said
    }

    #[test]
    fn kinds_of_drives() {
        let (heads, none) = (numbers(&[12, 12, 1]), numbers(&[12, 12, 0]));
        for (bus, vendor, product, penalty, kind) in [
            (0xB, "", "WDC WD40EFRX", &heads, DriveKind::Rotational),
            (0xB, "", "Samsung SSD 860", &none, DriveKind::Ssd),
            (0x7, "SanDisk", "Ultra", &none, DriveKind::Ssd),
            (0x11, "", "Samsung SSD 990 PRO", &none, DriveKind::Nvme),
            (0x11, "", "a stick that says it has a head", &heads, DriveKind::Nvme),
            (0xA, "Msft", "Virtual Disk", &heads, DriveKind::Virtual),
            (0x11, "", "VMware Virtual NVMe Disk", &none, DriveKind::Virtual),
            (0xB, "", "VBOX HARDDISK", &heads, DriveKind::Virtual),
            (0x1, "Red Hat", "VirtIO", &heads, DriveKind::Virtual),
            (0x8, "LSI", "MegaRAID", &heads, DriveKind::Virtual),
            (0xF, "", "a file", &none, DriveKind::Virtual),
            (0xB, "", "says nothing of its head", &Vec::new(), DriveKind::Virtual),
        ] {
            assert_eq!(drive_kind(&descriptor(bus, vendor, product), penalty), kind, "{vendor} {product}");
        }
        assert_eq!(drive_kind(&[], &none), DriveKind::Virtual);
    }

    #[test]
    fn sectors_and_lengths_that_make_no_sense_are_no_answer() {
        for (bytes, sector) in
            [(512, true), (2048, true), (4096, true), (0, false), (520, false), (8192, false)]
        {
            let expected = sector.then_some(bytes);
            assert_eq!(sector_bytes(&numbers(&[1, 28, 0, 0, bytes, 4096, 0])), expected);
            assert_eq!(geometry_sector_bytes(&numbers(&[9, 0, 12, 255, 63, bytes])), expected);
        }
        for (bytes, expected) in [(1 << 40, Some(1 << 40)), (0, None), (-1, None)] {
            assert_eq!(length(&i64::to_le_bytes(bytes)), expected);
        }
    }

    /// What the system says of a file: where the first stretch starts, and for each where the next one starts and where it lies.
    fn pointers(first: i64, stretches: &[(i64, i64)]) -> Vec<u8> {
        let mut said = numbers(&[u32::try_from(stretches.len()).unwrap(), 0]);
        let rest = [first].into_iter().chain(stretches.iter().flat_map(|&(next, lcn)| [next, lcn]));
        said.extend(rest.flat_map(i64::to_le_bytes));
        said
    }

    #[test]
    fn pitfall_07_what_the_system_says_of_runs_is_taken_apart() {
        let run = |vcn, clusters, lcn| SystemRun { vcn, clusters, lcn };
        let check = |said: &[u8], start, expected: Option<&[SystemRun]>| {
            let mut found = vec![run(0, 1, Some(7))];
            let understood = runs(said, start, &mut found).map(|()| &found[1..]);
            assert_eq!(understood, expected);
        };
        let (first, hole) = (run(0, 8, Some(786_432)), run(8, 2, None));
        check(&pointers(0, &[(8, 786_432), (10, -1)]), 0, Some(&[first, hole]));
        check(&pointers(0, &[]), 0, Some(&[]));
        // A second answer, which begins with all of the stretch that it goes on in.
        check(&pointers(4, &[(10, 100), (12, 5)]), 6, Some(&[run(6, 4, Some(102)), run(10, 2, Some(5))]));
        check(&pointers(0, &[(4, 1), (8, 2)]), 4, Some(&[run(4, 4, Some(2))]));
        for nonsense in [
            pointers(1, &[(8, 1)]),
            // As wine answers of any file.
            pointers(1, &[(0, 0)]),
            pointers(-1, &[(8, 1)]),
            pointers(0, &[(0, 1)]),
            pointers(0, &[(8, 1), (4, 2)]),
            pointers(0, &[(8, -2)]),
            pointers(0, &[(8, 1)])[..31].to_vec(),
            numbers(&[u32::MAX, 0, 0, 0]),
            Vec::new(),
        ] {
            check(&nonsense, 0, None);
        }
    }

    #[test]
    fn drives_by_their_letters() {
        assert_eq!(letters(0b1_0000_0000_0000_0000_0000_1101).collect::<String>(), "ACDY");
        assert_eq!(letters(u32::MAX).count(), 26);
        let kinds: Vec<u32> = (0..8).filter(|&kind| is_fixed_or_removable(kind)).collect();
        assert_eq!(kinds, [2, 3]);
        let kinds: Vec<u32> = (0..8).filter(|&kind| may_be_fixed_or_removable(kind)).collect();
        assert_eq!(kinds, [0, 2, 3]);
        assert_eq!(text(&[0x4E, 0x54, 0, 0x46]), "NT");
        assert_eq!(text(&[0x4E, 0x54]), "NT");
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        for (said, expected) in [
            ("C:\\\0D:\\mnt\\\0\0\0rest", &["C:\\", "D:\\mnt\\"][..]),
            ("\0\0", &[]),
            ("", &[]),
            ("C:\\", &["C:\\"]),
        ] {
            assert_eq!(texts(&units(said)), expected, "{said:?}");
        }
    }

    proptest! {
        /// Whatever a driver says, and however much of it.
        #[test]
        fn any_answer_is_survived(said in prop::collection::vec(any::<u8>(), 0..80)) {
            drive_kind(&said, &said);
            let mut found = Vec::new();
            let understood = runs(&said, 3, &mut found).is_some();
            prop_assert!(found.len() * 16 <= said.len());
            prop_assert!(!understood || found.windows(2).all(|two| two[0].vcn + two[0].clusters == two[1].vcn));
            prop_assert!(sector_bytes(&said).is_none_or(|bytes| said.len() >= 20 && bytes >= 512));
            prop_assert!(geometry_sector_bytes(&said).is_none_or(|bytes| bytes <= 4096));
            prop_assert!(length(&said).is_none_or(|bytes| bytes > 0));
        }
    }
}

//! What a partition table says that a partition is for: a byte in an MBR, a GUID in a GPT, and a name for people.
//!
//! It is what somebody once wrote there, not what the partition holds: [`Partition::content`](super::Partition) is.

use std::fmt;

use super::le;

/// A GUID, its number as the text form reads: `EBD0A0A2-…` is `0xEBD0A0A2…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid(pub u128);

impl Guid {
    /// A GUID from its 16 bytes on disk, where the first three groups are little-endian.
    #[must_use]
    pub fn from_disk(bytes: [u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
        let [i, j, k, l, m, n, o, p] = rest;
        Self(u128::from_be_bytes([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]))
    }

    pub(super) fn at(bytes: &[u8], at: usize) -> Option<Self> {
        bytes.get(at..)?.first_chunk().map(|guid| Self::from_disk(*guid))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032X}", self.0);
        let mut groups = [0..8, 8..12, 12..16, 16..20, 20..32].into_iter().filter_map(|group| hex.get(group));
        f.write_str(groups.next().unwrap_or_default())?;
        groups.try_for_each(|group| write!(f, "-{group}"))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a partition is for, as its table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartitionType {
    /// The type byte of an MBR entry.
    Mbr(u8),
    /// The type GUID of a GPT entry.
    Gpt(Guid),
}

impl PartitionType {
    /// What the type is called, if it is a well-known one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Mbr(byte) => mbr_name(byte),
            Self::Gpt(guid) => GPT_NAMES.iter().find(|(known, _)| *known == guid.0).map(|(_, name)| *name),
        }
    }
}

impl fmt::Display for PartitionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (Some(name), Self::Mbr(byte)) => write!(f, "{name} (0x{byte:02X})"),
            (Some(name), Self::Gpt(_)) => f.write_str(name),
            (None, Self::Mbr(byte)) => write!(f, "type 0x{byte:02X}"),
            (None, Self::Gpt(guid)) => write!(f, "type {guid}"),
        }
    }
}

fn mbr_name(byte: u8) -> Option<&'static str> {
    Some(match byte {
        0x01 => "FAT12",
        0x04 | 0x06 | 0x0E => "FAT16",
        0x05 | 0x0F | 0x85 => "extended",
        0x07 => "NTFS, exFAT or HPFS",
        0x0B | 0x0C => "FAT32",
        0x11 | 0x14 | 0x16 | 0x1B | 0x1C | 0x1E => "hidden FAT",
        0x17 => "hidden NTFS",
        0x27 => "Windows recovery",
        0x42 => "Windows dynamic disk",
        0x82 => "Linux swap",
        0x83 => "Linux",
        0x8E => "Linux LVM",
        0xA5 => "FreeBSD",
        0xA6 => "OpenBSD",
        0xAF => "Apple HFS or HFS+",
        0xBF => "Solaris",
        0xEE => "GPT protective",
        0xEF => "EFI system",
        0xFB => "VMware VMFS",
        0xFD => "Linux RAID",
        _ => return None,
    })
}

/// Well-known type GUIDs.
const GPT_NAMES: [(u128, &str); 21] = [
    (0xEBD0A0A2_B9E5_4433_87C0_68B6B72699C7, "Microsoft basic data"),
    (0xE3C9E316_0B5C_4DB8_817D_F92DF00215AE, "Microsoft reserved"),
    (0xDE94BBA4_06D1_4D40_A16A_BFD50179D6AC, "Windows recovery"),
    (0x5808C8AA_7E8F_42E0_85D2_E1E90434CFB3, "Windows dynamic disk metadata"),
    (0xAF9B60A0_1431_4F62_BC68_3311714A69AD, "Windows dynamic disk data"),
    (0xE75CAF8F_F680_4CEE_AFA3_B001E56EFC2D, "Windows Storage Spaces"),
    (0xC12A7328_F81F_11D2_BA4B_00A0C93EC93B, "EFI system"),
    (0x21686148_6449_6E6F_744E_656564454649, "BIOS boot"),
    (0x0FC63DAF_8483_4772_8E79_3D69D8477DE4, "Linux file system"),
    (0x4F68BCE3_E8CD_4DB1_96E7_FBCAF984B709, "Linux root (x86-64)"),
    (0xB921B045_1DF0_41C3_AF44_4C6F280D3FAE, "Linux root (aarch64)"),
    (0x933AC7E1_2EB4_4F13_B844_0E14E2AEF915, "Linux home"),
    (0xBC13C2FF_59E6_4262_A352_B275FD6F7172, "Linux extended boot"),
    (0x0657FD6D_A4AB_43C4_84E5_0933C84B4F4F, "Linux swap"),
    (0xE6D6D379_F507_44C2_A23C_238F2A3DF928, "Linux LVM"),
    (0xA19D880F_05FC_4D3B_A006_743F0F84911E, "Linux RAID"),
    (0xCA7D7CCB_63ED_4C53_861C_1742536059CC, "Linux LUKS"),
    (0x48465300_0000_11AA_AA11_00306543ECAC, "Apple HFS or HFS+"),
    (0x7C3457EF_0000_11AA_AA11_00306543ECAC, "Apple APFS"),
    (0x6A898CC3_1DD2_11B2_99A6_080020736631, "ZFS"),
    (0x516E7CBA_6ECF_11D6_8FF8_00022D09712B, "FreeBSD ZFS"),
];

/// A GPT label: UTF-16 up to the first zero. What is no text becomes U+FFFD: a label is only shown.
pub(super) fn label(bytes: &[u8]) -> String {
    let units: Vec<u16> =
        bytes.chunks_exact(2).map_while(|unit| le::u16(unit, 0)).take_while(|&u| u != 0).collect();
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_read_as_they_lie_on_disk() {
        let disk = *b"\xA2\xA0\xD0\xEB\xE5\xB9\x33\x44\x87\xC0\x68\xB6\xB7\x26\x99\xC7";
        let guid = Guid::from_disk(disk);
        assert_eq!(guid.to_string(), "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7");
        assert_eq!(PartitionType::Gpt(guid).to_string(), "Microsoft basic data");
        assert_eq!(Guid(1).to_string(), "00000000-0000-0000-0000-000000000001");
    }

    #[test]
    fn unknown_types_are_shown_as_they_are() {
        assert_eq!(PartitionType::Mbr(0x07).to_string(), "NTFS, exFAT or HPFS (0x07)");
        assert_eq!(PartitionType::Mbr(0x99).to_string(), "type 0x99");
        assert_eq!(PartitionType::Gpt(Guid(5)).to_string(), "type 00000000-0000-0000-0000-000000000005");
    }

    #[test]
    fn labels_end_at_the_first_zero() {
        assert_eq!(label(b"D\0a\0\xE4\0\0\0X\0"), "Daä");
        assert_eq!(label(b"\0\xD8A\0"), "\u{FFFD}A");
        assert_eq!(label(b""), "");
    }
}

//! FAT, told by its geometry: the text in its boot sector that names it is only a comment, and is often wrong.
//!
//! Boot code of disks also begins with a jump and ends with `55 AA`, so every field of the geometry has to fit.

use super::filesystem::FileSystem;
use super::le;

/// Fewer clusters than this are FAT12.
const FAT16_CLUSTERS_MIN: u64 = 4085;

/// Fewer clusters than this, and not FAT12, are FAT16.
const FAT32_CLUSTERS_MIN: u64 = 65525;

/// Bytes of an entry of the root folder.
const ROOT_ENTRY_BYTES: u64 = 32;

pub(super) fn identify(sector: &[u8; 512]) -> Option<FileSystem> {
    let has_jump = matches!(sector.first(), Some(0xEB | 0xE9));
    let sector_bytes = u64::from(le::u16(sector, 0x0B)?);
    let cluster_sectors = u64::from(*sector.get(0x0D)?);
    let reserved = u64::from(le::u16(sector, 0x0E)?);
    let fats = u64::from(*sector.get(0x10)?);
    let media = *sector.get(0x15)?;
    let is_possible = has_jump
        && matches!(sector_bytes, 512 | 1024 | 2048 | 4096)
        && cluster_sectors.is_power_of_two()
        && reserved > 0
        && matches!(fats, 1 | 2)
        && matches!(media, 0xF0 | 0xF8..=0xFF);
    if !is_possible {
        return None;
    }
    let small_fat = u64::from(le::u16(sector, 0x16)?);
    let fat_sectors = if small_fat != 0 { small_fat } else { u64::from(le::u32(sector, 0x24)?) };
    let small_total = u64::from(le::u16(sector, 0x13)?);
    let total = if small_total != 0 { small_total } else { u64::from(le::u32(sector, 0x20)?) };
    let root = (u64::from(le::u16(sector, 0x11)?) * ROOT_ENTRY_BYTES).div_ceil(sector_bytes);
    // None of the products can exceed 2^34.
    let clusters = total.checked_sub(reserved + fats * fat_sectors + root)? / cluster_sectors;
    match clusters {
        _ if fat_sectors == 0 || clusters == 0 => None,
        _ if small_fat == 0 => Some(FileSystem::Fat32),
        0..FAT16_CLUSTERS_MIN => Some(FileSystem::Fat12),
        FAT16_CLUSTERS_MIN..FAT32_CLUSTERS_MIN => Some(FileSystem::Fat16),
        _ => Some(FileSystem::Fat32),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A boot sector of FAT: `small_fat` sectors by the 16-bit field, or `large_fat` by the 32-bit one.
    pub(in super::super) fn boot_sector(sectors: u32, small_fat: u16, large_fat: u32) -> [u8; 512] {
        let mut sector = [0; 512];
        sector[..3].copy_from_slice(&[0xEB, 0x3C, 0x90]);
        sector[0x0B..0x0D].copy_from_slice(&512u16.to_le_bytes());
        sector[0x0D] = 1;
        sector[0x0E] = 1;
        sector[0x10] = 2;
        sector[0x15] = 0xF8;
        sector[0x16..0x18].copy_from_slice(&small_fat.to_le_bytes());
        sector[0x20..0x24].copy_from_slice(&sectors.to_le_bytes());
        sector[0x24..0x28].copy_from_slice(&large_fat.to_le_bytes());
        sector[510..].copy_from_slice(&[0x55, 0xAA]);
        sector
    }

    #[test]
    fn the_count_of_clusters_decides() {
        // One reserved sector and two FATs of 20 sectors are no clusters.
        let (small, large) = (4085 + 41, 65525 + 41);
        for (sector, expected) in [
            (boot_sector(small - 1, 20, 0), Some(FileSystem::Fat12)),
            (boot_sector(small, 20, 0), Some(FileSystem::Fat16)),
            (boot_sector(large - 1, 20, 0), Some(FileSystem::Fat16)),
            (boot_sector(large, 20, 0), Some(FileSystem::Fat32)),
            (boot_sector(large, 0, 20), Some(FileSystem::Fat32)),
            (boot_sector(41, 20, 0), None),
            (boot_sector(10, 20, 0), None),
            (boot_sector(large, 0, 0), None),
            (boot_sector(u32::MAX, 0, u32::MAX), None),
        ] {
            assert_eq!(identify(&sector), expected);
        }
    }

    #[test]
    fn one_impossible_field_is_enough_to_refuse() {
        for (at, byte) in [(0, 0x33), (0x0B, 1), (0x0C, 3), (0x0D, 3), (0x0E, 0), (0x10, 3), (0x15, 0)] {
            let mut sector = boot_sector(10_000, 20, 0);
            sector[at] = byte;
            assert_eq!(identify(&sector), None, "{byte} at {at:#x}");
        }
    }
}

//! NTFS volumes, told by their boot sector or by its copy in the volume's last sector.
//!
//! A boot sector is sound if it parses and the fields that FAT needs are zero. A sound backup outweighs an unsound first
//! sector; when both are unsound, the OEM id alone still makes it an NTFS volume, so that whoever opens it learns what
//! is wrong with its geometry instead of hearing that nothing is known about it.

use quarry_io::Device;
use quarry_ntfs::BootSector;

use super::view::View;

/// Which of the two boot sectors of a volume tells its geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootCopy {
    /// The first sector.
    Primary,
    /// The copy in the last sector, because the first is damaged.
    Backup {
        /// Where the copy begins, in bytes from the start of the volume.
        offset: u64,
    },
}

/// Sizes of a sector that NTFS knows, in bytes.
const SECTOR_SIZES: [u32; 4] = [512, 1024, 2048, 4096];

const OEM_ID: &[u8] = b"NTFS    ";

/// A sound first sector.
pub(super) fn primary(view: &mut View<'_>) -> Option<BootCopy> {
    sound(&view.array(0)?).map(|_| BootCopy::Primary)
}

/// A first sector that claims to be of NTFS, sound or not.
pub(super) fn claimed(view: &mut View<'_>) -> Option<BootCopy> {
    view.has(0x03, OEM_ID).then_some(BootCopy::Primary)
}

/// The copy in the last sector, if it describes a volume that ends exactly where it stands. On a disk the last sector
/// may be the copy of the last *partition*: that one describes a shorter volume.
pub(super) fn backup(view: &mut View<'_>) -> Option<BootCopy> {
    SECTOR_SIZES.into_iter().find_map(|sector_bytes| {
        let sectors = view.len() / u64::from(sector_bytes);
        let offset = sectors.checked_sub(1)? * u64::from(sector_bytes);
        let found = sound(&view.array(offset)?)?;
        let fits = found.sector_bytes == sector_bytes && found.bytes() == offset;
        (fits && offset > 0).then_some(BootCopy::Backup { offset })
    })
}

/// Where the copy of the boot sector is, in bytes from the start of `volume`, if there is a sound one in its last
/// sector. For a volume whose first sector was recognised but turns out to be unusable.
#[must_use]
pub fn backup_boot_offset(volume: &dyn Device) -> Option<u64> {
    match backup(&mut View::whole(volume))? {
        BootCopy::Backup { offset } => Some(offset),
        BootCopy::Primary => None,
    }
}

fn sound(sector: &[u8; 512]) -> Option<BootSector> {
    // 0x0E..0x15: reserved sectors, FATs, root entries, 16-bit sector count; 0x16: FAT size; 0x20: 32-bit count.
    let mut fat_fields = [0x0E..0x15, 0x16..0x18, 0x20..0x24].into_iter().flatten();
    let boot = BootSector::parse(sector).ok()?;
    fat_fields.all(|at| sector.get(at) == Some(&0)).then_some(boot)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use quarry_io::MemoryDevice;

    /// A boot sector of a volume of `sectors` sectors, the copy's sector not counted.
    pub(in super::super) fn boot_sector(sector_bytes: u16, sectors: u64) -> Vec<u8> {
        let mut boot = vec![0; usize::from(sector_bytes)];
        boot[..11].copy_from_slice(b"\xEB\x52\x90NTFS    ");
        boot[0x0B..0x0D].copy_from_slice(&sector_bytes.to_le_bytes());
        boot[0x0D] = 1;
        boot[0x15] = 0xF8;
        boot[0x28..0x30].copy_from_slice(&sectors.to_le_bytes());
        boot[0x30..0x38].copy_from_slice(&4u64.to_le_bytes());
        boot[0x38..0x40].copy_from_slice(&2u64.to_le_bytes());
        boot[0x40] = 0xF6;
        // Boot code where a disk keeps its partition entries, and the mark that both have.
        boot[0x1BE..0x1FE].fill(0x80);
        boot[0x1FE..0x200].copy_from_slice(&[0x55, 0xAA]);
        boot
    }

    /// A volume with both boot sectors and nothing between them.
    pub(in super::super) fn volume(sector_bytes: u16, sectors: u16) -> Vec<u8> {
        let boot = boot_sector(sector_bytes, u64::from(sectors));
        let mut volume = boot.clone();
        volume.resize(usize::from(sector_bytes) * usize::from(sectors), 0);
        volume.extend_from_slice(&boot);
        volume
    }

    fn tell(bytes: Vec<u8>) -> (Option<BootCopy>, Option<BootCopy>) {
        let device = MemoryDevice::new("volume", bytes);
        let mut view = View::whole(&device);
        (primary(&mut view), backup(&mut view))
    }

    #[test]
    fn both_boot_sectors_are_told_at_each_sector_size() {
        for sector_bytes in [512u16, 1024, 2048, 4096] {
            let offset = u64::from(sector_bytes) * 40;
            let both = (Some(BootCopy::Primary), Some(BootCopy::Backup { offset }));
            assert_eq!(tell(volume(sector_bytes, 40)), both, "{sector_bytes}");
        }
    }

    #[test]
    fn a_copy_that_belongs_to_a_smaller_volume_is_not_the_backup_of_the_whole() {
        let mut disk = vec![0; 5 * 512];
        disk.extend_from_slice(&volume(512, 40));
        assert_eq!(tell(disk), (None, None));
    }

    #[test]
    fn an_impossible_geometry_is_not_sound() {
        let cases: [(usize, &[u8]); 9] = [
            (0x03, b"NTFX"),
            (0x0B, &[0, 3]),
            (0x0D, &[3]),
            (0x0D, &[0]),
            (0x0D, &[0xF0]),
            (0x10, &[2]),
            (0x28, &[0; 8]),
            (0x30, &[0xFF; 16]),
            (0x40, &[0]),
        ];
        for (at, bytes) in cases {
            let mut boot = boot_sector(512, 40);
            boot[at..at + bytes.len()].copy_from_slice(bytes);
            assert_eq!(tell(boot).0, None, "{bytes:x?} at {at:#x}");
        }
    }
}

//! Volumes by choice: a layout, records of the input's own in it, and damage to all that opening relies on.

use std::sync::OnceLock;

use arbitrary::{Result, Unstructured};
use quarry_forge::{MftList, Volume, VolumeBuilder};

use super::{bytes, damage, number, records};
use crate::sparse::Sparse;

/// Records of the input's own on a volume.
const OWN_RECORDS_MAX: u64 = 12;
/// The first of them, and so how many records come before: metafiles and extensions of the `$MFT`.
const OWN_FIRST: u64 = 40;
/// Pieces of damage to one volume.
const DAMAGES_MAX: u8 = 6;
/// Where the fields of the boot sector are that a reader believes.
const BOOT_FIELDS: [usize; 8] = [0x03, 0x0B, 0x0D, 0x28, 0x30, 0x38, 0x40, 0x48];
/// Bytes of the boot sector.
const SECTOR_BYTES: usize = 512;

/// A volume with damage to it, some of its sectors perhaps not to be read.
pub(crate) fn volume(u: &mut Unstructured<'_>) -> Result<Sparse> {
    let mut volume = u.choose(layouts())?.clone();
    let size = usize::try_from(volume.geometry().record).unwrap_or(0);
    let count = OWN_FIRST + OWN_RECORDS_MAX;
    for number in OWN_FIRST..OWN_FIRST + u.int_in_range(0..=OWN_RECORDS_MAX)? {
        let record = records::record(u, number, size, count)?.build();
        volume.edit(number, |bytes| bytes.copy_from_slice(&record));
    }
    let mut outside = Vec::new();
    for _ in 0..u.int_in_range(0..=DAMAGES_MAX)? {
        match u.int_in_range(0..=5u8)? {
            0 | 1 => {
                let number = *u.choose(&[0, 0, 0, 1, 3, 5, 8, 10, 15, 17, 24, OWN_FIRST])?;
                let mut bytes = volume.record(number).to_vec();
                damage::record(u, &mut bytes)?;
                volume.edit(number, |record| record.copy_from_slice(&bytes));
            }
            _ => outside.push((u.int_in_range(0..=3u8)?, number(u)?, bytes(u, 32)?)),
        }
    }
    Ok(spoil(volume.into_image(), &outside))
}

/// What is damaged beside records: boot sectors, any bytes, the device's length, sectors that cannot be read.
fn spoil(mut image: Vec<u8>, damages: &[(u8, u64, Vec<u8>)]) -> Sparse {
    let length = image.len();
    let within = |number: u64, length: usize| usize::try_from(number % length.max(1) as u64).unwrap_or(0);
    let mut failing = Vec::new();
    for (what, number, bytes) in damages {
        match what {
            0 => {
                let field = BOOT_FIELDS.get(within(*number, BOOT_FIELDS.len())).copied().unwrap_or(0);
                // The backup in the volume's last sector may be damaged in the same way, or not.
                let backup = if number % 3 == 0 { image.len().saturating_sub(SECTOR_BYTES) } else { 0 };
                damage::put(&mut image, backup + field, bytes);
            }
            1 => {
                let at = within(number.wrapping_mul(0x9E37_79B9), length);
                damage::put(&mut image, at, bytes);
            }
            2 => image.truncate(within(number.wrapping_mul(0x9E37_79B9), length)),
            _ => {
                let sector = number.wrapping_mul(0x9E37_79B9) % length as u64 / 512 * 512;
                failing.push(sector..sector + 512 * (1 + bytes.len() as u64));
            }
        }
    }
    let mut device = Sparse::from(image);
    failing.into_iter().for_each(|range| device.fail_on(range));
    device
}

/// Sound volumes that differ in what opening them takes. They are made once: an input only copies one.
fn layouts() -> &'static [Volume] {
    static LAYOUTS: OnceLock<Vec<Volume>> = OnceLock::new();
    LAYOUTS.get_or_init(|| {
        let filled = |mut builder: VolumeBuilder| {
            builder = builder.file("a/b/c.txt", b"hello").directory("a/empty").hard_link("a/b/c.txt", "a/d");
            // Room for the input's own records.
            (0..OWN_FIRST + OWN_RECORDS_MAX)
                .fold(builder, |builder, number| builder.file(&format!("f{number}"), b""))
        };
        let scattered = |clusters: u64, pieces: u64, step: u64| -> Vec<_> {
            (0..pieces).map(|piece| (Some(40 + piece * step), clusters)).collect()
        };
        vec![
            filled(VolumeBuilder::new()).build(),
            filled(VolumeBuilder::new().sector_bytes(4096).record_bytes(4096)).build(),
            // Records of two clusters, each in another place, told by extension records.
            filled(VolumeBuilder::new().cluster_bytes(512))
                .mft_runs(&scattered(2, 120, 5))
                .mft_runs_per_record(30)
                .mft_list(MftList::NonResident)
                .build(),
            filled(VolumeBuilder::new()).mft_runs(&scattered(8, 4, 11)).mft_list(MftList::Resident).build(),
            filled(VolumeBuilder::new()).mft_runs(&[(Some(60), 24), (None, 4), (Some(90), 4)]).build(),
        ]
    })
}

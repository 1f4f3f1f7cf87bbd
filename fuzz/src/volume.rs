//! The target `volume`: whole NTFS volumes, from boot sector to rows.

use std::sync::Arc;

use arbitrary::Unstructured;
use quarry_io::Device as _;

use crate::sparse::Sparse;
use crate::{forge, scan};

/// Bytes that opening may read beside those of the `$MFT`: identifying, record 0 twice, its attribute list.
const OPEN_BYTES_MAX: u64 = 4 << 20;
/// How often the `$MFT` is read: three scans, and each torn record once more. A failed read is split down to records.
const SCANS: u64 = 3;
const READS_PER_SCAN: u64 = 12;
/// The longest device of an input taken as it is whose zeros may be read as records.
const RAW_BYTES_MAX: u64 = 1 << 20;

/// Scans the volumes on a device. The first byte of the input chooses: odd, the rest describes a `Sparse` device;
/// even, it is what `forge::volume` makes of the rest.
pub fn volume(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else { return };
    let device = if mode % 2 == 1 {
        let sparse = Sparse::decode(data);
        if sparse.len() > RAW_BYTES_MAX {
            return;
        }
        sparse
    } else {
        let Ok(made) = forge::volume(&mut Unstructured::new(data)) else { return };
        made
    };
    let device = Arc::new(device);
    match quarry_scan::open(device.clone(), None) {
        Ok(volumes) => {
            let before = device.bytes_asked();
            volumes.iter().for_each(scan::check);
            let scanned = device.bytes_asked() - before;
            let bound = volumes.len() as u64 * (SCANS * READS_PER_SCAN * device.len() + OPEN_BYTES_MAX);
            assert!(scanned <= bound, "{scanned} bytes read of {}", device.len());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

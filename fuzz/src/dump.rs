//! The target `dump`: `$MFT`s that were dumped to a file, as they are and with records of our making in them.

use std::sync::Arc;

use arbitrary::Unstructured;
use quarry_io::Device;
use quarry_scan::Volume;

use crate::forge;
use crate::scan;
use crate::sparse::Sparse;

/// The longest dump that is made of an input taken as it is.
const RAW_BYTES_MAX: u64 = 1 << 20;

/// Scans a dump. The first byte of the input chooses: odd, the rest is the dump, described as `Sparse` devices are;
/// even, it is what `forge::dump` makes of the rest.
pub fn dump(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else { return };
    let device: Arc<dyn Device> = if mode % 2 == 1 {
        let sparse = Sparse::decode(data);
        if sparse.len() > RAW_BYTES_MAX {
            return;
        }
        Arc::new(sparse)
    } else {
        let Ok(dump) = forge::dump(&mut Unstructured::new(data)) else { return };
        Arc::new(Sparse::from(dump))
    };
    // As a user would open it, and as a dump even where damage makes it look like something else.
    for volume in quarry_scan::open(Arc::clone(&device), None).unwrap_or_default() {
        scan::check(&volume);
    }
    let record_bytes = if mode & 2 == 0 { 1024 } else { 4096 };
    scan::check(&Volume::open_dump(device, record_bytes));
}

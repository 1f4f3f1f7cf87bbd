//! The target `boot`: a boot sector gives a geometry that can be, or an error.

use quarry_ntfs::{
    BootSector, CLUSTER_BYTES_MAX, RECORD_BYTES_MAX, RECORD_BYTES_MIN, SECTOR_BYTES_MAX, SECTOR_BYTES_MIN,
};

/// Where the last field that counts ends: nothing behind it may change what is read.
const FIELDS_BYTES: usize = 0x50;

/// Holds what is read from a boot sector to what NTFS allows, so that whoever computes with it need not check again.
pub fn boot(data: &[u8]) {
    let parsed = BootSector::parse(data);
    let fields = data.get(..FIELDS_BYTES).unwrap_or(data);
    match (&parsed, BootSector::parse(fields)) {
        (Ok(whole), Ok(fields)) => assert_eq!(*whole, fields, "bytes behind the fields count"),
        (Err(_), Err(_)) => {}
        (whole, fields) => panic!("{whole:?}, but {fields:?} from the fields alone"),
    }
    match parsed {
        Ok(boot) => check(&boot),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check(boot: &BootSector) {
    let BootSector { sector_bytes, cluster_bytes, record_bytes, .. } = *boot;
    assert!(
        sector_bytes.is_power_of_two() && cluster_bytes.is_power_of_two() && record_bytes.is_power_of_two()
    );
    assert!((SECTOR_BYTES_MIN..=SECTOR_BYTES_MAX).contains(&sector_bytes), "{boot:?}");
    assert!((sector_bytes..=CLUSTER_BYTES_MAX).contains(&cluster_bytes), "{boot:?}");
    assert!((RECORD_BYTES_MIN..=RECORD_BYTES_MAX).contains(&record_bytes), "{boot:?}");

    let cluster = u64::from(cluster_bytes);
    assert_eq!(boot.sectors.checked_mul(sector_bytes.into()), Some(boot.bytes()), "saturated: {boot:?}");
    assert!((1..=i64::MAX as u64).contains(&boot.bytes()), "{boot:?}");
    assert!((boot.clusters() - 1) * cluster < boot.bytes(), "a cluster too many: {boot:?}");
    assert!(boot.clusters().saturating_mul(cluster) >= boot.bytes(), "a cluster too few: {boot:?}");
    let offset = boot.offset_of(boot.mft_lcn).expect("a cluster of the volume has an offset");
    assert!(offset < boot.bytes(), "the $MFT lies outside: {boot:?}");
}

//! Sizes of sectors, clusters and records, and the boot sector that declares them.

use crate::attribute::INDEX_BLOCK_BYTES;
use crate::bytes::{copy, index, put8, put16, put32, put64};

/// Bytes that `$Boot` spans: the boot sector and the loader behind it.
pub(super) const BOOT_BYTES: u64 = 8192;

/// The units of a volume, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes in a sector: 512 or 4096.
    pub sector: u64,
    /// Bytes in a cluster: 512 to 2 MiB.
    pub cluster: u64,
    /// Bytes in a file record: 1024 or 4096.
    pub record: u64,
}

impl Geometry {
    /// Checks what NTFS itself could not express.
    pub(super) fn check(self) {
        let Self { sector, cluster, record } = self;
        assert!(sector == 512 || sector == 4096, "sectors have 512 or 4096 bytes, not {sector}");
        assert!(
            cluster.is_power_of_two() && cluster >= sector,
            "clusters of {cluster} bytes on {sector} byte sectors"
        );
        assert!(cluster <= 2 << 20, "clusters have at most 2 MiB, not {cluster} bytes");
        assert!(record.is_power_of_two() && (512..=4096).contains(&record), "records of {record} bytes");
    }

    /// Clusters that `bytes` take.
    #[must_use]
    pub const fn clusters(self, bytes: u64) -> u64 {
        bytes.div_ceil(self.cluster)
    }

    /// The unit in which index blocks are numbered: clusters, or 512 bytes where a cluster is larger than a block.
    pub(super) const fn index_unit(self) -> u64 {
        if self.cluster <= INDEX_BLOCK_BYTES as u64 { self.cluster } else { 512 }
    }

    /// Sectors in a cluster, as the boot sector has it: the count, or from 256 on a negative power of two.
    fn cluster_byte(self) -> u8 {
        let sectors = self.cluster / self.sector;
        u8::try_from(sectors).ok().filter(|&n| n <= 128).unwrap_or_else(|| negative_power(sectors))
    }

    /// A size as the boot sector has it: whole clusters, or a negative power of two of bytes below a cluster.
    fn size_byte(self, bytes: u64) -> u8 {
        match u8::try_from(bytes / self.cluster) {
            Ok(clusters @ 1..=127) => clusters,
            _ => negative_power(bytes),
        }
    }
}

/// 2^n as the byte −n.
fn negative_power(value: u64) -> u8 {
    (0..=u8::MAX)
        .rev()
        .find(|&byte| 1u64.checked_shl(256 - u32::from(byte)) == Some(value))
        .expect("a power of two")
}

/// What the boot sector says besides the geometry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boot {
    pub(super) geometry: Geometry,
    pub(super) sectors: u64,
    pub(super) hidden_sectors: u32,
    pub(super) mft_lcn: u64,
    pub(super) mirror_lcn: u64,
    pub(super) serial: u64,
}

impl Boot {
    /// The boot sector's bytes, one sector of them.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut sector = vec![0; index(self.geometry.sector)];
        copy(&mut sector, 0x00, &[0xEB, 0x52, 0x90]);
        copy(&mut sector, 0x03, b"NTFS    ");
        put16(&mut sector, 0x0B, self.geometry.sector);
        put8(&mut sector, 0x0D, self.geometry.cluster_byte());
        put8(&mut sector, 0x15, 0xF8);
        put16(&mut sector, 0x18, 63);
        put16(&mut sector, 0x1A, 255);
        put32(&mut sector, 0x1C, self.hidden_sectors);
        put32(&mut sector, 0x24, 0x0080_0080);
        put64(&mut sector, 0x28, self.sectors);
        put64(&mut sector, 0x30, self.mft_lcn);
        put64(&mut sector, 0x38, self.mirror_lcn);
        put8(&mut sector, 0x40, self.geometry.size_byte(self.geometry.record));
        put8(&mut sector, 0x44, self.geometry.size_byte(INDEX_BLOCK_BYTES as u64));
        put64(&mut sector, 0x48, self.serial);
        copy(&mut sector, 0x1FE, &[0x55, 0xAA]);
        sector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sector: u64, cluster: u64, record: u64, bytes: [u8; 3]) {
        let geometry = Geometry { sector, cluster, record };
        let index_block = geometry.size_byte(INDEX_BLOCK_BYTES as u64);
        assert_eq!([geometry.cluster_byte(), geometry.size_byte(record), index_block], bytes, "{geometry:?}");
    }

    /// The three size bytes as `mkntfs` writes them for the same geometry.
    #[test]
    fn sizes_are_encoded_as_formatters_encode_them() {
        check(512, 4096, 1024, [8, 0xF6, 1]);
        check(512, 512, 1024, [1, 2, 8]);
        check(512, 65536, 1024, [128, 0xF6, 0xF4]);
        check(512, 131_072, 1024, [0xF8, 0xF6, 0xF4]);
        check(512, 2 << 20, 1024, [0xF4, 0xF6, 0xF4]);
        check(4096, 4096, 4096, [1, 1, 1]);
        check(4096, 65536, 4096, [16, 0xF4, 0xF4]);
    }
}

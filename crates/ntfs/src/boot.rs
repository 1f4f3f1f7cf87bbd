//! The boot sector: the geometry of a volume.
//!
//! ```text
//! 0x03  8  "NTFS    "                    0x38  8  LCN of $MFTMirr
//! 0x0B  2  bytes per sector              0x40  1  clusters per record, or -log2 of bytes
//! 0x0D  1  sectors per cluster, or       0x44  1  clusters per index block, likewise
//!          256 - log2 of them            0x48  8  serial number
//! 0x28  8  sectors in all                0x1FE 2  55 AA
//! 0x30  8  LCN of $MFT
//! ```
//! Everything is computed in bytes: a record may be larger than a cluster and smaller than one.

use zerocopy::little_endian::{U16, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The smallest sector.
pub const SECTOR_BYTES_MIN: u32 = 512;
/// The largest sector.
pub const SECTOR_BYTES_MAX: u32 = 4096;
/// The largest cluster.
pub const CLUSTER_BYTES_MAX: u32 = 2 << 20;
/// The smallest record.
pub const RECORD_BYTES_MIN: u32 = 512;
/// The largest record.
pub const RECORD_BYTES_MAX: u32 = 4096;

#[derive(Debug, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Raw {
    jump: [u8; 3],
    oem: [u8; 8],
    sector_bytes: U16,
    sectors_per_cluster: u8,
    unused: [u8; 26],
    sectors: U64,
    mft: U64,
    mft_mirror: U64,
    record_size: u8,
    unused_2: [u8; 3],
    index_block_size: u8,
    unused_3: [u8; 3],
    serial: U64,
}

const _: () = assert!(size_of::<Raw>() == 0x50);

/// Why a sector is no boot sector of NTFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BootError {
    /// Too short.
    #[error("{found} bytes are too few for a boot sector")]
    Short {
        /// How many there are.
        found: usize,
    },
    /// Another file system, or none.
    #[error("byte 3: {found:02X?} instead of \"NTFS    \"")]
    Oem {
        /// What is there instead.
        found: [u8; 8],
    },
    /// A number that no volume has.
    #[error("byte {offset:#x}: {what} {found}, expected {expected}")]
    Geometry {
        /// Where in the sector.
        offset: u8,
        /// Which number.
        what: &'static str,
        /// What it says.
        found: u64,
        /// What it could say.
        expected: &'static str,
    },
}

/// The geometry of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootSector {
    /// Bytes in a sector.
    pub sector_bytes: u32,
    /// Bytes in a cluster.
    pub cluster_bytes: u32,
    /// Bytes in a record of the `$MFT`.
    pub record_bytes: u32,
    /// Sectors of the volume; the backup of this sector lies behind them.
    pub sectors: u64,
    /// First cluster of the `$MFT`.
    pub mft_lcn: u64,
    /// First cluster of `$MFTMirr`.
    pub mft_mirror_lcn: u64,
    /// Serial number of the volume.
    pub serial: u64,
}

impl BootSector {
    /// Reads a boot sector.
    ///
    /// # Errors
    /// If it is none, or says something that cannot be.
    pub fn parse(sector: &[u8]) -> Result<Self, BootError> {
        let short = BootError::Short { found: sector.len() };
        let (raw, _) = Raw::ref_from_prefix(sector).map_err(|_| short)?;
        if &raw.oem != b"NTFS    " {
            return Err(BootError::Oem { found: raw.oem });
        }
        let sector_bytes = u32::from(raw.sector_bytes.get());
        if !sector_bytes.is_power_of_two() || !(SECTOR_BYTES_MIN..=SECTOR_BYTES_MAX).contains(&sector_bytes) {
            return Err(wrong(0x0B, "bytes per sector", sector_bytes.into(), "512, 1024, 2048 or 4096"));
        }
        let per_cluster = raw.sectors_per_cluster;
        let cluster_bytes = sectors_per_cluster(per_cluster)
            .and_then(|sectors| sectors.checked_mul(sector_bytes))
            .filter(|&bytes| bytes <= CLUSTER_BYTES_MAX)
            .ok_or_else(|| {
                wrong(0x0D, "sectors per cluster", per_cluster.into(), "a power of two, 2 MiB at most")
            })?;
        let boot = Self {
            sector_bytes,
            cluster_bytes,
            record_bytes: record_bytes(raw.record_size, cluster_bytes).ok_or_else(|| {
                wrong(0x40, "record size", raw.record_size.into(), "a power of two from 512 to 4096 bytes")
            })?,
            sectors: raw.sectors.get(),
            mft_lcn: raw.mft.get(),
            mft_mirror_lcn: raw.mft_mirror.get(),
            serial: raw.serial.get(),
        };
        boot.check_places()
    }

    /// The volume must be one that byte offsets can reach, and hold its `$MFT`.
    fn check_places(self) -> Result<Self, BootError> {
        let bytes = self.sectors.checked_mul(self.sector_bytes.into());
        if self.sectors == 0 || bytes.is_none_or(|bytes| bytes > i64::MAX as u64) {
            return Err(wrong(0x28, "sectors", self.sectors, "1 to 2^63 bytes' worth"));
        }
        // The place of the mirror is not looked at: it matters only where record 0 is damaged.
        if self.mft_lcn >= self.clusters().max(1) {
            return Err(wrong(0x30, "LCN of $MFT", self.mft_lcn, "a cluster of the volume"));
        }
        Ok(self)
    }

    /// Clusters of the volume, counting a last one that is cut short.
    #[must_use]
    pub fn clusters(&self) -> u64 {
        self.bytes().div_ceil(self.cluster_bytes.into())
    }

    /// Bytes of the volume.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.sectors.saturating_mul(self.sector_bytes.into())
    }

    /// Where a cluster starts, in bytes from the start of the volume; nothing beyond 2^64.
    #[must_use]
    pub fn offset_of(&self, lcn: u64) -> Option<u64> {
        lcn.checked_mul(self.cluster_bytes.into())
    }
}

fn wrong(offset: u8, what: &'static str, found: u64, expected: &'static str) -> BootError {
    BootError::Geometry { offset, what, found, expected }
}

/// Sectors in a cluster: the number itself up to 128, and 2^(256 - n) above.
fn sectors_per_cluster(stored: u8) -> Option<u32> {
    match stored {
        1..=0x80 => Some(stored.into()).filter(|sectors: &u32| sectors.is_power_of_two()),
        0 => None,
        _ => 1u32.checked_shl(256 - u32::from(stored)),
    }
}

/// Bytes in a record: a number of clusters if positive, -log2 of the bytes if negative.
fn record_bytes(stored: u8, cluster_bytes: u32) -> Option<u32> {
    let bytes = match stored.cast_signed() {
        clusters @ 1.. => cluster_bytes.checked_mul(u32::from(clusters.unsigned_abs()))?,
        0 => return None,
        log2 => 1u32.checked_shl(u32::from(log2.unsigned_abs()))?,
    };
    Some(bytes)
        .filter(|bytes| bytes.is_power_of_two() && (RECORD_BYTES_MIN..=RECORD_BYTES_MAX).contains(bytes))
}

//! Attributes whose value lies in clusters.

use super::attribute_flags::{COMPRESSED, ENCRYPTED, SPARSE};
use crate::bytes::{align8, copy, index, put8, put16, put64};
use crate::name::Name;
use crate::runs::{Run, clusters, runs};

/// Header bytes up to and including the initialised size.
const HEADER_BYTES: usize = 0x40;

/// Header bytes when the size on disk of a compressed or sparse attribute follows.
const LONG_HEADER_BYTES: usize = 0x48;

/// Compression unit of 16 clusters, as a power of two.
const COMPRESSION_UNIT: u8 = 4;

/// Where a non-resident attribute lies and how long it claims to be.
///
/// [`NonResident::new`] derives everything from the runs; each method then overrides one fact.
#[derive(Clone, Debug)]
pub struct NonResident {
    run_list: Vec<u8>,
    lowest_vcn: u64,
    highest_vcn: u64,
    allocated: u64,
    real: u64,
    initialised: u64,
    on_disk: Option<u64>,
    compression_unit: u8,
    flags: u16,
}

impl NonResident {
    /// The first (or only) piece of an attribute, filling `list` to the last byte: VCNs from 0, and allocated, real and
    /// initialised size all the runs' length times `cluster_bytes`.
    #[must_use]
    pub fn new(cluster_bytes: u64, list: &[Run]) -> Self {
        let span = clusters(list);
        Self {
            run_list: runs(list),
            lowest_vcn: 0,
            // An empty attribute ends at VCN −1.
            highest_vcn: span.wrapping_sub(1),
            allocated: span * cluster_bytes,
            real: span * cluster_bytes,
            initialised: span * cluster_bytes,
            on_disk: None,
            compression_unit: 0,
            flags: 0,
        }
    }

    /// A later piece of an attribute, from VCN `lowest` on. Its sizes are zero: only the first piece carries them.
    #[must_use]
    pub fn continued(lowest: u64, list: &[Run]) -> Self {
        let highest_vcn = (lowest + clusters(list)).wrapping_sub(1);
        Self { lowest_vcn: lowest, highest_vcn, ..Self::new(0, list) }
    }

    /// Takes run list bytes as they are, for instance from [`raw_runs`](crate::raw_runs).
    #[must_use]
    pub fn run_list(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.run_list = bytes.into();
        self
    }

    /// Overrides the lowest and highest VCN.
    #[must_use]
    pub fn vcns(mut self, lowest: u64, highest: u64) -> Self {
        self.lowest_vcn = lowest;
        self.highest_vcn = highest;
        self
    }

    /// Sets the real size, and the initialised size with it.
    #[must_use]
    pub fn real(mut self, bytes: u64) -> Self {
        self.real = bytes;
        self.initialised = bytes;
        self
    }

    /// Overrides the allocated size.
    #[must_use]
    pub fn allocated(mut self, bytes: u64) -> Self {
        self.allocated = bytes;
        self
    }

    /// Overrides the initialised size.
    #[must_use]
    pub fn initialised(mut self, bytes: u64) -> Self {
        self.initialised = bytes;
        self
    }

    /// Marks the attribute compressed in units of 16 clusters, occupying `on_disk` bytes.
    #[must_use]
    pub fn compressed(mut self, on_disk: u64) -> Self {
        self.flags |= COMPRESSED;
        self.compression_unit = COMPRESSION_UNIT;
        self.on_disk = Some(on_disk);
        self
    }

    /// Marks the attribute sparse, occupying `on_disk` bytes. The compression unit stays 0, as it has since Windows XP;
    /// Windows 2000 wrote 4.
    #[must_use]
    pub fn sparse(mut self, on_disk: u64) -> Self {
        self.flags |= SPARSE;
        self.on_disk = Some(on_disk);
        self
    }

    /// Marks the attribute encrypted.
    #[must_use]
    pub fn encrypted(mut self) -> Self {
        self.flags |= ENCRYPTED;
        self
    }

    /// Overrides the compression unit, a power of two of clusters.
    #[must_use]
    pub fn compression_unit(mut self, exponent: u8) -> Self {
        self.compression_unit = exponent;
        self
    }

    /// Bits of the flags word that the form implies.
    pub(super) fn flags(&self) -> u16 {
        self.flags
    }

    /// The attribute's bytes but for the type, the length, the flags and the identifier.
    pub(super) fn encode(&self, name: &Name, flags: u16) -> Vec<u8> {
        // The size on disk is there if it was given, or if the flags promise it to the reader.
        let long = self.on_disk.is_some() || flags & (COMPRESSED | SPARSE) != 0;
        let name_at = if long { LONG_HEADER_BYTES } else { HEADER_BYTES };
        let runs_at = align8(name_at + 2 * name.len());
        let mut bytes = vec![0; align8(runs_at + self.run_list.len())];
        put8(&mut bytes, 0x08, 1);
        put16(&mut bytes, 0x0A, name_at);
        put64(&mut bytes, 0x10, self.lowest_vcn);
        put64(&mut bytes, 0x18, self.highest_vcn);
        put16(&mut bytes, 0x20, runs_at);
        put8(&mut bytes, 0x22, self.compression_unit);
        put64(&mut bytes, 0x28, self.allocated);
        put64(&mut bytes, 0x30, self.real);
        put64(&mut bytes, 0x38, self.initialised);
        if long {
            put64(&mut bytes, 0x40, self.on_disk.unwrap_or(self.allocated));
        }
        copy(&mut bytes, name_at, &name.to_le_bytes());
        copy(&mut bytes, runs_at, &self.run_list);
        bytes
    }

    /// Bytes that an unnamed, uncompressed attribute with `run_list_bytes` of runs takes in a record.
    pub(crate) fn encoded_bytes(run_list_bytes: usize) -> u64 {
        (HEADER_BYTES + align8(run_list_bytes)) as u64
    }

    /// Longest run list of an unnamed, uncompressed attribute that is to take at most `room` bytes in a record.
    pub(crate) fn run_list_room(room: u64) -> usize {
        index(room.saturating_sub(HEADER_BYTES as u64)) / 8 * 8
    }
}

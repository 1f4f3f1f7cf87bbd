//! How large a stream is, and how much of the disk it takes.

use crate::attribute::{Attribute, Form};

/// The largest size that a stream of a volume can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimit(u64);

impl SizeLimit {
    /// Where the cluster size is not known (a dump): 2^53 bytes, the most with clusters of 2 MiB.
    pub const UNKNOWN_GEOMETRY: Self = Self(1 << 53);

    /// On a volume with clusters of `cluster_bytes`: 2^32 of them.
    #[must_use]
    pub fn of_clusters(cluster_bytes: u32) -> Self {
        Self(u64::from(cluster_bytes) << 32)
    }
}

/// The sizes of a stream in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamSizes {
    /// Length of the content.
    pub size: u64,
    /// Bytes taken on disk outside the record: 0 where the content is in the record.
    pub allocated: u64,
    /// How much of it was ever written.
    pub initialised: u64,
}

impl StreamSizes {
    /// The sizes of the stream that `attribute` is, or starts; nothing if it only goes on with one.
    ///
    /// # Errors
    /// If the sizes cannot be: beyond `limit`, or more initialised than there is, or more than is reserved.
    pub fn of(attribute: &Attribute<'_>, limit: SizeLimit) -> Result<Option<Self>, ImpossibleSizes> {
        let data = match attribute.form {
            Form::Resident(value) => {
                let size = value.len() as u64;
                return Ok(Some(Self { size, allocated: 0, initialised: size }));
            }
            Form::NonResident(data) if data.lowest_vcn != 0 => return Ok(None),
            Form::NonResident(data) => data,
        };
        let on_disk = data.on_disk.unwrap_or(data.allocated);
        let ordered = data.initialised <= data.real && data.real <= data.allocated;
        if !ordered || data.allocated > limit.0 || on_disk > data.allocated {
            return Err(ImpossibleSizes {
                allocated: data.allocated,
                real: data.real,
                initialised: data.initialised,
            });
        }
        Ok(Some(Self { size: data.real, allocated: on_disk, initialised: data.initialised }))
    }
}

/// Sizes that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("impossible sizes: {allocated} allocated, {real} real, {initialised} initialised")]
pub struct ImpossibleSizes {
    /// Bytes reserved.
    pub allocated: u64,
    /// Bytes of content.
    pub real: u64,
    /// Bytes written.
    pub initialised: u64,
}

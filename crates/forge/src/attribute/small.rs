//! Attributes with little inside: bitmaps, the volume's name and version, object identifiers.

use super::{Attribute, kind};
use crate::bytes::{align8, index, put8, put16};
use crate::name::Name;

/// Builds `$BITMAP`, or the content of the volume's `$Bitmap`: one bit for each record, cluster or index block.
#[derive(Clone, Debug, Default)]
pub struct Bitmap {
    bytes: Vec<u8>,
}

impl Bitmap {
    /// A bitmap of at least `bits` bits, all clear, padded to eight bytes.
    #[must_use]
    pub fn new(bits: u64) -> Self {
        Self { bytes: vec![0; align8(index(bits.div_ceil(8)))] }
    }

    /// Sets or clears `bit`.
    ///
    /// # Panics
    /// When the bitmap is shorter than that.
    pub fn set(&mut self, bit: u64, used: bool) {
        let mask = 1 << (bit % 8);
        let byte = &mut self.bytes[index(bit / 8)];
        *byte = if used { *byte | mask } else { *byte & !mask };
    }

    /// Number of bits, padding included.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.bytes.len() as u64 * 8
    }

    /// The bitmap's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<Bitmap> for Attribute {
    fn from(bitmap: Bitmap) -> Self {
        Self::resident(kind::BITMAP, bitmap.bytes)
    }
}

/// `$VOLUME_NAME`: the label.
#[derive(Clone, Debug)]
pub struct VolumeName(pub Name);

impl From<VolumeName> for Attribute {
    fn from(label: VolumeName) -> Self {
        Self::resident(kind::VOLUME_NAME, label.0.to_le_bytes())
    }
}

/// `$VOLUME_INFORMATION`: NTFS version and volume flags.
#[derive(Clone, Copy, Debug)]
pub struct VolumeInformation {
    /// Major version.
    pub major: u8,
    /// Minor version.
    pub minor: u8,
    /// Volume flags; bit 0 says dirty.
    pub flags: u16,
}

impl From<VolumeInformation> for Attribute {
    fn from(information: VolumeInformation) -> Self {
        let mut value = vec![0; 12];
        put8(&mut value, 8, information.major);
        put8(&mut value, 9, information.minor);
        put16(&mut value, 10, information.flags);
        Self::resident(kind::VOLUME_INFORMATION, value)
    }
}

/// `$OBJECT_ID`: the file's GUID, alone or with its three birth GUIDs.
#[derive(Clone, Copy, Debug)]
pub struct ObjectId {
    /// The object's identifier.
    pub object: [u8; 16],
    /// Birth volume, birth object and domain, if recorded.
    pub birth: Option<[[u8; 16]; 3]>,
}

impl From<ObjectId> for Attribute {
    fn from(id: ObjectId) -> Self {
        let mut value = id.object.to_vec();
        value.extend(id.birth.into_iter().flatten().flatten());
        Self::resident(kind::OBJECT_ID, value)
    }
}

//! `$STANDARD_INFORMATION`: times, attribute bits and, since NTFS 3.0, ownership and the change journal's USN.

use super::{Attribute, kind};
use crate::bytes::{copy, put32, put64};
use crate::times::Times;

/// Builds `$STANDARD_INFORMATION`, in the 72-byte form unless [`StandardInformation::short`] is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardInformation {
    times: Times,
    attributes: u32,
    owner_id: u32,
    security_id: u32,
    usn: u64,
    short: bool,
}

impl StandardInformation {
    /// [`DEFAULT_FILETIME`](crate::DEFAULT_FILETIME) four times, no attribute bits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The four FILETIMEs.
    #[must_use]
    pub fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// The attribute bits (`FILE_ATTRIBUTE_*`).
    #[must_use]
    pub fn attributes(mut self, bits: u32) -> Self {
        self.attributes = bits;
        self
    }

    /// The owner's identifier in `$Quota`.
    #[must_use]
    pub fn owner_id(mut self, id: u32) -> Self {
        self.owner_id = id;
        self
    }

    /// The security descriptor's identifier in `$Secure`.
    #[must_use]
    pub fn security_id(mut self, id: u32) -> Self {
        self.security_id = id;
        self
    }

    /// The offset of the file's last change journal record.
    #[must_use]
    pub fn usn(mut self, usn: u64) -> Self {
        self.usn = usn;
        self
    }

    /// The 48-byte form of NTFS 1.2, which ends before the owner's identifier.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.short = true;
        self
    }
}

impl From<StandardInformation> for Attribute {
    fn from(standard: StandardInformation) -> Self {
        let mut value = vec![0; 72];
        copy(&mut value, 0x00, &standard.times.to_le_bytes());
        put32(&mut value, 0x20, standard.attributes);
        put32(&mut value, 0x30, standard.owner_id);
        put32(&mut value, 0x34, standard.security_id);
        put64(&mut value, 0x40, standard.usn);
        if standard.short {
            value.truncate(48);
        }
        Self::resident(kind::STANDARD_INFORMATION, value)
    }
}

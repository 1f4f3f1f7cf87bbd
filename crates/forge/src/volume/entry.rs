//! One file or directory to be put on a volume.

use crate::attribute::{Attribute, Reparse, namespace};
use crate::name::Name;
use crate::times::Times;

const HIDDEN_AND_SYSTEM: u32 = 0x0006;

/// Describes a file or a directory; [`VolumeBuilder::add`](super::VolumeBuilder::add) gives it a path.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) directory: bool,
    pub(super) deleted: bool,
    pub(super) number: Option<u64>,
    pub(super) sequence: u16,
    pub(super) record_flags: u16,
    pub(super) name: Option<Name>,
    pub(super) namespace: u8,
    pub(super) short_name: Option<Name>,
    pub(super) times: Times,
    pub(super) attributes: u32,
    pub(super) streams: Vec<(Name, Vec<u8>)>,
    pub(super) force_non_resident: bool,
    pub(super) reparse_tag: u32,
    pub(super) extra: Vec<Attribute>,
}

impl Entry {
    /// A file without `$DATA`, for tests that bring their own with [`Entry::attribute`].
    #[must_use]
    pub fn bare() -> Self {
        Self {
            directory: false,
            deleted: false,
            number: None,
            sequence: 1,
            record_flags: 0,
            name: None,
            namespace: namespace::POSIX,
            short_name: None,
            times: Times::default(),
            attributes: 0,
            streams: Vec::new(),
            force_non_resident: false,
            reparse_tag: 0,
            extra: Vec::new(),
        }
    }

    /// A file with `bytes` in its unnamed `$DATA`: in the record when they fit, in clusters otherwise.
    #[must_use]
    pub fn file(bytes: impl Into<Vec<u8>>) -> Self {
        Self::bare().stream("", bytes)
    }

    /// A directory.
    #[must_use]
    pub fn directory() -> Self {
        Self { directory: true, ..Self::bare() }
    }

    /// A metafile: hidden and system, its sequence number equal to its record number, its name valid in DOS too.
    pub(super) fn system(self, number: u64, sequence: u16) -> Self {
        let entry = self.number(number).sequence(sequence).attributes(HIDDEN_AND_SYSTEM);
        entry.namespace(namespace::WIN32_AND_DOS)
    }

    /// Adds a stream; the empty name is the unnamed `$DATA`.
    #[must_use]
    pub fn stream(mut self, name: impl Into<Name>, bytes: impl Into<Vec<u8>>) -> Self {
        self.streams.push((name.into(), bytes.into()));
        self
    }

    /// Puts the streams into clusters even where they would fit the record.
    #[must_use]
    pub fn non_resident(mut self) -> Self {
        self.force_non_resident = true;
        self
    }

    /// The name on the volume, where the last component of the path (which tests use to look it up) cannot say it:
    /// unpaired surrogates, slashes, NULs.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The name's namespace; POSIX unless set.
    #[must_use]
    pub fn namespace(mut self, namespace: u8) -> Self {
        self.namespace = namespace;
        self
    }

    /// Gives it a DOS name beside its own, which becomes a Win32 name.
    #[must_use]
    pub fn short_name(mut self, name: impl Into<Name>) -> Self {
        self.short_name = Some(name.into());
        self.namespace(namespace::WIN32)
    }

    /// The four FILETIMEs, in `$STANDARD_INFORMATION` and in every name.
    #[must_use]
    pub fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// Attribute bits (`FILE_ATTRIBUTE_*`), in `$STANDARD_INFORMATION` and in every name.
    #[must_use]
    pub fn attributes(mut self, bits: u32) -> Self {
        self.attributes = bits;
        self
    }

    /// Fixes the record number instead of taking the next free one.
    #[must_use]
    pub fn number(mut self, frs: u64) -> Self {
        self.number = Some(frs);
        self
    }

    /// The sequence number; 1 unless set.
    #[must_use]
    pub fn sequence(mut self, sequence: u16) -> Self {
        self.sequence = sequence;
        self
    }

    /// Further bits of the record's flags word, such as `0x08` for a view index.
    #[must_use]
    pub fn record_flags(mut self, bits: u16) -> Self {
        self.record_flags = bits;
        self
    }

    /// Deletes it as a driver does: the record is not in use, its sequence number one higher than what children and
    /// extensions still refer to, and neither its directory nor the bitmap knows of it.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.deleted = true;
        self
    }

    /// Makes it a reparse point, attribute bit and the names' tag included.
    #[must_use]
    pub fn reparse(mut self, reparse: Reparse) -> Self {
        const REPARSE_POINT: u32 = 0x0400;
        self.attributes |= REPARSE_POINT;
        self.reparse_tag = reparse.tag();
        self.attribute(reparse)
    }

    /// Adds any attribute. Attributes are put in order of their type.
    #[must_use]
    pub fn attribute(mut self, attribute: impl Into<Attribute>) -> Self {
        self.extra.push(attribute.into());
        self
    }

    /// Real size of the unnamed stream, if there is one here.
    pub(super) fn unnamed_bytes(&self) -> Option<u64> {
        self.streams.iter().find(|(name, _)| name.is_empty()).map(|(_, bytes)| bytes.len() as u64)
    }
}

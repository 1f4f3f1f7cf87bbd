//! Files in two halves, where there is not memory for all of one: what is gone to in any order, and what is gone through.
//!
//! Joining and numbering want to know of a file what it is called and a few bits. The rest of it is handed on when it is read, and
//! comes back once, when the columns of files are packed; what was learned of it meanwhile is added then.

use crate::TAG_WOF;
use crate::evidence::Evidence;
use crate::file::{File, FileFlags, FileId, Time};

/// What a file is called, and its flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) record: u32,
    pub(crate) sequence: u16,
    pub(crate) flags: FileFlags,
    pub(crate) tag: TagKind,
}
const _: () = assert!(size_of::<Head>() == 8);

/// What of a reparse tag matters to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagKind {
    None,
    /// Packed by the Windows Overlay Filter.
    Packed,
    Other,
}

impl TagKind {
    pub(crate) fn of(tag: u32) -> Self {
        match tag {
            0 => Self::None,
            TAG_WOF => Self::Packed,
            _ => Self::Other,
        }
    }
}

impl Head {
    pub(crate) fn of(file: &File) -> Self {
        let File { record, sequence, flags, reparse_tag, .. } = *file;
        Self { record, sequence, flags, tag: TagKind::of(reparse_tag) }
    }

    pub(crate) fn id(self) -> FileId {
        FileId { record: self.record, sequence: self.sequence }
    }
}

/// Something of a fixed length in a scratch file, which no other program reads.
pub(crate) trait Stored: Sized {
    /// Bytes of one.
    const BYTES: usize;

    /// Appends it.
    fn store(&self, out: &mut Vec<u8>);

    /// What was stored.
    fn restore(from: &mut Fields<'_>) -> Self;

    /// Several one after another.
    fn all(items: &[Self]) -> Vec<u8> {
        let mut out = Vec::with_capacity(items.len() * Self::BYTES);
        items.iter().for_each(|item| item.store(&mut out));
        out
    }
}

/// Numbers that were stored.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    fn next<const N: usize>(&mut self) -> [u8; N] {
        let (first, rest) = self.0.split_first_chunk::<N>().expect("as many bytes as were stored");
        self.0 = rest;
        *first
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.next())
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.next())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.next())
    }
}

impl Stored for File {
    const BYTES: usize = 8 + 2 * 4 + 6 * 8;

    fn store(&self, out: &mut Vec<u8>) {
        let mut bytes = [0; Self::BYTES];
        bytes[0..4].copy_from_slice(&self.record.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[6] = self.flags.bits();
        bytes[8..12].copy_from_slice(&self.attributes.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.reparse_tag.to_le_bytes());
        let (size, allocated) = (self.size, self.allocated);
        let long = [size, allocated, self.created.0, self.modified.0, self.changed.0, self.accessed.0];
        for (place, number) in bytes[16..].as_chunks_mut::<8>().0.iter_mut().zip(long) {
            *place = number.to_le_bytes();
        }
        out.extend_from_slice(&bytes);
    }

    fn restore(from: &mut Fields<'_>) -> Self {
        let (record, sequence, [flags, _]) = (from.u32(), from.u16(), from.next());
        Self {
            record,
            sequence,
            flags: FileFlags::from_bits_retain(flags),
            attributes: from.u32(),
            reparse_tag: from.u32(),
            size: from.u64(),
            allocated: from.u64(),
            created: Time(from.u64()),
            modified: Time(from.u64()),
            changed: Time(from.u64()),
            accessed: Time(from.u64()),
        }
    }
}

impl Stored for Evidence {
    const BYTES: usize = 4 + 6 * 8;

    fn store(&self, out: &mut Vec<u8>) {
        let Self { security, usn, lsn, name_modified, name_created, name_changed, name_accessed } = *self;
        out.extend_from_slice(&security.to_le_bytes());
        let long = [usn, lsn, name_modified.0, name_created.0, name_changed.0, name_accessed.0];
        long.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    }

    fn restore(from: &mut Fields<'_>) -> Self {
        Self {
            security: from.u32(),
            usn: from.u64(),
            lsn: from.u64(),
            name_modified: Time(from.u64()),
            name_created: Time(from.u64()),
            name_changed: Time(from.u64()),
            name_accessed: Time(from.u64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back<T: Stored + PartialEq + std::fmt::Debug>(item: &T) {
        let bytes = T::all(std::slice::from_ref(item));
        assert_eq!(bytes.len(), T::BYTES);
        let mut fields = Fields(&bytes);
        assert_eq!(&T::restore(&mut fields), item);
        assert!(fields.0.is_empty());
    }

    #[test]
    fn what_is_stored_comes_back() {
        comes_back(&Evidence {
            security: 1,
            usn: 2 << 40,
            lsn: 3 << 41,
            name_modified: Time(4 << 42),
            name_created: Time(5),
            name_changed: Time(6),
            name_accessed: Time(u64::MAX),
        });
        let file = File {
            record: 7,
            sequence: u16::MAX,
            flags: FileFlags::all(),
            attributes: 8 << 20,
            reparse_tag: TAG_WOF,
            size: 9 << 50,
            allocated: 10,
            created: Time(11),
            modified: Time(12),
            changed: Time(13),
            accessed: Time(14 << 48),
        };
        let mut fields = Vec::new();
        file.store(&mut fields);
        assert_eq!(fields.len(), File::BYTES);
        assert_eq!(format!("{:?}", File::restore(&mut Fields(&fields))), format!("{file:?}"));
    }
}

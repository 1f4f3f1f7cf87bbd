//! File records, built attribute by attribute.

use crate::attribute::{Attribute, kind};
use crate::bytes::{align8, copy, put16, put32, put64};
use crate::fixup::{STRIDE, apply, array_words, protect};
use crate::reference::Reference;

const IN_USE: u16 = 0x0001;
const DIRECTORY: u16 = 0x0002;

/// Offset of the update sequence array in the header of NTFS 3.1, behind the record's own number.
const ARRAY_AT: usize = 0x30;

/// Offset of the update sequence array in the older header, which has no record number.
const OLD_ARRAY_AT: usize = 0x2A;

/// The end mark and the four bytes behind it that the used size counts.
const END_BYTES: usize = 8;

/// Builds one file record.
///
/// A new builder makes a record of 1024 bytes that is in use, at sequence 1, with one link and no attribute.
/// Attributes stand in the order in which they are given; nothing sorts or checks them.
#[derive(Clone, Debug)]
pub struct RecordBuilder {
    size: usize,
    number: u64,
    sequence: u16,
    links: u16,
    flags: u16,
    base: Reference,
    lsn: u64,
    usn: u16,
    old_header: bool,
    next_attribute_id: Option<u16>,
    attributes: Vec<Attribute>,
}

impl RecordBuilder {
    /// A record that says its number is `number`.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self {
            size: 1024,
            number,
            sequence: 1,
            links: 1,
            flags: IN_USE,
            base: Reference::default(),
            lsn: 0,
            usn: 1,
            old_header: false,
            next_attribute_id: None,
            attributes: Vec::new(),
        }
    }

    /// Size of the record in bytes, a multiple of 512: 1024 or 4096 in the field.
    #[must_use]
    pub fn size(mut self, bytes: usize) -> Self {
        assert!(bytes > 0 && bytes.is_multiple_of(STRIDE), "a record of {bytes} bytes is not whole strides");
        self.size = bytes;
        self
    }

    /// The sequence number.
    #[must_use]
    pub fn sequence(mut self, sequence: u16) -> Self {
        self.sequence = sequence;
        self
    }

    /// The count of names.
    #[must_use]
    pub fn links(mut self, links: u16) -> Self {
        self.links = links;
        self
    }

    /// Sets the directory flag.
    #[must_use]
    pub fn directory(mut self) -> Self {
        self.flags |= DIRECTORY;
        self
    }

    /// Clears the in-use flag. The sequence number is left alone; a driver would have raised it.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.flags &= !IN_USE;
        self
    }

    /// Overrides the whole flags word.
    #[must_use]
    pub fn flags(mut self, flags: u16) -> Self {
        self.flags = flags;
        self
    }

    /// Makes it an extension record of `base`.
    #[must_use]
    pub fn base(mut self, base: impl Into<Reference>) -> Self {
        self.base = base.into();
        self
    }

    /// The log sequence number.
    #[must_use]
    pub fn lsn(mut self, lsn: u64) -> Self {
        self.lsn = lsn;
        self
    }

    /// The update sequence number that takes the place of every stride's tail.
    #[must_use]
    pub fn usn(mut self, usn: u16) -> Self {
        self.usn = usn;
        self
    }

    /// The header of NTFS before 3.1: update sequence array at 0x2A, no record number.
    #[must_use]
    pub fn old_header(mut self) -> Self {
        self.old_header = true;
        self
    }

    /// Overrides the identifier the next attribute would get.
    #[must_use]
    pub fn next_attribute_id(mut self, id: u16) -> Self {
        self.next_attribute_id = Some(id);
        self
    }

    /// Appends an attribute.
    #[must_use]
    pub fn with(mut self, attribute: impl Into<Attribute>) -> Self {
        self.attributes.push(attribute.into());
        self
    }

    /// Appends several attributes.
    #[must_use]
    pub fn with_all(mut self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Bytes that remain for further attributes; negative sizes count as 0.
    #[must_use]
    pub fn room(&self) -> usize {
        self.size.saturating_sub(self.attributes_at() + self.encoded_attributes().len() + END_BYTES)
    }

    /// The record as it lies on disk: fixups protected.
    ///
    /// # Panics
    /// When the attributes do not fit the record: the forge is a test tool, and a test that asks for the impossible
    /// should fail where it asks.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let attributes = self.encoded_attributes();
        let attributes_at = self.attributes_at();
        let used = attributes_at + attributes.len() + END_BYTES;
        assert!(used <= self.size, "record {}: {used} bytes do not fit {}", self.number, self.size);

        let mut record = vec![0; self.size];
        self.put_header(&mut record, used);
        copy(&mut record, attributes_at, &attributes);
        put32(&mut record, used - END_BYTES, kind::END);
        protect(&mut record, self.usn);
        record
    }

    /// The record with its fixups applied, as `ntfscat` writes it and as a driver holds it in memory.
    ///
    /// # Panics
    /// When the attributes do not fit the record.
    #[must_use]
    pub fn build_applied(&self) -> Vec<u8> {
        let mut record = self.build();
        apply(&mut record);
        record
    }

    fn put_header(&self, record: &mut [u8], used: usize) {
        copy(record, 0x00, b"FILE");
        put16(record, 0x04, self.array_at());
        put16(record, 0x06, array_words(self.size));
        put64(record, 0x08, self.lsn);
        put16(record, 0x10, self.sequence);
        put16(record, 0x12, self.links);
        put16(record, 0x14, self.attributes_at());
        put16(record, 0x16, self.flags);
        put32(record, 0x18, used);
        put32(record, 0x1C, self.size);
        put64(record, 0x20, self.base.to_u64());
        let next_id = self.next_attribute_id.map_or(self.attributes.len(), usize::from);
        put16(record, 0x28, next_id);
        if !self.old_header {
            // The upper 16 of the number's 48 bits stand in front of the lower 32.
            put16(record, 0x2A, self.number >> 32);
            put32(record, 0x2C, self.number & u64::from(u32::MAX));
        }
    }

    fn array_at(&self) -> usize {
        if self.old_header { OLD_ARRAY_AT } else { ARRAY_AT }
    }

    fn attributes_at(&self) -> usize {
        align8(self.array_at() + 2 * array_words(self.size))
    }

    fn encoded_attributes(&self) -> Vec<u8> {
        (0..).zip(&self.attributes).flat_map(|(id, attribute)| attribute.encode(id)).collect()
    }
}

//! Damage, done precisely: what a parser must survive, one fault at a time.
//!
//! Everything works on the bytes of one record (or index block) in place. The functions that reach into attributes
//! take records with fixups protected or applied and leave them as they were, so that a field lying on a stride's tail
//! is damaged like any other; they find attributes by walking, so damage inner attributes before outer structure, and
//! tear strides last.

use crate::attribute::kind;
use crate::bytes::{copy, get16, get32, put16, put32, put64};
use crate::fixup::{STRIDE, apply, is_protected, protect};

/// Tears stride `stride` (from 0): its last two bytes become the complement of what they were, as if this sector was
/// not written while the others were.
pub fn tear(record: &mut [u8], stride: usize) {
    let tail = (stride + 1) * STRIDE - 2;
    let torn = !get16(record, tail);
    put16(record, tail, torn);
}

/// Puts `BAAD` in place of the signature, as a driver or `chkdsk` marks a torn record.
pub fn mark_baad(record: &mut [u8]) {
    copy(record, 0, b"BAAD");
}

/// Puts any four bytes in place of the signature.
pub fn set_signature(record: &mut [u8], signature: [u8; 4]) {
    copy(record, 0, &signature);
}

/// Zeroes the whole record.
pub fn zero(record: &mut [u8]) {
    record.fill(0);
}

/// Sets the update sequence array's offset in the header. The array itself stays where it was.
pub fn set_usa_offset(record: &mut [u8], offset: u16) {
    put16(record, 0x04, offset);
}

/// Sets the update sequence array's count of words in the header.
pub fn set_usa_count(record: &mut [u8], words: u16) {
    put16(record, 0x06, words);
}

/// A field of a record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderField {
    /// Sequence number, 16 bits.
    Sequence,
    /// Link count, 16 bits.
    Links,
    /// Offset of the first attribute, 16 bits.
    FirstAttribute,
    /// Flags, 16 bits.
    Flags,
    /// Used bytes, 32 bits.
    UsedBytes,
    /// Allocated bytes, 32 bits.
    AllocatedBytes,
    /// Base reference, 64 bits.
    Base,
    /// Record number, 32 bits.
    Number,
}

/// Sets a field of the record's header.
///
/// # Panics
/// When `value` does not fit the field.
pub fn set_header(record: &mut [u8], field: HeaderField, value: u64) {
    let (at, bytes) = match field {
        HeaderField::Sequence => (0x10, 2),
        HeaderField::Links => (0x12, 2),
        HeaderField::FirstAttribute => (0x14, 2),
        HeaderField::Flags => (0x16, 2),
        HeaderField::UsedBytes => (0x18, 4),
        HeaderField::AllocatedBytes => (0x1C, 4),
        HeaderField::Base => (0x20, 8),
        HeaderField::Number => (0x2C, 4),
    };
    put(record, at, bytes, value);
}

/// A field of an attribute's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Type code, 32 bits.
    Kind,
    /// Length of the attribute, 32 bits.
    Length,
    /// Non-resident flag, 8 bits.
    NonResident,
    /// Units of the name, 8 bits.
    NameLength,
    /// Offset of the name, 16 bits.
    NameOffset,
    /// Flags, 16 bits.
    Flags,
    /// Resident: bytes of the value, 32 bits.
    ValueLength,
    /// Resident: offset of the value, 16 bits.
    ValueOffset,
    /// Non-resident: lowest VCN, 64 bits.
    LowestVcn,
    /// Non-resident: highest VCN, 64 bits.
    HighestVcn,
    /// Non-resident: offset of the run list, 16 bits.
    RunsOffset,
    /// Non-resident: compression unit's exponent, 8 bits.
    CompressionUnit,
    /// Non-resident: allocated size, 64 bits.
    AllocatedSize,
    /// Non-resident: real size, 64 bits.
    RealSize,
    /// Non-resident: initialised size, 64 bits.
    InitialisedSize,
    /// Non-resident, compressed or sparse: size on disk, 64 bits.
    SizeOnDisk,
}

impl Field {
    /// Offset in the attribute's header and width in bytes.
    const fn place(self) -> (usize, usize) {
        match self {
            Self::Kind => (0x00, 4),
            Self::Length => (0x04, 4),
            Self::NonResident => (0x08, 1),
            Self::NameLength => (0x09, 1),
            Self::NameOffset => (0x0A, 2),
            Self::Flags => (0x0C, 2),
            Self::ValueLength => (0x10, 4),
            Self::ValueOffset => (0x14, 2),
            Self::LowestVcn => (0x10, 8),
            Self::HighestVcn => (0x18, 8),
            Self::RunsOffset => (0x20, 2),
            Self::CompressionUnit => (0x22, 1),
            Self::AllocatedSize => (0x28, 8),
            Self::RealSize => (0x30, 8),
            Self::InitialisedSize => (0x38, 8),
            Self::SizeOnDisk => (0x40, 8),
        }
    }
}

/// Sets a field of the attribute of type `kind` that is the `nth` (from 0) of its type in the record.
///
/// # Panics
/// When there is no such attribute or `value` does not fit the field.
pub fn set_field(record: &mut [u8], kind: u32, nth: usize, field: Field, value: u64) {
    let (offset, bytes) = field.place();
    edit(record, |record| {
        let at = find(record, kind, nth) + offset;
        put(record, at, bytes, value);
    });
}

/// Overwrites bytes of the `nth` attribute of type `kind`, from `offset` within the attribute on.
///
/// # Panics
/// When there is no such attribute, or the bytes reach past the record's end.
pub fn overwrite(record: &mut [u8], kind: u32, nth: usize, offset: usize, bytes: &[u8]) {
    edit(record, |record| {
        let at = find(record, kind, nth) + offset;
        copy(record, at, bytes);
    });
}

/// Overwrites the start of the run list of the `nth` attribute of type `kind`.
///
/// # Panics
/// When there is no such attribute, or the bytes reach past the record's end.
pub fn overwrite_runs(record: &mut [u8], kind: u32, nth: usize, bytes: &[u8]) {
    edit(record, |record| {
        let attribute = find(record, kind, nth);
        let runs = attribute + usize::from(get16(record, attribute + 0x20));
        copy(record, runs, bytes);
    });
}

/// Takes away the mark that ends the attributes, leaving zeros.
///
/// # Panics
/// When there is none.
pub fn remove_end_mark(record: &mut [u8]) {
    edit(record, |record| {
        let at = find(record, kind::END, 0);
        put32(record, at, 0u32);
    });
}

/// Offset of the `nth` attribute of type `kind` in a record whose fixups are applied.
///
/// # Panics
/// When there is no such attribute.
#[must_use]
pub fn find(record: &[u8], kind: u32, nth: usize) -> usize {
    let mut at = usize::from(get16(record, 0x14));
    let mut left = nth;
    loop {
        assert!(at + 8 <= record.len(), "no attribute {kind:#x} number {nth}: the walk left the record");
        let found = get32(record, at);
        if found == kind {
            if left == 0 {
                return at;
            }
            left -= 1;
        }
        let length = get32(record, at + 4) as usize;
        assert!(found != kind::END && length > 0, "no attribute {kind:#x} number {nth} in the record");
        at += length;
    }
}

/// Runs `change` on the record with fixups applied, and protects it again if it was protected.
fn edit(record: &mut [u8], change: impl FnOnce(&mut [u8])) {
    if !is_protected(record) {
        return change(record);
    }
    let usn = get16(record, usize::from(get16(record, 4)));
    apply(record);
    change(record);
    protect(record, usn);
}

fn put(record: &mut [u8], at: usize, bytes: usize, value: u64) {
    match bytes {
        1 => crate::bytes::put8(record, at, value),
        2 => put16(record, at, value),
        4 => put32(record, at, value),
        _ => put64(record, at, value),
    }
}

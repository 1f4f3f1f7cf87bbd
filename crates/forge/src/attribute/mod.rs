//! Attributes: the parts a record is made of, resident, non-resident, or raw bytes for what no driver would write.
//!
//! The well-known attributes each have a type of their own in the modules below that turns into an [`Attribute`];
//! [`RecordBuilder::with`](crate::RecordBuilder::with) takes either.

mod file_name;
mod index;
mod list;
mod non_resident;
mod reparse;
mod small;
mod standard;

pub use file_name::{FileName, namespace};
pub(crate) use index::{BLOCK_ENTRY_ROOM, ROOT_ENTRIES_AT};
pub use index::{INDEX_BLOCK_BYTES, IndexEntry, IndexRoot, index_block};
pub use list::{AttributeList, ListEntry};
pub use non_resident::NonResident;
pub use reparse::{Reparse, tag};
pub use small::{Bitmap, ObjectId, VolumeInformation, VolumeName};
pub use standard::StandardInformation;

use crate::bytes::{align8, copy, put8, put16, put32};
use crate::name::Name;

/// Attribute type codes.
pub mod kind {
    /// `$STANDARD_INFORMATION`
    pub const STANDARD_INFORMATION: u32 = 0x10;
    /// `$ATTRIBUTE_LIST`
    pub const ATTRIBUTE_LIST: u32 = 0x20;
    /// `$FILE_NAME`
    pub const FILE_NAME: u32 = 0x30;
    /// `$OBJECT_ID`
    pub const OBJECT_ID: u32 = 0x40;
    /// `$SECURITY_DESCRIPTOR`
    pub const SECURITY_DESCRIPTOR: u32 = 0x50;
    /// `$VOLUME_NAME`
    pub const VOLUME_NAME: u32 = 0x60;
    /// `$VOLUME_INFORMATION`
    pub const VOLUME_INFORMATION: u32 = 0x70;
    /// `$DATA`
    pub const DATA: u32 = 0x80;
    /// `$INDEX_ROOT`
    pub const INDEX_ROOT: u32 = 0x90;
    /// `$INDEX_ALLOCATION`
    pub const INDEX_ALLOCATION: u32 = 0xA0;
    /// `$BITMAP`
    pub const BITMAP: u32 = 0xB0;
    /// `$REPARSE_POINT`
    pub const REPARSE_POINT: u32 = 0xC0;
    /// `$EA_INFORMATION`
    pub const EA_INFORMATION: u32 = 0xD0;
    /// `$EA`
    pub const EA: u32 = 0xE0;
    /// `$LOGGED_UTILITY_STREAM`
    pub const LOGGED_UTILITY_STREAM: u32 = 0x100;
    /// The mark that ends a record's attributes.
    pub const END: u32 = 0xFFFF_FFFF;
}

/// Bits of an attribute's flags word.
pub mod attribute_flags {
    /// LZNT1-compressed.
    pub const COMPRESSED: u16 = 0x0001;
    /// Encrypted.
    pub const ENCRYPTED: u16 = 0x4000;
    /// Sparse.
    pub const SPARSE: u16 = 0x8000;
}

/// Bytes of header that both forms share and that precede a resident attribute's name.
const RESIDENT_HEADER_BYTES: usize = 0x18;

/// One attribute, ready to be put into a record.
#[derive(Clone, Debug)]
pub struct Attribute {
    kind: u32,
    name: Name,
    flags: u16,
    id: Option<u16>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Resident { value: Vec<u8>, indexed: bool },
    NonResident(NonResident),
    Raw(Vec<u8>),
}

impl Attribute {
    /// An attribute of type `kind` with its `value` in the record.
    #[must_use]
    pub fn resident(kind: u32, value: impl Into<Vec<u8>>) -> Self {
        // Only names are indexed by a directory; the flag belongs to them.
        let form = Form::Resident { value: value.into(), indexed: kind == kind::FILE_NAME };
        Self { kind, name: Name::default(), flags: 0, id: None, form }
    }

    /// An attribute of type `kind` whose value lies in clusters.
    #[must_use]
    pub fn non_resident(kind: u32, extents: NonResident) -> Self {
        Self {
            kind,
            name: Name::default(),
            flags: extents.flags(),
            id: None,
            form: Form::NonResident(extents),
        }
    }

    /// A resident, unnamed `$DATA`.
    #[must_use]
    pub fn data(value: impl Into<Vec<u8>>) -> Self {
        Self::resident(kind::DATA, value)
    }

    /// Bytes put into the record exactly as they are: no header is made, nothing is aligned, no identifier is set.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let mut code = [0; 4];
        for (to, from) in code.iter_mut().zip(&bytes) {
            *to = *from;
        }
        let kind = u32::from_le_bytes(code);
        Self { kind, name: Name::default(), flags: 0, id: None, form: Form::Raw(bytes) }
    }

    /// Names the attribute.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets bits of the flags word (see [`attribute_flags`]) in addition to those the form implies.
    #[must_use]
    pub fn flags(mut self, flags: u16) -> Self {
        self.flags |= flags;
        self
    }

    /// Fixes the attribute's identifier, which otherwise is its place in the record.
    #[must_use]
    pub fn id(mut self, id: u16) -> Self {
        self.id = Some(id);
        self
    }

    /// The type code.
    #[must_use]
    pub fn kind(&self) -> u32 {
        self.kind
    }

    /// The identifier, if one was fixed with [`Attribute::id`].
    #[must_use]
    pub fn fixed_id(&self) -> Option<u16> {
        self.id
    }

    /// The attribute's bytes on disk; `id` is used unless one was fixed.
    ///
    /// # Panics
    /// When a value, a name or a run list is longer than its header can say.
    #[must_use]
    pub fn encode(&self, id: u16) -> Vec<u8> {
        let mut bytes = match &self.form {
            Form::Raw(bytes) => return bytes.clone(),
            Form::Resident { value, indexed } => self.encode_resident(value, *indexed),
            Form::NonResident(extents) => extents.encode(&self.name, self.flags),
        };
        let length = bytes.len();
        put32(&mut bytes, 0x00, self.kind);
        put32(&mut bytes, 0x04, length);
        put8(&mut bytes, 0x09, self.name.len());
        put16(&mut bytes, 0x0C, self.flags);
        put16(&mut bytes, 0x0E, self.id.unwrap_or(id));
        bytes
    }

    fn encode_resident(&self, value: &[u8], indexed: bool) -> Vec<u8> {
        let value_at = align8(RESIDENT_HEADER_BYTES + 2 * self.name.len());
        let mut bytes = vec![0; align8(value_at + value.len())];
        put16(&mut bytes, 0x0A, RESIDENT_HEADER_BYTES);
        put32(&mut bytes, 0x10, value.len());
        put16(&mut bytes, 0x14, value_at);
        put8(&mut bytes, 0x16, u8::from(indexed));
        copy(&mut bytes, RESIDENT_HEADER_BYTES, &self.name.to_le_bytes());
        copy(&mut bytes, value_at, value);
        bytes
    }
}

//! `$ATTRIBUTE_LIST`: where to find the attributes of a file that outgrew its record.

use super::{Attribute, NonResident, kind};
use crate::bytes::{align8, copy, put8, put16, put32, put64};
use crate::name::Name;
use crate::reference::Reference;
use crate::runs::Run;

/// Bytes of an entry before the attribute's name.
const ENTRY_BYTES: usize = 0x1A;

/// One entry: an attribute of type `kind`, or the piece of it from `lowest_vcn` on, is in the record `holder`.
#[derive(Clone, Debug)]
pub struct ListEntry {
    kind: u32,
    name: Name,
    lowest_vcn: u64,
    holder: Reference,
    id: u16,
}

impl ListEntry {
    /// An unnamed attribute of type `kind` with VCNs from 0, held by `holder`, with identifier 0.
    #[must_use]
    pub fn new(kind: u32, holder: impl Into<Reference>) -> Self {
        Self { kind, name: Name::default(), lowest_vcn: 0, holder: holder.into(), id: 0 }
    }

    /// Names the attribute.
    #[must_use]
    pub fn named(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// The first VCN of the piece.
    #[must_use]
    pub fn lowest_vcn(mut self, vcn: u64) -> Self {
        self.lowest_vcn = vcn;
        self
    }

    /// The attribute's identifier in the record that holds it.
    #[must_use]
    pub fn id(mut self, id: u16) -> Self {
        self.id = id;
        self
    }

    /// The entry's bytes, padded to eight.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; align8(ENTRY_BYTES + 2 * self.name.len())];
        let length = bytes.len();
        put32(&mut bytes, 0x00, self.kind);
        put16(&mut bytes, 0x04, length);
        put8(&mut bytes, 0x06, self.name.len());
        put8(&mut bytes, 0x07, ENTRY_BYTES);
        put64(&mut bytes, 0x08, self.lowest_vcn);
        put64(&mut bytes, 0x10, self.holder.to_u64());
        put16(&mut bytes, 0x18, self.id);
        copy(&mut bytes, ENTRY_BYTES, &self.name.to_le_bytes());
        bytes
    }
}

/// Builds `$ATTRIBUTE_LIST` from entries, in the order given.
#[derive(Clone, Debug, Default)]
pub struct AttributeList {
    entries: Vec<ListEntry>,
}

impl AttributeList {
    /// A list of `entries`.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = ListEntry>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    /// The list's bytes, wherever they are to be stored.
    #[must_use]
    pub fn value(&self) -> Vec<u8> {
        self.entries.iter().flat_map(ListEntry::encode).collect()
    }

    /// The list as an attribute whose value lies in `runs`. Writing [`AttributeList::value`] there is up to the caller.
    #[must_use]
    pub fn non_resident(&self, cluster_bytes: u64, runs: &[Run]) -> Attribute {
        let length = self.value().len() as u64;
        Attribute::non_resident(kind::ATTRIBUTE_LIST, NonResident::new(cluster_bytes, runs).real(length))
    }
}

impl From<AttributeList> for Attribute {
    fn from(list: AttributeList) -> Self {
        Self::resident(kind::ATTRIBUTE_LIST, list.value())
    }
}

//! Nodes of NTFS indexes: the resident `$INDEX_ROOT` and the blocks of `$INDEX_ALLOCATION`.

use super::{Attribute, FileName, kind};
use crate::bytes::{align8, copy, put8, put16, put32, put64};
use crate::fixup::{array_words, protect};
use crate::name::Name;
use crate::reference::Reference;

/// Size of the blocks that the forge makes: what every Windows release has used.
pub const INDEX_BLOCK_BYTES: usize = 4096;

/// Offset of the node header in a block; its fields count from there.
const BLOCK_NODE_AT: usize = 0x18;

/// Offset of the first entry in a block, behind the update sequence array.
const BLOCK_ENTRIES_AT: usize = 0x40;

/// Bytes of entries, the closing one included, that fit a block.
pub(crate) const BLOCK_ENTRY_ROOM: usize = INDEX_BLOCK_BYTES - BLOCK_ENTRIES_AT;

/// Bytes of `$INDEX_ROOT`'s value before the first entry.
pub(crate) const ROOT_ENTRIES_AT: usize = 0x20;

const HAS_CHILD: u16 = 1;
const IS_LAST: u16 = 2;

/// One entry of an index node.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    file: Reference,
    key: Vec<u8>,
    child: Option<u64>,
    last: bool,
}

impl IndexEntry {
    /// A directory's entry for the file `file` under `name`.
    #[must_use]
    pub fn new(file: impl Into<Reference>, name: &FileName) -> Self {
        Self { file: file.into(), key: name.value(), child: None, last: false }
    }

    /// The entry without a key that closes a node.
    #[must_use]
    pub fn last() -> Self {
        Self { file: Reference::default(), key: Vec::new(), child: None, last: true }
    }

    /// Points to the block at VCN `vcn`, whose keys all sort before this entry.
    #[must_use]
    pub fn child(mut self, vcn: u64) -> Self {
        self.child = Some(vcn);
        self
    }

    /// The block that the entry points to.
    pub(crate) fn child_vcn(&self) -> Option<u64> {
        self.child
    }

    /// Bytes that the entry takes in a node.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        align8(0x10 + self.key.len()) + if self.child.is_some() { 8 } else { 0 }
    }

    /// The entry's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.encoded_bytes()];
        let length = bytes.len();
        put64(&mut bytes, 0x00, self.file.to_u64());
        put16(&mut bytes, 0x08, length);
        put16(&mut bytes, 0x0A, self.key.len());
        put16(
            &mut bytes,
            0x0C,
            if self.child.is_some() { HAS_CHILD } else { 0 } | if self.last { IS_LAST } else { 0 },
        );
        copy(&mut bytes, 0x10, &self.key);
        if let Some(vcn) = self.child {
            put64(&mut bytes, length - 8, vcn);
        }
        bytes
    }
}

/// Builds `$INDEX_ROOT`: an empty directory's unless entries are given, which must be in order and closed by
/// [`IndexEntry::last`].
#[derive(Clone, Debug)]
pub struct IndexRoot {
    entries: Vec<IndexEntry>,
    clusters_per_block: u8,
    indexed: u32,
    collation: u32,
    name: Name,
}

impl IndexRoot {
    /// The root of a directory's index (`$I30`: file names, collated as such).
    #[must_use]
    pub fn directory(entries: impl IntoIterator<Item = IndexEntry>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            clusters_per_block: 1,
            indexed: kind::FILE_NAME,
            collation: 1,
            name: "$I30".into(),
        }
    }

    /// The root of an empty view index, such as `$SII` of `$Secure`, with the given collation rule.
    #[must_use]
    pub fn view(name: &str, collation: u32) -> Self {
        Self { indexed: 0, collation, name: name.into(), ..Self::directory([IndexEntry::last()]) }
    }

    /// The unit byte: clusters in a block, or 512-byte pieces where a cluster is larger than a block.
    #[must_use]
    pub fn clusters_per_block(mut self, unit: u8) -> Self {
        self.clusters_per_block = unit;
        self
    }
}

impl Default for IndexRoot {
    fn default() -> Self {
        Self::directory([IndexEntry::last()])
    }
}

impl From<IndexRoot> for Attribute {
    fn from(root: IndexRoot) -> Self {
        let entries: Vec<u8> = root.entries.iter().flat_map(IndexEntry::encode).collect();
        let mut value = vec![0; ROOT_ENTRIES_AT];
        put32(&mut value, 0x00, root.indexed);
        put32(&mut value, 0x04, root.collation);
        put32(&mut value, 0x08, INDEX_BLOCK_BYTES);
        put8(&mut value, 0x0C, root.clusters_per_block);
        put_node(&mut value, 0x10, 0x10, 0x10 + entries.len(), 0x10 + entries.len(), &root.entries);
        value.extend(entries);
        Self::resident(kind::INDEX_ROOT, value).named(root.name)
    }
}

/// A block of `$INDEX_ALLOCATION` at VCN `vcn`, fixups protected. `entries` must be closed by [`IndexEntry::last`].
///
/// # Panics
/// When the entries do not fit.
#[must_use]
pub fn index_block(vcn: u64, entries: &[IndexEntry]) -> Vec<u8> {
    let body: Vec<u8> = entries.iter().flat_map(IndexEntry::encode).collect();
    let mut block = vec![0; INDEX_BLOCK_BYTES];
    copy(&mut block, 0, b"INDX");
    put16(&mut block, 4, 0x28);
    put16(&mut block, 6, array_words(INDEX_BLOCK_BYTES));
    put64(&mut block, 0x10, vcn);
    let first = BLOCK_ENTRIES_AT - BLOCK_NODE_AT;
    put_node(
        &mut block,
        BLOCK_NODE_AT,
        first,
        first + body.len(),
        INDEX_BLOCK_BYTES - BLOCK_NODE_AT,
        entries,
    );
    copy(&mut block, BLOCK_ENTRIES_AT, &body);
    protect(&mut block, 1);
    block
}

/// Writes the node header at `at`; the three lengths count from there.
fn put_node(
    bytes: &mut [u8],
    at: usize,
    first: usize,
    used: usize,
    allocated: usize,
    entries: &[IndexEntry],
) {
    put32(bytes, at, first);
    put32(bytes, at + 4, used);
    put32(bytes, at + 8, allocated);
    put8(bytes, at + 12, u8::from(entries.iter().any(|entry| entry.child.is_some())));
}

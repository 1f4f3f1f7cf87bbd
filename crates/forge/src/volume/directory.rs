//! Directory indexes: a B-tree built bottom-up from names in collation order.

use std::cmp::Ordering;

use super::geometry::Geometry;
use super::space::Space;
use crate::attribute::{
    Attribute, BLOCK_ENTRY_ROOM, Bitmap, FileName, INDEX_BLOCK_BYTES, IndexEntry, IndexRoot, NonResident,
    ROOT_ENTRIES_AT, index_block, kind,
};
use crate::name::Name;
use crate::reference::Reference;

const INDEX_NAME: &str = "$I30";

/// Record bytes of `$INDEX_ROOT` besides its entries: header, name, and the value's fixed part.
const ROOT_OVERHEAD: usize = 0x20 + ROOT_ENTRIES_AT;

/// Record bytes set aside for `$INDEX_ALLOCATION` and `$BITMAP`: each at most a long header, name and one run.
const ALLOCATION_OVERHEAD: usize = 2 * 0x58;

/// Largest bitmap that stays in the record.
const RESIDENT_BITMAP_BYTES: usize = 32;

/// Compares names as NTFS orders a directory: folded by the volume's table, then by unit where that leaves a tie.
pub(super) fn collate(a: &Name, b: &Name, upcase: &[u16]) -> Ordering {
    let fold = |name: &Name| -> Vec<u16> {
        name.units().iter().map(|&unit| upcase.get(usize::from(unit)).copied().unwrap_or(unit)).collect()
    };
    fold(a).cmp(&fold(b)).then_with(|| a.units().cmp(b.units()))
}

/// Makes the attributes of a directory that holds `names`, of which at most `room` bytes go into its record.
pub(super) fn attributes(
    geometry: Geometry,
    space: &mut Space,
    upcase: &[u16],
    room: usize,
    mut names: Vec<(Reference, FileName)>,
) -> Vec<Attribute> {
    names.sort_by(|(_, a), (_, b)| collate(a.name(), b.name(), upcase));
    let mut entries: Vec<_> = names.iter().map(|(file, name)| IndexEntry::new(*file, name)).collect();
    let unit = u8::try_from(INDEX_BLOCK_BYTES as u64 / geometry.index_unit()).expect("at most eight units");

    if ROOT_OVERHEAD + node_bytes(&entries, None) <= room {
        entries.push(IndexEntry::last());
        return vec![IndexRoot::directory(entries).clusters_per_block(unit).into()];
    }
    let room = room.saturating_sub(ROOT_OVERHEAD + ALLOCATION_OVERHEAD);
    assert!(room >= node_bytes(&[], Some(0)), "a directory's record has no room for the root of its index");
    let mut blocks = Blocks { unit: u64::from(unit), blocks: Vec::new() };
    let mut last_child = None;
    while node_bytes(&entries, last_child) > room {
        (entries, last_child) = blocks.add_level(entries, last_child);
    }
    entries.push(closing(last_child));
    let root = IndexRoot::directory(entries).clusters_per_block(unit);
    let mut attributes = vec![Attribute::from(root)];
    attributes.extend(blocks.store(geometry, space));
    attributes
}

/// Bytes of a node's entries with the one that closes it.
fn node_bytes(entries: &[IndexEntry], last_child: Option<u64>) -> usize {
    entries.iter().map(IndexEntry::encoded_bytes).sum::<usize>() + closing(last_child).encoded_bytes()
}

fn closing(child: Option<u64>) -> IndexEntry {
    match child {
        Some(vcn) => IndexEntry::last().child(vcn),
        None => IndexEntry::last(),
    }
}

/// The blocks made so far.
struct Blocks {
    unit: u64,
    blocks: Vec<Vec<u8>>,
}

impl Blocks {
    /// Packs one level into blocks. Returns what the level above holds: an entry between each two neighbouring blocks,
    /// pointing to the left one, and the last block's VCN.
    fn add_level(
        &mut self,
        entries: Vec<IndexEntry>,
        last_child: Option<u64>,
    ) -> (Vec<IndexEntry>, Option<u64>) {
        let mut above = Vec::new();
        let mut block: Vec<IndexEntry> = Vec::new();
        let mut used = closing(last_child).encoded_bytes();
        let empty = used;
        let mut entries = entries.into_iter().peekable();
        while let Some(entry) = entries.next() {
            let bytes = entry.encoded_bytes();
            if used + bytes <= BLOCK_ENTRY_ROOM {
                used += bytes;
                block.push(entry);
                continue;
            }
            // The entry that no longer fits moves up, unless the last block would stay empty: then its neighbour does.
            let (separator, next) = if entries.peek().is_some() {
                (entry, None)
            } else {
                (block.pop().expect("a block holds many entries"), Some(entry))
            };
            let vcn = self.push(std::mem::take(&mut block), separator.child_vcn());
            above.push(separator.child(vcn));
            used = empty + next.as_ref().map_or(0, IndexEntry::encoded_bytes);
            block.extend(next);
        }
        let last = self.push(block, last_child);
        (above, Some(last))
    }

    fn push(&mut self, mut entries: Vec<IndexEntry>, last_child: Option<u64>) -> u64 {
        let vcn = self.blocks.len() as u64 * self.unit;
        entries.push(closing(last_child));
        self.blocks.push(index_block(vcn, &entries));
        vcn
    }

    /// Puts the blocks on the volume and makes `$INDEX_ALLOCATION` and `$BITMAP` for them.
    fn store(self, geometry: Geometry, space: &mut Space) -> [Attribute; 2] {
        let mut bitmap = Bitmap::new(self.blocks.len() as u64);
        for block in 0..self.blocks.len() as u64 {
            bitmap.set(block, true);
        }
        let bytes = self.blocks.concat();
        let length = bytes.len() as u64;
        let extents = NonResident::new(geometry.cluster, &space.store(bytes)).real(length);
        let allocation = Attribute::non_resident(kind::INDEX_ALLOCATION, extents).named(INDEX_NAME);
        let bitmap = if bitmap.bytes().len() <= RESIDENT_BITMAP_BYTES {
            Attribute::from(bitmap)
        } else {
            let length = bitmap.bytes().len() as u64;
            let runs = space.store(bitmap.bytes().to_vec());
            Attribute::non_resident(kind::BITMAP, NonResident::new(geometry.cluster, &runs).real(length))
        };
        [allocation, bitmap.named(INDEX_NAME)]
    }
}

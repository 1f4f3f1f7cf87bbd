//! Random sources for the tests of snapshots: trees with hard links, streams, deleted files, odd names and odd sizes.

use proptest::prelude::*;
use quarry_index::{Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Index, Stream, Time};

pub(crate) const ROOT: FileId = FileId { record: 5, sequence: 5 };
/// Record number of the first node.
const FIRST: u32 = 30;

/// A file or a folder of a source.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) folder: bool,
    pub(crate) deleted: bool,
    /// The folders that it has a name in: nodes before it, or the root for what is none.
    pub(crate) parents: Vec<usize>,
    pub(crate) name: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) allocated: u64,
    pub(crate) times: [u64; 4],
    pub(crate) attributes: u32,
    pub(crate) tag: u32,
    pub(crate) streams: Vec<(Vec<u8>, u64)>,
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-c]{1,3}(\\.(txt|TXT|Pdf))?".prop_map(String::into_bytes),
        2 => "[A-Z][a-z]{2,6}".prop_map(String::into_bytes),
        1 => "[a-zA-Zß-ž]{1,8}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..6),
        1 => Just(b"half \xED\xA0\x80".to_vec()),
        1 => Just(vec![b'x'; 700]),
    ]
    .prop_map(|mut name: Vec<u8>| {
        quarry_index::make_possible(&mut name, 0);
        name
    })
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 132_000_000_000_000_000u64..133_000_000_000_000_000, 1 => Just(0), 1 => any::<u64>()]
}

fn node(place: usize) -> impl Strategy<Value = Node> {
    let size = prop_oneof![5 => 0u64..100_000, 1 => any::<u64>()];
    let tag = prop_oneof![6 => Just(0u32), 1 => Just(0xA000_000C), 1 => any::<u32>()];
    (
        (any::<bool>(), prop::bool::weighted(0.1)),
        prop::collection::vec(0..place + 2, 1..4),
        name(),
        (size.clone(), prop_oneof![4 => Just(None), 1 => any::<u64>().prop_map(Some)]),
        [time(), time(), time(), time()],
        (any::<u32>(), tag),
        prop::collection::vec((name(), size), 0..3),
    )
        .prop_map(
            |((folder, deleted), parents, name, (size, allocated), times, (attributes, tag), streams)| Node {
                folder,
                deleted,
                // A folder has one name.
                parents: if folder { parents[..1].to_vec() } else { parents },
                name,
                size: if folder { 0 } else { size },
                allocated: if folder {
                    0
                } else {
                    allocated.unwrap_or_else(|| size.wrapping_add(4095) & !4095)
                },
                times,
                attributes,
                tag,
                streams,
            },
        )
}

/// Sources of up to `most` files.
pub(crate) fn sources(most: usize) -> impl Strategy<Value = Vec<Node>> {
    (1..most).prop_flat_map(|count| (0..count).map(node).collect::<Vec<_>>())
}

/// What the file of a node is called.
pub(crate) fn id(node: usize) -> FileId {
    FileId { record: FIRST + u32::try_from(node).unwrap_or(0), sequence: 1 }
}

/// What [`build`] keeps as the evidence of a node.
pub(crate) fn evidence(node: &Node) -> Evidence {
    let [name_created, name_modified, name_changed, name_accessed] =
        node.times.map(|time| Time(time.wrapping_add(node.size)));
    let (security, usn, lsn) = (node.attributes, node.size, node.allocated);
    Evidence { security, usn, lsn, name_modified, name_created, name_changed, name_accessed }
}

/// The index of a source.
pub(crate) fn build(nodes: &[Node]) -> Index {
    let mut batch = Batch::with_evidence();
    batch.begin(FIRST);
    for (place, node) in nodes.iter().enumerate() {
        batch.open_file();
        for &parent in &node.parents {
            let folder = nodes.get(parent).filter(|node| parent < place && node.folder);
            let parent = folder.map_or(ROOT, |_| id(parent));
            batch.name(parent, false, |blob| blob.extend_from_slice(&node.name));
        }
        for (name, size) in &node.streams {
            let stream = Stream { size: *size, allocated: size / 2, packed: false };
            batch.stream(stream, |blob| blob.extend_from_slice(name));
        }
        let mut flags = FileFlags::SIZED;
        flags.set(FileFlags::DIRECTORY, node.folder);
        flags.set(FileFlags::DELETED, node.deleted);
        let [created, modified, changed, accessed] = node.times.map(Time);
        let file = File {
            record: id(place).record,
            sequence: 1,
            size: node.size,
            allocated: node.allocated,
            created,
            modified,
            changed,
            accessed,
            attributes: node.attributes,
            reparse_tag: node.tag,
            flags,
        };
        batch.close_file_with(file, evidence(node));
    }
    let builder = Builder::new(ROOT, CaseTable::default());
    builder.build_with_note(vec![batch], |_| b"a source".to_vec()).unwrap_or_else(|error| panic!("{error}")).0
}

/// Everything that can be asked of an index, without a panic whatever it holds.
pub(crate) fn dump(index: &Index) -> Vec<String> {
    let row = |row: quarry_index::Row<'_>| {
        let times = [row.created(), row.modified(), row.changed(), row.accessed()];
        format!(
            "{:?} {:?} {:?} {:?} {} {} {} {times:?} {:x} {:x} {} {:?} {} {:?} {} {}",
            row.path().escape_ascii().to_string(),
            row.kind(),
            row.flags(),
            row.parent().map(quarry_index::Row::number),
            row.subtree_end(),
            row.size(),
            row.allocated(),
            row.attributes(),
            row.reparse_tag(),
            row.links(),
            row.record(),
            row.sequence(),
            row.file_flags(),
            row.file(),
            row.name_number(),
        ) + &format!(" {:?} {:?} {:?}", row.total(), row.evidence(), row.claimed_parent())
    };
    let names = (0..u32::try_from(index.names().len()).unwrap_or(0)).map(|name| {
        let names = index.names();
        format!(
            "{:?} {:?} {:?}",
            names.get(name),
            names.folded(name),
            names.rows_of(name).collect::<Vec<_>>()
        )
    });
    index.rows().map(row).chain(names).collect()
}

/// The snapshot of an index.
pub(crate) fn bytes_of(index: &Index) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.write_to(&mut bytes).unwrap_or_else(|error| panic!("{error}"));
    bytes
}

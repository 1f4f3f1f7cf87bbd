//! A small index made up for tests.

use quarry_index::{Batch, Builder, CaseTable, File, FileFlags, FileId, Index, Stream, Time};

/// A file or folder to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// Which record; the root has 5.
    pub(crate) record: u32,
    /// The record of its folder.
    pub(crate) parent: u32,
    pub(crate) name: &'static str,
    /// Length of a file; none makes a folder.
    pub(crate) size: Option<u64>,
    pub(crate) modified: u64,
    /// The name of a stream that it has, if that is not empty.
    pub(crate) stream: &'static str,
}

/// A file of one byte without a date.
pub(crate) fn file(record: u32, parent: u32, name: &'static str) -> Node {
    Node { record, parent, name, size: Some(1), modified: 0, stream: "" }
}

/// A folder.
pub(crate) fn folder(record: u32, parent: u32, name: &'static str) -> Node {
    Node { size: None, ..file(record, parent, name) }
}

/// The index of a root folder and `nodes`, which come in the order of their records.
pub(crate) fn index(nodes: &[Node]) -> Index {
    let id = |record| FileId { record, sequence: 1 };
    let mut batch = Batch::new();
    batch.begin(0);
    for node in std::iter::once(&folder(5, 5, ".")).chain(nodes) {
        batch.open_file();
        batch.name(id(node.parent), false, |out| out.extend_from_slice(node.name.as_bytes()));
        if !node.stream.is_empty() {
            let stream = Stream { size: 7, allocated: 0, packed: false };
            batch.stream(stream, |out| out.extend_from_slice(node.stream.as_bytes()));
        }
        batch.close_file(File {
            record: node.record,
            sequence: 1,
            size: node.size.unwrap_or(0),
            allocated: 0,
            created: Time(0),
            modified: Time(node.modified),
            changed: Time(0),
            accessed: Time(0),
            attributes: 0,
            reparse_tag: 0,
            flags: if node.size.is_none() { FileFlags::DIRECTORY } else { FileFlags::empty() },
        });
    }
    let (index, _) = Builder::new(id(5), CaseTable::default()).build(vec![batch]).expect("few rows");
    index
}

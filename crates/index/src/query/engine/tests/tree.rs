//! Small trees for tests.

use crate::{Batch, Builder, CaseTable, File, FileFlags, FileId, Index, Stream, Time};

/// A file of a test's tree. Its record number is its place among the files, from 1; the root is record 0.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Names, each with the record number of its parent.
    pub(super) names: Vec<(u32, Vec<u8>)>,
    pub(super) streams: Vec<(Vec<u8>, u64)>,
    pub(super) flags: FileFlags,
    pub(super) size: u64,
    pub(super) modified: u64,
    pub(super) attributes: u32,
    pub(super) reparse_tag: u32,
}

impl Node {
    pub(super) fn file(parent: u32, name: &str) -> Self {
        Self {
            names: vec![(parent, name.as_bytes().to_vec())],
            streams: Vec::new(),
            flags: FileFlags::empty(),
            size: 0,
            modified: 0,
            attributes: 0,
            reparse_tag: 0,
        }
    }

    pub(super) fn folder(parent: u32, name: &str) -> Self {
        Self { flags: FileFlags::DIRECTORY, ..Self::file(parent, name) }
    }

    /// What the index knows of it; the other times and sizes follow from those of the node.
    fn facts(&self, record: u32) -> File {
        File {
            record,
            sequence: 1,
            size: self.size,
            allocated: self.size.next_multiple_of(4096),
            created: Time(self.modified / 2),
            modified: Time(self.modified),
            changed: Time(self.modified.wrapping_mul(3)),
            accessed: Time(self.modified.wrapping_add(1)),
            attributes: self.attributes,
            reparse_tag: self.reparse_tag,
            flags: self.flags | FileFlags::SIZED,
        }
    }
}

pub(super) fn index(nodes: &[Node]) -> Index {
    let mut batch = Batch::new();
    batch.begin(0);
    batch.open_file();
    batch.close_file(Node::folder(0, "").facts(0));
    for (record, node) in (1..).zip(nodes) {
        batch.open_file();
        for (parent, name) in &node.names {
            let parent = FileId { record: *parent, sequence: 1 };
            batch.name(parent, false, |out| out.extend_from_slice(name));
        }
        for (name, size) in &node.streams {
            let stream = Stream { size: *size, allocated: *size, packed: false };
            batch.stream(stream, |out| out.extend_from_slice(name));
        }
        batch.close_file(node.facts(record));
    }
    let root = FileId { record: 0, sequence: 1 };
    Builder::new(root, CaseTable::default()).build(vec![batch]).unwrap().0
}

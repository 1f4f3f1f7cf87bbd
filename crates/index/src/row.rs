//! Rows: what a search finds. One a name, one a stream.
//!
//! Rows lie in preorder, so that what a folder holds is an interval and a parent comes before its children.
//! A row number is local to one index; across indexes a row is known by record, sequence and name.

use crate::build::{Items, Numbering, Stitched};
use crate::file::{FileFlags, is_link_tag};

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, junction or mount point.
    Link,
    /// A stream of a file or folder beside its main data.
    Stream,
}

bitflags::bitflags! {
    /// Facts about a row that decide whether it is shown.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct RowFlags: u8 {
        /// Its file is not in use.
        const DELETED = 1;
        /// It belongs to the file system itself, or lies in a folder that does.
        const METAFILE = 1 << 1;
        /// It hangs on no folder that exists.
        const ORPHAN = 1 << 2;
        /// Something about its file did not check out.
        const DAMAGED = 1 << 3;
    }
}

/// All rows in preorder.
#[derive(Debug, Default)]
pub(crate) struct RowColumns {
    /// Number of the name.
    pub(crate) name: Vec<u32>,
    /// Row of the parent; a top row is its own.
    pub(crate) parent: Vec<u32>,
    /// First row after the subtree.
    pub(crate) end: Vec<u32>,
    /// Number of the file, for a stream of the stream.
    pub(crate) target: Vec<u32>,
    pub(crate) kind: Vec<Kind>,
    pub(crate) flags: Vec<RowFlags>,
}

/// What is known of streams apart from their names.
#[derive(Debug, Default)]
pub(crate) struct StreamColumns {
    pub(crate) file: Vec<u32>,
    pub(crate) size: Vec<u64>,
    pub(crate) allocated: Vec<u64>,
}

impl RowColumns {
    /// Lays out the rows in the order of `numbering`.
    pub(crate) fn lay_out(numbering: Numbering, items: &Items, stitched: &Stitched) -> Self {
        let rows = numbering.item.len();
        let mut target = Vec::with_capacity(rows);
        let mut kind = Vec::with_capacity(rows);
        let mut flags: Vec<RowFlags> = Vec::with_capacity(rows);
        for (&item, &parent) in numbering.item.iter().zip(&numbering.parent) {
            let file = items.file[item as usize];
            let stream = items.is_stream(item);
            target.push(if stream { item - items.first_stream } else { file });
            kind.push(if stream { Kind::Stream } else { kind_of(stitched, file as usize) });
            let above = flags.get(parent as usize).copied().unwrap_or_default();
            let below_top = numbering.parent.get(parent as usize) == Some(&parent);
            flags.push(flags_of(stitched.files.flags[file as usize], above, below_top, item, items));
        }
        Self { name: numbering.item, parent: numbering.parent, end: numbering.end, target, kind, flags }
    }
}

fn kind_of(stitched: &Stitched, file: usize) -> Kind {
    let tag = stitched.files.reparse_tag[file];
    if is_link_tag(tag) {
        Kind::Link
    } else if stitched.files.flags[file].contains(FileFlags::DIRECTORY) {
        Kind::Folder
    } else {
        Kind::File
    }
}

/// A row's flags: its file's, and what it inherits from `above`.
fn flags_of(file: FileFlags, above: RowFlags, below_top: bool, item: u32, items: &Items) -> RowFlags {
    let mut flags = above & RowFlags::ORPHAN;
    // The two top folders are metafiles, but what lies in them is the user's.
    if !below_top {
        flags |= above & RowFlags::METAFILE;
    }
    flags.set(RowFlags::DELETED, file.contains(FileFlags::DELETED));
    flags.set(RowFlags::DAMAGED, file.contains(FileFlags::DAMAGED));
    // A stream of the root is a user's too, though the root is not.
    if file.contains(FileFlags::METAFILE) && !(below_top && items.is_stream(item)) {
        flags |= RowFlags::METAFILE;
    }
    if item == items.bucket {
        flags |= RowFlags::ORPHAN;
    }
    flags
}

//! Rows laid out in preorder, and files in the order of their first rows.

use super::{Items, NO_FILE, Numbering, Stitched};
use crate::batch::as_u32;
use crate::file::{FileFlags, FileId, is_link_tag};
use crate::row::{Kind, RowFlags};
use crate::rows::{class_of, flags_in};

/// Rows by column, their files by number.
#[derive(Debug)]
pub(super) struct RowTable {
    /// The item of each row.
    pub(super) item: Vec<u32>,
    pub(super) parent: Vec<u32>,
    pub(super) end: Vec<u32>,
    /// The file of each row, by its final number.
    pub(super) file: Vec<u32>,
    pub(super) class: Vec<u8>,
    /// One bit a row: it is the first name of a file.
    pub(super) primary: Vec<u64>,
    /// The place in the stitched table of each file, by its final number.
    pub(super) files: Vec<u32>,
    pub(super) claims: Claims,
}

/// Names whose records call their folder by another number than it has.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) row: Vec<u32>,
    /// What they call it, as [`FileId::packed`].
    pub(super) parent: Vec<u64>,
}

impl Claims {
    fn new(numbering: &Numbering, items: &Items, stitched: &Stitched) -> Self {
        let mut claims = Self::default();
        let files = &stitched.files;
        for (row, (&item, &above)) in (0u32..).zip(numbering.item.iter().zip(&numbering.parent)) {
            if above == row || items.is_stream(item) {
                continue;
            }
            let above = items.file[numbering.item[above as usize] as usize] as usize;
            let has = FileId { record: files.record[above], sequence: files.sequence[above] }.packed();
            let claimed = match item as usize {
                name if item < items.first_stream => FileId {
                    record: stitched.names.parent_record[name],
                    sequence: stitched.names.parent_sequence[name],
                }
                .packed(),
                _ => FileId::NONE,
            };
            if claimed != has {
                claims.row.push(row);
                claims.parent.push(claimed);
            }
        }
        claims
    }
}

const WORD: usize = u64::BITS as usize;

impl RowTable {
    pub(super) fn new(numbering: Numbering, items: &Items, stitched: &Stitched) -> Self {
        let claims = Claims::new(&numbering, items, stitched);
        let Numbering { item, parent, end } = numbering;
        let mut number = vec![NO_FILE; stitched.files.len()];
        let mut files = Vec::with_capacity(stitched.files.len());
        let mut primary = vec![0u64; item.len().div_ceil(WORD)];
        for (row, &item) in item.iter().enumerate() {
            let file = items.file[item as usize];
            let slot = &mut number[file as usize];
            if *slot == NO_FILE && !items.is_stream(item) {
                *slot = as_u32(files.len());
                files.push(file);
                primary[row / WORD] |= 1 << (row % WORD);
            }
        }
        let mut class: Vec<u8> = Vec::with_capacity(item.len());
        let mut file = Vec::with_capacity(item.len());
        for (&item, &above) in item.iter().zip(&parent) {
            let place = items.file[item as usize];
            let below_top = parent[above as usize] == above;
            let above = flags_in(class.get(above as usize).copied().unwrap_or_default());
            let stream = items.is_stream(item);
            let kind = if stream { Kind::Stream } else { kind_of(stitched, place as usize) };
            let flags = flags_of(stitched.files.flags[place as usize], above, below_top, item, items);
            class.push(class_of(kind, flags));
            file.push(number[place as usize]);
        }
        Self { item, parent, end, file, class, primary, files, claims }
    }

    pub(super) fn len(&self) -> usize {
        self.item.len()
    }

    pub(super) fn is_primary(&self, row: usize) -> bool {
        self.primary[row / WORD] >> (row % WORD) & 1 == 1
    }

    /// Whether a row holds others.
    pub(super) fn holds_others(&self, row: usize) -> bool {
        self.end[row] as usize > row + 1
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

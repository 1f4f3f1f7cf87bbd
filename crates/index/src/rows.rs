//! The columns of rows and of files, as they lie in a snapshot.

use std::ops::Range;
use std::sync::OnceLock;

use crate::batch::as_u32;
use crate::row::{Kind, RowFlags};
use crate::store::{ByteColumn, Column, Directory, Packed, Ranked, SnapshotError, exactly};
use crate::{Evidence, Time};

/// Bits of a row's class that hold its kind; its flags follow.
const KIND_BITS: u8 = 2;
const CLASS_MAX: u8 = (1 << 6) - 1;

/// What numbers of two and of four bytes are less than.
const LIMIT_16: u64 = 1 << 16;
const LIMIT_32: u64 = 1 << 32;

/// A row's kind and flags in one byte.
pub(crate) fn class_of(kind: Kind, flags: RowFlags) -> u8 {
    kind as u8 | flags.bits() << KIND_BITS
}

/// The kind in a class.
pub(crate) fn kind_in(class: u8) -> Kind {
    match class & ((1 << KIND_BITS) - 1) {
        0 => Kind::File,
        1 => Kind::Folder,
        2 => Kind::Link,
        _ => Kind::Stream,
    }
}

/// The flags in a class.
pub(crate) fn flags_in(class: u8) -> RowFlags {
    RowFlags::from_bits_truncate(class >> KIND_BITS)
}

/// A bit for each class, up to 64 of them, that is set if the class is one that passes.
#[inline]
pub(crate) fn class_bits(classes: &[u8], passing: &[bool; 256]) -> u64 {
    let bits = classes.iter().zip(0..).map(|(&class, bit)| u64::from(passing[usize::from(class)]) << bit);
    bits.fold(0, |word, bit| word | bit)
}

/// Rows by column.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) class: ByteColumn,
    pub(crate) name: Packed,
    pub(crate) parent: Packed,
    pub(crate) primary: Ranked,
    pub(crate) subtree: Ranked,
    pub(crate) subtree_end: Packed,
    /// The bucket of orphans, once it was asked for: beside the root the only row that lies in none.
    bucket: OnceLock<usize>,
    pub(crate) extra_file: Packed,
    pub(crate) extra_size: Packed,
    pub(crate) extra_allocated: Packed,
    pub(crate) claim_row: Packed,
    pub(crate) claim_parent: Packed,
}

impl Rows {
    pub(crate) fn open(directory: &Directory) -> Result<Self, SnapshotError> {
        let rows = directory.rows;
        let class = directory.bytes(Column::RowClass)?;
        exactly("the number of classes", rows, class.len())?;
        let primary = directory.ranked(Column::RowPrimary, rows)?;
        let subtree = directory.ranked(Column::RowSubtree, rows)?;
        let holders = directory.values(Column::SubtreeEnd);
        let files = directory.values(Column::FileSize);
        let (primaries, subtrees) = (primary.count(), subtree.count());
        // What could not be counted is damaged, which says more than that the numbers differ.
        directory.storage.sound()?;
        exactly("the number of files", primaries, files)?;
        for (what, count) in [
            ("files", files),
            ("rows that hold others", holders),
            ("names", directory.values(Column::NameEnd)),
            ("claims", directory.values(Column::ClaimRow)),
        ] {
            exactly(&format!("whether there are more {what} than rows"), false, count > rows)?;
        }
        exactly("the number of rows that hold others", subtrees, holders)?;
        let extras = rows.saturating_sub(files);
        let claims = directory.values(Column::ClaimRow);
        let names = directory.values(Column::NameEnd) as u64;
        Ok(Self {
            class,
            name: directory.packed_below(Column::RowName, rows, names)?,
            parent: directory.packed_below(Column::RowParent, rows, rows as u64)?,
            primary,
            subtree,
            subtree_end: directory.packed_below(Column::SubtreeEnd, holders, rows as u64 + 1)?,
            bucket: OnceLock::new(),
            extra_file: directory.packed_below(Column::ExtraFile, extras, files as u64)?,
            extra_size: directory.packed(Column::ExtraSize, extras)?,
            extra_allocated: directory.packed(Column::ExtraAllocated, extras)?,
            claim_row: directory.packed_below(Column::ClaimRow, claims, rows as u64)?,
            claim_parent: directory.packed(Column::ClaimParent, claims)?,
        })
    }

    /// Its columns of numbers.
    pub(crate) fn columns(&self) -> [&Packed; 8] {
        let Self {
            name,
            parent,
            subtree_end,
            extra_file,
            extra_size,
            extra_allocated,
            claim_row,
            claim_parent,
            ..
        } = self;
        [name, parent, subtree_end, extra_file, extra_size, extra_allocated, claim_row, claim_parent]
    }

    /// What the row calls its folder, if that is not what its parent is called.
    pub(crate) fn claim(&self, row: usize) -> Option<u64> {
        let (mut low, mut high) = (0, self.claim_row.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.claim_row.get(middle) < row as u64 { low = middle + 1 } else { high = middle }
        }
        let found = low < self.claim_row.len() && self.claim_row.get(low) == row as u64;
        found.then(|| self.claim_parent.get(low))
    }

    /// Kind and flags; a class that there is none of counts as a fault.
    #[inline]
    pub(crate) fn class(&self, row: usize) -> u8 {
        let class = self.class.get(row);
        if class > CLASS_MAX {
            self.class.misfit(row);
        }
        class
    }

    /// Kinds and flags of some rows; those that there are none of count as a fault.
    pub(crate) fn classes(&self, rows: Range<usize>) -> &[u8] {
        let start = rows.start;
        let classes = self.class.slice(rows);
        if classes.iter().fold(0, |all, class| all | class) > CLASS_MAX {
            self.class.misfit(start);
        }
        classes
    }

    /// The same of all rows.
    pub(crate) fn all_classes(&self) -> &[u8] {
        self.classes(0..self.class.len())
    }

    /// The row of the parent; a top row is its own.
    #[inline]
    pub(crate) fn parent(&self, row: usize) -> usize {
        let parent = self.parent.get_u32(row) as usize;
        if parent >= row && !(parent == row && self.is_top(row)) {
            self.parent.misfit(row);
            return row;
        }
        parent
    }

    /// Whether it is the root or the bucket of orphans, which lie in nothing.
    pub(crate) fn is_top(&self, row: usize) -> bool {
        row == 0 || row == *self.bucket.get_or_init(|| self.end(0) as usize)
    }

    /// Whether the subtree of `parent` holds that of `row`; if not, which is right cannot be told, and the fault is noted.
    pub(crate) fn lies_in(&self, row: usize, parent: usize) -> bool {
        let holds = self.end(parent) >= self.end(row);
        if !holds {
            self.parent.misfit(row);
        }
        holds
    }

    /// The first row after the subtree.
    #[inline]
    pub(crate) fn end(&self, row: usize) -> u32 {
        let next = as_u32(row + 1);
        if !self.subtree.contains(row) {
            return next;
        }
        let place = self.subtree.rank(row);
        let end = self.subtree_end.get_u32(place);
        if end <= next || end as usize > self.class.len() {
            self.subtree_end.misfit(place);
            return next;
        }
        end
    }

    /// Where the row is among those that are not the first name of a file.
    #[inline]
    pub(crate) fn extra(&self, row: usize) -> usize {
        row - self.primary.rank(row).min(row)
    }

    /// The first name of a file.
    pub(crate) fn primary_of(&self, file: u32) -> Option<u32> {
        self.primary.select(file as usize).map(as_u32)
    }

    /// The number of the row's file.
    #[inline]
    pub(crate) fn file(&self, row: usize) -> usize {
        if self.primary.contains(row) {
            self.primary.rank(row)
        } else {
            self.extra_file.get_u32(self.extra(row)) as usize
        }
    }
}

/// Files by column.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) size: Packed,
    pub(crate) allocated: Packed,
    pub(crate) modified: Packed,
    pub(crate) created: Packed,
    pub(crate) changed: Packed,
    pub(crate) accessed: Packed,
    pub(crate) attributes: Packed,
    pub(crate) tag: Packed,
    pub(crate) links: Packed,
    pub(crate) record: Packed,
    pub(crate) sequence: Packed,
    pub(crate) flags: Packed,
}

impl Files {
    pub(crate) fn open(directory: &Directory) -> Result<Self, SnapshotError> {
        let files = directory.values(Column::FileSize);
        let column = |column| directory.packed(column, files);
        let below = |column, limit| directory.packed_below(column, files, limit);
        Ok(Self {
            size: column(Column::FileSize)?,
            allocated: column(Column::FileAllocated)?,
            modified: column(Column::FileModified)?,
            created: column(Column::FileCreated)?,
            changed: column(Column::FileChanged)?,
            accessed: column(Column::FileAccessed)?,
            attributes: below(Column::FileAttributes, LIMIT_32)?,
            tag: below(Column::FileTag, LIMIT_32)?,
            links: below(Column::FileLinks, LIMIT_16)?,
            record: below(Column::FileRecord, LIMIT_32)?,
            sequence: below(Column::FileSequence, LIMIT_16)?,
            flags: below(Column::FileFlags, 1 << 6)?,
        })
    }
}

impl Files {
    /// Its columns of numbers.
    pub(crate) fn columns(&self) -> [&Packed; 12] {
        let Self { size, allocated, modified, created, changed, accessed, .. } = self;
        let Self { attributes, tag, links, record, sequence, flags, .. } = self;
        [
            size, allocated, modified, created, changed, accessed, attributes, tag, links, record, sequence,
            flags,
        ]
    }
}

/// Evidence by column.
#[derive(Debug)]
pub(crate) struct KeptEvidence {
    security: Packed,
    usn: Packed,
    lsn: Packed,
    name_modified: Packed,
    name_created: Packed,
    name_changed: Packed,
    name_accessed: Packed,
}

impl KeptEvidence {
    /// The evidence of a snapshot that has it.
    pub(crate) fn open(directory: &Directory) -> Result<Option<Self>, SnapshotError> {
        if !directory.has(Column::EvidenceSecurity) {
            return Ok(None);
        }
        let files = directory.values(Column::FileSize);
        let column = |column| directory.packed(column, files);
        Ok(Some(Self {
            security: directory.packed_below(Column::EvidenceSecurity, files, LIMIT_32)?,
            usn: column(Column::EvidenceUsn)?,
            lsn: column(Column::EvidenceLsn)?,
            name_modified: column(Column::EvidenceNameModified)?,
            name_created: column(Column::EvidenceNameCreated)?,
            name_changed: column(Column::EvidenceNameChanged)?,
            name_accessed: column(Column::EvidenceNameAccessed)?,
        }))
    }

    /// Its columns of numbers.
    pub(crate) fn columns(&self) -> [&Packed; 7] {
        let Self { security, usn, lsn, name_modified, name_created, name_changed, name_accessed } = self;
        [security, usn, lsn, name_modified, name_created, name_changed, name_accessed]
    }

    pub(crate) fn get(&self, file: usize) -> Evidence {
        Evidence {
            security: self.security.get_u32(file),
            usn: self.usn.get(file),
            lsn: self.lsn.get(file),
            name_modified: Time(self.name_modified.get(file)),
            name_created: Time(self.name_created.get(file)),
            name_changed: Time(self.name_changed.get(file)),
            name_accessed: Time(self.name_accessed.get(file)),
        }
    }
}

/// Totals of rows that hold others, by column.
#[derive(Debug)]
pub(crate) struct TotalColumns {
    pub(crate) files: Packed,
    pub(crate) folders: Packed,
    pub(crate) bytes: Packed,
    pub(crate) allocated: Packed,
    pub(crate) newest: Packed,
}

impl TotalColumns {
    pub(crate) fn open(directory: &Directory) -> Result<Self, SnapshotError> {
        let holders = directory.values(Column::SubtreeEnd);
        let column = |column| directory.packed(column, holders);
        Ok(Self {
            files: column(Column::TotalFiles)?,
            folders: column(Column::TotalFolders)?,
            bytes: column(Column::TotalBytes)?,
            allocated: column(Column::TotalAllocated)?,
            newest: column(Column::TotalNewest)?,
        })
    }

    /// Its columns of numbers.
    pub(crate) fn columns(&self) -> [&Packed; 5] {
        let Self { files, folders, bytes, allocated, newest } = self;
        [files, folders, bytes, allocated, newest]
    }
}

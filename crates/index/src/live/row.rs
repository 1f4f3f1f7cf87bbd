//! A row of a view: of the index as it was, of the index with other facts, or new.

use std::borrow::Cow;

use super::View;
use super::delta::{DeltaFile, DeltaRow, Link, Slot};
use crate::file::is_link_tag;
use crate::index::CLIMB_MAX;
use crate::{File, FileFlags, FileId, Index, Kind, Row, RowFlags, Stream, Total};

/// A row of a [`View`]. Its facts are those of an index that was built anew; row and file numbers mean nothing beyond the view.
#[derive(Debug, Clone, Copy)]
pub struct ViewRow<'a> {
    view: &'a View,
    row: u32,
}

impl<'a> ViewRow<'a> {
    pub(super) fn new(view: &'a View, row: u32) -> Self {
        Self { view, row }
    }

    /// The number of the row.
    #[must_use]
    pub fn number(self) -> u32 {
        self.row
    }

    fn old(self) -> Option<Row<'a>> {
        let index: &'a Index = &self.view.base.index;
        (self.row < index.len()).then(|| index.row(self.row))
    }

    /// Where it is among the new rows.
    fn new_place(self) -> Option<u32> {
        self.row.checked_sub(self.view.base.index.len())
    }

    fn new_row(self) -> Option<&'a DeltaRow> {
        self.view.delta.rows.get(self.new_place()?)
    }

    /// The state that replaces the facts in the index.
    fn set(self) -> Option<&'a DeltaFile> {
        let delta = &self.view.delta;
        let file = match (self.new_row(), self.old()) {
            (Some(row), _) => row.file,
            (None, Some(row)) if delta.irregular.contains(self.row) => match delta.slot(row.record()?) {
                Slot::Facts(file) => file,
                Slot::Same | Slot::Nothing | Slot::File(_) => return None,
            },
            _ => return None,
        };
        delta.files.get(file)
    }

    /// The facts of its file.
    #[must_use]
    pub fn file(self) -> File {
        if let Some(set) = self.set() {
            return set.file;
        }
        let index = &self.view.base.index;
        index.facts_of(self.old().map_or_else(|| index.files() as usize, |row| row.file() as usize))
    }

    /// The facts of the stream, if it is one.
    #[must_use]
    pub fn stream(self) -> Option<Stream> {
        match self.new_row() {
            Some(row) => self.view.delta.stream(row),
            None => self.old().filter(|row| row.kind() == Kind::Stream).map(|row| Stream {
                size: row.size(),
                allocated: row.allocated(),
                packed: false,
            }),
        }
    }

    /// Its name in WTF-8.
    #[must_use]
    pub fn name(self) -> Cow<'a, [u8]> {
        match self.new_row() {
            Some(row) => Cow::Borrowed(self.view.delta.name(row).0),
            None => self.old().map_or(Cow::Borrowed(&[]), Row::name),
        }
    }

    /// The name in upper case by the volume's table.
    #[must_use]
    pub fn folded(self) -> &'a [u8] {
        match self.new_row() {
            Some(row) => self.view.delta.name(row).1,
            None => self.old().map_or(&[], |row| self.view.base.index.names().folded(row.name_number())),
        }
    }

    /// What it stands for.
    #[must_use]
    pub fn kind(self) -> Kind {
        // What has other facts only is of the same kind, but for the root, which keeps its row whatever it has become.
        if let Some(row) = self.old()
            && (self.row != Index::ROOT || self.set().is_none())
        {
            return row.kind();
        }
        let Some(set) = self.set() else { return Kind::File };
        let file = &set.file;
        if self.new_row().is_some_and(|row| matches!(row.link, Link::Stream(..))) {
            Kind::Stream
        } else if is_link_tag(file.reparse_tag) {
            Kind::Link
        } else if file.flags.contains(FileFlags::DIRECTORY) {
            Kind::Folder
        } else {
            Kind::File
        }
    }

    /// The row that it lies in; nothing for the root and the bucket of orphans.
    #[must_use]
    pub fn parent(self) -> Option<ViewRow<'a>> {
        let parent = self.view.delta.parent(&self.view.base, self.row)?;
        Some(Self { view: self.view, row: parent })
    }

    /// What decides whether it is shown.
    #[must_use]
    pub fn flags(self) -> RowFlags {
        if let Some(row) = self.old()
            && !self.view.delta.irregular.contains(self.row)
        {
            return row.flags();
        }
        let mut flags = RowFlags::empty();
        let file = self.file_flags();
        flags.set(RowFlags::DELETED, file.contains(FileFlags::DELETED));
        flags.set(RowFlags::DAMAGED, file.contains(FileFlags::DAMAGED));
        let mut above = self.parent();
        let of_top = self.kind() == Kind::Stream && above.is_some_and(|above| above.parent().is_none());
        flags.set(RowFlags::METAFILE, file.contains(FileFlags::METAFILE) && !of_top);
        let (mut top, mut steps) = (self, 0);
        while let Some(here) = above.filter(|_| steps < CLIMB_MAX) {
            steps += 1;
            above = here.parent();
            if above.is_some() && here.file_flags().contains(FileFlags::METAFILE) {
                flags |= RowFlags::METAFILE;
            }
            top = here;
        }
        flags.set(RowFlags::ORPHAN, top.row == self.view.base.bucket);
        flags
    }

    /// One-bit facts of its file.
    #[must_use]
    pub fn file_flags(self) -> FileFlags {
        let old = || self.old().map_or_else(FileFlags::empty, Row::file_flags);
        self.set().map_or_else(old, |set| set.file.flags)
    }

    /// A fact of its file.
    pub(super) fn fact<T: Default>(self, set: impl Fn(&File) -> T, old: impl Fn(Row<'a>) -> T) -> T {
        match self.set() {
            Some(file) => set(&file.file),
            None => self.old().map(old).unwrap_or_default(),
        }
    }

    /// What lies below it. The first call on a view looks at all that changed, further ones do not.
    #[must_use]
    pub fn total(self) -> Total {
        self.view.totals().get(&self.view.base, self.row)
    }

    /// How many names its file has.
    #[must_use]
    pub fn links(self) -> u16 {
        match (self.set(), self.old()) {
            (Some(set), _) => set.links,
            (None, old) => old.map_or(0, Row::links),
        }
    }

    /// What its record calls the folder that it lies in.
    #[must_use]
    pub fn claimed_parent(self) -> Option<FileId> {
        match self.new_row().map(|row| row.link) {
            Some(Link::Claim(id)) => Some(id),
            Some(_) => None,
            None => self.old()?.claimed_parent(),
        }
    }

    /// The rows from the top to this one.
    pub(super) fn chain(self) -> Vec<ViewRow<'a>> {
        let mut chain: Vec<Self> =
            std::iter::successors(Some(self), |row| row.parent()).take(CLIMB_MAX).collect();
        chain.reverse();
        chain
    }

    /// Its full path, as [`Row::path`] writes it.
    #[must_use]
    pub fn path(self) -> Vec<u8> {
        let mut path = Vec::new();
        let chain = self.chain();
        if self.row == Index::ROOT {
            return b"/".to_vec();
        }
        for (place, row) in chain.iter().enumerate() {
            if place > 0 {
                let stream = row.kind() == Kind::Stream;
                if stream && place == 1 && chain.first().is_some_and(|top| top.row == Index::ROOT) {
                    path.push(b'/');
                }
                path.push(if stream { b':' } else { b'/' });
            }
            path.extend_from_slice(&row.name());
        }
        path
    }
}

//! Where rows of a view lie: what a record calls its folder is looked up in the states of now.

use super::base::Base;
use super::delta::{Delta, Link, Slot};
use crate::build::refers_to;
use crate::{FileFlags, FileId, Index, Kind};

impl Delta {
    /// The row that a row lies in; none for the two tops.
    pub(super) fn parent(&self, base: &Base, row: u32) -> Option<u32> {
        if self.ring_heads.contains(&row) { Some(base.bucket) } else { self.told_parent(base, row) }
    }

    /// The same, rings included.
    fn told_parent(&self, base: &Base, row: u32) -> Option<u32> {
        if row < base.index.len() {
            return self.parent_in_base(base, row);
        }
        let new = self.rows.get((row - base.index.len()) as usize)?;
        let deleted = self
            .files
            .get(new.file as usize)
            .is_some_and(|file| file.file.flags.contains(FileFlags::DELETED));
        Some(match new.link {
            Link::Row(row) => row,
            Link::Nowhere => base.bucket,
            Link::Claim(id) => self.resolve(base, id, deleted).unwrap_or(base.bucket),
        })
    }

    fn parent_in_base(&self, base: &Base, row: u32) -> Option<u32> {
        let had = base.index.row(row);
        let parent = had.parent()?.number();
        if had.kind() == Kind::Stream || (!self.gone.contains(parent) && parent != base.bucket) {
            return Some(parent);
        }
        let Some(claimed) = had.claimed_parent() else { return Some(base.bucket) };
        // Other facts of a folder change nothing about who lies in it.
        let same = matches!(self.slot(claimed.record), None | Some(Slot::Facts(_)));
        if parent == base.bucket && same && base.ring_heads.binary_search(&row).is_err() {
            return Some(base.bucket);
        }
        let deleted = had.file_flags().contains(FileFlags::DELETED);
        Some(self.resolve(base, claimed, deleted).unwrap_or(base.bucket))
    }

    /// The row of the folder that is called `id` by a record that is in use or `deleted`.
    fn resolve(&self, base: &Base, id: FileId, deleted: bool) -> Option<u32> {
        let root = base.index.row(Index::ROOT);
        let (row, flags, sequence) = match self.slot(id.record) {
            Some(Slot::Nothing) => return None,
            Some(Slot::File(file)) => {
                let file = self.files.get(file as usize)?;
                let row = (file.rows.start < file.rows.end).then_some(base.index.len() + file.rows.start)?;
                (row, file.file.flags, file.file.sequence)
            }
            Some(Slot::Facts(_)) | None => {
                let row = base.index.row(base.row_of(id.record)?);
                (row.number(), row.file_flags(), row.sequence())
            }
        };
        let is_root = row == Index::ROOT && root.record() == Some(id.record) && sequence == id.sequence;
        let fits = flags.contains(FileFlags::DIRECTORY) && !flags.contains(FileFlags::STRAY);
        (is_root || (fits && refers_to(sequence, flags, id, deleted))).then_some(row)
    }

    /// Finds the folders that lie in themselves: only one whose folder was looked up anew can.
    pub(super) fn find_rings(&mut self, base: &Base) {
        self.ring_heads.clear();
        let old = self.irregular.iter().filter(|&row| !self.gone.contains(row) && self.looked_up(base, row));
        let new = self.alive().filter(|&row| self.is_new_folder(base, row));
        let heads = base.ring_heads.iter().copied().filter(|&row| !self.gone.contains(row));
        let folders: Vec<u32> = old.chain(new).chain(heads.clone()).collect();
        let heads: Vec<u32> = heads.collect();
        for row in folders {
            self.ring_heads.extend(self.ring_head(base, row));
        }
        // A ring that is none any more lies elsewhere, and all that it holds.
        for head in heads.into_iter().filter(|head| !self.ring_heads.contains(head)) {
            self.irregular.insert_range(head, base.index.row(head).subtree_end());
        }
    }

    /// Whether a row of the index is a folder that may lie elsewhere than it did.
    fn looked_up(&self, base: &Base, row: u32) -> bool {
        let had = base.index.row(row);
        had.file_flags().contains(FileFlags::DIRECTORY)
            && had.kind() != Kind::Stream
            && had
                .parent()
                .is_some_and(|above| above.number() == base.bucket || self.gone.contains(above.number()))
    }

    fn is_new_folder(&self, base: &Base, row: u32) -> bool {
        let new = row.checked_sub(base.index.len()).and_then(|place| self.rows.get(place as usize));
        new.is_some_and(|new| {
            let file = self.files.get(new.file as usize);
            new.stream.is_none() && file.is_some_and(|file| file.file.flags.contains(FileFlags::DIRECTORY))
        })
    }

    /// The member with the lowest record of the ring that the parents of `row` end in, if they do.
    fn ring_head(&self, base: &Base, row: u32) -> Option<u32> {
        let up = |row: u32| self.told_parent(base, row);
        let (mut slow, mut fast) = (up(row)?, up(up(row)?)?);
        while slow != fast {
            (slow, fast) = (up(slow)?, up(up(fast)?)?);
        }
        let key = |row: u32| (self.record(base, row), row);
        let (mut head, mut member) = (slow, up(slow)?);
        while member != slow {
            if key(member) < key(head) {
                head = member;
            }
            member = up(member)?;
        }
        Some(head)
    }

    fn record(&self, base: &Base, row: u32) -> Option<u32> {
        match row.checked_sub(base.index.len()) {
            None => base.index.row(row).record(),
            Some(new) => {
                let file = self.rows.get(new as usize)?.file;
                self.files.get(file as usize).map(|file| file.file.record)
            }
        }
    }
}

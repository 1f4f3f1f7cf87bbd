//! Where rows of a view lie: what a record calls its folder is looked up in the states of now.

use std::sync::Arc;

use foldhash::HashSet;

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
        let new = self.rows.get(row - base.index.len())?;
        let deleted =
            self.files.get(new.file).is_some_and(|file| file.file.flags.contains(FileFlags::DELETED));
        Some(match new.link {
            Link::Stream(row, _) => row,
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
        let same = matches!(self.slot(claimed.record), Slot::Same | Slot::Facts(_));
        if parent == base.bucket && same && base.ring_heads.binary_search(&row).is_err() {
            return Some(base.bucket);
        }
        let deleted = had.file_flags().contains(FileFlags::DELETED);
        Some(self.resolve(base, claimed, deleted).unwrap_or(base.bucket))
    }

    /// The row of the folder that is called `id` by a record that is in use or `deleted`.
    fn resolve(&self, base: &Base, id: FileId, deleted: bool) -> Option<u32> {
        let (row, flags, sequence) = match self.slot(id.record) {
            Slot::Nothing => return None,
            Slot::File(file) => {
                let file = self.files.get(file)?;
                (self.row_of(base, id.record)?, file.file.flags, file.file.sequence)
            }
            Slot::Facts(_) | Slot::Same => {
                let row = base.index.row(base.row_of(id.record)?);
                (row.number(), row.file_flags(), row.sequence())
            }
        };
        let is_called = id == base.root_id || base.root_record == Some(id.record) && sequence == id.sequence;
        let is_root = row == Index::ROOT && is_called;
        let fits = flags.contains(FileFlags::DIRECTORY) && !flags.contains(FileFlags::STRAY);
        (is_root || (fits && refers_to(sequence, flags, id, deleted))).then_some(row)
    }

    /// Finds the folders that lie in themselves, after those with the records `moved` have moved, come or gone.
    ///
    /// A ring that is new has one of them as a member: each of its parents was another before only for the record of the row
    /// or that of the parent. A ring that is no more had one as a member, and is found out by climbing from its head.
    pub(super) fn find_rings(&mut self, base: &Base, moved: &[u32]) {
        let had = std::mem::take(&mut self.ring_heads);
        let still = had.iter().copied().filter(|&head| self.is_there(head));
        let rows = moved.iter().filter_map(|&record| self.row_of(base, record));
        let heads: HashSet<u32> = still.chain(rows).filter_map(|row| self.ring_head(base, row)).collect();
        // A ring that is none any more lies elsewhere, and all that it holds.
        for &head in had.iter().filter(|&&head| head < base.index.len() && !heads.contains(&head)) {
            self.irregular.insert_range(head, base.index.row(head).subtree_end());
        }
        self.ring_heads = Arc::new(heads);
    }

    /// The row that others hang on which lie in this record's file.
    fn row_of(&self, base: &Base, record: u32) -> Option<u32> {
        match self.slot(record) {
            Slot::Nothing => None,
            Slot::File(file) => {
                let rows = &self.files.get(file)?.rows;
                (rows.start < rows.end).then_some(base.index.len() + rows.start)
            }
            Slot::Facts(_) | Slot::Same => base.row_of(record),
        }
    }

    /// The member with the lowest record of the ring that the parents of `row` end in, if they do.
    pub(super) fn ring_head(&self, base: &Base, row: u32) -> Option<u32> {
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
                let file = self.rows.get(new)?.file;
                self.files.get(file).map(|file| file.file.record)
            }
        }
    }
}

//! Totals while they change: what is taken off and added, and along whom.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::{Totals, difference, share_in_base, share_in_view, sum};
use crate::index::CLIMB_MAX;
use crate::live::View;
use crate::live::delta::{Link, Slot};
use crate::{Kind, Row, Time, Total};

/// Totals while they change.
pub(super) struct Account<'a> {
    pub(super) view: &'a View,
    pub(super) totals: Totals,
    /// Rows that have been taken off and not been added yet.
    pub(super) off: HashSet<u32>,
    /// What was added, by the row that it lies in.
    pub(super) at: HashMap<u32, Vec<u32>>,
}

/// The rows of one file, and what they add to the folders above them, once.
pub(super) struct Linked {
    rows: Vec<u32>,
    share: Total,
}

impl Account<'_> {
    /// The rows of the index that are gone, have other facts, or lie in another row.
    pub(super) fn moved(&self) -> Vec<u32> {
        let (base, delta) = (&self.view.base, &self.view.delta);
        let differs = |&row: &u32| {
            let had = base.index.row(row);
            let set = base.index.id_of(had.file() as usize).map(|id| delta.slot(id.record));
            matches!(set, Some(Slot::Facts(_))) || had.parent().map(Row::number) != delta.parent(base, row)
        };
        let there = delta.irregular.iter().filter(|&row| delta.is_there(row)).filter(differs);
        delta.gone.iter().chain(there).collect()
    }

    /// Files with several names of which one lies in what moved: as they were, and as they are now.
    pub(super) fn linked(&self, moved: &[u32]) -> (Vec<Linked>, Vec<Linked>) {
        let (base, delta) = (&self.view.base, &self.view.delta);
        let mut files: HashMap<u32, u32> = HashMap::new();
        for &row in moved {
            let end = base.index.row(row).subtree_end();
            for &name in base.linked_within(row, end) {
                files.entry(base.index.row(name).file()).or_insert(name);
            }
        }
        let names =
            |row: u32| base.rows_of_file(row).filter(|&row| base.index.row(row).kind() != Kind::Stream);
        let (mut had, mut have) = (Vec::new(), Vec::new());
        for &row in files.values() {
            let rows: Vec<u32> = names(row).collect();
            let there = rows.iter().all(|&row| delta.is_there(row));
            had.push(Linked { rows: rows.clone(), share: share_in_base(base, row) });
            if there {
                have.push(Linked { rows, share: share_in_view(self.view.row(row)) });
            }
        }
        for (_, slot) in delta.slots.iter() {
            let Slot::File(file) = slot else { continue };
            let rows: Vec<u32> = self.new_names(file).collect();
            if let [first, _, ..] = rows.as_slice() {
                let share = share_in_view(self.view.row(*first));
                if share.files > 0 {
                    have.push(Linked { rows, share });
                }
            }
        }
        (had, have)
    }

    /// The rows that are names of a file that was set.
    fn new_names(&self, file: u32) -> impl Iterator<Item = u32> {
        let delta = &self.view.delta;
        let rows = delta.files.get(file).map_or(0..0, |file| file.rows.clone());
        let names =
            rows.filter(|&row| delta.rows.get(row).is_some_and(|row| matches!(row.link, Link::Claim(_))));
        names.map(|row| self.view.base.index.len() + row)
    }

    /// The rows above a row of the index, up to one that has been taken off.
    fn above_in_base(&self, row: u32) -> Vec<u32> {
        self.climb(row, |row| self.view.base.index.row(row).parent().map(Row::number))
    }

    /// The same as rows lie now.
    fn above_in_view(&self, row: u32) -> Vec<u32> {
        self.climb(row, |row| self.view.delta.parent(&self.view.base, row))
    }

    fn climb(&self, row: u32, parent: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
        let next = |&row: &u32| if self.off.contains(&row) { None } else { parent(row) };
        std::iter::successors(parent(row), next).take(CLIMB_MAX).collect()
    }

    fn add_to(&mut self, row: u32, more: Total) {
        let changed = self.totals.of_row(&self.view.base, row);
        changed.total = sum(changed.total, more);
    }

    fn take_from(&mut self, row: u32, less: Total) {
        let changed = self.totals.of_row(&self.view.base, row);
        changed.stale |= less.newest != Time(0) && less.newest >= changed.total.newest;
        changed.total = difference(changed.total, less);
    }

    /// Takes a row of the index off those above it, with all below it.
    pub(super) fn take_off(&mut self, row: u32) {
        let base = &self.view.base;
        let own = if base.is_linked(row) { Total::default() } else { share_in_base(base, row) };
        let less = sum(own, self.totals.get(base, row));
        for above in self.above_in_base(row) {
            self.take_from(above, less);
        }
        self.off.insert(row);
    }

    /// Adds a row to those above it, with all below it.
    pub(super) fn add(&mut self, row: u32) {
        let view = self.view;
        let own = if self.is_linked(row) { Total::default() } else { share_in_view(view.row(row)) };
        let more = sum(own, self.totals.get(&view.base, row));
        let stale = self.totals.changed.get(&row).is_some_and(|changed| changed.stale);
        self.off.remove(&row);
        let above = self.above_in_view(row);
        if let Some(&parent) = above.first() {
            self.at.entry(parent).or_default().push(row);
        }
        for above in above {
            self.add_to(above, more);
            self.totals.of_row(&view.base, above).stale |= stale;
        }
    }

    /// Whether a row is one of several names of a file that counts.
    fn is_linked(&self, row: u32) -> bool {
        let Some(new) =
            row.checked_sub(self.view.base.index.len()).and_then(|new| self.view.delta.rows.get(new))
        else {
            return self.view.base.is_linked(row);
        };
        matches!(new.link, Link::Claim(_))
            && self.new_names(new.file).nth(1).is_some()
            && self.view.row(row).kind() != Kind::Folder
    }

    pub(super) fn take_off_file(&mut self, file: &Linked) {
        for above in self.union(file, Self::above_in_base) {
            self.take_from(above, file.share);
        }
    }

    pub(super) fn add_file(&mut self, file: &Linked) {
        for above in self.union(file, Self::above_in_view) {
            self.add_to(above, file.share);
        }
    }

    /// The rows above any of a file's names, each once.
    fn union(&self, file: &Linked, above: impl Fn(&Self, u32) -> Vec<u32>) -> Vec<u32> {
        let mut all: Vec<u32> = file.rows.iter().flat_map(|&row| above(self, row)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Looks for the newest time in each folder that may have lost it, the deepest first.
    pub(super) fn find_newest(&mut self, moved: &HashSet<u32>) {
        let stale = self.totals.changed.iter().filter(|(_, changed)| changed.stale).map(|(&row, _)| row);
        let there = stale.filter(|&row| self.view.delta.is_there(row));
        let mut stale: Vec<(usize, u32)> = there.map(|row| (self.above_in_view(row).len(), row)).collect();
        stale.sort_unstable_by(|a, b| b.cmp(a));
        for (_, row) in stale {
            let newest = self.newest_in(row, moved);
            let changed = self.totals.of_row(&self.view.base, row);
            (changed.total.newest, changed.stale) = (newest, false);
        }
    }

    fn newest_in(&self, row: u32, moved: &HashSet<u32>) -> Time {
        let (view, base) = (self.view, &self.view.base);
        let of = |row: u32| share_in_view(view.row(row)).newest.max(self.totals.get(base, row).newest);
        let added = self.at.get(&row).into_iter().flatten().map(|&row| of(row)).max();
        let mut newest = added.unwrap_or_default();
        if (row as usize) < base.len() {
            let (mut at, end) = (row + 1, base.index.row(row).subtree_end());
            while at < end {
                if !moved.contains(&at) {
                    newest = newest.max(of(at));
                }
                at = base.index.row(at).subtree_end();
            }
        }
        newest
    }
}

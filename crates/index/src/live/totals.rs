//! What lies below each folder as it is now, without building anew.
//!
//! The index has the totals of its folders. Of what changed, each row that is gone, has other facts or lies elsewhere is taken off
//! the folders above it in the index, with all that lies below it, and what is there now is added to the folders above it in the
//! view: along the ancestors of what changed, whatever its size. A row that was taken off is a boundary: what is taken off below it
//! later ends there, so that the order does not matter. That is done for a view when it is first asked, not for each batch: most
//! views are never asked.
//!
//! Two things do not add up. A file with several names counts once in each folder, so each such file that has a name in something
//! that moved is taken off the union of the folders above its names first, and added like that last. And the newest time cannot be
//! taken off: where it may have been, it is looked for among what the folder holds.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::base::Base;
use super::delta::{Link, Slot};
use super::{View, ViewRow};
use crate::index::CLIMB_MAX;
use crate::{File, FileFlags, Kind, Row, Stream, Time, Total};

/// What differs from the totals in the index.
#[derive(Debug, Default)]
pub(super) struct Totals {
    changed: HashMap<u32, Changed>,
}

/// The differences of one row's totals; they wrap.
#[derive(Debug, Clone, Copy, Default)]
struct Changed {
    total: Total,
    /// `total.newest` may be later than anything that is there.
    stale: bool,
}

impl Totals {
    pub(super) fn of(view: &View) -> Self {
        let mut account = Account { view, totals: Self::default(), off: HashSet::new(), at: HashMap::new() };
        let moved = account.moved();
        let (had, have) = account.linked(&moved);
        had.iter().for_each(|names| account.take_off_file(names));
        moved.iter().for_each(|&row| account.take_off(row));
        let now: Vec<u32> =
            moved.iter().copied().filter(|&row| view.delta.is_there(row)).chain(view.delta.alive()).collect();
        account.off = now.iter().copied().collect();
        now.iter().for_each(|&row| account.add(row));
        have.iter().for_each(|names| account.add_file(names));
        account.find_newest(&moved.into_iter().collect());
        account.totals
    }

    pub(super) fn get(&self, base: &Base, row: u32) -> Total {
        let had = if (row as usize) < base.len() { base.index.row(row).total() } else { Total::default() };
        match self.changed.get(&row) {
            Some(changed) => Total { newest: changed.total.newest, ..sum(had, changed.total) },
            None => had,
        }
    }

    /// The differences of a row, to be changed.
    fn of_row(&mut self, base: &Base, row: u32) -> &mut Changed {
        self.changed.entry(row).or_insert_with(|| {
            let had =
                if (row as usize) < base.len() { base.index.row(row).total() } else { Total::default() };
            Changed { total: Total { newest: had.newest, ..Total::default() }, stale: false }
        })
    }
}

fn sum(a: Total, b: Total) -> Total {
    Total {
        files: a.files.wrapping_add(b.files),
        folders: a.folders.wrapping_add(b.folders),
        bytes: a.bytes.wrapping_add(b.bytes),
        allocated: a.allocated.wrapping_add(b.allocated),
        newest: a.newest.max(b.newest),
    }
}

fn difference(a: Total, b: Total) -> Total {
    Total {
        files: a.files.wrapping_sub(b.files),
        folders: a.folders.wrapping_sub(b.folders),
        bytes: a.bytes.wrapping_sub(b.bytes),
        allocated: a.allocated.wrapping_sub(b.allocated),
        newest: a.newest,
    }
}

/// What a row adds to the folders above it.
fn share(kind: Kind, file: &File, stream: Option<Stream>) -> Total {
    match kind {
        _ if file.flags.contains(FileFlags::DELETED) => Total::default(),
        Kind::Folder => Total { folders: 1, ..Total::default() },
        Kind::Stream => {
            let (bytes, allocated) = stream.map_or((0, 0), |stream| (stream.size, stream.allocated));
            Total { bytes, allocated, ..Total::default() }
        }
        Kind::File | Kind::Link => {
            let newest = Some(file.modified).filter(|time| time.is_date()).unwrap_or(Time(0));
            Total { files: 1, folders: 0, bytes: file.size, allocated: file.allocated, newest }
        }
    }
}

fn share_in_base(base: &Base, row: u32) -> Total {
    let row = base.index.row(row);
    let stream = || Stream { size: row.size(), allocated: row.allocated(), packed: false };
    let kind = row.kind();
    share(kind, &base.index.facts_of(row.file() as usize), (kind == Kind::Stream).then(stream))
}

fn share_in_view(row: ViewRow<'_>) -> Total {
    share(row.kind(), &row.file(), row.stream())
}

/// Totals while they change.
struct Account<'a> {
    view: &'a View,
    totals: Totals,
    /// Rows that have been taken off and not been added yet.
    off: HashSet<u32>,
    /// What was added, by the row that it lies in.
    at: HashMap<u32, Vec<u32>>,
}

/// The rows of one file, and what they add to the folders above them, once.
struct Linked {
    rows: Vec<u32>,
    share: Total,
}

impl Account<'_> {
    /// The rows of the index that are gone, have other facts, or lie in another row.
    fn moved(&self) -> Vec<u32> {
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
    fn linked(&self, moved: &[u32]) -> (Vec<Linked>, Vec<Linked>) {
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
    fn take_off(&mut self, row: u32) {
        let base = &self.view.base;
        let own = if base.is_linked(row) { Total::default() } else { share_in_base(base, row) };
        let less = sum(own, self.totals.get(base, row));
        for above in self.above_in_base(row) {
            self.take_from(above, less);
        }
        self.off.insert(row);
    }

    /// Adds a row to those above it, with all below it.
    fn add(&mut self, row: u32) {
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

    fn take_off_file(&mut self, file: &Linked) {
        for above in self.union(file, Self::above_in_base) {
            self.take_from(above, file.share);
        }
    }

    fn add_file(&mut self, file: &Linked) {
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
    fn find_newest(&mut self, moved: &HashSet<u32>) {
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

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

mod account;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::base::Base;
use super::{View, ViewRow};
use crate::{File, FileFlags, Kind, Stream, Time, Total};
use account::Account;

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

//! Numbers the names in preorder, so that a folder's subtree is an interval of rows.
//!
//! Iterative throughout: NTFS allows folders some 16 thousand levels deep, and damage allows any depth. What
//! hangs on nothing goes to a bucket of its own beside the root: a name whose parent is gone, of each ring of
//! folders that lie in one another the one with the lowest item, and a folder that lies deeper than any can. The
//! last bounds what a path takes: a chain of a hundred thousand folders would else be gigabytes of paths.
//!
//! Deleted folders go the same way and are no findings: their parents went on to be something else, so that nothing
//! about them need fit.

use super::findings::{FindingKind, Findings};
use super::join::is_called;
use super::{Items, NO_FILE, NO_ITEM, Stitched};
use crate::batch::as_u32;
use crate::file::{FileFlags, FileId};

/// Levels of folders below the root or the bucket that are followed: twice what NTFS allows, whose paths have 32,767
/// units at most.
pub(crate) const DEPTH_MAX: usize = 32 << 10;

/// Rows in preorder.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    /// The item of each row.
    pub(crate) item: Vec<u32>,
    /// The row of the parent; a top row is its own.
    pub(crate) parent: Vec<u32>,
    /// Where the subtree of the row ends: the first row after it.
    pub(crate) end: Vec<u32>,
}

/// Numbers all items that have a file; `names` are the ranks of their names, by which siblings are put in order.
pub(super) fn number(
    stitched: &Stitched,
    items: &Items,
    names: &[u32],
    findings: &mut Findings,
) -> Numbering {
    let mut parents = parents(stitched, items, findings);
    let children = Children::new(&parents, items, names);
    let mut walk = Walk::new(stitched, items, &children);
    walk.top(items.root);
    let bucket = walk.top(items.bucket);
    walk.hang_deep(bucket);
    let mut heads = Vec::new();
    for item in 0..as_u32(items.file.len()) {
        if items.file[item as usize] == NO_FILE || walk.seen[item as usize] {
            continue;
        }
        let head = ring_head(item, &parents);
        heads.push(head);
        walk.hang(bucket, head);
        walk.hang_deep(bucket);
    }
    // In the order of their records: which of them is met first may depend on a deleted file that leads to it. Of a ring
    // either all folders are in use or none is.
    for (kind, mut items_met) in
        [(FindingKind::Cycle, heads), (FindingKind::TooDeep, std::mem::take(&mut walk.met_deep))]
    {
        items_met.sort_unstable();
        items_met.into_iter().for_each(|item| note_living(kind, item, stitched, items, findings));
    }
    if walk.hung.is_empty() {
        return walk.rows;
    }
    // What was hung up in the bucket came last there, in the order in which it was met. Now that it is known what
    // hangs there, it takes its place among the others.
    std::mem::take(&mut walk.hung).into_iter().for_each(|item| parents[item as usize] = items.bucket);
    let children = Children::new(&parents, items, names);
    let mut walk = Walk::new(stitched, items, &children);
    walk.top(items.root);
    walk.top(items.bucket);
    walk.rows
}

/// Notes that something is wrong with an item, unless it is deleted.
fn note_living(kind: FindingKind, item: u32, stitched: &Stitched, items: &Items, findings: &mut Findings) {
    let file = items.file[item as usize] as usize;
    if !stitched.files.flags[file].contains(FileFlags::DELETED) {
        findings.note(kind, stitched.files.record[file]);
    }
}

/// The parent of each item, as an item; the bucket where there is none.
fn parents(stitched: &Stitched, items: &Items, findings: &mut Findings) -> Vec<u32> {
    let mut parents = Vec::with_capacity(items.file.len());
    for (item, &file) in items.file.iter().enumerate() {
        let item = as_u32(item);
        parents.push(if file == NO_FILE {
            NO_ITEM
        } else if item < items.first_stream {
            let found = folder(stitched, items, item as usize);
            if found.is_none() {
                note_living(FindingKind::Orphan, item, stitched, items, findings);
            }
            found.unwrap_or(items.bucket)
        } else if items.is_stream(item) {
            items.primary[file as usize]
        } else if item < items.root {
            items.bucket
        } else {
            NO_ITEM
        });
    }
    parents
}

/// The item of the folder that a name lies in.
fn folder(stitched: &Stitched, items: &Items, name: usize) -> Option<u32> {
    let files = &stitched.files;
    let id =
        FileId { record: stitched.names.parent_record[name], sequence: stitched.names.parent_sequence[name] };
    let deleted = files.flags[items.file[name] as usize].contains(FileFlags::DELETED);
    let parent = stitched.records.get(id.record)?;
    // The root is never given out again: whoever calls it by its name means it.
    let fits = files.flags[parent as usize].contains(FileFlags::DIRECTORY)
        && (id == stitched.root_id || is_called(files, parent, id, deleted));
    Some(items.primary[parent as usize]).filter(|&item| fits && item != NO_ITEM)
}

/// The children of every item, one after another.
struct Children {
    /// Where the children of each item start; those of the next follow.
    start: Vec<u32>,
    item: Vec<u32>,
}

impl Children {
    /// A counting sort of the items by parent, then siblings by name: streams first, and by item where names are the same,
    /// so that the order of rows is that of their paths.
    fn new(parents: &[u32], items: &Items, names: &[u32]) -> Self {
        let mut start = vec![0u32; items.file.len() + 2];
        for &parent in parents.iter().filter(|&&parent| parent != NO_ITEM) {
            start[parent as usize + 2] += 1;
        }
        for place in 2..start.len() {
            start[place] += start[place - 1];
        }
        let mut item = vec![NO_ITEM; start[start.len() - 1] as usize];
        for (child, &parent) in parents.iter().enumerate().filter(|&(_, &parent)| parent != NO_ITEM) {
            let place = &mut start[parent as usize + 1];
            item[*place as usize] = as_u32(child);
            *place += 1;
        }
        let order = |&child: &u32| (!items.is_stream(child), names[child as usize], child);
        let mut rest = item.as_mut_slice();
        for bounds in start.windows(2) {
            let siblings;
            (siblings, rest) = rest.split_at_mut((bounds[1] - bounds[0]) as usize);
            if siblings.len() > 1 {
                siblings.sort_unstable_by_key(order);
            }
        }
        Self { start, item }
    }

    fn of(&self, item: u32) -> std::ops::Range<u32> {
        self.start[item as usize]..self.start[item as usize + 1]
    }
}

/// A folder whose children are being numbered.
struct Open {
    row: u32,
    rest: std::ops::Range<u32>,
}

/// Rows as far as they are numbered.
struct Walk<'a> {
    stitched: &'a Stitched,
    items: &'a Items,
    children: &'a Children,
    rows: Numbering,
    seen: Vec<bool>,
    /// The folders that the next item lies in, outermost first.
    open: Vec<Open>,
    /// Folders that lie too deep, met and not numbered yet.
    deep: Vec<u32>,
    /// All folders that were met too deep.
    met_deep: Vec<u32>,
    /// What was hung up in the bucket.
    hung: Vec<u32>,
}

impl<'a> Walk<'a> {
    fn new(stitched: &'a Stitched, items: &'a Items, children: &'a Children) -> Self {
        let column = || Vec::with_capacity(items.file.len());
        let rows = Numbering { item: column(), parent: column(), end: column() };
        let seen = vec![false; items.file.len()];
        Self {
            stitched,
            items,
            children,
            rows,
            seen,
            open: Vec::new(),
            deep: Vec::new(),
            met_deep: Vec::new(),
            hung: Vec::new(),
        }
    }

    /// Numbers a subtree that hangs on nothing.
    fn top(&mut self, item: u32) -> u32 {
        let row = as_u32(self.rows.item.len());
        self.enter(row, item);
        self.finish();
        row
    }

    /// Numbers the subtree of `item` as the last in the bucket.
    fn hang(&mut self, bucket: u32, item: u32) {
        self.hung.push(item);
        self.open.push(Open { row: bucket, rest: 0..0 });
        self.enter(bucket, item);
        self.finish();
    }

    /// Hangs up what lies too deep, which may hold what lies too deep again.
    fn hang_deep(&mut self, bucket: u32) {
        while !self.deep.is_empty() {
            for item in std::mem::take(&mut self.deep) {
                self.met_deep.push(item);
                self.seen[item as usize] = false;
                self.hang(bucket, item);
            }
        }
    }

    /// Numbers all that is left in the open folders.
    fn finish(&mut self) {
        while let Some(open) = self.open.last_mut() {
            let row = open.row;
            match open.rest.next() {
                Some(place) => self.enter(row, self.children.item[place as usize]),
                None => {
                    self.rows.end[row as usize] = as_u32(self.rows.item.len());
                    self.open.pop();
                }
            }
        }
    }

    fn enter(&mut self, parent: u32, item: u32) {
        // An item already seen can only be the head of a ring, met again from its last member.
        if std::mem::replace(&mut self.seen[item as usize], true) {
            return;
        }
        if self.open.len() > DEPTH_MAX && self.is_folder(item) {
            self.deep.push(item);
            return;
        }
        let row = as_u32(self.rows.item.len());
        self.rows.item.push(item);
        self.rows.parent.push(parent);
        self.rows.end.push(row + 1);
        let rest = self.children.of(item);
        if !rest.is_empty() {
            self.open.push(Open { row, rest });
        }
    }

    fn is_folder(&self, item: u32) -> bool {
        let file = self.items.file[item as usize] as usize;
        !self.items.is_stream(item) && self.stitched.files.flags[file].contains(FileFlags::DIRECTORY)
    }
}

/// The lowest item of the ring that the parents of `item` end in. Every climb ends in a ring, because whatever
/// leads to the root or to the bucket has been numbered before.
fn ring_head(item: u32, parents: &[u32]) -> u32 {
    let up = |item: u32| parents[item as usize];
    // Two climbers, one twice as fast, meet inside the ring (Floyd): no marks, no memory.
    let (mut slow, mut fast) = (up(item), up(up(item)));
    while slow != fast {
        (slow, fast) = (up(slow), up(up(fast)));
    }
    let (mut head, mut member) = (slow, up(slow));
    while member != slow {
        head = head.min(member);
        member = up(member);
    }
    head
}

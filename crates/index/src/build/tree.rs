//! Numbers the names in preorder, so that a folder's subtree is an interval of rows.
//!
//! Iterative throughout: NTFS allows folders some 16 thousand levels deep, and damage allows any depth. What
//! hangs on nothing goes to a bucket of its own beside the root: a name whose parent is gone, and of each ring
//! of folders that lie in one another the one with the lowest item.

use super::findings::{FindingKind, Findings};
use super::join::refers_to;
use super::{Items, NO_FILE, NO_ITEM, Stitched};
use crate::batch::as_u32;
use crate::file::{FileFlags, FileId};

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

/// Numbers all items that have a file.
pub(super) fn number(stitched: &Stitched, items: &Items, findings: &mut Findings) -> Numbering {
    let parents = parents(stitched, items, findings);
    let children = Children::new(&parents, items);
    let mut walk = Walk::new(items.file.len());
    walk.top(items.root, &children);
    let bucket = walk.top(items.bucket, &children);
    for item in 0..as_u32(items.file.len()) {
        if items.file[item as usize] == NO_FILE || walk.seen[item as usize] {
            continue;
        }
        let head = ring_head(item, &parents);
        findings.note(FindingKind::Cycle, stitched.files.record[items.file[head as usize] as usize]);
        walk.below(bucket, head, &children);
    }
    walk.rows.end[bucket as usize] = as_u32(walk.rows.item.len());
    walk.rows
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
            if found.is_none() && !stitched.files.flags[file as usize].contains(FileFlags::DELETED) {
                findings.note(FindingKind::Orphan, stitched.files.record[file as usize]);
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
        && (id == stitched.root_id || refers_to(files, parent, id, deleted));
    Some(items.primary[parent as usize]).filter(|&item| fits && item != NO_ITEM)
}

/// The children of every item, one after another.
struct Children {
    /// Where the children of each item start; those of the next follow.
    start: Vec<u32>,
    item: Vec<u32>,
}

impl Children {
    /// A counting sort of the items by parent; siblings keep their order.
    fn new(parents: &[u32], items: &Items) -> Self {
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
struct Walk {
    rows: Numbering,
    seen: Vec<bool>,
    open: Vec<Open>,
}

impl Walk {
    fn new(items: usize) -> Self {
        let column = || Vec::with_capacity(items);
        let rows = Numbering { item: column(), parent: column(), end: column() };
        Self { rows, seen: vec![false; items], open: Vec::new() }
    }

    /// Numbers a subtree that hangs on nothing.
    fn top(&mut self, item: u32, children: &Children) -> u32 {
        let row = as_u32(self.rows.item.len());
        self.below(row, item, children);
        row
    }

    /// Numbers the subtree of `item` as a child of `parent`.
    fn below(&mut self, parent: u32, item: u32, children: &Children) {
        self.enter(parent, item, children);
        while let Some(open) = self.open.last_mut() {
            let row = open.row;
            match open.rest.next() {
                Some(place) => self.enter(row, children.item[place as usize], children),
                None => {
                    self.rows.end[row as usize] = as_u32(self.rows.item.len());
                    self.open.pop();
                }
            }
        }
    }

    fn enter(&mut self, parent: u32, item: u32, children: &Children) {
        // An item already seen can only be the head of a ring, met again from its last member.
        if std::mem::replace(&mut self.seen[item as usize], true) {
            return;
        }
        let row = as_u32(self.rows.item.len());
        self.rows.item.push(item);
        self.rows.parent.push(parent);
        self.rows.end.push(row + 1);
        let rest = children.of(item);
        if !rest.is_empty() {
            self.open.push(Open { row, rest });
        }
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

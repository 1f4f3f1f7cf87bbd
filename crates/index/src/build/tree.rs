//! Numbers the names in preorder, so that a folder's subtree is an interval of rows.
//!
//! Iterative throughout: NTFS allows folders some 16 thousand levels deep, and damage allows any depth. What
//! hangs on nothing goes to a bucket of its own beside the root: a name whose parent is gone, of each ring of
//! folders that lie in one another the one with the lowest item, and a folder that lies deeper than any can. The
//! last bounds what a path takes: a chain of a hundred thousand folders would else be gigabytes of paths.
//!
//! Deleted folders go the same way and are no findings: their parents went on to be something else, so that nothing
//! about them need fit.

use super::children::{Child, Children};
use super::findings::{FindingKind, Findings};
use super::items::Items;
use super::parents::Parents;
use super::stitch::Stitched;
use crate::batch::as_u32;
use crate::file::FileFlags;
use crate::pieces::MADE;

/// Levels of folders below the root or the bucket that are followed: twice what NTFS allows, whose paths have 32,767
/// units at most.
pub(crate) const DEPTH_MAX: usize = 32 << 10;

/// Rows in preorder.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// The item of each row.
    pub(super) item: Vec<u32>,
    /// The row of the parent; a top row is its own.
    pub(super) parent: Vec<u32>,
    /// The number of the row's name.
    pub(super) name: Vec<u32>,
    /// The rows that hold others, each with the first row after its subtree.
    pub(super) holders: Vec<(u32, u32)>,
}

/// Numbers all items that have a file; `names` are the ranks of their names, by which siblings are put in order.
pub(super) fn number(
    stitched: &Stitched,
    items: &Items,
    parents: &mut Parents,
    names: &[u32],
    findings: &mut Findings,
) -> Numbering {
    let children = Children::new(&parents.of, items, names);
    let mut walk = Walk::new(stitched, items, &children);
    walk.top(items.root, names);
    let bucket = walk.top(items.bucket, names);
    walk.hang_deep(bucket, names);
    let mut heads = Vec::new();
    // What was not met is a ring, or hangs on one. A childless item does so by its parent.
    // The root and the bucket, which were made here, are nobody's children.
    let unmet = walk.rows.item.len() < children.len() + MADE;
    for item in (0..as_u32(items.file.len())).filter(|_| unmet) {
        if children.of(item).is_empty() || walk.seen[item as usize] {
            continue;
        }
        let head = ring_head(item, &parents.of);
        heads.push(head);
        walk.hang(bucket, head, names);
        walk.hang_deep(bucket, names);
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
    let hung = std::mem::take(&mut walk.hung);
    drop(walk);
    drop(children);
    parents.hang(&hung, stitched, items);
    let children = Children::new(&parents.of, items, names);
    let mut walk = Walk::new(stitched, items, &children);
    walk.top(items.root, names);
    walk.top(items.bucket, names);
    walk.rows
}

/// Notes that something is wrong with an item, unless it is deleted.
fn note_living(kind: FindingKind, item: u32, stitched: &Stitched, items: &Items, findings: &mut Findings) {
    let file = stitched.files.head(items.file[item as usize]);
    if !file.flags.contains(FileFlags::DELETED) {
        findings.note(kind, file.record);
    }
}

/// A folder whose children are being numbered.
struct Open {
    row: u32,
    /// Its place among the rows that hold others.
    holder: usize,
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
        let rows = Numbering { item: column(), parent: column(), name: column(), holders: Vec::new() };
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
    fn top(&mut self, item: u32, names: &[u32]) -> u32 {
        let row = as_u32(self.rows.item.len());
        self.enter(row, item, names[item as usize]);
        self.finish();
        row
    }

    /// Numbers the subtree of `item` as the last in the bucket.
    fn hang(&mut self, bucket: u32, item: u32, names: &[u32]) {
        self.hung.push(item);
        self.open.push(Open { row: bucket, holder: usize::MAX, rest: 0..0 });
        self.enter(bucket, item, names[item as usize]);
        self.finish();
    }

    /// Hangs up what lies too deep, which may hold what lies too deep again.
    fn hang_deep(&mut self, bucket: u32, names: &[u32]) {
        while !self.deep.is_empty() {
            for item in std::mem::take(&mut self.deep) {
                self.met_deep.push(item);
                self.seen[item as usize] = false;
                self.hang(bucket, item, names);
            }
        }
    }

    /// Numbers all that is left in the open folders.
    fn finish(&mut self) {
        while let Some(open) = self.open.last_mut() {
            let row = open.row;
            let Some(place) = open.rest.next() else {
                let holder = open.holder;
                if let Some((_, end)) = self.rows.holders.get_mut(holder) {
                    *end = as_u32(self.rows.item.len());
                }
                self.open.pop();
                continue;
            };
            let Child { item, name, holds_others } = self.children.at(place);
            if !holds_others && self.open.len() <= DEPTH_MAX {
                self.push(row, item, name);
            } else {
                self.enter(row, item, name);
            }
        }
    }

    fn enter(&mut self, parent: u32, item: u32, name: u32) {
        // An item already seen can only be the head of a ring, met again from its last member.
        if std::mem::replace(&mut self.seen[item as usize], true) {
            return;
        }
        if self.open.len() > DEPTH_MAX && self.is_folder(item) {
            self.deep.push(item);
            return;
        }
        let row = as_u32(self.rows.item.len());
        self.push(parent, item, name);
        let rest = self.children.of(item);
        if !rest.is_empty() {
            let holder = self.rows.holders.len();
            self.rows.holders.push((row, row + 1));
            self.children.touch_below(rest.clone());
            self.open.push(Open { row, holder, rest });
        }
    }

    fn push(&mut self, parent: u32, item: u32, name: u32) {
        self.rows.item.push(item);
        self.rows.parent.push(parent);
        self.rows.name.push(name);
    }

    fn is_folder(&self, item: u32) -> bool {
        let file = self.items.file[item as usize];
        !self.items.is_stream(item) && self.stitched.files.flags(file).contains(FileFlags::DIRECTORY)
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

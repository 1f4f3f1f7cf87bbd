//! The order of distinct names: by their folded bytes, then by their own.
//!
//! Names are compared eight bytes at a time, as numbers that lie in the entries that are sorted, so that sorting
//! does not go to the names: only those that agree in eight bytes are looked up for their next eight. Comparing
//! name by name was measured six to twelve times as slow. Folded names are not made for this: ASCII is folded in
//! the number, and only the other names are folded beforehand.
//!
//! The work is at most a sort for each eight bytes of the names, however much they have in common, and nothing
//! calls itself: what is still tied goes on a list.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

use super::deal::Card;
use super::text::{Folded, KEY_BYTES, Names, Text};
use crate::batch::as_u32;

/// Names that a thread sorts before it asks for more.
const TASK_NAMES: usize = 1 << 13;
/// Up to as many tied names are compared with each other and not by keys.
const FEW: usize = 12;
/// More tied names than this are sorted by all threads together.
const MANY: usize = 1 << 15;
/// In an entry: the name is ASCII.
const ASCII: u32 = u32::MAX;

/// A distinct name that is to be sorted.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// The eight folded bytes that are compared next, the first in the highest bits; zeros behind the end.
    key: u64,
    /// The first item that bears the name.
    pub(super) item: u32,
    /// Number of the folded name among those that were made, or `ASCII`.
    folded: u32,
}

impl Entry {
    /// Whether the name is ASCII, and folds as ASCII does.
    pub(super) fn is_ascii(&self) -> bool {
        self.folded == ASCII
    }
}

/// Tied entries: where they lie, and how many of their bytes are known to agree.
struct Tied {
    range: Range<usize>,
    depth: usize,
}

/// How two of the distinct names compare.
pub(super) struct Order<'a> {
    names: &'a Names<'a>,
    /// The folded names that had to be made.
    folded: Folded,
}

impl<'a> Order<'a> {
    /// Sorts the items that are their own first.
    pub(super) fn sorted(names: &'a Names<'a>, cards: &[Card], firsts: &[u32]) -> (Self, Vec<Entry>) {
        let (order, mut entries) = Self::unsorted(names, cards, firsts);
        let mut tied = vec![Tied { range: 0..entries.len(), depth: 0 }];
        while let Some(Tied { range, depth }) = tied.pop() {
            let start = range.start;
            let group = &mut entries[range];
            if depth > 0 {
                group.par_chunks_mut(TASK_NAMES).for_each(|part| order.look_up(part, depth));
            }
            if group.iter().all(|entry| entry.key == 0) {
                group.par_sort_unstable_by(|a, b| order.compare(a, b, depth));
                continue;
            }
            sort_by_key(group);
            if group.len() <= MANY {
                tied.extend(order.settle(group, start, depth));
                continue;
            }
            let tasks = tasks(group, start).into_par_iter();
            tied.par_extend(tasks.flat_map_iter(|(start, task)| order.settle(task, start, depth)));
        }
        (order, entries)
    }

    /// The items that are their own first, in their order.
    fn unsorted(names: &'a Names<'a>, cards: &[Card], firsts: &[u32]) -> (Self, Vec<Entry>) {
        let mut folded = Folded::default();
        let own = (0u32..).zip(cards.iter().zip(firsts)).filter(|&(item, (_, &first))| item == first);
        let entry = |(item, (card, _)): (u32, (&Card, &u32))| {
            let folded =
                if card.is_ascii() { ASCII } else { as_u32(names.fold_into(item as usize, &mut folded)) };
            Entry { key: card.key, item, folded }
        };
        let entries = own.map(entry).collect();
        (Self { names, folded }, entries)
    }

    /// Sorts the entries of a task that tie in their keys. Large groups are left over.
    fn settle(&self, task: &mut [Entry], start: usize, mut depth: usize) -> Vec<Tied> {
        let mut large = Vec::new();
        let mut tied = Vec::new();
        push_ties(task, 0, &mut tied);
        while !tied.is_empty() {
            depth += KEY_BYTES;
            tied.retain(|range| {
                let settled = range.len() <= MANY;
                if !settled {
                    large.push(Tied { range: start + range.start..start + range.end, depth });
                }
                settled
            });
            let mut still = Vec::new();
            for range in tied {
                let place = range.start;
                let group = &mut task[range];
                self.look_up(group, depth);
                if group.len() <= FEW || group.iter().all(|entry| entry.key == 0) {
                    group.sort_unstable_by(|a, b| {
                        a.key.cmp(&b.key).then_with(|| self.compare(a, b, depth + KEY_BYTES))
                    });
                } else {
                    group.sort_unstable_by_key(|entry| entry.key);
                    push_ties(group, place, &mut still);
                }
            }
            tied = still;
        }
        large
    }

    /// Takes the bytes from `depth` on for the keys.
    fn look_up(&self, entries: &mut [Entry], depth: usize) {
        for entry in entries {
            entry.key = self.text(entry).key(depth);
        }
    }

    /// How two names compare that agree in `depth` bytes.
    fn compare(&self, a: &Entry, b: &Entry, mut depth: usize) -> Ordering {
        let (left, right) = (self.text(a), self.text(b));
        while depth < left.len().max(right.len()) {
            match left.key(depth).cmp(&right.key(depth)) {
                Ordering::Equal => depth += KEY_BYTES,
                unlike => return unlike,
            }
        }
        // Zeros at the end are not seen in the keys.
        let plain = |entry: &Entry| self.names.plain(entry.item as usize);
        left.len().cmp(&right.len()).then_with(|| plain(a).cmp(plain(b)))
    }

    /// The folded name.
    pub(super) fn text(&self, entry: &Entry) -> Text<'_> {
        let item = entry.item as usize;
        match entry.folded {
            ASCII => self.names.ascii(item),
            number => self.folded.text(number as usize),
        }
    }
}

/// Sorts on all threads if that pays. Alone, the standard library is faster.
fn sort_by_key(entries: &mut [Entry]) {
    match entries.len() {
        0..=MANY => entries.sort_unstable_by_key(|entry| entry.key),
        _ => entries.par_sort_unstable_by_key(|entry| entry.key),
    }
}

/// Appends where equal keys lie, when the first of all lies at `place`.
fn push_ties(sorted: &[Entry], mut place: usize, ties: &mut Vec<Range<usize>>) {
    for group in sorted.chunk_by(|a, b| a.key == b.key) {
        if group.len() > 1 {
            ties.push(place..place + group.len());
        }
        place += group.len();
    }
}

/// Cuts sorted entries into tasks, none of them between equal keys.
fn tasks(mut sorted: &mut [Entry], mut start: usize) -> Vec<(usize, &mut [Entry])> {
    let mut tasks = Vec::new();
    while let Some(last) = sorted.get(TASK_NAMES.min(sorted.len()).wrapping_sub(1)) {
        let key = last.key;
        let (task, rest) = sorted.split_at_mut(sorted.partition_point(|entry| entry.key <= key));
        tasks.push((start, task));
        start += tasks.last().map_or(0, |(_, task)| task.len());
        sorted = rest;
    }
    tasks
}

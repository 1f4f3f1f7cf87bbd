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
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use super::text::{Folded, KEY_BYTES, Names, TOUCH_MAX, Text};

/// Names that a thread looks up or sorts before it asks for more.
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
    /// Number of the folded name among those of its task, or `ASCII`.
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
    /// The folded names that had to be made, by the task that made them.
    folded: Vec<Folded>,
}

impl<'a> Order<'a> {
    /// Sorts the items that are their own first.
    pub(super) fn sorted(names: &'a Names<'a>, firsts: &[AtomicU32]) -> (Self, Vec<Entry>) {
        let (order, mut entries) = Self::unsorted(names, firsts);
        let mut tied = vec![Tied { range: 0..entries.len(), depth: 0 }];
        while let Some(Tied { range, depth }) = tied.pop() {
            let start = range.start;
            let group = &mut entries[range];
            if depth > 0 {
                group.par_chunks_mut(TASK_NAMES).for_each(|part| order.look_up(part, depth));
            }
            if group.par_iter().all(|entry| entry.key == 0) {
                group.par_sort_unstable_by(|a, b| order.compare(a, b, depth));
                continue;
            }
            sort_by_key(group);
            let tasks = tasks(group, start).into_par_iter();
            tied.par_extend(tasks.flat_map_iter(|(start, task)| order.settle(task, start, depth)));
        }
        (order, entries)
    }

    /// The items that are their own first, in their order.
    fn unsorted(names: &'a Names<'a>, firsts: &[AtomicU32]) -> (Self, Vec<Entry>) {
        let tasks = firsts.par_chunks(TASK_NAMES).enumerate();
        let (entries, folded): (Vec<_>, Vec<_>) =
            tasks.map(|(task, firsts)| entries(names, task, firsts)).unzip();
        (Self { names, folded }, entries.concat())
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
            self.look_up_all(task, &tied, depth);
            let mut still = Vec::new();
            for range in tied {
                let place = range.start;
                let group = &mut task[range];
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

    /// Takes the bytes from `depth` on for the keys of all that tie.
    fn look_up_all(&self, task: &mut [Entry], tied: &[Range<usize>], depth: usize) {
        let mut budget = 0;
        for (number, range) in tied.iter().enumerate() {
            if budget < range.len() {
                let items =
                    tied[number..].iter().flat_map(|range| &task[range.clone()]).map(|entry| entry.item);
                self.names.touch_at(items, depth);
                budget = TOUCH_MAX;
            }
            budget = budget.saturating_sub(range.len());
            self.look_up(&mut task[range.clone()], depth);
        }
    }

    /// Takes the bytes from `depth` on for the keys.
    fn look_up(&self, entries: &mut [Entry], depth: usize) {
        for part in entries.chunks_mut(TOUCH_MAX) {
            if part.len() > FEW {
                self.names.touch_at(part.iter().map(|entry| entry.item), depth);
            }
            for entry in part {
                entry.key = self.text(entry).key(depth);
            }
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
            number => self.folded[item / TASK_NAMES].text(number as usize),
        }
    }
}

/// The items of a task that are their own first, and those of their folded names that are not ASCII.
fn entries(names: &Names<'_>, task: usize, firsts: &[AtomicU32]) -> (Vec<Entry>, Folded) {
    let (mut entries, mut made) = (Vec::new(), Folded::default());
    for (number, first) in (task * TASK_NAMES..).zip(firsts) {
        let item = first.load(Relaxed);
        if item as usize != number {
            continue;
        }
        let (folded, key) = if names.is_ascii(number) {
            (ASCII, names.ascii(number).key(0))
        } else {
            let folded = names.fold_into(number, &mut made);
            (u32::try_from(folded).unwrap_or(ASCII), made.text(folded).key(0))
        };
        entries.push(Entry { key, item, folded });
    }
    (entries, made)
}

/// Sorts on all threads. Alone, the standard library is faster.
fn sort_by_key(entries: &mut [Entry]) {
    match rayon::current_num_threads() {
        1 => entries.sort_unstable_by_key(|entry| entry.key),
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

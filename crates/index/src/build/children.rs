//! What lies in each folder, siblings in their order.
//!
//! A child is one number by which siblings are sorted, so that sorting goes nowhere else; and when rows are numbered, most
//! of them are numbered from that number alone.

use std::ops::Range;

use super::items::{Items, NO_ITEM};
use crate::batch::ITEMS_MAX;

const WORD: usize = u64::BITS as usize;
/// Folders whose children are brought near in one go.
const TOUCH_MAX: usize = 64;
/// Children that a thread sorts without asking others to help.
const TASK_CHILDREN: usize = 1 << 14;

/// The children of every item, one after another.
pub(super) struct Children {
    /// Where the children of each item start; those of the next follow.
    start: Vec<u32>,
    /// What siblings are sorted by.
    key: Vec<u64>,
}

/// A child as a number, by which siblings are sorted: the bit that says that it is no stream, the number of its name in 31 bits, the
/// item in 31 bits, the bit that says that it has children.
const NO_STREAM: u64 = 1 << 63;
const NAME_SHIFT: u32 = 32;
const _: () = assert!(ITEMS_MAX < 1 << 31);

impl Children {
    /// A counting sort of the items by parent, then siblings by name: streams first, and by item where names are the same,
    /// so that the order of rows is that of their paths.
    pub(super) fn new(parents: &[u32], items: &Items, names: &[u32]) -> Self {
        let mut start = vec![0u32; items.file.len() + 2];
        for &parent in parents.iter().filter(|&&parent| parent != NO_ITEM) {
            start[parent as usize + 2] += 1;
        }
        let mut has_children = vec![0u64; items.file.len().div_ceil(WORD)];
        let mut before = 0;
        for (place, start) in start.iter_mut().enumerate().skip(2) {
            has_children[(place - 2) / WORD] |= u64::from(*start > 0) << ((place - 2) % WORD);
            before += *start;
            *start = before;
        }
        let mut key = vec![0; before as usize];
        for (child, (&parent, &name)) in (0u32..).zip(parents.iter().zip(names)) {
            if parent != NO_ITEM {
                let place = &mut start[parent as usize + 1];
                let kind = if items.is_stream(child) { 0 } else { NO_STREAM };
                let holds = has_children[child as usize / WORD] >> (child as usize % WORD) & 1;
                key[*place as usize] = kind | u64::from(name) << NAME_SHIFT | u64::from(child) << 1 | holds;
                *place += 1;
            }
        }
        sort_siblings(&start, &mut key);
        Self { start, key }
    }

    /// How many children there are in all.
    pub(super) fn len(&self) -> usize {
        self.key.len()
    }

    /// The places of an item's children.
    pub(super) fn of(&self, item: u32) -> Range<u32> {
        self.start[item as usize]..self.start[item as usize + 1]
    }

    /// The child at a place.
    pub(super) fn at(&self, place: u32) -> Child {
        let key = self.key[place as usize];
        Child {
            item: low32(key) >> 1,
            name: low32((key & !NO_STREAM) >> NAME_SHIFT),
            holds_others: key & 1 != 0,
        }
    }

    /// Has the children of all folders among these brought near at the same time. They are gone to next, and where each is shows
    /// only when the one before has come.
    pub(super) fn touch_below(&self, children: Range<u32>) {
        let Self { start, key } = self;
        let folders = key[children.start as usize..children.end as usize].iter().filter(|&&key| key & 1 != 0);
        let first = folders.take(TOUCH_MAX).map(|&folder| start[low32(folder) as usize >> 1]);
        std::hint::black_box(first.fold(0, |seen, place| seen ^ key[place as usize]));
    }
}

/// A child.
pub(super) struct Child {
    pub(super) item: u32,
    /// The number of its name.
    pub(super) name: u32,
    /// Whether it has children.
    pub(super) holds_others: bool,
}

fn low32(word: u64) -> u32 {
    let [a, b, c, d, ..] = word.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Sorts the children of each item, halves of the items on whichever thread is free.
fn sort_siblings(start: &[u32], key: &mut [u64]) {
    let [first, .., last] = *start else { return };
    if (last - first) as usize > TASK_CHILDREN && start.len() > 2 {
        let middle = start.len() / 2;
        let (left, right) = key.split_at_mut((start[middle] - first) as usize);
        rayon::join(|| sort_siblings(&start[..=middle], left), || sort_siblings(&start[middle..], right));
        return;
    }
    let mut rest = key;
    for bounds in start.windows(2).filter(|bounds| bounds[0] < bounds[1]) {
        let siblings;
        (siblings, rest) = rest.split_at_mut((bounds[1] - bounds[0]) as usize);
        siblings.sort_unstable();
    }
}

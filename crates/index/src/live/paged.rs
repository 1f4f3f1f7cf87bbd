//! Memory of a delta that is copied by copying what is changed afterwards.
//!
//! A view is a value, and each batch of changes makes another one of it. If that copied the delta, a batch would cost what all
//! batches before it hold together. So what a delta holds lies in small pages that views share, and a page is copied when it is first
//! written to after a copy was made: a batch costs its own size. Persistent trees of a library were the alternative; these keys are
//! numbers that lie close together, for which two levels of arrays are a tree, and appending needs none.

use std::sync::Arc;

use crate::batch::as_u32;
use crate::query::RowSet;

/// Values in a page.
const LEAF: usize = 64;
/// Pages in a branch.
const FAN: usize = 256;

type Leaf<T> = [T; LEAF];
type Branch<T> = [Option<Arc<Leaf<T>>>; FAN];

/// A value for each number; the default where none was set.
#[derive(Debug, Clone)]
pub(super) struct Paged<T> {
    branches: Vec<Option<Arc<Branch<T>>>>,
}

impl<T: Copy + Default> Paged<T> {
    pub(super) fn new() -> Self {
        Self { branches: Vec::new() }
    }

    pub(super) fn get(&self, index: u32) -> T {
        let (branch, leaf, at) = place(index);
        let found =
            self.branches.get(branch).and_then(|branch| branch.as_ref()?.get(leaf)?.as_ref()?.get(at));
        found.copied().unwrap_or_default()
    }

    /// The value, to be changed.
    pub(super) fn slot(&mut self, index: u32) -> &mut T {
        let (branch, leaf, at) = place(index);
        let leaf = self.leaf(branch, leaf);
        &mut leaf[at]
    }

    fn leaf(&mut self, branch: usize, leaf: usize) -> &mut Leaf<T> {
        if self.branches.len() <= branch {
            self.branches.resize(branch + 1, None);
        }
        let branch = self.branches[branch].get_or_insert_with(|| Arc::new(std::array::from_fn(|_| None)));
        let leaf = Arc::make_mut(branch)[leaf].get_or_insert_with(|| Arc::new([T::default(); LEAF]));
        Arc::make_mut(leaf)
    }

    /// The pages that are there, each with the number of its first value.
    fn leaves(&self) -> impl Iterator<Item = (u32, &Leaf<T>)> {
        let branches =
            self.branches.iter().enumerate().filter_map(|(at, branch)| Some((at, branch.as_ref()?)));
        branches.flat_map(|(branch, leaves)| {
            let leaves = leaves.iter().enumerate().filter_map(|(at, leaf)| Some((at, leaf.as_ref()?)));
            leaves.map(move |(at, leaf)| (as_u32((branch * FAN + at) * LEAF), &**leaf))
        })
    }

    /// All values in pages that are there, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, T)> {
        // Not a range from the first: behind the last number of the last page there is none.
        self.leaves().flat_map(|(first, leaf)| {
            leaf.iter().enumerate().map(move |(at, value)| (first + as_u32(at), *value))
        })
    }
}

fn place(index: u32) -> (usize, usize, usize) {
    let index = index as usize;
    (index / LEAF / FAN, index / LEAF % FAN, index % LEAF)
}

const WORD: u32 = u64::BITS;

/// A set of numbers.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    words: Paged<u64>,
}

impl Bits {
    pub(super) fn new() -> Self {
        Self { words: Paged::new() }
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.words.get(number / WORD) >> (number % WORD) & 1 == 1
    }

    pub(super) fn insert(&mut self, number: u32) {
        *self.words.slot(number / WORD) |= 1 << (number % WORD);
    }

    pub(super) fn remove(&mut self, number: u32) {
        if self.contains(number) {
            *self.words.slot(number / WORD) &= !(1 << (number % WORD));
        }
    }

    /// Adds the numbers from `first` to before `end`.
    pub(super) fn insert_range(&mut self, first: u32, end: u32) {
        let mut at = first;
        while at < end {
            let word = at / WORD;
            let next = (word + 1).saturating_mul(WORD).min(end);
            let ones = u64::MAX >> (WORD - (next - at)) << (at % WORD);
            if self.words.get(word) & ones != ones {
                *self.words.slot(word) |= ones;
            }
            at = next;
        }
    }

    pub(super) fn count(&self) -> u64 {
        let words = self.words.leaves().flat_map(|(_, leaf)| leaf);
        words.map(|word| u64::from(word.count_ones())).sum()
    }

    /// The numbers, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        let words = self.words.iter().filter(|&(_, word)| word != 0);
        words.flat_map(|(at, word)| {
            (0..WORD).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * WORD + bit)
        })
    }

    /// Takes these numbers out of a set of rows.
    pub(super) fn take_out_of(&self, rows: &mut RowSet) {
        for (first, leaf) in self.words.leaves() {
            rows.subtract_words(first as usize, leaf);
        }
    }
}

/// Items that are appended and never changed.
#[derive(Debug, Clone)]
pub(super) struct Segments<T> {
    segments: Vec<Arc<Vec<T>>>,
}

/// Items in a segment.
const SEGMENT: usize = 256;

impl<T: Clone> Segments<T> {
    pub(super) fn new() -> Self {
        Self { segments: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        let full = self.segments.len().saturating_sub(1) * SEGMENT;
        full + self.segments.last().map_or(0, |last| last.len())
    }

    pub(super) fn get(&self, place: u32) -> Option<&T> {
        self.segments.get(place as usize / SEGMENT)?.get(place as usize % SEGMENT)
    }

    pub(super) fn push(&mut self, item: T) {
        let last = last_with_room(&mut self.segments, SEGMENT, 1);
        last.push(item);
    }
}

/// The last of some vectors, to which so many items can be added.
fn last_with_room<T: Clone>(vectors: &mut Vec<Arc<Vec<T>>>, whole: usize, items: usize) -> &mut Vec<T> {
    if vectors.last().is_none_or(|last| last.len() + items > whole) {
        vectors.push(Arc::new(Vec::with_capacity(whole)));
    }
    let last = vectors.len() - 1;
    let last = Arc::make_mut(&mut vectors[last]);
    // A copy has no room.
    if last.capacity() < whole {
        last.reserve_exact(whole.saturating_sub(last.len()));
    }
    last
}

/// Where a name and its folded form are. There is one for each row, so it is small: a block has fewer than 2¹⁶ bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamePlace {
    block: u32,
    start: u16,
    name: u16,
    folded: u16,
}

/// Names with their folded forms, in blocks.
#[derive(Debug, Clone)]
pub(super) struct Names {
    blocks: Vec<Arc<Vec<u8>>>,
}

/// Bytes of a block: many of the longest names.
const BLOCK_BYTES: usize = 16 << 10;

impl Names {
    pub(super) fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// Keeps a name of at most [`crate::NAME_BYTES_MAX`] bytes and what `fold` appends for it.
    pub(super) fn push(&mut self, name: &[u8], fold: impl FnOnce(&mut Vec<u8>)) -> NamePlace {
        // Folding makes no character longer than thrice what it was.
        let block = last_with_room(&mut self.blocks, BLOCK_BYTES, name.len() * 4);
        let start = block.len();
        block.extend_from_slice(name);
        fold(block);
        let folded = block.len() - start - name.len();
        let [start, name, folded] = [start, name.len(), folded].map(as_u16);
        NamePlace { block: as_u32(self.blocks.len() - 1), start, name, folded }
    }

    /// A name and its folded form.
    pub(super) fn get(&self, place: NamePlace) -> (&[u8], &[u8]) {
        let [start, name, folded] = [place.start, place.name, place.folded].map(usize::from);
        let both = || {
            let bytes = self.blocks.get(place.block as usize)?.get(start..)?;
            bytes.get(..name + folded)?.split_at_checked(name)
        };
        both().unwrap_or_default()
    }
}

/// A place in a block or a length there.
fn as_u16(bytes: usize) -> u16 {
    u16::try_from(bytes).expect("a block has less")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn sets_are_those_of_the_standard_library(steps in prop::collection::vec((0u32..6_000, 0u32..300, 0..4), 0..40)) {
            let (mut bits, mut model) = (Bits::new(), BTreeSet::new());
            let mut copies = Vec::new();
            for (number, more, kind) in steps {
                match kind {
                    0 => { bits.insert(number); model.insert(number); }
                    1 => { bits.remove(number); model.remove(&number); }
                    2 => { bits.insert_range(number, number + more); model.extend(number..number + more); }
                    _ => copies.push((bits.clone(), model.clone())),
                }
            }
            copies.push((bits, model));
            for (bits, model) in copies {
                prop_assert!(bits.iter().eq(model.iter().copied()), "a copy is not changed");
                prop_assert_eq!(bits.count(), model.len() as u64);
                let mut rows = RowSet::none(4_101);
                rows.insert_range(0, 4_101);
                bits.take_out_of(&mut rows);
                prop_assert!(rows.iter().eq((0..4_101).filter(|row| !model.contains(row))));
            }
        }
    }

    /// Found by fuzzing: a record of the greatest number ended in an overflow.
    #[test]
    fn the_last_number_has_a_place() {
        let mut paged = Paged::new();
        *paged.slot(u32::MAX) = 7;
        assert_eq!(paged.iter().last(), Some((u32::MAX, 7)));
    }

    #[test]
    fn copies_keep_what_they_had() {
        let (mut segments, mut paged) = (Segments::new(), Paged::new());
        let copies: Vec<_> = (0..1000u32)
            .map(|number| {
                segments.push(number);
                *paged.slot(number * 97) = number;
                (segments.clone(), paged.clone())
            })
            .collect();
        for (last, (segments, paged)) in (0u32..).zip(&copies) {
            assert_eq!(segments.len(), last as usize + 1);
            assert!((0..=last).all(|number| segments.get(number) == Some(&number)));
            assert_eq!((segments.get(last), segments.get(last + 1)), (Some(&last), None));
            assert_eq!((paged.get(last * 97), paged.get(last * 97 + 97)), (last, 0));
        }
    }
}

//! Which items bear the same name: for each the first one that does.
//!
//! Equal names are found by a hash, so that only distinct ones need be sorted. One table for all was rejected: it
//! is larger than a core's cache, so each look-up waits for memory (it was measured two to fourteen times as slow),
//! and threads would have to share it. So items are first dealt out by some bits of the hash, each part gets a
//! small table, and the parts know nothing of each other.
//!
//! The hash is seeded anew for every build, so nobody can make names that all meet in one slot; which items are
//! first does not depend on it. Names are compared at the end, many at a time, as if every hash kept its
//! promise; a part in which one did not is done again, with each pair compared at once.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use super::distinct::NO_NAME;
use super::text::{Names, TOUCH_MAX};

/// Items that are dealt out in one go: their hashes fit in a core's cache.
const DEAL_ITEMS: usize = 1 << 15;
/// Items in a part, if all names differ: a table for them fits in a core's cache.
const PART_ITEMS: usize = 1 << 12;
/// More parts than this would be dealt out a few items at a time.
const PARTS_MAX: usize = 1 << 10;
/// A table begins with as many slots, and doubles when half of them are taken.
const SLOTS_MIN: usize = 1 << 8;
const SLOTS_START_MAX: usize = PART_ITEMS * 4;

/// Bits of a slot and of a dealt item: the lower half is the item, the upper half belongs to the hash.
const ITEM_BITS: u32 = 32;
/// Set in whatever is dealt, so that an empty slot is zero.
const TAKEN: u64 = 1 << 63;

/// For each item the first one with the same name, `NO_NAME` if it is not used.
pub(super) fn first_items(
    names: &Names<'_>,
    used: impl Fn(usize) -> bool + Sync,
    hash: &(impl BuildHasher + Sync),
) -> Vec<AtomicU32> {
    let parts = (names.len() / PART_ITEMS).next_power_of_two().min(PARTS_MAX);
    let mut firsts: Vec<AtomicU32> = Vec::new();
    firsts.resize_with(names.len(), || AtomicU32::new(NO_NAME));
    let hands: Vec<Hand> = firsts
        .par_chunks_mut(DEAL_ITEMS)
        .enumerate()
        .map(|(number, firsts)| deal(names, number * DEAL_ITEMS, firsts, parts, &used, hash))
        .collect();
    let state = || (Vec::new(), Vec::new());
    (0..parts).into_par_iter().for_each_init(state, |(slots, twins), part| {
        let cards = || hands.iter().flat_map(|hand| hand.part(part)).copied();
        twins.clear();
        find_twins(cards(), slots, twins, |_, _| true);
        if !all_equal(names, twins) {
            twins.clear();
            find_twins(cards(), slots, twins, |a, b| names.plain(a as usize) == names.plain(b as usize));
        }
        for &(item, first) in twins.iter() {
            // Relaxed: nobody reads it before all threads are joined.
            firsts[item as usize].store(first, Relaxed);
        }
    });
    firsts
}

/// Lists the items of a part that are not the first with their hash of which `same` holds, each with that one.
fn find_twins(
    cards: impl Iterator<Item = u64> + Clone,
    slots: &mut Vec<u64>,
    twins: &mut Vec<(u32, u32)>,
    same: impl Fn(u32, u32) -> bool,
) {
    let mut table = Table::new(slots, cards.clone().count());
    for card in cards {
        let first = table.first(card, &same);
        if first != item(card) {
            twins.push((item(card), first));
        }
    }
}

/// Whether the names are equal as their hashes promise.
fn all_equal(names: &Names<'_>, twins: &[(u32, u32)]) -> bool {
    twins.chunks(TOUCH_MAX).all(|twins| {
        names.touch(twins.iter().map(|twin| twin.0));
        names.touch(twins.iter().map(|twin| twin.1));
        twins.iter().all(|&(a, b)| names.plain(a as usize) == names.plain(b as usize))
    })
}

/// Items with their hashes, by part.
struct Hand {
    cards: Vec<u64>,
    starts: Vec<u32>,
}

impl Hand {
    fn part(&self, part: usize) -> &[u64] {
        &self.cards[self.starts[part] as usize..self.starts[part + 1] as usize]
    }
}

/// Deals out the items from `start` on, and makes each its own first for now.
fn deal(
    names: &Names<'_>,
    start: usize,
    firsts: &mut [AtomicU32],
    parts: usize,
    used: &(impl Fn(usize) -> bool + Sync),
    hash: &impl BuildHasher,
) -> Hand {
    let mut hashed = Vec::with_capacity(firsts.len());
    let mut starts = vec![0u32; parts + 1];
    for (number, first) in (start..).zip(firsts.iter_mut()) {
        if used(number) {
            let mut hasher = hash.build_hasher();
            hasher.write(names.plain(number));
            let hash = hasher.finish();
            let item = item(number as u64);
            *first = AtomicU32::new(item);
            let part = usize::try_from(hash & (parts as u64 - 1)).unwrap_or_default();
            starts[part + 1] += 1;
            hashed.push((part, TAKEN | hash >> ITEM_BITS << ITEM_BITS | u64::from(item)));
        }
    }
    for part in 0..parts {
        starts[part + 1] += starts[part];
    }
    let mut cards = vec![0; hashed.len()];
    let mut next = starts.clone();
    for (part, card) in hashed {
        let place = &mut next[part];
        cards[*place as usize] = card;
        *place += 1;
    }
    Hand { cards, starts }
}

/// The item of a card or slot.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn item(card: u64) -> u32 {
    card as u32
}

/// The first items of the names of one part, by hash.
struct Table<'a> {
    slots: &'a mut Vec<u64>,
    taken: usize,
}

impl<'a> Table<'a> {
    fn new(slots: &'a mut Vec<u64>, dealt: usize) -> Self {
        slots.clear();
        slots.resize((dealt * 2).next_power_of_two().clamp(SLOTS_MIN, SLOTS_START_MAX), 0);
        Self { slots, taken: 0 }
    }

    /// The first item with the hash of this one of which `same` holds.
    fn first(&mut self, card: u64, same: impl Fn(u32, u32) -> bool) -> u32 {
        let mask = self.slots.len() - 1;
        let mut place = home(card) & mask;
        while self.slots[place] != 0 {
            let slot = self.slots[place];
            if (slot ^ card) >> ITEM_BITS == 0 && same(item(slot), item(card)) {
                return item(slot);
            }
            place = (place + 1) & mask;
        }
        self.slots[place] = card;
        self.taken += 1;
        if self.taken * 2 > self.slots.len() {
            self.grow();
        }
        item(card)
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let old = std::mem::replace(self.slots, vec![0; mask + 1]);
        for card in old.into_iter().filter(|&slot| slot != 0) {
            let mut place = home(card) & mask;
            while self.slots[place] != 0 {
                place = (place + 1) & mask;
            }
            self.slots[place] = card;
        }
    }
}

/// Where the search for a card begins, before the mask: its share of the hash, of which no bit told the part.
fn home(card: u64) -> usize {
    usize::try_from(card >> ITEM_BITS).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::hash::BuildHasherDefault;

    use super::*;
    use crate::case::CaseTable;

    /// A hash with three values, so that most names that share one are not equal.
    #[derive(Default)]
    struct Poor(u64);

    impl Hasher for Poor {
        fn write(&mut self, bytes: &[u8]) {
            self.0 = bytes.len() as u64 % 3;
        }

        fn finish(&self) -> u64 {
            self.0 << 40
        }
    }

    fn check(names: &[String], hash: &(impl BuildHasher + Sync)) {
        let bytes = names.concat().into_bytes();
        let lengths = names.iter().scan(0, |end, name| {
            *end += name.len() as u64;
            Some(*end)
        });
        let ends: Vec<u64> = lengths.collect();
        let case = CaseTable::default();
        let firsts = first_items(&Names::new(&bytes, &ends, &case), |item| item % 5 != 3, hash);
        let mut seen = HashMap::new();
        for (number, (name, first)) in (0..).zip(names.iter().zip(firsts)) {
            let expected = if number % 5 == 3 { NO_NAME } else { *seen.entry(name).or_insert(number) };
            assert_eq!(first.into_inner(), expected, "item {number}, {name}");
        }
    }

    #[test]
    fn names_of_one_hash_are_told_apart() {
        let names: Vec<_> = (0..1500).map(|n| "x".repeat(n % 7) + &(n % 400).to_string()).collect();
        check(&names, &BuildHasherDefault::<Poor>::default());
    }

    #[test]
    fn more_items_than_are_dealt_in_one_go() {
        let names: Vec<_> =
            (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 16).to_string()).collect();
        check(&names, &foldhash::quality::FixedState::default());
    }
}

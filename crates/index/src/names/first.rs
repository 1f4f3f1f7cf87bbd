//! Which items of a part bear the same name: for each the first one that does.
//!
//! Equal names are found by a hash, so that only distinct ones need be sorted. The hash is seeded anew for every build, so nobody
//! can make names that all meet in one slot; which items are first does not depend on it.

use std::hash::BuildHasher;

use super::text::Names;

/// A table begins with as many slots, and doubles when half of them are taken.
const SLOTS_MIN: usize = 1 << 8;
const SLOTS_START_MAX: usize = 1 << 14;

/// Bits of a slot: the lower half is the item, the upper half belongs to the hash.
const ITEM_BITS: u32 = 32;
/// Set in whatever lies in a slot, so that an empty one is zero.
const TAKEN: u64 = 1 << 63;

/// For each item the first one with the same name. `slots` is memory that may have been used before.
pub(super) fn first_items(names: &Names<'_>, hash: &impl BuildHasher, slots: &mut Vec<u64>) -> Vec<u32> {
    let mut table = Table::new(slots, names.len());
    let first = |item: usize| {
        let name = names.plain(item);
        let card = TAKEN | hash.hash_one(name) >> ITEM_BITS << ITEM_BITS | item as u64;
        table.first(card, |other| names.plain(other as usize) == name)
    };
    (0..names.len()).map(first).collect()
}

/// The item of a card or slot.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn item(card: u64) -> u32 {
    card as u32
}

/// The first items, by hash.
struct Table<'a> {
    slots: &'a mut Vec<u64>,
    taken: usize,
}

impl<'a> Table<'a> {
    fn new(slots: &'a mut Vec<u64>, items: usize) -> Self {
        slots.clear();
        slots.resize((items * 2).next_power_of_two().clamp(SLOTS_MIN, SLOTS_START_MAX), 0);
        Self { slots, taken: 0 }
    }

    /// The first item with the hash of this one of which `same` holds.
    fn first(&mut self, card: u64, same: impl Fn(u32) -> bool) -> u32 {
        let mask = self.slots.len() - 1;
        let mut place = home(card) & mask;
        while self.slots[place] != 0 {
            let slot = self.slots[place];
            if (slot ^ card) >> ITEM_BITS == 0 && same(item(slot)) {
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

/// Where the search for a card begins, before the mask.
fn home(card: u64) -> usize {
    usize::try_from(card >> ITEM_BITS).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::hash::{BuildHasherDefault, Hasher};

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

    fn check(names: &[String], hash: &impl BuildHasher) {
        let bytes = names.concat().into_bytes();
        let lengths = names.iter().scan(0, |end, name| {
            *end += name.len() as u64;
            Some(*end)
        });
        let ends: Vec<u64> = lengths.collect();
        let case = CaseTable::default();
        let firsts = first_items(&Names::new(&bytes, &ends, &case), hash, &mut vec![7; 3]);
        let mut seen = HashMap::new();
        for (number, (name, first)) in (0..).zip(names.iter().zip(firsts)) {
            assert_eq!(first, *seen.entry(name).or_insert(number), "item {number}, {name}");
        }
    }

    #[test]
    fn names_of_one_hash_are_told_apart() {
        let names: Vec<_> = (0..1500).map(|n| "x".repeat(n % 7) + &(n % 400).to_string()).collect();
        check(&names, &BuildHasherDefault::<Poor>::default());
    }

    #[test]
    fn more_items_than_a_table_begins_with() {
        let names: Vec<_> =
            (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 16).to_string()).collect();
        check(&names, &foldhash::quality::FixedState::default());
    }
}

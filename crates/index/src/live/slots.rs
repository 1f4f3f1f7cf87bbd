//! What each record holds now, for records that are close together and for those that are not.
//!
//! Numbers of a volume's records are about as many as its files, so a slot for each in shared pages ([`Paged`]) is quickly found and takes
//! little. A log may name records far beyond, where a change would take a page and a branch of pages to itself, twenty times what it takes
//! in the log. Those are kept in hash maps, several, so that a batch copies not all of them.
//! Rejected: pages with a bitmap of what they hold, which each look pays for.

use std::sync::Arc;

use foldhash::fast::RandomState;
use std::collections::HashMap;

use super::delta::Slot;
use super::paged::Paged;

/// Records for each row of the index that are near: some 33 bytes a row for their slots, at the most.
const NEAR_PER_ROW: u32 = 4;
/// Records that are near in any case: half a mebibyte.
const NEAR_MIN: u32 = 1 << 16;
/// Hash maps of those that are far, a power of two.
const SHARDS: u32 = 256;

type Shard = HashMap<u32, Slot, RandomState>;

/// A slot for each record; [`Slot::Same`] where none was set.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    near: Paged<Slot>,
    /// Records from here on are far.
    far_from: u32,
    /// By the last bits of the record; none as long as no record is far.
    far: Vec<Arc<Shard>>,
}

impl Slots {
    /// For the records of an index with so many rows.
    pub(super) fn new(rows: u32) -> Self {
        Self::far_from(rows.saturating_mul(NEAR_PER_ROW).max(NEAR_MIN))
    }

    fn far_from(record: u32) -> Self {
        Self { near: Paged::new(), far_from: record, far: Vec::new() }
    }

    pub(super) fn get(&self, record: u32) -> Slot {
        if record < self.far_from {
            return self.near.get(record);
        }
        let shard = self.far.get((record % SHARDS) as usize);
        shard.and_then(|shard| shard.get(&record)).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, record: u32, slot: Slot) {
        if record < self.far_from {
            *self.near.slot(record) = slot;
            return;
        }
        if self.far.is_empty() {
            self.far.resize(SHARDS as usize, Arc::default());
        }
        Arc::make_mut(&mut self.far[(record % SHARDS) as usize]).insert(record, slot);
    }

    /// All that were set and some that were not, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Slot)> {
        let far = self.far.iter().flat_map(|shard| shard.iter().map(|(&record, &slot)| (record, slot)));
        self.near.iter().chain(far)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn near_or_far_a_slot_is_what_it_was_set_to(
            far_from in 0u32..2_000,
            steps in prop::collection::vec((0u32..4_000, prop::option::of(any::<u32>())), 0..60),
        ) {
            let (mut slots, mut model, mut copies) = (Slots::far_from(far_from), BTreeMap::new(), Vec::new());
            for (record, file) in steps {
                let slot = file.map_or(Slot::Nothing, Slot::File);
                copies.push((slots.clone(), model.clone()));
                slots.set(record, slot);
                model.insert(record, slot);
            }
            copies.push((slots, model));
            for (slots, model) in copies {
                let mut set: Vec<_> = slots.iter().filter(|&(_, slot)| slot != Slot::Same).collect();
                set.sort_unstable_by_key(|&(record, _)| record);
                prop_assert!(set.into_iter().eq(model.iter().map(|(&record, &slot)| (record, slot))));
                for record in 0..4_001 {
                    prop_assert_eq!(slots.get(record), model.get(&record).copied().unwrap_or_default());
                }
            }
        }
    }
}

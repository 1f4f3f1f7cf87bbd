//! A lock table held against what it should be: a map from key to who holds it.
#![cfg(not(any(loom, shuttle)))]

use std::collections::HashMap;
use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::prelude::*;
use quarry_sync::lock_table::{ReadGuard, WriteGuard};
use quarry_sync::{LockTable, LockTableOptions};

#[derive(Debug, Clone, Copy)]
enum Act {
    Read(u8),
    Write(u8),
    /// Of the guards held, one of these.
    Release(usize),
}

#[derive(Debug, Default)]
struct Held {
    readers: u32,
    writer: bool,
}

enum Guard<'a> {
    Read(ReadGuard<&'a LockTable<u8, u32>, u8, u32>),
    Write(WriteGuard<&'a LockTable<u8, u32>, u8, u32>),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..6_u8).prop_map(Act::Read),
        2 => (0..6_u8).prop_map(Act::Write),
        4 => any::<usize>().prop_map(Act::Release),
    ]
}

proptest! {
    #[test]
    fn a_table_is_a_map_of_holders(acts in vec(act(), 0..200), shards in 1..5_usize) {
        let shards = NonZeroUsize::new(shards).expect("at least one");
        let locks: LockTable<u8, u32> = LockTableOptions::default().shards(shards).build();
        let empty_bytes = locks.memory_bytes();
        let mut model: HashMap<u8, Held> = HashMap::new();
        let mut values: HashMap<u8, u32> = HashMap::new();
        let mut guards = Vec::new();
        for act in acts {
            match act {
                Act::Read(key) => {
                    let held = model.entry(key).or_default();
                    let guard = locks.try_read(key);
                    prop_assert_eq!(guard.is_some(), !held.writer);
                    if let Some(guard) = guard {
                        prop_assert_eq!(*guard, values.get(&key).copied().unwrap_or(0));
                        held.readers += 1;
                        guards.push(Guard::Read(guard));
                    }
                }
                Act::Write(key) => {
                    let held = model.entry(key).or_default();
                    let guard = locks.try_write(key);
                    prop_assert_eq!(guard.is_some(), !held.writer && held.readers == 0);
                    if let Some(mut guard) = guard {
                        *guard += 1;
                        values.insert(key, *guard);
                        held.writer = true;
                        guards.push(Guard::Write(guard));
                    }
                }
                Act::Release(which) if !guards.is_empty() => {
                    let guard = guards.swap_remove(which % guards.len());
                    let key = match &guard {
                        Guard::Read(guard) => *guard.key(),
                        Guard::Write(guard) => *guard.key(),
                    };
                    let held = model.entry(key).or_default();
                    match guard {
                        Guard::Read(_) => held.readers -= 1,
                        Guard::Write(_) => held.writer = false,
                    }
                    drop(guard);
                    if held.readers == 0 && !held.writer {
                        values.remove(&key);
                    }
                }
                Act::Release(_) => {}
            }
            let in_use = model.values().filter(|held| held.writer || held.readers > 0).count();
            prop_assert_eq!(locks.len(), in_use);
        }
        drop(guards);
        prop_assert_eq!(locks.memory_bytes(), empty_bytes);
    }
}

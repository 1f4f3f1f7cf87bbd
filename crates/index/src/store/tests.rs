//! Packed numbers and ranked bits against plain vectors.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::{
    Column, Directory, Encoded, Packed, Ready, SnapshotBytes, Transform, open, pack, rank, snapshot,
};
use crate::budget::{Budget, Kind};

/// A snapshot of one column.
fn directory(column: Column, transform: Transform, bytes: Vec<u8>, values: usize) -> Directory {
    let pieces = vec![Budget::unlimited().put(Kind::Columns, bytes).unwrap()];
    let encoded = Encoded { column, transform, pieces, values };
    open(SnapshotBytes::Owned(snapshot(vec![encoded], 2).unwrap()), false).unwrap()
}

fn packed_bytes(values: &[u64]) -> Vec<u8> {
    let fill = |range: std::ops::Range<usize>, out: &mut [u64]| out.copy_from_slice(&values[range]);
    let (pieces, count) = pack(values.len(), &Budget::unlimited(), fill).unwrap();
    assert_eq!(count, values.len());
    let mut bytes = Vec::new();
    pieces.iter().for_each(|piece| piece.read(0..piece.len(), &mut bytes).unwrap());
    bytes
}

fn packed(values: &[u64]) -> (Directory, Packed) {
    let directory = directory(Column::FileSize, Transform::None, packed_bytes(values), values.len());
    let column = directory.packed(Column::FileSize, values.len()).unwrap();
    (directory, column)
}

fn numbers() -> impl Strategy<Value = Vec<u64>> {
    let number = prop_oneof![
        4 => Just(0u64),
        4 => 0u64..16,
        2 => 1_000_000u64..1_000_300,
        1 => any::<u32>().prop_map(u64::from),
        1 => any::<u64>(),
        1 => Just(u64::MAX),
    ];
    let stretch = (number, 1usize..700).prop_map(|(number, count)| vec![number; count]);
    let any_numbers = prop::collection::vec(any::<u64>(), 0..40);
    let close = (any::<u64>(), prop::collection::vec(0u64..1000, 0..600))
        .prop_map(|(base, more)| more.into_iter().map(|more| base.saturating_add(more)).collect::<Vec<_>>());
    let spiked = prop::collection::vec(prop_oneof![40 => 0u64..7, 1 => any::<u64>()], 0..1500);
    prop::collection::vec(prop_oneof![stretch, any_numbers, close, spiked], 0..4)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn packed_numbers_come_back_one_by_one_and_together(values in numbers(), ends in any::<[prop::sample::Index; 2]>()) {
        let (directory, column) = packed(&values);
        prop_assert_eq!(column.len(), values.len());
        let single: Vec<u64> = (0..values.len()).map(|index| column.get(index)).collect();
        prop_assert_eq!(&single, &values);
        let mut cursor = column.cursor();
        prop_assert!((0..values.len()).map(|index| cursor.get(index)).eq(values.iter().copied()));
        for (index, &value) in values.iter().enumerate() {
            let before = index.checked_sub(1).map_or(0, |before| values[before]);
            prop_assert_eq!((column.range(index), cursor.near(index)), (before..value, value));
        }
        let (from, to) = (ends[0].index(values.len() + 1), ends[1].index(values.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        let mut run = Vec::new();
        cursor.runs(from..to, |some| run.extend_from_slice(some));
        prop_assert_eq!(&run, &values[from..to]);
        directory.storage.sound().unwrap();
        column.get(values.len());
        prop_assert!(directory.storage.sound().is_err(), "there is no such number");
    }

    #[test]
    fn those_within_bounds_are_found(values in numbers(), a in any::<u64>(), picks in any::<[prop::sample::Index; 2]>()) {
        let (_, column) = packed(&values);
        let pick = |index: prop::sample::Index| if values.is_empty() { a } else { *index.get(&values) };
        let (low, high) = (pick(picks[0]).min(pick(picks[1])), pick(picks[0]).max(pick(picks[1])));
        for (first, last) in [(low, high), (a, u64::MAX), (0, a), (1, 0)] {
            let bounds = first..=last;
            let mut words = vec![0; values.len().div_ceil(64)];
            let may_hold = |of: RangeInclusive<u64>| first <= *of.end() && *of.start() <= last;
            column.mark(0, &mut words, may_hold, |value| bounds.contains(&value));
            for (index, value) in values.iter().enumerate() {
                prop_assert_eq!(words[index / 64] >> (index % 64) & 1 == 1, bounds.contains(value), "{}", index);
            }
        }
    }

    #[test]
    fn the_rank_among_ascending_numbers_is_found_from_wherever_it_starts(
        mut values in numbers(),
        probe in any::<u64>(),
        from in any::<prop::sample::Index>(),
    ) {
        values.sort_unstable();
        let (_, column) = packed(&values);
        let near = values.get(from.index(values.len() + 1)).copied().unwrap_or(probe);
        for value in [probe, near, near.saturating_sub(1), 0, u64::MAX] {
            let expected = values.partition_point(|&number| number <= value);
            let from = from.index(expected + 1);
            prop_assert_eq!(column.rank_of(value, &mut column.cursor(), from), expected);
        }
    }

    #[test]
    fn bits_are_counted(bits in prop::collection::vec(any::<bool>(), 0..3000)) {
        let mut words = vec![0u64; bits.len().div_ceil(64)];
        bits.iter().enumerate().for_each(|(place, &bit)| words[place / 64] |= u64::from(bit) << (place % 64));
        let directory =
            directory(Column::RowPrimary, Transform::None, rank(&words, bits.len()), bits.len());
        let column = directory.ranked(Column::RowPrimary, bits.len()).unwrap();
        let mut before = 0;
        for (place, &bit) in bits.iter().enumerate() {
            prop_assert_eq!((column.contains(place), column.rank(place)), (bit, before));
            if bit {
                prop_assert_eq!(column.select(before), Some(place));
                before += 1;
            }
        }
        prop_assert_eq!(column.select(before), None);
        prop_assert_eq!((column.count(), column.rank(bits.len())), (before, before));
        prop_assert!(!column.contains(bits.len()));
        prop_assert!(words.iter().enumerate().all(|(place, &word)| column.word(place) == word));
        directory.storage.sound().unwrap();
    }
}

#[test]
fn numbers_take_what_their_neighbours_need() {
    let bytes = |values: &[u64]| packed_bytes(values).len();
    assert_eq!(bytes(&[]), 0);
    assert_eq!(bytes(&[7; 512]), 24, "one number takes a head");
    assert_eq!(bytes(&[7; 513]), 48);
    let mut spiked = [3; 512];
    spiked[100] = u64::MAX;
    assert_eq!(bytes(&spiked), 24 + 64 + 10, "a spike is an exception");
    let ramp: Vec<u64> = (1 << 40..(1 << 40) + 512).collect();
    assert_eq!(bytes(&ramp), 24 + 512 * 9 / 8);
}

/// Blocks are laid out so many at a time, and what is behind them is given back: what lies across is whole nevertheless.
#[test]
fn a_snapshot_of_several_windows_is_the_same_in_memory_and_written() {
    const MIB: usize = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    // In vectors, and in slabs and a file.
    for budget in [Budget::unlimited(), Budget::limited(20 * MIB as u64, folder.path())] {
        let columns = || {
            let lengths: [&[usize]; 3] = [&[5], &[15 * MIB + 3, 0, 1, 7 * MIB], &[0, 17 * MIB + 1]];
            let of = [Column::CasePairs, Column::NameFolded, Column::SpellingBytes];
            let mut columns: Vec<Encoded> = of
                .into_iter()
                .zip(lengths)
                .map(|(column, lengths)| {
                    let bytes =
                        |&length: &usize| (0..length).map(|at| (at * 7 / 5 % 251).to_le_bytes()[0]).collect();
                    let pieces =
                        lengths.iter().map(|length| budget.put(Kind::Columns, bytes(length)).unwrap());
                    let values = lengths.iter().sum();
                    Encoded { column, transform: Transform::None, pieces: pieces.collect(), values }
                })
                .collect();
            columns.sort_unstable_by_key(|column| column.column);
            columns
        };
        let ready = Ready::new(columns(), 2).unwrap();
        let written = ready.write(Vec::new()).unwrap();
        budget.turn();
        assert!(written == snapshot(columns(), 2).unwrap());
        assert_eq!(written.len() as u64, ready.bytes());
        let directory = open(SnapshotBytes::Owned(written), false).unwrap();
        for column in [Column::CasePairs, Column::NameFolded, Column::SpellingBytes] {
            directory.bytes(column).unwrap().all();
        }
        directory.storage.sound().unwrap();
    }
}

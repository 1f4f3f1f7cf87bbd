//! Each distinct name once, in the order of names.
//!
//! Many items bear a name that others have. So equal names are found first, by hash, and only the distinct ones
//! are sorted. To sort all items, and see equal neighbours then, was measured a tenth faster where all names differ,
//! a third slower where three in ten are equal to others, and twice as slow where seven are.
//!
//! The result depends on the names alone: not on the threads, nor on the seed of the hash, nor, but for
//! `of_item`, on the order of items.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rayon::prelude::*;

use super::first::first_items;
use super::sort::{Entry, Order};
use super::spelling::Speller;
use super::text::Names;
use super::write::write;
use crate::case::CaseTable;

/// The number of a name where there is none.
pub(super) const NO_NAME: u32 = u32::MAX;
/// Names or items that a thread numbers before it asks for more.
const TASK_NAMES: usize = 1 << 14;

/// The distinct names, numbered by their folded bytes, then by their own.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Distinct {
    /// For each item the number of its name; `u32::MAX` if it is not used.
    pub(crate) of_item: Vec<u32>,
    /// The folded names one after another.
    pub(crate) folded: Vec<u8>,
    /// Where in `folded` each name ends.
    pub(crate) ends: Vec<u64>,
    /// How each name is spelled: the code of [`Speller`].
    pub(crate) spelling: Vec<u64>,
    /// The spelling bytes.
    pub(crate) spellings: Vec<u8>,
}

/// Finds the distinct names of the items that are used. Item *i* has the name
/// `bytes[ends[i - 1]..ends[i]]`.
///
/// # Panics
/// If `ends` do not ascend within `bytes`, if there are 2³² − 1 items or more, or if a name is longer than
/// 65 535 bytes.
pub(crate) fn distinct(
    bytes: &[u8],
    ends: &[u64],
    used: impl Fn(usize) -> bool + Sync,
    case: &CaseTable,
) -> Distinct {
    assert!(ends.len() < NO_NAME as usize, "{} items cannot be numbered", ends.len());
    let names = Names::new(bytes, ends, case);
    let firsts = first_items(&names, used, &foldhash::quality::RandomState::default());
    let (order, entries) = Order::sorted(&names, &firsts);
    let mut distinct = write(&names, &order, &entries, &Speller::new(case));
    distinct.of_item = number(firsts, &entries);
    distinct
}

/// The number of each item's name, by the place of the first item that bears it.
fn number(firsts: Vec<AtomicU32>, sorted: &[Entry]) -> Vec<u32> {
    let mut ranks: Vec<AtomicU32> = Vec::new();
    ranks.resize_with(firsts.len(), || AtomicU32::new(NO_NAME));
    (0..NO_NAME).into_par_iter().zip(sorted).with_min_len(TASK_NAMES).for_each(|(rank, entry)| {
        // Relaxed: nobody reads it before all threads are joined.
        ranks[entry.item as usize].store(rank, Relaxed);
    });
    let rank =
        |first: AtomicU32| ranks.get(first.into_inner() as usize).map_or(NO_NAME, |rank| rank.load(Relaxed));
    firsts.into_par_iter().with_min_len(TASK_NAMES).map(rank).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::names::samples;

    fn lay_out<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<u64>) {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for name in names {
            bytes.extend_from_slice(name);
            ends.push(bytes.len() as u64);
        }
        (bytes, ends)
    }

    /// Compares with a sorted set; the answer must be the same on one thread and on four.
    fn check(items: &[(Vec<u8>, bool)], case: &CaseTable) {
        let (bytes, ends) = lay_out(items.iter().map(|(name, _)| &name[..]));
        let [found, again] = [1, 4].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| distinct(&bytes, &ends, |item| items[item].1, case))
        });
        assert!(found == again);
        let used = items.iter().filter(|(_, used)| *used);
        let model: BTreeSet<(Vec<u8>, &[u8])> = used.map(|(name, _)| (case.fold(name), &name[..])).collect();
        assert_eq!((found.ends.len(), found.spelling.len()), (model.len(), model.len()));
        let speller = Speller::new(case);
        let (mut start, mut restored) = (0, Vec::new());
        for ((folded, plain), (&end, &code)) in model.iter().zip(found.ends.iter().zip(&found.spelling)) {
            let end = usize::try_from(end).unwrap();
            assert_eq!(&found.folded[start..end], folded);
            restored.clear();
            speller.restore(folded, code, &found.spellings, &mut restored).unwrap();
            assert_eq!(&restored, plain);
            start = end;
        }
        assert_eq!(start, found.folded.len());
        let numbers: std::collections::BTreeMap<&[u8], u32> =
            model.iter().map(|name| name.1).zip(0..).collect();
        let expected = items.iter().map(|(name, used)| if *used { numbers[&name[..]] } else { NO_NAME });
        assert!(found.of_item.iter().copied().eq(expected));
    }

    fn check_names(names: impl IntoIterator<Item = String>) {
        let items: Vec<_> = names.into_iter().map(|name| (name.into_bytes(), true)).collect();
        check(&items, &CaseTable::default());
    }

    #[test]
    fn no_items() {
        check(&[], &CaseTable::default());
        check(&[(b"a".to_vec(), false)], &CaseTable::default());
        assert_eq!(distinct(b"", &[], |_| true, &CaseTable::default()), Distinct::default());
    }

    #[test]
    fn more_names_than_a_task_has() {
        check_names((0..100_000u32).map(|n| format!("{:07X} ü", n.wrapping_mul(2_654_435_761) >> 12)));
    }

    #[test]
    fn many_names_that_agree_in_their_first_bytes() {
        let same = "a beginning that is much longer than the eight bytes of a key ";
        check_names((0..70_000u32).map(|n| format!("{same}{:x}", n.wrapping_mul(2_654_435_761) >> 15)));
    }

    #[test]
    fn many_ties_behind_other_names() {
        let name =
            |n: u32| if n < 50_000 { format!("{n:x}") } else { format!("zzzzzzzz {:x}", n.reverse_bits()) };
        check_names((0..100_000).map(name));
    }

    #[test]
    fn many_equal_names_and_their_cases() {
        check_names((0..100_000).map(|n| ["index.js", "Index.js", "INDEX.JS"][n % 3].to_owned()));
    }

    #[test]
    fn names_that_differ_in_case_alone() {
        let name = |n: usize| (0..17).map(|bit| if n >> bit & 1 == 0 { 'q' } else { 'Q' }).collect();
        check_names((0..70_000usize).map(name));
    }

    #[test]
    fn names_of_zeros() {
        check_names((0..600).map(|n| "\0".repeat(n * 7 % 300)));
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_set(
            case in samples::case_table(),
            items in prop::collection::vec((samples::name(), prop::bool::weighted(0.9)), 0..200),
        ) {
            check(&items, &case);
        }
    }
}

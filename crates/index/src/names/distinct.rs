//! Each distinct name once, in the order of names.
//!
//! Many items bear a name that others have. So in each part ([`deal`](super::deal)) equal names are found first, by hash, and only
//! the distinct ones are sorted.
//!
//! The result depends on the names alone: not on the threads, nor on the seed of the hash, nor, but for
//! `of_item`, on the order of items.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use foldhash::quality::RandomState;
use rayon::prelude::*;

use super::deal::{Deal, Part};
use super::first::first_items;
use super::sort::Order;
use super::source::ItemNames;
use super::spelling::{self, Speller};
use super::text::Names;
use super::write::{Written, write};
use crate::batch::as_u32;
use crate::budget::{Budget, Kind, SpillError, Stretch};
use crate::case::CaseTable;

/// The number of a name where there is none.
pub(super) const NO_NAME: u32 = u32::MAX;

/// The distinct names, numbered by their folded bytes, then by their own.
#[derive(Debug, Default)]
pub(crate) struct Distinct {
    /// For each item the number of its name; `u32::MAX` if it is not used.
    pub(crate) of_item: Vec<u32>,
    /// Where the items of each name would end, if they lay in the order of their names.
    pub(crate) items_end: Vec<u32>,
    pub(crate) columns: NameColumns,
}

/// What there is of each name.
#[derive(Debug, Default)]
pub(crate) struct NameColumns {
    /// The folded names one after another, in pieces.
    pub(crate) folded: Vec<Stretch>,
    /// Where in the folded names each ends.
    pub(crate) ends: Vec<u64>,
    /// How each name is spelled: the code of [`Speller`].
    pub(crate) spelling: Vec<u64>,
    /// The spelling bytes, in pieces.
    pub(crate) spellings: Vec<Stretch>,
}

/// Finds the distinct names of the items that are used.
///
/// # Errors
/// If what does not fit into the budget cannot be put aside.
///
/// # Panics
/// If the ends of names do not ascend within their bytes, if there are 2³² − 1 items or more, or if a name is longer than
/// 65 535 bytes.
pub(crate) fn distinct(
    names: ItemNames,
    used: impl Fn(usize) -> bool + Sync,
    case: &CaseTable,
    budget: &Budget,
) -> Result<Distinct, SpillError> {
    let items = names.len();
    assert!(items < NO_NAME as usize, "{items} items cannot be numbered");
    let deal = Deal::new(&names, used, case, budget)?;
    drop(names);
    let (speller, hash) = (Speller::new(case), RandomState::default());
    let mut joint = Joint::new(items);
    // What is made of a part takes more than the part, so where memory is short a few are joined before the next ones are begun.
    let at_once = if budget.is_limited() { rayon::current_num_threads() * 2 } else { deal.parts() };
    for first in (0..deal.parts()).step_by(at_once) {
        let parts = first..deal.parts().min(first + at_once);
        let numbered = |slots: &mut Vec<u64>, part: usize| {
            let part = deal.part(part, case, &hash, slots)?;
            Ok(Numbered::new(&part, &speller, case, &hash, slots))
        };
        let parts = parts.into_par_iter().map_init(Vec::new, numbered).collect::<Result<Vec<_>, _>>()?;
        joint.add(parts, budget)?;
    }
    drop(deal);
    budget.turn();
    Ok(joint.distinct())
}

/// The names of a part, numbered within it.
struct Numbered {
    /// Each item with the number of its name.
    items: Vec<(u32, u32)>,
    /// How many items bear each name.
    bearers: Vec<u32>,
    names: Written,
}

impl Numbered {
    fn new(
        part: &Part,
        speller: &Speller,
        case: &CaseTable,
        hash: &RandomState,
        slots: &mut Vec<u64>,
    ) -> Self {
        let names = Names::new(&part.bytes, &part.ends, case);
        let firsts = first_items(&names, hash, slots);
        let (order, entries) = Order::sorted(&names, &part.cards, &firsts);
        let mut ranks = vec![NO_NAME; firsts.len()];
        for (rank, entry) in (0u32..).zip(&entries) {
            ranks[entry.item as usize] = rank;
        }
        let mut bearers = vec![0; entries.len()];
        let mut ranked = |item: u32, card: u32| {
            let rank = ranks[firsts[card as usize] as usize];
            bearers[rank as usize] += 1;
            (item, rank)
        };
        // Of the cards that were thinned out every bearer is told of, themselves among them.
        let mut items = Vec::with_capacity(part.borne.len() + part.cards.len() - part.thinned);
        items.extend(part.borne.iter().map(|&(item, card)| ranked(item, card)));
        let cards = (0u32..).zip(&part.cards).skip(part.thinned);
        items.extend(cards.map(|(place, card)| ranked(card.item, place)));
        Self { items, bearers, names: write(&names, &order, &entries, speller) }
    }
}

/// Parts as one, as far as they are there.
struct Joint {
    of_item: Vec<AtomicU32>,
    distinct: Distinct,
    folded_bytes: u64,
    spelling_bytes: u64,
    bearers: u32,
}

impl Joint {
    fn new(items: usize) -> Self {
        let mut of_item = Vec::new();
        of_item.resize_with(items, || AtomicU32::new(NO_NAME));
        let distinct = Distinct::default();
        Self { of_item, distinct, folded_bytes: 0, spelling_bytes: 0, bearers: 0 }
    }

    /// Adds parts that come next.
    fn add(&mut self, parts: Vec<Numbered>, budget: &Budget) -> Result<(), SpillError> {
        let Self { of_item, distinct, folded_bytes, spelling_bytes, bearers } = self;
        let Distinct { items_end, columns, .. } = distinct;
        let count = parts.iter().map(|part| part.names.ends.len()).sum();
        let mut first = as_u32(columns.ends.len());
        let mut ends = grown(&mut columns.ends, count);
        let mut codes = grown(&mut columns.spelling, count);
        let mut items_ends = grown(items_end, count);
        let mut joining = Vec::with_capacity(parts.len());
        for Numbered { items, bearers: of_names, names } in parts {
            let Written { folded, ends: own_ends, codes: own_codes, spellings } = names;
            let names = own_ends.len();
            let (end, code, items_end);
            (end, ends) = ends.split_at_mut(names);
            (code, codes) = codes.split_at_mut(names);
            (items_end, items_ends) = items_ends.split_at_mut(names);
            let before = (*folded_bytes, *spelling_bytes, *bearers, first);
            *folded_bytes += folded.len() as u64;
            *spelling_bytes += spellings.len() as u64;
            *bearers += as_u32(items.len());
            first += as_u32(names);
            columns.folded.push(budget.put(Kind::Columns, folded)?);
            columns.spellings.push(budget.put(Kind::Columns, spellings)?);
            joining.push((before, (end, own_ends), (code, own_codes), (items_end, of_names), items));
        }
        joining.into_par_iter().for_each(|(before, ends, codes, bearers, items)| {
            let (folded, spelling, mut items_before, first) = before;
            ends.0.iter_mut().zip(ends.1).for_each(|(slot, end)| *slot = folded + end);
            codes.0.iter_mut().zip(codes.1).for_each(|(slot, code)| *slot = spelling::moved(code, spelling));
            for (slot, count) in bearers.0.iter_mut().zip(bearers.1) {
                items_before += count;
                *slot = items_before;
            }
            for (item, rank) in items {
                // Relaxed: nobody reads it before all threads are joined.
                of_item[item as usize].store(first + rank, Relaxed);
            }
        });
        Ok(())
    }

    fn distinct(self) -> Distinct {
        let of_item = self.of_item.into_iter().map(AtomicU32::into_inner).collect();
        Distinct { of_item, ..self.distinct }
    }
}

/// So many more numbers at the end of a column, to be set.
fn grown<T: Copy + Default>(column: &mut Vec<T>, count: usize) -> &mut [T] {
    let before = column.len();
    if before == 0 {
        // Memory that is zero need not be touched.
        *column = vec![T::default(); count];
    } else {
        column.resize(before + count, T::default());
    }
    &mut column[before..]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::budget::{Chain, Runs};
    use crate::names::samples;
    use crate::pieces::Piece;

    fn lay_out<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<u64>) {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for name in names {
            bytes.extend_from_slice(name);
            ends.push(bytes.len() as u64);
        }
        (bytes, ends)
    }

    /// The names as two workers handed them on who took turns.
    fn handed(bytes: &[u8], ends: &[u64], budget: &Budget) -> ItemNames {
        let (mut runs, mut pieces) = ([Runs::default(), Runs::default()], Vec::new());
        for (number, part) in bytes.chunks(100).enumerate() {
            let start = usize::try_from(runs[number % 2].bytes()).unwrap();
            pieces.push(Piece { batch: number % 2, range: start..start + part.len() });
            runs[number % 2].push(budget.put(Kind::Columns, part.to_vec()).unwrap());
        }
        let starts = [0].into_iter().chain(ends.iter().copied());
        let lengths = ends.iter().zip(starts).map(|(end, start)| u16::try_from(end - start).unwrap());
        ItemNames {
            names: Chain::new(runs.into(), &pieces, 1),
            streams: Chain::default(),
            made: Vec::new(),
            lengths: lengths.collect(),
        }
    }

    fn concat(stretches: &[Stretch]) -> Vec<u8> {
        let mut bytes = Vec::new();
        stretches.iter().for_each(|stretch| stretch.read(0..stretch.len(), &mut bytes).unwrap());
        bytes
    }

    /// Compares with a sorted set; the answer must be the same on one thread and on four, and whatever lies in memory.
    fn check(items: &[(Vec<u8>, bool)], case: &CaseTable) {
        let (bytes, ends) = lay_out(items.iter().map(|(name, _)| &name[..]));
        let folder = tempfile::tempdir().unwrap();
        let budgets =
            [Budget::unlimited(), Budget::limited(0, folder.path()), Budget::limited(9999, folder.path())];
        let of = |threads: usize, budget: &Budget| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let names = handed(&bytes, &ends, budget);
            pool.install(|| distinct(names, |item| items[item].1, case, budget)).unwrap()
        };
        let found = of(1, &budgets[0]);
        let (all_folded, spellings) = (concat(&found.columns.folded), concat(&found.columns.spellings));
        for (threads, budget) in [(4, &budgets[0]), (1, &budgets[1]), (4, &budgets[1]), (2, &budgets[2])] {
            let again = of(threads, budget);
            assert_eq!(again.of_item, found.of_item);
            assert_eq!(again.items_end, found.items_end);
            let (again, found) = (&again.columns, &found.columns);
            assert!((&again.ends, &again.spelling) == (&found.ends, &found.spelling));
            assert!(concat(&again.folded) == all_folded && concat(&again.spellings) == spellings);
        }
        let used = items.iter().filter(|(_, used)| *used);
        let model: BTreeSet<(Vec<u8>, &[u8])> = used.map(|(name, _)| (case.fold(name), &name[..])).collect();
        let (ends, codes) = (&found.columns.ends, &found.columns.spelling);
        assert_eq!((ends.len(), codes.len()), (model.len(), model.len()));
        let speller = Speller::new(case);
        let (mut start, mut restored) = (0, Vec::new());
        for ((folded, plain), (&end, &code)) in model.iter().zip(ends.iter().zip(codes)) {
            let end = usize::try_from(end).unwrap();
            assert_eq!(&all_folded[start..end], folded);
            restored.clear();
            speller.restore(folded, code, &spellings, &mut restored).unwrap();
            assert_eq!(&restored, plain);
            start = end;
        }
        assert_eq!(start, all_folded.len());
        let numbers: std::collections::BTreeMap<&[u8], u32> =
            model.iter().map(|name| name.1).zip(0..).collect();
        let expected = items.iter().map(|(name, used)| if *used { numbers[&name[..]] } else { NO_NAME });
        assert!(found.of_item.iter().copied().eq(expected));
        let bearers = |name: u32| found.of_item.iter().filter(|&&number| number == name).count();
        let counts = (0u32..).zip(&found.items_end).scan(0, |before, (name, &end)| {
            let count = end - std::mem::replace(before, end);
            Some((name, count as usize))
        });
        let last = u32::try_from(items.len().min(50)).unwrap();
        assert!(counts.filter(|&(name, _)| name < last).all(|(name, count)| bearers(name) == count));
    }

    fn check_names(names: impl IntoIterator<Item = String>) {
        let items: Vec<_> = names.into_iter().map(|name| (name.into_bytes(), true)).collect();
        check(&items, &CaseTable::default());
    }

    #[test]
    fn no_items() {
        check(&[], &CaseTable::default());
        check(&[(b"a".to_vec(), false)], &CaseTable::default());
        let none = handed(&[], &[], &Budget::unlimited());
        let none = distinct(none, |_| true, &CaseTable::default(), &Budget::unlimited()).unwrap();
        assert!(
            none.of_item.is_empty()
                && none.columns.ends.is_empty()
                && concat(&none.columns.folded).is_empty()
        );
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

    /// So few that parts and what is dealt out in one go are told by their bytes.
    #[test]
    fn few_names_that_are_long() {
        check_names(
            (0..9000).map(|n: u32| format!("{:05}{}", n.wrapping_mul(7919) % 9000, "ß名".repeat(140))),
        );
        check_names((0..9000).map(|n: u32| format!("{}{}", "名".repeat(250), n % 3)));
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

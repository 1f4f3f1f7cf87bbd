//! The first rows in an order, where many names pass: rows are walked in that order, and looked at until there are enough.
//!
//! Which names hold a text is known after one sweep over the blob; which rows bear them takes many times as long if there are many.
//! Then it is not asked. To see whether the name of a row is one of those takes a bit, some 3 ns, so that twenty hits are soon found
//! even where thousands of rows before the first have none.

use super::SearchOptions;
use super::order::SortKey;
use super::plan::Plan;
use crate::Index;

/// If less than one name in so many passes, their rows are looked up.
const SHARE: usize = 64;
/// The same if not so many names pass for each row that is wanted.
const ABUNDANCE: usize = 4;

/// The first rows that pass and are something to show, up to where the window ends, if this is the way to find them.
pub(super) fn first(plan: &Plan<'_>, index: &Index, options: &SearchOptions) -> Option<Vec<u32>> {
    let (_, end) = options.window();
    let leading = plan.leading().filter(|_| plan.is_local())?;
    let passing = leading.passing(index);
    let names = index.names();
    let least = end.saturating_mul(ABUNDANCE).max(names.len() / SHARE) as u64;
    if passing.count() < least.max(1) {
        return None;
    }
    let empty = index.empty_bucket();
    let shown = |row: u32| Some(row) != empty && plan.holds(index, row);
    let mut column = index.rows.name.cursor();
    let passes = |row: &u32| {
        let name = u32::try_from(column.get(*row as usize)).unwrap_or(u32::MAX);
        passing.contains(name) && shown(*row)
    };
    let take = |rows: &mut dyn Iterator<Item = u32>| rows.take(end).collect();
    let rows = 0..index.len();
    let found = match options.sort {
        None | Some(SortKey::Path) if options.descending => take(&mut rows.rev().filter(passes)),
        None | Some(SortKey::Path) => take(&mut rows.filter(passes)),
        Some(SortKey::Name) if options.descending => take(
            &mut passing.iter_back().flat_map(|name| bearers(index, name).rev()).filter(|&row| shown(row)),
        ),
        Some(SortKey::Name) => {
            take(&mut passing.iter().flat_map(|name| bearers(index, name)).filter(|&row| shown(row)))
        }
        // A column of numbers is unpacked as soon as the rows are looked up.
        Some(_) => return None,
    };
    Some(found)
}

/// The rows that bear a name, without those that a forged list gives it.
fn bearers(index: &Index, name: u32) -> impl DoubleEndedIterator<Item = u32> {
    let bears = move |&row: &u32| {
        let fits = index.row(row).name_number() == name;
        if !fits {
            index.names().rows_by_name().misfit(name as usize);
        }
        fits
    };
    index.names().rows_of(name).filter(bears)
}

//! Writes what was built as the columns of a snapshot, each packed on whichever thread is free.

use super::files::FileFacts;
use super::items::Items;
use super::layout::RowTable;
use super::totals::Totals;
use crate::CaseTable;
use crate::batch::{RawStream, as_u32};
use crate::budget::{Budget, Kind, SpillError, Stretch};
use crate::names::NameColumns;
use crate::store::{CHUNK, Column, Encoded, Transform, bits_of, pack, rank};

const WORD: usize = u64::BITS as usize;

/// Columns that were packed, unless something could not be put aside.
pub(super) type Packing<T = Vec<Encoded>> = Result<T, SpillError>;

/// One chunk in so many is looked at to tell which of two forms of a column is smaller.
pub(super) const SAMPLED: usize = 8;

/// What is known of the rows when they are numbered: their parents and names, which of them hold others, each with the first row after its
/// subtree, and the rows of each name, of which `ends` tells where those of each end.
pub(super) fn tree(
    parent: Vec<u32>,
    name: Vec<u32>,
    holders: &[(u32, u32)],
    ends: Vec<u32>,
    budget: &Budget,
) -> Packing {
    let rows = parent.len();
    let (of_names, of_rows) = rayon::join(
        || packed(Column::PostingRow, &sorted_by_name(&name, ends), budget),
        || {
            let of_parents = packed(Column::RowParent, &parent, budget)?;
            drop(parent);
            let mut bits_of_holders = vec![0u64; rows.div_ceil(WORD)];
            holders
                .iter()
                .for_each(|&(row, _)| bits_of_holders[row as usize / WORD] |= 1 << (row as usize % WORD));
            let end = |place: usize| holders[place].1.into();
            Ok(vec![
                packed(Column::RowName, &name, budget)?,
                of_parents,
                bits(Column::RowSubtree, &bits_of_holders, rows, budget)?,
                packed_by(Column::SubtreeEnd, holders.len(), budget, end)?,
            ])
        },
    );
    let mut encoded: Vec<Encoded> = of_rows?;
    encoded.push(of_names?);
    Ok(encoded)
}

/// What is known of the rows when their files are: which is the first of its file, and what the others are.
pub(super) fn rows(rows: &RowTable, items: &Items, streams: &[RawStream], budget: &Budget) -> Packing {
    let mut encoded = vec![
        bits(Column::RowPrimary, &rows.primary, rows.file.len(), budget)?,
        packed(Column::ClaimRow, &rows.claims.row, budget)?,
        packed(Column::ClaimParent, &rows.claims.parent, budget)?,
        packed(Column::FileLinks, &rows.order.links, budget)?,
    ];
    encoded.extend(Extras { rows, items, streams }.encode(budget)?);
    Ok(encoded)
}

/// The rows that are not the first name of a file.
struct Extras<'a> {
    rows: &'a RowTable,
    items: &'a Items,
    streams: &'a [RawStream],
}

impl Extras<'_> {
    fn encode(&self, budget: &Budget) -> Packing {
        let extras = &self.rows.extras;
        let file = |place: usize| u64::from(self.rows.file[extras[place].0 as usize]);
        let size: Vec<u64> = self.streams(|stream| stream.size);
        let allocated: Vec<u64> = self.streams(|stream| stream.allocated);
        Ok(vec![
            packed_by(Column::ExtraFile, extras.len(), budget, file)?,
            packed(Column::ExtraSize, &size, budget)?,
            rounded(Column::ExtraAllocated, &allocated, &size, budget)?,
        ])
    }

    /// A fact of the streams; 0 for further names.
    fn streams(&self, fact: fn(&RawStream) -> u64) -> Vec<u64> {
        let stream = |item: u32| {
            let stream = self.items.is_stream(item).then(|| item - self.items.first_stream);
            stream.and_then(|stream| self.streams.get(stream as usize))
        };
        self.rows.extras.iter().map(|&(_, item)| stream(item).map_or(0, fact)).collect()
    }
}

/// What is known of the names when the distinct ones are: all but their rows, of which `items_end` tells how many there are.
pub(super) fn names(names: NameColumns, items_end: &[u32], budget: &Budget) -> Packing {
    let NameColumns { folded, ends, spelling, spellings } = names;
    let (of_names, of_rows) = rayon::join(
        || {
            let end = packed(Column::NameEnd, &ends, budget)?;
            drop(ends);
            let spelling = packed(Column::NameSpelling, &spelling, budget)?;
            Ok(vec![
                end,
                spelling,
                bytes(Column::NameFolded, folded),
                bytes(Column::SpellingBytes, spellings),
            ])
        },
        || packed(Column::PostingEnd, items_end, budget),
    );
    let mut encoded: Vec<Encoded> = of_names?;
    encoded.push(of_rows?);
    Ok(encoded)
}

/// The rows in the order of their names, of which `ends` tells where the rows of each end: every item that has a name is a row.
fn sorted_by_name(name_of_row: &[u32], ends: Vec<u32>) -> Vec<u32> {
    let mut place = ends;
    let mut rows = vec![0; name_of_row.len()];
    // From the last row on, so that each place moves to where the rows of the name begin.
    for (row, &name) in name_of_row.iter().enumerate().rev() {
        let place = &mut place[name as usize];
        *place -= 1;
        rows[*place as usize] = as_u32(row);
    }
    rows
}

/// The totals and the classes of the rows.
pub(super) fn totals(totals: Totals, budget: &Budget) -> Packing {
    Ok(vec![
        bytes(Column::RowClass, vec![budget.put(Kind::Columns, totals.class)?]),
        packed(Column::TotalFiles, &totals.files, budget)?,
        packed(Column::TotalFolders, &totals.folders, budget)?,
        packed(Column::TotalBytes, &totals.bytes, budget)?,
        packed(Column::TotalAllocated, &totals.allocated, budget)?,
        packed(Column::TotalNewest, &totals.newest, budget)?,
    ])
}

/// The bytes that files take on disk.
pub(super) fn allocated(facts: &FileFacts, budget: &Budget) -> Packing<Encoded> {
    rounded(Column::FileAllocated, &facts.allocated, &facts.size, budget)
}

/// What is kept as it is.
pub(super) fn kept(case: &CaseTable, note: Vec<u8>, budget: &Budget) -> Packing {
    let put = |column: Column, kept: Vec<u8>| Ok(bytes(column, vec![budget.put(Kind::Columns, kept)?]));
    Ok(vec![put(Column::CasePairs, case.pairs())?, put(Column::Note, note)?])
}

fn bytes(column: Column, pieces: Vec<Stretch>) -> Encoded {
    let values = pieces.iter().map(Stretch::len).sum();
    Encoded { column, transform: Transform::None, pieces, values }
}

fn bits(column: Column, words: &[u64], bits: usize, budget: &Budget) -> Packing<Encoded> {
    let pieces = vec![budget.put(Kind::Columns, rank(words, bits))?];
    Ok(Encoded { column, transform: Transform::None, pieces, values: bits })
}

fn packed<T: Copy + Into<u64> + Sync>(column: Column, numbers: &[T], budget: &Budget) -> Packing<Encoded> {
    let (pieces, values) = pack(numbers.len(), budget, |range, out| {
        out.iter_mut().zip(&numbers[range]).for_each(|(slot, &number)| *slot = number.into());
    })?;
    Ok(Encoded { column, transform: Transform::None, pieces, values })
}

fn packed_by(
    column: Column,
    count: usize,
    budget: &Budget,
    number: impl Fn(usize) -> u64 + Sync,
) -> Packing<Encoded> {
    let (pieces, values) = pack(count, budget, |range, out| {
        out.iter_mut().zip(range).for_each(|(slot, place)| *slot = number(place));
    })?;
    Ok(Encoded { column, transform: Transform::None, pieces, values })
}

/// As they are or as what is more than the base rounded up, whichever is likely to be smaller.
fn rounded(column: Column, numbers: &[u64], base: &[u64], budget: &Budget) -> Packing<Encoded> {
    let divisor = numbers.iter().fold(0, |bits, number| bits | number);
    let transform = Transform::Rounding { scale: 1 << divisor.trailing_zeros().min(31) };
    let form = |place: usize| transform.apply(numbers[place], base[place]);
    let (mut plain, mut formed) = (0, 0);
    let mut buffer = Vec::with_capacity(CHUNK);
    for (number, chunk) in numbers.chunks(CHUNK).enumerate().step_by(SAMPLED) {
        plain += bits_of(chunk);
        buffer.clear();
        buffer.extend((number * CHUNK..number * CHUNK + chunk.len()).map(form));
        formed += bits_of(&buffer);
    }
    if plain <= formed {
        return packed(column, numbers, budget);
    }
    Ok(Encoded { transform, ..packed_by(column, numbers.len(), budget, form)? })
}

//! Writes what was built as the columns of a snapshot, each packed on whichever thread is free.

use std::io::{self, Seek, Write};

use super::files::FileFacts;
use super::items::Items;
use super::layout::RowTable;
use super::totals::Totals;
use crate::CaseTable;
use crate::batch::{RawStream, as_u32};
use crate::names::Distinct;
use crate::store::{CHUNK, Column, Encoded, Transform, Writer, bits_of, pack, rank};

/// One chunk in so many is looked at to tell which of two forms of a column is smaller.
pub(super) const SAMPLED: usize = 8;

/// The columns of the rows.
pub(super) fn rows(rows: &RowTable, items: &Items, streams: &[RawStream]) -> Vec<Encoded> {
    let extras = Extras { rows, items, streams };
    let (mut encoded, of_extras) = rayon::join(
        || {
            let mut holders = vec![0u64; rows.primary.len()];
            rows.holders.iter().for_each(|&(row, _)| holders[row as usize / 64] |= 1 << (row % 64));
            vec![
                packed(Column::RowName, &rows.name),
                packed(Column::RowParent, &rows.parent),
                bits(Column::RowPrimary, &rows.primary, rows.len()),
                bits(Column::RowSubtree, &holders, rows.len()),
                packed_by(Column::SubtreeEnd, rows.holders.len(), |place| rows.holders[place].1.into()),
                packed(Column::ClaimRow, &rows.claims.row),
                packed(Column::ClaimParent, &rows.claims.parent),
                packed(Column::FileLinks, &rows.order.links),
            ]
        },
        || extras.encode(),
    );
    encoded.extend(of_extras);
    encoded
}

/// The rows that are not the first name of a file.
struct Extras<'a> {
    rows: &'a RowTable,
    items: &'a Items,
    streams: &'a [RawStream],
}

impl Extras<'_> {
    fn encode(&self) -> Vec<Encoded> {
        let extras = &self.rows.extras;
        let file = |place: usize| u64::from(self.rows.file[extras[place].0 as usize]);
        let size: Vec<u64> = self.streams(|stream| stream.size);
        let allocated: Vec<u64> = self.streams(|stream| stream.allocated);
        vec![
            packed_by(Column::ExtraFile, extras.len(), file),
            packed(Column::ExtraSize, &size),
            rounded(Column::ExtraAllocated, &allocated, &size),
        ]
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

/// The columns of the names.
pub(super) fn names(names: Distinct, rows: &RowTable) -> Vec<Encoded> {
    let (postings, mut encoded) = rayon::join(
        || packed(Column::PostingRow, &postings(&rows.name, &names.items_end)),
        || {
            vec![
                packed(Column::NameEnd, &names.ends),
                packed(Column::NameSpelling, &names.spelling),
                packed(Column::PostingEnd, &names.items_end),
            ]
        },
    );
    encoded.push(postings);
    encoded.push(bytes(Column::NameFolded, names.folded));
    encoded.push(bytes(Column::SpellingBytes, names.spellings));
    encoded
}

/// The rows in the order of their names, of which `ends` tells where the rows of each end: every item that has a name is a row.
fn postings(name_of_row: &[u32], ends: &[u32]) -> Vec<u32> {
    let mut place = ends.to_vec();
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
pub(super) fn totals(totals: Totals) -> Vec<Encoded> {
    vec![
        bytes(Column::RowClass, vec![totals.class]),
        packed(Column::TotalFiles, &totals.files),
        packed(Column::TotalFolders, &totals.folders),
        packed(Column::TotalBytes, &totals.bytes),
        packed(Column::TotalAllocated, &totals.allocated),
        packed(Column::TotalNewest, &totals.newest),
    ]
}

/// The bytes that files take on disk.
pub(super) fn allocated(facts: &FileFacts) -> Encoded {
    rounded(Column::FileAllocated, &facts.allocated, &facts.size)
}

/// What is kept as it is.
pub(super) fn kept(case: &CaseTable, note: Vec<u8>) -> Vec<Encoded> {
    vec![bytes(Column::CasePairs, vec![case.pairs()]), bytes(Column::Note, vec![note])]
}

fn bytes(column: Column, pieces: Vec<Vec<u8>>) -> Encoded {
    let values = pieces.iter().map(Vec::len).sum();
    Encoded { column, transform: Transform::None, pieces, values }
}

fn bits(column: Column, words: &[u64], bits: usize) -> Encoded {
    Encoded { column, transform: Transform::None, pieces: vec![rank(words, bits)], values: bits }
}

fn packed<T: Copy + Into<u64> + Sync>(column: Column, numbers: &[T]) -> Encoded {
    let (pieces, values) = pack(numbers.len(), |range, out| {
        out.iter_mut().zip(&numbers[range]).for_each(|(slot, &number)| *slot = number.into());
    });
    Encoded { column, transform: Transform::None, pieces, values }
}

fn packed_by(column: Column, count: usize, number: impl Fn(usize) -> u64 + Sync) -> Encoded {
    let (pieces, values) = pack(count, |range, out| {
        out.iter_mut().zip(range).for_each(|(slot, place)| *slot = number(place));
    });
    Encoded { column, transform: Transform::None, pieces, values }
}

/// As they are or as what is more than the base rounded up, whichever is likely to be smaller.
fn rounded(column: Column, numbers: &[u64], base: &[u64]) -> Encoded {
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
        return packed(column, numbers);
    }
    Encoded { transform, ..packed_by(column, numbers.len(), form) }
}

/// Writes the columns as a snapshot.
pub(super) fn write<W: Write + Seek>(mut encoded: Vec<Encoded>, rows: usize, out: W) -> io::Result<W> {
    encoded.sort_unstable_by_key(|column| column.column);
    let mut writer = Writer::new(out)?;
    encoded.into_iter().try_for_each(|column| writer.column(column))?;
    writer.finish(rows as u64)
}

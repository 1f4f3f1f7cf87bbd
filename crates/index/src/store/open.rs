//! Opens a snapshot: header, directory and the arithmetic between them are checked here, so that later only values can be wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use zerocopy::FromBytes;

use super::column::{ByteColumn, Place};
use super::fault::{Part, SnapshotError};
use super::format::{
    ALIGNMENT_BYTES, BLOCK_BYTES, CHECKSUM_BYTES, COLUMNS_MAX, Column, ENTRY_BYTES, Entry, HEADER_BYTES,
    Header, MAGIC, ROWS_MAX, Shape, Transform, VERSION, identity, tail_checksum,
};
use super::packed::Packed;
use super::ranked::Ranked;
use super::storage::{SnapshotBytes, Storage};

/// The columns of a snapshot by name.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) storage: Arc<Storage>,
    pub(crate) rows: usize,
    pub(crate) identity: u64,
    pub(super) entries: BTreeMap<Column, (Entry, Transform)>,
}

/// Opens a snapshot. The blocks of what was `made_here` are trusted, others are checked when they are first touched.
pub(crate) fn open(bytes: SnapshotBytes, made_here: bool) -> Result<Directory, SnapshotError> {
    let storage = Storage::new(bytes, 0, 0..0, true);
    let whole = storage.whole();
    let header = header(whole)?;
    let columns_end =
        size(header.tail_offset.get(), "the offset of the tail", HEADER_BYTES..whole.len() + 1)?;
    let tail = whole.get(columns_end..).unwrap_or_default();
    let (expected, actual) = (header.tail_checksum.get(), tail_checksum(tail));
    if expected != actual {
        let offset = columns_end as u64;
        return Err(SnapshotError::Checksum { part: Part::Tail, offset, expected, actual });
    }
    let entries_bytes = header.columns.get() as usize * ENTRY_BYTES;
    let checksums = columns_end + entries_bytes..whole.len();
    let blocks = (columns_end - HEADER_BYTES).div_ceil(BLOCK_BYTES);
    exactly("the length of the tail", entries_bytes + blocks * CHECKSUM_BYTES, tail.len())?;
    exactly("the identity", header.identity.get(), identity(&whole[checksums.clone()]))?;
    let mut entries = BTreeMap::new();
    let mut free = HEADER_BYTES;
    for bytes in tail[..entries_bytes].chunks_exact(ENTRY_BYTES) {
        let Ok(entry) = Entry::read_from_bytes(bytes) else { continue };
        let (column, transform, end) = check_entry(&entry, free, columns_end)?;
        if entries.last_key_value().is_some_and(|(&last, _)| last >= column) {
            return Err(layout("the order of columns", "ascending", column));
        }
        entries.insert(column, (entry, transform));
        free = end;
    }
    let rows =
        size(header.rows.get(), "the number of rows", 0..usize::try_from(ROWS_MAX).unwrap_or(usize::MAX))?;
    let (identity, bytes) = (header.identity.get(), storage.into_bytes());
    let storage = Arc::new(Storage::new(bytes, columns_end, checksums, made_here));
    Ok(Directory { storage, rows, identity, entries })
}

fn header(whole: &[u8]) -> Result<Header, SnapshotError> {
    if !whole.starts_with(&MAGIC) {
        return Err(SnapshotError::NotASnapshot { found: whole[..whole.len().min(MAGIC.len())].to_vec() });
    }
    let length = |expected: u64| SnapshotError::Length { expected, actual: whole.len() as u64 };
    let (header, _) = Header::read_from_prefix(whole).map_err(|_| length(HEADER_BYTES as u64))?;
    // Before the checksum, which a later version may keep elsewhere.
    if header.version.get() != VERSION {
        return Err(match header.version.get() {
            0 => layout("the version", VERSION, 0),
            found => SnapshotError::Newer { found },
        });
    }
    let (expected, actual) = (header.checksum.get(), header.checksum_of());
    if expected != actual {
        return Err(SnapshotError::Checksum { part: Part::Header, offset: 0, expected, actual });
    }
    if header.file_bytes.get() != whole.len() as u64 {
        return Err(length(header.file_bytes.get()));
    }
    if header.columns.get() > COLUMNS_MAX {
        return Err(layout("the number of columns", format!("at most {COLUMNS_MAX}"), header.columns.get()));
    }
    Ok(header)
}

/// Checks one entry by itself and gives its column and where that ends.
fn check_entry(
    entry: &Entry,
    free: usize,
    columns_end: usize,
) -> Result<(Column, Transform, usize), SnapshotError> {
    let number = entry.column.get();
    let column = Column::from_number(number)
        .ok_or_else(|| layout("a column's number", "one that version 1 has", number))?;
    let of = |what: &str| format!("{what} of {column}");
    exactly(&of("the shape"), column.shape() as u8, entry.shape)?;
    let transform = Transform::decode(entry.transform, entry.scale.get())
        .filter(|&transform| transform == Transform::None || column.base().is_some())
        .ok_or_else(|| layout(&of("the transform"), "one that it may have", entry.transform))?;
    let start = size(entry.offset.get(), &of("the offset"), free..columns_end + 1)?;
    exactly(&of("the alignment"), 0, start % ALIGNMENT_BYTES)?;
    let bytes = size(entry.bytes.get(), &of("the length"), 0..columns_end - start + 1)?;
    let most = usize::try_from(u64::MAX >> 20).unwrap_or(usize::MAX >> 20);
    let values = size(entry.values.get(), &of("the number of values"), 0..most)?;
    match column.shape() {
        Shape::Bytes => exactly(&of("the number of values"), bytes, values)?,
        Shape::Ranked => exactly(&of("the length"), Ranked::bytes_of(values), bytes)?,
        Shape::Packed if bytes < Packed::bytes_min(values) => {
            return Err(layout(&of("the length"), format!("at least {}", Packed::bytes_min(values)), bytes));
        }
        Shape::Packed => {}
    }
    Ok((column, transform, start + bytes))
}

impl Directory {
    /// Every column with the bytes that it takes and the values that it has.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (Column, u64, u64)> {
        self.entries.iter().map(|(&column, (entry, _))| (column, entry.bytes.get(), entry.values.get()))
    }

    /// Whether there is such a column.
    pub(crate) fn has(&self, column: Column) -> bool {
        self.entries.contains_key(&column)
    }

    /// How many values a column has; none if it is absent.
    pub(crate) fn values(&self, column: Column) -> usize {
        self.entries.get(&column).map_or(0, |(entry, _)| whole(entry.values.get()))
    }

    pub(crate) fn bytes(&self, column: Column) -> Result<ByteColumn, SnapshotError> {
        Ok(ByteColumn::new(self.place(column)?.0))
    }

    pub(crate) fn ranked(&self, column: Column, values: usize) -> Result<Ranked, SnapshotError> {
        let (place, _) = self.place(column)?;
        exactly(&format!("the number of values of {column}"), values, place.values)?;
        Ok(Ranked::new(place))
    }

    /// A column of `values` numbers.
    pub(crate) fn packed(&self, column: Column, values: usize) -> Result<Packed, SnapshotError> {
        self.packed_below(column, values, u64::MAX)
    }

    /// A column of `values` numbers, each less than `limit`.
    pub(crate) fn packed_below(
        &self,
        column: Column,
        values: usize,
        limit: u64,
    ) -> Result<Packed, SnapshotError> {
        let (place, transform) = self.place(column)?;
        exactly(&format!("the number of values of {column}"), values, place.values)?;
        let relative = match (transform, column.base()) {
            (Transform::None, _) | (_, None) => None,
            // No column is relative to itself, in any number of steps: bases have lower numbers.
            (transform, Some(base)) => Some((transform, self.packed(base, values)?)),
        };
        Ok(Packed::new(place, limit, relative))
    }

    pub(super) fn place(&self, column: Column) -> Result<(Place, Transform), SnapshotError> {
        let (entry, transform) = self
            .entries
            .get(&column)
            .ok_or_else(|| layout(&format!("column {column}"), "there", "absent"))?;
        // Both were checked against the length of the file.
        let (start, bytes) = (whole(entry.offset.get()), whole(entry.bytes.get()));
        let place = Place {
            storage: Arc::clone(&self.storage),
            column,
            start,
            bytes,
            values: whole(entry.values.get()),
        };
        Ok((place, *transform))
    }
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn size(number: u64, what: &str, allowed: Range<usize>) -> Result<usize, SnapshotError> {
    let found = usize::try_from(number).ok().filter(|number| allowed.contains(number));
    found.ok_or_else(|| {
        layout(what, format!("{} to {}", allowed.start, allowed.end.saturating_sub(1)), number)
    })
}

/// Checks a number that another one decides.
pub(crate) fn exactly<T: PartialEq + std::fmt::Display>(
    what: &str,
    expected: T,
    actual: T,
) -> Result<(), SnapshotError> {
    if expected == actual { Ok(()) } else { Err(layout(what, expected, actual)) }
}

fn layout(what: &str, expected: impl std::fmt::Display, actual: impl std::fmt::Display) -> SnapshotError {
    SnapshotError::Layout {
        what: what.to_owned(),
        expected: expected.to_string(),
        actual: actual.to_string(),
    }
}

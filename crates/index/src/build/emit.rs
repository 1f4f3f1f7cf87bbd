//! Writes what was built as the columns of a snapshot, each packed on whichever thread is free.

use std::io::{self, Seek, Write};

use rayon::prelude::*;

use super::layout::RowTable;
use super::totals::Totals;
use super::{Items, Stitched};
use crate::CaseTable;
use crate::evidence::EvidenceColumns;
use crate::names::Distinct;
use crate::store::{Column, Encoded, Transform, Writer, estimate, pack, rank};

/// What the columns are made of.
pub(super) struct Parts<'a> {
    pub(super) stitched: &'a Stitched,
    pub(super) items: &'a Items,
    pub(super) rows: &'a RowTable,
    pub(super) names: &'a Distinct,
    pub(super) links: &'a [u16],
    pub(super) totals: &'a Totals,
    pub(super) case: &'a CaseTable,
    pub(super) note: &'a [u8],
}

/// What several columns are made of, gathered once.
struct Bases {
    postings: Postings,
    size: Vec<u64>,
    modified: Vec<u64>,
    created: Vec<u64>,
}

/// The rows of each name.
struct Postings {
    /// Where those of each name end.
    end: Vec<u32>,
    row: Vec<u32>,
}

impl Parts<'_> {
    /// All columns in order.
    pub(super) fn encode(&self) -> Vec<Encoded> {
        let columns: Vec<Column> = Column::ALL.iter().copied().filter(|&column| self.has(column)).collect();
        let files = &self.stitched.files;
        let bases = Bases {
            postings: self.postings(),
            size: self.of_files(&files.size, |size| size),
            modified: self.of_files(&files.modified, |time| time.0),
            created: self.of_files(&files.created, |time| time.0),
        };
        columns.into_par_iter().map(|column| self.encoded(column, &bases)).collect()
    }

    fn encoded(&self, column: Column, bases: &Bases) -> Encoded {
        let (rows, names, totals) = (self.rows, self.names, self.totals);
        let files = &self.stitched.files;
        match column {
            Column::RowClass => bytes(column, &rows.class),
            Column::RowName => {
                packed(column, rows.item.iter().map(|&item| u64::from(names.of_item[item as usize])))
            }
            Column::RowParent => packed(column, rows.parent.iter().copied().map(u64::from)),
            Column::RowPrimary => bits(column, &rows.primary, rows.len()),
            Column::RowSubtree => bits(column, &self.holders(), rows.len()),
            Column::SubtreeEnd => {
                let holders = (0..rows.len()).filter(|&row| rows.holds_others(row));
                packed(column, holders.map(|row| u64::from(rows.end[row])))
            }
            Column::ExtraFile => packed(column, self.extras().map(|row| u64::from(rows.file[row]))),
            Column::ExtraSize => packed(column, self.streams(&self.stitched.streams.size)),
            Column::ExtraAllocated => rounded(
                column,
                &self.streams(&self.stitched.streams.allocated).collect::<Vec<_>>(),
                &self.streams(&self.stitched.streams.size).collect::<Vec<_>>(),
            ),
            Column::ClaimRow => packed(column, rows.claims.row.iter().copied().map(u64::from)),
            Column::ClaimParent => packed(column, rows.claims.parent.iter().copied()),
            Column::NameFolded => bytes(column, &names.folded),
            Column::NameEnd => packed(column, names.ends.iter().copied()),
            Column::NameSpelling => packed(column, names.spelling.iter().copied()),
            Column::SpellingBytes => bytes(column, &names.spellings),
            Column::PostingEnd => packed(column, bases.postings.end.iter().copied().map(u64::from)),
            Column::PostingRow => packed(column, bases.postings.row.iter().copied().map(u64::from)),
            Column::CasePairs => bytes(column, &self.case.pairs()),
            Column::FileSize => pack_all(column, &bases.size),
            Column::FileAllocated => {
                rounded(column, &self.of_files(&files.allocated, |bytes| bytes), &bases.size)
            }
            Column::FileModified => pack_all(column, &bases.modified),
            Column::FileCreated => relative(column, &bases.created, &bases.modified),
            Column::FileChanged => {
                relative(column, &self.of_files(&files.changed, |time| time.0), &bases.modified)
            }
            Column::FileAccessed => {
                relative(column, &self.of_files(&files.accessed, |time| time.0), &bases.created)
            }
            Column::FileAttributes => pack_all(column, &self.of_files(&files.attributes, u64::from)),
            Column::FileTag => pack_all(column, &self.of_files(&files.reparse_tag, u64::from)),
            Column::FileLinks => pack_all(column, &self.of_files(self.links, u64::from)),
            Column::FileRecord => pack_all(column, &self.of_files(&files.record, u64::from)),
            Column::FileSequence => pack_all(column, &self.of_files(&files.sequence, u64::from)),
            Column::FileFlags => pack_all(column, &self.of_files(&files.flags, |flags| flags.stored())),
            Column::TotalFiles => packed(column, totals.files.iter().copied()),
            Column::TotalFolders => packed(column, totals.folders.iter().copied()),
            Column::TotalBytes => packed(column, totals.bytes.iter().copied()),
            Column::TotalAllocated => packed(column, totals.allocated.iter().copied()),
            Column::TotalNewest => packed(column, totals.newest.iter().copied()),
            Column::Note => bytes(column, self.note),
            Column::EvidenceSecurity => {
                pack_all(column, &self.of_evidence(|kept, file| kept.security[file].into()))
            }
            Column::EvidenceUsn => pack_all(column, &self.of_evidence(|kept, file| kept.usn[file])),
            Column::EvidenceLsn => pack_all(column, &self.of_evidence(|kept, file| kept.lsn[file])),
            Column::EvidenceNameModified => {
                relative(column, &self.of_evidence(|kept, file| kept.name_modified[file].0), &bases.modified)
            }
            Column::EvidenceNameCreated => {
                relative(column, &self.of_evidence(|kept, file| kept.name_created[file].0), &bases.created)
            }
            Column::EvidenceNameChanged => {
                let changed = self.of_files(&files.changed, |time| time.0);
                relative(column, &self.of_evidence(|kept, file| kept.name_changed[file].0), &changed)
            }
            Column::EvidenceNameAccessed => {
                let accessed = self.of_files(&files.accessed, |time| time.0);
                relative(column, &self.of_evidence(|kept, file| kept.name_accessed[file].0), &accessed)
            }
        }
    }

    /// A column of the stitched table in the order of the files' final numbers.
    fn of_files<T: Copy>(&self, column: &[T], number: impl Fn(T) -> u64) -> Vec<u64> {
        self.rows.files.iter().map(|&file| number(column[file as usize])).collect()
    }

    fn has(&self, column: Column) -> bool {
        !column.is_optional() || self.stitched.evidence.is_some()
    }

    /// A column of the evidence in the order of the files' final numbers; empty if none was kept.
    fn of_evidence(&self, number: impl Fn(&EvidenceColumns, usize) -> u64) -> Vec<u64> {
        let Some(kept) = &self.stitched.evidence else { return Vec::new() };
        self.rows.files.iter().map(|&file| number(kept, file as usize)).collect()
    }

    /// The rows that are not the first name of a file.
    fn extras(&self) -> impl Iterator<Item = usize> + Clone {
        (0..self.rows.len()).filter(|&row| !self.rows.is_primary(row))
    }

    /// A column of streams at the rows that are not the first name of a file; 0 for further names.
    fn streams(&self, column: &[u64]) -> impl Iterator<Item = u64> + Clone {
        self.extras().map(move |row| {
            let item = self.rows.item[row];
            if self.items.is_stream(item) { column[(item - self.items.first_stream) as usize] } else { 0 }
        })
    }

    /// One bit a row: it holds others.
    fn holders(&self) -> Vec<u64> {
        let mut words = vec![0u64; self.rows.primary.len()];
        for row in (0..self.rows.len()).filter(|&row| self.rows.holds_others(row)) {
            words[row / 64] |= 1 << (row % 64);
        }
        words
    }

    /// A counting sort of the rows by name.
    fn postings(&self) -> Postings {
        let names = || self.rows.item.iter().map(|&item| self.names.of_item[item as usize] as usize);
        let mut place = vec![0u32; self.names.ends.len() + 1];
        names().for_each(|name| place[name + 1] += 1);
        for name in 1..place.len() {
            place[name] += place[name - 1];
        }
        let mut rows = vec![0; self.rows.len()];
        for (row, name) in (0u32..).zip(names()) {
            rows[place[name] as usize] = row;
            place[name] += 1;
        }
        // Each place has moved to where the name ends.
        place.pop();
        Postings { end: place, row: rows }
    }
}

fn bytes(column: Column, bytes: &[u8]) -> Encoded {
    Encoded { column, transform: Transform::None, bytes: bytes.to_vec(), values: bytes.len() }
}

fn bits(column: Column, words: &[u64], bits: usize) -> Encoded {
    Encoded { column, transform: Transform::None, bytes: rank(words, bits), values: bits }
}

fn packed(column: Column, values: impl Iterator<Item = u64>) -> Encoded {
    pack_all(column, &values.collect::<Vec<_>>())
}

fn pack_all(column: Column, values: &[u64]) -> Encoded {
    Encoded { column, transform: Transform::None, bytes: pack(values), values: values.len() }
}

/// As they are or as differences to `base`, whichever is likely to be smaller.
fn relative(column: Column, values: &[u64], base: &[u64]) -> Encoded {
    transformed(column, Transform::Difference, values, base)
}

/// As they are or as what is more than the base rounded up, whichever is likely to be smaller.
fn rounded(column: Column, values: &[u64], base: &[u64]) -> Encoded {
    let divisor = values.iter().fold(0, |bits, value| bits | value);
    let scale = 1 << divisor.trailing_zeros().min(31);
    transformed(column, Transform::Rounding { scale }, values, base)
}

fn transformed(column: Column, transform: Transform, values: &[u64], base: &[u64]) -> Encoded {
    let form = |place: usize, value| transform.apply(value, base[place]);
    if estimate(values, |_, value| value) <= estimate(values, form) {
        return pack_all(column, values);
    }
    let formed: Vec<u64> = values.iter().enumerate().map(|(place, &value)| form(place, value)).collect();
    Encoded { transform, ..pack_all(column, &formed) }
}

/// Writes the columns as a snapshot.
pub(super) fn write<W: Write + Seek>(encoded: &[Encoded], rows: usize, out: W) -> io::Result<W> {
    let mut writer = Writer::new(out)?;
    encoded.iter().try_for_each(|column| writer.column(column))?;
    writer.finish(rows as u64)
}

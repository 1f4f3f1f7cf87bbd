//! The columns of files, in the order of their final numbers.
//!
//! That order has little to do with the one in which files were read. So each file is gone to once: the facts of as many
//! files as make a chunk are gathered, and all columns packed from there. To gather one column after another was the
//! alternative: it waits for memory once for each fact of a file, and takes eight bytes a file for each column in between.
//!
//! Where there is not memory for all files, nobody can go to one: they are [sorted](super::sorted) first, a stretch at a time.

use std::ops::Range;

use rayon::prelude::*;

use super::emit::{Packing, SAMPLED};
use super::file_table::FileTable;
use super::layout::FileOrder;
use super::sorted::Sorted;
use crate::batch::as_u32;
use crate::budget::{Budget, SpillError};
use crate::evidence::Evidence;
use crate::file::{File, FileFlags, is_link_tag};
use crate::pieces::Parts;
use crate::row::{Kind, RowFlags};
use crate::rows::class_of;
use crate::store::{CHUNK, Column, Done, Encoded, Packer, TASK_VALUES, Transform, bits_of, joined};

/// What rows and totals want to know of the files, by their final numbers.
#[derive(Debug)]
pub(super) struct FileFacts {
    pub(super) size: Vec<u64>,
    pub(super) allocated: Vec<u64>,
    pub(super) modified: Vec<u64>,
    /// Kind and flags that a row has from its file.
    pub(super) class: Vec<u8>,
}

/// The same of files that one thread packs.
struct FactsPart<'a> {
    size: &'a mut [u64],
    allocated: &'a mut [u64],
    modified: &'a mut [u64],
    class: &'a mut [u8],
}

impl FileFacts {
    fn new(files: usize) -> Self {
        Self {
            size: vec![0; files],
            allocated: vec![0; files],
            modified: vec![0; files],
            class: vec![0; files],
        }
    }

    /// Of some files, one part for each thread's task.
    fn parts(&mut self, files: Range<usize>) -> impl IndexedParallelIterator<Item = FactsPart<'_>> {
        let Self { size, allocated, modified, class } = self;
        let sizes = size[files.clone()].par_chunks_mut(TASK_VALUES);
        let sizes = sizes.zip(allocated[files.clone()].par_chunks_mut(TASK_VALUES));
        let others = modified[files.clone()].par_chunks_mut(TASK_VALUES);
        let others = others.zip(class[files].par_chunks_mut(TASK_VALUES));
        sizes.zip(others).map(|((size, allocated), (modified, class))| FactsPart {
            size,
            allocated,
            modified,
            class,
        })
    }
}

impl FactsPart<'_> {
    fn keep(&mut self, place: usize, file: &File) {
        self.size[place] = file.size;
        self.allocated[place] = file.allocated;
        self.modified[place] = file.modified.0;
        self.class[place] = own_class(file);
    }
}

/// The columns that are packed from gathered files: all but the bytes on disk and the number of names.
fn columns(has_evidence: bool) -> Vec<Column> {
    let of_files = |&column: &Column| (Column::FileSize..=Column::FileFlags).contains(&column);
    let of_evidence = |&column: &Column| column.is_optional() && has_evidence;
    let elsewhere = [Column::FileAllocated, Column::FileLinks];
    let all = Column::ALL.iter().copied();
    all.filter(|column| (of_files(column) || of_evidence(column)) && !elsewhere.contains(column)).collect()
}

/// Packs the columns of the files, and keeps what else is wanted of them.
pub(super) fn pack_files(
    files: FileTable,
    order: &FileOrder,
    budget: &Budget,
) -> Packing<(FileFacts, Vec<Encoded>)> {
    let columns = columns(files.has_evidence());
    let mut packed = PackedFiles { facts: FileFacts::new(order.place.len()), tasks: Vec::new() };
    let forms = match files {
        FileTable::Whole { files, evidence } => {
            let table = Table { files: &files, evidence: evidence.as_ref() };
            let sampled = order.place.par_chunks(CHUNK).step_by(SAMPLED);
            let bits = sampled.map_init(Gathered::default, |gathered, places| {
                gathered.fill(table, places);
                gathered.bits(&columns)
            });
            let forms = choose_forms(&columns, bits.reduce(|| vec![[0; 2]; columns.len()], sum));
            packed.pack(table, &order.place, 0, &forms, budget)?;
            forms
        }
        FileTable::Split(split) => {
            let sorted = Sorted::new(split, order, budget)?;
            let mut gathered = Gathered::default();
            let mut bits = vec![[0; 2]; columns.len()];
            sorted.sampled(|table, chunk| {
                gathered.fill(table, &places(chunk));
                bits = sum(std::mem::take(&mut bits), gathered.bits(&columns));
            })?;
            let forms = choose_forms(&columns, bits);
            sorted.each(|first, table| {
                packed.pack(table, &places(0..table.files.len()), first, &forms, budget)
            })?;
            budget.turn();
            forms
        }
    };
    let PackedFiles { facts, tasks } = packed;
    let mut tasks: Vec<_> = tasks.into_iter().map(Vec::into_iter).collect();
    let encoded = forms.into_iter().map(|(column, transform)| {
        let (pieces, values) = joined(tasks.iter_mut().filter_map(Iterator::next), budget)?;
        Ok(Encoded { column, transform, pieces, values })
    });
    let encoded = encoded.collect::<Packing>()?;
    Ok((facts, encoded))
}

/// Files that are gone to in any order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) files: &'a Parts<File>,
    /// As many, if it was kept.
    pub(super) evidence: Option<&'a Parts<Evidence>>,
}

/// Places of a table in their order.
fn places(files: Range<usize>) -> Vec<u32> {
    (as_u32(files.start)..as_u32(files.end)).collect()
}

/// What has been packed so far.
struct PackedFiles {
    facts: FileFacts,
    /// For each task that is done, its part of each column.
    tasks: Vec<Vec<Done>>,
}

impl PackedFiles {
    /// Packs the files at `places` of a table, which have the numbers from `first` on.
    fn pack(
        &mut self,
        table: Table<'_>,
        places: &[u32],
        first: usize,
        columns: &[(Column, Transform)],
        budget: &Budget,
    ) -> Result<(), SpillError> {
        let tasks = self.facts.parts(first..first + places.len()).zip(places.par_chunks(TASK_VALUES));
        let packed = tasks.map_init(Gathered::default, |gathered, (mut kept, places)| {
            let mut packers: Vec<Packer> = columns.iter().map(|_| Packer::default()).collect();
            for (chunk, places) in places.chunks(CHUNK).enumerate() {
                gathered.fill(table, places);
                for (place, file) in (chunk * CHUNK..).zip(&gathered.files) {
                    kept.keep(place, file);
                }
                for (packer, &(column, transform)) in packers.iter_mut().zip(columns) {
                    packer.push(gathered.column(column, transform));
                }
            }
            packers.into_iter().map(|packer| packer.done(budget)).collect()
        });
        self.tasks.extend(packed.collect::<Result<Vec<Vec<Done>>, _>>()?);
        Ok(())
    }
}

/// What a column may be packed as.
const FORMS: [Transform; 2] = [Transform::None, Transform::Difference];

/// Takes each column as it is or as differences to its base, whichever took fewer bits of what was sampled.
fn choose_forms(columns: &[Column], bits: Vec<[usize; 2]>) -> Vec<(Column, Transform)> {
    let chosen = bits.into_iter().map(|[plain, formed]| FORMS[usize::from(formed < plain)]);
    columns.iter().copied().zip(chosen).collect()
}

fn sum(mut sum: Vec<[usize; 2]>, bits: Vec<[usize; 2]>) -> Vec<[usize; 2]> {
    for (sum, bits) in sum.iter_mut().zip(bits) {
        *sum = [sum[0] + bits[0], sum[1] + bits[1]];
    }
    sum
}

/// The facts of as many files as make a chunk.
#[derive(Default)]
struct Gathered {
    files: Vec<File>,
    evidence: Vec<Evidence>,
    numbers: Vec<u64>,
    base: Vec<u64>,
}

impl Gathered {
    fn fill(&mut self, table: Table<'_>, places: &[u32]) {
        self.files.clear();
        self.files.extend(places.iter().map(|&place| *table.files.get(place)));
        if let Some(kept) = table.evidence {
            self.evidence.clear();
            self.evidence.extend(places.iter().map(|&place| *kept.get(place)));
        }
    }

    /// Bits that each column takes in each form, where it has one to choose.
    fn bits(&mut self, columns: &[Column]) -> Vec<[usize; 2]> {
        let with_base = columns
            .iter()
            .map(|&column| FORMS.map(|form| column.base().map_or(0, |_| bits_of(self.column(column, form)))));
        with_base.collect()
    }

    /// The numbers of a column, as they are packed.
    fn column(&mut self, column: Column, transform: Transform) -> &[u64] {
        let Self { files, evidence, numbers, base } = self;
        facts(column, files, evidence, numbers);
        if let (Some(of), Transform::Difference) = (column.base(), transform) {
            facts(of, files, evidence, base);
            for (number, &base) in numbers.iter_mut().zip(&*base) {
                *number = transform.apply(*number, base);
            }
        }
        numbers
    }
}

/// The facts of each file that a column is made of.
fn facts(column: Column, files: &[File], evidence: &[Evidence], out: &mut Vec<u64>) {
    match column {
        Column::FileSize => take(files, out, |file| file.size),
        Column::FileModified => take(files, out, |file| file.modified.0),
        Column::FileCreated => take(files, out, |file| file.created.0),
        Column::FileChanged => take(files, out, |file| file.changed.0),
        Column::FileAccessed => take(files, out, |file| file.accessed.0),
        Column::FileAttributes => take(files, out, |file| file.attributes.into()),
        Column::FileTag => take(files, out, |file| file.reparse_tag.into()),
        Column::FileRecord => take(files, out, |file| file.record.into()),
        Column::FileSequence => take(files, out, |file| file.sequence.into()),
        Column::FileFlags => take(files, out, |file| file.flags.stored()),
        Column::EvidenceSecurity => take(evidence, out, |kept| kept.security.into()),
        Column::EvidenceUsn => take(evidence, out, |kept| kept.usn),
        Column::EvidenceLsn => take(evidence, out, |kept| kept.lsn),
        Column::EvidenceNameModified => take(evidence, out, |kept| kept.name_modified.0),
        Column::EvidenceNameCreated => take(evidence, out, |kept| kept.name_created.0),
        Column::EvidenceNameChanged => take(evidence, out, |kept| kept.name_changed.0),
        Column::EvidenceNameAccessed => take(evidence, out, |kept| kept.name_accessed.0),
        other => unreachable!("{other} is no column of gathered files"),
    }
}

fn take<T>(from: &[T], out: &mut Vec<u64>, fact: impl Fn(&T) -> u64) {
    out.clear();
    out.extend(from.iter().map(fact));
}

/// Kind and flags that a row has from its file.
fn own_class(file: &File) -> u8 {
    let kind = if is_link_tag(file.reparse_tag) {
        Kind::Link
    } else if file.flags.contains(FileFlags::DIRECTORY) {
        Kind::Folder
    } else {
        Kind::File
    };
    let mut flags = RowFlags::empty();
    flags.set(RowFlags::DELETED, file.flags.contains(FileFlags::DELETED));
    flags.set(RowFlags::DAMAGED, file.flags.contains(FileFlags::DAMAGED));
    flags.set(RowFlags::METAFILE, file.flags.contains(FileFlags::METAFILE));
    class_of(kind, flags)
}

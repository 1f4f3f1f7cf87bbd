//! The columns of files, in the order of their final numbers.
//!
//! That order has little to do with the one in which files were read. So each file is gone to once: the facts of as many
//! files as make a chunk are gathered, and all columns packed from there. To gather one column after another was the
//! alternative: it waits for memory once for each fact of a file, and takes eight bytes a file for each column in between.

use rayon::prelude::*;

use super::emit::SAMPLED;
use super::layout::FileOrder;
use super::stitch::Stitched;
use crate::evidence::Evidence;
use crate::file::{File, FileFlags, is_link_tag};
use crate::row::{Kind, RowFlags};
use crate::rows::class_of;
use crate::store::{CHUNK, Column, Encoded, Packer, TASK_VALUES, Transform, bits_of, joined};

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

    fn parts(&mut self) -> impl IndexedParallelIterator<Item = FactsPart<'_>> {
        let sizes = self.size.par_chunks_mut(TASK_VALUES).zip(self.allocated.par_chunks_mut(TASK_VALUES));
        let others = self.modified.par_chunks_mut(TASK_VALUES).zip(self.class.par_chunks_mut(TASK_VALUES));
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
fn columns(stitched: &Stitched) -> Vec<Column> {
    let of_files = |&column: &Column| (Column::FileSize..=Column::FileFlags).contains(&column);
    let of_evidence = |&column: &Column| column.is_optional() && stitched.evidence.is_some();
    let elsewhere = [Column::FileAllocated, Column::FileLinks];
    let all = Column::ALL.iter().copied();
    all.filter(|column| (of_files(column) || of_evidence(column)) && !elsewhere.contains(column)).collect()
}

/// Packs the columns of the files, and keeps what else is wanted of them.
pub(super) fn pack_files(stitched: &Stitched, order: &FileOrder) -> (FileFacts, Vec<Encoded>) {
    let columns: Vec<(Column, Transform)> = choose_forms(stitched, order, columns(stitched));
    let mut facts = FileFacts::new(order.place.len());
    let tasks = facts.parts().zip(order.place.par_chunks(TASK_VALUES));
    let packers: Vec<Vec<Packer>> = tasks
        .map_init(Gathered::default, |gathered, (mut kept, places)| {
            let mut packers: Vec<Packer> = columns.iter().map(|_| Packer::default()).collect();
            for (chunk, places) in places.chunks(CHUNK).enumerate() {
                gathered.fill(stitched, places);
                for (place, file) in (chunk * CHUNK..).zip(&gathered.files) {
                    kept.keep(place, file);
                }
                for (packer, &(column, transform)) in packers.iter_mut().zip(&columns) {
                    packer.push(gathered.column(column, transform));
                }
            }
            packers
        })
        .collect();
    let mut tasks: Vec<_> = packers.into_iter().map(Vec::into_iter).collect();
    let encoded = columns.into_iter().map(|(column, transform)| {
        let (pieces, values) = joined(tasks.iter_mut().filter_map(Iterator::next));
        Encoded { column, transform, pieces, values }
    });
    let encoded = encoded.collect();
    (facts, encoded)
}

/// Takes each column as it is or as differences to its base, whichever is likely to be smaller.
fn choose_forms(stitched: &Stitched, order: &FileOrder, columns: Vec<Column>) -> Vec<(Column, Transform)> {
    let forms = [Transform::None, Transform::Difference];
    let sampled = order.place.par_chunks(CHUNK).step_by(SAMPLED);
    let bits = sampled.map_init(Gathered::default, |gathered, places| {
        gathered.fill(stitched, places);
        let with_base = columns.iter().map(|&column| {
            forms.map(|form| column.base().map_or(0, |_| bits_of(gathered.column(column, form))))
        });
        with_base.collect::<Vec<_>>()
    });
    let sum = |mut sum: Vec<[usize; 2]>, bits: Vec<[usize; 2]>| {
        for (sum, bits) in sum.iter_mut().zip(bits) {
            *sum = [sum[0] + bits[0], sum[1] + bits[1]];
        }
        sum
    };
    let bits = bits.reduce(|| vec![[0; 2]; columns.len()], sum);
    let chosen = bits.into_iter().map(|[plain, formed]| forms[usize::from(formed < plain)]);
    columns.iter().copied().zip(chosen).collect()
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
    fn fill(&mut self, stitched: &Stitched, places: &[u32]) {
        self.files.clear();
        self.files.extend(places.iter().map(|&place| stitched.files[place as usize]));
        if let Some(kept) = &stitched.evidence {
            self.evidence.clear();
            self.evidence.extend(places.iter().map(|&place| kept[place as usize]));
        }
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

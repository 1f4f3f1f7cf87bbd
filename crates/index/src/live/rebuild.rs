//! Building anew: a view taken apart into what a source would tell, and an index made of that.
//!
//! Facts go from column to column: those of the index are unpacked one column at a time and put in the order of the records, for asking
//! a row for each of its facts looks for its file each time. Only names go one by one.

use super::View;
use super::base::Base;
use super::delta::{DeltaFile, Link, Slot};
use crate::build::{BuildError, NO_RECORD};
use crate::store::Packed;
use crate::{Batch, Builder, Evidence, File, FileFlags, FileId, Findings, Index, Kind, Stream, Time};

/// Where the state of a file is.
#[derive(Clone, Copy)]
enum Kept {
    /// In the index, by the number of the file.
    Index(u32),
    /// Among those that were set.
    Delta(u32),
}

impl View {
    /// The index of the source as it is now: the same to the byte as one built from what its records say. Built, as by
    /// [`Builder::build`], on the threads of the rayon pool that it is called in; outside of one, on those of rayon's global pool.
    ///
    /// # Errors
    /// If there is more than an index holds, or what is there is damaged.
    pub fn rebuild(&self) -> Result<(Index, Findings), BuildError> {
        let index = &self.base.index;
        let root = index.row(Index::ROOT);
        let files = self.files_by_record();
        let mut batch = if root.evidence().is_some() { Batch::with_evidence() } else { Batch::new() };
        batch.begin(0);
        self.push_facts(&mut batch, &files);
        let rows = Claims::new(&self.base);
        for (place, &kept) in files.iter().enumerate() {
            batch.belong_to(place);
            match kept {
                Kept::Index(file) => self.push_kept(&mut batch, &rows, file),
                Kept::Delta(file) => {
                    self.delta
                        .files
                        .get(file)
                        .into_iter()
                        .for_each(|file| self.push_set(&mut batch, &rows, file));
                }
            }
        }
        let note = index.note()?.to_vec();
        index.sound()?;
        let builder = Builder::new(self.base.root_id, index.names().case_table().clone());
        builder.build_with_note(vec![batch], |_| note)
    }

    /// All files that are there, in the order of their records.
    fn files_by_record(&self) -> Vec<Kept> {
        let mut files: Vec<(u32, Kept)> = Vec::new();
        let records = unpacked(&self.base.index.files.record, narrow);
        for (file, record) in (0u32..).zip(records).filter(|&(_, record)| record != NO_RECORD) {
            if self.delta.slot(record) == Slot::Same {
                files.push((record, Kept::Index(file)));
            }
        }
        for (record, slot) in self.delta.slots.iter() {
            if let Slot::File(file) | Slot::Facts(file) = slot {
                files.push((record, Kept::Delta(file)));
            }
        }
        files.sort_unstable_by_key(|&(record, _)| record);
        files.into_iter().map(|(_, kept)| kept).collect()
    }

    /// Pushes the facts of files: those that were set as they are, those of the index column by column.
    fn push_facts(&self, batch: &mut Batch, files: &[Kept]) {
        let from = &self.base.index.files;
        let set = |kept: &Kept| match *kept {
            Kept::Index(_) => File::default(),
            Kept::Delta(file) => self.delta.files.get(file).map_or_else(File::default, |set| set.file),
        };
        let mut into: Vec<File> = files.iter().map(set).collect();
        fill(files, &mut into, &from.record, |file, record| file.record = narrow(record));
        fill(files, &mut into, &from.sequence, |file, sequence| file.sequence = narrow(sequence));
        fill(files, &mut into, &from.size, |file, size| file.size = size);
        fill(files, &mut into, &from.allocated, |file, allocated| file.allocated = allocated);
        fill(files, &mut into, &from.created, |file, created| file.created = Time(created));
        fill(files, &mut into, &from.modified, |file, modified| file.modified = Time(modified));
        fill(files, &mut into, &from.changed, |file, changed| file.changed = Time(changed));
        fill(files, &mut into, &from.accessed, |file, accessed| file.accessed = Time(accessed));
        fill(files, &mut into, &from.attributes, |file, bits| file.attributes = narrow(bits));
        fill(files, &mut into, &from.tag, |file, tag| file.reparse_tag = narrow(tag));
        fill(files, &mut into, &from.flags, |file, bits| {
            file.flags = FileFlags::from_bits_truncate(narrow(bits))
        });
        into.iter_mut().for_each(|file| file.flags |= FileFlags::SIZED);
        batch.files = into;
        if let Some(into) = &mut batch.evidence {
            let had = |file| self.base.index.evidence.as_ref().map(|kept| kept.get(file as usize));
            for kept in files {
                into.push(match *kept {
                    Kept::Index(file) => had(file).unwrap_or_default(),
                    Kept::Delta(file) => {
                        self.delta.files.get(file).map_or_else(Evidence::default, |file| file.evidence)
                    }
                });
            }
        }
    }

    /// Pushes the names and streams of a file of the index that is as it was.
    fn push_kept(&self, batch: &mut Batch, rows: &Claims, file: u32) {
        let Some(&first) = rows.first.get(file as usize) else { return };
        if !self.base.has_extras(file) {
            return rows.push_name(batch, &self.base.index, first);
        }
        self.push_names(batch, rows, first, None);
        for row in self.base.rows_of_file(first).map(|row| self.base.index.row(row)) {
            if row.kind() == Kind::Stream {
                let stream = Stream { size: row.size(), allocated: row.allocated(), packed: false };
                batch.stream(stream, |blob| self.base.index.names().get_into(row.name_number(), blob));
            }
        }
    }

    /// Pushes the names and streams of a file that was set: its rows, and if it has only its streams there, its names from the
    /// index.
    fn push_set(&self, batch: &mut Batch, rows: &Claims, file: &DeltaFile) {
        let delta = &self.delta;
        let own = || file.rows.clone().filter_map(|row| delta.rows.get(row));
        if matches!(delta.slot(file.file.record), Slot::Facts(_))
            && let Some(row) = self.base.row_of(file.file.record)
        {
            let first =
                own().find_map(|row| if let Link::Stream(row, _) = row.link { Some(row) } else { None });
            self.push_names(batch, rows, row, first);
        }
        for row in own() {
            let name = delta.name(row).0;
            match (row.link, delta.stream(row)) {
                (Link::Claim(parent), _) => batch.name(parent, false, |blob| blob.extend_from_slice(name)),
                (_, Some(stream)) => batch.stream(stream, |blob| blob.extend_from_slice(name)),
                (_, None) => {}
            }
        }
    }

    /// Pushes the names that a file has in the index: first the one that its streams hang on, which is told or holds rows.
    fn push_names(&self, batch: &mut Batch, claims: &Claims, row: u32, first: Option<u32>) {
        let index = &self.base.index;
        let mut rows: Vec<_> = self.base.rows_of_file(row).map(|row| index.row(row)).collect();
        rows.retain(|row| row.kind() != Kind::Stream);
        rows.sort_by_key(|row| match first {
            Some(first) => row.number() != first,
            None => row.subtree_end() == row.number() + 1,
        });
        rows.iter().for_each(|row| claims.push_name(batch, index, row.number()));
    }
}

/// Rows of the index, unpacked.
struct Claims {
    /// The first name of each file.
    first: Vec<u32>,
    /// What the record of each row calls its folder, as [`FileId::packed`].
    folder: Vec<u64>,
}

impl Claims {
    fn new(base: &Base) -> Self {
        let rows = &base.index.rows;
        let (record, sequence) =
            (unpacked(&base.index.files.record, narrow), unpacked(&base.index.files.sequence, narrow));
        let mut first = Vec::with_capacity(record.len());
        let mut files: Vec<u32> = Vec::with_capacity(base.len());
        let mut extras = unpacked(&rows.extra_file, narrow::<u32>).into_iter();
        for row in 0..base.index.len() {
            if rows.primary.contains(row as usize) {
                files.push(crate::batch::as_u32(first.len()));
                first.push(row);
            } else {
                files.push(extras.next().unwrap_or_default());
            }
        }
        let id = |row: u32| {
            let file = *files.get(row as usize)? as usize;
            Some(FileId { record: *record.get(file)?, sequence: *sequence.get(file)? }.packed())
        };
        let parents = unpacked(&rows.parent, narrow::<u32>);
        let own = (0u32..).zip(&parents).map(|(row, &parent)| if parent == row { None } else { id(parent) });
        let mut folder: Vec<u64> = own.map(|id| id.unwrap_or(FileId::NONE)).collect();
        let told =
            unpacked(&rows.claim_row, |row| row).into_iter().zip(unpacked(&rows.claim_parent, |id| id));
        for (row, id) in told {
            if let Some(slot) = usize::try_from(row).ok().and_then(|row| folder.get_mut(row)) {
                *slot = id;
            }
        }
        Self { first, folder }
    }

    /// Pushes the name that is a row of the index.
    fn push_name(&self, batch: &mut Batch, index: &Index, row: u32) {
        if let Some(folder) = self.folder.get(row as usize).and_then(|&id| FileId::unpacked(id)) {
            batch.name(folder, false, |blob| index.names().get_into(index.row(row).name_number(), blob));
        }
    }
}

/// Sets one fact of the files that are in the index, from its column.
fn fill(files: &[Kept], into: &mut [File], column: &Packed, set: impl Fn(&mut File, u64)) {
    let values = unpacked(column, |value| value);
    for (kept, file) in files.iter().zip(into) {
        if let Kept::Index(number) = *kept
            && let Some(&value) = values.get(number as usize)
        {
            set(file, value);
        }
    }
}

/// All numbers of a column.
fn unpacked<T>(column: &Packed, of: impl Fn(u64) -> T) -> Vec<T> {
    let mut values = Vec::with_capacity(column.len());
    column.cursor().runs(0..column.len(), |chunk| values.extend(chunk.iter().map(|&value| of(value))));
    values
}

/// A number of a column that holds none beyond its type; one that does is damaged, which the column has told.
fn narrow<T: TryFrom<u64> + Default>(value: u64) -> T {
    T::try_from(value).unwrap_or_default()
}

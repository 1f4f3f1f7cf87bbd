//! From what the workers read to an index: stitch, join, number, lay out.
//!
//! Six steps, none recursive:
//! 1. the workers' tables become one, in the order of the records ([`crate::columns`]);
//! 2. names, streams and facts from extension records find their files ([`join`]);
//! 3. each spelling is kept once, in order ([`crate::names`]);
//! 4. names find their parents and are numbered in preorder ([`tree`]), files by the first of their rows ([`layout`]);
//! 5. what lies below each folder is summed up ([`totals`]);
//! 6. the columns are packed and written as a snapshot, in memory or to a file ([`emit`]).
//!
//! Until step 4 what will be a row is an *item*: the names in the order of their records, then the streams,
//! then the rows that are made here.

mod emit;
mod findings;
mod join;
mod layout;
mod record_map;
#[cfg(test)]
mod tests;
mod totals;
mod tree;

pub use findings::{Finding, FindingKind, Findings, LISTED_MAX};
pub(crate) use join::refers_to;
pub(crate) use record_map::RecordMap;
pub(crate) use tree::{DEPTH_MAX, Numbering};

use std::io::{Cursor, Seek, Write};

use crate::CaseTable;
use crate::batch::{Batch, ELSEWHERE, Extensions, Layout, RawNames, RawStreams, as_u32};
use crate::columns::{Piece, concat};
use crate::evidence::{Evidence, EvidenceColumns};
use crate::file::{File, FileColumns, FileFlags, FileId, Patch, Time};
use crate::index::Index;
use crate::names::{Distinct, distinct};
use crate::store::{Encoded, SnapshotError};
use emit::Parts;
use layout::RowTable;
use totals::Totals;

/// Stands for a file that is not there.
pub(crate) const NO_FILE: u32 = u32::MAX;
/// The record number of a file that was made here.
pub(crate) const NO_RECORD: u32 = u32::MAX;
/// What the folder of names without a parent is called.
pub(crate) const ORPHANS: &str = "<orphans>";

/// Why an index could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// More files or names than row numbers can count.
    #[error("more than 2147483647 files, names and streams: more than one index can hold")]
    TooManyItems,
    /// What was written cannot be read: a mistake in this program.
    #[error("the index that was built cannot be opened")]
    Unreadable(#[from] SnapshotError),
    /// It could not be written.
    #[error("the index could not be written")]
    Write(#[from] std::io::Error),
}

/// Builds one index out of the batches of any number of workers.
#[derive(Debug)]
pub struct Builder {
    root: FileId,
    case: CaseTable,
    note: Vec<u8>,
}

impl Builder {
    /// An index whose root folder has the record number of `root`, its names compared by `case`.
    #[must_use]
    pub fn new(root: FileId, case: CaseTable) -> Self {
        Self { root, case, note: Vec::new() }
    }

    /// Keeps `note` in the index, for whoever opens it: [`Index::note`].
    #[must_use]
    pub fn note(self, note: Vec<u8>) -> Self {
        Self { note, ..self }
    }

    /// Builds the index in memory. The result is the same to the byte whatever the number of batches and threads,
    /// and whichever worker read what.
    ///
    /// # Errors
    /// If the batches hold more than an index can.
    pub fn build(self, batches: Vec<Batch>) -> Result<(Index, Findings), BuildError> {
        let (columns, rows, findings) = self.columns(batches)?;
        let bytes = columns.iter().map(|column| column.bytes.len()).sum::<usize>();
        let room = Vec::with_capacity(bytes + bytes / 64 + (64 << 10));
        Ok((Index::made(emit::write(&columns, rows, Cursor::new(room))?)?, findings))
    }

    /// Builds the index as a snapshot in `out`, which has to be empty, and gives that back. The caller flushes.
    ///
    /// # Errors
    /// If the batches hold more than an index can, or `out` cannot be written.
    pub fn write<W: Write + Seek>(self, batches: Vec<Batch>, out: W) -> Result<(W, Findings), BuildError> {
        let (columns, rows, findings) = self.columns(batches)?;
        Ok((emit::write(&columns, rows, out)?, findings))
    }

    fn columns(self, batches: Vec<Batch>) -> Result<(Vec<Encoded>, usize, Findings), BuildError> {
        let mut findings = Findings::default();
        let mut stitched = Stitched::new(batches, self.root, &mut findings)?;
        let root = stitched.root();
        let bucket = stitched.made_folder(FileId { record: NO_RECORD, sequence: 0 });
        let items = Items::new(&mut stitched, root, bucket, &mut findings);
        let names = items.distinct_names(&mut stitched, &self.case);
        let rows =
            RowTable::new(tree::number(&stitched, &items, &names.of_item, &mut findings), &items, &stitched);
        let parts = Parts {
            totals: &Totals::new(&rows, &stitched, items.first_stream),
            links: &items.links(stitched.files.len()),
            stitched: &stitched,
            items: &items,
            rows: &rows,
            names: &names,
            case: &self.case,
            note: &self.note,
        };
        Ok((parts.encode(), rows.len(), findings))
    }
}

/// The batches as one, each name and stream with its file as owner.
#[derive(Debug)]
pub(crate) struct Stitched {
    pub(crate) files: FileColumns,
    /// As many as files, if all batches kept it.
    pub(crate) evidence: Option<EvidenceColumns>,
    pub(crate) records: RecordMap,
    /// What names call the root folder, whatever sequence number its record has.
    pub(crate) root_id: FileId,
    pub(crate) names: RawNames,
    pub(crate) streams: RawStreams,
    patches: Vec<(u32, Patch)>,
    name_bytes: Vec<u8>,
    stream_bytes: Vec<u8>,
}

impl Stitched {
    fn new(mut batches: Vec<Batch>, root_id: FileId, findings: &mut Findings) -> Result<Self, BuildError> {
        let layout = Layout::of(&batches);
        let count = |pieces: &[Piece]| pieces.iter().map(|piece| piece.range.len()).sum::<usize>();
        let items = count(&layout.files) + count(&layout.names) + count(&layout.streams);
        if items >= ELSEWHERE as usize || batches.iter().any(|batch| batch.full) {
            return Err(BuildError::TooManyItems);
        }
        macro_rules! take {
            ($column:ident) => {
                batches.iter_mut().map(|batch| std::mem::take(&mut batch.$column)).collect()
            };
        }
        let (files, names) = (take!(files), take!(names));
        let evidence: Option<Vec<EvidenceColumns>> = take!(evidence);
        let name_bytes: Vec<Vec<u8>> = take!(name_bytes);
        let ((files, names), name_bytes) = rayon::join(
            || (FileColumns::stitch(files, &layout.files), RawNames::stitch(names, &layout.names)),
            || concat(name_bytes, &layout.name_bytes),
        );
        let extensions = Extensions::stitch(take!(extensions), &layout.extensions);
        let mut stitched = Self {
            records: addressed(&files),
            root_id,
            files,
            evidence: evidence.map(|parts| EvidenceColumns::stitch(parts, &layout.files)),
            names,
            streams: RawStreams::stitch(take!(streams), &layout.streams),
            patches: concat(take!(patches), &layout.patches),
            name_bytes,
            stream_bytes: concat(take!(stream_bytes), &layout.stream_bytes),
        };
        drop(batches);
        let bases = join::bases(&extensions, &stitched.files, &stitched.records, findings);
        let rebase = join::Rebase { files: &layout.files, extensions: &layout.extensions, bases: &bases };
        rebase.owners(stitched.names.owner.iter_mut(), &layout.names);
        rebase.owners(stitched.streams.owner.iter_mut(), &layout.streams);
        rebase.owners(stitched.patches.iter_mut().map(|(owner, _)| owner), &layout.patches);
        join::complete(&mut stitched);
        Ok(stitched)
    }

    /// The root folder: the file with its record number, or one made in its place, to which the references to
    /// the lost one lead.
    fn root(&mut self) -> u32 {
        match self.records.get(self.root_id.record) {
            Some(file) => {
                let flags = &mut self.files.flags[file as usize];
                // There is always a root: where its record denies that, the record is damaged.
                if flags.contains(FileFlags::DELETED) || !flags.contains(FileFlags::DIRECTORY) {
                    flags.insert(FileFlags::DAMAGED);
                }
                flags.remove(FileFlags::DELETED);
                flags.insert(FileFlags::METAFILE | FileFlags::DIRECTORY);
                file
            }
            None => {
                let file = self.made_folder(self.root_id);
                self.records.insert(self.root_id.record, file);
                file
            }
        }
    }

    /// Adds a folder that no record tells of.
    fn made_folder(&mut self, id: FileId) -> u32 {
        let file = as_u32(self.files.len());
        if let Some(kept) = &mut self.evidence {
            kept.push(Evidence::default());
        }
        self.files.push(File {
            record: id.record,
            sequence: id.sequence,
            size: 0,
            allocated: 0,
            created: Time::default(),
            modified: Time::default(),
            changed: Time::default(),
            accessed: Time::default(),
            attributes: 0,
            reparse_tag: 0,
            flags: FileFlags::DIRECTORY | FileFlags::METAFILE,
        });
        file
    }
}

/// The files by the numbers that others call them by, which no stray has.
fn addressed(files: &FileColumns) -> RecordMap {
    let mut records = RecordMap::default();
    for (file, (&record, flags)) in files.record.iter().zip(&files.flags).enumerate() {
        if !flags.contains(FileFlags::STRAY) {
            records.insert(record, as_u32(file));
        }
    }
    records
}

/// What becomes rows: names, streams, and what is made here, in this order.
#[derive(Debug)]
pub(crate) struct Items {
    /// The file of each item, `NO_FILE` for what gets no row.
    pub(crate) file: Vec<u32>,
    /// The first item of each file: where its children and its streams hang.
    pub(crate) primary: Vec<u32>,
    /// The first item that is a stream.
    pub(crate) first_stream: u32,
    /// The first item that is made here: the nameless, then the root, then the bucket of orphans.
    pub(crate) first_made: u32,
    pub(crate) root: u32,
    pub(crate) bucket: u32,
    nameless: Vec<String>,
}

/// Stands for an item that is not there.
pub(crate) const NO_ITEM: u32 = u32::MAX;

impl Items {
    fn new(stitched: &mut Stitched, root: u32, bucket: u32, findings: &mut Findings) -> Self {
        let Stitched { files, names, streams, .. } = stitched;
        let mut file = std::mem::take(&mut names.owner);
        let mut primary = vec![NO_ITEM; files.len()];
        for shorts in [false, true] {
            for (item, owner) in file.iter_mut().enumerate().filter(|&(item, _)| names.short[item] == shorts)
            {
                let Some(first) = primary.get_mut(*owner as usize) else { continue };
                if *owner == root || (shorts && *first != NO_ITEM && !names.short[*first as usize]) {
                    *owner = NO_FILE;
                } else if *first == NO_ITEM {
                    *first = as_u32(item);
                }
            }
        }
        let first_stream = as_u32(file.len());
        file.extend_from_slice(&streams.owner);
        let first_made = as_u32(file.len());
        let mut nameless = Vec::new();
        for (lost, first) in primary.iter_mut().enumerate() {
            let flags = &mut files.flags[lost];
            if *first == NO_ITEM && !flags.contains(FileFlags::METAFILE) {
                if !flags.contains(FileFlags::DELETED) {
                    findings.note(FindingKind::Nameless, files.record[lost]);
                }
                *flags |= FileFlags::DAMAGED;
                nameless.push(format!("<record {}>", files.record[lost]));
                *first = as_u32(file.len());
                file.push(as_u32(lost));
            }
        }
        let root_item = as_u32(file.len());
        primary[root as usize] = root_item;
        primary[bucket as usize] = root_item + 1;
        // A metafile may go without a name; a stream of such a file has no place.
        for owner in &mut file[first_stream as usize..first_made as usize] {
            if primary.get(*owner as usize) == Some(&NO_ITEM) {
                *owner = NO_FILE;
            }
        }
        file.extend_from_slice(&[root, bucket]);
        Self { file, primary, first_stream, first_made, root: root_item, bucket: root_item + 1, nameless }
    }

    /// The names of all items that have a file, each spelling once.
    fn distinct_names(&self, stitched: &mut Stitched, case: &CaseTable) -> Distinct {
        let mut bytes = std::mem::take(&mut stitched.name_bytes);
        let mut lengths = std::mem::take(&mut stitched.names.name_bytes);
        bytes.append(&mut stitched.stream_bytes);
        lengths.append(&mut stitched.streams.name_bytes);
        for name in self.nameless.iter().map(String::as_str).chain(["", ORPHANS]) {
            bytes.extend_from_slice(name.as_bytes());
            lengths.push(u16::try_from(name.len()).unwrap_or(0));
        }
        let mut end = 0;
        let ends: Vec<u64> = lengths
            .iter()
            .map(|&length| {
                end += u64::from(length);
                end
            })
            .collect();
        distinct(&bytes, &ends, |item| self.file[item] != NO_FILE, case)
    }

    /// Whether an item is a stream.
    pub(crate) fn is_stream(&self, item: u32) -> bool {
        (self.first_stream..self.first_made).contains(&item)
    }

    /// How many names each file has.
    fn links(&self, files: usize) -> Vec<u16> {
        let mut links = vec![0u16; files];
        for &file in &self.file[..self.first_stream as usize] {
            if let Some(count) = links.get_mut(file as usize) {
                *count = count.saturating_add(1);
            }
        }
        links
    }
}

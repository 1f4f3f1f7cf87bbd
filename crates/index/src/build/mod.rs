//! From what the workers read to an index: stitch, join, number, lay out.
//!
//! Four steps, none recursive:
//! 1. the workers' tables become one, in the order of the records ([`crate::columns`]);
//! 2. names, streams and facts from extension records find their files ([`join`]);
//! 3. names find their parents and are numbered in preorder ([`tree`]);
//! 4. the columns of rows are laid out in that order ([`crate::row`]).
//!
//! Until step 4 what will be a row is an *item*: the names in the order of their records, then the streams,
//! then the rows that are made here. The number of an item is also the number of its name.

mod findings;
mod join;
mod record_map;
#[cfg(test)]
mod tests;
mod tree;

pub use findings::{Finding, FindingKind, Findings, LISTED_MAX};
pub(crate) use tree::Numbering;

use crate::CaseTable;
use crate::batch::{Batch, ELSEWHERE, Extensions, Layout, RawNames, RawStreams, as_u32};
use crate::columns::{Piece, concat};
use crate::file::{File, FileColumns, FileFlags, FileId, Patch, Time};
use crate::index::Index;
use crate::names::NameStore;
use crate::row::{RowColumns, StreamColumns};
use record_map::RecordMap;

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
    /// More bytes of names than offsets can count.
    #[error("the names take more than 4 GiB: more than one index can hold")]
    TooManyNameBytes,
}

/// Builds one index out of the batches of any number of workers.
#[derive(Debug)]
pub struct Builder {
    root: FileId,
    case: CaseTable,
}

impl Builder {
    /// An index whose root folder has the record number of `root`, its names compared by `case`.
    #[must_use]
    pub fn new(root: FileId, case: CaseTable) -> Self {
        Self { root, case }
    }

    /// Builds the index. The result is the same whatever the number of batches and whichever worker read what.
    ///
    /// # Errors
    /// If the batches hold more than an index can.
    pub fn build(self, batches: Vec<Batch>) -> Result<(Index, Findings), BuildError> {
        let mut findings = Findings::default();
        let mut stitched = Stitched::new(batches, self.root, &mut findings)?;
        let root = stitched.root();
        let bucket = stitched.made_folder(FileId { record: NO_RECORD, sequence: 0 });
        let items = Items::new(&mut stitched, root, bucket, &mut findings);
        let (bytes, lengths) = items.take_names(&mut stitched);
        let (names, numbering) = rayon::join(
            || NameStore::new(bytes, &lengths, self.case),
            || tree::number(&stitched, &items, &mut findings),
        );
        let mut names = names?;
        let rows = RowColumns::lay_out(numbering, &items, &stitched);
        for (row, &name) in (0u32..).zip(&rows.name) {
            names.set_row(name, row);
        }
        let links = items.links(stitched.files.len());
        let Stitched { files, streams, .. } = stitched;
        let streams = StreamColumns { file: streams.owner, size: streams.size, allocated: streams.allocated };
        Ok((Index { files, links, rows, streams, names }, findings))
    }
}

/// The batches as one, each name and stream with its file as owner.
#[derive(Debug)]
pub(crate) struct Stitched {
    pub(crate) files: FileColumns,
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

    /// The names of all items: their bytes one after another, and their lengths.
    fn take_names(&self, stitched: &mut Stitched) -> (Vec<u8>, Vec<u16>) {
        let mut bytes = std::mem::take(&mut stitched.name_bytes);
        let mut lengths = std::mem::take(&mut stitched.names.name_bytes);
        bytes.append(&mut stitched.stream_bytes);
        lengths.append(&mut stitched.streams.name_bytes);
        for name in self.nameless.iter().map(String::as_str).chain(["", ORPHANS]) {
            bytes.extend_from_slice(name.as_bytes());
            lengths.push(u16::try_from(name.len()).unwrap_or(0));
        }
        (bytes, lengths)
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

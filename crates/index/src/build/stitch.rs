//! What the workers read as one: names and streams in the order of the records, each with its file.

use std::ops::Range;

use super::file_table::{FileTable, Split};
use super::findings::Findings;
use super::join::{self, Rebase};
use super::record_map::RecordMap;
use super::{BuildError, NO_RECORD};
use crate::batch::{Batch, ITEMS_MAX, Layout, RawName, RawStream};
use crate::budget::{Budget, Chain, SpillError};
use crate::evidence::Evidence;
use crate::file::{File, FileFlags, FileId, Patch};
use crate::heads::Stored;
use crate::pieces::{MADE, Parts, Piece, concat};

/// The batches as one, each name and stream with its file as owner.
#[derive(Debug)]
pub(crate) struct Stitched {
    pub(crate) files: FileTable,
    /// The numbers of the files in the order of their records, but for those that are made here.
    pub(super) in_order: Vec<Range<u32>>,
    pub(crate) records: RecordMap,
    /// What names call the root folder, whatever sequence number its record has.
    pub(crate) root_id: FileId,
    pub(crate) names: Vec<RawName>,
    pub(crate) streams: Vec<RawStream>,
    pub(super) patches: Vec<(u32, Patch)>,
    pub(super) spelled: Spelled,
}

/// What names and streams are called, one after another.
#[derive(Debug, Default)]
pub(super) struct Spelled {
    pub(super) names: Chain,
    pub(super) streams: Chain,
    /// Bytes of each name, then of each stream's name.
    pub(super) lengths: Vec<u16>,
}

impl Spelled {
    fn new(batches: &mut [Batch], layout: &Layout, lengths: Vec<u16>) -> Result<Self, SpillError> {
        let runs = batches.iter_mut().map(Batch::take_name_bytes).collect::<Result<Vec<_>, _>>()?;
        let (names, streams) = runs.into_iter().unzip();
        let names = Chain::new(names, &layout.name_bytes, 1);
        Ok(Self { names, streams: Chain::new(streams, &layout.stream_bytes, 1), lengths })
    }
}

/// A column of each batch.
macro_rules! take {
    ($batches:ident.$($column:ident).+) => {
        $batches.iter_mut().map(|batch| std::mem::take(&mut batch.$($column).+)).collect()
    };
}

impl Stitched {
    pub(super) fn new(
        mut batches: Vec<Batch>,
        root_id: FileId,
        budget: &Budget,
        findings: &mut Findings,
    ) -> Result<Self, BuildError> {
        batches.iter_mut().try_for_each(Batch::hand_on_all)?;
        let layout = Layout::of(&batches);
        let count = |pieces: &[Piece]| pieces.iter().map(|piece| piece.range.len()).sum::<usize>();
        let items = count(&layout.files) + count(&layout.names) + count(&layout.streams);
        if items + MADE > ITEMS_MAX || batches.iter().any(|batch| batch.full) {
            return Err(BuildError::TooManyItems);
        }
        let files = if budget.is_limited() { handed(&mut batches, &layout) } else { here(&mut batches) };
        let names = take!(batches.names);
        let streams: Vec<RawStream> = concat(take!(batches.streams), &layout.streams);
        // Names are laid together while files are addressed where they are.
        let names = || {
            let names: Vec<RawName> = concat(names, &layout.names);
            let mut lengths = Vec::with_capacity(names.len() + streams.len() + MADE);
            lengths.extend(names.iter().map(|name| name.name_bytes));
            lengths.extend(streams.iter().map(|stream| stream.name_bytes));
            (names, lengths)
        };
        let ((names, lengths), (in_order, records)) = rayon::join(names, || addressed(&files, &layout.files));
        let spelled = Spelled::new(&mut batches, &layout, lengths)?;
        let extensions = concat(take!(batches.extensions), &layout.extensions);
        let mut stitched = Self {
            files,
            in_order,
            records,
            root_id,
            names,
            streams,
            patches: concat(take!(batches.patches), &layout.patches),
            spelled,
        };
        drop(batches);
        let bases = join::bases(&extensions, &stitched.files, &stitched.records, findings);
        let files = stitched.in_order.iter().map(|numbers| numbers.start);
        let rebase = Rebase {
            pieces: &layout.files,
            files: files.collect(),
            extensions: &layout.extensions,
            bases: &bases,
        };
        rebase.owners(stitched.names.iter_mut().map(|name| &mut name.owner), &layout.names);
        rebase.owners(stitched.streams.iter_mut().map(|stream| &mut stream.owner), &layout.streams);
        rebase.owners(stitched.patches.iter_mut().map(|(owner, _)| owner), &layout.patches);
        join::complete(&mut stitched);
        Ok(stitched)
    }

    /// The root folder: the file with its record number, or one made in its place, to which the references to
    /// the lost one lead.
    pub(super) fn root(&mut self) -> u32 {
        match self.records.get(self.root_id.record) {
            Some(file) => {
                let flags = self.files.flags_mut(file);
                // There is always a root: where its record denies that, the record is damaged.
                if flags.contains(FileFlags::DELETED) || !flags.contains(FileFlags::DIRECTORY) {
                    flags.insert(FileFlags::DAMAGED);
                }
                flags.remove(FileFlags::DELETED);
                flags.insert(FileFlags::METAFILE | FileFlags::DIRECTORY);
                file
            }
            None => {
                let file = self.files.push_made(self.root_id);
                self.records.insert(self.root_id.record, file);
                file
            }
        }
    }

    /// Adds the folder that what hangs on nothing lies in.
    pub(super) fn bucket(&mut self) -> u32 {
        self.files.push_made(FileId { record: NO_RECORD, sequence: 0 })
    }
}

/// Files that lie in memory.
fn here(batches: &mut [Batch]) -> FileTable {
    let evidence: Option<Vec<Vec<Evidence>>> = take!(batches.evidence);
    FileTable::Whole { files: Parts::new(take!(batches.files)), evidence: evidence.map(Parts::new) }
}

/// Files that were handed on.
fn handed(batches: &mut [Batch], layout: &Layout) -> FileTable {
    let has_evidence = batches.iter().all(|batch| batch.evidence.is_some());
    let evidence =
        has_evidence.then(|| Chain::new(take!(batches.handed.evidence), &layout.files, Evidence::BYTES));
    let files = Chain::new(take!(batches.handed.files), &layout.files, File::BYTES);
    FileTable::Split(Split::new(concat(take!(batches.handed.heads), &layout.files), files, evidence))
}

/// The numbers of the files, of which `pieces` are those in the order of their records, and the files by what others call them by, which no
/// stray is called.
fn addressed(files: &FileTable, pieces: &[Piece]) -> (Vec<Range<u32>>, RecordMap) {
    let in_order = files.numbers(pieces);
    let mut records = RecordMap::default();
    for file in in_order.iter().cloned().flatten() {
        let head = files.head(file);
        if !head.flags.contains(FileFlags::STRAY) {
            records.insert(head.record, file);
        }
    }
    (in_order, records)
}

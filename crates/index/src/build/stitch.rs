//! What the workers read as one: every table in the order of the records, every name and stream with its file.

use super::file_table::{FileTable, Split};
use super::findings::Findings;
use super::join;
use super::record_map::RecordMap;
use super::{BuildError, NO_RECORD};
use crate::batch::{Batch, ITEMS_MAX, Layout, RawName, RawStream, as_u32};
use crate::budget::{Budget, Chain};
use crate::evidence::Evidence;
use crate::file::{File, FileFlags, FileId, Patch};
use crate::heads::Stored;
use crate::pieces::{MADE, Piece, concat};

/// The batches as one, each name and stream with its file as owner.
#[derive(Debug)]
pub(crate) struct Stitched {
    pub(crate) files: FileTable,
    pub(crate) records: RecordMap,
    /// What names call the root folder, whatever sequence number its record has.
    pub(crate) root_id: FileId,
    pub(crate) names: Vec<RawName>,
    pub(crate) streams: Vec<RawStream>,
    pub(super) patches: Vec<(u32, Patch)>,
    pub(super) spelled: Spelled,
}

/// What names and streams are called, one after another.
#[derive(Debug)]
pub(super) enum Spelled {
    Here { names: Vec<u8>, streams: Vec<u8> },
    Handed { names: Chain, streams: Chain },
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
        macro_rules! take {
            ($($column:ident).+) => {
                batches.iter_mut().map(|batch| std::mem::take(&mut batch.$($column).+)).collect()
            };
        }
        let (files, names, spelled) = if budget.is_limited() {
            let has_evidence = batches.iter().all(|batch| batch.evidence.is_some());
            let chain = |runs, pieces, bytes| Chain::new(runs, pieces, bytes);
            let evidence =
                has_evidence.then(|| chain(take!(handed.evidence), &layout.files, Evidence::BYTES));
            let files = chain(take!(handed.files), &layout.files, File::BYTES);
            let heads = concat(take!(handed.heads), &layout.files);
            let names = concat(take!(names), &layout.names);
            let spelled = Spelled::Handed {
                names: chain(take!(handed.name_bytes), &layout.name_bytes, 1),
                streams: chain(take!(handed.stream_bytes), &layout.stream_bytes, 1),
            };
            (FileTable::Split(Split::new(heads, files, evidence)), names, spelled)
        } else {
            let (files, names, name_bytes): (Vec<_>, Vec<_>, Vec<_>) =
                (take!(files), take!(names), take!(name_bytes));
            let evidence: Option<Vec<Vec<Evidence>>> = take!(evidence);
            let ((files, evidence), (names, name_bytes)) = rayon::join(
                || {
                    let evidence = evidence.map(|parts| concat(parts, &layout.files));
                    (concat(files, &layout.files), evidence)
                },
                || (concat(names, &layout.names), concat(name_bytes, &layout.name_bytes)),
            );
            let streams = concat(take!(stream_bytes), &layout.stream_bytes);
            (FileTable::Whole { files, evidence }, names, Spelled::Here { names: name_bytes, streams })
        };
        let extensions = concat(take!(extensions), &layout.extensions);
        let mut stitched = Self {
            records: addressed(&files),
            root_id,
            files,
            names,
            streams: concat(take!(streams), &layout.streams),
            patches: concat(take!(patches), &layout.patches),
            spelled,
        };
        drop(batches);
        let bases = join::bases(&extensions, &stitched.files, &stitched.records, findings);
        let rebase = join::Rebase { files: &layout.files, extensions: &layout.extensions, bases: &bases };
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

/// The files by the numbers that others call them by, which no stray has.
fn addressed(files: &FileTable) -> RecordMap {
    let mut records = RecordMap::default();
    for file in 0..as_u32(files.len()) {
        let head = files.head(file);
        if !head.flags.contains(FileFlags::STRAY) {
            records.insert(head.record, file);
        }
    }
    records
}

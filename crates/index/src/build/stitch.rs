//! What the workers read as one: every table in the order of the records, every name and stream with its file.

use super::findings::Findings;
use super::join;
use super::record_map::RecordMap;
use super::{BuildError, NO_RECORD};
use crate::batch::{Batch, ITEMS_MAX, Layout, RawName, RawStream, as_u32};
use crate::evidence::Evidence;
use crate::file::{File, FileFlags, FileId, Patch, Time};
use crate::pieces::{MADE, Piece, concat};

/// The batches as one, each name and stream with its file as owner.
#[derive(Debug)]
pub(crate) struct Stitched {
    pub(crate) files: Vec<File>,
    /// As many as files, if all batches kept it.
    pub(crate) evidence: Option<Vec<Evidence>>,
    pub(crate) records: RecordMap,
    /// What names call the root folder, whatever sequence number its record has.
    pub(crate) root_id: FileId,
    pub(crate) names: Vec<RawName>,
    pub(crate) streams: Vec<RawStream>,
    pub(super) patches: Vec<(u32, Patch)>,
    pub(super) name_bytes: Vec<u8>,
    pub(super) stream_bytes: Vec<u8>,
}

impl Stitched {
    pub(super) fn new(
        mut batches: Vec<Batch>,
        root_id: FileId,
        findings: &mut Findings,
    ) -> Result<Self, BuildError> {
        let layout = Layout::of(&batches);
        let count = |pieces: &[Piece]| pieces.iter().map(|piece| piece.range.len()).sum::<usize>();
        let items = count(&layout.files) + count(&layout.names) + count(&layout.streams);
        if items + MADE > ITEMS_MAX || batches.iter().any(|batch| batch.full) {
            return Err(BuildError::TooManyItems);
        }
        macro_rules! take {
            ($column:ident) => {
                batches.iter_mut().map(|batch| std::mem::take(&mut batch.$column)).collect()
            };
        }
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
        let extensions = concat(take!(extensions), &layout.extensions);
        let mut stitched = Self {
            records: addressed(&files),
            root_id,
            files,
            evidence,
            names,
            streams: concat(take!(streams), &layout.streams),
            patches: concat(take!(patches), &layout.patches),
            name_bytes,
            stream_bytes: concat(take!(stream_bytes), &layout.stream_bytes),
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
                let flags = &mut self.files[file as usize].flags;
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

    /// Adds the folder that what hangs on nothing lies in.
    pub(super) fn bucket(&mut self) -> u32 {
        self.made_folder(FileId { record: NO_RECORD, sequence: 0 })
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
fn addressed(files: &[File]) -> RecordMap {
    let mut records = RecordMap::default();
    for (place, file) in (0u32..).zip(files) {
        if !file.flags.contains(FileFlags::STRAY) {
            records.insert(file.record, place);
        }
    }
    records
}

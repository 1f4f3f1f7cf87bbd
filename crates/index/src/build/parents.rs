//! Which folder each item lies in.
//!
//! A name tells the record and sequence number of its folder. What it says is looked up once, here, where the folder's facts
//! are at hand: whether that folder is there, and whether it is called so.

use rayon::prelude::*;

use super::findings::{FindingKind, Findings};
use super::items::{Items, NO_ITEM};
use super::join::is_called;
use super::stitch::Stitched;
use super::{NO_FILE, NO_RECORD};
use crate::batch::RawName;
use crate::file::{File, FileFlags, FileId};

/// Names that a thread looks up before it asks for more: a multiple of the bits in a word.
const TASK_NAMES: usize = 1 << 14;
const WORD: usize = u64::BITS as usize;

/// The parent of each item.
#[derive(Debug)]
pub(super) struct Parents {
    /// The parent as an item; the bucket where there is none.
    pub(super) of: Vec<u32>,
    /// One bit a name: it calls its folder by another number than that has.
    claims: Vec<u64>,
}

impl Parents {
    pub(super) fn new(stitched: &Stitched, items: &Items, findings: &mut Findings) -> Self {
        let names = stitched.names.len();
        let mut of = vec![NO_ITEM; items.file.len()];
        let mut claims = vec![0; names.div_ceil(WORD)];
        let tasks = of[..names].par_chunks_mut(TASK_NAMES).zip(claims.par_chunks_mut(TASK_NAMES / WORD));
        let found = tasks.zip(stitched.names.par_chunks(TASK_NAMES)).zip(items.file.par_chunks(TASK_NAMES));
        // The orphans of each task, in the order of their records.
        let orphans: Vec<Vec<u32>> = found
            .map(|(((of, claims), names), files)| Task { stitched, items, of, claims }.find(names, files))
            .collect();
        orphans.into_iter().flatten().for_each(|record| findings.note(FindingKind::Orphan, record));
        let (streams, made) = (items.first_stream as usize, items.first_made as usize);
        for (parent, &file) in of[streams..made].iter_mut().zip(&items.file[streams..]) {
            *parent = items.primary.get(file as usize).copied().unwrap_or(NO_ITEM);
        }
        of[made..items.root as usize].fill(items.bucket);
        Self { of, claims }
    }

    /// Hangs an item up in the bucket.
    pub(super) fn hang(&mut self, item: u32, stitched: &Stitched, items: &Items) {
        self.of[item as usize] = items.bucket;
        if let Some(name) = stitched.names.get(item as usize) {
            let (word, bit) = (item as usize / WORD, item as usize % WORD);
            self.claims[word] |= u64::from(name.parent != BUCKET) << bit;
        }
    }

    /// Whether the record of a name or of a nameless file calls its folder otherwise.
    pub(super) fn is_claim(&self, item: u32, items: &Items) -> bool {
        match item {
            name if name < items.first_stream => {
                self.claims[name as usize / WORD] >> (name as usize % WORD) & 1 == 1
            }
            _ => (items.first_made..items.root).contains(&item),
        }
    }

    /// Whether there is any such name.
    pub(super) fn has_claims(&self, items: &Items) -> bool {
        items.first_made < items.root || self.claims.iter().any(|&word| word != 0)
    }
}

/// What the bucket is called.
const BUCKET: FileId = FileId { record: NO_RECORD, sequence: 0 };

/// Names one after another that one thread finds the parents of.
struct Task<'a> {
    stitched: &'a Stitched,
    items: &'a Items,
    of: &'a mut [u32],
    claims: &'a mut [u64],
}

impl Task<'_> {
    /// Finds the parents, and says which records are orphans.
    fn find(self, names: &[RawName], files: &[u32]) -> Vec<u32> {
        let Self { stitched, items, of, claims } = self;
        let is_deleted = |file: u32| stitched.files[file as usize].flags.contains(FileFlags::DELETED);
        let mut orphans = Vec::new();
        // Most names lie in the folder that the one before lies in.
        let mut last = (BUCKET, Found::of(stitched, items, BUCKET));
        let words = names.chunks(WORD).zip(files.chunks(WORD)).zip(of.chunks_mut(WORD));
        for (((names, files), of), claims) in words.zip(claims) {
            for (bit, ((name, &file), parent)) in names.iter().zip(files).zip(of).enumerate() {
                if file == NO_FILE {
                    continue;
                }
                let id = name.parent;
                if last.0 != id {
                    last = (id, Found::of(stitched, items, id));
                }
                let (item, called) = match last.1 {
                    Found::InUse { item, called } => (item, called),
                    // Whether it fits depends on the file, too, which is not looked at otherwise.
                    Found::Deleted { item, folder } if is_deleted(file) && is_called(folder, id, true) => {
                        (item, called(folder))
                    }
                    _ => {
                        if !is_deleted(file) {
                            orphans.push(stitched.files[file as usize].record);
                        }
                        (items.bucket, BUCKET)
                    }
                };
                *parent = item;
                *claims |= u64::from(called != id) << bit;
            }
        }
        orphans
    }
}

/// What a name calls its folder, looked up.
#[derive(Clone, Copy)]
enum Found<'a> {
    /// It is there, for every file.
    InUse {
        item: u32,
        called: FileId,
    },
    /// It was deleted, and may fit files that were deleted with it.
    Deleted {
        item: u32,
        folder: &'a File,
    },
    None,
}

impl<'a> Found<'a> {
    fn of(stitched: &'a Stitched, items: &Items, id: FileId) -> Self {
        let Some(place) = stitched.records.get(id.record) else { return Self::None };
        let folder = &stitched.files[place as usize];
        let item = items.primary[place as usize];
        if !folder.flags.contains(FileFlags::DIRECTORY) || item == NO_ITEM {
            return Self::None;
        }
        // The root is never given out again: whoever calls it by its name means it.
        if id == stitched.root_id || is_called(folder, id, false) {
            return Self::InUse { item, called: called(folder) };
        }
        if folder.flags.contains(FileFlags::DELETED) { Self::Deleted { item, folder } } else { Self::None }
    }
}

fn called(folder: &File) -> FileId {
    FileId { record: folder.record, sequence: folder.sequence }
}

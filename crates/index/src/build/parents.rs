//! Which folder each item lies in.
//!
//! A name tells the record and sequence number of its folder. What it says is looked up once, here, where the folder's facts
//! are at hand: whether that folder is there, and whether it is called so.

use rayon::prelude::*;

use super::findings::{FindingKind, Findings};
use super::items::{Items, NO_ITEM};
use super::stitch::Stitched;
use super::{NO_FILE, NO_RECORD};
use crate::batch::{RawName, as_u32};
use crate::file::{FileFlags, FileId};
use crate::heads::Head;

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
    /// Those names, each with what it calls its folder, as [`FileId::packed`].
    claimed: Vec<(u32, u64)>,
}

impl Parents {
    /// The parents of items, of which `file` tells their files.
    pub(super) fn new(stitched: &Stitched, items: &Items, file: &[u32], findings: &mut Findings) -> Self {
        let names = stitched.names.len();
        let mut of = vec![NO_ITEM; file.len()];
        let mut claims = vec![0; names.div_ceil(WORD)];
        let tasks = of[..names].par_chunks_mut(TASK_NAMES).zip(claims.par_chunks_mut(TASK_NAMES / WORD));
        let found = tasks.zip(stitched.names.par_chunks(TASK_NAMES)).zip(file.par_chunks(TASK_NAMES));
        // The orphans and the claims of each task, in the order of their records.
        let met: Vec<Met> = found
            .enumerate()
            .map(|(task, (((of, claims), names), files))| {
                let first = as_u32(task * TASK_NAMES);
                Task { stitched, items, of, claims, first }.find(names, files)
            })
            .collect();
        let mut claimed = Vec::with_capacity(met.iter().map(|met| met.claimed.len()).sum());
        for met in met {
            met.orphans.into_iter().for_each(|record| findings.note(FindingKind::Orphan, record));
            claimed.extend(met.claimed);
        }
        let (streams, made) = (items.first_stream as usize, items.first_made as usize);
        for (parent, &file) in of[streams..made].iter_mut().zip(&file[streams..]) {
            *parent = items.primary.get(file as usize).copied().unwrap_or(NO_ITEM);
        }
        of[made..items.root as usize].fill(items.bucket);
        Self { of, claims, claimed }
    }

    /// Hangs items up in the bucket.
    pub(super) fn hang(&mut self, hung: &[u32], stitched: &Stitched, items: &Items) {
        for &item in hung {
            let parent = std::mem::replace(&mut self.of[item as usize], items.bucket);
            if item < items.first_stream && !self.is_claim(item, items) {
                // What makes no claim calls its folder what that is called.
                let called = stitched.files.head(items.file[parent as usize]).id();
                if called != BUCKET {
                    self.claims[item as usize / WORD] |= 1 << (item as usize % WORD);
                    self.claimed.push((item, called.packed()));
                }
            }
        }
        self.claimed.sort_unstable_by_key(|&(item, _)| item);
    }

    /// How many names call their folder by another number than that has.
    pub(super) fn claims(&self) -> u64 {
        self.claimed.len() as u64
    }

    /// What an item calls its folder, if it makes a claim.
    pub(super) fn claimed(&self, item: u32) -> u64 {
        let place = self.claimed.binary_search_by_key(&item, |&(item, _)| item);
        place.map_or(FileId::NONE, |place| self.claimed[place].1)
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
    /// The first of the names.
    first: u32,
}

/// What a task met.
struct Met {
    /// Records that are orphans.
    orphans: Vec<u32>,
    claimed: Vec<(u32, u64)>,
}

impl Task<'_> {
    /// Finds the parents.
    fn find(self, names: &[RawName], files: &[u32]) -> Met {
        let Self { stitched, items, of, claims, first } = self;
        let is_deleted = |file: u32| stitched.files.flags(file).contains(FileFlags::DELETED);
        let (mut orphans, mut claimed) = (Vec::new(), Vec::new());
        // Most names lie in the folder that the one before lies in.
        let mut last = (BUCKET, Found::of(stitched, items, BUCKET));
        let words = names.chunks(WORD).zip(files.chunks(WORD)).zip(of.chunks_mut(WORD));
        for (word, (((names, files), of), claims)) in words.zip(claims).enumerate() {
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
                    Found::Deleted { item, folder } if is_deleted(file) && folder.is_called(id, true) => {
                        (item, folder.id())
                    }
                    _ => {
                        if !is_deleted(file) {
                            orphans.push(stitched.files.head(file).record);
                        }
                        (items.bucket, BUCKET)
                    }
                };
                *parent = item;
                if called != id {
                    *claims |= 1 << bit;
                    claimed.push((first + as_u32(word * WORD + bit), id.packed()));
                }
            }
        }
        Met { orphans, claimed }
    }
}

/// What a name calls its folder, looked up.
#[derive(Clone, Copy)]
enum Found {
    /// It is there, for every file.
    InUse {
        item: u32,
        called: FileId,
    },
    /// It was deleted, and may fit files that were deleted with it.
    Deleted {
        item: u32,
        folder: Head,
    },
    None,
}

impl Found {
    fn of(stitched: &Stitched, items: &Items, id: FileId) -> Self {
        let Some(place) = stitched.records.get(id.record) else { return Self::None };
        let folder = stitched.files.head(place);
        let item = items.primary[place as usize];
        if !folder.flags.contains(FileFlags::DIRECTORY) || item == NO_ITEM {
            return Self::None;
        }
        // The root is never given out again: whoever calls it by its name means it.
        if id == stitched.root_id || folder.is_called(id, false) {
            return Self::InUse { item, called: folder.id() };
        }
        if folder.flags.contains(FileFlags::DELETED) { Self::Deleted { item, folder } } else { Self::None }
    }
}

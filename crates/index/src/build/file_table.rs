//! The files of all workers: where they put them if there is memory for that, else their [heads](Head) and the rest as it was handed on.

use std::ops::Range;

use crate::batch::as_u32;
use crate::budget::{Chain, SpillError};
use crate::evidence::Evidence;
use crate::file::{File, FileFlags, FileId, Patch, Time};
use crate::heads::{Fields, Head, Stored, TagKind};
use crate::pieces::{Parts, Piece};

/// The files by their numbers, and behind them those that are made here.
#[derive(Debug)]
pub(crate) enum FileTable {
    Whole {
        files: Parts<File>,
        /// As many as files, if all batches kept it.
        evidence: Option<Parts<Evidence>>,
    },
    Split(Split),
}

/// Files whose facts were handed on.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) heads: Vec<Head>,
    files: Chain,
    evidence: Option<Chain>,
    /// What was learned of files since, in the order in which it was.
    learned: Vec<(u32, Learned)>,
}

/// What joining tells of a file.
#[derive(Debug, Clone, Copy)]
enum Learned {
    Sizes {
        size: u64,
        allocated: u64,
    },
    Allocated(u64),
    Tag(u32),
    /// Modified, created, changed, accessed.
    NameTimes([Time; 4]),
}

impl FileTable {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole { files, .. } => files.len(),
            Self::Split(split) => split.heads.len(),
        }
    }

    /// What a file is called, and its flags.
    #[inline]
    pub(crate) fn head(&self, file: u32) -> Head {
        match self {
            Self::Whole { files, .. } => Head::of(files.get(file)),
            Self::Split(split) => split.heads[file as usize],
        }
    }

    #[inline]
    pub(crate) fn flags(&self, file: u32) -> FileFlags {
        match self {
            Self::Whole { files, .. } => files.get(file).flags,
            Self::Split(split) => split.heads[file as usize].flags,
        }
    }

    pub(crate) fn flags_mut(&mut self, file: u32) -> &mut FileFlags {
        match self {
            Self::Whole { files, .. } => &mut files.get_mut(file).flags,
            Self::Split(split) => &mut split.heads[file as usize].flags,
        }
    }

    /// The numbers of the files of each of these pieces, which are all.
    pub(super) fn numbers(&self, pieces: &[Piece]) -> Vec<Range<u32>> {
        let mut next = 0;
        let of = |piece: &Piece| match self {
            Self::Whole { files, .. } => files.numbers(piece),
            // They were laid together.
            Self::Split(_) => {
                let first = next;
                next += as_u32(piece.range.len());
                first..next
            }
        };
        pieces.iter().map(of).collect()
    }

    pub(crate) fn has_evidence(&self) -> bool {
        match self {
            Self::Whole { evidence, .. } => evidence.is_some(),
            Self::Split(split) => split.evidence.is_some(),
        }
    }

    /// Adds what an extension says of a file, if the file does not say it itself.
    pub(super) fn patch(&mut self, file: u32, patch: Patch) {
        let head = self.head(file);
        match patch {
            Patch::Sizes { size, allocated } if !head.flags.contains(FileFlags::SIZED) => {
                self.learn(file, Learned::Sizes { size, allocated });
                *self.flags_mut(file) |= FileFlags::SIZED;
            }
            Patch::ReparseTag(tag) if head.tag == TagKind::None => self.learn(file, Learned::Tag(tag)),
            Patch::Damaged => *self.flags_mut(file) |= FileFlags::DAMAGED,
            Patch::NameTimes { modified, created, changed, accessed } => {
                self.learn(file, Learned::NameTimes([modified, created, changed, accessed]));
            }
            Patch::Sizes { .. } | Patch::ReparseTag(_) => {}
        }
    }

    /// Takes the bytes on disk of a stream that holds the packed form of the file, if the file is packed.
    pub(super) fn take_packed(&mut self, file: u32, allocated: u64) -> bool {
        let is_packed = self.head(file).tag == TagKind::Packed;
        if is_packed {
            self.learn(file, Learned::Allocated(allocated));
        }
        is_packed
    }

    fn learn(&mut self, file: u32, learned: Learned) {
        match self {
            Self::Whole { files, evidence } => {
                let kept = evidence.as_mut().map(|kept| kept.get_mut(file));
                learned.tell(files.get_mut(file), kept);
            }
            Self::Split(split) => {
                if let Learned::Tag(tag) = learned {
                    split.heads[file as usize].tag = TagKind::of(tag);
                }
                split.learned.push((file, learned));
            }
        }
    }

    /// Adds a folder that no record tells of.
    pub(super) fn push_made(&mut self, id: FileId) -> u32 {
        let place = as_u32(self.len());
        let FileId { record, sequence } = id;
        let flags = FileFlags::DIRECTORY | FileFlags::METAFILE;
        let made = File { record, sequence, flags, ..File::default() };
        match self {
            Self::Whole { files, evidence } => {
                files.push(made);
                evidence.iter_mut().for_each(|kept| kept.push(Evidence::default()));
            }
            Self::Split(split) => split.heads.push(Head::of(&made)),
        }
        place
    }
}

impl Learned {
    fn tell(self, file: &mut File, kept: Option<&mut Evidence>) {
        match self {
            Self::Sizes { size, allocated } => (file.size, file.allocated) = (size, allocated),
            Self::Allocated(allocated) => file.allocated = allocated,
            Self::Tag(tag) => file.reparse_tag = tag,
            Self::NameTimes([modified, created, changed, accessed]) => {
                if let Some(kept) = kept.filter(|kept| !kept.has_name_times()) {
                    (kept.name_modified, kept.name_created) = (modified, created);
                    (kept.name_changed, kept.name_accessed) = (changed, accessed);
                }
            }
        }
    }
}

impl Split {
    pub(super) fn new(heads: Vec<Head>, files: Chain, evidence: Option<Chain>) -> Self {
        Self { heads, files, evidence, learned: Vec::new() }
    }

    pub(super) fn has_evidence(&self) -> bool {
        self.evidence.is_some()
    }

    /// Gives each file as it is known now to `each`, with its place, in their order. They are gone then, but for their heads.
    pub(super) fn take_all(
        &mut self,
        mut each: impl FnMut(u32, File, Evidence) -> Result<(), SpillError>,
    ) -> Result<(), SpillError> {
        /// Files that are read in one go.
        const STEP: usize = 1 << 12;
        let mut learned = std::mem::take(&mut self.learned);
        // In the order in which it was learned, where it is of one file.
        learned.sort_by_key(|&(file, _)| file);
        let mut learned = learned.into_iter().peekable();
        let handed = self.files.bytes() / File::BYTES as u64;
        let (mut bytes, mut kept) = (Vec::new(), Vec::new());
        let all = self.heads.len() as u64;
        for start in (0..all).step_by(STEP) {
            let end = all.min(start + STEP as u64);
            let of = |bytes: usize| start.min(handed) * bytes as u64..end.min(handed) * bytes as u64;
            bytes.clear();
            kept.clear();
            self.files.take(of(File::BYTES), &mut bytes)?;
            if let Some(evidence) = &mut self.evidence {
                evidence.take(of(Evidence::BYTES), &mut kept)?;
            }
            let (mut files, mut evidence) = (Fields(&bytes), Fields(&kept));
            for place in start..end {
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                let head = self.heads[place as usize];
                // Those that were made here have no more than a head.
                let mut file = if files.0.is_empty() { File::default() } else { File::restore(&mut files) };
                (file.record, file.sequence, file.flags) = (head.record, head.sequence, head.flags);
                let mut evidence = match evidence.0.is_empty() {
                    true => Evidence::default(),
                    false => Evidence::restore(&mut evidence),
                };
                while let Some((_, learned)) = learned.next_if(|&(of, _)| of == place) {
                    learned.tell(&mut file, Some(&mut evidence));
                }
                each(place, file, evidence)?;
            }
        }
        Ok(())
    }
}

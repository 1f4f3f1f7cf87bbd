//! Where a worker puts what it reads, without meeting any other worker.
//!
//! A source cuts its records into stretches that do not overlap and hands them out in any order. A worker
//! opens a [segment](Batch::begin) for each stretch and appends; nothing is locked, and nothing depends on
//! who read what: segments are put in the order of their records when the index is built.
//!
//! What is read lies here as one structure an item: the build goes to files in the order of their rows, and finds all facts of
//! one in a single line of the cache. With one vector a fact it waited for memory once for each.
//!
//! A batch that is made [within a budget](Batch::within) hands the facts of files and the bytes of names on whenever they are a mebibyte:
//! what stays with it is what the build goes to in any order.

use std::ops::Range;

use crate::budget::{Budget, Items, Kind, Runs, SpillError};
use crate::build::BuildError;
use crate::evidence::Evidence;
use crate::file::{File, FileId, Patch};
use crate::heads::{Head, Stored};
use crate::pieces::Piece;

/// The longest name in bytes of WTF-8: 255 UTF-16 units of three bytes each.
pub const NAME_BYTES_MAX: usize = 255 * 3;
/// Facts and names that a batch with a budget has before it hands them on.
const RUN_BYTES: usize = 1 << 20;
/// The most names, streams, files or extensions that one batch takes; the top bit marks an owner elsewhere.
pub(crate) const ITEMS_MAX: usize = (1 << 31) - 1;
pub(crate) const ELSEWHERE: u32 = 1 << 31;

/// A record that only adds to another one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extension {
    /// Its own record number.
    pub(crate) record: u32,
    /// What it calls its base.
    pub(crate) base: FileId,
    /// It is not in use.
    pub(crate) deleted: bool,
}

/// A name, before its file and its parent are resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawName {
    /// The file in its batch, or `ELSEWHERE` and the extension in its batch that tells of it.
    pub(crate) owner: u32,
    /// What it calls its parent folder.
    pub(crate) parent: FileId,
    /// Length of the name.
    pub(crate) name_bytes: u16,
    /// A generated short (8.3) name, which is shown only where there is no other.
    pub(crate) short: bool,
}

/// A stream, before its file is resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawStream {
    /// As in [`RawName`].
    pub(crate) owner: u32,
    /// Length of the stream's name.
    pub(crate) name_bytes: u16,
    /// Holds the packed bytes of the main data if the file is packed so.
    pub(crate) packed: bool,
    /// Length of the stream in bytes.
    pub(crate) size: u64,
    /// Bytes taken on disk.
    pub(crate) allocated: u64,
}

/// The facts of a stream, apart from its name.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    /// Length in bytes.
    pub size: u64,
    /// Bytes taken on disk.
    pub allocated: u64,
    /// It holds the packed form of the file's main data, if [the file's tag](crate::TAG_WOF) says that it is
    /// packed: then it is no stream of its own, and its bytes on disk are the file's.
    pub packed: bool,
}

/// One stretch of records in a batch.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) first_record: u32,
    start: Marks,
}

/// How far each table of a batch has been filled.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    files: usize,
    names: usize,
    name_bytes: usize,
    streams: usize,
    stream_bytes: usize,
    extensions: usize,
    patches: usize,
}

impl Marks {
    /// What has come since.
    fn since(self, before: Self) -> Items {
        Items {
            files: (self.files - before.files) as u64,
            names: (self.names - before.names) as u64,
            streams: (self.streams - before.streams) as u64,
            extensions: (self.extensions - before.extensions) as u64,
            patches: (self.patches - before.patches) as u64,
            claims: 0,
            holders: 0,
        }
    }
}

/// What one worker read.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) files: Vec<File>,
    /// As many as files, if it is kept.
    pub(crate) evidence: Option<Vec<Evidence>>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) names: Vec<RawName>,
    pub(crate) name_bytes: Vec<u8>,
    pub(crate) streams: Vec<RawStream>,
    pub(crate) stream_bytes: Vec<u8>,
    pub(crate) patches: Vec<(u32, Patch)>,
    pub(crate) segments: Vec<Segment>,
    /// Something did not fit any more; building from this batch is an error.
    pub(crate) full: bool,
    pub(crate) handed: Handed,
    /// To whom the next name, stream or patch belongs.
    owner: u32,
}

/// What a batch with a budget has handed on: what comes first in its tables.
#[derive(Debug, Default)]
pub(crate) struct Handed {
    budget: Budget,
    pub(crate) heads: Vec<Head>,
    pub(crate) files: Runs,
    pub(crate) evidence: Runs,
    pub(crate) name_bytes: Runs,
    pub(crate) stream_bytes: Runs,
    /// What the budget knows of.
    counted: Marks,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty batch that keeps [`Evidence`]. An index has it if all its batches do.
    #[must_use]
    pub fn with_evidence() -> Self {
        Self { evidence: Some(Vec::new()), ..Self::default() }
    }

    /// An empty batch that keeps to a budget, with [`Evidence`] if that is wanted. Whoever fills it calls
    /// [`hand_on`](Self::hand_on) now and then.
    #[must_use]
    pub fn within(budget: &Budget, evidence: bool) -> Self {
        let handed = Handed { budget: budget.clone(), ..Handed::default() };
        Self { evidence: evidence.then(Vec::new), handed, ..Self::default() }
    }

    /// Hands on what a budget leaves no room for. Without one, and if there is little, nothing happens.
    ///
    /// # Errors
    /// If that fails, or more has come in than the budget allows.
    pub fn hand_on(&mut self) -> Result<(), BuildError> {
        let bytes = self.files.len() * size_of::<File>() + self.name_bytes.len() + self.stream_bytes.len();
        if bytes >= RUN_BYTES { self.hand_on_all() } else { Ok(()) }
    }

    /// The budget of the batches; all keep to it if one of them does.
    pub(crate) fn one_budget(batches: &mut [Self]) -> Budget {
        let budgets = batches.iter().map(|batch| &batch.handed.budget);
        let budget = budgets.clone().find(|budget| budget.is_limited()).cloned().unwrap_or_default();
        batches.iter_mut().for_each(|batch| batch.handed.budget = budget.clone());
        budget
    }

    /// Hands on all that a batch with a budget can.
    pub(crate) fn hand_on_all(&mut self) -> Result<(), BuildError> {
        if !self.handed.budget.is_limited() {
            return Ok(());
        }
        let now = self.marks();
        let Handed { budget, heads, files, evidence, name_bytes, stream_bytes, counted } = &mut self.handed;
        budget.count(now.since(std::mem::replace(counted, now)))?;
        heads.extend(self.files.iter().map(Head::of));
        files.push(budget.put(Kind::Files, Stored::all(&self.files))?);
        self.files.clear();
        if let Some(kept) = &mut self.evidence {
            evidence.push(budget.put(Kind::Files, Stored::all(kept))?);
            kept.clear();
        }
        name_bytes.push(budget.put(Kind::Names, std::mem::take(&mut self.name_bytes))?);
        stream_bytes.push(budget.put(Kind::Names, std::mem::take(&mut self.stream_bytes))?);
        let names = [name_bytes, stream_bytes].map(|runs| (Kind::Names, runs));
        for (kind, runs) in [files, evidence].map(|runs| (Kind::Files, runs)).into_iter().chain(names) {
            runs.make_room(kind, budget)?;
        }
        Ok(())
    }

    /// The bytes of its names and those of its streams' names, which it has no more.
    pub(crate) fn take_name_bytes(&mut self) -> Result<(Runs, Runs), SpillError> {
        let Handed { budget, name_bytes, stream_bytes, .. } = &mut self.handed;
        name_bytes.push(budget.put(Kind::Names, std::mem::take(&mut self.name_bytes))?);
        stream_bytes.push(budget.put(Kind::Names, std::mem::take(&mut self.stream_bytes))?);
        Ok((std::mem::take(name_bytes), std::mem::take(stream_bytes)))
    }

    /// Opens the segment of the records from `first_record` on. Segments of all batches must not overlap,
    /// and what belongs to one segment comes in the order of its records.
    pub fn begin(&mut self, first_record: u32) {
        let start = self.marks();
        self.segments.push(Segment { first_record, start });
    }

    /// Opens a file: what follows, up to [`Batch::close_file`], belongs to it.
    pub fn open_file(&mut self) {
        self.owner = self.place(self.files());
    }

    /// Lets what follows belong to the file at this place, for files that are added column by column.
    pub(crate) fn belong_to(&mut self, file: usize) {
        self.owner = self.place(file);
    }

    /// Adds the file that was opened, now that all about it is known.
    pub fn close_file(&mut self, file: File) {
        self.close_file_with(file, Evidence::default());
    }

    /// The same, with evidence, which a batch drops that was not made to keep it.
    pub fn close_file_with(&mut self, file: File, evidence: Evidence) {
        self.files.push(file);
        if let Some(kept) = &mut self.evidence {
            kept.push(evidence);
        }
    }

    /// Adds an extension record; what follows belongs to the file that is its base, wherever that is, up to the
    /// next file or extension.
    pub fn extension(&mut self, record: u32, base: FileId, deleted: bool) {
        self.owner = ELSEWHERE | self.place(self.extensions.len());
        self.extensions.push(Extension { record, base, deleted });
    }

    /// Adds a name in the folder `parent`. `write` appends its WTF-8 to the blob that it is given; what
    /// exceeds [`NAME_BYTES_MAX`] is cut off. A `short` name is shown only where the file has no other.
    pub fn name(&mut self, parent: FileId, short: bool, write: impl FnOnce(&mut Vec<u8>)) {
        let name_bytes = append(&mut self.name_bytes, write);
        self.place(self.names.len());
        self.names.push(RawName { owner: self.owner, parent, name_bytes, short });
    }

    /// Adds a stream; `write` as in [`Batch::name`].
    pub fn stream(&mut self, stream: Stream, write: impl FnOnce(&mut Vec<u8>)) {
        let Stream { size, allocated, packed } = stream;
        let name_bytes = append(&mut self.stream_bytes, write);
        self.place(self.streams.len());
        self.streams.push(RawStream { owner: self.owner, name_bytes, size, allocated, packed });
    }

    /// Notes what the extension last added says of its base; without effect in a file.
    pub fn patch(&mut self, patch: Patch) {
        let kept = self.evidence.is_some() || !matches!(patch, Patch::NameTimes { .. });
        if kept && self.owner & ELSEWHERE != 0 {
            self.patches.push((self.owner, patch));
        }
    }

    /// How many files have been added.
    #[must_use]
    pub fn files(&self) -> usize {
        self.handed.heads.len() + self.files.len()
    }

    /// The next place in a table of `len` items; a full table fails the build instead of counting wrongly.
    fn place(&mut self, len: usize) -> u32 {
        self.full |= len >= ITEMS_MAX;
        as_u32(len) & !ELSEWHERE
    }

    fn marks(&self) -> Marks {
        let after =
            |runs: &Runs, bytes: &[u8]| usize::try_from(runs.bytes()).unwrap_or(usize::MAX) + bytes.len();
        Marks {
            files: self.files(),
            names: self.names.len(),
            name_bytes: after(&self.handed.name_bytes, &self.name_bytes),
            streams: self.streams.len(),
            stream_bytes: after(&self.handed.stream_bytes, &self.stream_bytes),
            extensions: self.extensions.len(),
            patches: self.patches.len(),
        }
    }
}

/// Lets `write` append a name to `blob` and returns its length.
fn append(blob: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> u16 {
    let start = blob.len();
    write(blob);
    blob.truncate(blob.len().min(start + NAME_BYTES_MAX));
    u16::try_from(blob.len() - start).unwrap_or(0)
}

/// A place in a table whose size is known to fit; what would not fit sets [`Batch::full`] instead.
pub(crate) fn as_u32(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// The stitching plan: every segment of every batch in the order of its records, one list a table.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) files: Vec<Piece>,
    pub(crate) names: Vec<Piece>,
    pub(crate) name_bytes: Vec<Piece>,
    pub(crate) streams: Vec<Piece>,
    pub(crate) stream_bytes: Vec<Piece>,
    pub(crate) extensions: Vec<Piece>,
    pub(crate) patches: Vec<Piece>,
}

impl Layout {
    pub(crate) fn of(batches: &[Batch]) -> Self {
        let mut segments: Vec<(usize, usize)> = batches
            .iter()
            .enumerate()
            .flat_map(|(batch, held)| (0..held.segments.len()).map(move |segment| (batch, segment)))
            .collect();
        segments.sort_by_key(|&(batch, segment)| batches[batch].segments[segment].first_record);
        let mut layout = Self::default();
        for (batch, segment) in segments {
            let held = &batches[batch];
            let from = held.segments[segment].start;
            let to = held.segments.get(segment + 1).map_or_else(|| held.marks(), |next| next.start);
            let piece = |range: Range<usize>| Piece { batch, range };
            layout.files.push(piece(from.files..to.files));
            layout.names.push(piece(from.names..to.names));
            layout.name_bytes.push(piece(from.name_bytes..to.name_bytes));
            layout.streams.push(piece(from.streams..to.streams));
            layout.stream_bytes.push(piece(from.stream_bytes..to.stream_bytes));
            layout.extensions.push(piece(from.extensions..to.extensions));
            layout.patches.push(piece(from.patches..to.patches));
        }
        layout
    }
}

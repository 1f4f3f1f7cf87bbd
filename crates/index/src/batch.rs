//! Where a worker puts what it reads, without meeting any other worker.
//!
//! A source cuts its records into stretches that do not overlap and hands them out in any order. A worker
//! opens a [segment](Batch::begin) for each stretch and appends; nothing is locked, and nothing depends on
//! who read what: segments are put in the order of their records when the index is built.

use std::ops::Range;

use crate::columns::{Piece, table};
use crate::evidence::{Evidence, EvidenceColumns};
use crate::file::{File, FileColumns, FileId, Patch};

/// The longest name in bytes of WTF-8: 255 UTF-16 units of three bytes each.
pub const NAME_BYTES_MAX: usize = 255 * 3;
/// The most names, streams, files or extensions that one batch takes; the top bit marks an owner elsewhere.
const ITEMS_MAX: usize = (1 << 31) - 1;
pub(crate) const ELSEWHERE: u32 = 1 << 31;

table! {
    /// A record that only adds to another one.
    pub(crate) item Extension;
    /// All such records, in their order.
    table Extensions {
        /// Its own record number.
        record: u32,
        /// Record number of its base.
        base_record: u32,
        /// Sequence number that its base had.
        base_sequence: u16,
        /// It is not in use.
        deleted: bool,
    }
}

table! {
    /// A name, before its file and its parent are resolved.
    pub(crate) item RawName;
    /// All names in the order of the records that hold them.
    table RawNames {
        /// The file in its batch, or `ELSEWHERE` and the extension in its batch that tells of it.
        owner: u32,
        /// Record number of the parent folder.
        parent_record: u32,
        /// Sequence number that the parent had.
        parent_sequence: u16,
        /// Length of the name.
        name_bytes: u16,
        /// A generated short (8.3) name, which is shown only where there is no other.
        short: bool,
    }
}

table! {
    /// A stream, before its file is resolved.
    pub(crate) item RawStream;
    /// All streams in the order of the records that hold them.
    table RawStreams {
        /// As in [`RawNames`].
        owner: u32,
        /// Length of the stream's name.
        name_bytes: u16,
        /// Length of the stream in bytes.
        size: u64,
        /// Bytes taken on disk.
        allocated: u64,
        /// Holds the packed bytes of the main data if the file is packed so.
        packed: bool,
    }
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

/// What one worker read.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) files: FileColumns,
    /// As many as files, if it is kept.
    pub(crate) evidence: Option<EvidenceColumns>,
    pub(crate) extensions: Extensions,
    pub(crate) names: RawNames,
    pub(crate) name_bytes: Vec<u8>,
    pub(crate) streams: RawStreams,
    pub(crate) stream_bytes: Vec<u8>,
    pub(crate) patches: Vec<(u32, Patch)>,
    pub(crate) segments: Vec<Segment>,
    /// Something did not fit any more; building from this batch is an error.
    pub(crate) full: bool,
    /// To whom the next name, stream or patch belongs.
    owner: u32,
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
        Self { evidence: Some(EvidenceColumns::default()), ..Self::default() }
    }

    /// Opens the segment of the records from `first_record` on. Segments of all batches must not overlap,
    /// and what belongs to one segment comes in the order of its records.
    pub fn begin(&mut self, first_record: u32) {
        let start = self.marks();
        self.segments.push(Segment { first_record, start });
    }

    /// Opens a file: what follows, up to [`Batch::close_file`], belongs to it.
    pub fn open_file(&mut self) {
        self.owner = self.place(self.files.len());
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
        self.owner = ELSEWHERE | self.place(self.extensions.record.len());
        self.extensions.push(Extension {
            record,
            base_record: base.record,
            base_sequence: base.sequence,
            deleted,
        });
    }

    /// Adds a name in the folder `parent`. `write` appends its WTF-8 to the blob that it is given; what
    /// exceeds [`NAME_BYTES_MAX`] is cut off. A `short` name is shown only where the file has no other.
    pub fn name(&mut self, parent: FileId, short: bool, write: impl FnOnce(&mut Vec<u8>)) {
        let name_bytes = append(&mut self.name_bytes, write);
        self.place(self.names.owner.len());
        self.names.push(RawName {
            owner: self.owner,
            parent_record: parent.record,
            parent_sequence: parent.sequence,
            name_bytes,
            short,
        });
    }

    /// Adds a stream; `write` as in [`Batch::name`].
    pub fn stream(&mut self, stream: Stream, write: impl FnOnce(&mut Vec<u8>)) {
        let Stream { size, allocated, packed } = stream;
        let name_bytes = append(&mut self.stream_bytes, write);
        self.place(self.streams.owner.len());
        self.streams.push(RawStream { owner: self.owner, name_bytes, size, allocated, packed });
    }

    /// Notes what the extension last added says of its base; without effect in a file.
    pub fn patch(&mut self, patch: Patch) {
        if self.owner & ELSEWHERE != 0 {
            self.patches.push((self.owner, patch));
        }
    }

    /// How many files have been added.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// The next place in a table of `len` items; a full table fails the build instead of counting wrongly.
    fn place(&mut self, len: usize) -> u32 {
        self.full |= len >= ITEMS_MAX;
        as_u32(len) & !ELSEWHERE
    }

    fn marks(&self) -> Marks {
        Marks {
            files: self.files.len(),
            names: self.names.owner.len(),
            name_bytes: self.name_bytes.len(),
            streams: self.streams.owner.len(),
            stream_bytes: self.stream_bytes.len(),
            extensions: self.extensions.record.len(),
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

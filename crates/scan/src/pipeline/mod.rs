//! Reading a `$MFT` and parsing it, on as many threads as are given.
//!
//! Each worker takes the next chunk, reads it into a buffer of its own and parses it there, so that reading and
//! parsing overlap between workers and nothing is handed over. How many reads are in flight, and who parses,
//! are values of one [`Pipeline`]; the index does not depend on them.
//!
//! Memory: one buffer a worker, and the rows. A record gives at most as many rows as attributes fit into it, so
//! that batches and index together take at most four bytes for each byte of the `$MFT` that was read, and 64 MiB.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use quarry_index::{Builder, FileId, Index};
use quarry_io::{BufferPool, ReadError};
use quarry_ntfs::{Protection, metafile};

use crate::absorb::{Absorber, Reading, Taken};
use crate::error::ScanError;
use crate::parsed::Parsed;
use crate::plan::{CHUNK_BYTES, CHUNK_BYTES_MAX, Chunk, Place, Plan};
use crate::progress::Progress;
use crate::report::{Report, Unread};
use crate::volume::Volume;

/// The most records that can be numbered; one number stands for none.
const RECORDS_MAX: u64 = u32::MAX as u64;
/// The most threads that a scan starts, and never more than there are chunks.
const THREADS_MAX: usize = 256;
/// The root folder of every volume.
const ROOT: FileId = FileId { record: 5, sequence: 5 };
const _: () = assert!(ROOT.record as u64 == metafile::ROOT);
/// Why records are not read that lie where others do.
const OVERLAP: &str = "the runs of the $MFT lie over one another";

/// How a volume is read.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline {
    /// Threads that read, each parsing what it read; more than a volume has chunks, or than 256, are not started.
    pub readers: NonZeroUsize,
    /// Bytes read at one go, [`crate::CHUNK_BYTES_MAX`] at most.
    pub chunk_bytes: u32,
    /// Whether deleted records are kept.
    pub deleted: bool,
    /// Whether the index keeps [`Evidence`](quarry_index::Evidence).
    pub evidence: bool,
    /// Whether the first failed read ends the scan.
    pub strict: bool,
}

impl Default for Pipeline {
    /// As many threads as there are processors, deleted records left out, errors survived.
    fn default() -> Self {
        let readers = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { readers, chunk_bytes: CHUNK_BYTES, deleted: false, evidence: false, strict: false }
    }
}

/// What came out of a scan.
#[derive(Debug)]
pub struct Scan {
    /// Every name of the volume.
    pub index: Index,
    /// What was met on the way.
    pub report: Report,
}

impl Pipeline {
    /// Reads the `$MFT` of `volume` and builds an index of it.
    ///
    /// # Errors
    /// If it was stopped, if a read failed and the pipeline is strict, or if there is more than an index holds.
    /// What cannot be read otherwise is listed in the report.
    pub fn run(&self, volume: &Volume, progress: &Progress) -> Result<Scan, ScanError> {
        self.read(volume, progress)?.build(Vec::new())
    }

    /// Reads the `$MFT` of `volume`: the first half of [`run`](Self::run).
    ///
    /// # Errors
    /// If it was stopped, if a read failed and the pipeline is strict, or if there are more records than an index holds.
    pub fn read(&self, volume: &Volume, progress: &Progress) -> Result<Parsed, ScanError> {
        let plan = Plan::new(volume, self.chunk_bytes);
        let Range { start: first, end: records } = plan.numbers;
        if records > RECORDS_MAX {
            return Err(ScanError::TooManyRecords { records, max: RECORDS_MAX });
        }
        progress.expect(records - first);
        let mut notes = volume.notes().to_vec();
        let case = volume.case_table(&mut notes);
        let readers = self.readers.get().min(THREADS_MAX).min(plan.chunks.len().max(1));
        // A pool of its own, so that the caller's word on threads holds for the build too.
        let threads = rayon::ThreadPoolBuilder::new().num_threads(readers).build()?;
        let shared = Shared {
            volume,
            plan,
            progress,
            strict: self.strict,
            next: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            buffers: BufferPool::new(
                readers,
                self.chunk_bytes.min(CHUNK_BYTES_MAX).max(volume.record_bytes) as usize,
            ),
        };
        let workers = threads.broadcast(|_| {
            let absorber = Absorber::new(self.deleted, self.evidence, volume.protection, volume.size_limit());
            Worker { shared: &shared, absorber, record: Vec::new() }.work()
        });
        let mut report = Report { notes, ..Report::default() };
        let mut batches = Vec::with_capacity(workers.len());
        for absorber in workers {
            let Absorber { batch, report: met, .. } = absorber?;
            batches.push(batch);
            report.merge(met);
        }
        report.settle();
        tracing::debug!(records = report.counts.records, "read and parsed");
        Ok(Parsed { builder: Builder::new(ROOT, case), batches, threads, report })
    }
}

/// What the workers of one scan share; each writes only counters.
struct Shared<'a> {
    volume: &'a Volume,
    plan: Plan,
    progress: &'a Progress,
    strict: bool,
    /// The next chunk that nobody has taken. Only its atomicity matters: chunks are independent.
    next: AtomicU64,
    /// A worker has given up, so the others may too.
    failed: AtomicBool,
    buffers: BufferPool,
}

struct Worker<'a> {
    shared: &'a Shared<'a>,
    absorber: Absorber,
    /// One record, for reading a torn one once more.
    record: Vec<u8>,
}

impl Worker<'_> {
    fn work(mut self) -> Result<Absorber, ScanError> {
        let shared = self.shared;
        let mut buffer = shared.buffers.take();
        while !shared.failed.load(Ordering::Relaxed) {
            if shared.progress.is_stopped() {
                return Err(ScanError::Stopped);
            }
            let chunk = shared.next.fetch_add(1, Ordering::Relaxed);
            let planned = usize::try_from(chunk).ok().and_then(|chunk| shared.plan.chunks.get(chunk));
            let Some(planned) = planned else { break };
            let done = self.chunk(chunk, planned, &mut buffer);
            if done.is_err() {
                shared.failed.store(true, Ordering::Relaxed);
            }
            done?;
        }
        Ok(self.absorber)
    }

    fn chunk(&mut self, number: u64, chunk: &Chunk, buffer: &mut [u8]) -> Result<(), ScanError> {
        let Range { start: first, end } = chunk.records;
        // Where nothing is to be had, one record shows why.
        let wanted = if chunk.place == Place::Missing { 1 } else { end - first };
        let (part, _) = buffer.split_at_mut(index(self.bytes(wanted)).min(buffer.len()));
        match chunk.place {
            Place::Hole => self.absorber.take_blank(end - first),
            Place::Device | Place::Missing => match (self.read(first, part), chunk.place) {
                (Err(source), _) if self.shared.strict => {
                    return Err(ScanError::Strict {
                        chunk: number,
                        first,
                        last: end.saturating_sub(1),
                        source,
                    });
                }
                (Ok(()), Place::Device) => self.parse(first, part),
                (Err(_), Place::Device) => self.salvage(first, part),
                (Err(error), _) => self.lose(first..end, error.offset, cause(&error)),
                (Ok(()), _) => {
                    let place = self.shared.volume.mft.within(self.bytes(first)..self.bytes(end)).next();
                    self.lose(first..end, place.and_then(|it| it.offset).unwrap_or(0), OVERLAP.to_owned());
                }
            },
        }
        self.shared.progress.add(end - first);
        Ok(())
    }

    fn read(&self, first: u64, part: &mut [u8]) -> Result<(), ReadError> {
        let Shared { volume, .. } = *self.shared;
        volume.mft.read(&*volume.device, self.bytes(first), part)
    }

    /// Parses the records that fill `part`, `first` and those after it.
    fn parse(&mut self, first: u64, part: &mut [u8]) {
        let number = |record: u64| u32::try_from(record).unwrap_or(u32::MAX);
        self.absorber.batch.begin(number(first));
        let record_bytes = self.shared.volume.record_bytes as usize;
        let reading = if self.may_be_live() { Reading::First } else { Reading::Only };
        for (record, bytes) in (first..).zip(part.chunks_exact_mut(record_bytes)) {
            if self.absorber.take(number(record), bytes, reading) == Taken::Torn {
                self.read_again(record, bytes);
            }
        }
    }

    /// Whether a torn record may only have been caught in the middle of a write. A dump will not change.
    fn may_be_live(&self) -> bool {
        self.shared.volume.boot().is_some() && self.shared.volume.protection == Protection::Protected
    }

    /// Takes a torn record as a second read finds it, or as it is if that fails.
    fn read_again(&mut self, number: u64, torn: &mut [u8]) {
        let mut record = std::mem::take(&mut self.record);
        record.resize(torn.len(), 0);
        let bytes = if self.read(number, &mut record).is_ok() { record.as_mut_slice() } else { torn };
        self.absorber.take(u32::try_from(number).unwrap_or(u32::MAX), bytes, Reading::Second);
        self.record = record;
    }

    /// Reads what can be read of a chunk in which a read failed: halves it until single records fail.
    fn salvage(&mut self, first: u64, part: &mut [u8]) {
        let record_bytes = self.shared.volume.record_bytes as usize;
        let whole = 0..part.len() / record_bytes;
        let mut left = Vec::from([whole]);
        while let Some(Range { start, end }) = left.pop() {
            let Some(stretch) = part.get_mut(start * record_bytes..end * record_bytes) else { continue };
            let at = first + start as u64;
            match self.read(at, stretch) {
                Ok(()) => self.parse(at, stretch),
                Err(error) if end - start == 1 => self.lose(at..at + 1, error.offset, cause(&error)),
                Err(_) => {
                    let middle = start.midpoint(end);
                    left.push(middle..end);
                    left.push(start..middle);
                }
            }
        }
    }

    fn lose(&mut self, records: Range<u64>, offset: u64, cause: String) {
        let Range { start: record, end } = records;
        self.absorber.report.note_unread(Unread { record, records: end - record, offset, cause });
    }

    fn bytes(&self, records: u64) -> u64 {
        records.saturating_mul(self.shared.volume.record_bytes.into())
    }
}

/// Why a read failed, in words.
fn cause(error: &ReadError) -> String {
    match &error.source {
        Some(source) => source.to_string(),
        None => "the device ends before them".to_owned(),
    }
}

/// A length that is known to be that of a buffer.
fn index(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

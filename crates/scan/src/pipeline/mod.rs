//! Reading a `$MFT` and parsing it, on as many threads as are given, in one of seven modes.
//!
//! There is one engine: a [plan] of chunks, [workers](worker) that parse each chunk in the buffer that it was read into, and
//! either each worker's own blocking reads or reads that run [ahead] of them on a completion port. A [`Mode`] is a set of
//! numbers for it; the index does not depend on them. No thread merges: the records of chunks do not overlap, so that
//! each worker fills columns of its own, which are stitched when all are there.
//!
//! Memory: a buffer for each read in flight, each that waits to be parsed and each worker, and the rows. A record gives at
//! most as many rows as attributes fit into it, so that batches and index together take at most four bytes for each byte of the `$MFT`
//! that was read, and 64 MiB. Within a [`Budget`], they take no more than that.

mod ahead;
mod bitmap;
mod depth;
mod growth;
mod mode;
mod plan;
mod reads;
mod worker;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use quarry_index::{Batch, Budget, BuildError, Builder, FileId, Index, Need};
use quarry_io::port::{BackendKind, DEPTH_MAX};
use quarry_io::{BufferPool, Device};
use quarry_ntfs::metafile;

pub use mode::{Mode, UnknownMode};
pub use plan::{CHUNK_BYTES, CHUNK_BYTES_MAX, Order};
pub use reads::{BitmapUse, PageCache, Reads};

use crate::absorb::Absorber;
use crate::error::ScanError;
use crate::many::Seat;
use crate::parsed::Parsed;
use crate::progress::Progress;
use crate::report::Report;
use crate::volume::Volume;
use ahead::Ahead;
use bitmap::Bitmap;
use mode::Shape;
use plan::{Plan, Wanted};
use worker::{Shared, Worker};

/// The most records that can be numbered; one number stands for none.
const RECORDS_MAX: u64 = u32::MAX as u64;
/// The most threads that a scan starts, and never more than there are chunks.
const THREADS_MAX: usize = 256;
/// The root folder of every volume.
const ROOT: FileId = FileId { record: 5, sequence: 5 };
const _: () = assert!(ROOT.record as u64 == metafile::ROOT);

/// How a volume is read.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline {
    /// How reading and parsing are divided among threads.
    pub mode: Mode,
    /// Threads that parse, at most; more than a volume has chunks, or than 256, are not started.
    pub threads: NonZeroUsize,
    /// Reads in flight, where the mode [takes](Mode::takes_depth) a number; at most as many as a port takes and a volume has
    /// chunks. Nothing: what the drive likes, adapted as it is read.
    pub depth: Option<NonZeroUsize>,
    /// Bytes read at one go, [`crate::CHUNK_BYTES_MAX`] at most. 0: what the drive likes.
    pub chunk_bytes: u32,
    /// In which order.
    pub order: Order,
    /// Whether the system's page cache stands between.
    pub page_cache: PageCache,
    /// What reads in the modes with a port.
    pub backend: BackendKind,
    /// Whether deleted records are kept.
    pub deleted: bool,
    /// Whether records that are not in use by the word of the volume's bitmap may be left unread, on a source that does not
    /// change; without effect where deleted records are kept.
    pub living_only: bool,
    /// Whether the index keeps [`Evidence`](quarry_index::Evidence).
    pub evidence: bool,
    /// Whether the first failed read ends the scan.
    pub strict: bool,
}

impl Default for Pipeline {
    /// The mode that suits, as many threads as there are processors, deleted records left out, errors survived.
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            depth: None,
            chunk_bytes: 0,
            order: Order::Disk,
            page_cache: PageCache::Auto,
            backend: BackendKind::Auto,
            deleted: false,
            living_only: false,
            evidence: false,
            strict: false,
        }
    }
}

/// What came out of a scan.
#[derive(Debug)]
pub struct Scan {
    /// Every name of the volume.
    pub index: Index,
    /// What was met on the way.
    pub report: Report,
    /// How it was read.
    pub reads: Reads,
}

/// What was decided before the first chunk is read.
struct Decided {
    /// The volume's device, or the same past the page cache.
    device: Arc<dyn Device>,
    plan: Plan,
    shape: Shape,
    reads: Reads,
}

impl Pipeline {
    /// Reads the `$MFT` of `volume` and builds an index of it.
    ///
    /// # Errors
    /// If it was stopped, if a read failed and the pipeline is strict, or if there is more than an index holds.
    /// What cannot be read otherwise is listed in the report.
    pub fn run(&self, volume: &Volume, progress: &Progress) -> Result<Scan, ScanError> {
        self.read(volume, progress)?.build(|_, _| Vec::new())
    }

    /// Reads the `$MFT` of `volume`: the first half of [`run`](Self::run).
    ///
    /// # Errors
    /// If it was stopped, if a read failed and the pipeline is strict, or if there are more records than an index holds.
    pub fn read(&self, volume: &Volume, progress: &Progress) -> Result<Parsed, ScanError> {
        self.read_within(&Budget::unlimited(), None, volume, progress)
    }

    /// The same for one of several volumes: it has as many threads as all of them may have, and leave to work in turns.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_among(&self, seat: &Seat, volume: &Volume, progress: &Progress) -> Result<Parsed, ScanError> {
        self.read_within(&Budget::unlimited(), Some(seat), volume, progress)
    }

    /// The same within a budget, which then holds for building, too; perhaps as one of several volumes.
    ///
    /// # Errors
    /// As [`read`](Self::read); and if the budget is less than so many records take at least, or than those take that came.
    pub fn read_within(
        &self,
        budget: &Budget,
        seat: Option<&Seat>,
        volume: &Volume,
        progress: &Progress,
    ) -> Result<Parsed, ScanError> {
        let threads = seat.map_or(self.threads, |seat| self.threads.min(seat.threads()));
        Self { threads, ..*self }.read_from(budget, seat.cloned(), volume, progress)
    }

    fn read_from(
        &self,
        budget: &Budget,
        seat: Option<Seat>,
        volume: &Volume,
        progress: &Progress,
    ) -> Result<Parsed, ScanError> {
        let Range { end: records, .. } = volume.numbers();
        if records > RECORDS_MAX {
            return Err(ScanError::TooManyRecords { records, max: RECORDS_MAX });
        }
        let Decided { device, plan, mut shape, mut reads } = self.decide(volume)?;
        progress.expect(plan.records());
        let mut notes = volume.notes().to_vec();
        let case = volume.case_table(&mut notes);
        let (buffers, ahead) = match self.prepare(volume, &device, &shape, reads.chunk_bytes) {
            // Who asked for a port by name is told that there is none.
            Err(ScanError::Port(error)) if self.mode == Mode::Auto => {
                tracing::warn!(%error, "no port: reading by blocking calls");
                shape = reads.without_port(&shape);
                self.prepare(volume, &device, &shape, reads.chunk_bytes)?
            }
            prepared => prepared?,
        };
        let workers = shape.workers();
        let buffers_bytes = (buffers.count() * buffers.buffer_bytes()) as u64;
        budget
            .begin(Need { files: reads.records, threads: workers, buffers: buffers_bytes })
            .map_err(BuildError::from)?;
        let shared = Shared {
            volume,
            device,
            budget,
            plan,
            progress,
            strict: self.strict,
            next: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            buffers,
            ahead,
            seat,
        };
        tracing::debug!(mode = %reads.mode, workers, depth = reads.depth_first, "reading");
        let absorbed = self.work(&shared, workers);
        if let Some(ahead) = &shared.ahead {
            reads.backend = ahead.backend();
            (reads.depth_last, reads.depth_most) = ahead.depths();
        }
        let absorbed = absorbed?;
        let grown = self.read_grown(&shared, &mut reads)?;
        notes.extend(grown.notes);
        let mut report = Report { notes, ..Report::default() };
        let mut batches = Vec::with_capacity(workers);
        for Absorber { batch, report: met, .. } in absorbed.into_iter().chain(grown.absorbed) {
            batches.push(batch);
            report.merge(met);
        }
        report.settle();
        tracing::debug!(records = report.counts.records, "read and parsed");
        let (builder, seat) = (Builder::new(ROOT, case), shared.seat.clone());
        Ok(Parsed { builder, batches, threads: workers, report, reads, seat })
    }

    /// The buffers for a shape, and the port if it has one.
    fn prepare(
        &self,
        volume: &Volume,
        device: &Arc<dyn Device>,
        shape: &Shape,
        chunk_bytes: u32,
    ) -> Result<(BufferPool, Option<Ahead>), ScanError> {
        let ahead = if shape.blocks() { 0 } else { *shape.depths.all.end() + shape.queue };
        let bytes = chunk_bytes.max(volume.record_bytes) as usize;
        let buffers = BufferPool::try_new(ahead + shape.workers(), bytes)?;
        let ahead = match shape.blocks() {
            true => None,
            false => Some(Ahead::new(device, volume.record_bytes, shape, self.backend, buffers.clone())?),
        };
        Ok((buffers, ahead))
    }

    /// Runs the workers; the first thing that ended one of them early ends all.
    fn work(&self, shared: &Shared<'_>, workers: usize) -> Result<Vec<Absorber>, ScanError> {
        // Threads inherit where they may run: whoever starts others, here and later, is not pinned itself.
        let pins = shared.seat.as_ref().is_some_and(Seat::pins);
        let worker = |number: usize| {
            if let Some(seat) = shared.seat.as_ref().filter(|_| pins) {
                seat.pin(number);
            }
            let volume = shared.volume;
            let batch = Batch::within(shared.budget, self.evidence);
            let absorber = Absorber::new(batch, self.deleted, volume.protection, volume.size_limit());
            Worker { shared, absorber, record: Vec::new(), lost_in_a_row: 0 }.work()
        };
        let worker = &worker;
        std::thread::scope(|scope| {
            let mut threads = Vec::with_capacity(workers);
            for number in usize::from(!pins)..workers {
                let thread = std::thread::Builder::new().name(format!("scan-{number}"));
                match thread.spawn_scoped(scope, move || worker(number)) {
                    Ok(thread) => threads.push(thread),
                    // Those that are there do the work of those that are not.
                    Err(error) => tracing::warn!(%error, "fewer threads than wanted"),
                }
            }
            let mine = (!pins || threads.is_empty()).then(|| worker(0));
            let join = |thread: std::thread::ScopedJoinHandle<'_, Result<Absorber, ScanError>>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            let all: Vec<_> = mine.into_iter().chain(threads.into_iter().map(join)).collect();
            all.into_iter().collect()
        })
    }

    fn decide(&self, volume: &Volume) -> Result<Decided, ScanError> {
        let drive = volume.device.drive();
        let profile = drive.profile();
        let liked = u32::try_from(profile.chunk_bytes()).unwrap_or(CHUNK_BYTES);
        let chunk_bytes = match self.chunk_bytes {
            0 => liked,
            asked => asked.min(CHUNK_BYTES_MAX),
        };
        let known = Bitmap::of(volume);
        let wants_skip = self.living_only && !self.deleted;
        let bitmap = match (&known, wants_skip) {
            (None, _) => BitmapUse::None,
            (Some(_), false) => BitmapUse::Order,
            (Some(_), true) if volume.may_change() => BitmapUse::OrderOnly,
            (Some(_), true) => BitmapUse::Skip,
        };
        let skip = bitmap == BitmapUse::Skip;
        let wanted = Wanted { chunk_bytes, order: self.order, bitmap: known.as_ref(), skip };
        let plan = Plan::new(volume, wanted);
        let (mode, why) = match self.mode {
            Mode::Auto => {
                let (mode, why) = reads::choose(volume, &plan, self.depth.is_some());
                (mode, Some(why))
            }
            mode => (mode, None),
        };
        let past = self.page_cache.past(volume, &plan)?;
        let threads = self.threads.get().min(THREADS_MAX).min(plan.chunks.len().max(1));
        // Each read in flight has a buffer.
        let most = NonZeroUsize::new(plan.chunks.len().min(DEPTH_MAX)).unwrap_or(NonZeroUsize::MIN);
        let shape = mode.shape(threads, &profile, self.depth.map(|depth| depth.min(most)));
        let (records, chunks) = plan.on_device();
        let reads = Reads {
            asked: self.mode,
            mode,
            why,
            drive,
            past_cache: past.is_some(),
            backend: "blocking",
            readers: shape.readers,
            parsers: shape.workers(),
            depth_first: shape.depths.first,
            depth_last: shape.depths.first,
            depth_most: shape.depths.first,
            chunk_bytes,
            chunks,
            records,
            bytes: records.saturating_mul(volume.record_bytes.into()),
            bitmap,
            left_out: plan.left_out,
            put_last: plan.put_last,
            holes: plan.holes,
        };
        let device = past.unwrap_or_else(|| Arc::clone(&volume.device));
        Ok(Decided { device, plan, shape, reads })
    }
}

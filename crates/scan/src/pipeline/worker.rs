//! What every mode does with a chunk: read it if nobody has yet, parse it in the buffer that it was read into, and read
//! around what cannot be read.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use quarry_index::Budget;
use quarry_io::{BufferPool, Device, ReadError};
use quarry_ntfs::Protection;
use quarry_sync::Permit;

use super::ahead::{Ahead, Came};
use super::plan::{Chunk, Place, Plan};
use crate::absorb::{Absorber, Reading, Taken};
use crate::error::ScanError;
use crate::many::Seat;
use crate::progress::Progress;
use crate::report::Unread;
use crate::volume::Volume;

/// Why records are not read that lie where others do.
const OVERLAP: &str = "the runs of the $MFT lie over one another";

/// Records in a row that a worker reads in vain before it gives up the larger stretches that follow as soon as they cannot be read, and their last
/// record neither. A disk may try for seconds before it fails a read, and one that is gone fails them all.
const PATIENCE: u64 = 64;

/// What the workers of one scan share; each writes only counters.
pub(super) struct Shared<'a> {
    pub(super) volume: &'a Volume,
    /// What is read.
    pub(super) device: Arc<dyn Device>,
    pub(super) budget: &'a Budget,
    pub(super) plan: Plan,
    pub(super) progress: &'a Progress,
    pub(super) strict: bool,
    /// The next chunk that nobody has taken. Only its atomicity matters: chunks are independent.
    pub(super) next: AtomicUsize,
    /// A worker has given up, so the others may too.
    pub(super) failed: AtomicBool,
    pub(super) buffers: BufferPool,
    /// Reads that run ahead of the workers; without them each worker reads for itself.
    pub(super) ahead: Option<Ahead>,
    /// Among other volumes: leave to work comes from there.
    pub(super) seat: Option<Seat>,
}

impl Shared<'_> {
    /// Leave to parse one chunk, if it has to be asked for. Nobody holds it while they read: a drive may never answer.
    fn leave(&self) -> Option<Permit> {
        self.seat.as_ref().and_then(Seat::work)
    }

    /// Whether to go on: not if another worker has failed.
    fn goes_on(&self) -> Result<bool, ScanError> {
        if self.failed.load(Ordering::Relaxed) {
            return Ok(false);
        }
        if self.progress.is_stopped() { Err(ScanError::Stopped) } else { Ok(true) }
    }
}

/// Tells the others when a worker ends before its end, even by a panic.
struct EndsWell<'a> {
    failed: &'a AtomicBool,
    well: bool,
}

impl Drop for EndsWell<'_> {
    fn drop(&mut self) {
        if !self.well {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}

/// One thread that parses.
pub(super) struct Worker<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) absorber: Absorber,
    /// One record, for reading a torn one once more.
    pub(super) record: Vec<u8>,
    /// How many records could not be read since one could.
    pub(super) lost_in_a_row: u64,
}

impl Worker<'_> {
    /// Deals with chunks until there are none left; gives what it took from them.
    pub(super) fn work(mut self) -> Result<Absorber, ScanError> {
        let mut ends = EndsWell { failed: &self.shared.failed, well: false };
        let worked = match &self.shared.ahead {
            None => self.read_each(),
            Some(ahead) => self.take_from(ahead),
        };
        ends.well = worked.is_ok();
        worked.map(|()| self.absorber)
    }

    /// Reads a chunk and parses it, one after the other.
    fn read_each(&mut self) -> Result<(), ScanError> {
        let shared = self.shared;
        let mut buffer = shared.buffers.take();
        while shared.goes_on()? {
            let next = shared.next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = shared.plan.chunks.get(next) else { break };
            self.chunk(chunk, &mut buffer, Filled::No)?;
        }
        Ok(())
    }

    /// Parses what comes from the port, and keeps reads in flight there.
    fn take_from(&mut self, ahead: &Ahead) -> Result<(), ScanError> {
        let shared = self.shared;
        while shared.goes_on()? {
            ahead.fill(&shared.plan);
            if let Some(chunk) = ahead.left_to_workers().and_then(|chunk| shared.plan.chunks.get(chunk)) {
                let mut buffer = shared.buffers.take();
                self.chunk(chunk, &mut buffer, Filled::No)?;
                continue;
            }
            match ahead.wait(&shared.plan) {
                Came::Chunk { number, mut buffer, filled } => {
                    // Its place is taken before it is parsed, so that the drive has as much to do as before.
                    ahead.fill(&shared.plan);
                    let Some(chunk) = shared.plan.chunks.get(number) else { continue };
                    self.chunk(chunk, &mut buffer, filled)?;
                }
                Came::Nothing => {}
                Came::Last => break,
            }
        }
        Ok(())
    }

    fn chunk(&mut self, chunk: &Chunk, buffer: &mut [u8], filled: Filled) -> Result<(), ScanError> {
        let Range { start: first, end } = chunk.records;
        // Where nothing is to be had, one record shows why.
        let wanted = if chunk.place == Place::Missing { 1 } else { end - first };
        let (part, _) = buffer.split_at_mut(index(self.bytes(wanted)).min(buffer.len()));
        match (chunk.place, filled) {
            (Place::Hole, _) => self.absorber.take_blank(end - first),
            (Place::Device, Filled::Yes) => self.parse(first, part),
            (place, _) => match (self.read(first, part), place) {
                (Err(source), _) if self.shared.strict => {
                    return Err(ScanError::Strict {
                        chunk: chunk.number,
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
        self.absorber.batch.hand_on()?;
        Ok(())
    }

    fn read(&self, first: u64, part: &mut [u8]) -> Result<(), ReadError> {
        let Shared { volume, device, .. } = self.shared;
        volume.mft.read(&**device, self.bytes(first), part)
    }

    /// Parses the records that fill `part`, `first` and those after it, which could be read.
    fn parse(&mut self, first: u64, part: &mut [u8]) {
        self.lost_in_a_row = 0;
        let number = |record: u64| u32::try_from(record).unwrap_or(u32::MAX);
        self.absorber.batch.begin(number(first));
        let record_bytes = self.shared.volume.record_bytes as usize;
        let reading = if self.may_be_live() { Reading::First } else { Reading::Only };
        let mut leave = self.shared.leave();
        for (record, bytes) in (first..).zip(part.chunks_exact_mut(record_bytes)) {
            if self.absorber.take(number(record), bytes, reading) == Taken::Torn {
                self.read_again(record, bytes, &mut leave);
            }
        }
    }

    /// Whether a torn record may only have been caught in the middle of a write. A dump will not change.
    fn may_be_live(&self) -> bool {
        self.shared.volume.boot().is_some() && self.shared.volume.protection == Protection::Protected
    }

    /// Takes a torn record as a second read finds it, or as it is if that fails.
    fn read_again(&mut self, number: u64, torn: &mut [u8], leave: &mut Option<Permit>) {
        let mut record = std::mem::take(&mut self.record);
        record.resize(torn.len(), 0);
        *leave = None;
        let read = self.read(number, &mut record);
        *leave = self.shared.leave();
        let bytes = if read.is_ok() { record.as_mut_slice() } else { torn };
        self.absorber.take(u32::try_from(number).unwrap_or(u32::MAX), bytes, Reading::Second);
        self.record = record;
    }

    /// Reads what can be read of a chunk in which a read failed: halves it until single records fail, or too many have.
    fn salvage(&mut self, first: u64, part: &mut [u8]) {
        let record_bytes = self.shared.volume.record_bytes as usize;
        let whole = 0..part.len() / record_bytes;
        let mut left = Vec::from([whole]);
        while let Some(Range { start, end }) = left.pop() {
            if self.shared.progress.is_stopped() {
                return;
            }
            let Some(stretch) = part.get_mut(start * record_bytes..end * record_bytes) else { continue };
            let at = first + start as u64;
            match self.read(at, stretch) {
                Ok(()) => self.parse(at, stretch),
                Err(error) if end - start == 1 => {
                    self.lost_in_a_row += 1;
                    self.lose(at..at + 1, error.offset, cause(&error));
                }
                Err(error) if self.gives_up(at, stretch) => {
                    let cause = format!("{}, and was not read record by record after so many", cause(&error));
                    self.lose(at..at + (end - start) as u64, error.offset, cause);
                }
                Err(_) => {
                    let middle = start.midpoint(end);
                    left.push(middle..end);
                    left.push(start..middle);
                }
            }
        }
    }

    /// Whether to leave it at one read of a stretch that failed: after many records in a row, if what cannot be read does not end in it.
    fn gives_up(&mut self, first: u64, stretch: &mut [u8]) -> bool {
        if self.lost_in_a_row < PATIENCE {
            return false;
        }
        let record_bytes = self.shared.volume.record_bytes as usize;
        let before = stretch.len() / record_bytes - 1;
        let last = stretch.get_mut(before * record_bytes..).unwrap_or_default();
        let ends = self.read(first + before as u64, last).is_ok();
        if ends {
            self.lost_in_a_row = 0;
        }
        !ends
    }

    fn lose(&mut self, records: Range<u64>, offset: u64, cause: String) {
        let Range { start: record, end } = records;
        self.absorber.report.note_unread(Unread { record, records: end - record, offset, cause });
    }

    fn bytes(&self, records: u64) -> u64 {
        records.saturating_mul(self.shared.volume.record_bytes.into())
    }
}

/// Whether a chunk's buffer holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    Yes,
    /// Nobody has read it, or the read failed: it is read once more, alone, and what fails then is read around.
    No,
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

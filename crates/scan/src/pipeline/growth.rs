//! What a `$MFT` in use has grown by while it was read.
//!
//! A volume that people work on gets new files during a scan, and the records of those may lie behind the end that record 0 told at the
//! beginning. So when all is read, record 0 is looked at again, and what came is read as well; and again, since that takes its time, too. On a
//! volume that grows faster than it is read this would not end: rounds are counted, and what is left then is said.
//!
//! What changed in records that were read before is not looked for: that is what a change journal is for.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::plan::{Plan, Wanted};
use super::worker::Shared;
use super::{Pipeline, RECORDS_MAX, Reads};
use crate::absorb::Absorber;
use crate::error::ScanError;
use crate::report::Note;
use crate::volume::Volume;

/// How often what came is read. Each round takes a small part of the time of the one before.
const ROUNDS_MAX: u32 = 4;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Grown {
    pub(super) absorbed: Vec<Absorber>,
    pub(super) notes: Vec<Note>,
}

impl Pipeline {
    /// Reads the records that came while those of `shared` were read, and those that came meanwhile.
    pub(super) fn read_grown(&self, shared: &Shared<'_>, reads: &mut Reads) -> Result<Grown, ScanError> {
        let mut grown = Grown::default();
        let Some(boot) = shared.volume.boot().filter(|_| shared.volume.may_change()) else {
            return Ok(grown);
        };
        let first = shared.volume.numbers().end;
        let mut known = first;
        let mut left = 0;
        for round in 0..=ROUNDS_MAX {
            let volume = match shared.volume.located_again(boot) {
                Ok(volume) => volume,
                Err(cause) => {
                    grown.notes.push(Note::MftNotLookedAtAgain { cause });
                    break;
                }
            };
            let end = volume.numbers().end.min(RECORDS_MAX);
            if end <= known {
                grown.notes.extend(new_note(shared.volume, &volume, known > first));
                break;
            }
            if round == ROUNDS_MAX {
                left = end - known;
                break;
            }
            grown.absorbed.extend(self.read_more(shared, &volume, known..end, reads)?);
            known = end;
        }
        if known > first {
            grown.notes.push(Note::MftGrew { records: known - first, left });
        }
        Ok(grown)
    }

    /// Reads some records of what the volume of `shared` has become.
    fn read_more(
        &self,
        shared: &Shared<'_>,
        volume: &Volume,
        numbers: Range<u64>,
        reads: &mut Reads,
    ) -> Result<Vec<Absorber>, ScanError> {
        let wanted = Wanted { chunk_bytes: reads.chunk_bytes, order: self.order, bitmap: None, skip: false };
        let plan = Plan::of(volume, numbers, wanted);
        let (records, chunks) = plan.on_device();
        reads.records += records;
        reads.chunks += chunks;
        reads.bytes += records.saturating_mul(volume.record_bytes.into());
        reads.holes += plan.holes;
        shared.progress.expect(plan.records());
        let workers = reads.parsers.min(plan.chunks.len()).max(1);
        let more = Shared {
            volume,
            budget: shared.budget,
            device: Arc::clone(&shared.device),
            plan,
            progress: shared.progress,
            strict: shared.strict,
            next: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            // It has had one for each worker from the beginning, and nobody else uses it any more.
            buffers: shared.buffers.clone(),
            ahead: None,
            seat: shared.seat.clone(),
        };
        self.work(&more, workers)
    }
}

/// What is to be said of a look that found nothing new, beside what was said at the beginning; whether an earlier look found something.
fn new_note(before: &Volume, now: &Volume, grew: bool) -> Option<Note> {
    let said = |kind: fn(&Note) -> bool| before.notes().iter().any(kind);
    now.notes().iter().find_map(|note| match note {
        Note::MftCutShort { .. } if !said(|note| matches!(note, Note::MftCutShort { .. })) => {
            Some(note.clone())
        }
        // The copy is written after record 0, and may still be that of the beginning.
        Note::MirrorUsed { cause } if !grew && !said(|note| matches!(note, Note::MirrorUsed { .. })) => {
            let cause =
                format!("record 0 is damaged ({cause}), and its copy in $MFTMirr tells of nothing new");
            Some(Note::MftNotLookedAtAgain { cause })
        }
        _ => None,
    })
}

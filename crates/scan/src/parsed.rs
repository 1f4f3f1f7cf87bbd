//! What was read of a volume and is no index yet.
//!
//! Between reading and building, whoever scans can see how the reading went and take the time. What is to be noted in the index
//! is asked for when all is known that a report says, which is before the index is written.

use quarry_index::{Batch, BuildError, Builder, Built, Joined};

use crate::error::ScanError;
use crate::many::Seat;
use crate::pipeline::{Reads, Scan};
use crate::report::Report;

/// Every record of a volume, parsed. Made by [`Pipeline::read`](crate::Pipeline::read).
#[derive(Debug)]
pub struct Parsed {
    pub(crate) builder: Builder,
    pub(crate) batches: Vec<Batch>,
    /// How many parsed; as many build.
    pub(crate) threads: usize,
    pub(crate) report: Report,
    pub(crate) reads: Reads,
    /// Its place among other volumes, if there are any.
    pub(crate) seat: Option<Seat>,
}

impl Parsed {
    /// What was met so far. How things fit together, and how many streams there are, is known when the index is built.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// How it was read.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Builds the index, with what `note` makes of the whole report in it, for whoever opens it
    /// ([`Index::note`](quarry_index::Index::note)).
    ///
    /// # Errors
    /// If there is more than an index holds.
    pub fn build(self, note: impl FnOnce(&Report, &Reads) -> Vec<u8> + Send) -> Result<Scan, ScanError> {
        let built = |builder: Builder, batches, joined: Joiner<'_>| builder.build_with_note(batches, joined);
        let ((index, _), report, reads) = self.build_by(note, built)?;
        Ok(Scan { index, report, reads })
    }

    /// Builds it up to where it can be written, within the budget that it was read with: the index is not in memory then.
    ///
    /// # Errors
    /// If there is more than an index holds or the budget allows, or what does not fit cannot be put aside.
    pub fn prepare(
        self,
        note: impl FnOnce(&Report, &Reads) -> Vec<u8> + Send,
    ) -> Result<Prepared, ScanError> {
        let built = |builder: Builder, batches, joined: Joiner<'_>| builder.prepare(batches, joined);
        let (built, report, reads) = self.build_by(note, built)?;
        Ok(Prepared { built, report, reads })
    }

    fn build_by<T: Send>(
        self,
        note: impl FnOnce(&Report, &Reads) -> Vec<u8> + Send,
        build: impl FnOnce(Builder, Vec<Batch>, Joiner<'_>) -> Result<T, BuildError> + Send,
    ) -> Result<(T, Report, Reads), ScanError> {
        let Self { builder, batches, threads, mut report, reads, seat } = self;
        let (threads, _leave) = seat.map_or((threads, None), |seat| seat.build());
        // A pool of its own, so that the caller's word on threads holds for the build too.
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let built = threads.install(|| {
            let joined = |joined: Joined<'_>| {
                report.findings = joined.findings.clone();
                // What is a stream and what the packed form of a file shows only when records are joined.
                report.counts.streams = joined.streams;
                note(&report, &reads)
            };
            build(builder, batches, Box::new(joined))
        })?;
        Ok((built, report, reads))
    }
}

/// Makes the note of what is known when records are joined.
type Joiner<'a> = Box<dyn FnOnce(Joined<'_>) -> Vec<u8> + 'a>;

/// A scan whose index is not in memory: ready to be written.
#[derive(Debug)]
pub struct Prepared {
    /// The index.
    pub built: Built,
    /// What was met on the way.
    pub report: Report,
    /// How it was read.
    pub reads: Reads,
}

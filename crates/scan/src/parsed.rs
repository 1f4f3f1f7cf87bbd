//! What was read of a volume and is no index yet.
//!
//! Between reading and building, whoever scans can see how the reading went and take the time. What is to be noted in the index
//! is asked for when all is known that a report says, which is before the index is written.

use quarry_index::{Batch, Builder};

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
        let Self { builder, batches, threads, mut report, reads, seat } = self;
        let (threads, _leave) = seat.map_or((threads, None), |seat| seat.build());
        // A pool of its own, so that the caller's word on threads holds for the build too.
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let (index, _) = threads.install(|| {
            builder.build_with_note(batches, |joined| {
                report.findings = joined.findings.clone();
                // What is a stream and what the packed form of a file shows only when records are joined.
                report.counts.streams = joined.streams;
                note(&report, &reads)
            })
        })?;
        Ok(Scan { index, report, reads })
    }
}

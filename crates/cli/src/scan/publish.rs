//! From a volume that is open to an entry of the catalogue.
//!
//! The entry is locked before anything is read: two scans of one volume at a time would only slow each other down.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use quarry_catalog::{Catalog, Counts, EntryLock, Error, Facts, Name, Source, SourcePath, Wait};
use quarry_index::{Built, Time};
use quarry_io::DeviceKind;
use quarry_scan::{Note as ScanNote, Parsed, Pipeline, Progress, Report, Seat};

use super::poorer;
use super::summary::Done;
use crate::args::Memory;
use crate::entries;
use crate::facts;
use crate::failure::{Complaint, Failure, chain};
use crate::memory;
use crate::note::{Flags, Note};
use crate::output::words::quoted;
use crate::session::{Session, Verbosity};
use crate::volumes::{self, Opened};

/// How often somebody who waits for a lock looks at whether the user has had enough.
const LOOK: Duration = Duration::from_millis(200);
/// What is written between two looks at whether the user interrupted.
const WRITE_BYTES: usize = 4 << 20;

/// Why a volume may have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is what it is called if nobody says: an entry of another source keeps the name.
    Usual,
    /// The user said so, or it is the entry's own source.
    Chosen,
}

/// A volume that is to be an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) opened: &'a Opened,
    pub(crate) name: &'a Name,
    pub(crate) claim: Claim,
    pub(crate) flags: Flags,
    pub(crate) pipeline: Pipeline,
    /// Whether to give up if another process is changing the entry.
    pub(crate) no_wait: bool,
    /// Whether to replace the entry even by a poorer one.
    pub(crate) force: bool,
}

impl Job<'_> {
    /// Scans the volume and publishes what is found. Until all is done, readers see what was there before.
    pub(crate) fn publish(
        &self,
        catalog: &Catalog,
        seat: Option<&Seat>,
        progress: &Progress,
        session: &Session,
    ) -> Result<Done, Failure> {
        let source = self.source()?;
        let mut lock = lock(catalog, self.name, self.no_wait, session)?;
        let replaced = self.claim(catalog, &source)?;
        let budget = self.memory.budget(catalog.folder());
        let (scanned, began) = (now(), Instant::now());
        let note = |report: &_, reads: &_| Note::new(self.opened, report, reads, self.flags).bytes();
        let build = |parsed: Parsed| parsed.prepare(note);
        let (scan, phases) =
            volumes::read_and(build, self.opened, self.pipeline, (seat, &budget), progress, session)?;
        let took_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let _tidy = session.interrupt.tidy();
        if session.interrupt.is_set() {
            return Err(Failure::Interrupted);
        }
        let unread = unread_bytes(&scan.report, self.opened.volume.record_bytes());
        let facts = Facts { source, scanned, took_ns, counts: counts(&scan.built, unread) };
        if !self.force {
            poorer::check(catalog, self.name, &facts)?;
        }
        if let Some(was) = replaced {
            let name = self.name.as_str();
            session.note(Verbosity::Usual, &format!("{name}: is {was} in the catalogue, and is replaced"));
        }
        let began = Instant::now();
        let published = lock.publish(facts, |out| {
            memory::write(&scan.built, Interruptible { out, session }).map_err(memory::as_io)?;
            Ok::<u64, io::Error>(scan.built.identity())
        });
        let published = published.map_err(|error| match error {
            Error::Writer { .. } if session.interrupt.is_set() => Failure::Interrupted,
            error => entries::complaint(&error).into(),
        })?;
        let write = began.elapsed().as_secs_f64();
        let record_bytes = u64::from(self.opened.volume.record_bytes());
        let bytes = scan.report.counts.records.saturating_mul(record_bytes);
        let unused = self.flags.living_only.then_some(scan.report.counts.deleted);
        Ok(Done { title: self.opened.title(), published, scan, phases, write, mft_bytes: bytes, unused })
    }

    /// What the catalogue keeps of where it comes from: enough to scan it again.
    fn source(&self) -> Result<Source, Complaint> {
        let volume = &self.opened.volume;
        let kind = match volume.partition() {
            Some(number) => format!("partition-{number}"),
            None => facts::kind(volume).to_owned(),
        };
        let path = absolute(&self.opened.source)?;
        // Three bytes a unit are the most that a label takes, and it has 128 units at most; what is longer is not one.
        let label = String::from_utf8_lossy(&volume.label()).into_owned();
        let label = Some(label).filter(|label| (1..=quarry_catalog::LABEL_BYTES_MAX).contains(&label.len()));
        let serial = volume.boot().map(|boot| boot.serial);
        Ok(Source { kind, path: SourcePath::from(path.as_path()), serial, label })
    }

    /// Whether the volume may have the name; if that is another source's so far, which.
    fn claim(&self, catalog: &Catalog, source: &Source) -> Result<Option<String>, Complaint> {
        // An entry that cannot be read is replaced.
        let Ok(there) = catalog.show(self.name) else { return Ok(None) };
        let there = there.facts.source;
        let is_device = self.opened.volume.device().kind() == DeviceKind::Block;
        // A device may have another path each time that it is plugged in.
        let same_volume = is_device && there.serial.is_some() && there.serial == source.serial;
        if (&there.path, &there.kind) == (&source.path, &source.kind) || same_volume {
            return Ok(None);
        }
        let was = crate::catalog::source_title(&there);
        if self.claim == Claim::Chosen {
            return Ok(Some(was));
        }
        let name = self.name.as_str();
        let cause = format!("the entry {} of the catalogue is {was}", quoted(name));
        let complaint = Complaint::about(self.opened.title(), cause);
        Err(complaint.then(format!(
            "give this one another name with --name, or replace it with --name {}",
            quoted(name)
        )))
    }
}

/// Locks an entry, waiting for it if another process changes it and the user does not mind.
pub(crate) fn lock(
    catalog: &Catalog,
    name: &Name,
    no_wait: bool,
    session: &Session,
) -> Result<EntryLock, Failure> {
    let mut wait = Wait::No;
    loop {
        match catalog.lock(name, wait) {
            Ok(lock) => return Ok(lock),
            Err(Error::Locked { .. }) if !no_wait => {}
            Err(error) => return Err(entries::complaint(&error).into()),
        }
        if session.interrupt.is_set() {
            return Err(Failure::Interrupted);
        }
        if wait == Wait::No {
            let note = format!("{name}: another process is changing the entry; waiting for it");
            session.note(Verbosity::Usual, &note);
            wait = Wait::AtMost(LOOK);
        }
    }
}

/// A path that means the same wherever the command is run. Links in it are kept: they may lead to another device next time.
fn absolute(path: &Path) -> Result<PathBuf, Complaint> {
    std::path::absolute(path).map_err(|error| Complaint::about(path.display().to_string(), chain(&error)))
}

/// 100 ns since 1601.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let ticks = u64::try_from(since.as_nanos() / 100).unwrap_or(u64::MAX);
    Time::UNIX_EPOCH.0.saturating_add(ticks)
}

/// What the catalogue's list says of an index.
fn counts(built: &Built, unread: u64) -> Counts {
    let total = built.root_total();
    let (rows, content) = (built.rows(), total.bytes);
    Counts { rows, files: total.files, folders: total.folders, content, unread }
}

/// Bytes of the `$MFT` that should be in the index and could not be read.
fn unread_bytes(report: &Report, record_bytes: u32) -> u64 {
    let records = |records: u64| records.saturating_mul(record_bytes.into());
    let missing = report.notes.iter().map(|note| match note {
        ScanNote::MftCutShort { there, expected, .. } => expected.saturating_sub(*there),
        ScanNote::DumpStartsAt { record } => records(*record),
        ScanNote::DumpStartsLate { records: before } => records(*before),
        _ => 0,
    });
    missing.fold(records(report.counts.unread), u64::saturating_add)
}

/// Hands bytes on until the user interrupts.
struct Interruptible<'a> {
    out: &'a mut dyn Write,
    session: &'a Session,
}

impl Write for Interruptible<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.session.interrupt.is_set() {
            // Not of the kind that is tried again.
            return Err(io::Error::other("interrupted"));
        }
        self.out.write(bytes.get(..WRITE_BYTES).unwrap_or(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::unread_bytes;
    use quarry_scan::{Note, Report};

    #[test]
    fn what_is_missing_is_counted_in_bytes() {
        let mut report = Report::default();
        assert_eq!(unread_bytes(&report, 1024), 0);
        report.counts.unread = 3;
        report.notes.push(Note::MftCutShort { there: 10, expected: 25, cause: String::new() });
        report.notes.push(Note::DumpStartsAt { record: 2 });
        report.notes.push(Note::FixupsUndone);
        assert_eq!(unread_bytes(&report, 1024), 5 * 1024 + 15);
    }
}

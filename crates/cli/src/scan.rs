//! `quarry scan`: volumes into the catalogue.

mod name;
mod poorer;
mod publish;
mod summary;

use std::io::Write;
use std::path::Path;

use quarry_catalog::{Catalog, Name};
use quarry_scan::{Pipeline, Progress, Reads, Report, Seat};

use crate::args::{How, Reading, Scan};
use crate::entries;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::note::Flags;
use crate::output::sink::tell_of_work;
use crate::output::words::quoted;
use crate::session::{Session, Verbosity};
use crate::together;
use crate::volumes::{self, Opened, Phases};

pub(crate) use publish::{Claim, Job, lock};

/// Scans each volume of the sources, and says what came of it.
pub(crate) fn run(scan: &Scan, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalog = entries::catalog(&scan.catalog)?;
    let mut tally = Tally::default();
    let opened = open(scan, session, &mut tally)?;
    let flags = Flags {
        evidence: scan.evidence,
        strict: scan.reading.strict,
        threads: scan.reading.threads,
        living_only: scan.living_only,
    };
    let pipeline = pipeline(&scan.reading, scan.how, flags)?;
    let named = names(scan, &opened)?;
    let jobs = opened.iter().zip(&named).map(|(opened, (name, claim))| Job {
        opened,
        name,
        claim: *claim,
        flags,
        pipeline,
        memory: &scan.memory,
        no_wait: scan.waiting.no_wait,
        force: scan.replacing.force,
    });
    let jobs: Vec<_> = jobs.collect();
    // What was published is told, even where the user interrupted another.
    let published = publish_all(&catalog, &jobs, scan.json, session).into_iter();
    let told: Vec<_> = published.map(|told| tally.add(tell(told, session, out), session)).collect();
    told.into_iter().collect::<Result<(), Failure>>()?;
    Ok(tally.exit())
}

/// What came of one volume, in words.
#[derive(Debug)]
pub(crate) struct Told {
    title: String,
    phases: Phases,
    report: Report,
    reads: Reads,
    text: String,
    left: Vec<String>,
}

/// Scans all volumes, several at once if memory is not short: what came of each, in their order.
fn publish_all(
    catalog: &Catalog,
    jobs: &[Job<'_>],
    json: bool,
    session: &Session,
) -> Vec<Result<Told, Failure>> {
    let Some(&Job { pipeline, memory, .. }) = jobs.first() else { return Vec::new() };
    let volumes: Vec<&Opened> = jobs.iter().map(|job| job.opened).collect();
    together::each(&volumes, (pipeline.threads, memory), session, |number, seat, progress| {
        publish_one(catalog, &jobs[number], seat, progress, json, session)
    })
}

/// Scans one volume.
pub(crate) fn publish(
    catalog: &Catalog,
    job: &Job<'_>,
    json: bool,
    session: &Session,
) -> Result<Told, Failure> {
    publish_all(catalog, std::slice::from_ref(job), json, session).pop().unwrap_or(Err(Failure::Told))
}

fn publish_one(
    catalog: &Catalog,
    job: &Job<'_>,
    seat: Option<&Seat>,
    progress: &Progress,
    json: bool,
    session: &Session,
) -> Result<Told, Failure> {
    let done = match job.publish(catalog, seat, progress, session) {
        Err(Failure::Interrupted) => {
            let note = format!("{}: interrupted: nothing was published", job.name);
            session.note(Verbosity::Usual, &note);
            return Err(Failure::Interrupted);
        }
        done => done?,
    };
    let left = &done.published.collected.left;
    Ok(Told {
        text: if json { done.json() } else { done.text() },
        left: left.iter().map(|left| format!("{}: was left: {}", left.path.display(), left.error)).collect(),
        title: done.title,
        phases: done.phases,
        report: done.scan.report,
        reads: done.scan.reads,
    })
}

/// Prints what came of a volume; says whether all of it could be read.
pub(crate) fn tell(
    told: Result<Told, Failure>,
    session: &Session,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let Told { title, phases, report, reads, text, left } = told?;
    volumes::tell(session, &title, phases, &report, &reads);
    tell_of_work(out, &text)?;
    left.iter().for_each(|note| session.note(Verbosity::Usual, note));
    Ok(!report.is_partial())
}

/// How several of something went: one that fails is told, and the others are done all the same.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    done: usize,
    failed: usize,
    partial: bool,
}

impl Tally {
    /// Counts one; what ends everything is handed back.
    pub(crate) fn add(&mut self, result: Result<bool, Failure>, session: &Session) -> Result<(), Failure> {
        match result {
            Ok(whole) => {
                self.done += 1;
                self.partial |= !whole;
            }
            Err(Failure::Because(complaint)) => {
                session.error(&complaint);
                self.failed += 1;
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// What the caller is told.
    pub(crate) fn exit(&self) -> Exit {
        match (self.done, self.failed) {
            (0, failed) if failed > 0 => Exit::Error,
            (_, failed) if failed > 0 || self.partial => Exit::Partial,
            _ => Exit::Found,
        }
    }
}

/// Opens all volumes of the sources.
fn open(scan: &Scan, session: &Session, tally: &mut Tally) -> Result<Vec<Opened>, Failure> {
    let mut opened = Vec::new();
    #[cfg(any(target_os = "linux", windows))]
    if scan.means_all() {
        if scan.reading.partition.is_some() {
            return Err(Complaint::about("--partition", "it is one of a disk that is named").into());
        }
        let (attached, failed) = crate::attached::open_all(session);
        let none = attached.is_empty() && failed.is_empty();
        for complaint in failed {
            tally.add(Err(complaint.into()), session)?;
        }
        if none {
            return Err(Complaint::about("--all", "no NTFS volume is attached to this machine").into());
        }
        return Ok(attached);
    }
    for path in &scan.sources {
        match open_one(path, scan) {
            Ok(volumes) => opened.extend(volumes),
            Err(complaint) if scan.reading.strict => return Err(complaint.into()),
            Err(complaint) => tally.add(Err(complaint.into()), session)?,
        }
    }
    Ok(opened)
}

fn open_one(path: &Path, scan: &Scan) -> Result<Vec<Opened>, Complaint> {
    if entries::exported(path)?.is_some() {
        let file = path.display().to_string();
        let import = format!("`quarry catalog import {}` makes it one here", quoted(&file));
        return Err(Complaint::about(file, "is an entry that was exported").then(import));
    }
    volumes::open(path, &scan.reading)
}

/// What the entries are called, each differently, and whether the user said so.
fn names(scan: &Scan, opened: &[Opened]) -> Result<Vec<(Name, Claim)>, Complaint> {
    if let Some(name) = &scan.name {
        if opened.len() > 1 {
            let complaint = Complaint::about("--name", format!("there are {} volumes", opened.len()));
            return Err(complaint.then("choose one with --partition, or leave out --name"));
        }
        let name = entries::name(name)?;
        return Ok(opened.iter().map(|_| (name.clone(), Claim::Chosen)).collect());
    }
    let siblings = |volume: &Opened| opened.iter().filter(|other| other.source == volume.source).count() > 1;
    let usual = opened.iter().map(|volume| name::usual(volume, siblings(volume)));
    let usual = usual.collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<(Name, Claim)> = Vec::new();
    for (place, volume) in opened.iter().enumerate() {
        let shared = usual.iter().filter(|name| **name == usual[place]).count() > 1;
        let longer = if shared { name::longer(volume, siblings(volume)) } else { None };
        let name = longer.unwrap_or_else(|| Ok(usual[place].clone()))?;
        if let Some(other) = names.iter().position(|(taken, _)| *taken == name) {
            if opened[other].title() == opened[place].title() {
                return Err(Complaint::about(opened[place].title(), "is named twice").then("name it once"));
            }
            let cause = format!("it and {} would both be called {name}", opened[other].title());
            let complaint = Complaint::about(opened[place].title(), cause);
            return Err(complaint.then("scan them one by one, each with --name"));
        }
        names.push((name, Claim::Usual));
    }
    Ok(names)
}

/// How an entry's source is read again. In which mode does not show in what is kept, so that it is chosen anew.
pub(crate) fn reading(partition: Option<std::num::NonZeroUsize>, flags: Flags) -> Reading {
    Reading { partition, strict: flags.strict, threads: flags.threads }
}

/// How a volume is read that is to be an entry.
pub(crate) fn pipeline(reading: &Reading, how: How, flags: Flags) -> Result<Pipeline, Complaint> {
    let Flags { evidence, living_only, .. } = flags;
    Ok(Pipeline { evidence, living_only, ..volumes::pipeline(reading, how, !living_only)? })
}

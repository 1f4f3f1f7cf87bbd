//! `quarry scan`: volumes into the catalogue.

mod name;
mod publish;
mod summary;

use std::io::Write;

use quarry_catalog::{Catalog, Name};

use crate::args::{Reading, Scan};
use crate::entries;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::note::Flags;
use crate::output::sink::SinkError;
use crate::session::{Session, Verbosity};
use crate::volumes::{self, Opened};

pub(crate) use publish::{Claim, Job, lock};

/// Scans each volume of the sources, and says what came of it.
pub(crate) fn run(scan: &Scan, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalog = entries::catalog(&scan.catalog)?;
    let mut tally = Tally::default();
    let opened = open(scan, session, &mut tally)?;
    let flags = Flags { evidence: scan.evidence, strict: scan.reading.strict, threads: scan.reading.threads };
    let named = names(scan, &opened)?;
    let jobs = opened.iter().zip(&named).map(|(opened, (name, claim))| Job {
        opened,
        name,
        claim: *claim,
        flags,
        no_wait: scan.waiting.no_wait,
    });
    for job in jobs {
        tally.add(publish(&catalog, &job, scan.json, session, out), session)?;
    }
    Ok(tally.exit())
}

/// Scans one volume, and prints what came of it; says whether all of it could be read.
pub(crate) fn publish(
    catalog: &Catalog,
    job: &Job<'_>,
    json: bool,
    session: &Session,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let done = match job.publish(catalog, session) {
        Err(Failure::Interrupted) => {
            let note = format!("{}: interrupted: nothing was published", job.name);
            session.note(Verbosity::Usual, &note);
            return Err(Failure::Interrupted);
        }
        done => done?,
    };
    let text = if json { done.json() } else { done.text() };
    out.write_all(text.as_bytes()).map_err(SinkError::from)?;
    for left in &done.published.collected.left {
        let note = format!("{}: was left: {}", left.path.display(), left.error);
        session.note(Verbosity::Usual, &note);
    }
    Ok(!done.scan.report.is_partial())
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
                session.error(&complaint.to_string());
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
    for path in &scan.sources {
        match volumes::open(path, &scan.reading) {
            Ok(volumes) => opened.extend(volumes),
            Err(complaint) if scan.reading.strict => return Err(complaint.into()),
            Err(complaint) => tally.add(Err(complaint.into()), session)?,
        }
    }
    Ok(opened)
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
    let mut names: Vec<(Name, Claim)> = Vec::new();
    for (place, volume) in opened.iter().enumerate() {
        let siblings = opened.iter().filter(|other| other.source == volume.source).count();
        let name = name::usual(volume, siblings > 1)?;
        if let Some(other) = names.iter().position(|(taken, _)| *taken == name) {
            let cause = format!("it and {} would both be called {name}", opened[other].title());
            let complaint = Complaint::about(opened[place].title(), cause);
            return Err(complaint.then("scan them one by one, each with --name"));
        }
        names.push((name, Claim::Usual));
    }
    Ok(names)
}

/// How an entry's source is read again.
pub(crate) fn reading(partition: Option<std::num::NonZeroUsize>, flags: Flags) -> Reading {
    Reading { partition, strict: flags.strict, threads: flags.threads }
}

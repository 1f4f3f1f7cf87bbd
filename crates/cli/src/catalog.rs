//! `quarry catalog`: what has been scanned, as a list and one by one.

mod carry;
mod change;
mod list;
mod show;
mod verify;

use std::io::Write;

use quarry_catalog::{Entry, Source};
use serde::Serialize;

use crate::args::{Catalog, CatalogVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::sink::tell_of_work;
use crate::output::time::{is_date, push_rfc3339};
use crate::place::with_partition;
use crate::session::Session;

pub(crate) use show::{Form, show};

/// Does what was asked.
pub(crate) fn run(catalog: &Catalog, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    match &catalog.verb {
        CatalogVerb::List(list) => list::run(&list.common, session, out),
        CatalogVerb::Show(show) => show::run(show, session, out),
        CatalogVerb::Refresh(refresh) => change::refresh(refresh, session, out),
        CatalogVerb::Remove(remove) => change::remove(remove, session, out),
        CatalogVerb::Export(export) => carry::export(export, session, out),
        CatalogVerb::Import(import) => carry::import(import, session, out),
        CatalogVerb::Verify(verify) => verify::run(verify, session, out),
        CatalogVerb::Collect(collect) => change::collect(&collect.common, session, out),
    }
}

/// An entry as a JSON object. Sizes are bytes.
#[derive(Debug, Serialize)]
pub(crate) struct EntryFacts<'a> {
    name: &'a str,
    generation: u64,
    source: String,
    /// Number of the partition that it lies in.
    partition: Option<u32>,
    /// `volume`, `dump`, or `partition-N`.
    kind: &'a str,
    /// In hexadecimal.
    serial: Option<String>,
    label: Option<&'a str>,
    scanned: Option<String>,
    seconds: f64,
    rows: u64,
    files: u64,
    folders: u64,
    content_bytes: u64,
    unread_bytes: u64,
    snapshot_bytes: u64,
    /// In hexadecimal.
    identity: String,
}

impl<'a> EntryFacts<'a> {
    /// What the catalogue knows.
    pub(crate) fn new(entry: &'a Entry) -> Self {
        let (facts, counts) = (&entry.facts, &entry.facts.counts);
        Self {
            name: entry.name.as_str(),
            generation: entry.generation,
            source: facts.source.path.to_string_lossy().into_owned(),
            partition: partition(&facts.source),
            kind: &facts.source.kind,
            serial: facts.source.serial.map(|serial| format!("{serial:016X}")),
            label: facts.source.label.as_deref(),
            scanned: rfc3339(facts.scanned),
            seconds: seconds(facts.took_ns),
            rows: counts.rows,
            files: counts.files,
            folders: counts.folders,
            content_bytes: counts.content,
            unread_bytes: counts.unread,
            snapshot_bytes: entry.bytes,
            identity: format!("{:016x}", entry.identity),
        }
    }
}

/// The partition of a disk that a source is.
pub(crate) fn partition(source: &Source) -> Option<u32> {
    source.kind.strip_prefix("partition-")?.parse().ok()
}

/// `disk.img#2`.
pub(crate) fn source_title(source: &Source) -> String {
    with_partition(&source.path.to_string_lossy(), partition(source))
}

/// A moment of 100 ns since 1601, if it is a date.
fn rfc3339(ticks: u64) -> Option<String> {
    let mut text = Vec::new();
    is_date(ticks).then(|| push_rfc3339(&mut text, ticks))?;
    String::from_utf8(text).ok()
}

/// Nanoseconds as seconds, to the millisecond.
fn seconds(nanoseconds: u64) -> f64 {
    (std::time::Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3).round() / 1e3
}

/// Prints a JSON object in a line.
fn print_json(out: &mut dyn Write, object: &impl Serialize) -> Result<(), Failure> {
    // Strings and numbers with known keys: there is nothing in it that cannot be written.
    let mut line = serde_json::to_string(object).unwrap_or_default();
    line.push('\n');
    print(out, &line)
}

fn print(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    Ok(tell_of_work(out, text)?)
}

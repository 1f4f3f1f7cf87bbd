//! `quarry catalog list`: a line an entry.

use std::io::Write;

use jiff::tz::TimeZone;
use quarry_catalog::{Entry, Stray};

use super::{EntryFacts, print, print_json, source_title};
use crate::args::Common;
use crate::entries;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::grid::{Align, Grid};
use crate::output::time::{Civil, is_date};
use crate::output::words::{escaped, size};
use crate::session::{Session, Verbosity};

/// Prints the entries; those that cannot be read are told.
pub(super) fn run(common: &Common, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalog = entries::catalog(&common.catalog)?;
    let mut lacking = false;
    let list = entries::all(&catalog, |complaint| {
        session.error(&complaint);
        lacking = true;
    })?;
    if common.json {
        for entry in &list {
            print_json(out, &EntryFacts::new(entry))?;
        }
    } else if !list.is_empty() {
        print(out, &table(&list))?;
    }
    if session.verbosity >= Verbosity::Verbose {
        for stray in catalog.strays().map_err(|error| entries::complaint(&error))? {
            session.note(Verbosity::Verbose, &stray_in_words(&stray));
        }
    }
    if list.is_empty() && !lacking {
        session.note(Verbosity::Usual, &entries::empty(&catalog).to_string());
    }
    Ok(match (lacking, list.is_empty()) {
        (true, true) => Exit::Error,
        (true, false) => Exit::Partial,
        (false, true) => Exit::NothingFound,
        (false, false) => Exit::Found,
    })
}

/// The list as it is, however wide: a path that is cut into lines cannot be copied.
fn table(list: &[Entry]) -> String {
    let mut grid = Grid::new(&[
        ("NAME", Align::Left),
        ("SCANNED", Align::Left),
        ("FILES", Align::Right),
        ("FOLDERS", Align::Right),
        ("CONTENT", Align::Right),
        ("SNAPSHOT", Align::Right),
        ("SOURCE", Align::Left),
    ]);
    for entry in list {
        let (facts, counts) = (&entry.facts, &entry.facts.counts);
        grid.row(vec![
            escaped(entry.name.as_str().as_bytes()),
            minutes(facts.scanned),
            counts.files.to_string(),
            counts.folders.to_string(),
            size(counts.content),
            size(entry.bytes),
            escaped(source_title(&facts.source).as_bytes()),
        ]);
    }
    grid.text(None)
}

/// A moment on the user's clock.
pub(super) fn minutes(ticks: u64) -> String {
    let mut text = Vec::new();
    if is_date(ticks) {
        Civil::local(ticks, &TimeZone::system()).push_minutes(&mut text);
    }
    String::from_utf8(text).unwrap_or_default()
}

fn stray_in_words(stray: &Stray) -> String {
    match stray {
        Stray::Leftover(path) => {
            format!(
                "{}: left by a program that was killed, or in use; `quarry catalog collect` tells",
                path.display()
            )
        }
        Stray::Foreign(path) => format!("{}: is no part of the catalogue", path.display()),
        other => format!("{other:?}"),
    }
}

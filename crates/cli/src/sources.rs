//! What is searched: entries of the catalogue and volumes that are read on the spot, side by side.
//!
//! A word behind `--on` that the catalogue has as a name is that entry; anything else, and whatever has a slash, is a path. So
//! nothing has to be said of which sort it is, and there is still a way to say it (`./demo`).

use std::path::{Path, PathBuf};

use quarry_catalog::{Catalog, Error, Name};
use quarry_index::{Index, SnapshotError};

use crate::args::{CatalogPlace, How, On, Reading};
use crate::entries::{self, OpenEntry};
use crate::failure::{Complaint, Failure};
use crate::note::Note;
use crate::place::{Origin, Place};
use crate::session::{Session, Verbosity};
use crate::volumes::{self, Opened};

/// Something that is ready to be searched.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) place: Place,
    pub(crate) index: Index,
    /// Something that should be in it could not be read.
    pub(crate) partial: bool,
    /// The snapshot's file, and the entry that it belongs to.
    entry: Option<(Name, PathBuf)>,
}

impl Source {
    /// Whether it is an entry of the catalogue.
    pub(crate) fn is_entry(&self) -> bool {
        self.entry.is_some()
    }

    /// What the user is told if it is damaged.
    pub(crate) fn complaint(&self, fault: &SnapshotError) -> Complaint {
        match &self.entry {
            Some((name, path)) => entries::damaged(name, path, fault),
            None => Complaint::about(self.place.name(), fault),
        }
    }
}

/// All that is searched.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) list: Vec<Source>,
    /// Rows say which source they are from.
    pub(crate) several: bool,
    /// Something that was to be searched cannot be.
    pub(crate) lacking: bool,
}

/// What a word behind `--on` means.
#[derive(Debug)]
pub(crate) enum Target {
    Entry(Catalog, Name),
    Path(PathBuf),
}

/// Something opened and not yet named.
enum Ready {
    Entry(Box<OpenEntry>),
    Volume(Box<Opened>),
}

/// Opens and reads what `on` names, or all of the catalogue. What cannot be opened is told and left out, unless it is the only
/// one. `deleted` says whether deleted files are kept of what is read here; entries have them always.
pub(crate) fn open(
    on: &On,
    (reading, how): (&Reading, How),
    deleted: bool,
    session: &Session,
) -> Result<Sources, Failure> {
    let mut lacking = false;
    let targets = targets(on, session, &mut lacking)?;
    let mut ready = Vec::new();
    for target in &targets {
        match open_one(target, reading) {
            Ok(opened) => ready.extend(opened),
            Err(complaint) if targets.len() == 1 || reading.strict => return Err(complaint.into()),
            Err(complaint) => {
                session.error(&complaint.to_string());
                lacking = true;
            }
        }
    }
    if ready.is_empty() {
        return Err(Failure::Told);
    }
    // What all of the catalogue is does not change the form of an answer, so that a program can rely on it.
    let several = on.on.is_empty() || targets.len() > 1 || ready.len() > 1;
    let pipeline = volumes::pipeline(reading, how, deleted)?;
    let places = places(&ready, several);
    let read = ready.into_iter().zip(places).map(|(ready, place)| match ready {
        Ready::Entry(open) => Ok(from_entry(*open, place, deleted, session)),
        Ready::Volume(opened) => {
            let scan = volumes::scan(&opened, pipeline, session)?;
            let partial = scan.report.is_partial();
            Ok(Source { place, index: scan.index, partial, entry: None })
        }
    });
    Ok(Sources { list: read.collect::<Result<_, Failure>>()?, several, lacking })
}

fn from_entry(open: OpenEntry, place: Place, deleted: bool, session: &Session) -> Source {
    let unread = open.entry.facts.counts.unread;
    if unread > 0 {
        let name = open.entry.name.as_str();
        session
            .note(Verbosity::Usual, &format!("{name}: {unread} bytes could not be read when it was scanned"));
    }
    // The note is long, and of no interest to most searches.
    if deleted && Note::of(&open.index).is_some_and(|note| note.flags.living_only) {
        let name = open.entry.name.as_str();
        let note = format!("{name}: was scanned with --living-only: deleted files were left out");
        session.note(Verbosity::Usual, &note);
    }
    Source { place, index: open.index, partial: unread > 0, entry: Some((open.entry.name, open.path)) }
}

/// What is to be opened.
fn targets(on: &On, session: &Session, lacking: &mut bool) -> Result<Vec<Target>, Failure> {
    if !on.on.is_empty() {
        return Ok(on.on.iter().map(|word| resolve(word, &on.catalog, session)).collect());
    }
    let catalog = entries::catalog(&on.catalog)?;
    let entries = entries::all(&catalog, |complaint| {
        session.error(&complaint.to_string());
        *lacking = true;
    })?;
    match (entries.is_empty(), *lacking) {
        (true, false) => Err(entries::empty(&catalog).into()),
        (true, true) => Err(Failure::Told),
        (false, _) => {
            Ok(entries.into_iter().map(|entry| Target::Entry(catalog.clone(), entry.name)).collect())
        }
    }
}

/// What `word` means.
pub(crate) fn resolve(word: &Path, place: &CatalogPlace, session: &Session) -> Target {
    let path = || Target::Path(word.to_owned());
    let Some(name) = word.to_str().and_then(|text| entries::name(text).ok()) else { return path() };
    // Without a home folder there is no catalogue, and paths need none.
    let Ok(catalog) = entries::catalog(place) else { return path() };
    match catalog.show(&name) {
        Err(Error::NoEntry { .. }) => return path(),
        // A catalogue that cannot be read does not stand in the way of a source that can.
        Err(Error::Io { .. }) if word.exists() => return path(),
        // What is wrong with an entry is told when it is opened.
        _ => {}
    }
    if word.exists() {
        let note = format!("{name}: is an entry of the catalogue and a file; the file is ./{name}");
        session.note(Verbosity::Usual, &note);
    }
    Target::Entry(catalog, name)
}

fn open_one(target: &Target, reading: &Reading) -> Result<Vec<Ready>, Complaint> {
    match target {
        Target::Entry(_, name) if reading.partition.is_some() => {
            let complaint = Complaint::about(name.as_str(), "an entry of the catalogue is one volume");
            Err(complaint.then("leave out --partition"))
        }
        Target::Entry(catalog, name) => Ok(vec![Ready::Entry(Box::new(entries::open(catalog, name)?))]),
        Target::Path(path) => {
            let volumes = volumes::open(path, reading)?;
            Ok(volumes.into_iter().map(|opened| Ready::Volume(Box::new(opened))).collect())
        }
    }
}

/// Names them, each differently.
fn places(ready: &[Ready], several: bool) -> Vec<Place> {
    let origins: Vec<Origin<'_>> = ready.iter().map(|it| it.origin(ready)).collect();
    let mounted = |(place, ready): (Place, &Ready)| match ready {
        // Another volume may have taken the place of the one that was scanned.
        Ready::Entry(_) => place,
        Ready::Volume(opened) => volumes::mounted(place, opened),
    };
    Place::name_all(&origins, several).into_iter().zip(ready).map(mounted).collect()
}

impl Ready {
    /// Where it comes from. The only volume of a disk among `all` needs no number.
    fn origin(&self, all: &[Self]) -> Origin<'_> {
        match self {
            Self::Entry(open) => Origin::Entry { name: open.entry.name.as_str() },
            Self::Volume(opened) => {
                let same = |other: &Self| matches!(other, Self::Volume(it) if it.source == opened.source);
                let several = all.iter().filter(|other| same(other)).count() > 1;
                let partition = opened.volume.partition().filter(|_| several);
                Origin::Volume { source: &opened.source, partition }
            }
        }
    }
}

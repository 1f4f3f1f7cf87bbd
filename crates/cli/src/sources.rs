//! What is searched: entries of the catalogue and volumes that are read on the spot, side by side.
//!
//! A word behind `--on` that the catalogue has as a name is that entry; anything else, and whatever has a slash, is a path. So
//! nothing has to be said of which sort it is, and there is still a way to say it (`./demo`). A path may lead to an exported entry, which
//! is searched where it is.

use std::path::{Path, PathBuf};

use quarry_catalog::{Catalog, Error, Name};
use quarry_index::{Index, SnapshotError};

use crate::args::{CatalogPlace, How, Memory, On, Reading};
use crate::entries::{self, OpenEntry, Snapshot};
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
    /// The file that it was opened from, if it was not read here.
    snapshot: Option<Snapshot>,
}

impl Source {
    /// An index that was made up.
    #[cfg(test)]
    pub(crate) fn of_index(index: Index) -> Self {
        let origin = Origin::Volume { source: Path::new("test"), partition: None };
        Self { place: Place::name_all(&[origin], false).remove(0), index, partial: false, snapshot: None }
    }

    /// Whether it is an entry of the catalogue.
    pub(crate) fn is_entry(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| !snapshot.exported)
    }

    /// What the user is told if it is damaged.
    pub(crate) fn complaint(&self, fault: &SnapshotError) -> Complaint {
        match &self.snapshot {
            Some(snapshot) => snapshot.complaint(fault),
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
    /// An entry that was named.
    Entry(Catalog, Name),
    /// One that is there because all of the catalogue is meant; it may be gone again.
    Listed(Catalog, Name),
    Path {
        path: PathBuf,
        /// The entry that may have been meant, if nothing is there.
        near: Option<Name>,
    },
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
    (reading, how, memory): (&Reading, How, &Memory),
    deleted: bool,
    session: &Session,
) -> Result<Sources, Failure> {
    let mut lacking = false;
    let targets = targets(on, session, &mut lacking)?;
    let mut ready = Vec::new();
    for (place, target) in targets.iter().enumerate() {
        // Whoever writes on behind --on means the query, or the folder: images mostly have an ending.
        let opened = open_one(target, reading).map_err(|complaint| match target {
            Target::Path { path, near: None }
                if place > 0
                    && !on.on.is_empty()
                    && matches!(path.try_exists(), Ok(false))
                    && path.extension().is_none() =>
            {
                complaint.then("what stands behind --on are sources: put the rest before it")
            }
            _ => complaint,
        });
        match opened {
            Ok(opened) => ready.extend(opened),
            Err(complaint) if targets.len() == 1 || reading.strict => return Err(complaint.into()),
            Err(complaint) => {
                session.error(&complaint);
                lacking = true;
            }
        }
    }
    match ready.is_empty() {
        true if lacking => return Err(Failure::Told),
        // All that was listed has been removed since.
        true => return Err(entries::empty(&entries::catalog(&on.catalog)?).into()),
        false => {}
    }
    // What all of the catalogue is does not change the form of an answer, so that a program can rely on it.
    let several = on.on.is_empty() || targets.len() > 1 || ready.len() > 1;
    let pipeline = volumes::pipeline(reading, how, deleted)?;
    let places = places(&ready, several);
    let volumes: Vec<&Opened> = ready.iter().filter_map(Ready::volume).collect();
    let mut scans = volumes::scan_all(&volumes, pipeline, memory, session).into_iter();
    let mut list = Vec::with_capacity(ready.len());
    for (ready, place) in ready.into_iter().zip(places) {
        match ready {
            Ready::Entry(open) => list.push(from_entry(*open, place, deleted, session)),
            Ready::Volume(_) => match scans.next().unwrap_or(Err(Failure::Interrupted)) {
                Ok(scan) => {
                    let partial = scan.report.is_partial();
                    list.push(Source { place, index: scan.index, partial, snapshot: None });
                }
                Err(Failure::Because(complaint)) if several && !reading.strict => {
                    session.error(&complaint);
                    lacking = true;
                }
                Err(failure) => return Err(failure),
            },
        }
    }
    match list.is_empty() {
        true => Err(Failure::Told),
        false => Ok(Sources { list, several, lacking }),
    }
}

fn from_entry(open: OpenEntry, place: Place, deleted: bool, session: &Session) -> Source {
    entries::note_left(&open.entry.name, open.log.map_or(0, |log| log.bytes_left), session);
    let unread = open.entry.facts.counts.unread;
    if unread > 0 {
        let name = place.name();
        session
            .note(Verbosity::Usual, &format!("{name}: {unread} bytes could not be read when it was scanned"));
    }
    // The note is long, and of no interest to most searches.
    if deleted && Note::of(&open.index).is_some_and(|note| note.flags.living_only) {
        let name = place.name();
        let note = format!("{name}: was scanned with --living-only: deleted files were left out");
        session.note(Verbosity::Usual, &note);
    }
    Source { place, index: open.index, partial: unread > 0, snapshot: Some(open.snapshot) }
}

/// What is to be opened.
fn targets(on: &On, session: &Session, lacking: &mut bool) -> Result<Vec<Target>, Failure> {
    if !on.on.is_empty() {
        return Ok(on.on.iter().map(|word| resolve(word, &on.catalog, session)).collect());
    }
    let catalog = entries::catalog(&on.catalog)?;
    let entries = entries::all(&catalog, |complaint| {
        session.error(&complaint);
        *lacking = true;
    })?;
    match (entries.is_empty(), *lacking) {
        // Who names a catalogue means that one.
        #[cfg(windows)]
        (true, false) if on.catalog.folder.is_none() => match crate::attached::devices() {
            drives if drives.is_empty() => Err(entries::empty(&catalog).into()),
            drives => {
                let note = "the catalogue holds nothing yet: searching the NTFS drives of this machine; `quarry scan` keeps them";
                session.note(Verbosity::Usual, note);
                Ok(drives.into_iter().map(|path| Target::Path { path, near: None }).collect())
            }
        },
        (true, false) => Err(entries::empty(&catalog).into()),
        (true, true) => Err(Failure::Told),
        (false, _) => {
            Ok(entries.into_iter().map(|entry| Target::Listed(catalog.clone(), entry.name)).collect())
        }
    }
}

/// What `word` means.
pub(crate) fn resolve(word: &Path, place: &CatalogPlace, session: &Session) -> Target {
    let path = || Target::Path { path: word.to_owned(), near: None };
    let Some(name) = word.to_str().and_then(|text| entries::name(text).ok()) else { return path() };
    // Without a home folder there is no catalogue, and paths need none.
    let Ok(catalog) = entries::catalog(place) else { return path() };
    match catalog.show(&name) {
        Err(Error::NoEntry { .. }) if word.exists() => return path(),
        Err(Error::NoEntry { .. }) => {
            return Target::Path { path: word.to_owned(), near: entries::near(&catalog, &name) };
        }
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
        Target::Entry(_, name) | Target::Listed(_, name) if reading.partition.is_some() => {
            Err(one_volume(name.as_str()))
        }
        Target::Entry(catalog, name) => {
            Ok(vec![Ready::Entry(Box::new(entries::open(catalog, name, reading.threads)?))])
        }
        Target::Listed(catalog, name) => {
            let open = entries::open_if_there(catalog, name, reading.threads)?;
            Ok(open.map(|open| Ready::Entry(Box::new(open))).into_iter().collect())
        }
        Target::Path { path, near } => {
            if let Some(open) = entries::exported(path)? {
                return match reading.partition {
                    Some(_) => Err(one_volume(&path.display().to_string())),
                    None => Ok(vec![Ready::Entry(Box::new(open))]),
                };
            }
            let volumes = volumes::open(path, reading);
            let volumes = volumes.map_err(|complaint| complaint.did_you_mean(near.as_ref()))?;
            Ok(volumes.into_iter().map(|opened| Ready::Volume(Box::new(opened))).collect())
        }
    }
}

fn one_volume(source: &str) -> Complaint {
    Complaint::about(source, "an entry of the catalogue is one volume").then("leave out --partition")
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
    /// The volume that is still to be read, if it is one.
    fn volume(&self) -> Option<&Opened> {
        match self {
            Self::Entry(_) => None,
            Self::Volume(opened) => Some(opened),
        }
    }

    /// Where it comes from. The only volume of a disk among `all` needs no number.
    fn origin(&self, all: &[Self]) -> Origin<'_> {
        match self {
            Self::Entry(open) if open.snapshot.exported => {
                Origin::Volume { source: &open.snapshot.path, partition: None }
            }
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

#[cfg(test)]
mod tests {
    use super::{Target, open_one};
    use crate::args::Reading;
    use quarry_catalog::{Catalog, Name};

    /// Between the listing of a catalogue and the opening of its entries somebody may remove one.
    #[test]
    fn an_entry_that_is_gone_is_missed_only_if_it_was_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (catalog, name) = (Catalog::at(folder.path()), Name::new("brief").expect("a name"));
        let reading = Reading { partition: None, strict: false, threads: None };
        let listed = Target::Listed(catalog.clone(), name.clone());
        assert!(open_one(&listed, &reading).is_ok_and(|ready| ready.is_empty()));
        assert!(open_one(&Target::Entry(catalog, name), &reading).is_err());
    }
}

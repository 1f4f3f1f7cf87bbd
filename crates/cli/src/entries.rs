//! The catalogue as the verbs see it: where it is, what names are, how an entry is opened, and what its errors become.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quarry_catalog::{BoxError, Catalog, Changes, Entry, Error, ExportError, Exported, Name, Opened};
use quarry_index::{Index, SnapshotBytes, SnapshotError};
use serde::Serialize;

use crate::args::CatalogPlace;
use crate::failure::{Complaint, chain};
use crate::output::words::{count, quoted, size};
use crate::session::{Session, Verbosity};
use crate::threads;

/// Names the catalogue's folder where no flag does.
const FOLDER_VARIABLE: &str = "QUARRY_CATALOG";
/// The longest snapshot that is read into memory, where it may not be mapped.
pub(crate) const FOREIGN_BYTES_MAX: u64 = 16 << 30;

/// The catalogue that is meant. Nothing is opened yet.
pub(crate) fn catalog(place: &CatalogPlace) -> Result<Catalog, Complaint> {
    let told = || std::env::var_os(FOLDER_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    match place.folder.clone().or_else(told) {
        Some(folder) => Ok(Catalog::at(folder)),
        None => quarry_catalog::default_folder().map(Catalog::at).map_err(|error| complaint(&error)),
    }
}

/// What the user calls an entry.
pub(crate) fn name(text: &str) -> Result<Name, Complaint> {
    if text.contains(['/', '\\']) {
        let complaint = Complaint::about(text, "a name holds no slash, or it would be taken for a path");
        return Err(complaint.then("choose another one"));
    }
    if matches!(text, "." | "..") {
        let complaint = Complaint::about(text, "is a folder everywhere, and no name of an entry");
        return Err(complaint.then("choose another one"));
    }
    Name::new(text).map_err(Complaint::of)
}

/// What the user is told of an error of the catalogue.
pub(crate) fn complaint(error: &Error) -> Complaint {
    let complaint = Complaint::of(chain(error));
    match error {
        Error::SnapshotMissing { name, .. } => complaint.then(refresh(name)),
        Error::NoEntry { folder, name } => complaint.did_you_mean(near(&Catalog::at(folder), name).as_ref()),
        _ => complaint,
    }
}

/// The entry whose name is most like `name`, if one is so much like it that it may be meant.
pub(crate) fn near(catalog: &Catalog, name: &Name) -> Option<Name> {
    /// Letters of a name for each that may be wrong.
    const LETTERS_PER_SLIP: usize = 3;
    let wanted = name.as_str().to_lowercase();
    let slips = |other: &Name| strsim::osa_distance(&wanted, &other.as_str().to_lowercase());
    let names = catalog.list().ok()?.into_iter().map(|listed| listed.name);
    let (slips, nearest) = names.map(|other| (slips(&other), other)).min()?;
    (slips * LETTERS_PER_SLIP <= wanted.chars().count()).then_some(nearest)
}

/// How the source of an entry is scanned again, which the error has told the user to do.
fn refresh(name: &Name) -> String {
    format!("`quarry catalog refresh {}` does that", quoted(name.as_str()))
}

/// How many threads may work, if the user said so.
pub(crate) type Threads = Option<NonZeroUsize>;

/// The file that an index was opened from.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The entry that it is of.
    pub(crate) name: Name,
    pub(crate) path: PathBuf,
    /// It is a file that was exported, and no part of the catalogue.
    pub(crate) exported: bool,
}

/// An entry whose snapshot is open.
#[derive(Debug)]
pub(crate) struct OpenEntry {
    pub(crate) entry: Entry,
    pub(crate) index: Index,
    pub(crate) snapshot: Snapshot,
    /// What changed since the snapshot was written, and is in the index.
    pub(crate) log: Option<LogFacts>,
}

/// How long the log of an entry is.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct LogFacts {
    batches: u64,
    changes: u64,
    bytes: u64,
    /// At its end, that are no batch.
    pub(crate) bytes_left: u64,
}

/// Opens the snapshot of an entry: mapped if the file is ours alone, else read into memory.
pub(crate) fn open(catalog: &Catalog, name: &Name, threads: Threads) -> Result<OpenEntry, Complaint> {
    open_if_there(catalog, name, threads)?.ok_or_else(|| no_such(catalog, name))
}

/// What the user is told where there is no such entry.
pub(crate) fn no_such(catalog: &Catalog, name: &Name) -> Complaint {
    complaint(&Error::NoEntry { folder: catalog.folder().to_owned(), name: name.clone() })
}

/// The same for an entry that was listed, and may have been removed since.
pub(crate) fn open_if_there(
    catalog: &Catalog,
    name: &Name,
    threads: Threads,
) -> Result<Option<OpenEntry>, Complaint> {
    let Some((opened, changes)) = open_snapshot(catalog, name)? else { return Ok(None) };
    with_changes(open_index(&opened)?, changes, threads).map(Some)
}

/// The snapshot of an entry as it lies there, and what has changed since.
pub(crate) fn open_snapshot(catalog: &Catalog, name: &Name) -> Result<Option<(Opened, Changes)>, Complaint> {
    match catalog.open_changed(name) {
        Err(Error::NoEntry { .. }) => Ok(None),
        Err(error @ (Error::SnapshotLength { .. } | Error::Log { .. })) => {
            Err(complaint(&error).then(refresh(name)))
        }
        opened => opened.map(Some).map_err(|error| complaint(&error)),
    }
}

/// An entry as it is now: its index built anew if something changed since the snapshot was written.
pub(crate) fn with_changes(
    open: OpenEntry,
    changes: Changes,
    threads: Threads,
) -> Result<OpenEntry, Complaint> {
    let log = LogFacts::of(&changes);
    if changes.changes == 0 {
        return Ok(OpenEntry { log, ..open });
    }
    let (index, snapshot) = (Arc::new(open.index), open.snapshot);
    let before = Arc::clone(&index);
    let threads = threads.map_or(0, NonZeroUsize::get);
    let built = threads::on(threads, || changes.applied_to(before, &open.entry));
    let (entry, index) = built.map_err(|error| match index.sound() {
        Err(fault) => snapshot.complaint(&fault),
        Ok(()) => complaint(&error),
    })?;
    Ok(OpenEntry { entry, index, snapshot, log })
}

impl LogFacts {
    fn of(changes: &Changes) -> Option<Self> {
        let &Changes { batches, changes, log_bytes: bytes, log_bytes_left: bytes_left, .. } = changes;
        let there = batches > 0 || bytes_left > 0;
        there.then_some(Self { batches, changes, bytes, bytes_left })
    }
}

impl fmt::Display for LogFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { batches, changes, bytes, bytes_left } = *self;
        let (changes, batches) = (count(changes, "change", "changes"), count(batches, "batch", "batches"));
        write!(f, "{changes} in {batches} since, {}", size(bytes))?;
        if bytes_left > 0 {
            write!(f, "; {bytes_left} bytes at its end are no batch")?;
        }
        Ok(())
    }
}

/// Says that a log ends with bytes that are no batch. Who reads without the entry's lock cannot tell which of the three it is.
pub(crate) fn note_left(name: &Name, bytes_left: u64, session: &Session) {
    if bytes_left > 0 {
        let bytes = count(bytes_left, "byte", "bytes");
        let cause = "a batch that is just being written, or that a crash cut short, or damage";
        let note =
            format!("{}: {bytes} behind the last whole batch of its log not read: {cause}", name.as_str());
        session.note(Verbosity::Usual, &note);
    }
}

/// The entry that a snapshot is of, and the index in it, its header and directory checked.
pub(crate) fn open_index(opened: &Opened) -> Result<OpenEntry, Complaint> {
    let name = &opened.entry.name;
    let snapshot = Snapshot { name: name.clone(), path: opened.path.clone(), exported: false };
    let index = index(opened).map_err(|error| match error.downcast_ref::<SnapshotError>() {
        Some(fault) => snapshot.complaint(fault),
        None => Complaint::about(name.as_str(), format!("{}: {}", opened.path.display(), chain(&*error))),
    })?;
    Ok(OpenEntry { entry: opened.entry.clone(), index, snapshot, log: None })
}

/// The index in a snapshot, its header and directory checked.
pub(crate) fn index(opened: &Opened) -> Result<Index, BoxError> {
    Ok(Index::open(SnapshotBytes::Mapped(opened.map(FOREIGN_BYTES_MAX)?))?)
}

/// Opens the file at `path` if it is an exported entry. It is somebody else's, so it is read into memory, and checked.
pub(crate) fn exported(path: &Path) -> Result<Option<OpenEntry>, Complaint> {
    let exported = match Exported::open(path) {
        Ok(exported) => exported,
        // What it is instead, and what is wrong with it, is for others to say.
        Err(Error::Export { source: ExportError::NotAnExport, .. } | Error::Io { .. }) => return Ok(None),
        Err(error) => return Err(complaint(&error)),
    };
    let entry = exported.entry.clone();
    let snapshot = Snapshot { name: entry.name.clone(), path: path.to_owned(), exported: true };
    let bytes = exported.read(FOREIGN_BYTES_MAX).map_err(|error| complaint(&error))?;
    let index =
        Index::open(SnapshotBytes::Owned(bytes)).and_then(|index| index.check_names().map(|()| index));
    let index = index.map_err(|fault| snapshot.complaint(&fault))?;
    Ok(Some(OpenEntry { entry, index, snapshot, log: None }))
}

impl Snapshot {
    /// What the user is told if it is damaged: which file, where, and what to do.
    pub(crate) fn complaint(&self, fault: &SnapshotError) -> Complaint {
        let path = self.path.display();
        if self.exported {
            return Complaint::about(path.to_string(), fault).then("or export it again");
        }
        let complaint = Complaint::about(self.name.as_str(), format!("{path}: {fault}"));
        match fault {
            SnapshotError::Newer { .. } | SnapshotError::Copy { .. } => complaint,
            SnapshotError::NotASnapshot { .. } => {
                complaint.then(format!("scan the source again; {}", refresh(&self.name)))
            }
            _ => complaint.then(refresh(&self.name)),
        }
    }
}

/// The entries of the catalogue that can be read; those that cannot are told by `tell`.
pub(crate) fn all(catalog: &Catalog, mut tell: impl FnMut(Complaint)) -> Result<Vec<Entry>, Complaint> {
    let listed = catalog.list().map_err(|error| complaint(&error))?;
    let entries = listed.into_iter().filter_map(|listed| match listed.entry {
        Ok(entry) => Some(entry),
        Err(error) => {
            let complaint = complaint(&error);
            tell(Complaint { source: Some(listed.name.as_str().to_owned()), ..complaint });
            None
        }
    });
    Ok(entries.collect())
}

/// What is said where there is nothing in the catalogue.
pub(crate) fn empty(catalog: &Catalog) -> Complaint {
    Complaint::about(catalog.folder().display().to_string(), "the catalogue holds nothing yet")
        .then("fill it with `quarry scan SOURCE`, or name a source with --on SOURCE")
}

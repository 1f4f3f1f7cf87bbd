//! The catalogue as the verbs see it: where it is, what names are, how an entry is opened, and what its errors become.

use std::path::PathBuf;

use quarry_catalog::{Catalog, Entry, Error, Name};
use quarry_index::{Index, SnapshotBytes, SnapshotError};

use crate::args::CatalogPlace;
use crate::failure::{Complaint, chain};
use crate::output::words::quoted;

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
    Name::new(text).map_err(|error| Complaint { source: None, cause: error.to_string(), next_step: None })
}

/// What the user is told of an error of the catalogue.
pub(crate) fn complaint(error: &Error) -> Complaint {
    let complaint = Complaint { source: None, cause: chain(error), next_step: None };
    match error {
        Error::SnapshotMissing { name, .. } => complaint.then(refresh(name)),
        _ => complaint,
    }
}

/// How the source of an entry is scanned again, which the error has told the user to do.
fn refresh(name: &Name) -> String {
    format!("`quarry catalog refresh {}` does that", quoted(name.as_str()))
}

/// An entry whose snapshot is open.
#[derive(Debug)]
pub(crate) struct OpenEntry {
    pub(crate) entry: Entry,
    pub(crate) path: PathBuf,
    pub(crate) index: Index,
}

/// Opens the snapshot of an entry: mapped if the file is ours alone, else read into memory.
pub(crate) fn open(catalog: &Catalog, name: &Name) -> Result<OpenEntry, Complaint> {
    let opened = catalog.open(name).map_err(|error| {
        let cut = matches!(error, Error::SnapshotLength { .. });
        let complaint = complaint(&error);
        if cut { complaint.then(refresh(name)) } else { complaint }
    })?;
    let index = index(&opened).map_err(|error| match error.downcast_ref::<SnapshotError>() {
        Some(fault) => damaged(name, &opened.path, fault),
        None => Complaint::about(name.as_str(), format!("{}: {}", opened.path.display(), chain(&*error))),
    })?;
    Ok(OpenEntry { entry: opened.entry, path: opened.path, index })
}

/// The index in a snapshot, its header and directory checked.
pub(crate) fn index(opened: &quarry_catalog::Opened) -> Result<Index, quarry_catalog::BoxError> {
    Ok(Index::open(SnapshotBytes::Mapped(opened.map(FOREIGN_BYTES_MAX)?))?)
}

/// What the user is told of an entry that is damaged: which file, where, and what to do.
pub(crate) fn damaged(name: &Name, path: &std::path::Path, fault: &SnapshotError) -> Complaint {
    let complaint = Complaint::about(name.as_str(), format!("{}: {fault}", path.display()));
    match fault {
        SnapshotError::Newer { .. } => complaint,
        SnapshotError::NotASnapshot { .. } => {
            complaint.then(format!("scan the source again; {}", refresh(name)))
        }
        _ => complaint.then(refresh(name)),
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

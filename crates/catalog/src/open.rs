//! Opening an entry's snapshot while others publish, remove and collect.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use quarry_io::{Map, MapError};

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::error::{BoxError, During, Error, Step};
use crate::name::Name;
use crate::storage::{Links, Trust};

/// How often a snapshot that is collected between the reading of its pointer and its opening is looked for anew.
pub(crate) const OPEN_TRIES_MAX: u32 = 16;

/// A snapshot that stays readable as long as this is kept, whatever happens to the entry.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// What the catalogue says of it; the length has been compared.
    pub entry: Entry,
    /// Where it was when it was opened.
    pub path: PathBuf,
    /// The file, open for reading.
    pub file: File,
    /// Whether it may be mapped.
    pub trust: Trust,
}

impl Opened {
    /// The snapshot's bytes: mapped if it is trusted and lies where it cannot vanish, else read into memory if it has at most
    /// `bytes_max` bytes.
    ///
    /// # Errors
    /// [`MapError`], if it is too long to be read, or cannot be.
    pub fn map(&self, bytes_max: u64) -> Result<Map, MapError> {
        if self.trust == Trust::Trusted
            && let Ok(map) = Map::open(&self.file)
        {
            return Ok(map);
        }
        Map::read(&self.file, bytes_max)
    }
}

impl Catalog {
    /// Opens the snapshot of the entry `name`. Takes no lock.
    ///
    /// # Errors
    /// [`Error::NoEntry`], [`Error::SnapshotMissing`], [`Error::SnapshotLength`], [`Error::Restless`] and what the system says.
    pub fn open(&self, name: &Name) -> Result<Opened, Error> {
        let mut missed: Option<Entry> = None;
        for _ in 0..OPEN_TRIES_MAX {
            let entry = self.show(name)?;
            let path = self.path(name, entry.part());
            match self.storage.open(&path, Links::Refuse) {
                Ok(opening) if opening.bytes == entry.bytes => {
                    return Ok(Opened { entry, path, file: opening.file, trust: opening.trust });
                }
                Ok(opening) => {
                    return Err(Error::SnapshotLength { path, expected: entry.bytes, actual: opening.bytes });
                }
                // Who collected it has published another before; if the pointer is still the same, nobody has.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if missed.as_ref() == Some(&entry) {
                        return Err(Error::SnapshotMissing { path, name: name.clone() });
                    }
                    missed = Some(entry);
                }
                Err(error) => return Err(error).during(Step::Open, &path),
            }
        }
        Err(Error::Restless { name: name.clone(), tries: OPEN_TRIES_MAX })
    }

    /// Opens the snapshot of the entry `name` and has `check` look at it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`Error::Rejected`] with what `check` says.
    pub fn verify<E: Into<BoxError>>(
        &self,
        name: &Name,
        check: impl FnOnce(&Opened) -> Result<(), E>,
    ) -> Result<Entry, Error> {
        let opened = self.open(name)?;
        opened.pass(check)?;
        Ok(opened.entry)
    }
}

impl Opened {
    /// Has `check` look at it.
    pub(crate) fn pass<E: Into<BoxError>>(
        &self,
        check: impl FnOnce(&Self) -> Result<(), E>,
    ) -> Result<(), Error> {
        check(self).map_err(|error| Error::Rejected { path: self.path.clone(), source: error.into() })
    }
}

//! A folder for what a build spills: it belongs to an entry's lock, so that what a killed build leaves is found and deleted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{During, Error, Step};
use crate::layout::Part;
use crate::lock::EntryLock;
use crate::storage::{Held, Storage};

/// An empty folder for this user alone. Dropping it deletes it and all that is in it; the entry stays locked as long as it lives.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    storage: Arc<dyn Storage>,
    _alive: Arc<()>,
    /// Dropped after the folder is deleted, so that nobody makes one of that name in between.
    _held: Arc<dyn Held>,
}

impl EntryLock {
    /// Makes a scratch folder beside the entry, on the disk where the snapshot will be.
    ///
    /// # Errors
    /// [`Error::Io`]; a second one at the same time is refused as being there already.
    pub fn scratch(&mut self) -> Result<Scratch, Error> {
        let (path, storage) = (self.path(Part::Scratch), &self.catalog.storage);
        if self.scratch.strong_count() == 0 {
            match storage.remove_folder(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                removed => removed.during(Step::Delete, &path)?,
            }
        }
        storage.create_folder(&path).during(Step::MakeFolder, &path)?;
        let alive = Arc::new(());
        self.scratch = Arc::downgrade(&alive);
        Ok(Scratch { path, storage: Arc::clone(storage), _alive: alive, _held: Arc::clone(&self.held) })
    }
}

impl Scratch {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be deleted now is a leftover, and is collected as one.
        let _ = self.storage.remove_folder(&self.path);
    }
}

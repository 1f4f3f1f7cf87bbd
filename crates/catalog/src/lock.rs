//! Who may change an entry: the holder of its lock.
//!
//! The lock is the system's, on a file, and goes with the process that held it. A lock file is opened, tried and deleted only
//! under the catalogue's own lock, and waiting is asking again: so nobody ever holds, or waits for, the lock of a file that has been
//! deleted, which is the classical way for two processes to hold "the same" lock. Rejected: a file that is there while the lock is held (a
//! killed process leaves it), and comparing the file's identity after locking (not every system tells it).

use std::path::PathBuf;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::durable::remove_if_there;
use crate::error::{During, Error, Step};
use crate::layout::{CATALOG_LOCK, Part};
use crate::name::Name;
use crate::storage::Held;

/// How often a lock that is held is asked for.
const POLL: Duration = Duration::from_millis(20);
/// How long the catalogue's lock is waited for: it is held for a few calls at a time.
const CATALOG_LOCK_WAIT: Duration = Duration::from_secs(10);

/// What to do if another process changes the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Give up at once.
    No,
    /// Wait for so long.
    AtMost(Duration),
    /// Wait for as long as it takes.
    Forever,
}

impl Wait {
    fn goes_on_after(self, waited: Duration) -> bool {
        match self {
            Self::No => false,
            Self::AtMost(most) => waited < most,
            Self::Forever => true,
        }
    }
}

/// The right to change one entry. Other processes, and other locks of this one, are kept out until it is dropped.
#[derive(Debug)]
pub struct EntryLock {
    pub(crate) catalog: Catalog,
    pub(crate) name: Name,
    pub(crate) held: Box<dyn Held>,
    /// A flush failed: what is on the disk is not known any more.
    pub(crate) poisoned: bool,
}

impl Catalog {
    /// Locks the entry `name`, which need not exist. Makes the catalogue's folder if it is missing.
    ///
    /// # Errors
    /// [`Error::Locked`] if another holds it and `wait` is over; [`Error::Io`].
    pub fn lock(&self, name: &Name, wait: Wait) -> Result<EntryLock, Error> {
        self.storage.make_folder(&self.folder).during(Step::MakeFolder, &self.folder)?;
        let path = self.path(name, Part::Lock);
        let mut waited = Duration::ZERO;
        loop {
            let whole = self.lock_whole()?;
            let held = self.storage.try_lock(&path).during(Step::Lock, &path)?;
            drop(whole);
            if let Some(held) = held {
                return Ok(EntryLock { catalog: self.clone(), name: name.clone(), held, poisoned: false });
            }
            if !wait.goes_on_after(waited) {
                return Err(Error::Locked { name: name.clone() });
            }
            self.storage.pause(POLL);
            waited = waited.saturating_add(POLL);
        }
    }

    fn lock_whole(&self) -> Result<Box<dyn Held>, Error> {
        let path = self.folder.join(CATALOG_LOCK);
        let mut waited = Duration::ZERO;
        loop {
            if let Some(held) = self.storage.try_lock(&path).during(Step::Lock, &path)? {
                return Ok(held);
            }
            if waited >= CATALOG_LOCK_WAIT {
                let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                return Err(Error::CatalogLocked { path, waited_ms });
            }
            self.storage.pause(POLL);
            waited = waited.saturating_add(POLL);
        }
    }
}

impl EntryLock {
    /// The entry's name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    pub(crate) fn path(&self, part: Part) -> PathBuf {
        self.catalog.path(&self.name, part)
    }

    /// Refuses what writes if a flush failed before.
    pub(crate) fn sound(&self) -> Result<(), Error> {
        if self.poisoned { Err(Error::Poisoned { name: self.name.clone() }) } else { Ok(()) }
    }

    /// Unlocks, and deletes the lock file if it is all that is left of the entry.
    pub(crate) fn release(self) -> Result<(), Error> {
        if self.poisoned || self.members()?.iter().any(|part| *part != Part::Lock) {
            return Ok(());
        }
        let whole = self.catalog.lock_whole()?;
        let deleted = remove_if_there(&*self.catalog.storage, &self.path(Part::Lock));
        // Nobody may try the lock of a file that is gone.
        drop(self.held);
        drop(whole);
        deleted
    }
}

//! Deleting what no reader can see any more: older snapshots, and what processes left that died.
//!
//! What is visible may not be durable yet: a process may have been killed between renaming a pointer and flushing the folder. So a snapshot
//! is deleted only by whoever has, in the same go, written the pointer and flushed: else a loss of power could bring back a
//! pointer without its snapshot.

use std::io;
use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::durable::remove_if_there;
use crate::error::Error;
use crate::layout::Part;
use crate::lock::{EntryLock, Wait};
use crate::name::Name;
use crate::pointer::{Pointer, PointerError};

/// What a collection did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Collected {
    /// What it deleted.
    pub removed: Vec<PathBuf>,
    /// What it could not delete, such as a snapshot that is mapped on Windows. The next one tries again.
    pub left: Vec<Left>,
    /// Entries that somebody else is changing.
    pub busy: Vec<Name>,
}

/// What could not be deleted.
#[derive(Debug)]
pub struct Left {
    /// The file, or the catalogue's folder.
    pub path: PathBuf,
    /// Why.
    pub error: Error,
}

impl Collected {
    fn add(&mut self, other: Self) {
        self.removed.extend(other.removed);
        self.left.extend(other.left);
        self.busy.extend(other.busy);
    }

    fn leave(&mut self, path: PathBuf, error: Error) {
        self.left.push(Left { path, error });
    }
}

impl Catalog {
    /// Deletes what is left over of all entries that nobody is changing.
    ///
    /// # Errors
    /// [`Error::Io`], if the folder cannot be listed, or may not be changed. What is wrong with one entry stands in [`Collected::left`].
    pub fn collect(&self) -> Result<Collected, Error> {
        let mut names: Vec<Name> = self.members()?.0.into_iter().map(|member| member.name).collect();
        names.dedup();
        let mut collected = Collected::default();
        for name in names {
            let path = self.path(&name, Part::Entry);
            match self.lock(&name, Wait::No).and_then(EntryLock::collect_and_release) {
                Ok(more) => collected.add(more),
                Err(Error::Locked { name }) => collected.busy.push(name),
                // Nothing of any entry can be changed here.
                Err(Error::Io { step, path, source }) if is_refusal(&source) => {
                    return Err(Error::Io { step, path, source });
                }
                Err(error) => collected.leave(path, error),
            }
        }
        Ok(collected)
    }

    /// Removes the entry `name`: at once for new readers; those that have its snapshot open keep it.
    ///
    /// # Errors
    /// [`Error::NoEntry`], [`Error::Locked`], and as [`EntryLock::publish`].
    pub fn remove(&self, name: &Name, wait: Wait) -> Result<Collected, Error> {
        if self.pointer(name).is_ok_and(|pointer| pointer.is_none()) {
            return Err(self.no_entry(name));
        }
        self.lock(name, wait)?.remove()
    }
}

/// Whether the system lets nobody, or not this user, change anything.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

impl EntryLock {
    /// Removes the entry. See [`Catalog::remove`].
    ///
    /// # Errors
    /// [`Error::NoEntry`], and as [`publish`](Self::publish).
    pub fn remove(mut self) -> Result<Collected, Error> {
        self.sound()?;
        if !matches!(self.catalog.pointer(&self.name), Ok(None | Some(Pointer::Removed { .. }))) {
            let generation = self.greatest_generation()?;
            match self.point(&Pointer::Removed { name: self.name.clone(), generation }) {
                // Whoever removes an entry may do so to make room.
                Err(error) if error.is_full() => self.delete_pointer()?,
                pointed => pointed?,
            }
            return self.finish_removal();
        }
        let error = self.catalog.no_entry(&self.name);
        self.collect_and_release()?;
        Err(error)
    }

    /// Deletes what is left over of this entry.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    pub fn collect(&mut self) -> Result<Collected, Error> {
        self.sound()?;
        let dated: Vec<Part> = self.dated()?;
        match self.catalog.pointer(&self.name) {
            Ok(Some(Pointer::Live(entry))) => {
                let current = entry.part();
                let alone = dated.iter().all(|&part| entry.keeps(part));
                // Without its own snapshot an entry is lost; then an older one may be all that there is.
                let whole = dated.contains(&current);
                if whole && !alone {
                    self.point(&Pointer::Live(entry.clone()))?;
                }
                Ok(self.sweep(|part| entry.keeps(part) || !whole && is_dated(part)))
            }
            Ok(Some(removed @ Pointer::Removed { .. })) => {
                if !dated.is_empty() {
                    self.point(&removed)?;
                }
                Ok(self.sweep(|_| false))
            }
            Ok(None) => Ok(self.sweep(|_| false)),
            // What cannot be read may name any of them, and is reported to whoever reads.
            Err(Error::Pointer { source: PointerError::Newer { .. }, .. }) => Ok(Collected::default()),
            Err(_) => Ok(self.sweep(|part| part == Part::Entry || is_dated(part))),
        }
    }

    fn collect_and_release(mut self) -> Result<Collected, Error> {
        let collected = self.collect()?;
        self.release()?;
        Ok(collected)
    }

    /// Deletes the pointer, durably, where there is no room for one that says *removed*. Until then the entry stands with all that is its own.
    fn delete_pointer(&mut self) -> Result<(), Error> {
        self.sound()?;
        let deleted = remove_if_there(&*self.catalog.storage, &self.path(Part::Entry));
        self.settle(deleted)
    }

    /// The entry reads as removed, durably: deletes all of it.
    fn finish_removal(mut self) -> Result<Collected, Error> {
        let mut collected = self.sweep(|_| false);
        let path = self.path(Part::Lock);
        if let Err(error) = self.release() {
            // The entry is gone all the same.
            collected.leave(path, error);
        }
        Ok(collected)
    }

    /// Deletes all parts that `keep` does not name; never the lock.
    pub(crate) fn sweep(&mut self, keep: impl Fn(Part) -> bool) -> Collected {
        let mut collected = Collected::default();
        match self.members() {
            Ok(members) => {
                for part in members.into_iter().filter(|part| *part != Part::Lock && !keep(*part)) {
                    self.delete(part, &mut collected);
                }
            }
            Err(error) => collected.leave(self.catalog.folder.clone(), error),
        }
        collected
    }

    fn delete(&self, part: Part, collected: &mut Collected) {
        let (path, storage) = (self.path(part), &*self.catalog.storage);
        match remove_if_there(storage, &path) {
            Ok(()) => collected.removed.push(path),
            Err(error) => collected.leave(path, error),
        }
    }

    /// The parts of this entry that are there.
    pub(crate) fn members(&self) -> Result<Vec<Part>, Error> {
        let (members, _) = self.catalog.members()?;
        Ok(members.into_iter().filter(|member| member.name == self.name).map(|member| member.part).collect())
    }

    /// Its snapshots and the logs of what changed since.
    fn dated(&self) -> Result<Vec<Part>, Error> {
        let mut parts = self.members()?;
        parts.retain(|part| is_dated(*part));
        Ok(parts)
    }
}

/// Whether a part is of one generation, and an older pointer may need it.
fn is_dated(part: Part) -> bool {
    matches!(part, Part::Snapshot { .. } | Part::Log { .. })
}

//! Publishing: the steps that make a new snapshot what readers see. `docs/formats/catalog.md` says what a crash leaves after each.

use std::io::Write;
use std::sync::Arc;

use crate::collect::Collected;
use crate::durable::{Draft, Flushed, flush_folder, remove_if_there};
use crate::entry::{Entry, Facts};
use crate::error::{BoxError, Error};
use crate::layout::Part;
use crate::lock::EntryLock;
use crate::pointer::{Pointer, PointerError};

/// What publishing did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Published {
    /// The entry as readers see it now.
    pub entry: Entry,
    /// What was deleted of older ones, and what could not be.
    pub collected: Collected,
}

impl EntryLock {
    /// Publishes the snapshot that `write` writes; its value is the snapshot's identity. Older ones are deleted.
    ///
    /// Readers see the old entry until the new one is whole and on the disk. Each call of `write` to its argument is a system call: hand in
    /// blocks, or wrap it in a [`std::io::BufWriter`]. After a call that failed every further one fails, and nothing is published,
    /// whatever `write` makes of it.
    ///
    /// # Errors
    /// After [`Error::Unsettled`] readers see the old entry or the new one; after all others, the old one, and what was written is
    /// deleted. [`Error::Writer`] has what `write` said.
    pub fn publish<E: Into<BoxError>>(
        &mut self,
        facts: Facts,
        write: impl FnOnce(&mut dyn Write) -> Result<u64, E>,
    ) -> Result<Published, Error> {
        self.publish_after(facts, write, |_, _| Ok(()))
    }

    /// The same; `place` puts beside the snapshot what belongs to it, before the pointer names it.
    pub(crate) fn publish_after<E: Into<BoxError>>(
        &mut self,
        facts: Facts,
        write: impl FnOnce(&mut dyn Write) -> Result<u64, E>,
        place: impl FnOnce(&mut Self, &Entry) -> Result<(), Error>,
    ) -> Result<Published, Error> {
        self.sound()?;
        facts.source.check().map_err(|source| Error::Source { name: self.name.clone(), source })?;
        let generation = self.next_generation()?;
        let storage = Arc::clone(&self.catalog.storage);
        let mut draft = Draft::create(&*storage, self.path(Part::SnapshotNew { generation }))?;
        let written = write(&mut draft);
        if let Some(failure) = draft.take_failure() {
            return Err(failure);
        }
        let identity =
            written.map_err(|error| Error::Writer { name: self.name.clone(), source: error.into() })?;
        let bytes = draft.bytes();
        let flushed = self.flush(draft)?;
        let entry = Entry { name: self.name.clone(), generation, bytes, identity, facts };
        flushed.rename(&self.path(entry.part()))?;
        if let Err(error) = place(self, &entry) {
            self.withdraw(&entry);
            return Err(error);
        }
        self.publish_placed(entry)
    }

    /// Steps 3 to 7 with a draft that is whole.
    pub(crate) fn publish_draft(&mut self, draft: Flushed<'_>, entry: Entry) -> Result<Published, Error> {
        draft.rename(&self.path(entry.part()))?;
        self.publish_placed(entry)
    }

    /// The same when the snapshot has its name.
    pub(crate) fn publish_placed(&mut self, entry: Entry) -> Result<Published, Error> {
        let settled = self.flush_names().and_then(|()| self.point(&Pointer::Live(entry.clone())));
        if let Err(error) = settled {
            if !matches!(error, Error::Unsettled { .. }) {
                self.withdraw(&entry);
            }
            return Err(error);
        }
        let collected = self.sweep(|part| entry.keeps(part));
        Ok(Published { entry, collected })
    }

    /// Deletes what was placed for an entry that no pointer names. What cannot be deleted now is a leftover, and is collected as one.
    pub(crate) fn withdraw(&self, entry: &Entry) {
        for part in [entry.log(), entry.part()] {
            let _ = remove_if_there(&*self.catalog.storage, &self.path(part));
        }
    }

    /// Steps 4 to 6: replaces the pointer, durably. Until this is [`Error::Unsettled`] or done, the old one stands.
    pub(crate) fn point(&mut self, pointer: &Pointer) -> Result<(), Error> {
        let (new, path) = (self.path(Part::EntryNew), self.path(Part::Entry));
        let storage = Arc::clone(&self.catalog.storage);
        remove_if_there(&*storage, &new)?;
        let mut draft = Draft::create(&*storage, new)?;
        draft.put(pointer.encode().as_bytes())?;
        let renamed = self.flush(draft)?.rename(&path);
        self.settle(renamed)
    }

    /// Flushes what was done to the pointer's name. If either failed, nobody knows which pointer stands.
    pub(crate) fn settle(&mut self, done: Result<(), Error>) -> Result<(), Error> {
        let flushed = done.and_then(|()| flush_folder(&*self.catalog.storage, &self.catalog.folder));
        flushed.map_err(|error| {
            self.poisoned = true;
            unsettled(error)
        })
    }

    /// Flushes a draft. The lock is of no use after a flush that failed.
    pub(crate) fn flush<'a>(&mut self, draft: Draft<'a>) -> Result<Flushed<'a>, Error> {
        draft.flush_to_disk().inspect_err(|_| self.poisoned = true)
    }

    /// Flushes the folder. The lock is of no use after a flush that failed.
    pub(crate) fn flush_names(&mut self) -> Result<(), Error> {
        let flushed = flush_folder(&*self.catalog.storage, &self.catalog.folder);
        flushed.inspect_err(|_| self.poisoned = true)
    }

    /// One more than every generation that is or may have been the entry's. Refuses to write over a newer program's entry.
    pub(crate) fn next_generation(&self) -> Result<u64, Error> {
        let greatest = self.greatest_generation()?;
        greatest.checked_add(1).ok_or_else(|| Error::LastGeneration { name: self.name.clone() })
    }

    pub(crate) fn greatest_generation(&self) -> Result<u64, Error> {
        let told = match self.catalog.pointer(&self.name) {
            Ok(pointer) => pointer.map_or(0, |pointer| pointer.generation()),
            Err(error @ Error::Pointer { source: PointerError::Newer { .. }, .. }) => return Err(error),
            // A damaged one is replaced.
            Err(Error::Pointer { .. } | Error::OtherEntry { .. }) => 0,
            Err(error) => return Err(error),
        };
        let seen = self.members()?.into_iter().filter_map(Part::generation).max();
        Ok(told.max(seen.unwrap_or_default()))
    }
}

fn unsettled(error: Error) -> Error {
    match error {
        Error::Io { step, path, source } => Error::Unsettled { path, step, source },
        other => other,
    }
}

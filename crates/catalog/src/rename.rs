//! Giving an entry another name.
//!
//! The snapshot is linked, not moved: the old pointer must find it until the new one stands. A crash in between leaves both names,
//! each whole, which is better than neither.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::durable::Draft;
use crate::entry::Entry;
use crate::error::{During, Error, Step};
use crate::layout::Part;
use crate::lock::{EntryLock, Wait};
use crate::name::Name;

/// How much is copied at once.
pub(crate) const COPY_BYTES: usize = 1024 * 1024;

impl Catalog {
    /// Calls the entry `from` by the name `to`, which no entry must have.
    ///
    /// # Errors
    /// [`Error::NoEntry`], [`Error::Exists`], [`Error::Locked`] of either, and as [`EntryLock::publish`]. If the old name cannot be removed
    /// in the end, both are there.
    pub fn rename(&self, from: &Name, to: &Name, wait: Wait) -> Result<Entry, Error> {
        self.show(from)?;
        if from == to {
            return Err(Error::Exists { name: to.clone() });
        }
        // One order for all who lock two, so that they do not wait for each other.
        let (mut target, source) = if from.encoded() < to.encoded() {
            let source = self.lock(from, wait)?;
            (self.lock(to, wait)?, source)
        } else {
            (self.lock(to, wait)?, self.lock(from, wait)?)
        };
        match self.show(to) {
            Err(Error::NoEntry { .. }) => {}
            Ok(_) => return Err(Error::Exists { name: to.clone() }),
            Err(error) => return Err(error),
        }
        let opened = self.open(from)?;
        let changes = self.read_log(&opened.entry)?;
        let generation = target.next_generation()?;
        let entry = Entry { name: to.clone(), generation, ..opened.entry.clone() };
        let placed = target.path(entry.part());
        if self.storage.link(&opened.path, &placed).is_err() {
            // Not every file system knows links. If the reason is another one, copying meets it too.
            target.copy(&mut &opened.file, &opened.path, &entry)?;
        }
        if !changes.batches.is_empty()
            && let Err(error) = target.write_log(&entry, &changes.batches)
        {
            target.withdraw(&entry);
            return Err(error);
        }
        target.publish_placed(entry.clone())?;
        source.remove()?;
        Ok(entry)
    }
}

impl EntryLock {
    fn copy(&mut self, from: &mut dyn io::Read, from_path: &Path, entry: &Entry) -> Result<(), Error> {
        let storage = Arc::clone(&self.catalog.storage);
        let path = self.path(Part::SnapshotNew { generation: entry.generation });
        let mut draft = Draft::create(&*storage, path)?;
        copy(from, from_path, &mut draft, entry.bytes, |_| Ok(()))?;
        self.flush(draft)?.rename(&self.path(entry.part()))
    }
}

/// Copies `bytes` bytes, and shows each block to `see` before it is written.
pub(crate) fn copy(
    from: &mut dyn io::Read,
    from_path: &Path,
    to: &mut Draft<'_>,
    bytes: u64,
    mut see: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut buffer = vec![0; COPY_BYTES];
    let mut rest = bytes;
    while rest > 0 {
        let most = usize::try_from(rest).unwrap_or(COPY_BYTES).min(COPY_BYTES);
        let block = buffer.get_mut(..most).unwrap_or_default();
        from.read_exact(block).during(Step::Read, from_path)?;
        see(block)?;
        to.put(block)?;
        rest -= block.len() as u64;
    }
    Ok(())
}

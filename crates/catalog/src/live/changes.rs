//! What has changed since a snapshot was written, for readers who hold no lock.
//!
//! Who asks once (a command that prints rows and ends) builds the index anew of both and has one like any other. That costs a build, a
//! second for a million rows, where a [`View`] costs the search alone; but only while there is a log, which a merge empties.

use std::sync::Arc;

use quarry_index::Index;
use quarry_index::live::{Change, View};

use super::merge::counts;
use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::error::Error;
use crate::log::LogError;
use crate::name::Name;
use crate::open::{OPEN_TRIES_MAX, Opened};

/// What the log of an entry holds.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Changes {
    /// Batches.
    pub batches: u64,
    /// Changes, in their order.
    pub changes: Vec<Change>,
    /// Bytes of the batches, with what frames them.
    pub log_bytes: u64,
    /// Bytes behind them that are no batch: [`Current::log_bytes_left`](crate::Current::log_bytes_left).
    pub log_bytes_left: u64,
}

impl Catalog {
    /// Opens the snapshot of the entry `name` and reads what has changed since. Takes no lock.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`Error::Log`].
    pub fn open_changed(&self, name: &Name) -> Result<(Opened, Changes), Error> {
        for _ in 0..OPEN_TRIES_MAX {
            let opened = self.open(name)?;
            let changes = self.changes(&opened.entry)?;
            // A log that is not there may have been collected with its snapshot.
            if changes.batches > 0 || self.show(name)? == opened.entry {
                return Ok((opened, changes));
            }
        }
        Err(Error::Restless { name: name.clone(), tries: OPEN_TRIES_MAX })
    }

    /// What the log that belongs to the entry's snapshot holds.
    fn changes(&self, entry: &Entry) -> Result<Changes, Error> {
        let found = self.read_log(entry)?;
        let refuse = |number| Error::Log {
            path: self.path(&entry.name, entry.log()),
            source: LogError::Batch { number },
        };
        let mut changes = Vec::new();
        for (number, batch) in (0..).zip(&found.batches) {
            decode(batch, &mut changes).ok_or_else(|| refuse(number))?;
        }
        Ok(Changes {
            batches: found.batches.len() as u64,
            changes,
            log_bytes: found.bytes,
            log_bytes_left: found.left,
        })
    }
}

/// Appends the changes of a batch; nothing if it does not read as changes.
pub(super) fn decode(batch: &[u8], changes: &mut Vec<Change>) -> Option<()> {
    let mut rest = batch;
    while !rest.is_empty() {
        changes.push(Change::decode(&mut rest)?);
    }
    Some(())
}

impl Changes {
    /// The index of the snapshot with these changes, built anew on the threads of the rayon pool that this is called in, and the
    /// entry with what is counted of it. The entry's length and identity stay those of the snapshot.
    ///
    /// # Errors
    /// [`Error::Merge`], if the index is damaged, or there is more than one holds.
    pub fn applied_to(self, index: Arc<Index>, entry: &Entry) -> Result<(Entry, Index), Error> {
        let rebuilt = View::new(index).with(self.changes).rebuild();
        let failed = |source| Error::Merge { name: entry.name.clone(), source: Box::new(source) };
        let (index, _) = rebuilt.map_err(failed)?;
        let mut entry = entry.clone();
        entry.facts.counts = counts(&index, &entry);
        Ok((entry, index))
    }
}

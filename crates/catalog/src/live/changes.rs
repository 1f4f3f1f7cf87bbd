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
    /// Changes in them.
    pub changes: u64,
    /// Bytes of the batches, with what frames them.
    pub log_bytes: u64,
    /// Bytes behind them that are no batch: [`Current::log_bytes_left`](crate::Current::log_bytes_left).
    pub log_bytes_left: u64,
    /// As they lie in the log, each of which reads as changes. Decoded, a change may take fifty times as much.
    encoded: Vec<Vec<u8>>,
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
        Ok(Changes {
            batches: found.batches.len() as u64,
            changes: count(&found.batches).map_err(refuse)?,
            log_bytes: found.bytes,
            log_bytes_left: found.left,
            encoded: found.batches,
        })
    }
}

/// How many changes batches hold; else the number of the first that does not read as changes.
pub(super) fn count(batches: &[Vec<u8>]) -> Result<u64, u32> {
    let mut count = 0;
    for (number, batch) in (0u32..).zip(batches) {
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            Change::decode(&mut rest).ok_or(number)?;
            count += 1;
        }
    }
    Ok(count)
}

/// The changes of batches that read as such, one at a time.
pub(super) fn decoded<B: AsRef<[u8]>>(batches: impl IntoIterator<Item = B>) -> impl Iterator<Item = Change> {
    batches.into_iter().flat_map(|batch| {
        let mut read = 0;
        std::iter::from_fn(move || {
            let mut rest = batch.as_ref().get(read..)?;
            let change = Change::decode(&mut rest)?;
            read = batch.as_ref().len() - rest.len();
            Some(change)
        })
    })
}

impl Changes {
    /// The changes, in their order.
    pub(super) fn decoded(self) -> impl Iterator<Item = Change> {
        decoded(self.encoded)
    }

    /// The index of the snapshot with these changes, built anew on the threads of the rayon pool that this is called in, and the
    /// entry with what is counted of it. The entry's length and identity stay those of the snapshot.
    ///
    /// # Errors
    /// [`Error::Merge`], if the index is damaged, or there is more than one holds.
    pub fn applied_to(self, index: Arc<Index>, entry: &Entry) -> Result<(Entry, Index), Error> {
        let rebuilt = View::new(index).with(self.decoded()).rebuild();
        let failed = |source| Error::Merge { name: entry.name.clone(), source: Box::new(source) };
        let (index, _) = rebuilt.map_err(failed)?;
        let mut entry = entry.clone();
        entry.facts.counts = counts(&index, &entry);
        Ok((entry, index))
    }
}

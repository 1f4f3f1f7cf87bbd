//! An entry that changes: its snapshot and what changed since, searched as one, kept across crashes, folded together in the background.
//!
//! Readers take what is published now and never wait ([`quarry_sync::Snapshot`]). A batch of changes is written to the
//! log, flushed, then published; a change is the whole new state of a record, so that applying one twice does no harm.
//! When the changes have grown past a bound, a background thread builds a new snapshot of all of them, publishes it as the entry's next
//! generation together with a log of what arrived meanwhile, and goes on from there. A crash at any step leaves a snapshot and
//! its own log: the old pair or the new one.
//!
//! Who watches a source holds the [`Live`] and with it the entry's lock, so that no scan replaces what it changes. Others
//! read the pair without a lock: [`Catalog::current`].

mod changes;
mod merge;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;

use parking_lot::Mutex;
use quarry_index::live::{Change, View};
use quarry_index::query::{Hits, Query, SearchOptions};
use quarry_index::{Index, SnapshotBytes, SnapshotError};
use quarry_sync::snapshot::Loaded;
use quarry_sync::{Snapshot, Worker, WorkerOptions};

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::error::Error;
use crate::lock::EntryLock;
use crate::log::{Found, Log, LogError};
use crate::name::Name;
use crate::open::Opened;

pub use changes::Changes;
use merge::Due;

/// When a live entry is merged, and how it is opened.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LiveOptions {
    /// Rows that no column holds ([`View::irregular`]) beyond which the changes are merged.
    pub merge_rows: u64,
    /// Bytes of the log beyond which they are.
    pub merge_bytes: u64,
    /// Threads that build a merged snapshot, whoever calls for it. They are there while it is built.
    pub merge_threads: NonZeroUsize,
    /// Longest snapshot that is read into memory where it may not be mapped.
    pub bytes_max: u64,
}

impl Default for LiveOptions {
    /// 200,000 rows, which a search asks in some tens of milliseconds; 64 MiB of log, which opening replays in a second or so; one
    /// thread, for nobody waits for a merge.
    fn default() -> Self {
        Self {
            merge_rows: 200_000,
            merge_bytes: 64 << 20,
            merge_threads: NonZeroUsize::MIN,
            bytes_max: 1 << 30,
        }
    }
}

/// An entry and its source as it is now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Current {
    /// The entry, whose facts are those of its snapshot.
    pub entry: Entry,
    /// What it holds, changes included.
    pub view: View,
    /// Bytes at the end of the log that were no batch when it was read: a crash tore one that nobody was told was kept, or the log is
    /// damaged there, or somebody who holds the entry was just appending one. Only who holds the entry's lock can tell the last from
    /// the others; who does not asks again.
    pub log_bytes_left: u64,
}

impl Current {
    /// The rows that match, by the numbers of the view.
    ///
    /// # Errors
    /// If the snapshot is damaged where the search came by.
    pub fn search(&self, query: &Query, options: &SearchOptions) -> Result<Hits, SnapshotError> {
        self.view.search(query, options)
    }
}

/// How a live entry fares.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveStatus {
    /// Rows that no column holds.
    pub irregular: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Merges that came to their end since it was opened.
    pub merges: u64,
    /// Whether one is under way or waits.
    pub merging: bool,
    /// Why the last merge failed, if it did. Nothing is lost by that: the changes stay in the log, and merging is tried again
    /// when the irregular rows have more than doubled, or the log has, or half of the room that the log had is used, or a batch
    /// finds no room.
    pub failure: Option<String>,
}

/// An entry that is being changed: made by [`EntryLock::live`], which keeps the entry locked until this is dropped. Dropping it finishes a merge that is under way.
#[derive(Debug)]
pub struct Live {
    shared: Arc<Shared>,
    worker: Worker,
}

#[derive(Debug)]
struct Shared {
    catalog: Catalog,
    name: Name,
    options: LiveOptions,
    published: Snapshot<Current>,
    /// Taken before `writer`, by whoever merges.
    lock: Mutex<EntryLock>,
    writer: Mutex<Writer>,
}

/// What whoever applies changes needs.
#[derive(Debug)]
struct Writer {
    log: Log,
    /// The batches that arrived since a merge began.
    since: Option<Vec<Vec<u8>>>,
    merges: u64,
    /// A merge has been posted and has not ended.
    posted: bool,
    /// Beyond what a merge is posted: what the options say, and more after one that failed.
    due: Due,
    failure: Option<String>,
}

impl Catalog {
    /// The entry `name` as it is now: its snapshot and the changes in its log. Takes no lock.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Error::Log`] and [`Error::Index`].
    pub fn current(&self, name: &Name, bytes_max: u64) -> Result<Current, Error> {
        let (opened, changes) = self.open_changed(name)?;
        let view = View::new(Arc::new(opened_index(&opened, bytes_max)?));
        let log_bytes_left = changes.log_bytes_left;
        let view = if changes.changes == 0 { view } else { view.with(changes.decoded()) };
        Ok(Current { entry: opened.entry, view, log_bytes_left })
    }
}

/// The index in a snapshot.
fn opened_index(opened: &Opened, bytes_max: u64) -> Result<Index, Error> {
    let unfit = |source| Error::Index { name: opened.entry.name.clone(), source };
    let map = opened.map(bytes_max).map_err(|error| unfit(error.into()))?;
    Index::open(SnapshotBytes::Mapped(map)).map_err(|error| unfit(error.into()))
}

/// A view after batches of a log.
fn replayed(view: View, batches: &[Vec<u8>]) -> Result<View, LogError> {
    let changes = changes::count(batches).map_err(|number| LogError::Batch { number })?;
    Ok(if changes == 0 { view } else { view.with(changes::decoded(batches)) })
}

impl EntryLock {
    /// Opens the entry to be changed; its log is replayed and written anew.
    ///
    /// # Errors
    /// As [`Catalog::current`] and [`EntryLock::publish`].
    pub fn live(mut self, options: LiveOptions) -> Result<Live, Error> {
        self.sound()?;
        let current = self.catalog.current(&self.name, options.bytes_max)?;
        let Found { batches, .. } = self.catalog.read_log(&current.entry)?;
        let log = self.write_log(&current.entry, &batches)?;
        self.flush_names()?;
        let worker = WorkerOptions::new("merge");
        let (catalog, name) = (self.catalog.clone(), self.name.clone());
        let writer =
            Writer { log, since: None, merges: 0, posted: false, due: Due::new(&options), failure: None };
        let shared = Arc::new(Shared {
            catalog,
            name: name.clone(),
            options,
            published: Snapshot::new(current),
            lock: Mutex::new(self),
            writer: Mutex::new(writer),
        });
        let told = Arc::clone(&shared);
        let worker = worker
            .on_panic(move |panic| told.end_merge(Err(panic.message.clone())))
            .start()
            .map_err(|source| Error::Merge { name, source: source.into() })?;
        Ok(Live { shared, worker })
    }
}

impl Live {
    /// What is published now. Never waits.
    #[must_use]
    pub fn load(&self) -> Loaded<Current> {
        self.shared.published.load()
    }

    /// The same, to be kept. Never waits.
    #[must_use]
    pub fn load_full(&self) -> Arc<Current> {
        self.shared.published.load_full()
    }

    /// Applies changes in their order: when this returns, they outlast a loss of power, and whoever loads sees all of them.
    ///
    /// # Errors
    /// What the system says of the log, after which nothing more is applied: [`Error::LogBroken`]. Readers see the changes of the
    /// batch that failed or do not, when the entry is opened again. [`LogError::Full`] if the log has no room for the batch, which
    /// is not applied then; a merge is begun, after which there is room again.
    pub fn apply(&self, changes: Vec<Change>) -> Result<(), Error> {
        let mut batch = Vec::new();
        changes.iter().for_each(|change| change.encode(&mut batch));
        if batch.is_empty() {
            return Ok(());
        }
        let mut writer = self.shared.writer.lock();
        if let Err(error) = writer.log.append(&batch) {
            // Only a merge makes room, whatever became of the last one.
            if matches!(error, Error::Log { source: LogError::Full, .. }) && !writer.log.is_empty() {
                self.post_merge(&mut writer);
            }
            return Err(error);
        }
        if let Some(since) = &mut writer.since {
            since.push(batch);
        }
        let update = |current: &Current| Current { view: current.view.with(changes), ..current.clone() };
        self.shared.published.update(update);
        if writer.due.is_passed_by(self.load().view.irregular(), writer.log.bytes()) {
            self.post_merge(&mut writer);
        }
        Ok(())
    }

    /// Has the changes merged in the background, unless they are about to be.
    fn post_merge(&self, writer: &mut Writer) {
        if writer.posted {
            return;
        }
        let shared = Arc::clone(&self.shared);
        // Only who drops this stops the worker.
        writer.posted = self.worker.post(0, "merge", move || shared.merge_and_tell()).is_ok();
    }

    /// Merges now what has changed, and waits for it.
    ///
    /// # Errors
    /// As [`EntryLock::publish`]; [`Error::Merge`], [`Error::Index`].
    pub fn merge(&self) -> Result<(), Error> {
        self.shared.merge()
    }

    /// How it fares.
    #[must_use]
    pub fn status(&self) -> LiveStatus {
        let writer = self.shared.writer.lock();
        LiveStatus {
            irregular: self.load().view.irregular(),
            log_bytes: writer.log.bytes(),
            merges: writer.merges,
            merging: writer.posted || writer.since.is_some(),
            failure: writer.failure.clone(),
        }
    }
}

//! Folding what changed into a new snapshot while changes go on.
//!
//! The new snapshot is built from the view of the moment that the merge begins; what arrives later is written down. When the snapshot is
//! on the disk and nameless to readers, writers wait for a few calls: a log with what was written down is put beside it, and the
//! pointer changes. So no batch is ever in one log only that the pointer has left.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use quarry_index::Index;
use quarry_index::live::View;
use rayon::ThreadPoolBuilder;

use super::{Current, LiveOptions, Shared, Writer, opened_index, replayed};
use crate::entry::{Counts, Entry, Facts};
use crate::error::{BoxError, Error};
use crate::lock::EntryLock;
use crate::log::{LOG_BYTES_MAX, Log};

/// The bounds beyond which changes are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    rows: u64,
    log_bytes: u64,
}

impl Due {
    pub(super) fn new(options: &LiveOptions) -> Self {
        Self { rows: options.merge_rows, log_bytes: options.merge_bytes }
    }

    /// Whether so many irregular rows, or so long a log, are too many.
    pub(super) fn is_passed_by(self, rows: u64, log_bytes: u64) -> bool {
        rows > self.rows || log_bytes > self.log_bytes
    }

    /// The bounds for the next try after one that failed with so much to merge. Either bound has a try: facts that change again and
    /// again make the log longer and no row irregular. A log grows to twice its length, but by no more than half of the room that it
    /// has, so that there are tries before it is full and never one for each batch.
    pub(super) fn after_failure(self, rows: u64, log_bytes: u64) -> Self {
        let room = (LOG_BYTES_MAX as u64).saturating_sub(log_bytes);
        Self {
            rows: self.rows.max(rows.saturating_mul(2)),
            log_bytes: self.log_bytes.max(log_bytes.saturating_add(log_bytes.min(room / 2))),
        }
    }
}

/// Batches are kept while this is there: even a merge that panics leaves nothing that gathers them for nobody.
struct KeptBatches<'w>(&'w Mutex<Writer>);

impl Drop for KeptBatches<'_> {
    fn drop(&mut self) {
        self.0.lock().since = None;
    }
}

/// From the moment that a new log lies on the disk until it is known which snapshot readers see, and so which log is theirs.
/// Whoever goes away in between, with an error or by a panic, closes the log that was: a batch in it might be seen by nobody.
struct Switch<'w> {
    writer: MutexGuard<'w, Writer>,
    /// The log of the new snapshot, while nothing is settled.
    new: Option<Log>,
}

impl Switch<'_> {
    /// Readers see the new snapshot.
    fn done(mut self) {
        if let Some(log) = self.new.take() {
            self.writer.log = log;
        }
    }

    /// They see the old one.
    fn undone(mut self) {
        self.new = None;
    }
}

impl Drop for Switch<'_> {
    fn drop(&mut self) {
        if self.new.is_some() {
            self.writer.log.close();
        }
    }
}

impl Shared {
    /// Merges, and keeps what went wrong for whoever asks.
    pub(super) fn merge_and_tell(&self) {
        if let Err(error) = self.merge() {
            tracing::error!(%error, "changes could not be merged");
        }
    }

    pub(super) fn merge(&self) -> Result<(), Error> {
        let mut lock = self.lock.lock();
        let (begun, keeping) = self.keep_batches();
        let merged = self.fold(&mut lock, &begun).and_then(|current| self.adopt(current));
        drop(keeping);
        self.end_merge(merged.as_ref().map(|_| ()).map_err(error_text));
        merged
    }

    /// What is published, and from then on each batch is kept beside the log.
    fn keep_batches(&self) -> (Arc<Current>, KeptBatches<'_>) {
        let mut writer = self.writer.lock();
        writer.since = Some(Vec::new());
        (self.published.load_full(), KeptBatches(&self.writer))
    }

    /// Publishes the new snapshot with what has come since the merge began.
    fn adopt(&self, current: Current) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        let since = writer.since.take().unwrap_or_default();
        let path = self.catalog.path(&self.name, current.entry.log());
        let view = replayed(current.view.clone(), &since).map_err(|source| Error::Log { path, source })?;
        self.published.publish(Current { view, ..current });
        Ok(())
    }

    /// A merge has ended, well or not.
    pub(super) fn end_merge(&self, told: Result<(), String>) {
        let irregular = self.published.load().view.irregular();
        let mut writer = self.writer.lock();
        writer.posted = false;
        match told {
            Ok(()) => {
                writer.merges += 1;
                (writer.failure, writer.due) = (None, Due::new(&self.options));
            }
            Err(text) => {
                let due = Due::new(&self.options).after_failure(irregular, writer.log.bytes());
                (writer.failure, writer.due) = (Some(text), due);
            }
        }
    }

    /// Builds on threads of the merge's own: outside of a pool, building would start rayon's global one.
    fn rebuilt(&self, begun: &Current) -> Result<Index, BoxError> {
        let threads = ThreadPoolBuilder::new()
            .num_threads(self.options.merge_threads.get())
            .thread_name(|number| format!("merge-build-{number}"))
            .build()?;
        let (index, _) = threads.install(|| begun.view.rebuild())?;
        Ok(index)
    }

    /// Publishes a snapshot of what there was when the merge began, with a log of what has come since. Returns the new snapshot,
    /// without what is in that log.
    fn fold(&self, lock: &mut EntryLock, begun: &Current) -> Result<Current, Error> {
        // Before anything is built: after a flush that failed, nothing of this lock will be published any more.
        lock.sound()?;
        let failed = |source: BoxError| Error::Merge { name: self.name.clone(), source };
        let index = self.rebuilt(begun).map_err(failed)?;
        let facts = Facts { counts: counts(&index, &begun.entry), ..begun.entry.facts.clone() };
        let mut switch = None;
        let published = lock.publish_after(
            facts,
            |mut out| index.write_to(&mut out).map(|()| index.identity()),
            |lock, entry| {
                let writer = self.writer.lock();
                let new = Some(lock.write_log(entry, writer.since.as_deref().unwrap_or_default())?);
                switch = Some(Switch { writer, new });
                Ok(())
            },
        );
        match (switch, &published) {
            (Some(switch), Ok(_)) => switch.done(),
            // Readers see the old pair or the new one: dropping it closes the log.
            (_, Err(Error::Unsettled { .. })) | (None, _) => {}
            (Some(switch), Err(_)) => switch.undone(),
        }
        let entry = published?.entry;
        drop(index);
        let opened = self.catalog.open(&self.name)?;
        debug_assert_eq!(opened.entry, entry, "the lock is held");
        let index = opened_index(&opened, self.options.bytes_max)?;
        Ok(Current { entry, view: View::new(Arc::new(index)), log_bytes_left: 0 })
    }
}

/// What the list says of a new snapshot. What could not be read of the source is still missing.
pub(super) fn counts(index: &Index, before: &Entry) -> Counts {
    let total = index.row(Index::ROOT).total();
    Counts {
        rows: u64::from(index.len()),
        files: total.files,
        folders: total.folders,
        content: total.bytes,
        unread: before.facts.counts.unread,
    }
}

fn error_text(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

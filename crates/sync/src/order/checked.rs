//! The order as debug builds check it: each thread has a list of what it holds.
//!
//! A guard may be dropped by another thread than the one that took it, so a list is shared between its thread and the
//! guards in it. A lock counts for the thread that took it until it is unbound or dropped.

use std::cell::Cell;
use std::panic::Location;
use std::sync::Arc;

use parking_lot::Mutex;

use super::LockClass;

type List = Mutex<Vec<Record>>;

#[derive(Debug, Clone, Copy)]
struct Record {
    id: u64,
    class: LockClass,
    taken_at: &'static Location<'static>,
}

thread_local! {
    static LIST: Arc<List> = Arc::default();
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// A lock that counts as held by a thread until this is dropped.
#[derive(Debug)]
#[must_use = "a lock counts as held only as long as this lives"]
pub struct Held {
    record: Record,
    list: Option<Arc<List>>,
}

impl Held {
    /// The lock no longer counts for the thread that took it: its guard is about to move to another.
    pub fn unbind(&mut self) {
        if let Some(list) = self.list.take() {
            let mut records = list.lock();
            if let Some(at) = records.iter().rposition(|record| record.id == self.record.id) {
                records.remove(at);
            }
        }
    }

    /// The lock counts for this thread from now on.
    #[track_caller]
    pub fn bind(&mut self) {
        self.unbind();
        *self = record(self.record.class);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.unbind();
    }
}

#[track_caller]
pub(super) fn record(class: LockClass) -> Held {
    let id = NEXT.try_with(|next| next.replace(next.get() + 1)).unwrap_or_default();
    let record = Record { id, class, taken_at: Location::caller() };
    // A thread whose locals are gone is ending; it has no order left to break.
    let list = LIST.try_with(Arc::clone).ok();
    if let Some(list) = &list {
        list.lock().push(record);
    }
    Held { record, list }
}

#[track_caller]
pub(super) fn check(wanted: LockClass) {
    let highest = LIST.try_with(|list| list.lock().iter().copied().max_by_key(|held| held.class.rank()));
    if let Ok(Some(held)) = highest
        && held.class.rank() >= wanted.rank()
    {
        panic!(
            "lock order broken: {} lock (rank {}) wanted at {} while {} lock (rank {}) is held since {}",
            wanted.name(),
            wanted.rank(),
            Location::caller(),
            held.class.name(),
            held.class.rank(),
            held.taken_at,
        );
    }
}

#[track_caller]
pub(super) fn assert_none_held(doing: &str) {
    if let Ok(Some(held)) = LIST.try_with(|list| list.lock().last().copied()) {
        panic!(
            "{doing} at {} while {} lock is held since {}",
            Location::caller(),
            held.class.name(),
            held.taken_at
        );
    }
}

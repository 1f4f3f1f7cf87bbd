//! One shard of a lock table: the entries of its keys, and how they are entered, left and waited for.
//!
//! All of an entry is plain data under the shard's mutex; that is why there is no subtle ordering here to argue about,
//! and why a model checker gets through it. Invariants:
//!
//! - an entry exists if and only if its key is held or waited for;
//! - where somebody waits, somebody holds: whoever leaves hands the key on before letting go of the mutex.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;

use super::stats::LockStats;
use crate::primitive::atomic::{AtomicBool, Ordering};
use crate::primitive::{Clock, Condvar, Instant, MODELLED, Mutex, MutexGuard};

/// Entries that an empty shard keeps room for, so that a key that comes and goes does not allocate each time.
const SPARE: usize = 3;
/// A shard gives memory back when fewer than one in this many of its places are taken.
const SHRINK_BELOW_1_IN: usize = 8;

/// How a key is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
}

/// How long somebody is willing to wait.
#[derive(Clone, Copy)]
pub(super) enum Patience<'a> {
    None,
    Until(&'a Clock, Instant),
    Forever,
}

/// What a holder gets: the key's value. Values without a size have no identity that could be shared, so each holder
/// gets one of its own and a table of bare locks allocates nothing.
#[derive(Debug)]
pub(super) enum Place<V> {
    Own(V),
    Shared(Arc<V>),
}

impl<V: Default> Place<V> {
    fn first() -> Self {
        if size_of::<V>() == 0 { Self::Own(V::default()) } else { Self::Shared(Arc::default()) }
    }

    fn share(&self) -> Self {
        match self {
            Self::Own(_) => Self::Own(V::default()),
            Self::Shared(value) => Self::Shared(Arc::clone(value)),
        }
    }
}

pub(super) struct Shard<K, V>(Mutex<State<K, V>>);

struct State<K, V> {
    entries: HashTable<Entry<K, V>>,
    stats: LockStats,
}

struct Entry<K, V> {
    key: K,
    holders: Holders,
    /// Away with the writer while there is one.
    value: Option<Place<V>>,
    /// Made when somebody first has to wait, which is rare.
    #[expect(clippy::box_collection, reason = "8 bytes in every entry, not 32, for what few entries have")]
    queue: Option<Box<VecDeque<Arc<Waiter>>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holders {
    Readers(u32),
    Writer,
}

struct Waiter {
    mode: Mode,
    /// Read and written under the shard's mutex only, which orders it: `Relaxed` throughout.
    granted: AtomicBool,
    wake: Condvar,
}

impl Holders {
    fn admits(self, mode: Mode) -> bool {
        match mode {
            Mode::Read => self != Self::Writer,
            Mode::Write => self == Self::Readers(0),
        }
    }

    fn enter(&mut self, mode: Mode) {
        *self = match (*self, mode) {
            (Self::Readers(count), Mode::Read) => Self::Readers(count + 1),
            _ => Self::Writer,
        };
    }

    fn leave(&mut self) {
        *self = match *self {
            Self::Readers(count) => Self::Readers(count.saturating_sub(1)),
            Self::Writer => Self::Readers(0),
        };
    }
}

impl<K, V: Default> Entry<K, V> {
    fn new(key: K, mode: Mode) -> (Self, Place<V>) {
        let mut holders = Holders::Readers(0);
        holders.enter(mode);
        let value = Place::first();
        let mut entry = Self { key, holders, value: Some(value), queue: None };
        let place = entry.take(mode);
        (entry, place)
    }

    /// Whether `mode` may enter at once: overtaking nobody.
    fn admits(&self, mode: Mode) -> bool {
        self.queue.as_ref().is_none_or(|queue| queue.is_empty()) && self.holders.admits(mode)
    }

    /// The value for one who has entered.
    fn take(&mut self, mode: Mode) -> Place<V> {
        let place = match (mode, &self.value) {
            (Mode::Read, Some(value)) => Some(value.share()),
            (Mode::Write, _) | (Mode::Read, None) => self.value.take(),
        };
        place.unwrap_or_else(Place::first)
    }

    /// Lets in those at the head of the queue who may.
    fn hand_on(&mut self) {
        let Some(queue) = &mut self.queue else { return };
        while let Some(next) = queue.front()
            && self.holders.admits(next.mode)
        {
            self.holders.enter(next.mode);
            next.granted.store(true, Ordering::Relaxed);
            next.wake.notify_one();
            queue.pop_front();
        }
        if queue.is_empty() {
            self.queue = None;
        }
    }
}

impl<K: Hash + Eq + Clone, V: Default> Shard<K, V> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { entries: HashTable::with_capacity(SPARE), stats: LockStats::default() }))
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().entries.len()
    }

    pub(super) fn stats(&self) -> LockStats {
        self.0.lock().stats
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let state = self.0.lock();
        let queues = state.entries.iter().filter_map(|entry| entry.queue.as_deref());
        let waiting = queues.map(|queue| size_of_val(queue) + queue.capacity() * size_of::<Arc<Waiter>>());
        state.entries.allocation_size() + waiting.sum::<usize>()
    }

    /// The shard's mutex, noting whether it had to be waited for.
    #[inline]
    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        // A model checker would try every schedule twice to learn how often the mutex was held.
        if !MODELLED && let Some(state) = self.0.try_lock() {
            return state;
        }
        let mut state = self.0.lock();
        state.stats.shard_contentions += 1;
        state
    }

    /// Enters `key`, however long that takes.
    pub(super) fn acquire(&self, hasher: &impl BuildHasher, hash: u64, key: &K, mode: Mode) -> Place<V> {
        loop {
            if let Some(place) = self.acquire_within(hasher, hash, key, mode, Patience::Forever) {
                return place;
            }
        }
    }

    /// Enters `key`, or `None` if that takes longer than `patience`.
    #[inline]
    pub(super) fn acquire_within(
        &self,
        hasher: &impl BuildHasher,
        hash: u64,
        key: &K,
        mode: Mode,
        patience: Patience<'_>,
    ) -> Option<Place<V>> {
        let mut state = self.lock();
        state.stats.acquisitions += 1;
        match state.entries.entry(hash, |entry| entry.key == *key, |entry| hasher.hash_one(&entry.key)) {
            Slot::Vacant(slot) => {
                let (entry, place) = Entry::new(key.clone(), mode);
                slot.insert(entry);
                Some(place)
            }
            Slot::Occupied(mut slot) if slot.get().admits(mode) => {
                let entry = slot.get_mut();
                entry.holders.enter(mode);
                Some(entry.take(mode))
            }
            Slot::Occupied(_) => wait(state, hash, key, mode, patience),
        }
    }

    /// Leaves `key`, giving its value back, and hands it to whoever waits. A value used for the last time is the
    /// caller's to drop, outside the mutex.
    #[inline]
    pub(super) fn release(
        &self,
        hasher: &impl BuildHasher,
        hash: u64,
        key: &K,
        mode: Mode,
        place: Place<V>,
    ) -> Option<Place<V>> {
        let mut state = self.lock();
        let Ok(mut slot) = state.entries.find_entry(hash, |entry| entry.key == *key) else {
            return Some(place);
        };
        let entry = slot.get_mut();
        match mode {
            // A writer may be next, and must be alone with the value: the reader's share ends here, not later.
            Mode::Read => drop(place),
            Mode::Write => entry.value = Some(place),
        }
        entry.holders.leave();
        entry.hand_on();
        if entry.holders != Holders::Readers(0) {
            return None;
        }
        let (entry, _) = slot.remove();
        state.shrink(hasher);
        entry.value
    }
}

impl<K: Hash, V> State<K, V> {
    /// Gives memory back once most of it is unused; what a removal costs stays constant on average, since a table that
    /// was halved several times must lose as many entries again.
    #[inline]
    fn shrink(&mut self, hasher: &impl BuildHasher) {
        let (len, capacity) = (self.entries.len(), self.entries.capacity());
        if capacity > SPARE && len < capacity.div_ceil(SHRINK_BELOW_1_IN) {
            self.entries.shrink_to((2 * len).max(SPARE), |entry| hasher.hash_one(&entry.key));
        }
    }
}

/// Queues up for a `key` that is held, as long as `patience` lasts.
#[cold]
fn wait<K: Eq, V: Default>(
    mut state: MutexGuard<'_, State<K, V>>,
    hash: u64,
    key: &K,
    mode: Mode,
    patience: Patience<'_>,
) -> Option<Place<V>> {
    state.stats.contentions += 1;
    if matches!(patience, Patience::None) {
        state.stats.failures += 1;
        return None;
    }
    state.stats.waits += 1;
    let waiter = Arc::new(Waiter { mode, granted: AtomicBool::new(false), wake: Condvar::new() });
    let entry = state.entries.find_mut(hash, |entry| entry.key == *key)?;
    entry.queue.get_or_insert_default().push_back(Arc::clone(&waiter));
    while !waiter.granted.load(Ordering::Relaxed) {
        let time_is_up = match patience {
            Patience::Until(clock, deadline) => clock.wait_until(&waiter.wake, &mut state, deadline),
            Patience::None | Patience::Forever => {
                waiter.wake.wait(&mut state);
                false
            }
        };
        if time_is_up && !waiter.granted.load(Ordering::Relaxed) {
            state.give_up(hash, key, &waiter);
            return None;
        }
    }
    let entry = state.entries.find_mut(hash, |entry| entry.key == *key)?;
    Some(entry.take(mode))
}

impl<K: Eq, V: Default> State<K, V> {
    /// Takes a waiter out of the queue. Readers behind a writer that gives up may have become free to enter.
    fn give_up(&mut self, hash: u64, key: &K, waiter: &Arc<Waiter>) {
        self.stats.failures += 1;
        let Some(entry) = self.entries.find_mut(hash, |entry| entry.key == *key) else { return };
        if let Some(queue) = &mut entry.queue {
            queue.retain(|queued| !Arc::ptr_eq(queued, waiter));
        }
        entry.hand_on();
    }
}

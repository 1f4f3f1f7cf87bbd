//! Values that are read without a lock and checked afterwards: [`Versioned`].
//!
//! A reader of an extent wants its generation and where its pieces lie, reads those pieces from a disk, and then has to
//! know whether they were still the extent's. Holding a lock for as long as a disk takes would stall writers, so: take
//! a [`Snapshot`](VersionedSnapshot), work, validate, and start again if a writer came between; after a few
//! attempts, lock writers out and work once more.
//!
//! **Layout.** A generation (8 bytes), a mutex of one byte in 8, and the value in `WORDS` words of 8 bytes: 16 + 8 × `WORDS`
//! bytes, so 40 for an extent's three words, and a million of them are 40 MB.
//!
//! **No data race.** The textbook's sequence lock copies the value while a writer may be at it, which Rust's memory model
//! calls undefined however the copy is used. Here the value is kept as atomic words: a torn copy is made of values that
//! were really stored, is never turned into a `T` before its generation has been checked, and `T` is plain data for which
//! any bytes would do.
//!
//! **Orderings**, with `g` even while the value is whole and odd while a writer is at it:
//!
//! | writer (alone, under the mutex) | reader |
//! | --- | --- |
//! | W1 `generation.store(g + 1, Relaxed)` | R1 `generation.load(Acquire)` |
//! | W2 `fence(Release)` | R2 `words.load(Relaxed)` … |
//! | W3 `words.store(Relaxed)` … | R3 `fence(Acquire)` |
//! | W4 `generation.store(g + 2, Release)` | R4 `generation.load(Relaxed)` |
//!
//! R1 that reads what W4 stored sees all of that writer's words (acquire and release). If any R2 reads a word that a later
//! W3 stored, the fences W2 and R3 synchronise, so R4 comes after W1 and sees another generation than R1 did.
//! `tests/loom` explores this with stale reads.
//!
//! Rejected: `AtomicCell` of a large type, which hides the generation and takes a global lock; a bare counter beside a
//! plain value, which is the data race above; `RwLock<T>`, whose readers write to the same line.

use std::fmt;
use std::marker::PhantomData;

use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::primitive::Mutex;
use crate::primitive::atomic::{AtomicU64, Ordering, fence};

/// Attempts without a lock before a reader locks writers out. Each failed attempt means that a writer got on with its work,
/// but a reader that pays for its work with disk reads should not pay often.
pub const ATTEMPTS_MAX: u32 = 4;

/// A value of `WORDS` words of 8 bytes that is read optimistically; see the [module](self).
///
/// `T` is plain data (any bytes are a value of it) of at most `8 * WORDS` bytes, which is checked when compiling.
///
/// ```
/// use quarry_sync::Versioned;
///
/// let extent: Versioned<[u64; 2], 2> = Versioned::new([4096, 10]);
/// let snapshot = extent.snapshot();
/// // … read from the disk what the snapshot says …
/// assert!(extent.is_current(&snapshot));
///
/// extent.update(|place| place[1] = 20);
/// assert!(!extent.is_current(&snapshot));
/// assert_eq!(extent.read(), [4096, 20]);
/// ```
pub struct Versioned<T, const WORDS: usize> {
    generation: AtomicU64,
    words: [AtomicU64; WORDS],
    writers: Mutex<()>,
    value: PhantomData<T>,
}

/// What a [`Versioned`] held at some moment, and which moment that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionedSnapshot<T> {
    /// The value, whole.
    pub value: T,
    /// Grows by one with each update.
    pub generation: u64,
}

impl<T: Copy + FromBytes + IntoBytes + Immutable, const WORDS: usize> Versioned<T, WORDS> {
    const FITS: () = assert!(size_of::<T>() <= 8 * WORDS, "the value needs more words");

    /// A value at generation 0.
    #[must_use]
    pub fn new(value: T) -> Self {
        let () = Self::FITS;
        Self {
            generation: AtomicU64::new(0),
            words: to_words(&value).map(AtomicU64::new),
            writers: Mutex::new(()),
            value: PhantomData,
        }
    }

    /// The value at some moment during the call. Waits only if writers come faster than it can be copied.
    #[must_use]
    pub fn read(&self) -> T {
        self.snapshot().value
    }

    /// The value at some moment during the call, and which.
    #[must_use]
    pub fn snapshot(&self) -> VersionedSnapshot<T> {
        for _ in 0..ATTEMPTS_MAX {
            if let Some(snapshot) = self.attempt() {
                return snapshot;
            }
        }
        let _writers = self.writers.lock();
        self.at_rest()
    }

    /// Whether nothing was updated since `snapshot` was taken.
    ///
    /// Reads of other memory that the caller did in between come before the answer: if they saw what a writer wrote
    /// after its [`update`](Self::update), the answer is no.
    #[must_use]
    #[inline]
    pub fn is_current(&self, snapshot: &VersionedSnapshot<T>) -> bool {
        // As R3 and R4: what the caller read before is ordered before the load.
        fence(Ordering::Acquire);
        self.generation.load(Ordering::Relaxed) == 2 * snapshot.generation
    }

    /// Works with the value, without a lock if possible: `work` may be called up to [`ATTEMPTS_MAX`] times with values that
    /// turn out to be stale, and then once more with writers locked out. What it returns is from a call during which the
    /// value did not change. It must not update the same value.
    pub fn read_with<R>(&self, mut work: impl FnMut(&T) -> R) -> R {
        for _ in 0..ATTEMPTS_MAX {
            let Some(snapshot) = self.attempt() else { continue };
            let result = work(&snapshot.value);
            if self.is_current(&snapshot) {
                return result;
            }
        }
        let _writers = self.writers.lock();
        work(&self.at_rest().value)
    }

    /// Changes the value and returns what `change` does. Writers take turns. Readers meanwhile see the value before.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let _writers = self.writers.lock();
        let VersionedSnapshot { mut value, generation } = self.at_rest();
        let result = change(&mut value);
        // W1: this thread is the only writer.
        self.generation.store(2 * generation + 1, Ordering::Relaxed);
        // W2: see the table above, as for the orderings below.
        fence(Ordering::Release);
        for (word, bits) in self.words.iter().zip(to_words::<T, WORDS>(&value)) {
            word.store(bits, Ordering::Relaxed);
        }
        self.generation.store(2 * (generation + 1), Ordering::Release);
        result
    }

    /// Replaces the value.
    pub fn store(&self, value: T) {
        self.update(|place| *place = value);
    }

    /// One attempt without a lock; `None` if a writer was at work.
    #[inline]
    fn attempt(&self) -> Option<VersionedSnapshot<T>> {
        let before = self.generation.load(Ordering::Acquire);
        let words = self.load_words();
        fence(Ordering::Acquire);
        let after = self.generation.load(Ordering::Relaxed);
        (before == after && before.is_multiple_of(2))
            .then(|| VersionedSnapshot { value: from_words(&words), generation: before / 2 })
    }

    /// The value while no writer can be at work: the caller holds the mutex, which orders it after all of them.
    fn at_rest(&self) -> VersionedSnapshot<T> {
        let words = std::array::from_fn::<u64, WORDS, _>(|at| load_at_rest(&self.words[at]));
        VersionedSnapshot { value: from_words(&words), generation: load_at_rest(&self.generation) / 2 }
    }

    #[inline]
    fn load_words(&self) -> [u64; WORDS] {
        std::array::from_fn(|at| self.words[at].load(Ordering::Relaxed))
    }
}

/// A plain load, but for loom, which remembers the last access to an atomic alone: a load here would make it forget that
/// another thread loaded before, and it would never try this thread's store before that load. An addition counts as a
/// store, so nothing is forgotten.
#[inline]
fn load_at_rest(word: &AtomicU64) -> u64 {
    if cfg!(loom) { word.fetch_add(0, Ordering::Relaxed) } else { word.load(Ordering::Relaxed) }
}

#[inline]
fn to_words<T: IntoBytes + Immutable, const WORDS: usize>(value: &T) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    let bytes = value.as_bytes();
    words.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
    words
}

#[inline]
fn from_words<T: FromBytes, const WORDS: usize>(words: &[u64; WORDS]) -> T {
    match T::read_from_prefix(words.as_bytes()) {
        Ok((value, _)) => value,
        // Ruled out by `FITS` when compiling.
        Err(_) => T::new_zeroed(),
    }
}

impl<T: Copy + FromBytes + IntoBytes + Immutable + fmt::Debug, const WORDS: usize> fmt::Debug
    for Versioned<T, WORDS>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VersionedSnapshot { value, generation } = self.snapshot();
        f.debug_struct("Versioned").field("value", &value).field("generation", &generation).finish()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn it_is_as_small_as_it_says() {
        assert_eq!(size_of::<Versioned<[u64; 3], 3>>(), 40);
        assert_eq!(size_of::<Versioned<u32, 1>>(), 24);
    }

    #[test]
    fn a_value_that_does_not_fill_its_words_comes_back_whole() {
        let versioned: Versioned<[u8; 11], 2> = Versioned::new(*b"eleven byte");
        assert_eq!(&versioned.read(), b"eleven byte");
        versioned.store(*b"ELEVEN BYTE");
        assert_eq!(versioned.snapshot(), VersionedSnapshot { value: *b"ELEVEN BYTE", generation: 1 });
    }

    #[test]
    fn work_is_done_again_when_a_writer_came_between() {
        let versioned: Versioned<u64, 1> = Versioned::new(0);
        let calls = Cell::new(0);
        let seen = versioned.read_with(|value| {
            calls.set(calls.get() + 1);
            if calls.get() <= 2 {
                versioned.update(|value| *value += 1);
            }
            *value
        });
        assert_eq!((seen, calls.get()), (2, 3));
    }

    #[test]
    fn work_that_never_gets_through_locks_writers_out() {
        let versioned: Versioned<u64, 1> = Versioned::new(0);
        let calls = Cell::new(0);
        let seen = versioned.read_with(|value| {
            calls.set(calls.get() + 1);
            if calls.get() <= ATTEMPTS_MAX {
                versioned.update(|value| *value += 1);
            } else {
                assert!(versioned.writers.try_lock().is_none(), "writers wait");
            }
            *value
        });
        assert_eq!((seen, calls.get()), (u64::from(ATTEMPTS_MAX), ATTEMPTS_MAX + 1));
    }

    #[test]
    fn readers_see_whole_values_while_writers_write() {
        let versioned: Versioned<[u64; 4], 4> = Versioned::new([0; 4]);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let seen = versioned.read();
                        assert_eq!(seen, [seen[0]; 4]);
                    }
                });
            }
            for _ in 0..20_000 {
                versioned.update(|value| value.iter_mut().for_each(|word| *word += 1));
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(versioned.snapshot(), VersionedSnapshot { value: [20_000; 4], generation: 20_000 });
    }

    #[test]
    fn a_panicking_change_changes_nothing() {
        let versioned: Versioned<u64, 1> = Versioned::new(7);
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            versioned.update(|value| {
                *value = 8;
                panic!("on purpose");
            })
        }));
        assert!(died.is_err());
        assert_eq!(versioned.snapshot(), VersionedSnapshot { value: 7, generation: 0 });
    }
}

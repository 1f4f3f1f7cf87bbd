//! Admission: how much may be under way at once, and how often something may begin: [`Regulator`].
//!
//! Three limits, each optional: **permits**, how many hold one at a time; **bytes**, how much those have stated in
//! all; **rate**, how many are admitted per second, with a burst. Permits and bytes return when a [`Permit`] is
//! dropped; what the rate allowed is used up.
//!
//! Admission is in order of arrival. A large request at the head holds back small ones that would fit: otherwise a stream of small
//! ones would starve it.
//!
//! The rate is kept as one number, the time at which the next would be due if all came evenly (the generic cell rate
//! algorithm): no timer fills a bucket, and nothing drifts.

mod admission;
mod options;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::primitive::{Condvar, Instant, Mutex, MutexGuard};

pub use options::RegulatorOptions;

use admission::{Admission, Verdict};

/// Why somebody was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// There is no room now, or others wait for it.
    #[error("busy: the limits are reached")]
    Busy,
    /// There was no room in time.
    #[error("timed out waiting to be admitted")]
    TimedOut,
    /// There will never be room.
    #[error("{bytes} bytes asked for, the limit is {limit}")]
    TooLarge {
        /// Bytes asked for.
        bytes: u64,
        /// Bytes that may be under way at once.
        limit: u64,
    },
}

/// Keeps what is under way within limits; see the [module](self). Clones regulate together.
///
/// ```
/// use quarry_sync::{AdmissionError, RegulatorOptions};
///
/// let reads = RegulatorOptions::default().permits(2).bytes(1 << 20).build();
/// let first = reads.acquire(512 << 10)?;
/// let second = reads.acquire(512 << 10)?;
/// assert_eq!(reads.try_acquire(1).err(), Some(AdmissionError::Busy));
/// drop(first);
/// assert!(reads.try_acquire(1).is_ok());
/// # Ok::<(), AdmissionError>(())
/// ```
#[derive(Clone)]
pub struct Regulator {
    shared: Arc<Shared>,
}

/// Leave to be under way. Returns what it took when dropped, on whatever thread.
#[must_use = "what was admitted is over as soon as its permit is dropped"]
pub struct Permit {
    shared: Arc<Shared>,
    bytes: u64,
}

/// What a [`Regulator`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RegulatorStats {
    /// Permits given so far.
    pub admitted: u64,
    /// Of those, how many had to wait.
    pub waited: u64,
    /// Requests that were refused or gave up.
    pub refused: u64,
    /// Permits out now.
    pub permits: u64,
    /// Bytes they stated.
    pub bytes: u64,
    /// Requests that wait now.
    pub waiting: u64,
}

struct Shared {
    options: RegulatorOptions,
    state: Mutex<State>,
}

struct State {
    admission: Admission,
    /// Only the first is ever admitted; it wakes the next.
    queue: VecDeque<Arc<Condvar>>,
    stats: RegulatorStats,
}

impl Regulator {
    pub(super) fn new(options: RegulatorOptions) -> Self {
        let state = State {
            admission: Admission::default(),
            queue: VecDeque::new(),
            stats: RegulatorStats::default(),
        };
        Self { shared: Arc::new(Shared { options, state: Mutex::new(state) }) }
    }

    /// Waits to be admitted with `bytes`.
    ///
    /// # Errors
    /// [`AdmissionError::TooLarge`], if that could never be.
    pub fn acquire(&self, bytes: u64) -> Result<Permit, AdmissionError> {
        self.acquire_until(bytes, None)
    }

    /// As [`acquire`](Self::acquire), but gives up after `timeout`.
    ///
    /// # Errors
    /// [`AdmissionError::TooLarge`], [`AdmissionError::TimedOut`].
    pub fn acquire_for(&self, bytes: u64, timeout: Duration) -> Result<Permit, AdmissionError> {
        self.acquire_until(bytes, Some(self.shared.options.clock.now() + timeout))
    }

    fn acquire_until(&self, bytes: u64, deadline: Option<Instant>) -> Result<Permit, AdmissionError> {
        self.shared.options.check(bytes)?;
        let mut state = self.shared.state.lock();
        if !self.shared.try_admit(&mut state, bytes) {
            self.shared.wait(state, bytes, deadline)?;
        }
        Ok(Permit { shared: Arc::clone(&self.shared), bytes })
    }

    /// Is admitted with `bytes` now or not at all.
    ///
    /// # Errors
    /// [`AdmissionError::TooLarge`], [`AdmissionError::Busy`].
    pub fn try_acquire(&self, bytes: u64) -> Result<Permit, AdmissionError> {
        self.shared.options.check(bytes)?;
        let mut state = self.shared.state.lock();
        if self.shared.try_admit(&mut state, bytes) {
            Ok(Permit { shared: Arc::clone(&self.shared), bytes })
        } else {
            state.stats.refused += 1;
            Err(AdmissionError::Busy)
        }
    }

    /// The counts now.
    #[must_use]
    pub fn stats(&self) -> RegulatorStats {
        let state = self.shared.state.lock();
        let (permits, bytes) = state.admission.under_way();
        RegulatorStats { permits, bytes, waiting: state.queue.len() as u64, ..state.stats }
    }
}

impl Shared {
    /// Admits one that has nobody before it.
    fn try_admit(&self, state: &mut State, bytes: u64) -> bool {
        let now = self.options.clock.now();
        let admitted =
            state.queue.is_empty() && state.admission.judge(&self.options, bytes, now) == Verdict::Admit;
        if admitted {
            state.admission.enter(&self.options, bytes, now);
            state.stats.admitted += 1;
        }
        admitted
    }

    fn wait(
        &self,
        mut state: MutexGuard<'_, State>,
        bytes: u64,
        deadline: Option<Instant>,
    ) -> Result<(), AdmissionError> {
        let wake = Arc::new(Condvar::new());
        state.queue.push_back(Arc::clone(&wake));
        loop {
            let now = self.options.clock.now();
            let is_first = state.queue.front().is_some_and(|first| Arc::ptr_eq(first, &wake));
            let verdict = if is_first {
                state.admission.judge(&self.options, bytes, now)
            } else {
                Verdict::WaitForRoom
            };
            let until = match verdict {
                Verdict::Admit => {
                    state.admission.enter(&self.options, bytes, now);
                    state.stats.admitted += 1;
                    state.stats.waited += 1;
                    state.leave_queue(&wake);
                    return Ok(());
                }
                Verdict::WaitUntil(due) => Some(deadline.map_or(due, |deadline| due.min(deadline))),
                Verdict::WaitForRoom => deadline,
            };
            let Some(until) = until else {
                wake.wait(&mut state);
                continue;
            };
            let time_is_up = self.options.clock.wait_until(&wake, &mut state, until);
            if time_is_up && Some(until) == deadline && !self.could_enter(&state, &wake, bytes) {
                state.stats.refused += 1;
                state.leave_queue(&wake);
                return Err(AdmissionError::TimedOut);
            }
        }
    }

    /// Whether room came at the last moment: it was given to this one, and must not get lost.
    fn could_enter(&self, state: &State, wake: &Arc<Condvar>, bytes: u64) -> bool {
        state.queue.front().is_some_and(|first| Arc::ptr_eq(first, wake))
            && state.admission.judge(&self.options, bytes, self.options.clock.now()) == Verdict::Admit
    }
}

impl State {
    /// Takes a waiter out; whoever is first then looks whether it may enter.
    fn leave_queue(&mut self, wake: &Arc<Condvar>) {
        self.queue.retain(|queued| !Arc::ptr_eq(queued, wake));
        self.wake_first();
    }

    fn wake_first(&self) {
        if let Some(first) = self.queue.front() {
            first.notify_one();
        }
    }
}

impl Permit {
    /// Bytes it was given for.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.admission.leave(self.bytes);
        state.wake_first();
    }
}

impl fmt::Debug for Regulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Regulator").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

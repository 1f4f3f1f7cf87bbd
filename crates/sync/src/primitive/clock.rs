//! Time as a value, so that a test owns it.
//!
//! A [`Clock`] is handed to whatever waits or measures. The system's is monotonic; a manual one moves when its
//! [`ManualClock`] says so, and then every wait that it outlasts ends. Points in time are eight bytes: nanoseconds
//! since the clock began.

use std::ops::{Add, Sub};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{Condvar, MutexGuard};

/// How often a wait on a manual clock looks at it, in real time. A clock cannot notify the condition variables that
/// wait on it without taking their locks, and a test can afford to look.
const MANUAL_POLL: Duration = Duration::from_micros(500);

/// A point in time: nanoseconds since its clock began. Those of different clocks do not compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// Nanoseconds since the clock began.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        self.0
    }

    /// How much later this is than `earlier`; zero if it is not.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time, 584 years after the clock began: a limit of `Duration::MAX` means none.
    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(nanos(later)))
    }
}

impl Sub<Self> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Where time comes from. Cheap to clone; clones tell the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The system's monotonic clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Source::System => Instant(system_nanos()),
            Source::Manual(manual) => Instant(manual.nanos()),
        }
    }

    /// Releases the lock and waits on `condvar` until notified or until `deadline`, then takes the lock again. `true`
    /// says that the time was up; `false` says nothing (a wait may end for no reason): the caller looks at what it
    /// waits for. A caller told `true` does not ask the clock once more: under a model checker it stands still.
    pub fn wait_until<T>(&self, condvar: &Condvar, guard: &mut MutexGuard<'_, T>, deadline: Instant) -> bool {
        let left = deadline.saturating_since(self.now());
        if left.is_zero() {
            return true;
        }
        match &self.0 {
            Source::System => condvar.wait_for(guard, left).timed_out(),
            Source::Manual(_) => condvar.wait_for(guard, MANUAL_POLL).timed_out() && self.now() >= deadline,
        }
    }
}

fn system_nanos() -> u64 {
    static BEGAN: OnceLock<std::time::Instant> = OnceLock::new();
    if super::MODELLED { 0 } else { nanos(BEGAN.get_or_init(std::time::Instant::now).elapsed()) }
}

/// A clock that stands still until it is told to move. Clones move together.
///
/// ```
/// use quarry_sync::primitive::ManualClock;
/// use std::time::Duration;
///
/// let hands = ManualClock::new();
/// let clock = hands.clock();
/// let before = clock.now();
/// hands.advance(Duration::from_secs(60));
/// assert_eq!(clock.now() - before, Duration::from_secs(60));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    // Not the façade's atomic: a model checker has its own idea of time, and this one orders nothing but itself.
    nanos: Arc<std::sync::atomic::AtomicU64>,
}

impl ManualClock {
    /// A clock that begins now and stands still.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The clock that this one moves.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock(Source::Manual(self.clone()))
    }

    /// Lets `by` pass.
    pub fn advance(&self, by: Duration) {
        self.nanos.fetch_add(nanos(by), std::sync::atomic::Ordering::SeqCst);
    }

    fn nanos(&self) -> u64 {
        self.nanos.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::super::Mutex;
    use super::*;

    #[test]
    fn a_wait_on_a_manual_clock_ends_when_the_clock_is_moved() {
        let hands = ManualClock::new();
        let clock = hands.clock();
        let deadline = clock.now() + Duration::from_secs(3600);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let (mutex, condvar) = (Mutex::new(()), Condvar::new());
                let mut guard = mutex.lock();
                while !clock.wait_until(&condvar, &mut guard, deadline) {}
                clock.now()
            });
            hands.advance(Duration::from_secs(3599));
            hands.advance(Duration::from_secs(2));
            assert!(waiter.join().unwrap() >= deadline);
        });
    }

    #[test]
    fn time_saturates_at_both_ends() {
        let clock = Clock::system();
        let now = clock.now();
        assert_eq!((now + Duration::MAX).as_nanos(), u64::MAX);
        assert_eq!(Instant::default().saturating_since(now + Duration::from_secs(1)), Duration::ZERO);
        assert!(clock.now() >= now);
    }
}

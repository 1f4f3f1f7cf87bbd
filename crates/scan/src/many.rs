//! Many volumes at once, under one limit.
//!
//! Each volume has a pipeline of its own, for drives are apart and none should wait for another. What they share is
//! the processors: whoever parses or builds first asks for leave, and has it for one chunk. Leave is given in order of arrival, so that
//! volumes take turns; who waits for a drive holds none, in a call that blocks either, so that one that never answers stops nobody; and
//! when a volume is done its share is the others'.
//!
//! With a limit of one, volumes are read one after the other in their order: the same again each time.
//!
//! Rejected: dividing the threads among the volumes beforehand. The last volume, or the only one on a fast drive, would use
//! its share and no more.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use quarry_sync::{Permit, Regulator, RegulatorOptions};

use crate::topology::{Topology, pin};

/// The most volumes that are read at once: each takes threads that wait, and buffers.
const AT_ONCE_MAX: usize = 16;

/// What limits the work on several volumes.
#[derive(Debug)]
pub struct MultiVolume {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    threads: NonZeroUsize,
    leave: Regulator,
    /// Volumes that are not done.
    left: AtomicUsize,
    topology: Topology,
}

/// A volume's place among others; [`Pipeline::read_among`](crate::Pipeline::read_among) takes it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Seat {
    shared: Arc<Shared>,
    volume: usize,
}

/// The work on one volume panicked; the others went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work on it failed in a way that it should not have")]
pub struct Panicked;

impl MultiVolume {
    /// Lets so many `threads` work at once. On a machine with several nodes by its `topology`, each volume's threads that parse
    /// stay on one of them.
    #[must_use]
    pub fn new(threads: NonZeroUsize, topology: Topology) -> Self {
        let leave = RegulatorOptions::default().bytes(threads.get() as u64).build();
        Self { shared: Arc::new(Shared { threads, leave, left: AtomicUsize::new(0), topology }) }
    }

    /// Does `job` for each of `volumes`, each on a thread of its own, up to 16 at once. What each gave, in their order; one that
    /// fails or panics does not stop the others.
    pub fn run<T: Send, R: Send>(
        &self,
        volumes: Vec<T>,
        job: impl Fn(Seat, T) -> R + Sync,
    ) -> Vec<Result<R, Panicked>> {
        let count = volumes.len();
        self.shared.left.store(count, Ordering::Relaxed);
        let waiting = Mutex::new(volumes.into_iter().enumerate());
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let done = Mutex::new(Vec::with_capacity(count));
        let serve = || {
            while let Some((volume, source)) = next() {
                let seat = Seat { shared: Arc::clone(&self.shared), volume };
                let result = catch_unwind(AssertUnwindSafe(|| job(seat, source))).map_err(|_panic| Panicked);
                self.shared.left.fetch_sub(1, Ordering::Relaxed);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((volume, result));
            }
        };
        let at_once = if self.shared.threads.get() == 1 { 1 } else { count.min(AT_ONCE_MAX) };
        std::thread::scope(|scope| {
            for number in 1..at_once {
                let thread = std::thread::Builder::new().name(format!("volume-{number}"));
                if let Err(error) = thread.spawn_scoped(scope, serve) {
                    tracing::warn!(%error, "fewer volumes at once than wanted");
                }
            }
            serve();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|&(volume, _)| volume);
        done.into_iter().map(|(_, result)| result).collect()
    }
}

impl Seat {
    /// How many threads may work at once, all volumes together.
    #[must_use]
    pub fn threads(&self) -> NonZeroUsize {
        self.shared.threads
    }

    /// Waits for leave to parse one chunk.
    pub(crate) fn work(&self) -> Option<Permit> {
        // A weight of one is never too much.
        self.shared.leave.acquire(1).ok()
    }

    /// Waits for leave to build, and says on how many threads: a fair share of all.
    pub(crate) fn build(&self) -> (usize, Option<Permit>) {
        let threads = (self.shared.threads.get() / self.shared.left.load(Ordering::Relaxed).max(1)).max(1);
        (threads, self.shared.leave.acquire(threads as u64).ok())
    }

    /// Whether threads that parse stay where they are put.
    pub(crate) fn pins(&self) -> bool {
        self.shared.topology.processor(self.volume, 0).is_some()
    }

    /// Puts the calling thread, number `thread` of the volume's, where it belongs.
    pub(crate) fn pin(&self, thread: usize) {
        if let Some(processor) = self.shared.topology.processor(self.volume, thread) {
            pin(processor);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Mode, Pipeline, Progress, SynthDevice, Volume};

    #[test]
    fn nothing_is_parsed_without_leave() {
        let many = MultiVolume::new(NonZeroUsize::MIN, Topology::default());
        for mode in Mode::ALL {
            let done = many.run(vec![()], |seat, ()| {
                let volume = Volume::open_dump(Arc::new(SynthDevice::new(64, 1)), 1024);
                let (pipeline, progress) = (Pipeline { mode, ..Pipeline::default() }, Progress::default());
                let held = seat.work();
                std::thread::scope(|scope| {
                    let reading = scope.spawn(|| pipeline.read_among(&seat, &volume, &progress));
                    std::thread::sleep(Duration::from_millis(30));
                    assert_eq!(progress.records(), 0, "{mode}");
                    drop(held);
                    reading.join().expect("it does not panic").expect("it reads")
                });
                progress.records()
            });
            assert_eq!(done, [Ok(64)], "{mode}");
        }
    }
}

//! What a port can be told before it opens: [`PortOptions`].

use std::num::NonZeroUsize;
use std::time::Duration;

use super::device::Target;
use crate::sim::Sim;

/// Operations with the system at once, unless told otherwise.
const DEPTH: usize = 64;
/// The most that can be asked for: a ring of this many entries is the largest that Linux makes.
pub const DEPTH_MAX: usize = 32 * 1024;
/// Operations that wait for one of those, unless told otherwise.
const PENDED_MAX: usize = 4096;
/// Threads of the backend that blocks, unless told otherwise: as many as an NVMe disk wants at the least.
const THREADS: usize = 8;
/// How long a port that is dropped waits for the kernel, unless told otherwise.
const DROP_LIMIT: Duration = Duration::from_secs(10);

/// Which backend does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BackendKind {
    /// The best that this system grants: a ring on Linux, a completion port on Windows, threads elsewhere and where these
    /// are refused.
    #[default]
    Auto,
    /// Blocking calls on threads. Works everywhere.
    Threads,
    /// An io_uring of Linux.
    Uring,
    /// A completion port of Windows. A file whose handle shares it with nobody is worked on by threads that block, which the system
    /// lets in one after the other, unless it was opened for overlapped calls.
    Iocp,
}

/// What happens to an operation that is submitted while as many as the port takes are in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beyond {
    /// It waits in the port for its turn, first come, first served; beyond `max` of those it is refused.
    Pend {
        /// How many may wait.
        max: usize,
    },
    /// It is refused, and the caller has it back.
    Refuse,
}

/// Who is let in while all that may be in flight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// As the caller of a port said.
    Plain(Beyond),
    /// By priority: so many places to wait in, `kept` of which are for [`Priority::Critical`](super::Priority::Critical).
    Ranked { places: usize, kept: usize },
}

/// How to open a [`Port`](super::Port).
#[derive(Debug, Clone)]
#[must_use]
pub struct PortOptions {
    pub(super) backend: BackendKind,
    pub(super) depth: usize,
    pub(super) admission: Admission,
    pub(super) threads: usize,
    pub(super) drop_limit: Duration,
    pub(super) simulation: Option<Sim>,
}

impl Default for PortOptions {
    fn default() -> Self {
        Self {
            backend: BackendKind::Auto,
            depth: DEPTH,
            admission: Admission::Plain(Beyond::Pend { max: PENDED_MAX }),
            threads: THREADS,
            drop_limit: DROP_LIMIT,
            simulation: None,
        }
    }
}

impl PortOptions {
    /// The best backend there is, 64 operations in flight, 4096 pended, ten seconds' patience when dropped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one backend. With [`BackendKind::Auto`] a port says which one it got and why.
    pub fn backend(mut self, backend: BackendKind) -> Self {
        self.backend = backend;
        self
    }

    /// Works on the devices of a simulation, in its time; whatever backend was asked for.
    pub fn simulated(mut self, sim: &Sim) -> Self {
        self.simulation = Some(sim.clone());
        self
    }

    /// Takes a backend that can work on `target`: a simulation's for what is simulated, unless threads were asked for, and
    /// threads for what blocks.
    pub fn working_on(self, target: &Target) -> Self {
        match target {
            Target::File(_) => self,
            Target::Blocking(_) => self.backend(BackendKind::Threads),
            Target::Simulated(_) if self.backend == BackendKind::Threads => self,
            Target::Simulated(device) => self.simulated(device.sim()),
        }
    }

    /// How many operations are with the system at once; at most [`DEPTH_MAX`].
    pub fn depth(mut self, depth: NonZeroUsize) -> Self {
        self.depth = depth.get().min(DEPTH_MAX);
        self
    }

    /// What happens to those beyond.
    pub fn beyond(mut self, beyond: Beyond) -> Self {
        self.admission = Admission::Plain(beyond);
        self
    }

    /// With a queue of its own for each priority.
    pub(crate) fn ranked(mut self, places: usize, kept: usize) -> Self {
        self.admission = Admission::Ranked { places, kept };
        self
    }

    /// How many threads the backend that blocks has; never more than the depth.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads.get();
        self
    }

    /// How long a port that is dropped waits for what is in flight before it leaks the memory.
    pub fn drop_limit(mut self, limit: Duration) -> Self {
        self.drop_limit = limit;
        self
    }
}

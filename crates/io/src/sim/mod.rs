//! Simulated devices on a virtual clock: the fourth backend of a port, for tests.
//!
//! A real disk fails once in years and loses power when nobody looks. A simulated one does so on order or by chance, and
//! the same seed gives the same run to the byte, so that what was found once can be looked at again. Time is virtual: a
//! thread that waits lets it pass, to the next thing that happens or to the end of its wait, and a test of hours of a slow disk takes
//! milliseconds. What a program computes costs no time unless it is [charged](Sim::charge).
//!
//! ```text
//! PortOptions::simulated(&sim) ──► Port ──► SimBackend ──► World: events in order of their time
//!                                                            │
//!                        SimDevice: queue, head, bus, faults ┘ bytes: current │ unflushed │ durable
//! ```
//!
//! - **Time**: a [`SimProfile`] says how long a device takes; [`hdd`](SimProfile::hdd), [`ssd`](SimProfile::ssd) and
//!   [`nvme`](SimProfile::nvme) are shaped after drives.
//! - **Faults of requests**: short moves, `EIO`, `ENOSPC`, stalls ([`Fault`], [`FaultRates`], [`SimDevice::hold`]), devices
//!   that vanish and come back, as they were or stale.
//! - **Faults of power**: [`SimDevice::crash`] loses any subset of what was not flushed, torn and out of order.
//! - **Corruption**, flushed or not: writes that go astray or nowhere, bits that turn. The device says what it did
//!   ([`SimDevice::take_damage`]), so that a test knows what must not be believed.
//! - **What the device saw**: requests in flight over virtual time, and how long they took ([`SimDevice::observed`]).
//!
//! A run is the same again if the program asks the same in the same order: one thread, or threads whose turns do not
//! depend on the system. Several threads may use a simulation; then its time passes when any of them waits.
//!
//! Rejected: a fake of the blocking calls alone (nothing would ever be in flight together), and real time made slower (a
//! test that sleeps tests the machine that it runs on).
//!
//! ```
//! use quarry_io::port::{Op, Port, PortOptions};
//! use quarry_io::sim::{Sim, SimProfile};
//! use quarry_io::Buffer;
//!
//! let sim = Sim::new(1);
//! let disk = sim.disk(SimProfile::hdd(), 1 << 40);
//! let port: Port<()> = PortOptions::new().simulated(&sim).open()?;
//! let device = port.register(disk.clone(), 0)?;
//!
//! let before = sim.now();
//! let far = Op::write(&device, 1 << 39, Buffer::alone(512)?, ());
//! assert_eq!(port.submit(far)?.wait().result?, 512);
//! assert!((sim.now() - before).as_millis() > 5);
//! assert_eq!(disk.observed().writes.depth_max(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod backend;
pub(crate) mod device;
mod disk;
mod fault;
mod observed;
mod pages;
mod profile;
mod rng;
mod store;
#[cfg(test)]
mod tests;
mod world;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quarry_sync::primitive::{Clock, Instant, Mutex};

pub use device::{SimDevice, SimImage};
pub use fault::{Damage, Fault, FaultRates};
pub use observed::{SimActivity, SimObserved};
pub use profile::SimProfile;

use store::Store;
use world::World;

/// A simulation: a seed, a virtual clock, and devices. Cheap to clone: clones are one simulation.
#[derive(Clone)]
pub struct Sim(Arc<Inner>);

struct Inner {
    seed: u64,
    world: Mutex<World>,
}

impl Sim {
    /// A simulation without a device, at time zero.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Inner { seed, world: Mutex::new(World::new()) }))
    }

    /// What it was made with.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// A disk of `bytes` zeros. Writes beyond its end fail.
    #[must_use]
    pub fn disk(&self, profile: SimProfile, bytes: u64) -> SimDevice {
        let store = Store::new(bytes, profile.cache_bytes);
        SimDevice::new(self, profile, store, bytes)
    }

    /// An empty file, which writes lengthen up to `capacity` bytes.
    #[must_use]
    pub fn file(&self, profile: SimProfile, capacity: u64) -> SimDevice {
        let store = Store::new(0, profile.cache_bytes);
        SimDevice::new(self, profile, store, capacity)
    }

    /// The virtual clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.0.world.lock().clock.clone()
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.0.world.lock().now()
    }

    /// Lets time pass: what the program computed took that long. Devices go on meanwhile.
    pub fn charge(&self, time: Duration) {
        let mut world = self.0.world.lock();
        let until = world.now() + time;
        world.pass_until(until);
        drop(world);
        self.stir();
    }

    /// Keeps a log of all that happens from now on.
    pub fn keep_log(&self) {
        self.0.world.lock().log.get_or_insert_default();
    }

    /// The log: a line for each thing that happened, with its time in nanoseconds. Empty unless it is kept.
    #[must_use]
    pub fn log(&self) -> String {
        self.0.world.lock().log.clone().unwrap_or_default()
    }

    /// A number made of everything that happened, kept or not: the same for the same run.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.0.world.lock().digest
    }

    /// Threads that found nothing to wait for look again.
    fn stir(&self) {
        let ports: Vec<_> = self.0.world.lock().ports.iter().filter_map(std::sync::Weak::upgrade).collect();
        ports.into_iter().for_each(|port| port.stir());
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("seed", &self.0.seed).finish_non_exhaustive()
    }
}

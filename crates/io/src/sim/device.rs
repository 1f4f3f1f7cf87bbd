//! A simulated device in its owner's hands: [`SimDevice`].

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use quarry_sync::primitive::Mutex;

use crate::port::{BlockingDevice, Flush, OpKind, PortSource, Target};
use crate::{Device, DeviceKind, DriveKind};

use super::Sim;
use super::disk::{Aim, Disk};
use super::fault::{Damage, Fault, FaultRates};
use super::observed::SimObserved;
use super::profile::SimProfile;
use super::rng::Rng;
use super::store::Store;

/// A device of a [`Sim`]. Cheap to clone: clones are one device.
///
/// It is registered with a port of the same simulation. Read as a [`Device`], or on threads as a [`BlockingDevice`], each
/// call lets its time pass on the virtual clock before it returns.
#[derive(Clone)]
pub struct SimDevice(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    sim: Sim,
    pub(super) number: u64,
    name: String,
    alignment: u32,
    pub(super) disk: Mutex<Disk>,
}

/// The bytes of a device at some time: see [`SimDevice::image`].
#[derive(Debug, Clone)]
pub struct SimImage(Store);

impl SimDevice {
    pub(super) fn new(sim: &Sim, profile: SimProfile, store: Store, capacity: u64) -> Self {
        let mut world = sim.0.world.lock();
        let number = world.devices;
        world.devices += 1;
        let (alignment, rng) = (profile.alignment, Rng::stream(sim.seed(), number));
        let disk = Mutex::new(Disk::new(profile, store, capacity, rng, world.now()));
        drop(world);
        let name = format!("simulated device {number}");
        Self(Arc::new(Shared { sim: sim.clone(), number, name, alignment, disk }))
    }

    /// The simulation that it is part of.
    pub(crate) fn sim(&self) -> &Sim {
        &self.0.sim
    }

    pub(super) fn is_of(&self, sim: &Sim) -> bool {
        Arc::ptr_eq(&self.0.sim.0, &sim.0)
    }

    /// Puts `bytes` there, durably, without taking time: what a device holds when a test begins.
    pub fn fill(&self, offset: u64, bytes: &[u8]) {
        let mut disk = self.0.disk.lock();
        disk.store.write(offset, bytes);
        let mark = disk.store.mark();
        disk.store.flush(mark);
    }

    /// What a read of `len` bytes would find now, without taking time or meeting a fault. Zeros beyond the end.
    #[must_use]
    pub fn peek(&self, offset: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.disk.lock().store.read(offset, &mut bytes);
        bytes
    }

    /// From now on these faults come by chance.
    pub fn set_faults(&self, rates: FaultRates) {
        self.0.disk.lock().rates = rates;
    }

    /// Orders a fault for the next call that it can happen to. Several happen to as many calls, in their order.
    pub fn inject(&self, fault: Fault) {
        self.0.disk.lock().ordered.push_back(fault);
    }

    /// Fails every call that touches these bytes, as a disk fails a bad sector.
    pub fn fail_on(&self, range: Range<u64>) {
        self.0.disk.lock().bad.push(range);
    }

    /// The corruptions since this was last asked.
    #[must_use]
    pub fn take_damage(&self) -> Vec<Damage> {
        std::mem::take(&mut self.0.disk.lock().damage)
    }

    /// Finishes nothing that ports ask of it until it is [released](Self::release). What stalls so is given up
    /// when it is cancelled.
    pub fn hold(&self) {
        self.0.disk.lock().held = true;
    }

    /// Lets what was held go on.
    pub fn release(&self) {
        let mut world = self.0.sim.0.world.lock();
        self.0.disk.lock().held = false;
        world.note(format_args!("d{} is released", self.0.number));
        world.release(&self.0);
        drop(world);
        self.0.sim.stir();
    }

    /// It is gone: what it works on and what is asked of it fails (`ENODEV`), until it is [back](Self::come_back).
    pub fn vanish(&self) {
        let mut world = self.0.sim.0.world.lock();
        self.0.disk.lock().gone = true;
        world.note(format_args!("d{} vanishes", self.0.number));
        world.release(&self.0);
        drop(world);
        self.0.sim.stir();
    }

    /// It is there again, as it was: a cable was pulled, and the power stayed on.
    pub fn come_back(&self) {
        self.0.sim.0.world.lock().note(format_args!("d{} comes back", self.0.number));
        self.0.disk.lock().gone = false;
    }

    /// It is there again with the bytes that it had then, and says nothing of it.
    pub fn come_back_stale(&self, image: &SimImage) {
        self.0.sim.0.world.lock().note(format_args!("d{} comes back stale", self.0.number));
        let mut disk = self.0.disk.lock();
        disk.store = image.0.clone();
        disk.gone = false;
    }

    /// Its bytes now, unflushed writes included. Takes little memory: pages are shared until they change.
    #[must_use]
    pub fn image(&self) -> SimImage {
        SimImage(self.0.disk.lock().store.clone())
    }

    /// Cuts the power: the device that is found afterwards, without faults. Of the writes that were not flushed, those
    /// that it was at work on included, any subset is there, whole or torn, in any order. This one is gone for good.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut world = self.0.sim.0.world.lock();
        let in_flight = world.written_now(&self.0);
        world.note(format_args!("d{} loses power, {} writes at work", self.0.number, in_flight.len()));
        let mut disk = self.0.disk.lock();
        let atom_bytes = disk.profile.atom_bytes;
        let mut rng = disk.rng.clone();
        let store = disk.store.crash(in_flight, atom_bytes, &mut rng);
        let (profile, capacity) = (disk.profile.clone(), disk.capacity);
        disk.gone = true;
        drop(disk);
        world.release(&self.0);
        drop(world);
        self.0.sim.stir();
        Self::new(&self.0.sim, profile, store, capacity)
    }

    /// What it was asked so far.
    #[must_use]
    pub fn observed(&self) -> SimObserved {
        let now = self.0.sim.now();
        let mut disk = self.0.disk.lock();
        let [reads, writes, flushes] = &mut disk.trackers;
        let (reads, writes) = (reads.activity(now), writes.activity(now));
        SimObserved { reads, writes, flushes: flushes.activity(now) }
    }

    /// Counts from zero again; what it works on stays in flight.
    pub fn forget_observed(&self) {
        let now = self.0.sim.now();
        self.0.disk.lock().trackers.iter_mut().for_each(|tracker| tracker.forget(now));
    }

    /// One call, whose time passes before it returns. Calls in flight on ports have the channels to themselves.
    fn call(&self, kind: OpKind, offset: u64, part: &mut [u8]) -> io::Result<usize> {
        let aim = Aim { kind, offset, len: part.len() };
        let mut world = self.0.sim.0.world.lock();
        let came = world.now();
        let mut disk = self.0.disk.lock();
        disk.tracker(kind).comes(came);
        let (fault, mark) = (disk.fault(kind), disk.store.mark());
        let ready = came + disk.access(aim, fault, came);
        let end = disk.transfer(aim.len, ready);
        drop(disk);
        world.pass_until(end);
        let mut disk = self.0.disk.lock();
        let moved = disk.carry_out(aim, mark, fault, Some(part).into_iter());
        disk.tracker(kind).goes(end, came, moved.as_ref().copied().unwrap_or(0));
        drop(disk);
        let number = self.0.number;
        world.note(format_args!("d{number} blocks {kind:?} {offset}+{}: {moved:?}", aim.len));
        drop(world);
        self.0.sim.stir();
        moved
    }
}

impl BlockingDevice for SimDevice {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.call(OpKind::Read, offset, buf)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.call(OpKind::Write, offset, &mut buf.to_vec())
    }

    fn flush(&self, flush: Flush) -> io::Result<()> {
        self.call(OpKind::Flush(flush), 0, &mut []).map(|_| ())
    }

    fn alignment(&self) -> u32 {
        self.0.alignment
    }
}

impl Device for SimDevice {
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The length now: a device that grows grows.
    fn len(&self) -> u64 {
        self.0.disk.lock().store.len()
    }

    fn alignment(&self) -> u32 {
        self.0.alignment
    }

    fn kind(&self) -> DeviceKind {
        DeviceKind::Memory
    }

    fn port_source(&self) -> Option<PortSource> {
        Some(PortSource { target: self.clone().into(), offset: 0 })
    }

    /// The kind that it is shaped after.
    fn drive(&self) -> DriveKind {
        self.0.disk.lock().profile.kind
    }

    fn is_cached(&self, _offset: u64, _bytes: usize) -> Option<bool> {
        Some(false)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.call(OpKind::Read, offset, buf)
    }
}

impl From<SimDevice> for Target {
    fn from(device: SimDevice) -> Self {
        Self::Simulated(device)
    }
}

impl fmt::Debug for SimDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimDevice").field(&self.0.number).finish()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.number).finish()
    }
}

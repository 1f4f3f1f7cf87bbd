//! One simulated device inside: its queue, its head, its bus, its faults, and how bytes are moved.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::time::Duration;

use quarry_sync::primitive::Instant;

use crate::port::OpKind;

use super::fault::{self, Damage, Fault, FaultRates};
use super::observed::Tracker;
use super::profile::SimProfile;
use super::rng::Rng;
use super::store::Store;

/// What misdirected calls keep to: a place is wrong by sectors, not by bytes.
const SECTOR_BYTES: u64 = 512;

#[derive(Debug)]
pub(super) struct Disk {
    pub(super) profile: SimProfile,
    pub(super) store: Store,
    /// Where writes end.
    pub(super) capacity: u64,
    /// Calls that wait for a channel.
    pub(super) waiting: VecDeque<u64>,
    /// Channels taken.
    pub(super) busy: usize,
    /// Nothing is finished until it is released.
    pub(super) held: bool,
    pub(super) gone: bool,
    pub(super) rates: FaultRates,
    pub(super) ordered: VecDeque<Fault>,
    pub(super) bad: Vec<Range<u64>>,
    pub(super) damage: Vec<Damage>,
    pub(super) rng: Rng,
    pub(super) trackers: [Tracker; 3],
    /// Where the head is: behind the last byte moved.
    head: u64,
    bus_free: Instant,
}

/// What one call is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    pub(super) kind: OpKind,
    pub(super) offset: u64,
    pub(super) len: usize,
}

impl Disk {
    pub(super) fn new(profile: SimProfile, store: Store, capacity: u64, rng: Rng, now: Instant) -> Self {
        let mut trackers = [Tracker::default(), Tracker::default(), Tracker::default()];
        trackers.iter_mut().for_each(|tracker| tracker.forget(now));
        Self {
            profile,
            store,
            capacity,
            waiting: VecDeque::new(),
            busy: 0,
            held: false,
            gone: false,
            rates: FaultRates::default(),
            ordered: VecDeque::new(),
            bad: Vec::new(),
            damage: Vec::new(),
            rng,
            trackers,
            head: 0,
            bus_free: now,
        }
    }

    pub(super) fn tracker(&mut self, kind: OpKind) -> &mut Tracker {
        let [reads, writes, flushes] = &mut self.trackers;
        match kind {
            OpKind::Read => reads,
            OpKind::Write => writes,
            OpKind::Flush(_) | OpKind::Packet => flushes,
        }
    }

    /// What goes wrong with the call that begins now: what was ordered and fits, else chance.
    pub(super) fn fault(&mut self, kind: OpKind) -> Option<Fault> {
        let ordered = self.ordered.iter().position(|fault| fault.concerns(kind));
        match ordered.and_then(|at| self.ordered.remove(at)) {
            Some(fault) => Some(fault),
            None => self.rates.draw(&mut self.rng, kind),
        }
    }

    /// From the beginning of a call to its first byte.
    pub(super) fn access(&mut self, aim: Aim, fault: Option<Fault>, now: Instant) -> Duration {
        let latency = match aim.kind {
            OpKind::Read => self.profile.read_latency,
            OpKind::Write => self.profile.write_latency,
            OpKind::Flush(_) | OpKind::Packet => self.profile.flush_latency,
        };
        let mut time = self.spread(latency);
        if let Some(Fault::Stall(longer)) = fault {
            time += longer;
        }
        if !matches!(aim.kind, OpKind::Flush(_)) && aim.offset != self.head {
            time += self.seek(self.head.abs_diff(aim.offset));
            time += self.rotation(aim.offset, now + time);
        }
        self.head = aim.offset.saturating_add(aim.len as u64);
        time
    }

    fn spread(&mut self, latency: Duration) -> Duration {
        let spread = nanos(latency) / 100 * u64::from(self.profile.spread_percent.min(100));
        // Drawn even where it is zero, so that a profile changes no other chance.
        let drawn = self.rng.below(spread.saturating_mul(2).saturating_add(1));
        Duration::from_nanos((nanos(latency) + drawn).saturating_sub(spread))
    }

    fn seek(&self, distance: u64) -> Duration {
        let SimProfile { seek_min, seek_max, .. } = self.profile;
        let share =
            distance.saturating_mul(10_000).checked_div(self.capacity.max(1)).unwrap_or(0).min(10_000);
        // The square root of a share in ten thousandths is one in hundredths.
        let farther = nanos(seek_max.saturating_sub(seek_min)) / 100 * share.isqrt();
        seek_min + Duration::from_nanos(farther)
    }

    /// Until the sector comes by: it lies at an angle, and so does the head at `arrived`.
    fn rotation(&self, offset: u64, arrived: Instant) -> Duration {
        let turn = nanos(self.profile.turn);
        let Some(at) = arrived.as_nanos().checked_rem(turn) else { return Duration::ZERO };
        let track = u128::from(self.profile.bytes_per_second) * u128::from(turn) / 1_000_000_000;
        let angle = (u128::from(offset) % track.max(1)) * u128::from(turn) / track.max(1);
        let angle = u64::try_from(angle).unwrap_or(0);
        Duration::from_nanos((angle + turn - at) % turn)
    }

    /// When `len` bytes are over the bus that are ready now.
    pub(super) fn transfer(&mut self, len: usize, now: Instant) -> Instant {
        let nanos = (len as u128 * 1_000_000_000).checked_div(u128::from(self.profile.bytes_per_second));
        let time = Duration::from_nanos(nanos.and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(0));
        let end = self.bus_free.max(now) + time;
        self.bus_free = end;
        end
    }

    /// The call as the system makes it, at its end: how many bytes were moved into or out of `parts`.
    pub(super) fn carry_out<'a>(
        &mut self,
        aim: Aim,
        mark: u64,
        fault: Option<Fault>,
        parts: impl Iterator<Item = &'a mut [u8]>,
    ) -> io::Result<usize> {
        if self.gone {
            return Err(fault::gone());
        }
        let meant = aim.offset..aim.offset.saturating_add(aim.len as u64);
        let bad = self.bad.iter().any(|bad| bad.start.max(meant.start) < bad.end.min(meant.end));
        match fault {
            Some(Fault::Error) => return Err(fault::medium_error()),
            Some(Fault::Full) => return Err(fault::full()),
            _ if bad => return Err(fault::medium_error()),
            _ => {}
        }
        match aim.kind {
            OpKind::Read => Ok(self.read(aim, fault, parts)),
            OpKind::Write => self.write(aim, fault, parts),
            OpKind::Flush(_) => {
                if fault != Some(Fault::Phantom) {
                    self.store.flush(mark);
                }
                Ok(0)
            }
            OpKind::Packet => Ok(0),
        }
    }

    fn read<'a>(
        &mut self,
        aim: Aim,
        fault: Option<Fault>,
        parts: impl Iterator<Item = &'a mut [u8]>,
    ) -> usize {
        let mut count = up_to(aim, self.store.len());
        let mut from = aim.offset;
        match fault {
            Some(Fault::Short) => count = self.shorter(count),
            Some(Fault::FlippedBit) => self.flip(aim, count),
            Some(Fault::Misdirected) => {
                from = self.elsewhere(aim, count);
                self.note(aim, count, Fault::Misdirected, Vec::new());
            }
            _ => {}
        }
        let (mut at, mut left) = (from, count);
        for part in parts {
            let now = part.len().min(left);
            self.store.read(at, part.get_mut(..now).unwrap_or_default());
            (at, left) = (at + now as u64, left - now);
        }
        count
    }

    fn write<'a>(
        &mut self,
        aim: Aim,
        fault: Option<Fault>,
        parts: impl Iterator<Item = &'a mut [u8]>,
    ) -> io::Result<usize> {
        let mut count = up_to(aim, self.capacity);
        if count == 0 {
            return Err(fault::full());
        }
        if fault == Some(Fault::Short) {
            count = self.shorter(count);
        }
        let mut bytes: Vec<u8> = Vec::with_capacity(aim.len);
        parts.for_each(|part| bytes.extend_from_slice(part));
        bytes.truncate(count);
        let meant = aim.offset..aim.offset + count as u64;
        match fault {
            Some(Fault::Phantom) => self.note(aim, count, Fault::Phantom, vec![meant]),
            Some(Fault::Misdirected) => {
                let to = self.elsewhere(aim, count);
                self.store.write(to, &bytes);
                if to != aim.offset {
                    self.note(aim, count, Fault::Misdirected, vec![meant, to..to + count as u64]);
                }
            }
            _ => self.store.write(aim.offset, &bytes),
        }
        if fault == Some(Fault::FlippedBit) {
            self.flip(aim, count);
        }
        Ok(count)
    }

    fn flip(&mut self, aim: Aim, count: usize) {
        if count == 0 {
            return;
        }
        let at = aim.offset + self.rng.below(count as u64);
        self.store.flip(at, 1 << self.rng.below(8));
        let byte = std::iter::once(at..at + 1);
        self.note(aim, count, Fault::FlippedBit, byte.collect());
    }

    fn note(&mut self, aim: Aim, count: usize, fault: Fault, wrong: Vec<Range<u64>>) {
        let meant = aim.offset..aim.offset + count as u64;
        self.damage.push(Damage { fault, kind: aim.kind, meant, wrong });
    }

    /// Fewer than `count`, but not none, and a multiple of the alignment.
    fn shorter(&mut self, count: usize) -> usize {
        let unit = usize::try_from(self.profile.alignment.max(1)).unwrap_or(1);
        let units = count.div_ceil(unit);
        if units < 2 { count } else { (1 + self.rng.index(units - 1)) * unit }
    }

    /// Another place for `count` bytes, on the device.
    fn elsewhere(&mut self, aim: Aim, count: usize) -> u64 {
        let room = self.store.len().saturating_sub(count as u64) / SECTOR_BYTES;
        let offset = self.rng.below(room + 1) * SECTOR_BYTES + aim.offset % SECTOR_BYTES;
        if offset + count as u64 > self.store.len() { aim.offset } else { offset }
    }
}

/// How many bytes of a call lie before `end`.
fn up_to(aim: Aim, end: u64) -> usize {
    usize::try_from(end.saturating_sub(aim.offset)).unwrap_or(usize::MAX).min(aim.len)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

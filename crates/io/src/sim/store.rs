//! What a device holds, what of it would survive, and what is left after a power cut.
//!
//! A write that is over is seen by every read but lies in the device's cache: *current* and *durable* differ by the
//! unflushed writes, in their order. A flush moves those over that were complete when it came. When the power fails,
//! any subset of the unflushed ones has got to the medium, each of them whole or in part down to an atom, and in any order, so
//! that of two to the same place the older may be the one that is found.

use std::collections::VecDeque;

use super::pages::Pages;
use super::rng::Rng;

#[derive(Debug, Clone)]
pub(super) struct Store {
    current: Pages,
    durable: Pages,
    len: u64,
    durable_len: u64,
    unflushed: VecDeque<Unflushed>,
    unflushed_bytes: usize,
    cache_bytes: usize,
    /// Writes so far.
    sequence: u64,
}

#[derive(Debug, Clone)]
struct Unflushed {
    sequence: u64,
    offset: u64,
    bytes: Box<[u8]>,
}

impl Store {
    pub(super) fn new(len: u64, cache_bytes: usize) -> Self {
        Self {
            current: Pages::default(),
            durable: Pages::default(),
            len,
            durable_len: len,
            unflushed: VecDeque::new(),
            unflushed_bytes: 0,
            cache_bytes,
            sequence: 0,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `buf`, which must not reach beyond the end.
    pub(super) fn read(&self, offset: u64, buf: &mut [u8]) {
        self.current.read(offset, buf);
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        self.current.write(offset, bytes);
        self.len = self.len.max(offset.saturating_add(bytes.len() as u64));
        self.sequence += 1;
        self.unflushed_bytes += bytes.len();
        self.unflushed.push_back(Unflushed { sequence: self.sequence, offset, bytes: bytes.into() });
        while self.unflushed_bytes > self.cache_bytes && self.make_oldest_durable() {}
    }

    /// What a flush that comes now will cover.
    pub(super) fn mark(&self) -> u64 {
        self.sequence
    }

    /// Makes durable all that was written before `mark` was taken.
    pub(super) fn flush(&mut self, mark: u64) {
        while self.unflushed.front().is_some_and(|oldest| oldest.sequence <= mark) {
            self.make_oldest_durable();
        }
    }

    fn make_oldest_durable(&mut self) -> bool {
        let Some(oldest) = self.unflushed.pop_front() else { return false };
        self.unflushed_bytes -= oldest.bytes.len();
        self.settle(oldest.offset, &oldest.bytes);
        true
    }

    fn settle(&mut self, offset: u64, bytes: &[u8]) {
        self.durable.write(offset, bytes);
        self.durable_len = self.durable_len.max(offset.saturating_add(bytes.len() as u64));
    }

    /// Turns a bit around on the medium, whatever else is known of the place.
    pub(super) fn flip(&mut self, offset: u64, mask: u8) {
        self.current.flip(offset, mask);
        self.durable.flip(offset, mask);
        for write in &mut self.unflushed {
            let within = offset.checked_sub(write.offset).and_then(|within| usize::try_from(within).ok());
            if let Some(byte) = within.and_then(|within| write.bytes.get_mut(within)) {
                *byte ^= mask;
            }
        }
    }

    /// What is found after a power cut. `in_flight` are writes that the device was at work on.
    pub(super) fn crash(&self, in_flight: Vec<(u64, Box<[u8]>)>, atom_bytes: usize, rng: &mut Rng) -> Self {
        let mut after = self.clone();
        let mut writes: Vec<(u64, Box<[u8]>)> =
            after.unflushed.drain(..).map(|write| (write.offset, write.bytes)).collect();
        writes.extend(in_flight);
        if rng.coin() {
            rng.shuffle(&mut writes);
        }
        for (offset, bytes) in writes {
            match rng.below(4) {
                0 => {}
                1 => after.settle(offset, &bytes),
                _ => after.tear(offset, &bytes, atom_bytes, rng),
            }
        }
        after.current = after.durable.clone();
        (after.len, after.unflushed_bytes) = (after.durable_len, 0);
        after
    }

    /// Each atom of a write is there or is not.
    fn tear(&mut self, mut offset: u64, mut bytes: &[u8], atom_bytes: usize, rng: &mut Rng) {
        let atom_bytes = atom_bytes.max(1);
        while !bytes.is_empty() {
            let within = usize::try_from(offset % atom_bytes as u64).unwrap_or(0);
            let (atom, later) = bytes.split_at(bytes.len().min(atom_bytes - within));
            if rng.coin() {
                self.settle(offset, atom);
            }
            (offset, bytes) = (offset + atom.len() as u64, later);
        }
    }
}

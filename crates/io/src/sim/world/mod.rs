//! What happens when, in virtual time: the events of all devices of a simulation, in one order.
//!
//! A call passes three points: it *begins* when a channel of its device is free, it has *access* after its latency, seek
//! and turn, and it *ends* when its bytes are over the bus. Bytes move at the end, all at once. Events at the same time come in the order
//! in which they were scheduled, so a run depends on nothing but what is asked of it and on the seed.

mod outside;

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::{Arc, Weak};
use std::time::Duration;

use quarry_sync::primitive::{Clock, Instant, ManualClock};

use crate::port::device::Target;
use crate::port::request::{Done, Outcome, Request, Step};

use crate::sim::backend::SimBackend;
use crate::sim::device::{Shared, SimDevice};
use crate::sim::disk::Aim;
use crate::sim::fault::Fault;

/// How long a device that is gone takes to be noticed.
const GONE: Duration = Duration::from_micros(1);

#[derive(Debug)]
pub(in crate::sim) struct World {
    hands: ManualClock,
    pub(in crate::sim) clock: Clock,
    events: BTreeMap<(Instant, u64), (u64, Point)>,
    /// Calls that devices have.
    calls: BTreeMap<u64, Call>,
    /// Counts calls and events.
    number: u64,
    /// What is over and was not handed to its port yet.
    pub(in crate::sim) outbox: Vec<(Weak<SimBackend>, Done)>,
    pub(in crate::sim) ports: Vec<Weak<SimBackend>>,
    pub(in crate::sim) devices: u64,
    pub(in crate::sim) log: Option<String>,
    line: String,
    /// FNV-1a of all that was or would have been logged.
    pub(in crate::sim) digest: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    Access,
    End,
}

#[derive(Debug)]
struct Call {
    request: Request,
    port: Weak<SimBackend>,
    came: Instant,
    at: At,
    fault: Option<Fault>,
    /// What a flush covers: what had been written when it came.
    mark: u64,
    cancelled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Waiting,
    Held,
    Served,
}

impl World {
    pub(in crate::sim) fn new() -> Self {
        let hands = ManualClock::new();
        let clock = hands.clock();
        Self {
            hands,
            clock,
            events: BTreeMap::new(),
            calls: BTreeMap::new(),
            number: 0,
            outbox: Vec::new(),
            ports: Vec::new(),
            devices: 0,
            log: None,
            line: String::new(),
            digest: 0xCBF2_9CE4_8422_2325,
        }
    }

    pub(in crate::sim) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(in crate::sim) fn note(&mut self, what: fmt::Arguments<'_>) {
        self.line.clear();
        // Writing to a string cannot fail.
        let _ = writeln!(self.line, "{} {what}", self.clock.now().as_nanos());
        for byte in self.line.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        if let Some(log) = &mut self.log {
            log.push_str(&self.line);
        }
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// A request comes to its device.
    pub(in crate::sim) fn arrive(&mut self, port: Weak<SimBackend>, mut request: Request) {
        let (id, now) = (self.next_number(), self.now());
        let device = device_of(&request);
        let aim = aim(&mut request);
        self.note(format_args!("d{} c{id} comes {:?} {}+{}", device.number, aim.kind, aim.offset, aim.len));
        let mut disk = device.disk.lock();
        disk.tracker(aim.kind).comes(now);
        disk.waiting.push_back(id);
        let (at, fault, mark) = (At::Waiting, None, disk.store.mark());
        drop(disk);
        self.calls.insert(id, Call { request, port, came: now, at, fault, mark, cancelled: false });
        self.begin_waiting(&device);
    }

    /// Gives free channels to those that wait.
    pub(in crate::sim) fn begin_waiting(&mut self, device: &Arc<Shared>) {
        loop {
            let mut disk = device.disk.lock();
            if disk.busy >= disk.profile.channels.max(1) {
                return;
            }
            let Some(id) = disk.waiting.pop_front() else { return };
            disk.busy += 1;
            let Some(call) = self.calls.get_mut(&id) else { continue };
            call.fault = disk.fault(call.request.kind);
            call.at = if disk.held && !disk.gone { At::Held } else { At::Served };
            let (at, fault) = (call.at, call.fault);
            drop(disk);
            match (at, fault) {
                (At::Held, _) => self.note(format_args!("d{} c{id} is held", device.number)),
                (_, Some(fault)) => self.note(format_args!("d{} c{id} begins: {fault:?}", device.number)),
                (_, None) => self.note(format_args!("d{} c{id} begins", device.number)),
            }
            if at == At::Served {
                self.serve(device, id);
            }
        }
    }

    fn serve(&mut self, device: &Arc<Shared>, id: u64) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.at = At::Served;
        let (aim, fault) = (aim(&mut call.request), call.fault);
        let mut disk = device.disk.lock();
        let after = if disk.gone { GONE } else { disk.access(aim, fault, now) };
        drop(disk);
        self.schedule(now + after, id, Point::Access);
    }

    fn schedule(&mut self, at: Instant, id: u64, point: Point) {
        let number = self.next_number();
        self.events.insert((at, number), (id, point));
    }

    /// When something happens next.
    pub(in crate::sim) fn next_at(&self) -> Option<Instant> {
        self.events.first_key_value().map(|(&(at, _), _)| at)
    }

    /// Lets all happen that happens until `at`, and makes it `at`.
    pub(in crate::sim) fn pass_until(&mut self, at: Instant) {
        while self.next_at().is_some_and(|next| next <= at) {
            self.step();
        }
        self.set_clock(at);
    }

    fn set_clock(&mut self, at: Instant) {
        self.hands.advance(at - self.now());
    }

    /// Lets the next thing happen.
    pub(in crate::sim) fn step(&mut self) {
        let Some(((at, _), (id, point))) = self.events.pop_first() else { return };
        self.set_clock(at);
        match point {
            Point::Access => self.transfer(id),
            Point::End => self.end(id),
        }
    }

    fn transfer(&mut self, id: u64) {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let device = device_of(&call.request);
        let aim = aim(&mut call.request);
        let end = device.disk.lock().transfer(aim.len, now);
        self.schedule(end, id, Point::End);
    }

    fn end(&mut self, id: u64) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        let device = device_of(&call.request);
        let aim = aim(&mut call.request);
        let mut disk = device.disk.lock();
        disk.busy -= 1;
        let moved = if call.cancelled {
            None
        } else {
            Some(disk.carry_out(aim, call.mark, call.fault, call.request.rest()))
        };
        let step = match moved {
            None => Step::Over(Outcome::Cancelled { done: call.request.done() }),
            Some(Ok(count)) => call.request.advance(count),
            Some(Err(error)) => call.request.fail(error),
        };
        match step {
            Step::More => {
                disk.waiting.push_front(id);
                drop(disk);
                call.at = At::Waiting;
                self.note(format_args!("d{} c{id} goes on", device.number));
                self.calls.insert(id, call);
            }
            Step::Over(outcome) => {
                let bytes = call.request.done();
                disk.tracker(aim.kind).goes(self.clock.now(), call.came, bytes);
                drop(disk);
                self.note(format_args!("d{} c{id} ends {outcome:?}", device.number));
                self.outbox.push((call.port, call.request.finish(outcome)));
            }
        }
        self.begin_waiting(&device);
    }
}

fn is_of(weak: &Weak<SimBackend>, port: &SimBackend) -> bool {
    std::ptr::eq(weak.as_ptr(), port)
}

fn aim(request: &mut Request) -> Aim {
    let (kind, offset) = (request.kind, request.position());
    Aim { kind, offset, len: request.rest().map(|part| part.len()).sum() }
}

/// Registered as one of a simulation, or it would not have come here.
fn device_of(request: &Request) -> Arc<Shared> {
    match &request.device.target {
        Target::Simulated(SimDevice(shared)) => Arc::clone(shared),
        Target::File(_) | Target::Blocking(_) => unreachable!("only simulated devices are registered"),
    }
}

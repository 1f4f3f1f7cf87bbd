//! Reads that run ahead of those who parse: as many in flight as the depth says, in buffers from one pool.
//!
//! There is no thread that reads: whoever is about to wait, or has just been given a chunk, sends the next reads off first.
//! Memory is bounded by the pool, which has a buffer for each read that may be in flight, for each that may wait to be parsed, and
//! for each worker. What a port cannot read by one request (a record that lies in two runs or is cut by the volume's end, an odd place on a device that wants
//! whole sectors) is left to the workers, who read it as they do without a port.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quarry_io::port::{BackendKind, Op, PortDevice, PortError, PortOptions, PortSource};
use quarry_io::{Buffer, BufferPool, Device, Port};
use quarry_sync::primitive::{Clock, Instant};

use super::depth::Depth;
use super::mode::Shape;
use super::plan::{Chunk, Place, Plan};
use super::worker::Filled;

/// How long a worker waits until it looks whether the scan was stopped.
const LOOK: Duration = Duration::from_millis(20);

pub(super) struct Ahead {
    port: Port<Asked>,
    device: PortDevice,
    /// Where the volume's device begins on what the port reads.
    base: u64,
    /// Bytes of the volume's device. What the port reads may go on behind it.
    length: u64,
    record_bytes: u64,
    queue: usize,
    buffers: BufferPool,
    clock: Clock,
    began: Instant,
    state: Mutex<State>,
    /// How many came to send off reads since one of them is at it.
    fillers: AtomicUsize,
}

/// What a read carries along.
#[derive(Debug)]
struct Asked {
    chunk: usize,
    at: Instant,
}

struct State {
    /// The next chunk of the plan.
    next: usize,
    /// Reads sent off, and not taken by a worker yet.
    asked: usize,
    closed: bool,
    left_to_workers: Vec<usize>,
    depth: Depth,
}

/// What a wait ends with.
pub(super) enum Came {
    Chunk {
        number: usize,
        buffer: Buffer,
        filled: Filled,
    },
    /// Nothing so far.
    Nothing,
    /// Nothing, and nothing will come.
    Last,
}

impl Ahead {
    pub(super) fn new(
        volume: &Arc<dyn Device>,
        record_bytes: u32,
        shape: &Shape,
        backend: BackendKind,
        buffers: BufferPool,
    ) -> Result<Self, PortError> {
        let PortSource { target, offset: base } = PortSource::of(volume);
        let most =
            std::num::NonZeroUsize::new(*shape.depths.all.end()).unwrap_or(std::num::NonZeroUsize::MIN);
        let options = PortOptions::new().backend(backend).working_on(&target).depth(most).threads(most);
        let port = options.open()?;
        let device = port.register(target, 0)?;
        let clock = port.clock();
        let state = State {
            next: 0,
            asked: 0,
            closed: false,
            left_to_workers: Vec::new(),
            depth: Depth::new(shape.depths.clone()),
        };
        Ok(Self {
            base,
            length: volume.len(),
            record_bytes: record_bytes.into(),
            queue: shape.queue,
            buffers,
            began: clock.now(),
            clock,
            state: Mutex::new(state),
            fillers: AtomicUsize::new(0),
            port,
            device,
        })
    }

    /// What reads.
    pub(super) fn backend(&self) -> &'static str {
        self.port.backend()
    }

    /// Reads in flight: now, and at most so far.
    pub(super) fn depths(&self) -> (usize, usize) {
        let state = self.state();
        (state.depth.now(), state.depth.highest())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counters only: they are right whoever panicked meanwhile.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends off reads until as many are in flight as may be, or there are no more. Whoever is at it does so for those who come meanwhile: a
    /// ring lets one in at a time, and reads what is cached while the others spin.
    pub(super) fn fill(&self, plan: &Plan) {
        // Release and acquire: whoever is at it finds what those brought who came meanwhile, a buffer or a read that is over.
        if self.fillers.fetch_add(1, Ordering::Release) > 0 {
            return;
        }
        loop {
            let came = self.fillers.load(Ordering::Acquire);
            self.send_off(plan);
            if self.fillers.compare_exchange(came, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }

    fn send_off(&self, plan: &Plan) {
        while let Some((number, chunk, buffer)) = self.next(plan) {
            let length = usize::try_from(self.bytes(chunk)).unwrap_or(usize::MAX);
            let offset = self.base.saturating_add(chunk.offset.unwrap_or(0));
            let asked = Asked { chunk: number, at: self.clock.now() };
            // Outside the lock: a ring reads what is cached on this very thread.
            let refused =
                self.port.enqueue(Op::read(&self.device, offset, buffer, asked).bytes(0..length)).is_err();
            if refused {
                let mut state = self.state();
                state.asked -= 1;
                state.left_to_workers.push(number);
            }
        }
    }

    /// The next chunk to read and a buffer for it.
    fn next<'p>(&self, plan: &'p Plan) -> Option<(usize, &'p Chunk, Buffer)> {
        let mut state = self.state();
        loop {
            if state.asked >= state.depth.now() + self.queue {
                return None;
            }
            let number = state.next;
            let Some(chunk) = plan.chunks.get(number) else {
                // The last read is in, for one worker at a time sends them off: whoever waits is told when there is nothing more to come.
                if !std::mem::replace(&mut state.closed, true) {
                    drop(state);
                    self.port.close();
                }
                return None;
            };
            if self.can_read(chunk) {
                let buffer = self.buffers.try_take()?;
                state.next += 1;
                state.asked += 1;
                return Some((number, chunk, buffer));
            }
            state.next += 1;
            state.left_to_workers.push(number);
        }
    }

    /// Whether one request reads it.
    fn can_read(&self, chunk: &Chunk) -> bool {
        let alignment = u64::from(self.device.alignment());
        let aligned = |number: u64| number.is_multiple_of(alignment);
        let bytes = self.bytes(chunk);
        let end = chunk.offset.and_then(|offset| offset.checked_add(bytes));
        let place = chunk.offset.and_then(|offset| offset.checked_add(self.base));
        chunk.place == Place::Device
            && place.is_some_and(aligned)
            && aligned(bytes)
            && end.is_some_and(|end| end <= self.length)
    }

    /// A chunk that the port does not read.
    pub(super) fn left_to_workers(&self) -> Option<usize> {
        self.state().left_to_workers.pop()
    }

    /// Waits for a chunk that is read, for a moment.
    pub(super) fn wait(&self, plan: &Plan) -> Came {
        let completion = match self.port.wait_for(LOOK) {
            Ok(Some(completion)) => completion,
            Ok(None) => return Came::Nothing,
            Err(quarry_io::port::Closed) => return Came::Last,
        };
        let Asked { chunk: number, at } = completion.context;
        let wanted = plan.chunks.get(number).map_or(0, |chunk| self.bytes(chunk));
        let whole = matches!(&completion.result, Ok(count) if *count as u64 == wanted);
        let mut state = self.state();
        state.asked -= 1;
        if whole {
            // Under the lock, so that no worker tells a later time before this one.
            let now = self.clock.now();
            state.depth.completed(now - self.began, wanted, now - at);
        }
        match completion.buffers.into_one() {
            Some(buffer) => {
                Came::Chunk { number, buffer, filled: if whole { Filled::Yes } else { Filled::No } }
            }
            None => {
                state.left_to_workers.push(number);
                Came::Nothing
            }
        }
    }

    fn bytes(&self, chunk: &Chunk) -> u64 {
        (chunk.records.end - chunk.records.start).saturating_mul(self.record_bytes)
    }
}

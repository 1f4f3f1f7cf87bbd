//! The backend of Windows: its completion port.
//!
//! The thread that waits on the port waits in the kernel, as with a ring. Beginning a read is a call of its own there and may
//! take as long as the read (what the system has in its cache it copies at once), so calls are made in
//! [`kick`](Backend::kick), without any lock; what ends at once is put aside for whoever waits, and the kernel is told to queue no
//! packet for it.
//!
//! A file object belongs to one port for ever, and one that was opened for blocking calls to none. So a file that is
//! registered is opened once more, with the rights of the handle that was given and no others ([`file`]). Where that is refused, say
//! because the handle shares the file with nobody, threads make blocking calls on it.
//!
//! Habits of the system that are hidden here: the end of a file is an error, at once or through the port; what was cancelled
//! although nobody asked for it is begun again, unless it was so at once; a flush blocks, and is left to those threads; a call takes one stretch of
//! memory, so that vectors are moved piece by piece (`ReadFileScatter` takes pages alone, and only past the cache).

mod file;
mod flight;
mod packets;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;

use quarry_sync::primitive::{Clock, Instant, Mutex};

use super::backend::{Backend, Driven, Driving, Sink};
use super::completion::OpId;
use super::device::{Registered, Target};
use super::error::PortError;
use super::flights::Flights;
use super::op::OpKind;
use super::request::{Done, Request, Step};
use super::threads::Threads;

pub(crate) use file::PacketFile;
use flight::{Begun, Call, Flight};
use packets::Packets;

pub(super) struct Iocp {
    shared: Arc<Shared>,
    /// Flushes, and works on files that cannot belong to the port.
    blocking: Arc<Threads>,
    clock: Clock,
}

/// What the thread that blocks shares with the rest.
struct Shared {
    packets: Packets,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// What has not begun, or has to go on.
    waiting: VecDeque<Request>,
    /// What the kernel has.
    flights: Flights<Flight>,
    /// Flights to be given up.
    unwanted: Vec<OpId>,
    /// What ended without a packet.
    landed: Vec<Done>,
    /// Whether a thread waits in the kernel, and has to be told of what landed.
    inside: bool,
}

impl Iocp {
    /// The backend, with so many threads for calls that block, or why this system has none.
    pub(super) fn new(threads: usize) -> Result<Arc<Self>, String> {
        let packets = Packets::new().map_err(|error| format!("no completion port: {error}"))?;
        let shared = Arc::new(Shared { packets, table: Mutex::new(Table::default()) });
        Ok(Arc::new(Self { shared, blocking: Threads::new(threads), clock: Clock::system() }))
    }

    /// Gives up what was asked to be, as far as the kernel does so.
    fn give_up_unwanted(&self) {
        loop {
            let mut table = self.shared.table.lock();
            let Some(id) = table.unwanted.pop() else { return };
            let Some(flight) = table.flights.get_mut(id) else { continue };
            let (device, mark) = (Arc::clone(&flight.request().device), flight.mark());
            drop(table);
            // If it has ended by now the mark may be another's on the same file. That one is begun again.
            if let Some(file) = device.packet_file() {
                file.give_up(mark);
            }
        }
    }
}

impl Shared {
    /// Takes the next request to the kernel, if there is one.
    fn begin_next(&self) -> bool {
        let mut table = self.table.lock();
        let Some(request) = table.waiting.pop_front() else { return false };
        let id = request.id;
        let (flight, call) = Flight::new(request);
        table.flights.put(id, flight);
        drop(table);
        let begun = match call {
            Some(call) => begin(&call),
            None => Begun::Over(Ok(0)),
        };
        let mut table = self.table.lock();
        match begun {
            // Whoever cancelled it in between may have come too early for the kernel to know it.
            Begun::Queued => {
                if table.flights.get_mut(id).is_some_and(|flight| flight.cancelled) {
                    table.unwanted.push(id);
                }
            }
            Begun::Over(result) => {
                table.land(id, result, Again::No);
                self.tell(table.inside);
            }
        }
        true
    }

    /// Tells the thread inside of what landed.
    fn tell(&self, inside: bool) {
        if inside {
            self.packets.post();
        }
    }
}

fn begin(call: &Call) -> Begun {
    match call.device.packet_file() {
        Some(file) => file.begin(call),
        // The thread that blocks has those.
        None => Begun::Over(Err(io::ErrorKind::Unsupported.into())),
    }
}

/// Whether what was given up although nobody asked for it is begun again. A call that comes back so at once is not: a device that is
/// going away answers so for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}

impl Table {
    /// What the end of a call means for its request: over, or once more.
    fn land(&mut self, id: OpId, result: io::Result<usize>, again: Again) {
        let Some(flight) = self.flights.take(id) else { return };
        let cancelled = flight.cancelled;
        let mut request = flight.land();
        let step = match result {
            Ok(count) => request.advance(count),
            Err(error) if request.kind == OpKind::Read && file::is_end(&error) => request.advance(0),
            Err(error) if file::is_given_up(&error) && (cancelled || again == Again::Yes) => Step::More,
            Err(error) => request.fail(error),
        };
        match step {
            Step::Over(outcome) => self.landed.push(request.finish(outcome)),
            Step::More if cancelled => self.landed.push(request.cancelled()),
            Step::More => self.waiting.push_back(request),
        }
    }
}

impl Backend for Iocp {
    fn name(&self) -> &'static str {
        "iocp"
    }

    fn begin(self: Arc<Self>, _sink: Arc<dyn Sink>) -> Result<(), PortError> {
        Arc::clone(&self.blocking).begin(Arc::clone(&self.shared) as Arc<dyn Sink>)
    }

    fn driving(&self) -> Driving {
        Driving::Waiters
    }

    fn register(&self, device: &Registered) -> bool {
        let Target::File(file) = &device.target else { return false };
        match PacketFile::open(file, &self.shared.packets) {
            Ok(file) => device.set_packet_file(file),
            Err(error) => tracing::debug!(%error, "a file cannot belong to a port: blocking calls instead"),
        }
        true
    }

    fn push(&self, request: Request) {
        if matches!(request.kind, OpKind::Flush(_)) || request.device.packet_file().is_none() {
            self.blocking.push(request);
        } else {
            self.shared.table.lock().waiting.push_back(request);
        }
    }

    fn kick(&self) {
        self.blocking.kick();
        while self.shared.begin_next() {}
        self.give_up_unwanted();
    }

    fn cancel(&self, id: OpId) -> Option<Request> {
        let mut table = self.shared.table.lock();
        if let Some(at) = table.waiting.iter().position(|request| request.id == id) {
            return table.waiting.remove(at);
        }
        if let Some(flight) = table.flights.get_mut(id) {
            flight.cancelled = true;
            table.unwanted.push(id);
            return None;
        }
        drop(table);
        self.blocking.cancel(id)
    }

    fn drive(&self, sink: &dyn Sink, until: Option<Instant>) -> Driven {
        let Shared { packets, table } = &*self.shared;
        let mut locked = table.lock();
        if locked.landed.is_empty() {
            locked.inside = true;
            drop(locked);
            let taken = packets.wait(until.map(|until| until - self.clock.now()));
            locked = table.lock();
            locked.inside = false;
            taken.for_each(|(id, result)| locked.land(id, result, Again::Yes));
        }
        let more = !locked.waiting.is_empty();
        drop(locked);
        if more {
            self.kick();
        }
        let mut done = std::mem::take(&mut table.lock().landed);
        if !done.is_empty() {
            sink.complete(self, &mut done);
        }
        Driven::Progress
    }

    fn wake(&self) {
        self.shared.packets.post();
    }

    fn abandon(&self) {
        self.blocking.abandon();
        let mut table = self.shared.table.lock();
        table.flights.clear();
        let waiting = std::mem::take(&mut table.waiting);
        drop(table);
        drop(waiting);
    }
}

/// Where the thread that blocks delivers.
impl Sink for Shared {
    fn complete(&self, _blocking: &dyn Backend, done: &mut Vec<Done>) {
        let mut table = self.table.lock();
        table.landed.append(done);
        self.tell(table.inside);
    }

    fn stir(&self) {}
}

impl fmt::Debug for Iocp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iocp").finish_non_exhaustive()
    }
}

//! The backend of Linux: an io_uring.
//!
//! The thread that waits on the port waits in the kernel, so a completion costs no second wake-up. Any thread submits:
//! for that the kernel's cheaper modes with a single issuer are given up, because they would send every operation
//! through one thread. Files and pools are registered where the kernel grants it, which saves it looking them up for each
//! operation.
//!
//! Two of the kernel's habits are hidden here. It cancels what a thread submitted when that thread ends: such an
//! operation is started again by the thread that waits. And it ends a read or write early when a signal comes: that is
//! continued.

mod flight;
mod ring;
#[cfg(test)]
mod tests;
mod vector;

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Weak};

use quarry_sync::primitive::{Clock, Instant, Mutex, thread};

use io_uring::squeue;

use crate::pool::slab::Slab;

use super::backend::{Backend, Driven, Driving, Sink};
use super::completion::OpId;
use super::device::{Registered, Target};
use super::flights::Flights;
use super::request::{Done, Request, Step};

use flight::Flight;
use ring::{Completed, Plain, Ring};
use vector::IoVector;

/// What completions carry that belong to no request. No operation is ever called so: that would take as many places as a
/// table has numbers.
const WAKE: u64 = u64::MAX;
const CANCEL: u64 = u64::MAX - 1;

/// How often a full kernel is asked again before its refusal is left to the next one who enters it.
const SUBMIT_TRIES: usize = 64;

const ECANCELED: i32 = 125;
const EINTR: i32 = 4;

pub(super) struct Uring {
    me: Weak<Self>,
    ring: Ring,
    table: Mutex<Table>,
    clock: Clock,
}

#[derive(Default)]
struct Table {
    /// What the kernel has.
    flights: Flights<Flight>,
    /// Entries for which the queue had no room.
    backlog: VecDeque<Entry>,
    /// Numbers of devices that the ring knows.
    files: HashSet<u32>,
    /// Memory that the ring knows, by its number.
    memory: Vec<Arc<Slab>>,
}

enum Entry {
    /// Of a flight in the table.
    OfFlight(squeue::Entry),
    /// To cancel this one.
    Cancel(OpId),
}

/// A file that a ring knows. It forgets it when this is dropped, with the last operation on it.
#[derive(Debug)]
pub(crate) struct RingFile {
    ring: Weak<Uring>,
    number: u32,
}

impl Drop for RingFile {
    /// Without the table, whose lock may be held: as nothing is under way on the file, no entry names the number, and it is never
    /// given to another.
    fn drop(&mut self) {
        if let Some(uring) = self.ring.upgrade() {
            let _ = uring.ring.update_file(self.number, -1);
        }
    }
}

impl Uring {
    /// The backend, or why this system has none.
    pub(super) fn new(depth: usize) -> Result<Arc<Self>, String> {
        let ring = Ring::new(depth)?;
        Ok(Arc::new_cyclic(|me| Self {
            me: me.clone(),
            ring,
            table: Mutex::new(Table::default()),
            clock: Clock::system(),
        }))
    }

    /// Puts the next entry of the flight at `id` into the queue.
    fn launch(&self, table: &mut Table, id: OpId) {
        let Table { flights, files, memory, .. } = table;
        let Some(flight) = flights.get_mut(id) else { return };
        let number = flight.request().device.number;
        let entry = flight.entry(files.contains(&number), memory);
        self.put(table, Entry::OfFlight(entry));
    }

    fn put(&self, table: &mut Table, entry: Entry) {
        if !table.backlog.is_empty() {
            table.backlog.push_back(entry);
        } else if let Err(entry) = self.try_put(entry) {
            table.backlog.push_back(entry);
        }
    }

    #[allow(unsafe_code, reason = "entries of flights point to the memory of their requests")]
    fn try_put(&self, entry: Entry) -> Result<(), Entry> {
        match entry {
            Entry::OfFlight(entry) => {
                // SAFETY: the entry was made by a flight in the table, and points to its vectors and to the memory of
                // its request. Both stay where they are, untouched, until `land` takes the flight out on its completion;
                // a table that is dropped leaks them.
                unsafe { self.ring.push(entry) }.map_err(Entry::OfFlight)
            }
            Entry::Cancel(id) if self.ring.push_plain(Plain::cancel(id.raw(), CANCEL)) => Ok(()),
            Entry::Cancel(id) => Err(Entry::Cancel(id)),
        }
    }

    /// Moves what had no room into the queue. Whether everything is there.
    fn catch_up(&self, table: &mut Table) -> bool {
        while let Some(entry) = table.backlog.pop_front() {
            if let Err(entry) = self.try_put(entry) {
                table.backlog.push_front(entry);
                return false;
            }
        }
        true
    }

    /// Lets the kernel take everything that waits. What it does not take now, the next one who enters it offers again.
    fn submit_all(&self, table: Option<&mut Table>) -> bool {
        let mut table = table;
        for _ in 0..SUBMIT_TRIES {
            let refused = self.ring.submit().is_err();
            let caught_up = match &mut table {
                Some(table) => self.catch_up(table),
                None => self.catch_up(&mut self.table.lock()),
            };
            if caught_up && self.ring.waiting() == 0 {
                return true;
            }
            if refused {
                thread::yield_now();
            }
        }
        false
    }

    /// What a completion means for its flight: over, or once more.
    fn land(&self, table: &mut Table, completed: Completed) -> Option<Done> {
        let id = OpId::from_raw(completed.user_data);
        let mut flight = table.flights.take(id)?;
        let step = match completed.result {
            result if result >= 0 => flight.request().advance(usize::try_from(result).unwrap_or_default()),
            result if result == -ECANCELED || result == -EINTR => Step::More,
            result => flight.request().fail(io::Error::from_raw_os_error(-result)),
        };
        match step {
            Step::Over(outcome) => Some(flight.land().finish(outcome)),
            Step::More if flight.cancelled => Some(flight.land().cancelled()),
            Step::More => {
                table.flights.put(id, flight);
                self.launch(table, id);
                None
            }
        }
    }
}

impl Backend for Uring {
    fn name(&self) -> &'static str {
        "uring"
    }

    fn driving(&self) -> Driving {
        Driving::Waiters
    }

    fn register(&self, device: &Registered) -> bool {
        let Target::File(file) = &device.target else { return false };
        let known = device.number < self.ring.files_max
            && self.ring.update_file(device.number, file.file().as_raw_fd()).is_ok();
        if known {
            self.table.lock().files.insert(device.number);
            device.set_ring_file(RingFile { ring: self.me.clone(), number: device.number });
        }
        true
    }

    fn withdraw(&self, device: &Registered) {
        let mut table = self.table.lock();
        // Entries that name it by its number have to be taken first; if they cannot be now, the ring keeps the file.
        if table.files.remove(&device.number) && self.submit_all(Some(&mut table)) {
            let _ = self.ring.update_file(device.number, -1);
        }
    }

    #[allow(unsafe_code, reason = "the kernel keeps the memory's address")]
    fn register_memory(&self, memory: &Arc<Slab>) -> io::Result<bool> {
        let mut table = self.table.lock();
        if table.memory.iter().any(|known| Arc::ptr_eq(known, memory)) {
            return Ok(true);
        }
        let number = u16::try_from(table.memory.len()).map_err(io::Error::other)?;
        let (base, len) = memory.span();
        let vector = IoVector::new(base.as_ptr(), len);
        // SAFETY: the table, which lives as long as the ring, keeps the memory.
        unsafe { self.ring.register_memory(number, vector)? };
        table.memory.push(Arc::clone(memory));
        Ok(true)
    }

    fn push(&self, request: Request) {
        let id = request.id;
        let mut table = self.table.lock();
        table.flights.put(id, Flight::new(request));
        self.launch(&mut table, id);
    }

    fn kick(&self) {
        self.submit_all(None);
    }

    fn cancel(&self, id: OpId) -> Option<Request> {
        let mut table = self.table.lock();
        if let Some(flight) = table.flights.get_mut(id) {
            flight.cancelled = true;
            self.put(&mut table, Entry::Cancel(id));
        }
        None
    }

    fn drive(&self, sink: &dyn Sink, until: Option<Instant>) -> Driven {
        let mut completed = Vec::new();
        self.ring.take(&mut completed);
        if completed.is_empty() {
            let limit = until.map(|until| until - self.clock.now());
            // Whatever it says (its time is up, a signal came, it is busy): the port looks again and comes back.
            let _ = self.ring.submit_and_wait(limit);
            self.ring.take(&mut completed);
        }
        let mut table = self.table.lock();
        let ours = completed.into_iter().filter(|one| one.user_data != WAKE && one.user_data != CANCEL);
        let mut done: Vec<Done> = ours.filter_map(|one| self.land(&mut table, one)).collect();
        let more = !table.backlog.is_empty() || self.ring.waiting() > 0;
        drop(table);
        if more {
            self.submit_all(None);
        }
        if !done.is_empty() {
            sink.complete(self, &mut done);
        }
        Driven::Progress
    }

    fn wake(&self) {
        // A full queue is emptied first: what is in it may take for ever, and the wake must not.
        while !self.ring.push_plain(Plain::nothing(WAKE)) {
            if !self.submit_all(None) {
                thread::yield_now();
            }
        }
        // The thread that is meant sleeps in the kernel and offers nothing again, so the kernel has to take it now.
        while self.ring.submit().is_err() || self.ring.waiting() > 0 {
            thread::yield_now();
        }
    }

    fn abandon(&self) {
        let mut table = self.table.lock();
        table.flights.clear();
        table.backlog.clear();
        let files = std::mem::take(&mut table.files);
        drop(table);
        // The kernel would close them some time after the ring, and refuse them until then to who opens them exclusively.
        files.into_iter().for_each(|number| drop(self.ring.update_file(number, -1)));
    }
}

impl fmt::Debug for Uring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uring").finish_non_exhaustive()
    }
}

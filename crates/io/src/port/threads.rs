//! The backend that works everywhere: a queue, and threads that make one blocking call after the other.
//!
//! A call that has begun cannot be taken back on any system, so cancelling takes what still waits in the queue, and a
//! thread that a disk never answers is left behind, with the memory it works on, when the port ends. Buffers of a vectored operation
//! are moved one call each: that works on every system and device.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use quarry_sync::primitive::thread::{self, JoinHandle};
use quarry_sync::primitive::{Condvar, Instant, Mutex, MutexGuard};

use super::backend::{Backend, Driven, Driving, Sink};
use super::completion::OpId;
use super::device::Registered;
use super::error::PortError;
use super::op::OpKind;
use super::request::{Outcome, Request, Step};

pub(super) struct Threads {
    queue: Mutex<Queue>,
    work: Condvar,
    count: usize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Request>,
    threads: Vec<JoinHandle<()>>,
    /// Threads that wait for work.
    idle: usize,
    /// One of them was told of work and has not got up yet.
    rousing: bool,
    /// Threads that work: inside a call, or handing over what came of it.
    busy: usize,
    closed: bool,
}

impl Threads {
    pub(super) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::new(Queue::default()), work: Condvar::new(), count: count.max(1) })
    }

    fn serve(&self, sink: &dyn Sink) {
        let mut done = Vec::with_capacity(1);
        let mut queue = self.queue.lock();
        loop {
            if let Some(mut request) = queue.waiting.pop_front() {
                queue.busy += 1;
                self.rouse(queue);
                let outcome = carry_out(&mut request);
                done.push(request.finish(outcome));
                sink.complete(self, &mut done);
                queue = self.queue.lock();
                queue.busy -= 1;
            } else if queue.closed {
                return;
            } else {
                queue.idle += 1;
                self.work.wait(&mut queue);
                queue.idle -= 1;
                queue.rousing = false;
            }
        }
    }

    /// Wakes a thread if there is work for one. Each that gets up wakes the next before its own call, so that calls which block
    /// soon have all threads, while those which take nothing are done by the few that are up: waking costs more than they do.
    fn rouse(&self, mut queue: MutexGuard<'_, Queue>) {
        let wanted = queue.idle > 0 && !queue.rousing && !queue.waiting.is_empty();
        queue.rousing |= wanted;
        drop(queue);
        if wanted {
            self.work.notify_one();
        }
    }
}

impl Backend for Threads {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn begin(self: Arc<Self>, sink: Arc<dyn Sink>) -> Result<(), PortError> {
        for number in 0..self.count {
            let (me, sink) = (Arc::clone(&self), Arc::clone(&sink));
            let name = format!("port-{number}");
            let thread = thread::Builder::new().name(name).spawn(move || me.serve(&*sink));
            match thread {
                Ok(thread) => self.queue.lock().threads.push(thread),
                Err(error) => {
                    self.abandon();
                    return Err(PortError::NoThread(error));
                }
            }
        }
        Ok(())
    }

    fn driving(&self) -> Driving {
        Driving::Itself
    }

    fn register(&self, _device: &Registered) -> bool {
        true
    }

    fn push(&self, request: Request) {
        self.queue.lock().waiting.push_back(request);
    }

    fn kick(&self) {
        self.rouse(self.queue.lock());
    }

    fn cancel(&self, id: OpId) -> Option<Request> {
        let mut queue = self.queue.lock();
        let at = queue.waiting.iter().position(|request| request.id == id)?;
        queue.waiting.remove(at)
    }

    fn drive(&self, _sink: &dyn Sink, _until: Option<Instant>) -> Driven {
        Driven::Progress
    }

    fn wake(&self) {}

    fn abandon(&self) {
        let mut queue = self.queue.lock();
        queue.closed = true;
        let threads = std::mem::take(&mut queue.threads);
        let (stuck, waiting) = (queue.busy > 0, std::mem::take(&mut queue.waiting));
        drop(queue);
        self.work.notify_all();
        drop(waiting);
        // A thread inside a call that does not return would be waited for in vain; the others end by themselves.
        let me = thread::current().id();
        for thread in threads.into_iter().filter(|thread| !stuck && thread.thread().id() != me) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("count", &self.count).finish_non_exhaustive()
    }
}

/// Makes calls until the request is over. A device that panics fails the request, not the thread.
fn carry_out(request: &mut Request) -> Outcome {
    loop {
        let step = match catch_unwind(AssertUnwindSafe(|| call(request))) {
            Ok(Ok(count)) => request.advance(count),
            Ok(Err(error)) => request.fail(error),
            Err(_panic) => request.fail(io::Error::other("the device panicked")),
        };
        if let Step::Over(outcome) = step {
            return outcome;
        }
    }
}

fn call(request: &mut Request) -> io::Result<usize> {
    let (device, offset) = (Arc::clone(&request.device), request.position());
    let device = device.target.blocking();
    match request.kind {
        OpKind::Read => request.rest().next().map_or(Ok(0), |part| device.read_at(part, offset)),
        OpKind::Write => request.rest().next().map_or(Ok(0), |part| device.write_at(part, offset)),
        OpKind::Flush(flush) => device.flush(flush).map(|()| 0),
        OpKind::Packet => Ok(0),
    }
}

//! Threads that work off a queue of closures by priority: [`Worker`].
//!
//! For work that must not hold up whoever asks for it: folding a delta into a snapshot, sweeping a cache, loading what will be shown next.
//! Higher priorities go first, equal ones in the order they came. A panic ends the job, not the thread, and is reported
//! with the job's label. Hooks run on each thread as it starts and stops, for what a thread must set up before it can
//! work (COM on Windows, a name for the tracer).
//!
//! A plain binary heap under a mutex: jobs are worth many microseconds, or they would not be given away. For parallel
//! computation take `rayon`, for I/O a device queue.

mod queue;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use thiserror::Error;

use crate::panics;
use crate::primitive::thread::{self, JoinHandle};
use crate::primitive::{Condvar, Mutex};

use queue::{Job, Queue};

type Hook = Arc<dyn Fn() + Send + Sync>;
type PanicHook = Arc<dyn Fn(&JobPanic) + Send + Sync>;

/// A job that panicked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobPanic {
    /// What the job was called when it was posted.
    pub label: String,
    /// What the panic said.
    pub message: String,
}

/// The worker was stopped and takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the worker has stopped")]
pub struct Stopped;

/// What to do with what is queued when a worker stops. Jobs that run are always waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Run it.
    Finish,
    /// Drop it, and say how much it was.
    DropQueued,
}

/// What a worker did in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WorkerReport {
    /// Jobs that ran, those that panicked included.
    pub ran: u64,
    /// Jobs that panicked.
    pub panicked: u64,
    /// Jobs that were queued when it stopped and never ran.
    pub dropped: u64,
}

/// What a worker can be told before it starts.
#[must_use]
pub struct WorkerOptions {
    name: String,
    threads: NonZeroUsize,
    on_start: Hook,
    on_stop: Hook,
    on_panic: PanicHook,
}

impl WorkerOptions {
    /// One thread called `name`, without hooks.
    pub fn new(name: impl Into<String>) -> Self {
        let nothing: Hook = Arc::new(|| {});
        Self {
            name: name.into(),
            threads: NonZeroUsize::MIN,
            on_start: Arc::clone(&nothing),
            on_stop: nothing,
            on_panic: Arc::new(|_| {}),
        }
    }

    /// How many threads. With more than one, jobs start in order but may end in any.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Runs on each thread before its first job. If it panics, the thread works on without it, and the panic is reported.
    pub fn on_start(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_start = Arc::new(hook);
        self
    }

    /// Runs on each thread after its last job.
    pub fn on_stop(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_stop = Arc::new(hook);
        self
    }

    /// Is told of each job that panicked, on the thread it ran on.
    pub fn on_panic(mut self, hook: impl Fn(&JobPanic) + Send + Sync + 'static) -> Self {
        self.on_panic = Arc::new(hook);
        self
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// If the system refuses one; those already started are stopped.
    pub fn start(self) -> io::Result<Worker> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::default()),
            work: Condvar::new(),
            on_start: self.on_start,
            on_stop: self.on_stop,
            on_panic: self.on_panic,
        });
        // Filled one by one, so that an error drops, and thereby stops and joins, those that run.
        let mut worker = Worker { shared, threads: Vec::with_capacity(self.threads.get()) };
        for number in 0..self.threads.get() {
            let shared = Arc::clone(&worker.shared);
            let name = format!("{}-{number}", self.name);
            worker.threads.push(thread::Builder::new().name(name).spawn(move || shared.serve())?);
        }
        Ok(worker)
    }
}

impl fmt::Debug for WorkerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerOptions")
            .field("name", &self.name)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

/// Threads that work off a queue; see the [module](self).
///
/// ```
/// use quarry_sync::{Stop, WorkerOptions};
///
/// let worker = WorkerOptions::new("background").start()?;
/// worker.post(0, "sweep", || { /* … */ })?;
/// worker.post(10, "what the user waits for", || { /* … */ })?;
/// assert_eq!(worker.stop(Stop::Finish).ran, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Dropping it finishes what is queued and joins the threads. Dropped or stopped by one of its own jobs, it does not
/// wait for that one.
pub struct Worker {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    on_start: Hook,
    on_stop: Hook,
    on_panic: PanicHook,
}

impl Worker {
    /// Queues `job`, to run after all queued ones of the same or a higher `priority`. `label` names it in reports.
    ///
    /// # Errors
    /// [`Stopped`], after [`close`](Self::close); the job is dropped.
    pub fn post(
        &self,
        priority: i32,
        label: impl Into<String>,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<(), Stopped> {
        let job = Job { label: label.into(), run: Box::new(job) };
        let refused = self.shared.queue.lock().push(priority, job);
        // A refused job is dropped here, without the lock: its drop is foreign code.
        if refused.is_some() {
            return Err(Stopped);
        }
        self.shared.work.notify_one();
        Ok(())
    }

    /// Jobs that wait to run.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.queue.lock().len()
    }

    /// Takes no more jobs, without waiting for anything.
    pub fn close(&self, stop: Stop) {
        let dropped = self.shared.queue.lock().close(stop);
        drop(dropped);
        self.shared.work.notify_all();
    }

    /// Takes no more jobs, finishes or drops what is queued, waits for what runs and for the threads to end.
    #[must_use = "it says how much was dropped"]
    pub fn stop(mut self, stop: Stop) -> WorkerReport {
        self.end(stop);
        self.shared.queue.lock().report()
    }

    fn end(&mut self, stop: Stop) {
        self.close(stop);
        let me = thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != me) {
            // Jobs and hooks panic inside `catch_unwind`: a thread has nothing else to say.
            let _ = thread.join();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end(Stop::Finish);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Shared {
    fn serve(&self) {
        self.contain("on_start", || (self.on_start)());
        while let Some(Job { label, run }) = self.next() {
            let ended_well = self.contain(&label, run);
            self.queue.lock().count(ended_well);
        }
        self.contain("on_stop", || (self.on_stop)());
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        loop {
            if let Some(job) = queue.pop() {
                return Some(job);
            }
            if queue.is_closed() {
                return None;
            }
            self.work.wait(&mut queue);
        }
    }

    /// Runs `act` and reports its panic, if it has one. Says whether it had none.
    fn contain(&self, label: &str, act: impl FnOnce()) -> bool {
        let Err(payload) = catch_unwind(AssertUnwindSafe(act)) else { return true };
        let panic = JobPanic { label: label.to_owned(), message: panics::message(&*payload).to_owned() };
        tracing::error!(label = panic.label, message = panic.message, "a job panicked");
        // A hook that panics itself has been told; there is nobody left to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.on_panic)(&panic)));
        false
    }
}

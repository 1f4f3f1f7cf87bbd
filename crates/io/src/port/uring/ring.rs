//! The ring itself, so wrapped that threads may share it: one lock for each of its two queues.
//!
//! Both sides of the library's ring can be reached through a shared reference, with the promise that nobody else does so
//! at the same time; the locks keep that promise. What is not safe is left to the caller: the memory that an entry
//! points to.
#![allow(unsafe_code, reason = "the queues of a ring are memory shared with the kernel")]

use std::io;
use std::time::Duration;

use io_uring::types::{SubmitArgs, Timespec};
use io_uring::{IoUring, Probe, opcode, squeue};

use quarry_sync::primitive::Mutex;

use super::vector::IoVector;

/// Completions that the kernel can queue for one entry of the submission queue. An operation makes at most three: its
/// own, that of its cancelling, that of a wake.
const COMPLETIONS_PER_ENTRY: u32 = 4;
/// Files that can be registered.
const FILES_MAX: u32 = 256;
/// Stretches of memory that can be registered.
const BUFFERS_MAX: u32 = 16;
/// The largest stretch that the kernel registers in one piece.
const BUFFER_BYTES_MAX: usize = 1 << 30;

pub(super) struct Ring {
    ring: IoUring,
    submission: Mutex<()>,
    completion: Mutex<()>,
    pub(super) files_max: u32,
    buffers_max: u32,
}

/// What the kernel says of one entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Completed {
    pub(super) user_data: u64,
    pub(super) result: i32,
}

impl Ring {
    /// A ring for `depth` operations at once, if this kernel has all that is needed; else why not.
    pub(super) fn new(depth: usize) -> Result<Self, String> {
        let entries = u32::try_from(depth.next_power_of_two()).map_err(|error| error.to_string())?;
        let mut builder = IoUring::builder();
        builder.setup_clamp().setup_cqsize(entries.saturating_mul(COMPLETIONS_PER_ENTRY));
        let ring: IoUring =
            builder.build(entries).map_err(|error| format!("io_uring is refused: {error}"))?;
        check(&ring)?;
        // Refusals cost only speed.
        let files_max = ring.submitter().register_files_sparse(FILES_MAX).map_or(0, |()| FILES_MAX);
        let buffers_max = ring.submitter().register_buffers_sparse(BUFFERS_MAX).map_or(0, |()| BUFFERS_MAX);
        Ok(Self { ring, submission: Mutex::new(()), completion: Mutex::new(()), files_max, buffers_max })
    }

    /// Puts an entry into the queue; gives it back if the queue is full.
    ///
    /// # Safety
    /// What `entry` points to is valid for what it asks the kernel to do until its completion has been taken, and nobody
    /// else reaches it until then.
    pub(super) unsafe fn push(&self, entry: squeue::Entry) -> Result<(), squeue::Entry> {
        let _only = self.submission.lock();
        // SAFETY: the lock makes this the only submission queue there is.
        let mut queue = unsafe { self.ring.submission_shared() };
        // SAFETY: the caller's promise.
        unsafe { queue.push(&entry) }.map_err(|_full| entry)
    }

    /// Puts an entry that points nowhere into the queue; `false` if the queue is full.
    pub(super) fn push_plain(&self, entry: Plain) -> bool {
        // SAFETY: neither of the two has a pointer.
        unsafe { self.push(entry.0) }.is_ok()
    }

    /// Entries that the kernel has not taken yet.
    pub(super) fn waiting(&self) -> usize {
        let _only = self.submission.lock();
        // SAFETY: the lock makes this the only submission queue there is.
        unsafe { self.ring.submission_shared() }.len()
    }

    /// Lets the kernel take what is in the queue.
    pub(super) fn submit(&self) -> io::Result<usize> {
        self.ring.submit()
    }

    /// The same, and waits until there is a completion or until `limit` is over.
    pub(super) fn submit_and_wait(&self, limit: Option<Duration>) -> io::Result<usize> {
        let Some(limit) = limit else { return self.ring.submit_and_wait(1) };
        let limit = Timespec::from(limit.min(Duration::from_secs(u64::from(u32::MAX))));
        self.ring.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&limit))
    }

    /// Takes all completions there are.
    pub(super) fn take(&self, completed: &mut Vec<Completed>) {
        let _only = self.completion.lock();
        // SAFETY: the lock makes this the only completion queue there is.
        let queue = unsafe { self.ring.completion_shared() };
        completed
            .extend(queue.map(|entry| Completed { user_data: entry.user_data(), result: entry.result() }));
    }

    /// Registers `file` under `number`, or clears it (-1).
    pub(super) fn update_file(&self, number: u32, file: i32) -> io::Result<()> {
        self.ring.submitter().register_files_update(number, &[file]).map(|_| ())
    }

    /// Registers a stretch of memory under `number`.
    ///
    /// # Safety
    /// The memory stays mapped as long as the ring lives.
    pub(super) unsafe fn register_memory(&self, number: u16, memory: IoVector) -> io::Result<()> {
        if u32::from(number) >= self.buffers_max || memory.len() > BUFFER_BYTES_MAX {
            return Err(io::ErrorKind::Unsupported.into());
        }
        // SAFETY: `IoVector` is laid out as the system's `iovec`, and one lies there.
        let vectors = unsafe { std::slice::from_raw_parts((&raw const memory).cast(), 1) };
        let submitter = self.ring.submitter();
        // SAFETY: the caller's promise; entries that use it are promised to be valid when they are pushed.
        unsafe { submitter.register_buffers_update(u32::from(number), vectors, None) }
    }
}

/// An entry without a pointer.
pub(super) struct Plain(squeue::Entry);

impl Plain {
    /// Does nothing, and completes.
    pub(super) fn nothing(user_data: u64) -> Self {
        Self(opcode::Nop::new().build().user_data(user_data))
    }

    /// Asks for the operation `target` to be given up.
    pub(super) fn cancel(target: u64, user_data: u64) -> Self {
        Self(opcode::AsyncCancel::new(target).build().user_data(user_data))
    }
}

/// Whether the kernel has what the backend uses; all of it came by Linux 5.11.
fn check(ring: &IoUring) -> Result<(), String> {
    let params = ring.params();
    if !params.is_feature_nodrop() || !params.is_feature_ext_arg() {
        return Err(
            "io_uring of this kernel is too old: it loses completions or has no timed wait".to_owned()
        );
    }
    let mut probe = Probe::new();
    ring.submitter().register_probe(&mut probe).map_err(|error| format!("no probe: {error}"))?;
    let needed = [
        ("nop", opcode::Nop::CODE),
        ("read", opcode::Read::CODE),
        ("write", opcode::Write::CODE),
        ("readv", opcode::Readv::CODE),
        ("writev", opcode::Writev::CODE),
        ("fsync", opcode::Fsync::CODE),
        ("cancel", opcode::AsyncCancel::CODE),
    ];
    let missing: Vec<&str> =
        needed.into_iter().filter(|(_, code)| !probe.is_supported(*code)).map(|(name, _)| name).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("io_uring lacks {}", missing.join(", "))) }
}

//! An operation as a backend has it: [`Request`], and how far it has come.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::completion::OpId;
use super::device::Registered;
use super::line::Priority;
use super::op::{Buffers, OpKind};

/// Bytes that one call to the system moves at most: Linux stops a page below 2 GiB, a ring counts in 32 bits.
pub(crate) const CALL_BYTES_MAX: usize = 1 << 30;

/// What a backend is given to do, memory included. It never has the context.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: OpId,
    pub(crate) kind: OpKind,
    pub(crate) device: Arc<Registered>,
    pub(super) priority: Priority,
    offset: u64,
    buffers: Buffers,
    range: Range<usize>,
    done: usize,
}

/// How a request ended. The bytes are counted from its beginning.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it, or up to the end of the device.
    Moved(usize),
    /// Given up because [`cancel`](super::backend::Backend::cancel) asked for it.
    Cancelled { done: usize },
    /// The system failed it.
    Failed { done: usize, source: io::Error },
}

/// A request that is over; the memory is its owner's again.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) id: OpId,
    pub(crate) buffers: Buffers,
    pub(crate) outcome: Outcome,
}

/// Whether a request needs another call to the system.
#[derive(Debug)]
pub(crate) enum Step {
    More,
    Over(Outcome),
}

impl Request {
    pub(super) fn new(
        id: OpId,
        kind: OpKind,
        device: Arc<Registered>,
        offset: u64,
        buffers: Buffers,
        range: Range<usize>,
    ) -> Self {
        Self { id, kind, device, priority: Priority::NormalRead, offset, buffers, range, done: 0 }
    }

    /// Where on the device the next call begins.
    pub(crate) fn position(&self) -> u64 {
        // The end of the whole was checked to have a number when it was submitted.
        self.offset.saturating_add(self.done as u64)
    }

    /// Bytes moved so far.
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn buffers(&self) -> &Buffers {
        &self.buffers
    }

    /// The memory of what is still to do, in order, [`CALL_BYTES_MAX`] at most. Empty only when there is nothing to do.
    pub(crate) fn rest(&mut self) -> impl Iterator<Item = &mut [u8]> {
        let mut skip = self.range.start.saturating_add(self.done);
        let mut left = self.range.len().saturating_sub(self.done).min(CALL_BYTES_MAX);
        self.buffers.as_mut_slice().iter_mut().filter_map(move |buffer| {
            let start = skip.min(buffer.len());
            skip -= start;
            let len = left.min(buffer.len() - start);
            left -= len;
            buffer.get_mut(start..start + len).filter(|part| !part.is_empty())
        })
    }

    /// Takes note of a call that moved `count` bytes: 0 say that a device ended.
    pub(crate) fn advance(&mut self, count: usize) -> Step {
        if let OpKind::Flush(_) = self.kind {
            return Step::Over(Outcome::Moved(0));
        }
        self.done = self.done.saturating_add(count).min(self.range.len());
        let done = self.done;
        if done == self.range.len() {
            return Step::Over(Outcome::Moved(done));
        }
        // A call that stops between two multiples of an alignment cannot be continued there: it has met the end.
        let between = !(done as u64).is_multiple_of(u64::from(self.device.alignment()));
        match self.kind {
            _ if count > 0 && !between => Step::More,
            OpKind::Read => Step::Over(Outcome::Moved(done)),
            _ => Step::Over(Outcome::Failed { done, source: io::ErrorKind::WriteZero.into() }),
        }
    }

    /// Takes note of a call that the system failed.
    pub(crate) fn fail(&mut self, source: io::Error) -> Step {
        if source.kind() == io::ErrorKind::Interrupted {
            return Step::More;
        }
        Step::Over(Outcome::Failed { done: self.done, source })
    }

    /// Gives the memory back with what became of it.
    pub(crate) fn finish(self, outcome: Outcome) -> Done {
        Done { id: self.id, buffers: self.buffers, outcome }
    }

    /// Gives it back undone, or partly done, because it was asked for.
    pub(crate) fn cancelled(self) -> Done {
        let done = self.done;
        self.finish(Outcome::Cancelled { done })
    }
}

//! What a port gives back: [`Completion`].

use std::io;
use std::ops::Range;
use std::time::Duration;

use crate::Buffer;

use super::device::PortDevice;
use super::line::Priority;
use super::op::{Buffers, Op, OpKind};

/// Names an operation of one port for as long as the port lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(u64);

impl OpId {
    pub(super) fn new(index: u32, generation: u32) -> Self {
        Self(u64::from(generation) << 32 | u64::from(index))
    }

    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only a ring asks"))]
    pub(crate) fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only a ring asks"))]
    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    /// The place in tables: no two operations that are in flight at once share it.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    pub(crate) fn index(self) -> usize {
        self.0 as u32 as usize
    }

    pub(super) fn generation(self) -> u64 {
        self.0 >> 32
    }
}

/// Why an operation did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpError {
    /// The system failed it. The first `done` bytes are good, or are written.
    #[error("failed after {done} bytes")]
    Failed {
        /// Bytes moved before.
        done: usize,
        /// What the system said.
        source: io::Error,
    },
    /// It was cancelled, as somebody asked.
    #[error("cancelled after {done} bytes")]
    Cancelled {
        /// Bytes moved before.
        done: usize,
    },
    /// It was cancelled because its time was up.
    #[error("not done in time; {done} bytes were")]
    TimedOut {
        /// Bytes moved before.
        done: usize,
    },
    /// It had not begun, and its place in a [`DiskQueue`](crate::DiskQueue) that was full went to something more urgent.
    #[error("shed from a full queue for something more urgent")]
    Shed,
    /// The port was dropped and the kernel did not give the operation up in time: its memory is lost to it.
    #[error("abandoned in the kernel when the port was dropped")]
    Abandoned,
}

impl OpError {
    /// Bytes that were moved before it ended.
    #[must_use]
    pub fn done(&self) -> usize {
        match self {
            Self::Failed { done, .. } | Self::Cancelled { done } | Self::TimedOut { done } => *done,
            Self::Shed | Self::Abandoned => 0,
        }
    }
}

/// What was submitted, kept to be submitted again.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) kind: OpKind,
    pub(super) device: Option<PortDevice>,
    pub(super) key: u64,
    pub(super) offset: u64,
    pub(super) range: Range<usize>,
    pub(super) limit: Option<Duration>,
    pub(super) priority: Priority,
}

/// An operation that is over: its result, its memory, its context.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "it holds the operation's result and its memory"]
pub struct Completion<C> {
    /// Which operation it was.
    pub id: OpId,
    /// Bytes moved, or why it was not all. Fewer bytes than asked for are no error of a read: the device ends there.
    pub result: Result<usize, OpError>,
    /// The operation's memory.
    pub buffers: Buffers,
    /// The caller's context.
    pub context: C,
    pub(super) origin: Origin,
}

impl<C> Completion<C> {
    /// What it was.
    #[must_use]
    pub fn kind(&self) -> OpKind {
        self.origin.kind
    }

    /// The key under which its device is registered, or that a packet was posted with.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.origin.key
    }

    /// Where on the device it began.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.origin.offset
    }

    /// The only buffer, without the rest.
    #[must_use]
    pub fn into_buffer(self) -> Option<Buffer> {
        self.buffers.into_one()
    }

    /// The same operation once more, with the same memory and context.
    pub fn again(self) -> Op<C> {
        let Origin { kind, device, key, offset, range, limit, priority } = self.origin;
        Op { kind, device, key, offset, buffers: self.buffers, range, limit, priority, context: self.context }
    }
}

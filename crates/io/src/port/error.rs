//! Why a port does not open, does not take an operation, or has nothing more to give.

use std::fmt;
use std::io;

use super::op::Op;

/// A port that cannot be opened, or a device that it does not take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// The system refuses the backend that was asked for by name.
    #[error("no {backend} port: {reason}")]
    Unavailable {
        /// The backend.
        backend: &'static str,
        /// What was refused.
        reason: String,
    },
    /// The system refused a thread.
    #[error("no thread for the port")]
    NoThread(#[source] io::Error),
    /// The backend cannot work on such a device.
    #[error("a {backend} port does not take this kind of device")]
    Unsupported {
        /// The backend.
        backend: &'static str,
    },
    /// More devices were registered in the life of the port than there are numbers.
    #[error("the port has no number left for another device")]
    TooManyDevices,
}

/// Why an operation is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// As many operations as the port takes are in flight, and as many as it pends are pended.
    #[error("the port is full: {in_flight} operations in flight, {pended} pended")]
    Full {
        /// Operations with the system.
        in_flight: usize,
        /// Operations that wait for one of those.
        pended: usize,
    },
    /// The queue of a disk is full, and of what waits in it nothing is less urgent and may be shed.
    #[error("the disk is busy: {queued} operations wait, {queued_alike} of the same priority")]
    Busy {
        /// Operations that wait.
        queued: usize,
        /// Of those, the ones of the same priority.
        queued_alike: usize,
    },
    /// The port was closed.
    #[error("the port is closed")]
    Closed,
    /// The device was registered with another port.
    #[error("the device belongs to another port")]
    OtherPort,
    /// The device was withdrawn.
    #[error("the device was withdrawn from the port")]
    Withdrawn,
    /// A write or a flush on a device that is opened for reading.
    #[error("the device is opened for reading only")]
    ReadOnly,
    /// The bytes asked for are not all in the buffers.
    #[error("bytes {start}..{end} of buffers of {bytes} bytes")]
    OutOfBuffer {
        /// First byte asked for.
        start: usize,
        /// Behind the last.
        end: usize,
        /// What the buffers hold.
        bytes: usize,
    },
    /// The end lies beyond what systems can address (2⁶³).
    #[error("{bytes} bytes at offset {offset} reach beyond what can be addressed")]
    OutOfRange {
        /// Where it begins.
        offset: u64,
        /// Its length.
        bytes: usize,
    },
    /// More buffers than systems take at once.
    #[error("{count} buffers, more than {} at once", super::op::VECTOR_BUFFERS_MAX)]
    TooManyBuffers {
        /// How many there are.
        count: usize,
    },
    /// The device wants multiples.
    #[error("offset {offset} or a length is no multiple of {alignment}")]
    Misaligned {
        /// Where it begins.
        offset: u64,
        /// What the device wants.
        alignment: u32,
    },
}

/// An operation that was not taken, with the reason.
#[derive(thiserror::Error)]
#[error("not submitted: {reason}")]
pub struct SubmitError<C> {
    /// Why.
    pub reason: Refusal,
    /// The operation: memory and context come back with it.
    pub op: Box<Op<C>>,
}

impl<C> fmt::Debug for SubmitError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmitError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// The port is closed and everything was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the port is closed and nothing is in flight")]
pub struct Closed;

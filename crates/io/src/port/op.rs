//! What a port is asked to do: [`Op`].

use std::ops::Range;
use std::time::Duration;

use crate::Buffer;

use super::device::PortDevice;
use super::line::Priority;

/// Buffers of one vectored operation, at most: what every system takes in one call.
pub const VECTOR_BUFFERS_MAX: usize = 1024;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpKind {
    /// Fills buffers from a device.
    Read,
    /// Puts buffers onto a device. What it wrote may lie in a cache until a flush.
    Write,
    /// Waits until what was written *and completed* before survives a loss of power. It orders nothing else: a write
    /// that is in flight beside it may or may not be part of it.
    Flush(Flush),
    /// Does nothing; carries a key and a context through the port.
    Packet,
}

/// How much a flush makes durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flush {
    /// The bytes, and of the metadata what is needed to read them again (`fdatasync`).
    Data,
    /// The bytes and all metadata (`fsync`).
    All,
}

/// The memory of an operation. It belongs to the port while the operation is in flight.
#[derive(Debug, Default)]
pub enum Buffers {
    /// None: a flush or a packet, or an operation whose memory the port had to leave to the kernel.
    #[default]
    None,
    /// One.
    One(Buffer),
    /// Several, in the order of their bytes on the device.
    Many(Vec<Buffer>),
}

impl Buffers {
    /// The only buffer. `None` if there is none, or more than one.
    #[must_use]
    pub fn into_one(self) -> Option<Buffer> {
        match self {
            Self::One(buffer) => Some(buffer),
            Self::None | Self::Many(_) => None,
        }
    }

    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<Buffer> {
        match self {
            Self::None => Vec::new(),
            Self::One(buffer) => vec![buffer],
            Self::Many(buffers) => buffers,
        }
    }

    pub(crate) fn as_slice(&self) -> &[Buffer] {
        match self {
            Self::None => &[],
            Self::One(buffer) => std::slice::from_ref(buffer),
            Self::Many(buffers) => buffers,
        }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [Buffer] {
        match self {
            Self::None => &mut [],
            Self::One(buffer) => std::slice::from_mut(buffer),
            Self::Many(buffers) => buffers,
        }
    }

    /// Bytes of all of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.as_slice().iter().fold(0, |sum, buffer| sum.saturating_add(buffer.len()))
    }
}

/// One operation: what to do, on which device, with which memory, and a context of the caller's that comes back with the
/// result.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is submitted"]
pub struct Op<C> {
    pub(super) kind: OpKind,
    pub(super) device: Option<PortDevice>,
    pub(super) key: u64,
    pub(super) offset: u64,
    pub(super) buffers: Buffers,
    pub(super) range: Range<usize>,
    pub(super) limit: Option<Duration>,
    /// A port without a queue in front knows only one.
    pub(crate) priority: Priority,
    pub(super) context: C,
}

impl<C> Op<C> {
    fn on(kind: OpKind, device: &PortDevice, offset: u64, buffers: Buffers, context: C) -> Self {
        let (range, device) = (0..buffers.bytes(), device.clone());
        let (key, device, priority) = (device.key(), Some(device), Priority::NormalRead);
        Self { kind, key, device, offset, buffers, range, limit: None, priority, context }
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// It completes with the count of bytes read, which is less than asked for only at the end of the device: a shorter
    /// read by the system is continued by the port.
    pub fn read(device: &PortDevice, offset: u64, buffer: Buffer, context: C) -> Self {
        Self::on(OpKind::Read, device, offset, Buffers::One(buffer), context)
    }

    /// Writes `buffer` from `offset` on. It completes with all bytes written, or fails saying how many were.
    pub fn write(device: &PortDevice, offset: u64, buffer: Buffer, context: C) -> Self {
        Self::on(OpKind::Write, device, offset, Buffers::One(buffer), context)
    }

    /// Fills `buffers`, one after the other, from `offset` on. The port may split it: others can see a part of it done.
    pub fn read_vectored(device: &PortDevice, offset: u64, buffers: Vec<Buffer>, context: C) -> Self {
        Self::on(OpKind::Read, device, offset, Buffers::Many(buffers), context)
    }

    /// Writes `buffers`, one after the other, from `offset` on. The port may split it: others can see a part of it done,
    /// and a failure leaves a part of it done.
    pub fn write_vectored(device: &PortDevice, offset: u64, buffers: Vec<Buffer>, context: C) -> Self {
        Self::on(OpKind::Write, device, offset, Buffers::Many(buffers), context)
    }

    /// Makes durable what was written and completed before.
    pub fn flush(device: &PortDevice, flush: Flush, context: C) -> Self {
        Self::on(OpKind::Flush(flush), device, 0, Buffers::None, context)
    }

    /// A packet that carries `key` and `context` to whoever waits, without touching a device.
    pub fn packet(key: u64, context: C) -> Self {
        let (kind, buffers) = (OpKind::Packet, Buffers::None);
        let priority = Priority::NormalRead;
        Self { kind, device: None, key, offset: 0, buffers, range: 0..0, limit: None, priority, context }
    }

    /// Uses only these bytes of the buffers (counted through all of them, one after the other).
    pub fn bytes(mut self, range: Range<usize>) -> Self {
        self.range = range;
        self
    }

    /// Asks for the operation to be cancelled when it has not completed within `limit` of being submitted. It is a
    /// request: what the kernel has begun comes back when the kernel is done with it.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> OpKind {
        self.kind
    }

    /// The context that goes with it.
    pub fn context(&mut self) -> &mut C {
        &mut self.context
    }

    /// Gives back memory and context of an operation that is not submitted after all.
    #[must_use]
    pub fn into_parts(self) -> (Buffers, C) {
        (self.buffers, self.context)
    }
}

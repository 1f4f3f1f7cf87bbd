//! A request while the kernel has it, and the block by which the kernel knows it.
#![allow(
    unsafe_code,
    reason = "the kernel keeps the address of a block and of the memory, and writes to both"
)]

use std::io;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::Arc;

use windows_sys::Win32::Foundation::{NTSTATUS, RtlNtStatusToDosError, STATUS_BUFFER_OVERFLOW};
use windows_sys::Win32::System::IO::{OVERLAPPED, OVERLAPPED_0, OVERLAPPED_0_0};

use crate::port::completion::OpId;
use crate::port::device::Registered;
use crate::port::op::OpKind;
use crate::port::request::Request;

/// What the kernel is given the address of: what to do, and where to say what came of it.
#[repr(C)]
struct Block {
    overlapped: OVERLAPPED,
    id: OpId,
}

/// Whatever drops a flight leaks the request and its block: they are the kernel's until its packet says otherwise. The
/// request keeps its device, so that the file stays open.
pub(super) struct Flight {
    request: ManuallyDrop<Request>,
    block: NonNull<Block>,
    /// Whether it was asked to end.
    pub(super) cancelled: bool,
}

// SAFETY: nothing here follows the pointer but `land`, which owns the block then, as a box would.
unsafe impl Send for Flight {}

/// By what the kernel knows a flight: the address of its block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(*mut OVERLAPPED);

/// One call to the system: the first stretch of memory of what is still to do.
pub(super) struct Call {
    pub(super) device: Arc<Registered>,
    pub(super) kind: OpKind,
    pub(super) base: *mut u8,
    pub(super) len: u32,
    pub(super) mark: Mark,
}

/// What the system said to a call.
pub(super) enum Begun {
    /// A packet will come.
    Queued,
    /// It is over, and no packet will come.
    Over(io::Result<usize>),
}

impl Flight {
    /// The flight of `request`, and the call that takes it to the kernel; no call if there is nothing to do.
    pub(super) fn new(mut request: Request) -> (Self, Option<Call>) {
        let (id, position) = (request.id, request.position());
        // The halves of the number.
        let [low, high] = [position & u64::from(u32::MAX), position >> 32].map(short);
        let offset = OVERLAPPED_0 { Anonymous: OVERLAPPED_0_0 { Offset: low, OffsetHigh: high } };
        let overlapped = OVERLAPPED { Anonymous: offset, ..OVERLAPPED::default() };
        let block = NonNull::from(Box::leak(Box::new(Block { overlapped, id })));
        let (device, kind, mark) = (Arc::clone(&request.device), request.kind, Mark::of(block));
        let part = request.rest().next().map(|part| (part.as_mut_ptr(), short(part.len() as u64)));
        let call = part.map(|(base, len)| Call { device, kind, base, len, mark });
        (Self { request: ManuallyDrop::new(request), block, cancelled: false }, call)
    }

    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    pub(super) fn mark(&self) -> Mark {
        Mark::of(self.block)
    }

    /// The request, back from the kernel.
    pub(super) fn land(self) -> Request {
        // SAFETY: `new` leaked it from a box, and the kernel, which has said what came of it, is done with it.
        drop(unsafe { Box::from_raw(self.block.as_ptr()) });
        ManuallyDrop::into_inner(self.request)
    }
}

impl Mark {
    /// The system's part is the first of the block.
    fn of(block: NonNull<Block>) -> Self {
        Self(block.as_ptr().cast())
    }

    pub(super) fn address(self) -> *mut OVERLAPPED {
        self.0
    }

    /// Which flight it is, and what came of it.
    ///
    /// # Safety
    /// The address came with a packet, or belongs to a call that ended without one, and the flight has not landed.
    pub(super) unsafe fn read(self) -> (OpId, io::Result<usize>) {
        // SAFETY: the block lives until the flight lands, and the kernel is done with it.
        let block = unsafe { self.0.cast::<Block>().read() };
        (block.id, outcome(&block.overlapped))
    }
}

impl From<*mut OVERLAPPED> for Mark {
    fn from(address: *mut OVERLAPPED) -> Self {
        Self(address)
    }
}

const _: () = assert!(std::mem::offset_of!(Block, overlapped) == 0);

/// What the kernel left in the block: a status, and bytes moved.
fn outcome(overlapped: &OVERLAPPED) -> io::Result<usize> {
    // The status is the lower half of the field.
    let status = short(overlapped.Internal as u64 & u64::from(u32::MAX)).cast_signed();
    // The message of a pipe that was cut has moved what there was room for.
    if status >= 0 || status == STATUS_BUFFER_OVERFLOW {
        Ok(overlapped.InternalHigh)
    } else {
        Err(error_of(status))
    }
}

/// The system's error, by the number that calls fail with.
fn error_of(status: NTSTATUS) -> io::Error {
    // SAFETY: it translates one number into another.
    let code = unsafe { RtlNtStatusToDosError(status) };
    io::Error::from_raw_os_error(code.cast_signed())
}

/// A number that fits; a request's part is bounded far below.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

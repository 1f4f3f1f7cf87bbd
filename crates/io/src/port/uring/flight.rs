//! A request while the kernel has it, and the entry that asks the kernel for the next part of it.

use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use io_uring::types::{Fd, Fixed, FsyncFlags};
use io_uring::{opcode, squeue};

use crate::pool::slab::Slab;
use crate::port::device::Target;
use crate::port::op::{Flush, OpKind};
use crate::port::request::Request;

use super::vector::IoVector;

/// Whatever drops a flight leaks the request and its vectors: they are the kernel's until the completion says otherwise, and
/// an entry that it has not taken yet may be taken after the flight was given up. The request keeps its file, so that the
/// entry means no other.
pub(super) struct Flight {
    request: ManuallyDrop<Request>,
    /// What the kernel is told of the memory; it may look until it has taken the entry.
    vectors: ManuallyDrop<Vec<IoVector>>,
    /// Whether it was asked to end.
    pub(super) cancelled: bool,
}

/// How the kernel is told which file is meant.
#[derive(Debug, Clone, Copy)]
enum Handle {
    Plain(Fd),
    Registered(Fixed),
}

/// Evaluates `$build` with a file of either type bound to `$file`.
macro_rules! with_file {
    ($handle:expr, |$file:ident| $build:expr) => {
        match $handle {
            Handle::Plain($file) => $build,
            Handle::Registered($file) => $build,
        }
    };
}

impl Flight {
    pub(super) fn new(request: Request) -> Self {
        Self { request: ManuallyDrop::new(request), vectors: ManuallyDrop::default(), cancelled: false }
    }

    pub(super) fn request(&mut self) -> &mut Request {
        &mut self.request
    }

    /// The request, back from the kernel.
    pub(super) fn land(self) -> Request {
        drop(ManuallyDrop::into_inner(self.vectors));
        ManuallyDrop::into_inner(self.request)
    }

    /// The entry for what is still to do. `registered` says whether the file and which memory the ring knows.
    pub(super) fn entry(&mut self, file_registered: bool, memory: &[Arc<Slab>]) -> squeue::Entry {
        let request = &mut self.request;
        let handle = handle(request, file_registered);
        let (kind, offset, id) = (request.kind, request.position(), request.id.raw());
        let fixed = fixed_memory(request, memory);
        self.vectors.clear();
        self.vectors.extend(request.rest().map(IoVector::of));
        let entry = match kind {
            OpKind::Flush(flush) => {
                let flags = if flush == Flush::Data { FsyncFlags::DATASYNC } else { FsyncFlags::empty() };
                with_file!(handle, |file| opcode::Fsync::new(file).flags(flags).build())
            }
            OpKind::Read => read(handle, &self.vectors, fixed, offset),
            OpKind::Write => write(handle, &self.vectors, fixed, offset),
            OpKind::Packet => opcode::Nop::new().build(),
        };
        entry.user_data(id)
    }
}

fn handle(request: &Request, registered: bool) -> Handle {
    let file = match &request.device.target {
        Target::File(file) => file.file().as_raw_fd(),
        // Never registered with this backend.
        Target::Blocking(_) | Target::Simulated(_) => -1,
    };
    if registered { Handle::Registered(Fixed(request.device.number)) } else { Handle::Plain(Fd(file)) }
}

/// Under which number the ring knows the memory of a request of one buffer.
fn fixed_memory(request: &Request, memory: &[Arc<Slab>]) -> Option<u16> {
    let [buffer] = request.buffers().as_slice() else { return None };
    let slab = buffer.slab()?;
    let at = memory.iter().position(|known| Arc::ptr_eq(known, slab))?;
    u16::try_from(at).ok()
}

/// A length that the ring counts in 32 bits; a request's part is bounded far below.
fn short(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn read(handle: Handle, vectors: &[IoVector], fixed: Option<u16>, offset: u64) -> squeue::Entry {
    let (base, len) = first(vectors);
    match (vectors, fixed) {
        ([_], Some(number)) => {
            with_file!(handle, |file| opcode::ReadFixed::new(file, base, len, number).offset(offset).build())
        }
        ([_], None) => with_file!(handle, |file| opcode::Read::new(file, base, len).offset(offset).build()),
        _ => with_file!(handle, |file| {
            opcode::Readv::new(file, vectors.as_ptr().cast(), short(vectors.len())).offset(offset).build()
        }),
    }
}

fn write(handle: Handle, vectors: &[IoVector], fixed: Option<u16>, offset: u64) -> squeue::Entry {
    let (base, len) = first(vectors);
    match (vectors, fixed) {
        ([_], Some(number)) => {
            with_file!(handle, |file| opcode::WriteFixed::new(file, base, len, number).offset(offset).build())
        }
        ([_], None) => with_file!(handle, |file| opcode::Write::new(file, base, len).offset(offset).build()),
        _ => with_file!(handle, |file| {
            opcode::Writev::new(file, vectors.as_ptr().cast(), short(vectors.len())).offset(offset).build()
        }),
    }
}

fn first(vectors: &[IoVector]) -> (*mut u8, u32) {
    vectors.first().map_or((std::ptr::null_mut(), 0), |vector| (vector.base(), short(vector.len())))
}

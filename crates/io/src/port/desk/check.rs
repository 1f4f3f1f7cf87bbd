//! What no system could do is refused before any is asked.

use std::sync::Arc;

use crate::port::error::Refusal;
use crate::port::op::{Buffers, Op, OpKind, VECTOR_BUFFERS_MAX};

/// Whether an operation is one that any system could take.
pub(super) fn check<C>(op: &Op<C>, identity: &Arc<()>) -> Result<(), Refusal> {
    let Some(device) = &op.device else { return Ok(()) };
    if !device.belongs_to(identity) {
        return Err(Refusal::OtherPort);
    }
    if device.0.is_withdrawn() {
        return Err(Refusal::Withdrawn);
    }
    if matches!(op.kind, OpKind::Write | OpKind::Flush(_)) && !device.is_writable() {
        return Err(Refusal::ReadOnly);
    }
    check_range(op)?;
    let (alignment, offset) = (device.alignment(), op.offset);
    let numbers = [offset, op.range.start as u64, op.range.end as u64];
    let pieces = op.buffers.as_slice().iter().map(|buffer| buffer.len() as u64);
    let vectored = matches!(op.buffers, Buffers::Many(_));
    let aligned = |number: u64| number.is_multiple_of(u64::from(alignment));
    if numbers.into_iter().all(aligned) && (!vectored || pieces.into_iter().all(aligned)) {
        Ok(())
    } else {
        Err(Refusal::Misaligned { offset, alignment })
    }
}

fn check_range<C>(op: &Op<C>) -> Result<(), Refusal> {
    let count = op.buffers.as_slice().len();
    if count > VECTOR_BUFFERS_MAX {
        return Err(Refusal::TooManyBuffers { count });
    }
    let (start, end, bytes) = (op.range.start, op.range.end, op.buffers.bytes());
    if start > end || end > bytes {
        return Err(Refusal::OutOfBuffer { start, end, bytes });
    }
    let (offset, bytes) = (op.offset, end - start);
    let last = offset.checked_add(bytes as u64).filter(|&last| i64::try_from(last).is_ok());
    last.map(|_| ()).ok_or(Refusal::OutOfRange { offset, bytes })
}

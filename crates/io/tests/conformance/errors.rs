//! What fails, what is refused, and that memory comes back either way.

use quarry_io::port::{Flush, Op, OpError, Refusal};
use quarry_sync::order::{self, LockClass};

use crate::Harness;
#[cfg(target_os = "linux")]
use crate::harness::buffer;
use crate::harness::{empty, pattern};

pub(crate) fn a_failed_operation_says_so_and_gives_its_memory_back(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.failing(), 9).unwrap();
    for vectored in [false, true] {
        let op = if vectored {
            Op::read_vectored(&device, 0, vec![empty(4), empty(5)], 1)
        } else {
            Op::read(&device, 0, empty(9), 1)
        };
        let failed = port.submit(op).unwrap().wait();
        assert!(matches!(failed.result, Err(OpError::Failed { done: 0, .. })), "{:?}", failed.result);
        assert_eq!((failed.key(), failed.context, failed.buffers.bytes()), (9, 1, 9));
    }
    assert_eq!(port.stats().failed, 2);
}

#[cfg(target_os = "linux")]
pub(crate) fn a_full_device_fails_writes(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.full(), 0).unwrap();
    let failed = port.submit(Op::write(&device, 0, buffer(&pattern(5000)), 0)).unwrap().wait();
    let Err(OpError::Failed { done: 0, source }) = failed.result else { panic!("{:?}", failed.result) };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(failed.buffers.into_one().unwrap()[..], pattern(5000));
}

pub(crate) fn what_cannot_be_done_is_refused_with_its_memory(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(b"12345"), 1).unwrap();
    let stalling = h.stalling();
    let read_only = port.register(stalling.target.clone(), 2).unwrap();
    let elsewhere = h.port();
    let others = elsewhere.register(h.holding(b""), 1).unwrap();
    let too_many: Vec<_> = (0..1025).map(|_| empty(1)).collect();
    let read_only_refused = if read_only.is_writable() {
        Vec::new()
    } else {
        vec![(Op::write(&read_only, 0, empty(3), 0), 3), (Op::flush(&read_only, Flush::All, 0), 0)]
    };
    let refused = [
        (Op::read(&device, 0, empty(3), 0).bytes(0..4), 3),
        (Op::read(&device, 0, empty(3), 0).bytes(4..4), 3),
        (Op::read(&device, u64::MAX, empty(3), 0), 3),
        (Op::write(&device, i64::MAX.unsigned_abs() - 1, empty(3), 0), 3),
        (Op::read(&others, 0, empty(3), 0), 3),
        (Op::read_vectored(&device, 0, too_many, 0), 1025),
    ];
    for (op, bytes) in refused.into_iter().chain(read_only_refused) {
        let error = port.submit(op).unwrap_err();
        assert!(
            matches!(
                error.reason,
                Refusal::OutOfBuffer { .. }
                    | Refusal::OutOfRange { .. }
                    | Refusal::OtherPort
                    | Refusal::TooManyBuffers { count: 1025 }
                    | Refusal::ReadOnly
            ),
            "{error}"
        );
        assert_eq!(error.op.into_parts().0.bytes(), bytes);
    }
    assert_eq!(port.stats().submitted, 0);
}

pub(crate) fn a_withdrawn_device_takes_nothing_more(h: &impl Harness) {
    let port = h.port();
    let device = port.register(h.holding(&pattern(100)), 1).unwrap();
    let clone = device.clone();
    let before: Vec<_> =
        (0..20).map(|at| port.submit(Op::read(&device, at, empty(10), 0)).unwrap()).collect();
    port.withdraw(&clone);
    assert_eq!(port.submit(Op::read(&device, 0, empty(1), 0)).unwrap_err().reason, Refusal::Withdrawn);
    for ticket in before {
        let done = ticket.wait();
        assert_eq!(done.result.as_ref().unwrap(), &10);
        let at = usize::try_from(done.offset()).unwrap();
        assert_eq!(done.into_buffer().unwrap()[..], pattern(100)[at..at + 10]);
    }
    // The next one gets a number of its own.
    let device = port.register(h.holding(b"new"), 2).unwrap();
    assert_eq!(crate::harness::contents(&port, &device, 0, 9), b"new");
}

pub(crate) fn a_lock_held_at_submit_or_wait_panics(h: &impl Harness) {
    if !order::CHECKED {
        return;
    }
    let port = h.port();
    let device = port.register(h.holding(b"1"), 1).unwrap();
    let ticket = port.submit(Op::read(&device, 0, empty(1), 0)).unwrap();
    let held = order::blocking(LockClass::EXTENT);
    let panics = |act: &mut dyn FnMut()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).is_err();
    assert!(panics(&mut || drop(port.post(0, 0))));
    assert!(panics(&mut || drop(port.wait_for(std::time::Duration::ZERO))));
    assert!(panics(&mut || drop(port.submit(Op::read(&device, 0, empty(1), 0)))));
    drop(held);
    assert_eq!(ticket.wait().result.unwrap(), 1);
}

//! What the port above seldom asks of a ring: a queue that is full, numbers that change hands.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::*;
use crate::port::device::{PortDevice, PortFile};
use crate::port::kept::Kept;
use crate::port::op::{Buffers, OpKind};
use crate::port::request::Outcome;
use crate::port::{BackendKind, Op, PortOptions};
use crate::{Buffer, BufferPool};

/// A ring of one entry, if this system has rings.
fn ring() -> Option<Arc<Uring>> {
    Uring::new(1).ok()
}

fn device(bytes: &[u8], number: u32) -> PortDevice {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    PortDevice::new(PortFile::read_only(file).into(), 0, number, Arc::new(()))
}

fn read(device: &PortDevice, place: u64, buffer: Buffer) -> Request {
    let range = 0..buffer.len();
    let (id, device) = (OpId::from_raw(place), Arc::clone(&device.0));
    Request::new(id, OpKind::Read, device, place, Buffers::One(buffer), range)
}

fn drive(ring: &Uring, sink: &Kept, count: usize) {
    let until = ring.clock.now() + Duration::from_secs(60);
    while sink.0.lock().len() < count && ring.clock.now() < until {
        ring.drive(sink, Some(until));
    }
}

#[test]
fn what_has_no_room_in_the_queue_waits_for_it() {
    let Some(ring) = ring() else { return };
    let (device, sink) = (device(b"0123456789", 0), Kept::default());
    assert!(ring.register(&device.0));
    for place in 0..8 {
        ring.push(read(&device, place, Buffer::alone(1).unwrap()));
    }
    assert!(ring.cancel(OpId::from_raw(3)).is_none());
    assert_eq!(ring.table.lock().backlog.len(), 8);
    ring.kick();
    drive(&ring, &sink, 8);
    let done = sink.take();
    assert_eq!(done.len(), 8);
    for Done { id, buffers, outcome } in done {
        assert!(matches!(outcome, Outcome::Moved(1)) || id.raw() == 3, "{outcome:?}");
        assert!(id.raw() == 3 || buffers.into_one().unwrap()[..] == *format!("{}", id.raw()).as_bytes());
    }
}

#[test]
fn a_wake_that_comes_first_is_not_lost() {
    let Some(ring) = ring() else { return };
    ring.wake();
    ring.wake();
    // Without it this would wait for ever.
    assert_eq!(ring.drive(&Kept::default(), None), Driven::Progress);
}

#[test]
fn a_number_that_is_withdrawn_is_not_used_again_by_those_under_way() {
    let Some(ring) = ring() else { return };
    let (first, second, sink) = (device(b"first", 0), device(b"second", 1), Kept::default());
    assert!(ring.register(&first.0) && ring.register(&second.0));
    // One entry fits; the others wait with the number in them.
    for place in 0..3 {
        ring.push(read(&first, place, Buffer::alone(2).unwrap()));
    }
    ring.withdraw(&first.0);
    assert!(!ring.table.lock().files.contains(&0));
    ring.push(read(&first, 3, Buffer::alone(2).unwrap()));
    ring.push(read(&second, 4, Buffer::alone(2).unwrap()));
    ring.kick();
    drive(&ring, &sink, 5);
    let read: Vec<_> = sink.take().into_iter().map(|done| done.buffers.into_one().unwrap()).collect();
    let read: Vec<&[u8]> = read.iter().map(|buffer| &buffer[..]).collect();
    assert_eq!(read, [b"fi", b"ir", b"rs", b"st", b"nd"]);
}

#[test]
fn a_pool_is_registered_once_and_kept() {
    let Some(ring) = ring() else { return };
    let pool = BufferPool::new(2, 4096);
    // A process may not be allowed to pin memory.
    let Ok(known) = ring.register_memory(pool.slab()) else { return };
    assert!(known && ring.register_memory(pool.slab()).unwrap());
    assert_eq!(ring.table.lock().memory.len(), 1);
    let (device, sink) = (device(b"0123456789", 0), Kept::default());
    ring.push(read(&device, 5, pool.take()));
    ring.kick();
    drop(pool);
    drive(&ring, &sink, 1);
    let done = sink.0.lock().pop().unwrap();
    assert!(matches!(done.outcome, Outcome::Moved(5)), "{:?}", done.outcome);
    assert_eq!(done.buffers.into_one().unwrap()[..5], *b"56789");
}

/// A ring that is closed lets go of the files that it knows some time later, and one that lives on never would: whoever opens a disk
/// exclusively after its port was dropped was refused. Writing to a pipe fails as soon as its reader is closed.
#[test]
fn files_are_closed_with_their_device_and_with_the_port() {
    for port_first in [false, true] {
        let Ok(port) = PortOptions::new().backend(BackendKind::Uring).open::<()>() else { return };
        let (reader, mut writer) = std::io::pipe().unwrap();
        let reader = PortFile::read_only(OwnedFd::from(reader).into());
        let device = port.register(reader, 0).unwrap();
        writer.write_all(b"x").unwrap();
        let done = port.submit(Op::read(&device, 0, Buffer::alone(1).unwrap(), ())).unwrap().wait();
        assert_eq!(done.result.unwrap(), 1);
        drop(done.origin);
        let port = Some(port).filter(|_| !port_first);
        drop(device);
        assert_eq!(writer.write_all(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{port:?}");
    }
}

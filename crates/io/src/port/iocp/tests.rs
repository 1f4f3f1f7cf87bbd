//! What the port above seldom asks of a completion port: which way a file is worked on, cancelling that nobody asked for.

use std::io::Write;
use std::os::windows::fs::OpenOptionsExt;
use std::time::Duration;

use tempfile::NamedTempFile;
use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OVERLAPPED;

use super::*;
use crate::Buffer;
use crate::port::device::{PortDevice, PortFile};
use crate::port::kept::Kept;
use crate::port::op::{Buffers, Flush};
use crate::port::request::Outcome;

fn started() -> (Arc<Iocp>, Arc<Kept>) {
    let (iocp, sink) = (Iocp::new(1).unwrap(), Arc::new(Kept::default()));
    Arc::clone(&iocp).begin(Arc::clone(&sink) as Arc<dyn Sink>).unwrap();
    (iocp, sink)
}

fn device(iocp: &Iocp, file: PortFile) -> PortDevice {
    let device = PortDevice::new(file.into(), 0, 0, Arc::new(()));
    assert!(iocp.register(&device.0));
    device
}

fn holding(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn request(device: &PortDevice, kind: OpKind, number: u64, bytes: &[u8]) -> Request {
    let mut buffer = Buffer::alone(bytes.len()).unwrap();
    buffer.copy_from_slice(bytes);
    let (id, device) = (OpId::from_raw(number), Arc::clone(&device.0));
    Request::new(id, kind, device, number, Buffers::One(buffer), 0..bytes.len())
}

/// Drives until so many have come back, and gives them in their order.
fn drive(iocp: &Iocp, sink: &Kept, count: usize) -> Vec<Done> {
    let until = iocp.clock.now() + Duration::from_secs(60);
    while sink.0.lock().len() < count && iocp.clock.now() < until {
        iocp.drive(sink, Some(until));
    }
    sink.take()
}

/// Which way it goes, and whether it arrives.
fn check(file: PortFile, by_port: bool) {
    let (iocp, sink) = started();
    let device = device(&iocp, file);
    assert_eq!(device.0.packet_file().is_some(), by_port);
    for number in 0..5 {
        iocp.push(request(&device, OpKind::Read, number, b"......"));
    }
    iocp.kick();
    let done = drive(&iocp, &sink, 5);
    assert_eq!(done.len(), 5);
    for (number, Done { buffers, outcome, .. }) in done.into_iter().enumerate() {
        let Outcome::Moved(count) = outcome else { panic!("{outcome:?}") };
        assert_eq!(buffers.into_one().unwrap()[..count], b"0123456789"[number..number + count]);
        assert_eq!(count, 6);
    }
}

#[test]
fn a_file_is_opened_once_more_for_each_port() {
    let file = holding(b"0123456789");
    let shared = PortFile::read_only(file.reopen().unwrap());
    check(shared.clone(), true);
    check(shared.clone(), true);
    let (iocp, _sink) = started();
    let (first, second) = (device(&iocp, shared.clone()), device(&iocp, shared));
    assert!(first.0.packet_file().is_some() && second.0.packet_file().is_some());
}

/// The volume of `tests/raw.rs`, which compares what is read.
#[test]
fn a_volume_is_opened_once_more() {
    let Some(volume) = std::env::var_os("QUARRY_RAW_VOLUME") else { return };
    let (iocp, _sink) = started();
    let device = device(&iocp, crate::FileDevice::open(volume).unwrap().port_file());
    assert!(device.0.packet_file().is_some());
}

#[test]
fn a_handle_that_shares_with_nobody_is_used_itself_or_blocks() {
    let file = holding(b"0123456789");
    let path = file.into_temp_path();
    let mut alone = std::fs::File::options();
    alone.read(true).share_mode(0);
    check(PortFile::read_only(alone.open(&path).unwrap()), false);
    let overlapped = alone.custom_flags(FILE_FLAG_OVERLAPPED).open(&path).unwrap();
    check(PortFile::read_only(overlapped), true);
}

/// The port asks for a write only where the caller may: a handle for reading makes none for writing.
#[test]
fn no_right_is_won_by_opening_once_more() {
    let (file, (iocp, sink)) = (holding(b"0123456789"), started());
    let read_only = std::fs::File::open(file.path()).unwrap();
    let device = device(&iocp, PortFile::new(Arc::new(read_only), 1, true));
    assert!(device.0.packet_file().is_some());
    iocp.push(request(&device, OpKind::Write, 0, b"no"));
    iocp.push(request(&device, OpKind::Flush(Flush::All), 1, b""));
    iocp.kick();
    for done in drive(&iocp, &sink, 2) {
        let Outcome::Failed { done: 0, source } = done.outcome else { panic!("{:?}", done.outcome) };
        assert_eq!(source.kind(), io::ErrorKind::PermissionDenied);
    }
    assert_eq!(std::fs::read(file.path()).unwrap(), b"0123456789");
}

#[test]
fn what_was_given_up_unasked_is_begun_again() {
    let (file, (iocp, sink)) = (holding(b"0123456789"), started());
    let device = device(&iocp, PortFile::read_only(file.reopen().unwrap()));
    for (cancelled, number) in [(false, 3), (true, 4)] {
        let (mut flight, _never_made) = Flight::new(request(&device, OpKind::Read, number, b".."));
        flight.cancelled = cancelled;
        let mut table = iocp.shared.table.lock();
        table.flights.put(OpId::from_raw(number), flight);
        let code = windows_sys::Win32::Foundation::ERROR_OPERATION_ABORTED.cast_signed();
        table.land(OpId::from_raw(number), Err(io::Error::from_raw_os_error(code)), Again::Yes);
        assert_eq!((table.waiting.len(), table.landed.len()), (1, usize::from(cancelled)));
    }
    iocp.kick();
    let done = drive(&iocp, &sink, 2);
    let outcomes: Vec<_> = done.iter().map(|done| &done.outcome).collect();
    assert!(matches!(outcomes[..], [Outcome::Moved(2), Outcome::Cancelled { done: 0 }]), "{outcomes:?}");
    assert_eq!(done.into_iter().next().unwrap().buffers.into_one().unwrap()[..], *b"34");
}

/// A device that is being removed would be asked for ever.
#[test]
fn what_is_given_up_at_once_fails() {
    let (file, (iocp, _sink)) = (holding(b"0123456789"), started());
    let device = device(&iocp, PortFile::read_only(file.reopen().unwrap()));
    let (flight, _never_made) = Flight::new(request(&device, OpKind::Read, 3, b".."));
    let mut table = iocp.shared.table.lock();
    table.flights.put(OpId::from_raw(3), flight);
    let code = windows_sys::Win32::Foundation::ERROR_OPERATION_ABORTED.cast_signed();
    table.land(OpId::from_raw(3), Err(io::Error::from_raw_os_error(code)), Again::No);
    let outcomes: Vec<_> = table.landed.iter().map(|done| &done.outcome).collect();
    assert!(
        matches!(outcomes[..], [Outcome::Failed { done: 0, .. }]) && table.waiting.is_empty(),
        "{outcomes:?}"
    );
}

#[test]
fn a_wake_that_comes_first_is_not_lost() {
    let (iocp, sink) = started();
    iocp.wake();
    iocp.wake();
    // Without it this would wait for ever.
    assert_eq!(iocp.drive(&*sink, None), Driven::Progress);
}

#[test]
fn giving_up_what_the_kernel_does_not_know_is_nothing() {
    let (file, (iocp, _sink)) = (holding(b"0123456789"), started());
    let device = device(&iocp, PortFile::read_only(file.reopen().unwrap()));
    let (flight, _never_made) = Flight::new(request(&device, OpKind::Read, 0, b".."));
    device.0.packet_file().unwrap().give_up(flight.mark());
    drop(flight.land());
    assert!(iocp.cancel(OpId::from_raw(0)).is_none());
    iocp.kick();
}

//! What a conformance test cannot see: the seam, driven step by step by a backend that does nothing by itself.

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use quarry_sync::primitive::{Clock, Instant, ManualClock, Mutex};

use super::backend::{Backend, Driven, Driving, Sink};
use super::device::{BlockingDevice, Registered};
use super::op::Flush;
use super::request::{Outcome, Request, Step};
use super::*;
use crate::Buffer;

/// A backend on a clock of its own: each step completes the oldest request, one second later.
#[derive(Debug, Default)]
struct Stepped {
    requests: Mutex<VecDeque<Request>>,
    hands: ManualClock,
    kicks: Mutex<usize>,
}

const STEP: Duration = Duration::from_secs(1);

impl Backend for Stepped {
    fn name(&self) -> &'static str {
        "stepped"
    }
    fn clock(&self) -> Clock {
        self.hands.clock()
    }
    fn driving(&self) -> Driving {
        Driving::Steps
    }
    fn register(&self, _device: &Registered) -> bool {
        true
    }
    fn push(&self, request: Request) {
        self.requests.lock().push_back(request);
    }
    fn kick(&self) {
        *self.kicks.lock() += 1;
    }
    fn cancel(&self, id: OpId) -> Option<Request> {
        let mut requests = self.requests.lock();
        let at = requests.iter().position(|request| request.id == id)?;
        requests.remove(at)
    }
    fn drive(&self, sink: &dyn Sink, until: Option<Instant>) -> Driven {
        let end = self.clock().now() + STEP;
        let next =
            if until.is_some_and(|until| until < end) { None } else { self.requests.lock().pop_front() };
        let Some(mut request) = next else {
            let Some(until) = until else { return Driven::Idle };
            self.hands.advance(until - self.clock().now());
            return Driven::Progress;
        };
        self.hands.advance(STEP);
        let count = request.rest().map(|part| part.len()).sum();
        let Step::Over(outcome) = request.advance(count) else { panic!("all of it was moved") };
        sink.complete(self, &mut vec![request.finish(outcome)]);
        Driven::Progress
    }
    fn wake(&self) {}
    fn abandon(&self) {
        std::mem::forget(std::mem::take(&mut *self.requests.lock()));
    }
}

#[derive(Debug)]
struct Nothing(u32);

impl BlockingDevice for Nothing {
    fn read_at(&self, buf: &mut [u8], _offset: u64) -> io::Result<usize> {
        Ok(buf.len())
    }
    fn write_at(&self, buf: &[u8], _offset: u64) -> io::Result<usize> {
        Ok(buf.len())
    }
    fn flush(&self, _flush: Flush) -> io::Result<()> {
        Ok(())
    }
    fn alignment(&self) -> u32 {
        self.0
    }
}

fn stepped(depth: usize) -> (Port<u32>, Arc<Stepped>, PortDevice) {
    let backend = Arc::new(Stepped::default());
    let options = PortOptions::new().depth(NonZeroUsize::new(depth).unwrap());
    let port = options.open_on(Arc::clone(&backend) as Arc<dyn Backend>, None).unwrap();
    let device = port.register(Arc::new(Nothing(1)) as Arc<dyn BlockingDevice>, 0).unwrap();
    (port, backend, device)
}

fn op(device: &PortDevice, context: u32) -> Op<u32> {
    Op::read(device, 0, Buffer::alone(16).unwrap(), context)
}

#[test]
fn waiting_drives_and_time_passes_only_so() {
    let (port, backend, device) = stepped(8);
    for context in 0..3 {
        port.enqueue(op(&device, context)).unwrap();
    }
    assert_eq!(backend.clock().now(), Instant::default());
    let ticket = port.submit(op(&device, 3)).unwrap();
    assert_eq!(ticket.wait().context, 3);
    assert_eq!(backend.clock().now(), Instant::default() + 4 * STEP);
    assert_eq!([0; 3].map(|_| port.wait().unwrap().context), [0, 1, 2]);
}

#[test]
fn a_wait_with_a_limit_lets_just_that_time_pass() {
    let (port, backend, device) = stepped(8);
    assert!(port.wait_for(10 * STEP).unwrap().is_none());
    assert_eq!(backend.clock().now(), Instant::default() + 10 * STEP);
    port.enqueue(op(&device, 0)).unwrap();
    assert!(port.wait_for(STEP / 2).unwrap().is_none());
    assert!(port.wait_for(2 * STEP).unwrap().is_some());
}

#[test]
fn deadlines_are_in_the_backends_time() {
    let (port, _backend, device) = stepped(1);
    for context in 0..5 {
        port.enqueue(op(&device, context).within(STEP * 5 / 2)).unwrap();
    }
    let results = [0; 5].map(|_| port.wait().unwrap()).map(|done| (done.context, done.result.is_ok()));
    assert_eq!(results, [(0, true), (1, true), (2, false), (3, false), (4, false)]);
}

#[test]
fn futures_drive_by_being_polled() {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};
    let (port, _backend, device) = stepped(1);
    let mut tickets = [0, 1, 2].map(|context| port.submit(op(&device, context)).unwrap());
    let mut context = Context::from_waker(Waker::noop());
    let last = std::pin::Pin::new(&mut tickets[2]).poll(&mut context);
    assert!(matches!(last, Poll::Ready(done) if done.context == 2));
}

#[test]
fn several_operations_are_one_kick() {
    let (port, backend, device) = stepped(64);
    port.enqueue_many((0..20).map(|context| op(&device, context))).unwrap();
    assert_eq!((*backend.kicks.lock(), backend.requests.lock().len()), (1, 20));
}

#[test]
fn at_the_end_nothing_is_left_in_the_tables() {
    let (port, _backend, device) = stepped(2);
    let inner = Arc::clone(&port.inner);
    for context in 0..10 {
        port.enqueue(op(&device, context).within(100 * STEP)).unwrap();
        drop(port.submit(op(&device, context)).unwrap());
    }
    while port.stats().completed < 20 || port.stats().ready > 0 {
        let _ = port.wait_for(STEP).unwrap();
    }
    let state = inner.desk.state.lock();
    assert!(state.slots.live().is_empty() && state.deadlines.is_empty());
    assert_eq!((state.unattended, state.takers, state.others, state.in_flight), (0, 0, 0, 0));
}

#[test]
fn a_backend_that_is_asked_for_by_name_or_not_at_all() {
    let port: Port<()> = PortOptions::new().backend(BackendKind::Threads).open().unwrap();
    assert_eq!((port.backend(), port.fallback_reason()), ("threads", None));
    let port: Port<()> = PortOptions::new().open().unwrap();
    assert_eq!(port.backend() == "threads", port.fallback_reason().is_some());
    match PortOptions::new().backend(BackendKind::Uring).open::<()>() {
        Ok(port) => {
            let device = Arc::new(Nothing(1)) as Arc<dyn BlockingDevice>;
            assert!(matches!(port.register(device, 0), Err(PortError::Unsupported { backend: "uring" })));
        }
        Err(error) => assert!(matches!(error, PortError::Unavailable { .. }), "{error}"),
    }
}

/// A context whose drop panics, thrown away on a thread of the backend.
#[test]
fn foreign_code_that_panics_takes_nothing_with_it() {
    struct Panics(bool);
    impl Drop for Panics {
        fn drop(&mut self) {
            assert!(!self.0, "a drop that panics, as the test wants it");
        }
    }
    for backend in [BackendKind::Threads, BackendKind::Auto] {
        let options = PortOptions::new().backend(backend).threads(NonZeroUsize::MIN);
        let port: Port<Panics> = options.open().unwrap();
        let file = tempfile::tempfile().unwrap();
        let device = port.register(PortFile::read_only(file), 0).unwrap();
        let read = |panics| Op::read(&device, 0, Buffer::alone(1).unwrap(), Panics(panics));
        // If it is over by then, it is this thread that drops the context.
        let let_go = || drop(port.submit(read(true)).unwrap());
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(let_go));
        for _ in 0..3 {
            assert_eq!(port.submit(read(false)).unwrap().wait().result.unwrap(), 0);
        }
    }
}

/// A ring of so many entries is one that no kernel makes.
#[test]
#[cfg(target_os = "linux")]
fn where_a_ring_is_refused_threads_do_the_work_and_say_why() {
    let options = |backend| PortOptions { depth: 1 << 40, ..PortOptions::new().backend(backend) };
    let port: Port<u32> = options(BackendKind::Auto).open().unwrap();
    assert_eq!(port.backend(), "threads");
    assert!(!port.fallback_reason().unwrap().is_empty());
    let device = port.register(Arc::new(Nothing(1)) as Arc<dyn BlockingDevice>, 0).unwrap();
    assert_eq!(port.submit(op(&device, 1)).unwrap().wait().result.unwrap(), 16);
    let refused = options(BackendKind::Uring).open::<()>().unwrap_err();
    assert!(matches!(refused, PortError::Unavailable { backend: "uring", .. }), "{refused}");
}

#[test]
fn what_another_system_has_is_refused_by_name() {
    let (kind, name) =
        if cfg!(windows) { (BackendKind::Uring, "uring") } else { (BackendKind::Iocp, "iocp") };
    let refused = PortOptions::new().backend(kind).open::<()>().unwrap_err();
    assert!(matches!(refused, PortError::Unavailable { backend, .. } if backend == name), "{refused}");
}

fn request(kind: OpKind, alignment: u32, lengths: &[usize], range: std::ops::Range<usize>) -> Request {
    let target = Target::Blocking(Arc::new(Nothing(alignment)));
    let device = PortDevice::new(target, 0, 0, Arc::new(())).0;
    let buffers = lengths.iter().map(|&len| Buffer::alone(len).unwrap()).collect();
    Request::new(OpId::from_raw(0), kind, device, 1000, Buffers::Many(buffers), range)
}

/// Feeds counts to a request; how it ended and where each call began.
fn feed(mut request: Request, counts: &[usize]) -> (String, Vec<(u64, Vec<usize>)>) {
    let mut calls = Vec::new();
    for &count in counts {
        calls.push((request.position(), request.rest().map(|part| part.len()).collect()));
        if let Step::Over(outcome) = request.advance(count) {
            return (format!("{outcome:?}"), calls);
        }
    }
    ("more".to_owned(), calls)
}

#[test]
fn a_request_goes_on_where_the_system_stopped() {
    let (outcome, calls) = feed(request(OpKind::Read, 1, &[4, 0, 10, 5], 2..17), &[1, 1, 9, 4]);
    assert_eq!(outcome, "Moved(15)");
    assert_eq!(calls[0], (1000, vec![2, 10, 3]));
    assert_eq!(calls[1], (1001, vec![1, 10, 3]));
    assert_eq!(calls[2], (1002, vec![10, 3]));
    assert_eq!(calls[3], (1011, vec![1, 3]));
}

#[test]
fn a_device_that_ends_ends_a_read_and_fails_a_write() {
    assert_eq!(feed(request(OpKind::Read, 1, &[10], 0..10), &[4, 0]).0, "Moved(4)");
    let failed = feed(request(OpKind::Write, 1, &[10], 0..10), &[4, 0]).0;
    assert!(failed.starts_with("Failed { done: 4"), "{failed}");
    // Between two multiples there is nowhere to go on from.
    assert_eq!(feed(request(OpKind::Read, 512, &[2048], 0..2048), &[512, 700]).0, "Moved(1212)");
    let failed = feed(request(OpKind::Write, 512, &[2048], 0..2048), &[700]).0;
    assert!(failed.starts_with("Failed { done: 700"), "{failed}");
}

#[test]
fn an_interrupted_call_is_made_again() {
    let mut request = request(OpKind::Write, 1, &[10], 0..10);
    assert!(matches!(request.fail(io::ErrorKind::Interrupted.into()), Step::More));
    assert!(matches!(request.advance(3), Step::More));
    let over = request.fail(io::ErrorKind::StorageFull.into());
    assert!(matches!(over, Step::Over(Outcome::Failed { done: 3, .. })));
    assert!(matches!(request.cancelled().outcome, Outcome::Cancelled { done: 3 }));
}

#[test]
fn a_direct_device_takes_multiples_only() {
    let (port, ..) = stepped(1);
    let device = port.register(Arc::new(Nothing(512)) as Arc<dyn BlockingDevice>, 0).unwrap();
    let op = |offset, len| Op::read(&device, offset, Buffer::alone(len).unwrap(), 0);
    for refused in [op(1, 512), op(512, 100), op(0, 1024).bytes(0..10), op(0, 1024).bytes(1..512)] {
        let reason = port.submit(refused).unwrap_err().reason;
        assert!(matches!(reason, Refusal::Misaligned { alignment: 512, .. }), "{reason}");
    }
    let odd = vec![Buffer::alone(512).unwrap(), Buffer::alone(100).unwrap(), Buffer::alone(412).unwrap()];
    assert!(port.submit(Op::read_vectored(&device, 0, odd, 0)).is_err());
    assert!(port.submit(op(1024, 1024).bytes(512..1024)).is_ok());
}

/// A backend as a ring on a disk that died: it takes requests and never gives one back, and who drives it sleeps in the
/// kernel until it is woken.
#[derive(Debug, Default)]
struct Dead {
    requests: Mutex<Vec<Request>>,
    wakes: std::sync::Mutex<usize>,
    woken: std::sync::Condvar,
}

impl Backend for Dead {
    fn name(&self) -> &'static str {
        "dead"
    }
    fn clock(&self) -> Clock {
        Clock::default()
    }
    fn driving(&self) -> Driving {
        Driving::Waiters
    }
    fn register(&self, _device: &Registered) -> bool {
        true
    }
    fn push(&self, request: Request) {
        self.requests.lock().push(request);
    }
    fn kick(&self) {}
    fn cancel(&self, _id: OpId) -> Option<Request> {
        None
    }
    fn drive(&self, _sink: &dyn Sink, until: Option<Instant>) -> Driven {
        let mut wakes = self.wakes.lock().unwrap();
        let limit = until.map_or(Duration::from_secs(3600), |until| until - self.clock().now());
        if *wakes == 0 {
            wakes = self.woken.wait_timeout(wakes, limit).unwrap().0;
        }
        *wakes = wakes.saturating_sub(1);
        Driven::Progress
    }
    fn wake(&self) {
        *self.wakes.lock().unwrap() += 1;
        self.woken.notify_all();
    }
    fn abandon(&self) {
        std::mem::forget(std::mem::take(&mut *self.requests.lock()));
    }
}

/// Found by a review: the thread that serves futures slept in the backend while the port that was dropped waited for it.
#[test]
fn a_port_is_dropped_though_nothing_ever_comes_back() {
    let (sender, dropped) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for limit in (0..600).map(|round| round % 3) {
            let backend: Arc<dyn Backend> = Arc::new(Dead::default());
            let options = PortOptions::new().drop_limit(Duration::from_millis(limit));
            let port: Port<u32> = options.open_on(backend, None).unwrap();
            let device = port.register(Arc::new(Nothing(1)) as Arc<dyn BlockingDevice>, 0).unwrap();
            // A dropped ticket is what the thread for futures waits for.
            drop(port.submit(op(&device, 0)).unwrap());
            drop(port);
        }
        sender.send(()).unwrap();
    });
    dropped
        .recv_timeout(Duration::from_secs(60))
        .expect("a port that is dropped waits no longer than its limit");
}

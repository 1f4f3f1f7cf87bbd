//! The policy in front of a port: on a simulated disk, where turns and times are exact, and on real files.

mod model;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::port::{BackendKind, OpError, OpKind, PortOptions, Refusal};
use crate::sim::{Sim, SimDevice, SimProfile};
use crate::{Buffer, BufferPool, DriveKind, WritableFile};

use Priority::{Background, Critical, HighRead, NormalRead, Write};

const READ: Duration = Duration::from_millis(1);

fn not_zero(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}

/// A disk that takes a millisecond for whatever it is asked, and its queue.
fn queue(
    slots: usize,
    change: impl FnOnce(DiskQueueOptions) -> DiskQueueOptions,
) -> (Sim, SimDevice, DiskQueue<u64>) {
    let sim = Sim::new(1);
    let (read_latency, write_latency) = (READ, READ);
    let profile = SimProfile { read_latency, write_latency, flush_latency: READ, ..SimProfile::instant() };
    let disk = sim.disk(profile, 1 << 20);
    let options = DiskQueueOptions::new().port(PortOptions::new().simulated(&sim)).slots(not_zero(slots));
    let queue = change(options).open(disk.clone(), &DriveKind::Ssd.profile()).unwrap();
    (sim, disk, queue)
}

fn op(queue: &DiskQueue<u64>, context: u64) -> Op<u64> {
    Op::read(queue.device(), 0, Buffer::alone(512).unwrap(), context)
}

fn send(queue: &DiskQueue<u64>, priority: Priority, context: u64) {
    queue.enqueue(priority, op(queue, context)).unwrap();
}

fn drain(queue: &DiskQueue<u64>, count: usize) -> Vec<u64> {
    (0..count).map(|_| queue.wait().unwrap().context).collect()
}

#[test]
fn the_most_urgent_is_next_and_the_first_of_its_kind() {
    let (.., queue) = queue(1, |options| options);
    send(&queue, Background, 0);
    let rest = [Background, Write, NormalRead, HighRead, Critical];
    for (tens, priority) in (1..).zip(rest) {
        (0..3).for_each(|number| send(&queue, priority, tens * 10 + number));
    }
    let stats = queue.stats();
    assert_eq!((stats.queued(), stats.of(HighRead).queued, stats.port.in_flight), (15, 3, 1));
    // The first had begun. These are too few turns for anybody to be due.
    let order = drain(&queue, 16);
    assert_eq!(order, [0, 50, 51, 52, 40, 41, 42, 30, 31, 32, 20, 21, 22, 10, 11, 12]);
    let stats = queue.stats();
    assert_eq!((stats.queued(), stats.of(Critical).finished, stats.of(Background).finished), (0, 3, 4));
}

#[test]
fn slots_are_the_drives_unless_told_otherwise() {
    for (kind, slots) in [(DriveKind::Rotational, 2), (DriveKind::Ssd, 6), (DriveKind::Nvme, 12)] {
        let sim = Sim::new(1);
        let disk = sim.disk(SimProfile::nvme(), 1 << 20);
        let options = DiskQueueOptions::new().port(PortOptions::new().simulated(&sim));
        let queue = options.open(disk.clone(), &kind.profile()).unwrap();
        assert!(kind.profile().depths().contains(&queue.slots()), "{kind}");
        (0..100).for_each(|context| send(&queue, NormalRead, context));
        drain(&queue, 100);
        assert_eq!((queue.slots(), disk.observed().reads.depth_max()), (slots, slots), "{kind}");
    }
}

/// With one priority that never lets up, and every other behind it: the first of each begins within its bound, and what is
/// behind `n` others within `n + 1` times as much. On the disk a turn takes a millisecond for each slot.
#[test]
fn background_progresses_under_constant_load_within_the_bound() {
    for slots in [1_usize, 2, 8] {
        let (sim, _disk, queue) = queue(slots, |options| options);
        let (waiting, behind) = ([HighRead, NormalRead, Write, Background], 4_u64);
        (0..100).for_each(|_| send(&queue, Critical, 0));
        let began = sim.now();
        for priority in waiting {
            (0..=behind).for_each(|number| send(&queue, priority, 100 + 10 * priority as u64 + number));
        }
        let mut seen = 0;
        while seen < waiting.len() as u64 * (behind + 1) {
            let context = queue.wait().unwrap().context;
            if context < 100 {
                // The load: as soon as one is over there is the next. It ends, for whoever is never served must not hang the test.
                assert!(sim.now() - began < READ * 1000, "somebody starves");
                send(&queue, Critical, 0);
                continue;
            }
            seen += 1;
            let (priority, number) =
                (Priority::ALL[usize::try_from(context - 100).unwrap() / 10], context % 10);
            let turns = u64::from(priority.turns().unwrap()) * (number + 1);
            // Turns until it began, its own included, rounded up to rounds of all slots; one round was at work before.
            let bound = READ * u32::try_from(turns.div_ceil(slots as u64) + 1).unwrap();
            assert!(
                sim.now() - began <= bound,
                "{slots} slots: {priority:?} {number} after {:?}",
                sim.now() - began
            );
        }
        assert!(queue.stats().of(Critical).finished > 100, "and the load went on");
    }
}

#[test]
fn critical_is_never_refused_because_background_filled_the_queue() {
    let (_sim, disk, queue) = queue(1, |options| options.places(not_zero(100)).kept_for_critical(10));
    disk.hold();
    let mut tickets = Vec::new();
    // One begins, and what is not kept is filled.
    for context in 0..91 {
        tickets.push(queue.submit(Background, op(&queue, context)).unwrap());
    }
    let busy = queue.submit(Background, op(&queue, 91)).unwrap_err();
    assert_eq!(busy.reason, Refusal::Busy { queued: 90, queued_alike: 90 });
    assert_eq!(busy.op.into_parts().0.bytes(), 512);
    // Ten have places of their own; the others take those of the youngest.
    (0..50).for_each(|context| send(&queue, Critical, 1000 + context));
    let stats = queue.stats();
    assert_eq!(
        (stats.of(Critical).queued, stats.of(Background).queued, stats.of(Background).shed),
        (50, 50, 40)
    );
    assert_eq!((stats.of(Background).refused, stats.of(Critical).refused), (1, 0));
    // What is less urgent than Critical takes the background's places as well, but none that are kept.
    for context in 0..50 {
        send(&queue, Write, 2000 + context);
    }
    let busy = queue.submit(HighRead, op(&queue, 0)).unwrap_err();
    assert_eq!(busy.reason, Refusal::Busy { queued: 100, queued_alike: 0 });
    // Only now, full of what is not shed, is Critical refused.
    assert!(queue.submit(Critical, op(&queue, 0)).is_err());
    disk.release();
    let (mut done, mut shed) = (0, 0);
    for (context, ticket) in (0..).zip(tickets) {
        let completion = ticket.wait();
        assert_eq!((completion.context, completion.buffers.bytes()), (context, 512));
        match completion.result {
            Ok(512) => done += 1,
            Err(OpError::Shed) => shed += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((done, shed), (1, 90));
    assert_eq!(drain(&queue, 100).len(), 100);
}

#[test]
fn places_that_are_kept_are_kept_from_the_others() {
    let (_sim, disk, queue) = queue(1, |options| options.places(not_zero(10)).kept_for_critical(4));
    disk.hold();
    (0..7).for_each(|context| send(&queue, HighRead, context));
    assert!(queue.enqueue(HighRead, op(&queue, 0)).is_err());
    (0..4).for_each(|context| send(&queue, Critical, context));
    assert!(queue.enqueue(Critical, op(&queue, 0)).is_err());
    disk.release();
    drain(&queue, 11);
    assert!(queue.wait_many(1, Some(Duration::from_secs(1)), &mut Vec::new()).unwrap() == 0);
}

/// A packet goes straight to whoever waits: it needs no place, and had been refused, or had an operation shed, for want of one.
#[test]
fn a_packet_takes_nobodys_place() {
    let (_sim, disk, queue) = queue(1, |options| options.places(not_zero(4)).kept_for_critical(1));
    disk.hold();
    (0..4).for_each(|context| send(&queue, Background, context));
    assert!(queue.enqueue(Background, op(&queue, 4)).is_err());
    for (context, priority) in (100..).zip(Priority::ALL) {
        queue.enqueue(priority, Op::packet(0, context)).unwrap();
    }
    assert_eq!(drain(&queue, 5), [100, 101, 102, 103, 104]);
    let stats = queue.stats();
    assert_eq!((stats.of(Background).shed, stats.of(Background).queued), (0, 3));
    disk.release();
    assert_eq!(drain(&queue, 4), [0, 1, 2, 3]);
}

#[test]
fn what_waits_is_cancelled_at_once_and_what_is_late_is_given_up() {
    let (sim, _disk, queue) = queue(1, |options| options);
    let first = queue.submit(NormalRead, op(&queue, 0)).unwrap();
    let cancelled = queue.submit(Critical, op(&queue, 1)).unwrap();
    let late = queue.submit(Background, op(&queue, 2).within(READ / 2)).unwrap();
    assert!(cancelled.cancel());
    assert!(matches!(cancelled.wait().result, Err(OpError::Cancelled { done: 0 })));
    assert!(matches!(late.wait().result, Err(OpError::TimedOut { done: 0 })));
    assert_eq!(sim.now().as_nanos(), 500_000);
    assert_eq!(first.wait().result.unwrap(), 512);
    let stats = queue.stats();
    assert_eq!((stats.of(Critical).cancelled, stats.of(Background).cancelled, stats.queued()), (1, 1, 0));
}

#[test]
fn waits_and_latencies_are_known_for_each_priority() {
    let (.., queue) = queue(1, |options| options);
    (0..10).for_each(|context| send(&queue, Write, context));
    drain(&queue, 10);
    let stats = queue.stats();
    let (waits, latencies) = (&stats.of(Write).waits, &stats.of(Write).latencies);
    assert_eq!((waits.count(), latencies.count()), (10, 10));
    assert_eq!((waits.mean(), latencies.mean()), (READ * 45 / 10, READ * 55 / 10));
    assert_eq!(stats.of(Critical).latencies.count(), 0);
    assert_eq!((stats.port.completed, stats.port.bytes), (10, 5120));
}

#[test]
fn stopping_finishes_or_returns_everything() {
    for rest in [Rest::Finish, Rest::Return] {
        let (_sim, disk, queue) = queue(2, |options| options);
        let tickets: Vec<_> =
            (0..20).map(|context| queue.submit(NormalRead, op(&queue, context)).unwrap()).collect();
        (20..40).for_each(|context| send(&queue, Background, context));
        disk.hold();
        // What began before it was held goes on; what begins later, when it finishes, is stuck.
        let under_way = queue.stop(rest, Some(10 * READ));
        assert_eq!(under_way, if rest == Rest::Finish { 38 } else { 0 });
        disk.release();
        assert_eq!(queue.stop(rest, None), 0);
        assert_eq!(queue.submit(Critical, op(&queue, 0)).unwrap_err().reason, Refusal::Closed);
        let finished = tickets.into_iter().map(Ticket::wait).filter(|done| done.result.is_ok()).count();
        let mut ready = 0;
        while let Ok(done) = queue.wait() {
            ready += 1;
            assert_eq!(done.result.is_ok(), rest == Rest::Finish);
        }
        assert_eq!((finished, ready), (if rest == Rest::Finish { 20 } else { 2 }, 20));
    }
}

#[test]
fn dropping_gives_every_ticket_an_end() {
    let (_sim, disk, queue) = queue(2, |options| options);
    disk.hold();
    let tickets: Vec<_> = Priority::ALL
        .iter()
        .flat_map(|&priority| [priority; 10])
        .map(|priority| queue.submit(priority, op(&queue, 0)).unwrap())
        .collect();
    drop(queue);
    for ticket in tickets {
        let done = ticket.wait();
        assert!(matches!(done.result, Err(OpError::Cancelled { .. })), "{:?}", done.result);
        assert_eq!(done.buffers.bytes(), 512);
    }
}

/// The same run, whoever asks in between.
#[test]
fn a_run_on_a_simulation_is_the_same_again() {
    let run = || {
        let (sim, _disk, queue) = queue(3, |options| options.places(not_zero(50)));
        for context in 0..2000_u64 {
            let priority = Priority::ALL[usize::try_from(context * 7 % 5).unwrap()];
            if queue.enqueue(priority, op(&queue, context)).is_err() {
                drop(queue.wait().unwrap());
            }
        }
        queue.stop(Rest::Finish, None);
        let order: Vec<u64> = std::iter::from_fn(|| queue.wait().ok()).map(|done| done.context).collect();
        (order, sim.digest())
    };
    assert_eq!(run(), run());
}

/// Several threads, all priorities, on a real file by each backend: every operation comes back once, with its bytes.
#[test]
fn real_files_on_real_backends() {
    const THREADS: u64 = 3;
    const EACH: u64 = 200;
    for backend in [BackendKind::Threads, BackendKind::Auto] {
        let file = WritableFile::from_file(tempfile::tempfile().unwrap(), "a temporary file");
        file.set_len(THREADS * EACH * 512).unwrap();
        let options =
            DiskQueueOptions::new().port(PortOptions::new().backend(backend)).places(not_zero(2000));
        let queue: DiskQueue<u64> = options.open(file.port_file(), &DriveKind::Ssd.profile()).unwrap();
        let pool = BufferPool::new(usize::try_from(THREADS * EACH).unwrap(), 512);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (queue, pool) = (&queue, &pool);
                scope.spawn(move || {
                    let tickets = (0..EACH).map(|number| {
                        let context = thread * EACH + number;
                        let mut buffer = pool.take();
                        buffer.fill(context.to_le_bytes()[0]);
                        let write = Op::write(queue.device(), context * 512, buffer, context);
                        queue.submit(Priority::ALL[usize::try_from(context % 5).unwrap()], write).unwrap()
                    });
                    let tickets: Vec<_> = tickets.collect();
                    for ticket in tickets {
                        let done = ticket.wait();
                        assert_eq!((done.kind(), *done.result.as_ref().unwrap()), (OpKind::Write, 512));
                        let (context, buffer) = (done.context, done.into_buffer().unwrap());
                        let read = Op::read(queue.device(), context * 512, buffer, context);
                        let done = queue.submit(HighRead, read).unwrap().wait();
                        let byte = done.context.to_le_bytes()[0];
                        assert!(done.into_buffer().unwrap().iter().all(|&other| other == byte));
                    }
                });
            }
        });
        assert_eq!((queue.stop(Rest::Finish, None), pool.idle()), (0, pool.count()));
        let stats = queue.stats();
        let finished: u64 = Priority::ALL.iter().map(|&priority| stats.of(priority).finished).sum();
        assert_eq!(finished, 2 * THREADS * EACH);
    }
}

/// A queue works on while its callers do something else; nobody has to wait for it.
#[test]
fn a_real_queue_goes_on_without_anybody_waiting() {
    for backend in [BackendKind::Threads, BackendKind::Auto] {
        let file = WritableFile::from_file(tempfile::tempfile().unwrap(), "a temporary file");
        let options = DiskQueueOptions::new().port(PortOptions::new().backend(backend)).slots(not_zero(2));
        let queue: Arc<DiskQueue<u64>> =
            Arc::new(options.open(file.port_file(), &DriveKind::Ssd.profile()).unwrap());
        for context in 0..200 {
            let write = Op::write(queue.device(), context * 512, Buffer::alone(512).unwrap(), context);
            queue.enqueue(Write, write).unwrap();
        }
        while queue.stats().queued() > 0 {
            std::thread::yield_now();
        }
        let mut done = Vec::new();
        while done.len() < 200 {
            queue.wait_many(200, None, &mut done).unwrap();
        }
        assert!(done.iter().all(|done| done.result.is_ok()));
    }
}

/// One that waits drives the queue for all. It has what it waited for with the first completion and leaves; what came while it
/// was inside stood still then, for nobody else had been told to drive.
#[test]
fn a_real_queue_goes_on_when_the_one_that_waited_leaves() {
    for backend in [BackendKind::Threads, BackendKind::Auto] {
        let file = WritableFile::from_file(tempfile::tempfile().unwrap(), "a temporary file");
        let options = DiskQueueOptions::new().port(PortOptions::new().backend(backend)).slots(not_zero(2));
        let queue: DiskQueue<u64> = options.open(file.port_file(), &DriveKind::Ssd.profile()).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.wait().unwrap().result.unwrap());
            // Until it is inside.
            std::thread::sleep(Duration::from_millis(50));
            let write =
                |context| Op::write(queue.device(), context * 512, Buffer::alone(512).unwrap(), context);
            queue.enqueue_many(Write, (0..200).map(write)).unwrap();
            assert_eq!(waiting.join().unwrap(), 512);
        });
        let began = std::time::Instant::now();
        while queue.stats().queued() > 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "{} stands still", queue.backend());
            std::thread::yield_now();
        }
    }
}

/// Awaits by parking the thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Wake, Waker};
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn tickets_are_awaited_on_every_backend() {
    let sim = Sim::new(1);
    let file = WritableFile::from_file(tempfile::tempfile().unwrap(), "a temporary file");
    file.set_len(4096).unwrap();
    let on_file = |backend| (PortOptions::new().backend(backend), file.port_file().into());
    let on_sim: (PortOptions, crate::port::Target) =
        (PortOptions::new().simulated(&sim), sim.disk(SimProfile::ssd(), 4096).into());
    for (port, target) in [on_file(BackendKind::Threads), on_file(BackendKind::Auto), on_sim] {
        let options = DiskQueueOptions::new().port(port).slots(not_zero(2));
        let queue: DiskQueue<u64> = options.open(target, &DriveKind::Ssd.profile()).unwrap();
        let tickets: Vec<_> = (0..100_u8)
            .map(|number| {
                queue.submit(Priority::ALL[usize::from(number % 5)], op(&queue, number.into())).unwrap()
            })
            .collect();
        // The last first: what it waits for is not what is awaited.
        for (context, ticket) in (0..100_u8).zip(tickets).rev() {
            let done = block_on(ticket);
            assert_eq!((done.context, done.result.unwrap()), (context.into(), 512), "{}", queue.backend());
        }
    }
}

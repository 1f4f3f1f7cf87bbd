//! What a [`DiskQueue`] itself costs: a device that does nothing, threads that are real, 1,000 operations queued on each
//! of 1, 2 and 6 disks, every completion delivered to the thread that asked.
//!
//! Wall time says what a program gets, the processor's time what it costs on a machine with more to do. With
//! `QUEUE_OPERATIONS` each run has so many operations in all (default 2,000,000).

use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use quarry_io::port::{BackendKind, BlockingDevice, Flush, Op, PortOptions, Target};
use quarry_io::{Buffer, DiskQueue, DiskQueueOptions, DriveKind, Priority};

const QUEUED: usize = 1000;
const RUNS: usize = 5;

#[derive(Debug)]
struct Nothing;

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
}

fn queue(slots: usize) -> DiskQueue<usize> {
    let options = DiskQueueOptions::new()
        .port(PortOptions::new().backend(BackendKind::Threads))
        .slots(NonZeroUsize::new(slots).expect("not 0"))
        .places(NonZeroUsize::new(2 * QUEUED).expect("not 0"));
    let device: Arc<dyn BlockingDevice> = Arc::new(Nothing);
    options.open(Target::from(device), &DriveKind::Virtual.profile()).expect("a queue")
}

/// Keeps 1,000 operations queued, all priorities alike, until `count` have come back.
fn client(queue: &DiskQueue<usize>, count: usize) {
    let priority = |number: usize| Priority::ALL[number % Priority::ALL.len()];
    for number in 0..QUEUED {
        let buffer = Buffer::alone(1).expect("a byte");
        queue.enqueue(priority(number), Op::read(queue.device(), 0, buffer, number)).expect("a place");
    }
    let (mut taken, mut sent) = (0, QUEUED);
    let mut done = Vec::with_capacity(QUEUED);
    while taken < count {
        taken += queue.wait_many(QUEUED, None, &mut done).expect("an open queue");
        for completion in done.drain(..) {
            assert_eq!(*completion.result.as_ref().expect("a read"), 1);
            if sent < count {
                sent += 1;
                let number = completion.context;
                queue.enqueue(priority(number), completion.again()).expect("the place that it had");
            }
        }
    }
    assert_eq!((taken, queue.stats().queued()), (count, 0));
}

/// Wall time and processor time of `operations` on `disks`.
fn run(disks: usize, slots: usize, operations: usize) -> (Duration, Duration) {
    let queues: Vec<_> = (0..disks).map(|_| queue(slots)).collect();
    let start = Barrier::new(disks + 1);
    thread::scope(|scope| {
        let clients: Vec<_> = queues
            .iter()
            .map(|queue| {
                scope.spawn(|| {
                    start.wait();
                    client(queue, operations / disks);
                })
            })
            .collect();
        start.wait();
        let (began, cpu) = (Instant::now(), cpu_time());
        clients.into_iter().for_each(|client| client.join().expect("a client that ends"));
        (began.elapsed(), cpu_time() - cpu)
    })
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn main() {
    let operations = std::env::var("QUEUE_OPERATIONS").ok().and_then(|text| text.parse().ok());
    let operations = operations.unwrap_or(2_000_000);
    println!(
        "| disks | slots each | operations a second, best of {RUNS} | median | processor time for one |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for slots in [1, 2, 6] {
        for disks in [1, 2, 6] {
            let mut runs: Vec<_> = (0..RUNS).map(|_| run(disks, slots, operations)).collect();
            runs.sort_unstable();
            let rate = |(wall, _): (Duration, Duration)| operations as f64 / wall.as_secs_f64();
            let cpu = runs[RUNS / 2].1.as_secs_f64() * 1e9 / operations as f64;
            let (best, median) = (rate(runs[0]), rate(runs[RUNS / 2]));
            println!("| {disks} | {slots} | {best:.0} | {median:.0} | {cpu:.0} ns |");
        }
    }
}

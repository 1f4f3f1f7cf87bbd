//! Several volumes at once: the same indexes, in turns, under the limit, each where it belongs, whatever happens to one.

mod common;

#[cfg(target_os = "linux")]
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use common::{run, try_open};
use quarry_io::{Device, DeviceKind, FaultyDevice};
use quarry_scan::{
    Mode, MultiVolume, Panicked, Pipeline, Progress, ScanError, SynthDevice, Topology, Volume,
};

const CHUNK: usize = 16 << 10;
const CHUNKS: u64 = 64;

/// What the devices of several volumes see of those who read them.
#[derive(Debug, Default)]
struct Seen {
    inside: AtomicUsize,
    most: AtomicUsize,
    /// Which volume each chunk was of, in order.
    turns: Mutex<Vec<usize>>,
    /// Where the threads that read each volume may run.
    #[cfg(target_os = "linux")]
    places: Mutex<BTreeMap<usize, HashSet<Vec<usize>>>>,
}

/// A made-up `$MFT` that is watched, and takes its time.
#[derive(Debug)]
struct Watched {
    device: SynthDevice,
    volume: usize,
    takes: Duration,
    seen: Arc<Seen>,
}

impl Device for Watched {
    fn name(&self) -> &str {
        self.device.name()
    }
    fn len(&self) -> u64 {
        self.device.len()
    }
    fn kind(&self) -> DeviceKind {
        DeviceKind::Memory
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if buf.len() == CHUNK {
            let seen = &self.seen;
            let inside = seen.inside.fetch_add(1, Ordering::SeqCst) + 1;
            seen.most.fetch_max(inside, Ordering::SeqCst);
            seen.turns.lock().expect("nobody panics here").push(self.volume);
            #[cfg(target_os = "linux")]
            seen.places.lock().expect("nor here").entry(self.volume).or_default().insert(allowed());
            std::thread::sleep(self.takes);
            seen.inside.fetch_sub(1, Ordering::SeqCst);
        }
        self.device.read_at(buf, offset)
    }
}

/// The processors that the calling thread may run on.
#[cfg(target_os = "linux")]
fn allowed() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(None).expect("Linux tells");
    (0..CpuSet::MAX_CPU).filter(|&processor| set.is_set(processor)).collect()
}

fn watched(count: usize, takes: Duration) -> (Vec<Volume>, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let device = |volume| Watched {
        device: SynthDevice::new(CHUNKS * (CHUNK as u64 >> 10), volume as u64),
        volume,
        takes,
        seen: Arc::clone(&seen),
    };
    let open = |volume| try_open(Arc::new(device(volume))).expect("it is a dump");
    ((0..count).map(open).collect(), Arc::clone(&seen))
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).expect("some")
}

fn pipeline(mode: Mode) -> Pipeline {
    Pipeline {
        mode,
        chunk_bytes: u32::try_from(CHUNK).expect("small"),
        threads: threads(8),
        ..Pipeline::default()
    }
}

#[test]
fn all_are_indexed_as_each_alone() {
    for limit in [1, 2, 5] {
        for mode in [Mode::Parallel, Mode::Completion, Mode::PipelinedParallel] {
            let (volumes, _) = watched(4, Duration::ZERO);
            let expected: Vec<u64> = volumes
                .iter()
                .map(|volume| run(volume, pipeline(Mode::Streaming)).index.identity())
                .collect();
            let many = MultiVolume::new(threads(limit), Topology::default());
            let found = many.run(volumes, |seat, volume| {
                let parsed =
                    pipeline(mode).read_among(&seat, &volume, &Progress::default()).expect("it reads");
                parsed.build(|_, _| Vec::new()).expect("it builds").index.identity()
            });
            let expected: Vec<_> = expected.into_iter().map(Ok).collect();
            assert_eq!(found, expected, "{mode}, limit {limit}");
        }
    }
}

#[test]
fn volumes_take_turns_within_the_limit() {
    let read = |limit: usize, count: usize| {
        let (volumes, seen) = watched(count, Duration::from_millis(1));
        let many = MultiVolume::new(threads(limit), Topology::default());
        let done = many.run(volumes, |seat, volume| {
            pipeline(Mode::Parallel).read_among(&seat, &volume, &Progress::default()).map(|_| ()).is_ok()
        });
        assert!(done.into_iter().all(|read| read == Ok(true)));
        let turns = seen.turns.lock().unwrap().clone();
        (seen.most.load(Ordering::SeqCst), turns)
    };
    let (most, turns) = read(2, 3);
    // Each has as many threads as all may have, and they wait for their own drive alone.
    assert!(most <= 3 * 2, "{most} reads at once");
    assert_eq!(turns.len() as u64, 3 * CHUNKS);
    // When the first is done, the others are nearly so.
    let left = |volume: usize, from: usize| turns[from..].iter().filter(|&&turn| turn == volume).count();
    let first_done = (0..turns.len()).find(|&at| (0..3).any(|volume| left(volume, at) == 0)).unwrap();
    assert!(first_done as u64 > 2 * CHUNKS, "one volume was done after {first_done} chunks of all");
    // With one thread it is one after the other.
    let (most, turns) = read(1, 3);
    assert!(most == 1 && turns.is_sorted());
}

/// A made-up `$MFT` on a drive that does not answer until it is let.
#[derive(Debug)]
struct Stuck {
    device: SynthDevice,
    free: Arc<(Mutex<bool>, Condvar)>,
    late: Arc<AtomicUsize>,
}

impl Device for Stuck {
    fn name(&self) -> &str {
        self.device.name()
    }
    fn len(&self) -> u64 {
        self.device.len()
    }
    fn kind(&self) -> DeviceKind {
        DeviceKind::Memory
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if buf.len() == CHUNK {
            let (free, changed) = &*self.free;
            let free = free.lock().expect("nobody panics here");
            let limit = Duration::from_secs(20);
            let (free, _) = changed.wait_timeout_while(free, limit, |free| !*free).expect("nor here");
            self.late.fetch_add(usize::from(!*free), Ordering::SeqCst);
        }
        self.device.read_at(buf, offset)
    }
}

/// Two workers in reads that blocked once held both permits, and nothing of the other volume was parsed.
#[test]
fn a_drive_that_does_not_answer_stops_no_other() {
    for mode in [Mode::Parallel, Mode::Streaming, Mode::Completion] {
        let (mut volumes, _) = watched(1, Duration::ZERO);
        let (free, late) = (Arc::new((Mutex::new(false), Condvar::new())), Arc::new(AtomicUsize::new(0)));
        let device = SynthDevice::new(8 * (CHUNK as u64 >> 10), 5);
        let stuck = Stuck { device, free: Arc::clone(&free), late: Arc::clone(&late) };
        volumes.insert(0, try_open(Arc::new(stuck)).expect("it is a dump"));
        let many = MultiVolume::new(threads(2), Topology::default());
        let volumes = volumes.into_iter().enumerate().collect();
        let done = many.run(volumes, |seat, (number, volume)| {
            let parsed = pipeline(mode).read_among(&seat, &volume, &Progress::default()).expect("it reads");
            parsed.build(|_, _| Vec::new()).expect("it builds");
            if number == 1 {
                *free.0.lock().expect("nobody panics here") = true;
                free.1.notify_all();
            }
        });
        assert_eq!(done, [Ok(()), Ok(())], "{mode}");
        assert_eq!(late.load(Ordering::SeqCst), 0, "{mode}: reads that were let before the other was done");
    }
}

#[test]
fn one_that_fails_or_panics_stops_no_other() {
    let (mut volumes, _) = watched(3, Duration::ZERO);
    let bad = FaultyDevice::new(Arc::new(SynthDevice::new(2000, 9))).fail_on(1000 << 10..1001 << 10);
    volumes.push(try_open(Arc::new(bad)).unwrap());
    let many = MultiVolume::new(threads(2), Topology::default());
    let volumes = volumes.into_iter().enumerate().collect();
    let found = many.run(volumes, |seat, (number, volume)| {
        assert_ne!(number, 1, "on purpose");
        let pipeline = Pipeline { strict: true, ..pipeline(Mode::Auto) };
        pipeline
            .read_among(&seat, &volume, &Progress::default())
            .and_then(|parsed| parsed.build(|_, _| Vec::new()))
    });
    let [first, second, third, fourth] = found.as_slice() else { panic!("four went in") };
    assert!(matches!((first, third), (Ok(Ok(_)), Ok(Ok(_)))));
    assert!(matches!(second, Err(Panicked)));
    assert!(matches!(fourth, Ok(Err(ScanError::Strict { .. }))));
}

/// A machine with two nodes of one processor each, as far as the tree that is read says so.
#[cfg(target_os = "linux")]
#[test]
fn threads_stay_on_the_node_of_their_volume() {
    let mine = allowed();
    let [first, second, ..] = mine.as_slice() else {
        eprintln!("not tested: there is one processor, so there cannot be two nodes");
        return;
    };
    let sys = tempfile::tempdir().unwrap();
    for (node, processor) in [(0, first), (1, second)] {
        let folder = sys.path().join(format!("devices/system/node/node{node}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("cpulist"), format!("{processor}\n")).unwrap();
    }
    let (volumes, seen) = watched(4, Duration::ZERO);
    let many = MultiVolume::new(threads(3), Topology::read(sys.path()));
    let after = many.run(volumes, |seat, volume| {
        let parsed = pipeline(Mode::Parallel).read_among(&seat, &volume, &Progress::default()).unwrap();
        parsed.build(|_, _| Vec::new()).unwrap();
        allowed()
    });
    let only = |processor: &usize| HashSet::from([vec![*processor]]);
    let expected = [first, second, first, second].into_iter().map(only);
    assert_eq!(*seen.places.lock().unwrap(), expected.enumerate().collect::<BTreeMap<_, _>>());
    assert!(after.iter().all(|place| place.as_ref() == Ok(&mine)), "who builds may run anywhere");
}

/// A drive whose reads take a while, and somebody who has had enough.
#[test]
fn a_stop_waits_for_nothing_but_the_reads_in_flight() {
    const TAKES: Duration = Duration::from_millis(60);
    for mode in Mode::ALL {
        let slow = |count| watched(count, TAKES).0;
        // The machine may be busy with others: the best of some tries counts.
        let tries = (0..5).map(|_| {
            let progress = Progress::default();
            std::thread::scope(|scope| {
                let many = MultiVolume::new(threads(2), Topology::default());
                let (volumes, shared) = (slow(2), &progress);
                let reading = scope.spawn(move || {
                    let read = |seat: quarry_scan::Seat, volume: Volume| {
                        let parsed = pipeline(mode).read_among(&seat, &volume, shared);
                        matches!(parsed, Err(ScanError::Stopped))
                    };
                    many.run(volumes, read)
                });
                std::thread::sleep(2 * TAKES);
                progress.stop();
                let asked = Instant::now();
                let stopped = reading.join().expect("it does not panic");
                assert_eq!(stopped, [Ok(true), Ok(true)], "{mode}");
                asked.elapsed()
            })
        });
        let within = Duration::from_millis(100) + 2 * TAKES;
        let best = tries.take_while(|_| true).min().expect("some tries");
        assert!(best <= within, "{mode}: {best:?}");
    }
}

//! Which pattern wins when: throughput of a shared map at 90, 50 and 10 reads in a hundred, with 1 to 8 threads.
//! `cargo bench -p quarry-sync --bench patterns` prints the table for the machine it runs on; `docs/concurrency.md` has
//! one, and what it says.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quarry_sync::{Locked, PerThread, ReadLocked, Sharded, Snapshot};

type Map = HashMap<u64, u64>;

/// Entries of the map: more would measure the memory, fewer the luck of meeting.
const KEYS: u64 = 1024;
const THREADS: [usize; 4] = [1, 2, 4, 8];
const READS_PERCENT: [u64; 3] = [90, 50, 10];
const MEASURED: Duration = Duration::from_millis(200);

/// A map shared in one of the ways.
trait Shared: Sync {
    fn read(&self, key: u64) -> u64;
    fn write(&self, key: u64, value: u64);
}

fn full() -> Map {
    (0..KEYS).map(|key| (key, key)).collect()
}

impl Shared for Locked<Map> {
    fn read(&self, key: u64) -> u64 {
        self.with(|map| map.get(&key).copied().unwrap_or(0))
    }

    fn write(&self, key: u64, value: u64) {
        self.with(|map| map.insert(key, value));
    }
}

impl Shared for ReadLocked<Map> {
    fn read(&self, key: u64) -> u64 {
        self.read().get(&key).copied().unwrap_or(0)
    }

    fn write(&self, key: u64, value: u64) {
        self.write().insert(key, value);
    }
}

impl Shared for Sharded<Map> {
    fn read(&self, key: u64) -> u64 {
        self.read(&key).get(&key).copied().unwrap_or(0)
    }

    fn write(&self, key: u64, value: u64) {
        self.write(&key).insert(key, value);
    }
}

impl Shared for PerThread<Map> {
    fn read(&self, key: u64) -> u64 {
        self.with(|map| map.get(&key).copied().unwrap_or(0))
    }

    fn write(&self, key: u64, value: u64) {
        self.with(|map| map.insert(key, value));
    }
}

impl Shared for Snapshot<Map> {
    fn read(&self, key: u64) -> u64 {
        self.load().get(&key).copied().unwrap_or(0)
    }

    fn write(&self, key: u64, value: u64) {
        self.update(|map| {
            let mut map = map.clone();
            map.insert(key, value);
            map
        });
    }
}

/// A pattern's name, and how to make a map shared in that way.
type Pattern = (&'static str, fn() -> Box<dyn Shared>);

/// Operations per second.
fn throughput(shared: &dyn Shared, threads: usize, reads_percent: u64) -> f64 {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            let (stop, done) = (&stop, &done);
            scope.spawn(move || {
                let operations = work(shared, stop, 0x9E37_79B9 + thread as u64, reads_percent);
                done.fetch_add(operations, Ordering::Relaxed);
            });
        }
        thread::sleep(MEASURED);
        stop.store(true, Ordering::Relaxed);
    });
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

fn work(shared: &dyn Shared, stop: &AtomicBool, mut random: u64, reads_percent: u64) -> u64 {
    let (mut operations, mut seen) = (0, 0_u64);
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..64 {
            // xorshift: cheap enough not to be what is measured.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let key = random % KEYS;
            if (random >> 32) % 100 < reads_percent {
                seen = seen.wrapping_add(shared.read(key));
            } else {
                shared.write(key, seen);
            }
        }
        operations += 64;
    }
    std::hint::black_box(seen);
    operations
}

fn main() {
    let patterns: [Pattern; 5] = [
        ("Locked (mutex)", || Box::new(Locked::new(full()))),
        ("ReadLocked (rwlock)", || Box::new(ReadLocked::new(full()))),
        ("Sharded", || {
            let sharded: Sharded<Map> = Sharded::default();
            (0..KEYS).for_each(|key| Shared::write(&sharded, key, key));
            Box::new(sharded)
        }),
        ("Snapshot (copy on write)", || Box::new(Snapshot::new(full()))),
        ("PerThread", || Box::new(PerThread::new(full))),
    ];
    let processors = thread::available_parallelism().map_or(1, usize::from);
    println!("\nMillions of operations per second on a map of {KEYS} entries; {processors} processors\n");
    let columns = THREADS.map(|threads| format!("{threads} threads"));
    println!(
        "| reads/writes | pattern | {} |\n| --- | --- | ---: | ---: | ---: | ---: |",
        columns.join(" | ")
    );
    for reads_percent in READS_PERCENT {
        for (name, make) in patterns {
            let cells = THREADS.map(|threads| {
                let shared = make();
                format!("{:.2}", throughput(&*shared, threads, reads_percent) / 1e6)
            });
            println!("| {reads_percent}/{} | {name} | {} |", 100 - reads_percent, cells.join(" | "));
        }
    }
}

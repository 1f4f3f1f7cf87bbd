//! How far a scan is from the least work there is.
//!
//! The floor is a loop written by hand for nothing else: it reads a `$MFT` dump in chunks, checks the fixups,
//! walks the attributes and fills eleven columns, in place and without any care for damage, extension records,
//! folders or paths. Beside it, in the same run and the same page cache: the read alone, the scan to a
//! searchable index, and `mft_dump` (crate `mft`, CSV to /dev/null) if it is installed.
//!
//! `cargo bench -p quarry-scan --bench floor -- MFT [RUNS]`

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quarry_io::FileDevice;
use quarry_scan::{CHUNK_BYTES, Pipeline, Progress};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(path) = arguments.next() else {
        println!("give the path of a $MFT dump: cargo bench -p quarry-scan --bench floor -- MFT [RUNS]");
        return;
    };
    let runs: usize = arguments.next().and_then(|runs| runs.parse().ok()).unwrap_or(5);
    let records =
        File::open(&path).expect("the dump opens").metadata().expect("it has a length").len() / 1024;
    println!("{records} records, best of {runs} runs, page cache warm\n");
    println!("| what | threads | wall s | CPU s | million records / CPU s | CPU: floor = 1 |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let read = |threads| workers(&path, threads, |_| 0);
    let floor = |threads| workers(&path, threads, |columns| columns.record.len() as u64);
    read(1);
    let mut unit = 0.0;
    for (what, threads, work) in [
        ("floor: hand-written loop", 1, &floor as &dyn Fn(usize) -> u64),
        ("floor: hand-written loop", 2, &floor),
        ("read alone", 1, &|threads| {
            only_read(&path, threads);
            0
        }),
        ("read alone", 2, &|threads| {
            only_read(&path, threads);
            0
        }),
        ("scan to a searchable index", 1, &|threads| scan(&path, threads)),
        ("scan to a searchable index", 2, &|threads| scan(&path, threads)),
        ("mft_dump, CSV", 1, &|_| dump(&path)),
    ] {
        let times: Vec<Times> = (0..runs).map_while(|_| measure(|| work(threads))).collect();
        let Some(best) = times.iter().copied().reduce(Times::least) else {
            println!("| {what} | not installed | | | | |");
            continue;
        };
        let cpu = best.cpu.as_secs_f64();
        if unit == 0.0 {
            unit = cpu;
        }
        let rate = records as f64 / 1e6 / cpu;
        println!(
            "| {what} | {threads} | {:.3} | {cpu:.3} | {rate:.2} | {:.2} |",
            best.wall.as_secs_f64(),
            cpu / unit
        );
    }
}

#[derive(Debug, Clone, Copy)]
struct Times {
    wall: Duration,
    cpu: Duration,
}

impl Times {
    fn least(self, other: Self) -> Self {
        Self { wall: self.wall.min(other.wall), cpu: self.cpu.min(other.cpu) }
    }
}

/// Times one run; nothing if it did not happen.
fn measure(work: impl Fn() -> u64) -> Option<Times> {
    let (wall, cpu) = (Instant::now(), cpu_time());
    let done = std::hint::black_box(work());
    (done != NOT_RUN).then(|| Times { wall: wall.elapsed(), cpu: cpu_time() - cpu })
}

const NOT_RUN: u64 = u64::MAX;

/// CPU time of this process and of the children that it waited for.
fn cpu_time() -> Duration {
    let own = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let own = Duration::new(own.tv_sec.unsigned_abs(), u32::try_from(own.tv_nsec).unwrap_or(0));
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 16 and 17, counted behind the command's closing bracket: children, in ticks of 10 ms.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields.iter().skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    own + Duration::from_millis(ticks * 10)
}

fn scan(path: &str, threads: usize) -> u64 {
    let device = Arc::new(FileDevice::open(path).expect("the dump opens"));
    let volumes = quarry_scan::open(device, None).expect("it is a dump");
    let threads = threads.try_into().expect("some threads");
    let pipeline = Pipeline { threads, ..Pipeline::default() };
    pipeline.run(&volumes[0], &Progress::default()).expect("it scans").index.len().into()
}

fn dump(path: &str) -> u64 {
    let out = File::create("/dev/null").expect("there is a null device");
    let run = std::process::Command::new("mft_dump")
        .args(["-o", "csv", "--no-confirm-overwrite", path])
        .stdout(out)
        .status();
    run.map_or(NOT_RUN, |status| u64::from(status.success()))
}

/// Reads the file in chunks on some threads, each chunk once.
fn chunks(path: &Path, threads: usize, each: impl Fn(&mut dyn FnMut(&mut [u8]) -> bool) + Sync) {
    use std::os::unix::fs::FileExt;
    let file = File::open(path).expect("the dump opens");
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                each(&mut |buffer: &mut [u8]| {
                    let offset = next.fetch_add(buffer.len() as u64, Ordering::Relaxed);
                    file.read_at(buffer, offset).expect("it reads") == buffer.len()
                });
            });
        }
    });
}

fn only_read(path: &str, threads: usize) {
    chunks(Path::new(path), threads, |next| {
        let mut buffer = vec![0; CHUNK_BYTES as usize];
        while next(&mut buffer) {}
    });
}

fn workers(path: &str, threads: usize, result: impl Fn(&Columns) -> u64 + Sync) -> u64 {
    let sum = AtomicU64::new(0);
    chunks(Path::new(path), threads, |next| {
        let mut columns = Columns::default();
        let mut buffer = vec![0; CHUNK_BYTES as usize];
        while next(&mut buffer) {
            buffer.chunks_exact_mut(1024).for_each(|record| columns.take(record));
        }
        sum.fetch_add(result(&columns), Ordering::Relaxed);
    });
    std::io::stdout().flush().expect("stdout is there");
    sum.into_inner()
}

/// The eleven columns, and the names.
#[derive(Default)]
struct Columns {
    record: Vec<u32>,
    parent: Vec<u64>,
    name_end: Vec<u32>,
    names: Vec<u8>,
    size: Vec<u64>,
    allocated: Vec<u64>,
    created: Vec<u64>,
    modified: Vec<u64>,
    changed: Vec<u64>,
    accessed: Vec<u64>,
    attributes: Vec<u32>,
    flags: Vec<u16>,
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

impl Columns {
    fn take(&mut self, record: &mut [u8]) {
        let flags = u16_at(record, 0x16);
        if &record[..4] != b"FILE" || flags & 1 == 0 || u64_at(record, 0x20) != 0 {
            return;
        }
        let usa = usize::from(u16_at(record, 4));
        for stride in 1..usize::from(u16_at(record, 6)) {
            let tail = stride * 512 - 2;
            if record[tail..tail + 2] != record[usa..usa + 2] {
                return;
            }
            record.copy_within(usa + 2 * stride..usa + 2 * stride + 2, tail);
        }
        let (mut standard, mut name, mut sizes) = (None, None, (0, 0));
        let mut at = usize::from(u16_at(record, 0x14));
        loop {
            let kind = u32_at(record, at);
            if kind == u32::MAX {
                break;
            }
            let value = at + usize::from(u16_at(record, at + 0x14));
            match (kind, record[at + 8], record[at + 9]) {
                (0x10, 0, _) => standard = Some(value),
                (0x30, 0, _) if record[value + 0x41] != 2 => name = name.or(Some(value)),
                (0x80, 0, 0) => sizes = (u32_at(record, at + 0x10).into(), 0),
                (0x80, 1, 0) if u64_at(record, at + 0x10) == 0 => {
                    sizes = (u64_at(record, at + 0x30), u64_at(record, at + 0x28));
                }
                _ => {}
            }
            at += u32_at(record, at + 4) as usize;
        }
        let (Some(standard), Some(name)) = (standard, name) else { return };
        self.record.push(u32_at(record, 0x2C));
        self.parent.push(u64_at(record, name));
        let units = &record[name + 0x42..name + 0x42 + 2 * usize::from(record[name + 0x40])];
        let units = units.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        if units.clone().all(|unit| unit < 0x80) {
            self.names.extend(units.map(|unit| unit.to_le_bytes()[0]));
        } else {
            let text = char::decode_utf16(units).map(|point| point.unwrap_or(char::REPLACEMENT_CHARACTER));
            self.names.extend_from_slice(text.collect::<String>().as_bytes());
        }
        self.name_end.push(u32::try_from(self.names.len()).expect("names fit"));
        self.size.push(sizes.0);
        self.allocated.push(sizes.1);
        self.created.push(u64_at(record, standard));
        self.modified.push(u64_at(record, standard + 8));
        self.changed.push(u64_at(record, standard + 16));
        self.accessed.push(u64_at(record, standard + 24));
        self.attributes.push(u32_at(record, standard + 32));
        self.flags.push(flags);
    }
}

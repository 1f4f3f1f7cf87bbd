//! A port on a ring and a port on threads against plain positioned reads of one thread, at 4 KiB and 1 MiB, with the
//! file in the page cache and past it.
//!
//! One element is one read. The port keeps `DEPTH` of them in flight and takes as many completions as there are at a
//! time; plain reads have one in flight, which is what a program has that does no more about it.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::num::NonZeroUsize;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quarry_io::port::{BackendKind, Op, Port, PortDevice, PortOptions};
use quarry_io::{BufferPool, WritableFile, WriteOptions};

const FILE_BYTES: u64 = 256 << 20;
const DEPTH: usize = 16;

/// Reads of one measured run.
fn reads(bytes: usize) -> u64 {
    if bytes < 1 << 16 { 2048 } else { 128 }
}

/// Offsets all over the file, the same for everybody.
fn offset(number: u64, bytes: usize) -> u64 {
    let places = FILE_BYTES / bytes as u64;
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) % places * bytes as u64
}

fn file(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("file");
    let mut file = File::create(&path).expect("a file");
    let block: Vec<u8> = (0..1 << 20).map(|i| u8::try_from(i % 251).expect("below 251")).collect();
    for _ in (0..FILE_BYTES).step_by(block.len()) {
        file.write_all(&block).expect("room for the file");
    }
    file.sync_all().expect("a flush");
    path
}

fn run(port: &Port<()>, device: &PortDevice, pool: &BufferPool, bytes: usize) {
    let mut done = Vec::with_capacity(DEPTH);
    let (mut begun, mut ended) = (0, 0);
    while ended < reads(bytes) {
        let ops = (begun..reads(bytes))
            .map_while(|number| Some(Op::read(device, offset(number, bytes), pool.try_take()?, ())));
        begun += port.enqueue_many(ops).expect("room in the port") as u64;
        port.wait_many(DEPTH, None, &mut done).expect("an open port");
        for completion in done.drain(..) {
            assert_eq!(completion.result.expect("a read"), bytes);
            ended += 1;
            black_box(completion.buffers);
        }
    }
}

fn ports(c: &mut Criterion) {
    let folder = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or_else(|_| "/var/tmp".to_owned()));
    let folder = folder.expect("a folder");
    let path = file(&folder);
    for (where_from, options) in [("cached", WriteOptions::new()), ("direct", WriteOptions::new().direct())] {
        let file = WritableFile::open(&path, options).expect("the file");
        for bytes in [4 << 10, 1 << 20] {
            let mut group = c.benchmark_group(format!("{where_from}/{}KiB", bytes >> 10));
            group.throughput(Throughput::Elements(reads(bytes))).sample_size(20);
            let pool = BufferPool::new(DEPTH, bytes);
            group.bench_function("pread", |b| {
                use quarry_io::port::BlockingDevice;
                let (file, mut buffer) = (file.port_file(), pool.take());
                b.iter(|| {
                    for number in 0..reads(bytes) {
                        assert_eq!(file.read_at(&mut buffer, offset(number, bytes)).expect("a read"), bytes);
                        black_box(&buffer);
                    }
                });
            });
            for (name, backend, register) in [
                ("threads", BackendKind::Threads, false),
                ("uring", BackendKind::Uring, false),
                ("uring, registered pool", BackendKind::Uring, true),
            ] {
                let depth = NonZeroUsize::new(DEPTH).expect("not 0");
                let Ok(port) = PortOptions::new().backend(backend).depth(depth).open() else { continue };
                let device = port.register(file.port_file(), 0).expect("a file");
                if register && !port.register_buffers(&pool).unwrap_or(false) {
                    continue;
                }
                group.bench_function(BenchmarkId::from_parameter(name), |b| {
                    b.iter(|| run(&port, &device, &pool, bytes));
                });
            }
        }
    }
}

/// What the port itself costs: packets, and reads of no byte.
fn overhead(c: &mut Criterion) {
    let mut group = c.benchmark_group("overhead");
    for backend in [BackendKind::Threads, BackendKind::Uring] {
        let Ok(port) = PortOptions::new().backend(backend).open::<u64>() else { continue };
        group.bench_function(BenchmarkId::new("packet", port.backend()), |b| {
            b.iter(|| {
                port.post(0, 1).expect("an open port");
                port.wait().expect("an open port").context
            });
        });
    }
}

criterion_group!(benches, ports, overhead);
criterion_main!(benches);

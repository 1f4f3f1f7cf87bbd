//! What recycling and huge pages save: a pool's buffers filled from the page cache, and read through once.

use std::hint::black_box;
use std::io::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quarry_io::{Buffer, BufferPool, Device, FileDevice};

const BYTES: usize = 1 << 20;
const COUNT: usize = 64;

fn fill_and_sum(file: &FileDevice, mut buffer: Buffer) -> u64 {
    file.read_exact_at(&mut buffer, 0).expect("a read");
    // One byte of each cache line, in an order that the prefetcher does not guess.
    (0..BYTES / 64).fold(0, |sum, line| sum + u64::from(buffer[(line * 6151 % (BYTES / 64)) * 64]))
}

fn buffers(c: &mut Criterion) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&vec![1; BYTES]).expect("room for it");
    let file = FileDevice::open(file.path()).expect("a device");
    let mut group = c.benchmark_group("1MiB");
    group.throughput(Throughput::Bytes(BYTES as u64));
    group.bench_function("fresh memory each time", |b| {
        b.iter(|| black_box(fill_and_sum(&file, Buffer::alone(BYTES).expect("memory"))));
    });
    for (name, pool) in [
        ("recycled", BufferPool::new(COUNT, BYTES)),
        ("recycled, huge pages", BufferPool::with_huge_pages(COUNT, BYTES).expect("memory")),
    ] {
        group.bench_function(name, |b| b.iter(|| black_box(fill_and_sum(&file, pool.take()))));
        // All of the pool in turn: more pages than the processor's table of them holds.
        group.bench_function(format!("{name}, all in turn"), |b| {
            let mut lent: std::collections::VecDeque<Buffer> = (0..COUNT).map(|_| pool.take()).collect();
            b.iter(|| {
                let mut buffer = lent.pop_front().expect("all of them");
                file.read_exact_at(&mut buffer, 0).expect("a read");
                let sum =
                    (0..BYTES / 64).fold(0, |sum, i| sum + u64::from(buffer[(i * 6151 % (BYTES / 64)) * 64]));
                lent.push_back(buffer);
                black_box(sum)
            });
        });
    }
    group.bench_function("first touch of a pool", |b| {
        b.iter(|| BufferPool::new(4, BYTES).take().fill(1));
    });
    group.bench_function("first touch of a pool, huge pages", |b| {
        b.iter(|| BufferPool::with_huge_pages(4, BYTES).expect("memory").take().fill(1));
    });
}

criterion_group!(benches, buffers);
criterion_main!(benches);

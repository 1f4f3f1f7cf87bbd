//! What the primitives cost when nobody contends, beside the bare lock that each replaces.
//! `cargo bench -p quarry-sync --bench primitives`

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use quarry_sync::{Counters, LockTable, Snapshot, Versioned};

/// The key that is asked for. Where it must be present, somebody else reads it.
const KEY: u64 = 77;

fn lock_table(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lock_table");
    let bare = parking_lot::RwLock::new(());
    group.bench_function("bare RwLock, read", |bencher| bencher.iter(|| drop(black_box(&bare).read())));
    group.bench_function("bare RwLock, write", |bencher| bencher.iter(|| drop(black_box(&bare).write())));

    let locks: LockTable<u64> = LockTable::new();
    group.bench_function("absent key, read", |bencher| bencher.iter(|| drop(locks.read(black_box(KEY)))));
    group.bench_function("absent key, write", |bencher| bencher.iter(|| drop(locks.write(black_box(KEY)))));
    let present = locks.read(KEY);
    group.bench_function("present key, read", |bencher| bencher.iter(|| drop(locks.read(black_box(KEY)))));
    drop(present);
    let locks = Arc::new(locks);
    group.bench_function("absent key, owned", |bencher| {
        bencher.iter(|| drop(locks.write_owned(black_box(KEY))))
    });
    let valued: LockTable<u64, u64> = LockTable::new();
    group.bench_function("absent key, with a value", |bencher| {
        bencher.iter(|| *valued.write(black_box(KEY)) += 1);
    });
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reading 24 bytes");
    let bare = parking_lot::RwLock::new([1_u64, 2, 3]);
    group.bench_function("bare RwLock", |bencher| bencher.iter(|| *black_box(&bare).read()));
    let versioned: Versioned<[u64; 3], 3> = Versioned::new([1, 2, 3]);
    group.bench_function("Versioned, read", |bencher| bencher.iter(|| black_box(&versioned).read()));
    group.bench_function("Versioned, snapshot and validate", |bencher| {
        bencher.iter(|| {
            let snapshot = black_box(&versioned).snapshot();
            versioned.is_current(&snapshot)
        });
    });
    group.bench_function("Versioned, update", |bencher| {
        bencher.iter(|| versioned.update(|value| value[0] += 1))
    });
    let snapshot = Snapshot::new([1_u64, 2, 3]);
    group.bench_function("Snapshot, load", |bencher| bencher.iter(|| *black_box(&snapshot).load()));
    group.bench_function("Snapshot, load_full", |bencher| bencher.iter(|| *black_box(&snapshot).load_full()));
    group.finish();
}

fn counting(criterion: &mut Criterion) {
    let counters: Counters<4> = Counters::new();
    criterion.bench_function("Counters, add", |bencher| bencher.iter(|| counters.add(black_box(2), 1)));
}

criterion_group!(benches, lock_table, reading, counting);
criterion_main!(benches);

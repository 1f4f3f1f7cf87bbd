//! What happens when threads do meet: contention of a lock table, and how many callers share a commit.
//! `cargo bench -p quarry-sync --bench together`

use std::thread;
use std::time::{Duration, Instant};

use quarry_sync::{GroupCommit, GroupCommitOptions, LockTable};

const COMMIT: Duration = Duration::from_millis(1);
const COMMITS_PER_CALLER: u32 = 200;

fn lock_table() {
    const KEYS: u64 = 10_000;
    const THREADS: u64 = 8;
    const ROUNDS: u64 = 200_000;
    println!("\n## LockTable: {THREADS} threads, {KEYS} keys, one write lock in ten\n");
    let locks: LockTable<u64> = LockTable::new();
    let began = Instant::now();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let locks = &locks;
            scope.spawn(move || {
                let mut random = 0x9E37_79B9_7F4A_7C15 ^ (thread + 1);
                for round in 0..ROUNDS {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    let key = random % KEYS;
                    if round % 10 == 0 { drop(locks.write(key)) } else { drop(locks.read(key)) }
                }
            });
        }
    });
    let (stats, took) = (locks.stats(), began.elapsed());
    println!("locks per second: {:.2} million", stats.acquisitions as f64 / took.as_secs_f64() / 1e6);
    println!("contention ratio: {:.5} (aim: under 0.05)", stats.contention_ratio());
    println!("shard contention: {:.5}", stats.shard_contentions as f64 / stats.acquisitions as f64);
    println!("bytes, empty again: {}", locks.memory_bytes());

    let held: Vec<_> = (0..1_000_000).filter_map(|key| locks.try_read(key)).collect();
    println!("bytes per held key, a million held: {:.1}", locks.memory_bytes() as f64 / held.len() as f64);
    drop(held);
}

/// Sleeps less exactly than it spins; a flush of a millisecond is neither, but takes a millisecond.
fn flush() {
    let began = Instant::now();
    while began.elapsed() < COMMIT {
        thread::sleep((COMMIT - began.elapsed().min(COMMIT)) / 2);
    }
}

fn group_commit() {
    println!("\n## GroupCommit: a commit function of {COMMIT:?}\n");
    let began = Instant::now();
    (0..COMMITS_PER_CALLER).for_each(|_| flush());
    let bare = began.elapsed() / COMMITS_PER_CALLER;
    println!("the commit function alone: {bare:?}\n");
    println!(
        "| callers | operations/commit | operations/s | each waits | of the bare function |\n| ---: | ---: | ---: | ---: | ---: |"
    );
    for callers in [1, 8, 64] {
        let commit = |batch: Vec<u32>| {
            flush();
            Ok::<_, std::io::Error>(batch)
        };
        let Ok(journal) = GroupCommit::start(GroupCommitOptions::default(), commit) else { return };
        let began = Instant::now();
        thread::scope(|scope| {
            for _ in 0..callers {
                scope.spawn(|| (0..COMMITS_PER_CALLER).for_each(|op| drop(journal.commit(op))));
            }
        });
        let took = began.elapsed();
        let (stats, each) = (journal.stats(), took / COMMITS_PER_CALLER);
        println!(
            "| {callers} | {:.1} | {:.0} | {each:?} | {:.3} |",
            stats.operations_per_commit(),
            stats.operations as f64 / took.as_secs_f64(),
            each.as_secs_f64() / bare.as_secs_f64(),
        );
    }
}

fn main() {
    lock_table();
    group_commit();
}

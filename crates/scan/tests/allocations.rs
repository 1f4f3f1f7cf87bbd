//! Parsing takes place in the buffer that the device filled: what is allocated depends on the chunks, not on the records in
//! them, and on the chunks very little.
//!
//! Columns grow by moving what is in them, which the allocator is told as a reallocation: those are not counted. A test binary of its
//! own, because the allocator is the process's.

mod common;

use std::alloc::System;
use std::num::NonZeroUsize;
use std::sync::Arc;

use quarry_forge::{FileName, RecordBuilder, Reference, StandardInformation};
use quarry_io::FileDevice;
use quarry_scan::{Mode, Pipeline, Progress};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What one chunk may take, the operation on the port included.
const PER_CHUNK: usize = 8;

/// Allocations of reading a dump of so many records in chunks of so many.
fn allocations(mode: Mode, records: usize, per_chunk: usize) -> usize {
    let record = |number: u64| {
        let name = FileName::new(Reference::ROOT, format!("file {number}").as_str());
        RecordBuilder::new(number).with(StandardInformation::new()).with(name).build()
    };
    let file = tempfile::NamedTempFile::new().expect("it is sound");
    std::fs::write(file.path(), (0..records as u64).flat_map(record).collect::<Vec<u8>>())
        .expect("it is sound");
    let volumes = quarry_scan::open(Arc::new(FileDevice::open(file.path()).expect("it is sound")), None)
        .expect("it is sound");
    let chunk_bytes = u32::try_from(per_chunk << 10).expect("it is sound");
    // One parser: whether a second one comes in time for a chunk, and has columns to begin, is chance.
    let threads = NonZeroUsize::MIN;
    let pipeline = Pipeline { mode, chunk_bytes, threads, ..Pipeline::default() };
    let region = Region::new(ALLOCATOR);
    let parsed = pipeline.read(&volumes[0], &Progress::default()).expect("it is sound");
    let counted = region.change().allocations;
    assert_eq!(parsed.report().counts.files, records as u64);
    counted
}

/// One test, so that no other allocates meanwhile.
#[test]
fn a_chunk_takes_few_allocations_and_a_record_none() {
    for mode in Mode::ALL {
        let once = allocations(mode, 2048, 16);
        let few = allocations(mode, 2048, 64);
        let chunks = 2048 / 16 - 2048 / 64;
        let each = once.saturating_sub(few);
        assert!(each <= PER_CHUNK * chunks, "{mode}: {each} allocations for {chunks} chunks more");
        // As many chunks, four times the records in each: still within what the chunks may take. How many completions come at a
        // time is chance, and so is how many lists of them are made.
        let more = allocations(mode, 4 * 2048, 64);
        assert!(more <= PER_CHUNK * 128, "{mode}: {once} allocations, and {more} for four times the records");
        println!("{mode}: {once} for 128 chunks of 16, {few} for 32 of 64, {more} for 128 of 64");
    }
}

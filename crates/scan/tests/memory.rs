//! The bound on memory: four bytes for each byte of the `$MFT`, and 64 MiB.
//!
//! The dump is the worst there is: each record is filled with the shortest streams that NTFS allows, so that it gives
//! the most rows. It is a test binary of its own, because the peak that is measured is the process's.
#![cfg(target_os = "linux")]

use std::sync::Arc;

use quarry_forge::{Attribute, FileName, RecordBuilder, Reference, StandardInformation, kind};
use quarry_io::MemoryDevice;
use quarry_scan::{Pipeline, Progress};

const RECORDS: usize = 32 << 10;

/// A record with as many streams as fit.
fn crowded(number: u64) -> Vec<u8> {
    let mut record = RecordBuilder::new(number)
        .with(StandardInformation::new())
        .with(FileName::new(Reference::ROOT, format!("{number}").as_str()));
    while record.room() >= 40 {
        record = record.with(Attribute::resident(kind::DATA, []).named("s"));
    }
    record.build()
}

/// The most memory that this process has had since the last call, in bytes.
fn peak_since() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    std::fs::write("/proc/self/clear_refs", "5").expect("it can be reset");
    line.trim_end_matches("kB").trim().parse::<usize>().expect("a number") << 10
}

#[test]
fn the_worst_dump_takes_no_more_than_the_bound() {
    // One record over and over: that its number is wrong everywhere but once makes it no smaller.
    let dump = crowded(0).repeat(RECORDS);
    let bytes = dump.len();
    let device = Arc::new(MemoryDevice::new("crowded.mft", dump));
    peak_since();
    let before = peak_since();
    let volumes = quarry_scan::open(device, None).unwrap();
    let scan = Pipeline::default().run(&volumes[0], &Progress::default()).unwrap();
    let taken = peak_since() - before;
    assert!(scan.report.counts.streams > RECORDS as u64 * 15, "it is crowded: {:?}", scan.report.counts);
    assert!(taken <= 4 * bytes + (64 << 20), "{taken} bytes for a dump of {bytes}");
    assert!(taken > bytes, "{taken} bytes are fewer than its rows take: the peak was not seen");
}

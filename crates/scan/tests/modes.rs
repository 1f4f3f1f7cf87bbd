//! Each mode is what it says: so many reads in flight, so many threads that parse.
//!
//! Both are observed from outside, on a simulated disk. It counts the reads that are at it. And each chunk holds one torn
//! record, which whoever parses it reads once more: those reads, told by their length, have to meet as many as there
//! should be parsers before any of them is let on, and so have the reads of those who read for themselves.

mod common;

use std::collections::HashSet;
use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use common::{rows, run, try_open};
use quarry_forge::{VolumeBuilder, vandal};
use quarry_io::port::{BackendKind, Op, Port, PortDevice, PortOptions, PortSource};
use quarry_io::sim::{Sim, SimDevice, SimProfile};
use quarry_io::{Buffer, Device, DeviceKind, DriveKind, FileDevice, Window};
use quarry_scan::{Mode, Pipeline, Progress, Reads, ScanError};

const RECORD: u64 = 1024;
/// Records of a chunk, and how many chunks there are: as many for each thread.
const CHUNK_RECORDS: u64 = 16;
const CHUNKS: u64 = 24;
const RECORDS: u64 = CHUNKS * CHUNK_RECORDS;
const THREADS: usize = 3;
/// Where the `$MFT` lies.
const MFT: u64 = 100 * 4096;

/// Where so many threads have to come together before any goes on.
struct Gate {
    wanted: usize,
    state: Mutex<Met>,
    changed: Condvar,
}

#[derive(Default)]
struct Met {
    inside: usize,
    most: usize,
    rounds: usize,
    late: bool,
    threads: HashSet<ThreadId>,
}

impl Gate {
    fn new(wanted: usize) -> Self {
        Self { wanted, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Does `work` with as many others as are wanted; after ten seconds with those who came.
    fn pass<T>(&self, work: impl FnOnce() -> T, finish: impl FnOnce(T)) {
        let begun = work();
        let mut met = self.state.lock().expect("nobody panicked");
        met.threads.insert(std::thread::current().id());
        met.inside += 1;
        met.most = met.most.max(met.inside);
        let round = met.rounds;
        if met.inside == self.wanted {
            met.rounds += 1;
            met.inside = 0;
            self.changed.notify_all();
        }
        while met.rounds == round && !met.late {
            let (now, waited) =
                self.changed.wait_timeout(met, Duration::from_secs(10)).expect("nobody panicked");
            met = now;
            met.late |= waited.timed_out();
        }
        drop(met);
        finish(begun);
    }
}

/// A simulated disk whose blocking reads of chunks and of torn records go through gates.
struct Watched {
    disk: SimDevice,
    port: Port<()>,
    on_port: PortDevice,
    reads: Gate,
    parses: Gate,
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watched")
    }
}

impl Device for Watched {
    fn name(&self) -> &str {
        "watched"
    }
    fn len(&self) -> u64 {
        self.disk.len()
    }
    fn kind(&self) -> DeviceKind {
        DeviceKind::Block
    }
    fn drive(&self) -> DriveKind {
        self.disk.drive()
    }
    fn is_cached(&self, _offset: u64, _bytes: usize) -> Option<bool> {
        Some(false)
    }
    fn port_source(&self) -> Option<PortSource> {
        self.disk.port_source()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let record = offset.checked_sub(MFT).map(|at| at / RECORD).filter(|&record| record < RECORDS);
        match record {
            Some(record) if buf.len() as u64 == RECORD && is_torn(record) => {
                self.parses.pass(|| (), |()| buf.copy_from_slice(&self.disk.peek(offset, buf.len())));
            }
            Some(_) if buf.len() as u64 > RECORD => {
                let op = Op::read(&self.on_port, offset, Buffer::alone(buf.len())?, ());
                let ticket = || self.port.submit(op).map_err(|refused| refused.to_string()).expect("taken");
                let mut copy = |buffer: Buffer| buf.copy_from_slice(&buffer);
                self.reads.pass(ticket, |ticket| copy(ticket.wait().buffers.into_one().expect("one")));
            }
            _ => return Device::read_at(&self.disk, buf, offset),
        }
        Ok(buf.len())
    }
}

/// Each chunk has one that is torn, and none of them is read before the scan.
fn is_torn(record: u64) -> bool {
    record % CHUNK_RECORDS == 15
}

/// A volume with its `$MFT` in one piece.
fn image() -> Vec<u8> {
    let builder = VolumeBuilder::new().mft_runs(&[(Some(MFT / 4096), RECORDS * RECORD / 4096)]);
    let files = RECORDS - 27;
    let mut volume =
        (0..files).fold(builder, |builder, file| builder.file(&format!("{file:04}"), b"x")).build();
    for record in (0..RECORDS).filter(|&record| is_torn(record)) {
        volume.edit(record, |record| vandal::tear(record, 1));
    }
    volume.into_image()
}

/// Reads in flight at most as the disk saw them, and how the scan says that it read. As many have to read and to parse
/// at once as are given.
fn observe(mode: Mode, profile: SimProfile, readers: usize, parsers: usize) -> (usize, Reads) {
    let (sim, image) = (Sim::new(7), image());
    let disk = sim.disk(profile, image.len() as u64);
    disk.fill(0, &image);
    let port = PortOptions::new().simulated(&sim).open().expect("it is sound");
    let on_port = port.register(disk.clone(), 0).expect("it is sound");
    let (reads, parses) = (Gate::new(readers), Gate::new(parsers));
    let watched = Arc::new(Watched { disk: disk.clone(), port, on_port, reads, parses });
    let volume = try_open(Arc::clone(&watched) as Arc<dyn Device>).expect("it is sound");
    assert_eq!(volume.records(), RECORDS);
    let pipeline = Pipeline {
        mode,
        threads: NonZeroUsize::new(THREADS).expect("it is sound"),
        chunk_bytes: u32::try_from(CHUNK_RECORDS * RECORD).expect("it is sound"),
        ..Pipeline::default()
    };
    disk.forget_observed();
    let parsed = pipeline.read(&volume, &Progress::default()).expect("it is sound");
    let met = watched.parses.state.lock().expect("nobody panicked");
    assert!(!met.late, "{mode}: fewer than {parsers} parsed at once");
    assert_eq!((met.most, met.threads.len()), (parsers, parsers), "{mode}: at once, and in all");
    assert!(
        !watched.reads.state.lock().expect("nobody panicked").late,
        "{mode}: fewer than {readers} read at once"
    );
    assert_eq!(parsed.report().counts.torn, CHUNKS);
    (disk.observed().reads.depth_max(), parsed.reads().clone())
}

#[test]
fn a_mode_has_as_many_reads_in_flight_and_parsers_at_work_as_it_says() {
    let check = |mode: Mode, profile: SimProfile, in_flight: usize, (readers, parsers): (usize, usize)| {
        let (seen, reads) = observe(mode, profile, readers, parsers);
        assert_eq!((seen, reads.depth_most), (in_flight, in_flight), "{mode}: reads in flight");
        assert_eq!((reads.asked, reads.parsers), (mode, parsers), "{mode}");
        reads
    };
    check(Mode::Streaming, SimProfile::ssd(), 1, (1, 1));
    check(Mode::Prefetch, SimProfile::ssd(), 2, (1, 1));
    check(Mode::Pipelined, SimProfile::ssd(), 1, (1, 1));
    check(Mode::PipelinedParallel, SimProfile::ssd(), 1, (1, THREADS));
    check(Mode::Parallel, SimProfile::ssd(), THREADS, (THREADS, THREADS));
    let nvme = check(Mode::Completion, SimProfile::nvme(), 12, (1, THREADS));
    assert_eq!(nvme.backend, "sim");

    // What suits each drive, and says why.
    let head = check(Mode::Auto, SimProfile::hdd(), 1, (1, THREADS));
    assert_eq!((head.mode, head.why), (Mode::PipelinedParallel, Some("the disk has a head")));
    let flash = check(Mode::Auto, SimProfile::nvme(), 12, (1, THREADS));
    assert_eq!(flash.mode, Mode::Completion);
    assert_eq!(flash.why, Some("the drive serves several reads at once"));
}

/// A partition that ends inside the last record, with the rest of the record right behind it: a port once read on into
/// the neighbour, and the index had a file more than that of a blocking read.
#[test]
fn a_record_that_a_partition_cuts_is_cut_in_every_mode() {
    let file = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(file.path(), image()).expect("there is room");
    let disk: Arc<dyn Device> = Arc::new(FileDevice::open(file.path()).expect("it is there"));
    let cut = Window::new(disk, "partition", 0, MFT + RECORDS * RECORD - 512).expect("it is inside");
    let volume = try_open(Arc::new(cut)).expect("it is sound");
    let scan = |mode| {
        let chunk_bytes = u32::try_from(CHUNK_RECORDS * RECORD).expect("it is sound");
        run(&volume, Pipeline { mode, chunk_bytes, deleted: true, ..Pipeline::default() })
    };
    let expected = scan(Mode::Streaming);
    assert_eq!(expected.report.counts.records, RECORDS - 1);
    for mode in Mode::ALL {
        let found = scan(mode);
        assert_eq!(found.report.counts, expected.report.counts, "{mode}");
        assert_eq!(rows(&found), rows(&expected), "{mode}");
    }
}

#[test]
fn no_more_reads_are_in_flight_than_there_are_chunks() {
    let volume = try_open(common::memory(image())).expect("it is sound");
    for mode in Mode::ALL.into_iter().filter(|mode| mode.takes_depth()) {
        let chunk_bytes = u32::try_from(CHUNK_RECORDS * RECORD).expect("it is sound");
        let depth = Some(NonZeroUsize::MAX);
        let scan = run(&volume, Pipeline { mode, depth, chunk_bytes, ..Pipeline::default() });
        assert_eq!(scan.reads.chunks, CHUNKS, "{mode}");
        assert_eq!(scan.reads.depth_most as u64, CHUNKS, "{mode}");
    }
}

/// Where the mode was chosen for the user, a port that the system refuses is no reason to read nothing.
#[test]
fn without_a_port_a_volume_is_read_by_blocking_calls() {
    let file = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(file.path(), image()).expect("there is room");
    let volume =
        try_open(Arc::new(FileDevice::open(file.path()).expect("it is there"))).expect("it is sound");
    let elsewhere = if cfg!(windows) { BackendKind::Uring } else { BackendKind::Iocp };
    let (depth, threads) = (NonZeroUsize::new(2), NonZeroUsize::new(THREADS).expect("some"));
    let chunk_bytes = u32::try_from(CHUNK_RECORDS * RECORD).expect("it is sound");
    let pipeline =
        |mode| Pipeline { mode, depth, threads, chunk_bytes, backend: elsewhere, ..Pipeline::default() };
    let scan = run(&volume, pipeline(Mode::Auto));
    let Reads { mode, why, backend, parsers, depth_most, .. } = scan.reads;
    assert_eq!((mode, why, backend), (Mode::Parallel, Some("no port could be opened"), "blocking"));
    assert_eq!((parsers, depth_most), (THREADS, THREADS));
    assert_eq!(rows(&scan), rows(&run(&volume, Pipeline::default())));
    let refused = pipeline(Mode::Completion).run(&volume, &Progress::default());
    assert!(matches!(refused, Err(ScanError::Port(_))), "{refused:?}");
}

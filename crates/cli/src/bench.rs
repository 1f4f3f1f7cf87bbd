//! `quarry bench`: how fast volumes are read, in which mode, on how many threads.

mod meter;
mod print;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use quarry_index::Index;
use quarry_index::query::SearchOptions;
use quarry_io::{BufferPool, Device};
use quarry_scan::{Mode, Pipeline, Progress, Reads, ScanError, SynthDevice, Volume};

use crate::args::{Bench, BenchScan, BenchSynth, BenchVerb, Measure, Modes, Reading};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure, chain};
use crate::find;
use crate::memory::{self, Product};
use crate::output::sink::SinkError;
use crate::progress::{self, Watched};
use crate::session::{Session, Verbosity};
use crate::volumes;

use meter::{Meter, Taken};
use print::Line;

/// Bytes that a made-up `$MFT` is written in.
const WRITE_BYTES: usize = 4 << 20;

/// Measures what is asked for.
pub(crate) fn run(bench: &Bench, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    match &bench.verb {
        BenchVerb::Scan(scan) => bench_scan(scan, session, out),
        BenchVerb::Synth(synth) => bench_synth(synth, session, out),
    }
}

fn bench_scan(scan: &BenchScan, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let reading = Reading { partition: scan.partition, strict: false, threads: None };
    let opened = volumes::open(&scan.source, &reading)?;
    let Some(opened) = opened.first() else { return Err(Failure::Told) };
    let dropped = scan.drop_caches.then_some(scan.source.as_path());
    measure(&opened.title(), &opened.volume, &scan.measure, dropped, session, out)
}

fn bench_synth(synth: &BenchSynth, session: &Session, out: &mut dyn Write) -> Result<Exit, Failure> {
    let device = SynthDevice::new(synth.records, synth.seed);
    if let Some(path) = &synth.write {
        return write(&device, path, session);
    }
    let title = device.name().to_owned();
    let mut volumes = quarry_scan::open(Arc::new(device.clone()), None)
        .map_err(|error| Complaint::about(&title, chain(&error)))?;
    let Some(volume) = volumes.pop() else { return Err(Failure::Told) };
    let threads = threads(&synth.measure);
    for &threads in &threads {
        let meter = Meter::start();
        generate(&device, threads);
        let line = Line::made(device.records(), device.len(), threads, meter.stop());
        print(&line, synth.measure.json, out)?;
    }
    measure(&title, &volume, &synth.measure, None, session, out)
}

/// Measures each combination, and prints a line for each as soon as it is there.
fn measure(
    title: &str,
    volume: &Volume,
    measure: &Measure,
    dropped: Option<&Path>,
    session: &Session,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut identity = None;
    for pipeline in pipelines(measure) {
        let mut best: Option<Run> = None;
        for _ in 0..measure.runs.get() {
            if let Some(path) = dropped {
                drop_cached(path)?;
            }
            let run = once(title, volume, pipeline, measure, session)?;
            let built = run.built.as_ref().map(|built| built.identity);
            if built.is_some() && *identity.get_or_insert(built) != built {
                return Err(Complaint::about(title, "two runs gave different indexes").into());
            }
            best = Some(match best.take() {
                Some(best) if best.wall() <= run.wall() => best,
                _ => run,
            });
        }
        if let Some(run) = best {
            let line = Line::scanned(&pipeline, &run);
            print(&line, measure.json, out)?;
            session.note(Verbosity::Verbose, &format!("{title}: {}", run.reads));
        }
    }
    Ok(Exit::Found)
}

/// What one run took.
#[derive(Debug)]
struct Run {
    read: Taken,
    /// Nothing if none was built.
    build: Option<Taken>,
    /// What a search took, and how many rows it found.
    found: Option<(Taken, u64)>,
    records: u64,
    built: Option<Built>,
    /// Bytes that were put aside.
    spilled: u64,
    reads: Reads,
}

/// What came of a build.
#[derive(Debug)]
struct Built {
    rows: u32,
    identity: u64,
    /// Bytes of each column.
    columns: BTreeMap<&'static str, u64>,
}

impl Run {
    fn wall(&self) -> f64 {
        self.read.wall + self.build.map_or(0.0, |build| build.wall)
    }
}

fn once(
    title: &str,
    volume: &Volume,
    pipeline: Pipeline,
    measure: &Measure,
    session: &Session,
) -> Result<Run, Failure> {
    let budget = measure.memory.budget(&measure.memory.folder());
    let progress = Progress::default();
    let watched = Watched { name: title, record_bytes: volume.record_bytes() };
    let complain = |error: ScanError| match error {
        ScanError::Stopped => Failure::Interrupted,
        error => {
            let next_step = memory::advice(&error);
            Complaint { next_step, ..Complaint::about(title, chain(&error)) }.into()
        }
    };
    progress::watch(watched, session, &progress, || {
        let meter = Meter::start();
        let parsed = pipeline.read_within(&budget, None, volume, &progress).map_err(complain)?;
        let read = meter.stop();
        let (records, reads) = (parsed.report().counts.records, parsed.reads().clone());
        let (built, found) = (None, None);
        let run = Run { read, build: None, found, records, built, spilled: 0, reads };
        if measure.lean {
            return Ok(run);
        }
        let meter = Meter::start();
        let _deaf = session.interrupt.deaf();
        // One that was built within a budget is to be searched, too.
        let product = Product::build(parsed, &budget).map_err(complain)?;
        let index = product.open(&measure.memory.folder())?.index;
        let (build, spilled) = (Some(meter.stop()), budget.spilled_bytes());
        let built = Some(Built { rows: index.len(), identity: index.identity(), columns: columns(&index) });
        let found = measure.find.as_deref().map(|query| search(title, &index, query)).transpose()?;
        Ok(Run { build, found, built, spilled, ..run })
    })
}

fn columns(index: &Index) -> BTreeMap<&'static str, u64> {
    index.columns().map(|size| (size.column.name(), size.bytes)).collect()
}

fn search(title: &str, index: &Index, query: &str) -> Result<(Taken, u64), Failure> {
    let (query, meter) = (find::parse(query)?, Meter::start());
    let hits = index.search(&query, &SearchOptions { limit: Some(0), ..SearchOptions::default() });
    let total = hits.map_err(|fault| Complaint::about(title, fault))?.total;
    Ok((meter.stop(), total))
}

/// Each combination of mode, threads and depth; a mode that takes no depth comes once.
fn pipelines(measure: &Measure) -> Vec<Pipeline> {
    let mut modes: Vec<Mode> = Vec::new();
    for wanted in &measure.modes {
        match *wanted {
            Modes::All => modes.extend(Mode::ALL),
            Modes::One(mode) => modes.push(mode),
        }
    }
    let mut pipelines = Vec::new();
    for mode in modes {
        for threads in threads(measure) {
            let depths: Vec<Option<NonZeroUsize>> = match measure.depths.as_slice() {
                [] => vec![None],
                _ if !mode.takes_depth() => vec![None],
                depths => depths.iter().copied().map(Some).collect(),
            };
            let page_cache = volumes::through_cache(measure.page_cache);
            let usual = Pipeline { page_cache, deleted: true, ..Pipeline::default() };
            let with = |depth| Pipeline { mode, threads, depth, ..usual };
            pipelines.extend(depths.into_iter().map(with));
        }
    }
    pipelines
}

fn threads(measure: &Measure) -> Vec<NonZeroUsize> {
    match measure.threads.as_slice() {
        [] => vec![Pipeline::default().threads],
        threads => threads.to_vec(),
    }
}

/// Makes all records, and looks at none: what of a scan's time is not the scan's.
fn generate(device: &SynthDevice, threads: NonZeroUsize) {
    let bytes = quarry_scan::CHUNK_BYTES as usize;
    let buffers = BufferPool::new(threads.get(), bytes);
    let next = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| {
                let mut buffer = buffers.take();
                loop {
                    let at = next.fetch_add(bytes as u64, std::sync::atomic::Ordering::Relaxed);
                    // It cannot fail; 0 is the end.
                    match device.read_at(&mut buffer, at) {
                        Ok(0) | Err(_) => return,
                        Ok(_) => {}
                    }
                }
            });
        }
    });
}

/// Writes a made-up `$MFT` into a new file. One that is not whole is deleted.
fn write(device: &SynthDevice, path: &Path, session: &Session) -> Result<Exit, Failure> {
    let complain = |error: std::io::Error| Complaint::about(path.display().to_string(), chain(&error));
    let file = File::create_new(path).map_err(complain)?;
    let written = write_all(device, file, session, complain);
    written.inspect_err(|_| {
        // What cannot be deleted, the user sees.
        let _ = std::fs::remove_file(path);
    })
}

fn write_all(
    device: &SynthDevice,
    mut file: File,
    session: &Session,
    complain: impl Fn(std::io::Error) -> Complaint,
) -> Result<Exit, Failure> {
    let mut buffer = vec![0; WRITE_BYTES];
    let mut at = 0;
    while at < device.len() {
        if session.interrupt.is_set() {
            return Err(Failure::Interrupted);
        }
        let count = device.read_at(&mut buffer, at).map_err(&complain)?;
        file.write_all(buffer.get(..count).unwrap_or_default()).map_err(&complain)?;
        at += count as u64;
    }
    Ok(Exit::Found)
}

/// Lets the system forget what it keeps of a file; of that one only, so that nothing else on the machine is slower for it.
#[cfg(target_os = "linux")]
fn drop_cached(path: &Path) -> Result<(), Complaint> {
    let complain = |error: std::io::Error| Complaint::about(path.display().to_string(), chain(&error));
    let file = File::open(path).map_err(complain)?;
    // What was not written to the disk yet is kept.
    file.sync_all().map_err(complain)?;
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).map_err(|error| complain(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn drop_cached(path: &Path) -> Result<(), Complaint> {
    let complaint =
        Complaint::about(path.display().to_string(), "this system cannot be told to drop its cache");
    Err(complaint.then("leave out --drop-caches"))
}

fn print(line: &Line, json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let text = if json { line.json() } else { line.text() };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(SinkError::from)?;
    Ok(())
}

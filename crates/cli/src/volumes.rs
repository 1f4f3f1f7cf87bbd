//! From what the user named to volumes, and from volumes to indexes; [`crate::sources`] has what is in the catalogue, too.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use quarry_index::Budget;
use quarry_io::{Device, DeviceKind, FileDevice};
use quarry_scan::{
    OpenError, PageCache, Parsed, Pipeline, Progress, Reads, Report, Scan, ScanError, Seat, Volume,
};

use crate::args::{How, Memory, Reading, When};
use crate::damage;
use crate::failure::{Complaint, Failure, chain};
use crate::memory::{self, Product};
use crate::place::{Place, with_partition};
use crate::session::{Session, Verbosity};
use crate::together;

/// A volume that can be searched.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) source: PathBuf,
    pub(crate) volume: Volume,
}

impl Opened {
    /// What it is called in messages: the source as given, and the partition where it is one.
    pub(crate) fn title(&self) -> String {
        with_partition(&self.source.display().to_string(), self.volume.partition())
    }
}

/// Opens the device or image at `path`.
pub(crate) fn open_device(path: &Path) -> Result<Arc<dyn Device>, Complaint> {
    match FileDevice::open(path) {
        Ok(device) => Ok(Arc::new(device)),
        // These say where, why and what to do, except for what the system answered.
        Err(error @ quarry_io::OpenError::Failed { .. }) => Err(Complaint::of(chain(&error))),
        Err(error) => Err(Complaint::of(error)),
    }
}

/// Opens the NTFS volumes of the source at `path`, one or, of a whole disk, all.
pub(crate) fn open(path: &Path, reading: &Reading) -> Result<Vec<Opened>, Complaint> {
    open_on(path, open_device(path)?, reading)
}

/// The same for a device that is open.
pub(crate) fn open_on(
    path: &Path,
    device: Arc<dyn Device>,
    reading: &Reading,
) -> Result<Vec<Opened>, Complaint> {
    let partition = reading.partition.map(|number| u32::try_from(number.get()).unwrap_or(u32::MAX));
    let mut volumes = quarry_scan::open(device, partition).map_err(|error| refusal(path, &error))?;
    volumes.iter_mut().for_each(|volume| ask_system(path, volume));
    Ok(volumes.into_iter().map(|volume| Opened { source: path.to_owned(), volume }).collect())
}

/// What the user is told of a source that cannot be opened.
pub(crate) fn refusal(path: &Path, error: &OpenError) -> Complaint {
    let complaint = match error {
        // It names the device.
        OpenError::Read(_) => Complaint::of(chain(error)),
        _ => Complaint::about(path.display().to_string(), chain(error)),
    };
    Complaint { next_step: error.advice().map(str::to_owned), ..complaint }
}

/// Asks Windows where it has the `$MFT` of a volume that is a device. It says so only of one that it has mounted, and to an administrator.
pub(crate) fn ask_system(path: &Path, volume: &mut Volume) {
    if cfg!(windows) && volume.partition().is_none() && volume.device().kind() == DeviceKind::Block {
        volume.compare_runs(quarry_io::system_runs(&path.join("$MFT")));
    }
}

/// Lets the paths of a volume that is mounted begin where it is.
#[cfg(target_os = "linux")]
pub(crate) fn mounted(place: Place, opened: &Opened) -> Place {
    match crate::mounts::mounted_at(&opened.source, opened.volume.partition()) {
        Some(mount_point) => place.mounted_at(&mount_point),
        None => place,
    }
}

/// Where volumes are mounted is not asked on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn mounted(place: Place, _opened: &Opened) -> Place {
    place
}

/// How the user wants volumes read.
pub(crate) fn pipeline(reading: &Reading, how: How, deleted: bool) -> Result<Pipeline, Complaint> {
    let usual = Pipeline::default();
    let threads: NonZeroUsize = reading.threads.unwrap_or(usual.threads);
    let How { mode, depth, page_cache } = how;
    if depth.is_some() && !mode.takes_depth() {
        let cause = format!("the mode {mode} has as many reads in flight as it has readers");
        return Err(Complaint::about("--depth", cause).then("leave it out, or choose --mode completion"));
    }
    let page_cache = through_cache(page_cache);
    Ok(Pipeline { mode, depth, page_cache, threads, deleted, strict: reading.strict, ..usual })
}

/// Whether the page cache stands between, by the user's word.
pub(crate) fn through_cache(when: When) -> PageCache {
    match when {
        When::Auto => PageCache::Auto,
        When::Always => PageCache::Always,
        When::Never => PageCache::Never,
    }
}

/// How long each half of a scan took, seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phases {
    /// Reading and parsing.
    pub(crate) read: f64,
    /// Building the index.
    pub(crate) build: f64,
}

/// Reads a volume into an index, and tells what is damaged on it.
pub(crate) fn scan(
    opened: &Opened,
    pipeline: Pipeline,
    memory: &Memory,
    session: &Session,
) -> Result<Scan, Failure> {
    scan_all(&[opened], pipeline, memory, session).pop().unwrap_or(Err(Failure::Told))
}

/// The same for several, in their order; after an interrupt there may be none of the last.
pub(crate) fn scan_all(
    volumes: &[&Opened],
    pipeline: Pipeline,
    memory: &Memory,
    session: &Session,
) -> Vec<Result<Scan, Failure>> {
    let budget = memory.budget(&memory.folder());
    let read = together::each(volumes, (pipeline.threads, memory), session, |number, seat, progress| {
        let build = |parsed| Product::build(parsed, &budget);
        let (product, phases) =
            read_and(build, volumes[number], pipeline, (seat, &budget), progress, session)?;
        let _deaf = session.interrupt.deaf();
        Ok((product.open(&memory.folder())?, phases))
    });
    let told = read.into_iter().zip(volumes).map(|(read, opened)| {
        let (scan, phases) = read?;
        tell(session, &opened.title(), phases, &scan.report, &scan.reads);
        Ok(scan)
    });
    told.collect()
}

/// Reads one volume, perhaps among other volumes, and builds its index. The caller watches the progress, and [tells](tell) what came of it.
pub(crate) fn read_and<T>(
    build: impl FnOnce(Parsed) -> Result<T, ScanError>,
    opened: &Opened,
    pipeline: Pipeline,
    (seat, budget): (Option<&Seat>, &Budget),
    progress: &Progress,
    session: &Session,
) -> Result<(T, Phases), Failure> {
    let title = opened.title();
    let began = Instant::now();
    let result = (|| {
        let parsed = pipeline.read_within(budget, seat, &opened.volume, progress)?;
        let read = began.elapsed().as_secs_f64();
        let _deaf = session.interrupt.deaf();
        let built = build(parsed)?;
        Ok((built, Phases { read, build: began.elapsed().as_secs_f64() - read }))
    })();
    result.map_err(|error| match error {
        ScanError::Stopped => Failure::Interrupted,
        ScanError::Strict { .. } => {
            let complaint = Complaint::about(&title, chain(&error));
            complaint.then("leave out --strict to go on without what cannot be read").into()
        }
        _ => {
            let next_step = memory::advice(&error);
            Complaint { next_step, ..Complaint::about(&title, chain(&error)) }.into()
        }
    })
}

/// Tells how a volume was read, and what is damaged on it.
pub(crate) fn tell(session: &Session, title: &str, phases: Phases, report: &Report, reads: &Reads) {
    let took = (phases.read + phases.build) * 1e3;
    let read = format!("{title}: {} records read in {took:.1} ms", report.counts.records);
    session.note(Verbosity::Verbose, &read);
    session.note(Verbosity::Verbose, &format!("{title}: {reads}"));
    damage::tell(session, title, report);
}

//! From what the user named to volumes, and from volumes to indexes.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use quarry_io::{Device, FileDevice};
use quarry_scan::{Pipeline, Progress, Scan, ScanError, Volume};

use crate::args::Reading;
use crate::damage;
use crate::failure::{Complaint, Failure, chain};
use crate::place::{Origin, Place};
use crate::progress;
use crate::session::{Session, Verbosity, millis};

/// A volume that can be searched.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) source: PathBuf,
    pub(crate) volume: Volume,
}

impl Opened {
    /// What it is called in messages: the source as given, and the partition where it is one.
    pub(crate) fn title(&self) -> String {
        let source = self.source.display();
        self.volume.partition().map_or_else(|| source.to_string(), |number| format!("{source}#{number}"))
    }
}

/// Opens the device or image at `path`.
pub(crate) fn open_device(path: &Path) -> Result<Arc<dyn Device>, Complaint> {
    match FileDevice::open(path) {
        Ok(device) => Ok(Arc::new(device)),
        // These say where, why and what to do, except for what the system answered.
        Err(error @ quarry_io::OpenError::Failed { .. }) => {
            Err(Complaint { source: None, cause: chain(&error), next_step: None })
        }
        Err(error) => Err(Complaint { source: None, cause: error.to_string(), next_step: None }),
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
    let volumes = quarry_scan::open(device, partition).map_err(|error| {
        let next_step = error.advice().map(str::to_owned);
        Complaint { next_step, ..Complaint::about(path.display().to_string(), chain(&error)) }
    })?;
    Ok(volumes.into_iter().map(|volume| Opened { source: path.to_owned(), volume }).collect())
}

/// Names the volumes, each differently; `several` says whether paths need the name in front.
pub(crate) fn places(opened: &[Opened], several: bool) -> Vec<Place> {
    let of_source = |source: &Path| opened.iter().filter(|other| other.source == source).count();
    let origins: Vec<Origin<'_>> = opened
        .iter()
        .map(|opened| {
            // The only volume of a disk needs no number.
            let partition = opened.volume.partition().filter(|_| of_source(&opened.source) > 1);
            Origin { source: &opened.source, partition }
        })
        .collect();
    let places = Place::name_all(&origins, several);
    places.into_iter().zip(opened).map(|(place, opened)| mounted(place, opened)).collect()
}

#[cfg(target_os = "linux")]
fn mounted(place: Place, opened: &Opened) -> Place {
    match crate::mounts::mounted_at(&opened.source, opened.volume.partition()) {
        Some(mount_point) => place.mounted_at(&mount_point),
        None => place,
    }
}

#[cfg(not(target_os = "linux"))]
fn mounted(place: Place, _opened: &Opened) -> Place {
    place
}

/// How the user wants volumes read.
pub(crate) fn pipeline(reading: &Reading, deleted: bool) -> Pipeline {
    let usual = Pipeline::default();
    let readers: NonZeroUsize = reading.threads.unwrap_or(usual.readers);
    Pipeline { readers, deleted, strict: reading.strict, ..usual }
}

/// Reads a volume into an index, and tells what is damaged on it.
pub(crate) fn scan(opened: &Opened, pipeline: Pipeline, session: &Session) -> Result<Scan, Failure> {
    let title = opened.title();
    let began = Instant::now();
    let progress = Progress::default();
    let result = progress::watch(&title, session, &progress, || pipeline.run(&opened.volume, &progress));
    let scan = result.map_err(|error| match error {
        ScanError::Stopped => Failure::Interrupted,
        ScanError::Strict { .. } => {
            let complaint = Complaint::about(&title, chain(&error));
            complaint.then("leave out --strict to go on without what cannot be read").into()
        }
        _ => Complaint::about(&title, chain(&error)).into(),
    })?;
    let read = format!("{title}: {} records read in {:.1} ms", scan.report.counts.records, millis(began));
    session.note(Verbosity::Verbose, &read);
    damage::tell(session, &title, &scan.report);
    Ok(scan)
}

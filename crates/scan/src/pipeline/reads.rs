//! How a volume was read: what was decided before, and what came of it.

use std::fmt;
use std::sync::Arc;

use quarry_io::{Device, DeviceKind, DriveKind};

use super::mode::{Mode, Shape};
use super::plan::Plan;
use crate::error::ScanError;
use crate::volume::Volume;

/// Places of the `$MFT` that are asked whether they are cached.
const SAMPLES: usize = 4;

/// With so few chunks a port costs more than it saves.
const FEW_CHUNKS: usize = 4;

/// What the bitmap of the `$MFT` was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BitmapUse {
    /// There is none, or it cannot be read.
    None,
    /// What it says is not in use was read last.
    Order,
    /// As before, though leaving it out was asked for: the source may change, and a bitmap lags behind.
    OrderOnly,
    /// What it says is not in use was left out.
    Skip,
}

/// Whether the system's page cache stands between a volume and its reader.
///
/// Past it, the drive writes into the buffer that is parsed: half the processor time, and nothing else in memory is thrown out. Through it,
/// a second look costs no drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PageCache {
    /// Not for a block device that is not in it already; for an image it does, which is mostly looked at again.
    #[default]
    Auto,
    /// It does.
    Always,
    /// It does not; a source that cannot be read otherwise is refused.
    Never,
}

impl PageCache {
    /// The volume's device past the cache, if it is to be read so.
    pub(super) fn past(self, volume: &Volume, plan: &Plan) -> Result<Option<Arc<dyn Device>>, ScanError> {
        let device = &*volume.device;
        let bytes = u64::from(volume.record_bytes);
        match self {
            Self::Always => Ok(None),
            Self::Never => device.past_cache().map(Some).ok_or(ScanError::OnlyCached),
            Self::Auto if device.kind() != DeviceKind::Block => Ok(None),
            Self::Auto
                if samples(plan, bytes).any(|(at, bytes)| device.is_cached(at, bytes) == Some(false)) =>
            {
                Ok(device.past_cache())
            }
            Self::Auto => Ok(None),
        }
    }
}

/// How a volume was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reads {
    /// The mode that was asked for.
    pub asked: Mode,
    /// The mode that it was read in.
    pub mode: Mode,
    /// Why it is that one, where that was decided here.
    pub why: Option<&'static str>,
    /// What it lies on, as far as that can be told.
    pub drive: DriveKind,
    /// Whether it was read past the system's page cache.
    pub past_cache: bool,
    /// What read: `blocking` calls of those who parse, or the backend of a port.
    pub backend: &'static str,
    /// Threads that read.
    pub readers: usize,
    /// Threads that parsed.
    pub parsers: usize,
    /// Reads in flight at first.
    pub depth_first: usize,
    /// Reads in flight at the end.
    pub depth_last: usize,
    /// Reads in flight at most.
    pub depth_most: usize,
    /// Bytes of a chunk.
    pub chunk_bytes: u32,
    /// Chunks that were read.
    pub chunks: u64,
    /// Records that were read.
    pub records: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What the bitmap was used for.
    pub bitmap: BitmapUse,
    /// Records that were left out, because they are not in use by the word of the bitmap.
    pub left_out: u64,
    /// Records that were read last, because they are not in use by the word of the bitmap.
    pub put_last: u64,
    /// Records that were not read, because they lie in holes.
    pub holes: u64,
}

impl Reads {
    /// Goes over to reading by blocking calls, on as many threads as were to parse; what that is.
    pub(super) fn without_port(&mut self, planned: &Shape) -> Shape {
        let shape = Mode::Parallel.shape(planned.workers(), &self.drive.profile(), None);
        (self.mode, self.why) = (Mode::Parallel, Some("no port could be opened"));
        (self.readers, self.parsers) = (shape.readers, shape.workers());
        (self.depth_first, self.depth_last, self.depth_most) =
            (shape.depths.first, shape.depths.first, shape.depths.first);
        shape
    }
}

impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mode)?;
        if let Some(why) = self.why {
            write!(f, " ({why})")?;
        }
        let Self { depth_first, depth_last, depth_most, .. } = *self;
        write!(f, ", {} in flight", numbers(depth_first, depth_most, depth_last))?;
        write!(f, ", parsers: {}, {} reads of {} KiB", self.parsers, self.backend, self.chunk_bytes >> 10)?;
        f.write_str(if self.past_cache { " past the page cache" } else { "" })
    }
}

/// `6`, or `6 to 16, then 9`.
fn numbers(first: usize, most: usize, last: usize) -> String {
    match (first == most, most == last) {
        (true, true) => first.to_string(),
        (false, true) => format!("{first} to {most}"),
        (true, false) => format!("{first}, then {last}"),
        (false, false) => format!("{first} to {most}, then {last}"),
    }
}

/// What suits a volume: the mode, and why.
pub(super) fn choose(volume: &Volume, plan: &Plan, depth_forced: bool) -> (Mode, &'static str) {
    let device = &*volume.device;
    if depth_forced {
        return (Mode::Completion, "a depth was asked for");
    }
    if plan.chunks.len() <= FEW_CHUNKS {
        return (Mode::Parallel, "the $MFT is small");
    }
    if is_cached(device, plan, volume.record_bytes.into()) {
        return (Mode::Parallel, "the $MFT is in memory");
    }
    match device.drive() {
        _ if device.port_source().is_none() => (Mode::Parallel, "the source is read by blocking calls alone"),
        DriveKind::Rotational => (Mode::PipelinedParallel, "the disk has a head"),
        _ => (Mode::Completion, "the drive serves several reads at once"),
    }
}

/// Whether all samples of the `$MFT` come out of memory.
fn is_cached(device: &dyn Device, plan: &Plan, record_bytes: u64) -> bool {
    samples(plan, record_bytes).all(|(offset, bytes)| device.is_cached(offset, bytes) == Some(true))
}

/// Some places of the `$MFT` on its device, with the bytes that are read there.
fn samples(plan: &Plan, record_bytes: u64) -> impl Iterator<Item = (u64, usize)> {
    (0..SAMPLES).filter_map(move |sample| {
        let chunk = plan.chunks.get(plan.chunks.len() * sample / SAMPLES)?;
        let bytes = usize::try_from((chunk.records.end - chunk.records.start) * record_bytes).ok()?;
        Some((chunk.offset?, bytes))
    })
}

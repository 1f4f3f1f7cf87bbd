//! An NTFS volume, read at the speed of its disk into an index.
//!
//! [`open`] tells what a device holds and opens the volumes on it; a [`Pipeline`] reads the `$MFT` of one and
//! builds a [`quarry_index::Index`]; its [`Report`] says what was met on the way.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! let device = Arc::new(quarry_io::FileDevice::open("disk.img")?);
//! for volume in quarry_scan::open(device, None)? {
//!     let scan = quarry_scan::Pipeline::default().run(&volume, &quarry_scan::Progress::default())?;
//!     println!("{} rows, {} damaged records", scan.index.len(), scan.report.counts.damaged);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Invariant: a source is only ever read, and only through [`quarry_io::Device`].
#![forbid(unsafe_code)]

mod absorb;
mod dump;
mod error;
mod extents;
pub mod identify;
mod many;
mod mft;
mod parsed;
mod pipeline;
mod progress;
mod report;
mod source;
mod synth;
mod system;
mod topology;
mod volume;

pub use error::{OpenError, ScanError};
pub use extents::{Extent, ExtentError, Extents};
pub use many::{MultiVolume, Panicked, Seat};
pub use parsed::{Parsed, Prepared};
pub use pipeline::{
    BitmapUse, CHUNK_BYTES, CHUNK_BYTES_MAX, Mode, Order, PageCache, Pipeline, Reads, Scan, UnknownMode,
};
pub use progress::Progress;
pub use report::{Counts, DamagedRecord, LISTED_MAX, Note, Report, Unread};
pub use source::open;
pub use synth::{SYNTH_RECORDS_MAX, SynthDevice};
pub use system::RunsCheck;
pub use topology::Topology;
pub use volume::{RecordFault, Volume};

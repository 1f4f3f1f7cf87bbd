//! What has been indexed, as named entries in a folder.
//!
//! A [`Catalog`] is a folder in which each [`Entry`] is a snapshot file and a small pointer that names it. Publishing writes a
//! new snapshot and then replaces the pointer, so that a reader sees the old entry or the new one, whatever crashes when;
//! what a crash leaves behind is collected by whoever writes next. `docs/formats/catalog.md` draws the files and the protocol.
//!
//! ```
//! use std::io::Write;
//! use quarry_catalog::{Catalog, Counts, Facts, Name, Source, SourcePath, Wait};
//!
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path();
//! let catalog = Catalog::at(folder);
//! let name = Name::new("Disk C")?;
//! let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
//! let source = Source { kind: "volume".into(), path, serial: Some(0x1234), label: None };
//! let facts = Facts { source, scanned: 134_084_736_000_000_000, took_ns: 2_000_000, counts: Counts::default() };
//!
//! let mut lock = catalog.lock(&name, Wait::No)?;
//! lock.publish(facts, |snapshot| {
//!     snapshot.write_all(b"columns")?;
//!     Ok::<u64, std::io::Error>(0xFEED) // the snapshot's identity
//! })?;
//!
//! let opened = catalog.open(&name)?;
//! assert_eq!((opened.entry.generation, opened.entry.identity), (1, 0xFEED));
//! assert_eq!(opened.map(1 << 20)?.as_slice(), b"columns");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A source that changes while it is watched is a [`Live`] entry: its snapshot with a log of what changed since, searched as one.
//!
//! Invariants: a snapshot is an opaque file to all but [`Live`]; nothing here knows how a source is read. All system calls
//! that change a catalogue go through one trait, so that tests can crash it at each of them.
#![forbid(unsafe_code)]

mod catalog;
mod collect;
mod durable;
mod entry;
mod error;
mod escape;
mod export;
mod layout;
mod live;
mod lock;
mod log;
mod name;
mod open;
mod place;
mod pointer;
mod publish;
mod rename;
mod source;
mod storage;
#[cfg(test)]
mod tests;

pub use catalog::{Catalog, Listed, Stray};
pub use collect::{Collected, Left};
pub use entry::{Counts, Entry, Facts};
pub use error::{BoxError, Error, Step};
pub use export::{ExportError, Exported};
pub use live::{Changes, Current, Live, LiveOptions, LiveStatus};
pub use lock::{EntryLock, Wait};
pub use log::LogError;
pub use name::{NAME_BYTES_MAX, Name, NameError};
pub use open::Opened;
pub use place::default_folder;
pub use pointer::PointerError;
pub use publish::Published;
pub use source::{KIND_BYTES_MAX, LABEL_BYTES_MAX, PATH_BYTES_MAX, Source, SourceError, SourcePath};
pub use storage::Trust;

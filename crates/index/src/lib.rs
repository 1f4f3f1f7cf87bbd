//! Rows as columns: an index of every name of a source, built in parallel and searched at memory speed.
//!
//! A source (an NTFS volume, a directory walk) fills [`Batch`]es, one a worker; a [`Builder`] makes an
//! [`Index`] of them; a [`query::Query`] finds rows in it. The crate knows no source: what comes in are files
//! with record numbers, names with parents, streams, and facts that belong to a file elsewhere.
//!
//! An index is a *snapshot*: one run of bytes with a directory, searched where it lies, in memory or in a file that is
//! mapped. The bytes are drawn in `docs/formats/snapshot.md`.
//!
//! A *row* is a name (or a stream), a *file* is what it names. Hard links are rows of one file.
#![forbid(unsafe_code)]

mod batch;
mod budget;
mod build;
mod case;
mod check;
mod counted;
mod evidence;
mod file;
mod heads;
mod index;
pub mod live;
mod names;
mod pieces;
pub mod query;
mod row;
mod rows;
mod store;
pub mod wtf8;

pub use batch::{Batch, NAME_BYTES_MAX, Stream};
pub use budget::{Budget, Need, OverBudget, SpillError};
pub use build::{BuildError, Builder, Built, Finding, FindingKind, Findings, Joined, LISTED_MAX};
pub use case::CaseTable;
pub use counted::Counted;
pub use evidence::Evidence;
pub use file::{File, FileFlags, FileId, Patch, Time, is_link_tag};
pub use index::{ColumnSize, Index, Row, Total};
pub use names::{NameStore, make_possible};
pub use row::{Kind, RowFlags};
pub use store::{Column, Part, SnapshotBytes, SnapshotError};

/// Reparse tag of a file packed by the Windows Overlay Filter: its bytes lie in a stream of their own.
pub const TAG_WOF: u32 = 0x8000_0017;

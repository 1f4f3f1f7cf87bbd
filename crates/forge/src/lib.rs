//! NTFS records, `$MFT`s, volumes and whole disks made to order, in memory: for tests, fuzz seeds and benchmarks.
//!
//! The forge is the independent witness of the parser. It is written from the format's public description alone and
//! **does not depend on the parser**, so that a misreading there is not mirrored here; what it makes is shown to other
//! people's tools (`tests/outsiders.rs` says which, and what each accepts).
//!
//! It is a test tool: a request that cannot be met (attributes that do not fit a record, overlapping extents, a record
//! number given twice) panics at once with a message that names it. Nothing wraps or truncates in silence. What *can* be
//! written may be as wrong as a test needs: [`vandal`] damages finished records, [`raw_runs`] and [`Attribute::raw`]
//! write any bytes.
//!
//! # An odd record in three lines
//! ```
//! use quarry_forge::{Attribute, FileName, RecordBuilder, Reference};
//!
//! let name = FileName::new(Reference::ROOT, [0xD800]).sizes(4096, 12);
//! let record = RecordBuilder::new(42).with(name).with(Attribute::data(b"hello").named("zone")).build();
//! assert_eq!(record.len(), 1024);
//! ```
//!
//! # A volume
//! ```
//! use quarry_forge::VolumeBuilder;
//!
//! let volume = VolumeBuilder::new().cluster_bytes(512).label("ODD").file("a/b.txt", b"hello").build();
//! assert_eq!(&volume.image()[3..7], b"NTFS");
//! assert_eq!(&volume.mft()[..4], b"FILE");
//! assert!(volume.reference("a/b.txt").frs() >= 24);
//! ```
//!
//! # A disk around it
//! ```
//! use quarry_forge::{Disk, VolumeBuilder, disk::partition_type};
//!
//! let volume = VolumeBuilder::new().build();
//! let disk = Disk::gpt(512).partition(2048, partition_type::BASIC_DATA, "data", volume.image()).build();
//! assert_eq!(&disk[512..520], b"EFI PART");
//! ```
#![forbid(unsafe_code)]

pub mod attribute;
mod bytes;
pub mod disk;
pub mod fixup;
pub mod lookalike;
mod name;
mod record;
mod reference;
mod runs;
mod times;
pub mod vandal;
pub mod volume;

pub use attribute::{
    Attribute, AttributeList, Bitmap, FileName, IndexEntry, IndexRoot, ListEntry, NonResident, ObjectId,
    Reparse, StandardInformation, VolumeInformation, VolumeName, attribute_flags, kind, namespace, tag,
};
pub use disk::Disk;
pub use lookalike::Lookalike;
pub use name::Name;
pub use record::RecordBuilder;
pub use reference::Reference;
pub use runs::{Run, clusters, raw_runs, runs};
pub use times::{DEFAULT_FILETIME, Times, filetime};
pub use volume::{Entry, MftList, Volume, VolumeBuilder};

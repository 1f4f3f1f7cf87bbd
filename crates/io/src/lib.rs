//! How disks are read and written: devices, a completion port over them, and the memory that they are read into.
//!
//! What reads one thing after the other reads through one small trait, [`Device`]: positioned, read-only, shareable between
//! threads. A regular file, a block device ([`FileDevice`]), a byte string ([`MemoryDevice`]) and a partition of any of
//! them ([`Window`]) look alike, and a test can put [`FaultyDevice`] in between to see what happens when a disk fails.
//!
//! What wants many operations in flight opens a [`Port`]: operations go in with their [`Buffer`]s and come back with
//! results, through an io_uring or threads. [`DriveKind`] says how many a drive likes at once. A [`DiskQueue`] is a port for
//! one disk with priorities in front. [`sim`] has devices for tests, on a virtual clock.
//!
//! Sources are only ever read. What is written is opened as a [`WritableFile`], by code that says so; what is put aside for a while, as a
//! [`ScratchFile`], which has no name.
//!
//! Reads are positioned because mapping an image costs about twice as much per byte as reading it in chunks of
//! 256 KiB to 1 MiB into recycled buffers ([`BufferPool`]), and because an error of a mapped page is a signal while an
//! error of a read is a value. Files of our own, which nobody else writes to, can be mapped all the same ([`Map`]).
//!
//! `unsafe` is denied but in the modules that need it: the mapping of a file, the slab behind buffers, the kernel's ring.
//!
//! Invariant: nothing here knows of files inside a volume, of searches, or of any on-disk format.
//!
//! ```
//! use quarry_io::{Device, MemoryDevice, Window};
//! use std::sync::Arc;
//!
//! let disk: Arc<dyn Device> = Arc::new(MemoryDevice::new("disk", vec![7; 4096]));
//! let partition = Window::new(disk, "disk, partition 1", 1024, 2048)?;
//! assert_eq!(partition.read_bytes(2044, 4)?, [7; 4]);
//!
//! let error = partition.read_bytes(2046, 4).unwrap_err();
//! assert_eq!((error.offset, error.whole_offset, error.wanted, error.got), (2046, 3070, 4, 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(unsafe_code)]

mod aligned;
mod device;
mod drive;
mod faulty;
mod file;
pub mod map;
mod memory;
mod open;
mod pool;
pub mod port;
mod positioned;
mod process;
pub mod queue;
mod raw;
mod runs;
mod scratch;
pub mod sim;
mod window;
mod writable;

pub use aligned::{ALIGNMENT_BYTES, AlignedBuffer};
pub use device::{Device, DeviceKind, ReadError};
pub use drive::{DriveKind, DriveLetter, DriveProfile, SystemVolume, drive_letters, system_volumes};
pub use faulty::{FaultyDevice, Overlay};
pub use file::FileDevice;
pub use map::{Map, MapError};
pub use memory::MemoryDevice;
pub use open::{FileKind, OpenError};
pub use pool::{Buffer, BufferPool};
pub use port::{Port, PortOptions, Priority};
pub use process::process_facts;
pub use queue::{DiskQueue, DiskQueueOptions, DiskQueueStats};
pub use runs::{SystemRun, system_runs};
pub use scratch::ScratchFile;
pub use window::{Window, WindowError};
pub use writable::{WritableFile, WriteOptions};

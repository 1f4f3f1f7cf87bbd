//! How long a simulated device takes: [`SimProfile`].
//!
//! The shapes are what matters to a scheduler, not the models of this year: that a head has to travel and a disk to turn,
//! that flash serves many at once, and that all of them share one bus.

use std::time::Duration;

use crate::DriveKind;

/// What a simulated device costs, in virtual time.
///
/// A call takes a channel, waits for its latency (and for the head and the disk's turn), then for the bus, over which its
/// bytes go at [`bytes_per_second`](Self::bytes_per_second). The fields are free to change before a device is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimProfile {
    /// The kind of drive that it is shaped after.
    pub kind: DriveKind,
    /// Calls that are served at once; those beyond wait in the device, first come, first served.
    pub channels: usize,
    /// From the beginning of a read to its first byte.
    pub read_latency: Duration,
    /// From the beginning of a write to its first byte.
    pub write_latency: Duration,
    /// How long a flush takes.
    pub flush_latency: Duration,
    /// How far a latency may lie from those, in percent, either way.
    pub spread_percent: u32,
    /// Moving the head to the next track. Without a head all three are zero.
    pub seek_min: Duration,
    /// Moving it across the whole device. Between the two the time grows with the square root of the distance.
    pub seek_max: Duration,
    /// One turn of the disk. A call that goes on where the last one ended waits for none.
    pub turn: Duration,
    /// What goes over the bus, all channels together. 0: it takes no time.
    pub bytes_per_second: u64,
    /// Bytes that are written whole or not at all when the power fails: 512 or 4096.
    pub atom_bytes: usize,
    /// Bytes of unflushed writes that the device's cache holds; the oldest are made durable when there are more.
    pub cache_bytes: usize,
    /// Bytes of which offsets and lengths must be multiples.
    pub alignment: u32,
}

/// What a bus of SATA carries.
const SATA_BYTES_PER_SECOND: u64 = 550_000_000;
const CACHE_BYTES: usize = 64 << 20;

impl SimProfile {
    /// Time stands still: for tests of what is done, not of when.
    #[must_use]
    pub fn instant() -> Self {
        Self {
            kind: DriveKind::Virtual,
            channels: usize::MAX,
            read_latency: Duration::ZERO,
            write_latency: Duration::ZERO,
            flush_latency: Duration::ZERO,
            spread_percent: 0,
            seek_min: Duration::ZERO,
            seek_max: Duration::ZERO,
            turn: Duration::ZERO,
            bytes_per_second: 0,
            atom_bytes: 512,
            cache_bytes: CACHE_BYTES,
            alignment: 1,
        }
    }

    /// A disk with a head, 7,200 turns a minute.
    #[must_use]
    pub fn hdd() -> Self {
        Self {
            kind: DriveKind::Rotational,
            channels: 1,
            read_latency: Duration::from_micros(60),
            write_latency: Duration::from_micros(60),
            flush_latency: Duration::from_millis(12),
            spread_percent: 10,
            seek_min: Duration::from_micros(800),
            seek_max: Duration::from_millis(16),
            turn: Duration::from_nanos(8_333_333),
            bytes_per_second: 200_000_000,
            ..Self::instant()
        }
    }

    /// Flash behind SATA.
    #[must_use]
    pub fn ssd() -> Self {
        Self {
            kind: DriveKind::Ssd,
            channels: 8,
            read_latency: Duration::from_micros(90),
            write_latency: Duration::from_micros(40),
            flush_latency: Duration::from_micros(800),
            spread_percent: 20,
            bytes_per_second: SATA_BYTES_PER_SECOND,
            atom_bytes: 4096,
            ..Self::instant()
        }
    }

    /// Flash on the processor's bus.
    #[must_use]
    pub fn nvme() -> Self {
        Self {
            kind: DriveKind::Nvme,
            channels: 32,
            read_latency: Duration::from_micros(75),
            write_latency: Duration::from_micros(15),
            flush_latency: Duration::from_micros(400),
            spread_percent: 30,
            bytes_per_second: 3_500_000_000,
            atom_bytes: 4096,
            ..Self::instant()
        }
    }
}

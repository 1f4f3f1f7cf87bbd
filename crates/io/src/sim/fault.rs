//! What a simulated device can be made to do wrong: [`Fault`], at random by [`FaultRates`] or on order.

use std::io;
use std::ops::Range;
use std::time::Duration;

use crate::port::OpKind;

use super::rng::{MILLION, Rng};

/// One thing that goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// It moves fewer bytes than asked for. Whoever asked goes on from there.
    Short,
    /// It fails (`EIO`) and moves nothing.
    Error,
    /// A write fails for want of space (`ENOSPC`) and moves nothing.
    Full,
    /// It takes that much longer.
    Stall(Duration),
    /// It goes to another place: a write destroys what is there, a read brings what is there.
    Misdirected,
    /// A write, or a flush, is acknowledged and never done.
    Phantom,
    /// A bit of what it reads or writes is, from then on, the other one on the device.
    FlippedBit,
}

impl Fault {
    /// Whether it can happen to such a call.
    pub(super) fn concerns(self, kind: OpKind) -> bool {
        match self {
            Self::Error | Self::Stall(_) => true,
            Self::Short | Self::Misdirected | Self::FlippedBit => {
                matches!(kind, OpKind::Read | OpKind::Write)
            }
            Self::Full => kind == OpKind::Write,
            Self::Phantom => matches!(kind, OpKind::Write | OpKind::Flush(_)),
        }
    }
}

/// How often each fault comes by itself, in calls of a million. One call has at most one fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultRates {
    /// [`Fault::Short`].
    pub short: u32,
    /// [`Fault::Error`].
    pub error: u32,
    /// [`Fault::Full`].
    pub full: u32,
    /// [`Fault::Stall`], for [`stall_for`](Self::stall_for).
    pub stall: u32,
    /// How long a stall is.
    pub stall_for: Duration,
    /// [`Fault::Misdirected`].
    pub misdirected: u32,
    /// [`Fault::Phantom`], of writes only: a flush that lies is ordered.
    pub phantom: u32,
    /// [`Fault::FlippedBit`].
    pub flipped_bit: u32,
}

impl FaultRates {
    /// What goes wrong this time with such a call. Draws one number, whatever comes of it.
    pub(super) fn draw(&self, rng: &mut Rng, kind: OpKind) -> Option<Fault> {
        let mut drawn = rng.below(u64::from(MILLION));
        let rates = [
            (self.short, Fault::Short),
            (self.error, Fault::Error),
            (self.full, Fault::Full),
            (self.stall, Fault::Stall(self.stall_for)),
            (self.misdirected, Fault::Misdirected),
            (self.phantom, Fault::Phantom),
            (self.flipped_bit, Fault::FlippedBit),
        ];
        for (rate, fault) in rates {
            match drawn.checked_sub(u64::from(rate)) {
                Some(rest) => drawn = rest,
                None => {
                    let lies = fault == Fault::Phantom && kind != OpKind::Write;
                    return Some(fault).filter(|fault| fault.concerns(kind) && !lies);
                }
            }
        }
        None
    }
}

/// A corruption that happened: what a test must not expect to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What it was.
    pub fault: Fault,
    /// Whether a read or a write met it.
    pub kind: OpKind,
    /// Bytes of the device that the call was for.
    pub meant: Range<u64>,
    /// Bytes that are wrong now: those meant, where a write is missing; those overwritten, where one went astray; none,
    /// where only a reader was fooled.
    pub wrong: Vec<Range<u64>>,
}

/// What the system says of a sector that cannot be read.
pub(super) fn medium_error() -> io::Error {
    crate::faulty::medium_error()
}

/// What it says of a device that is gone: `ENODEV`, or `ERROR_DEV_NOT_EXIST` on Windows.
pub(super) fn gone() -> io::Error {
    io::Error::from_raw_os_error(if cfg!(windows) { 55 } else { 19 })
}

pub(super) fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

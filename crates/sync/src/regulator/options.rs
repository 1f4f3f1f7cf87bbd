//! The limits of a regulator.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{AdmissionError, Regulator};
use crate::primitive::Clock;

/// The limits of a [`Regulator`]. Without any it admits everybody and counts.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct RegulatorOptions {
    pub(super) permits: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) rate: Option<Rate>,
    pub(super) clock: Clock,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// From one admission to the next, if they come evenly.
    pub(super) interval: Duration,
    /// How far ahead of an even flow admissions may be.
    pub(super) ahead: Duration,
}

impl RegulatorOptions {
    /// At most `permits` are under way at once (at least one).
    pub fn permits(mut self, permits: u64) -> Self {
        self.permits = Some(permits.max(1));
        self
    }

    /// At most `bytes` are under way at once.
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// At most `per_second` are admitted per second in the long run, and `burst` at once after a pause.
    pub fn rate(mut self, per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / per_second.get();
        self.rate = Some(Rate { interval, ahead: interval * (burst.get() - 1) });
        self
    }

    /// The clock that rate and time-outs go by. The system's unless told.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// A regulator with these limits and nothing under way.
    #[must_use]
    pub fn build(self) -> Regulator {
        Regulator::new(self)
    }

    pub(super) fn check(&self, bytes: u64) -> Result<(), AdmissionError> {
        match self.bytes {
            Some(limit) if bytes > limit => Err(AdmissionError::TooLarge { bytes, limit }),
            _ => Ok(()),
        }
    }
}

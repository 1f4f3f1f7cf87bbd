//! What is under way, and whether one more may be. No locks, no waiting: arithmetic.

use super::options::RegulatorOptions;
use crate::primitive::Instant;

#[derive(Debug, Default)]
pub(super) struct Admission {
    permits: u64,
    bytes: u64,
    /// When the next admission is due if they come evenly.
    next_due: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Admit,
    /// The rate forbids it until then.
    WaitUntil(Instant),
    /// Something must return first.
    WaitForRoom,
}

impl Admission {
    pub(super) fn judge(&self, options: &RegulatorOptions, bytes: u64, now: Instant) -> Verdict {
        let no_permit = options.permits.is_some_and(|limit| self.permits >= limit);
        let no_bytes = options.bytes.is_some_and(|limit| self.bytes.saturating_add(bytes) > limit);
        if no_permit || no_bytes {
            return Verdict::WaitForRoom;
        }
        match options.rate {
            Some(rate) if now + rate.ahead < self.next_due => {
                Verdict::WaitUntil(now + (self.next_due - (now + rate.ahead)))
            }
            _ => Verdict::Admit,
        }
    }

    pub(super) fn enter(&mut self, options: &RegulatorOptions, bytes: u64, now: Instant) {
        self.permits += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if let Some(rate) = options.rate {
            self.next_due = self.next_due.max(now) + rate.interval;
        }
    }

    pub(super) fn leave(&mut self, bytes: u64) {
        self.permits = self.permits.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Permits and bytes.
    pub(super) fn under_way(&self) -> (u64, u64) {
        (self.permits, self.bytes)
    }
}

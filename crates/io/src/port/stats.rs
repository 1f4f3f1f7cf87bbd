//! What a port did so far: [`PortStats`].

pub(super) const SUBMITTED: usize = 0;
pub(super) const COMPLETED: usize = 1;
pub(super) const FAILED: usize = 2;
pub(super) const CANCELLED: usize = 3;
pub(super) const PENDED: usize = 4;
pub(super) const REFUSED: usize = 5;
pub(super) const BYTES: usize = 6;
pub(super) const COUNTERS: usize = 7;

/// Counts of a port since it was opened, and what it holds now. With threads at work the numbers are not of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PortStats {
    /// Operations taken, packets included.
    pub submitted: u64,
    /// Operations that are over, however they ended.
    pub completed: u64,
    /// Of those, the ones that the system failed.
    pub failed: u64,
    /// Of those, the ones that were given up because somebody asked, or because their time was up.
    pub cancelled: u64,
    /// Operations that had to wait in the port for their turn.
    pub pended: u64,
    /// Operations that were not taken.
    pub refused: u64,
    /// Bytes read and written.
    pub bytes: u64,
    /// Operations that the system has now.
    pub in_flight: usize,
    /// Operations that wait in the port now.
    pub waiting: usize,
    /// Completions that nobody has taken so far.
    pub ready: usize,
}

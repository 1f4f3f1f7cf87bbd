//! Windows times.

/// A FILETIME: 100 ns steps since 1601-01-01 UTC, unsigned.
///
/// Any of the 2^64 values occurs on real volumes, 0 and all ones among them; what to make of an impossible
/// date is left to whoever shows it, so that no record is lost for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FileTime(pub u64);

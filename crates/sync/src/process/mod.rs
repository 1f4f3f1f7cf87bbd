//! What this process may use: open files, memory, processors, as the system and its control groups say.
//!
//! Limits that the machine does not show decide how much a program should take: a container with half a processor and
//! 512 MiB runs on a machine with 64 and 256 GiB. Facts only; nothing here changes anything but
//! [`raise_open_files`], which moves the soft limit up to the hard one and never touches the latter.
//!
//! On systems other than Linux what cannot be known without foreign calls is `None`; `quarry_io::process_facts` makes those of
//! Windows, for this crate has no `unsafe`.

mod cgroup;

use std::io;
use std::num::NonZeroUsize;

pub use cgroup::CgroupLimits;

/// Limits and facts of this process.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// How many files may be open: the limit in force, and the one it may be raised to. `u64::MAX` means none.
    pub open_files: Option<OpenFiles>,
    /// Bytes of memory in the machine.
    pub memory_bytes: Option<u64>,
    /// Bytes of memory that could be had without swapping.
    pub memory_available_bytes: Option<u64>,
    /// Processors that the scheduler lets this process use: its affinity, and its quota rounded down. At least 1.
    pub processors: NonZeroUsize,
    /// What control groups allow; on Windows, what the job of the process does.
    pub cgroup: CgroupLimits,
}

/// How many files may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFiles {
    /// In force.
    pub soft: u64,
    /// The soft limit may be raised to this.
    pub hard: u64,
}

impl Facts {
    /// Asks the system. Takes some reads from `/proc` and `/sys`: once at start, not in a loop.
    #[must_use]
    pub fn read() -> Self {
        let meminfo =
            if cfg!(target_os = "linux") { std::fs::read_to_string("/proc/meminfo").ok() } else { None };
        let meminfo = meminfo.unwrap_or_default();
        Self {
            open_files: open_files(),
            memory_bytes: meminfo_bytes(&meminfo, "MemTotal:"),
            memory_available_bytes: meminfo_bytes(&meminfo, "MemAvailable:"),
            processors: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            cgroup: CgroupLimits::read(),
        }
    }

    /// Bytes of memory that this process may use: the machine's, or the control group's if that is less.
    #[must_use]
    pub fn memory_limit_bytes(&self) -> Option<u64> {
        [self.memory_bytes, self.cgroup.memory_bytes].into_iter().flatten().min()
    }
}

/// A value of `/proc/meminfo`, which states kibibytes and calls them kB.
fn meminfo_bytes(meminfo: &str, name: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(unix)]
fn open_files() -> Option<OpenFiles> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    // The system says "none" by leaving it out.
    Some(OpenFiles { soft: limit.current.unwrap_or(u64::MAX), hard: limit.maximum.unwrap_or(u64::MAX) })
}

#[cfg(not(unix))]
fn open_files() -> Option<OpenFiles> {
    None
}

/// Raises the limit of open files that is in force to `wanted` or to the hard limit, whichever is less; never lowers it.
/// Returns the limit then in force, `None` where there is no such limit.
///
/// # Errors
/// What the system says.
pub fn raise_open_files(wanted: u64) -> io::Result<Option<u64>> {
    let Some(OpenFiles { soft, hard }) = open_files() else { return Ok(None) };
    let raised = wanted.min(hard);
    if raised <= soft {
        return Ok(Some(soft));
    }
    set_open_files(raised, hard)?;
    Ok(Some(raised))
}

#[cfg(unix)]
fn set_open_files(soft: u64, hard: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let or_none = |limit: u64| (limit != u64::MAX).then_some(limit);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: or_none(soft), maximum: or_none(hard) })?)
}

#[cfg(not(unix))]
fn set_open_files(_soft: u64, _hard: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_in_bytes() {
        let meminfo = "MemTotal:       16316412 kB\nMemAvailable:   12 kB\nHugePages_Total:       0\n";
        assert_eq!(meminfo_bytes(meminfo, "MemTotal:"), Some(16_316_412 * 1024));
        assert_eq!(meminfo_bytes(meminfo, "MemAvailable:"), Some(12 * 1024));
        assert_eq!(meminfo_bytes(meminfo, "HugePages_Total:"), None, "not bytes");
        assert_eq!(meminfo_bytes(meminfo, "MemFree:"), None);
        assert_eq!(meminfo_bytes("MemTotal: 18446744073709551615 kB", "MemTotal:"), None, "overflows");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_limits() {
        let facts = Facts::read();
        let files = facts.open_files.expect("unix has them");
        assert!(0 < files.soft && files.soft <= files.hard);
        let total = facts.memory_bytes.expect("/proc is there");
        assert!(facts.memory_limit_bytes().is_some_and(|limit| 0 < limit && limit <= total));
    }

    #[test]
    #[cfg(unix)]
    fn the_soft_limit_is_raised_and_never_lowered() {
        let before = open_files().expect("unix has them");
        assert_eq!(raise_open_files(1).unwrap(), Some(before.soft));
        assert_eq!(raise_open_files(u64::MAX).unwrap(), Some(before.hard));
        assert_eq!(open_files(), Some(OpenFiles { soft: before.hard, hard: before.hard }));
    }
}

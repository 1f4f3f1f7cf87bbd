//! Limits and facts of this process on every system.
//!
//! [`quarry_sync::process`] reads what systems say in files. Windows says it in answers to foreign calls, for which that crate has no room: it has no
//! `unsafe`. So they are made here, and fill in what is missing. What a control group is on Linux is a job there.

#[cfg(windows)]
mod foreign;

use quarry_sync::process::Facts;

/// What `quarry_sync` tells of this process, and on Windows its memory, its limit of handles and what its job allows. Once at start, not in a loop.
#[must_use]
pub fn process_facts() -> Facts {
    #[cfg(windows)]
    return foreign::facts();
    #[cfg(not(windows))]
    Facts::read()
}

/// What a job says of memory: which limits there are, that of each process and that of all of them.
#[cfg(any(windows, test))]
fn job_memory(limits: u32, process_bytes: u64, job_bytes: u64) -> Option<u64> {
    const PROCESS_MEMORY: u32 = 0x100;
    const JOB_MEMORY: u32 = 0x200;
    let stated = |flag, bytes| (limits & flag != 0).then_some(bytes);
    [stated(PROCESS_MEMORY, process_bytes), stated(JOB_MEMORY, job_bytes)].into_iter().flatten().min()
}

/// What a job says of processors: how it limits them, and its one number, which says in hundredths of a percent of all of them what it may have. In
/// one of the ways it is two numbers, the upper of which says that.
#[cfg(any(windows, test))]
fn job_processors(control: u32, rate: u32, processors: usize) -> Option<f64> {
    const ENABLED: u32 = 1;
    const HARD_CAP: u32 = 4;
    const MIN_MAX: u32 = 0x10;
    let rate = match control {
        _ if control & ENABLED == 0 => return None,
        _ if control & MIN_MAX != 0 => rate >> 16,
        _ if control & HARD_CAP != 0 => rate,
        // A weight, or a share that it has for sure and may exceed.
        _ => return None,
    };
    let processors = f64::from(u32::try_from(processors).ok()?);
    Some(f64::from(rate) / 10_000.0 * processors).filter(|&share| share > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_of_a_job_counts() {
        assert_eq!(job_memory(0, 1, 2), None);
        assert_eq!(job_memory(0x100, 7 << 30, 2), Some(7 << 30));
        assert_eq!(job_memory(0x2200, 1, 5 << 30), Some(5 << 30));
        assert_eq!(job_memory(0x300, 7, 5), Some(5));
    }

    #[test]
    fn a_job_limits_processors_in_two_ways() {
        // (control, rate, share of four processors)
        for (control, rate, share) in [
            (0, 5000, None),
            (4, 5000, None),
            (1, 5000, None),
            (3, 9, None),
            (5, 5000, Some(2.0)),
            (5, 0, None),
            (0x11, 2500 << 16 | 100, Some(1.0)),
        ] {
            assert_eq!(job_processors(control, rate, 4), share, "{control:#x} {rate:#x}");
        }
    }

    #[test]
    #[cfg(any(windows, target_os = "linux"))]
    fn memory_and_files_are_known() {
        let facts = process_facts();
        let (all, available) =
            (facts.memory_bytes.expect("told"), facts.memory_available_bytes.expect("told"));
        assert!(all >= 64 << 20 && available <= all, "{facts:?}");
        assert!(facts.memory_limit_bytes().is_some_and(|limit| 0 < limit && limit <= all));
        assert!(facts.open_files.is_some_and(|files| 0 < files.soft && files.soft <= files.hard));
    }
}

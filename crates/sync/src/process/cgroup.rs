//! What control groups allow, version 1 and 2.
//!
//! A process is in a group; each group above it may state a limit; the least one counts. In a container the path that
//! `/proc/self/cgroup` names may not exist inside: then the root of what is mounted is the container's own group.

use std::fs;
use std::path::{Path, PathBuf};

/// Version 1 says "unlimited" by the largest multiple of the page size below 2⁶³. More than this is none.
const V1_UNLIMITED_BYTES_MIN: u64 = 1 << 62;

/// What control groups allow this process. `None`: no limit, or no control groups.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct CgroupLimits {
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Processors, in parts of one.
    pub processors: Option<f64>,
}

impl CgroupLimits {
    pub(super) fn read() -> Self {
        if cfg!(target_os = "linux") {
            let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
            Self::of(&membership, Path::new("/sys/fs/cgroup"))
        } else {
            Self::default()
        }
    }

    /// The limits of a process in the groups that `membership` lists (`/proc/self/cgroup`), mounted below `root`.
    fn of(membership: &str, root: &Path) -> Self {
        membership.lines().fold(Self::default(), |limits, line| {
            // hierarchy:controllers:path, both version 2's alone and version 1's one by one.
            let mut fields = line.splitn(3, ':');
            let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next())
            else {
                return limits;
            };
            let mount = if controllers.is_empty() { v2_root(root) } else { root.join(controllers) };
            limits.and(Self::of_groups(&mount, path))
        })
    }

    /// The least limits of the group at `path` below `mount` and of all above it.
    fn of_groups(mount: &Path, path: &str) -> Self {
        let inside = Path::new(path.trim_start_matches('/'));
        let groups = inside.ancestors().map(|group| mount.join(group));
        groups.map(|group| Self::of_group(&group)).fold(Self::default(), Self::and)
    }

    fn of_group(group: &Path) -> Self {
        let text = |name: &str| fs::read_to_string(group.join(name)).ok();
        let v2_memory = text("memory.max").and_then(|text| text.trim().parse().ok());
        let v1_memory = text("memory.limit_in_bytes").and_then(|text| text.trim().parse().ok());
        let v2_processors = text("cpu.max").and_then(|text| {
            let (quota, period) = text.trim().split_once(' ')?;
            share(quota, period)
        });
        let v1_processors = text("cpu.cfs_quota_us")
            .zip(text("cpu.cfs_period_us"))
            .and_then(|(quota, period)| share(&quota, &period));
        Self {
            memory_bytes: v2_memory.or(v1_memory).filter(|bytes| *bytes < V1_UNLIMITED_BYTES_MIN),
            processors: v2_processors.or(v1_processors),
        }
    }

    /// Both limits hold.
    fn and(self, other: Self) -> Self {
        let memory = [self.memory_bytes, other.memory_bytes].into_iter().flatten();
        let processors = [self.processors, other.processors].into_iter().flatten();
        Self { memory_bytes: memory.min(), processors: processors.reduce(f64::min) }
    }
}

/// Where version 2 is mounted: at the root, or beside version 1's controllers in what systemd calls hybrid.
fn v2_root(root: &Path) -> PathBuf {
    let hybrid = root.join("unified");
    if hybrid.is_dir() { hybrid } else { root.to_owned() }
}

/// Processors, from microseconds of time per period. "max" and −1 are no quota.
fn share(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (f64, f64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
    let share = quota / period;
    (share.is_finite() && share > 0.0).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mounted hierarchy of these files.
    fn hierarchy(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("inside the root")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        root
    }

    fn check(membership: &str, files: &[(&str, &str)], memory_bytes: Option<u64>, processors: Option<f64>) {
        let root = hierarchy(files);
        assert_eq!(CgroupLimits::of(membership, root.path()), CgroupLimits { memory_bytes, processors });
    }

    #[test]
    fn version_2_takes_the_least_on_the_way_up() {
        let files = [
            ("a/memory.max", "1073741824\n"),
            ("a/cpu.max", "150000 100000\n"),
            ("a/b/memory.max", "max\n"),
            ("a/b/cpu.max", "400000 100000\n"),
            ("c/memory.max", "1\n"),
        ];
        check("0::/a/b\n", &files, Some(1 << 30), Some(1.5));
    }

    #[test]
    fn a_container_sees_its_own_group_as_the_root() {
        let files = [("memory.max", "536870912\n"), ("cpu.max", "50000 100000\n")];
        check("0::/../docker/0123abcd\n", &files, Some(512 << 20), Some(0.5));
        check("0::/\n", &files, Some(512 << 20), Some(0.5));
    }

    #[test]
    fn version_1_has_a_hierarchy_for_each_controller() {
        let files = [
            ("memory/x/memory.limit_in_bytes", "268435456\n"),
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("cpu,cpuacct/x/cpu.cfs_quota_us", "200000\n"),
            ("cpu,cpuacct/x/cpu.cfs_period_us", "100000\n"),
            ("cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
            ("cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        ];
        check("4:memory:/x\n3:cpu,cpuacct:/x\n0::/x\n", &files, Some(256 << 20), Some(2.0));
    }

    #[test]
    fn nonsense_is_no_limit() {
        let files = [("memory.max", "lots\n"), ("cpu.max", "100000 0\n")];
        check("0::/\nnot a line\n", &files, None, None);
        check("", &[], None, None);
    }
}

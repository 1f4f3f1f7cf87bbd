//! Which processors are near each other: the nodes of a machine whose memory is not equally far from all of them.
//!
//! On such a machine a thread that parses is faster next to the memory that it reads into. Most machines have one node, and there
//! the scheduler knows best; so nothing is pinned unless there are several.

use std::fs;
use std::path::Path;

/// Processors by node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    nodes: Vec<Vec<usize>>,
}

impl Topology {
    /// What the tree at `sys` (on a real machine `/sys`) says. What cannot be read counts for one node.
    #[must_use]
    pub fn read(sys: impl AsRef<Path>) -> Self {
        let folder = sys.as_ref().join("devices/system/node");
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let number = |name: &str| name.strip_prefix("node")?.parse::<usize>().ok();
        let mut numbers: Vec<usize> =
            entries.filter_map(|entry| number(entry.file_name().to_str()?)).collect();
        numbers.sort_unstable();
        let processors = |node: &usize| {
            let list = fs::read_to_string(folder.join(format!("node{node}/cpulist"))).unwrap_or_default();
            processors(&list)
        };
        // A node may have memory and no processors.
        Self { nodes: numbers.iter().map(processors).filter(|node| !node.is_empty()).collect() }
    }

    /// The processors of each node.
    #[must_use]
    pub fn nodes(&self) -> &[Vec<usize>] {
        &self.nodes
    }

    /// The processor for thread number `thread` of volume number `volume`; nothing where there are not several nodes.
    pub(crate) fn processor(&self, volume: usize, thread: usize) -> Option<usize> {
        if self.nodes.len() < 2 {
            return None;
        }
        let node = self.nodes.get(volume % self.nodes.len())?;
        node.get(thread % node.len()).copied()
    }
}

/// `0-3,8,10-11` as the system writes it; what is no number is left out.
fn processors(list: &str) -> Vec<usize> {
    let one = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse::<usize>().ok()?)
    };
    // No machine has so many, and a list may claim anything.
    list.split(',').filter_map(one).flat_map(|range| range.take(PROCESSORS_MAX)).collect()
}

/// The most processors of a range that are looked at.
const PROCESSORS_MAX: usize = 4096;

/// Lets the calling thread run on this processor alone; a refusal costs only speed.
#[cfg(target_os = "linux")]
pub(crate) fn pin(processor: usize) {
    use rustix::thread::{CpuSet, sched_setaffinity};
    if processor >= CpuSet::MAX_CPU {
        return;
    }
    let mut set = CpuSet::new();
    set.set(processor);
    if let Err(error) = sched_setaffinity(None, &set) {
        tracing::debug!(processor, %error, "not pinned");
    }
}

/// Threads are not pinned on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn pin(_processor: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(nodes: &[(&str, &str)]) -> Topology {
        let root = tempfile::tempdir().unwrap();
        for (name, list) in nodes {
            let folder = root.path().join("devices/system/node").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("cpulist"), list).unwrap();
        }
        Topology::read(root.path())
    }

    #[test]
    fn nodes_are_read_in_the_order_of_their_numbers() {
        let found = tree(&[("node10", "4-5\n"), ("node2", "0-1,8\n"), ("node3", "\n"), ("possible", "0")]);
        assert_eq!(found.nodes(), [vec![0, 1, 8], vec![4, 5]]);
        assert_eq!(tree(&[]), Topology::default());
        assert_eq!(tree(&[("node0", "x,3,5-4,-")]).nodes(), [vec![3]]);
    }

    #[test]
    fn volumes_go_round_the_nodes_and_threads_round_their_processors() {
        let two = tree(&[("node0", "0,2"), ("node1", "1,3")]);
        let given = |volume, threads: usize| -> Vec<_> {
            (0..threads).map(|thread| two.processor(volume, thread)).collect()
        };
        assert_eq!(given(0, 3), [Some(0), Some(2), Some(0)]);
        assert_eq!(given(1, 2), [Some(1), Some(3)]);
        assert_eq!(given(2, 1), [Some(0)]);
        assert_eq!(tree(&[("node0", "0-63")]).processor(0, 0), None, "one node: the scheduler knows best");
    }
}

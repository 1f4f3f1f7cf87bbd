//! The target `identify`: whatever a device holds is told within a bound of what is read, and what is offered can be had.

use std::sync::Arc;

use quarry_io::Device;
use quarry_scan::identify::{Content, PartitionTable, identify as tell};

use crate::sparse::Sparse;

/// Bytes that telling what a device holds may read, whatever its length: "some hundred kilobytes".
const READ_BYTES_MAX: u64 = 2 << 20;
/// Bytes read more for each partition.
const PARTITION_READ_BYTES_MAX: u64 = 512 << 10;

/// Tells what a sparse device holds; its description is that of `Sparse` (`sparse.rs`).
pub fn identify(data: &[u8]) {
    let device = Arc::new(Sparse::decode(data));
    let told = tell(&*device);
    let partitions = match &told {
        Ok(Content::Disk(table)) => table.partitions.len() + table.defects.len(),
        _ => 0,
    };
    let bound = READ_BYTES_MAX + partitions as u64 * PARTITION_READ_BYTES_MAX;
    assert!(device.bytes_asked() <= bound, "{} bytes read to tell {told:?}", device.bytes_asked());
    match told {
        Ok(content) => check(&content, &device),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check(content: &Content, device: &Arc<Sparse>) {
    assert!(!content.to_string().is_empty());
    match content {
        Content::NtfsVolume { .. } => assert_eq!(content.advice(), None),
        Content::Disk(table) => check_table(table, device),
        Content::MftDump { record_bytes, cut_bytes } => {
            assert!(matches!(record_bytes, 512..=4096) && cut_bytes < record_bytes);
        }
        Content::Empty => assert!(device.is_empty()),
        _ => assert!(content.advice().is_some(), "{content:?} and no advice"),
    }
}

fn check_table(table: &PartitionTable, device: &Arc<Sparse>) {
    assert!(matches!(table.sector_bytes, 512 | 4096), "{}", table.sector_bytes);
    for partition in &table.partitions {
        let end = partition.offset.checked_add(partition.length).expect("its end can be counted");
        assert!(partition.length > 0 && end <= device.len(), "{partition:?} lies outside the device");
        let disk: Arc<dyn Device> = Arc::<Sparse>::clone(device);
        assert!(partition.window(disk).is_ok(), "{partition:?} cannot be had");
        assert_eq!(
            table.partitions.iter().filter(|other| other.number == partition.number).count(),
            1,
            "partition {} is there twice",
            partition.number
        );
        assert!(!matches!(partition.content, Content::Disk(_) | Content::MftDump { .. }), "{partition:?}");
        assert!(!partition.kind.to_string().is_empty());
    }
    assert!(table.defects.iter().all(|defect| !defect.to_string().is_empty()));
}

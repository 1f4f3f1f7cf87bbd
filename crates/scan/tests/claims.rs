//! A damaged record 0 claims far more than the device has, and the scan still ends.
//!
//! How long a scan takes was once bounded by the word of the run list alone. Ten bytes
//! that claim four billion records behind the end of the device made it try each of them, for hours; runs that
//! lie over one another made it read the same clusters again for each, with rows for all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quarry_forge::vandal::{self, Field};
use quarry_forge::{Run, VolumeBuilder, clusters, kind, runs};
use quarry_io::MemoryDevice;
use quarry_scan::{BitmapUse, Pipeline, Progress, Report, Scan, Volume};

/// Bytes in a cluster and in a record of the volumes here.
const CLUSTER_BYTES: u64 = 4096;
const RECORD_BYTES: u64 = 1024;
/// A scan of a volume of this size takes milliseconds.
const SCAN_TIME_MAX: Duration = Duration::from_secs(20);

/// Scans a small volume whose `$MFT` claims to lie at `list`, as `claim` makes it of the runs that it has.
fn scan(claim: impl FnOnce(Vec<Run>) -> Vec<Run>) -> (Volume, Report) {
    let (volume, scan) = scan_with_bitmap(claim, None);
    (volume, scan.report)
}

/// The same; its bitmap claims to be a hole of so many `bitmap` clusters, if that is said.
fn scan_with_bitmap(claim: impl FnOnce(Vec<Run>) -> Vec<Run>, bitmap: Option<u64>) -> (Volume, Scan) {
    // Many runs of its own leave room for those that are claimed.
    let own: Vec<Run> =
        (0..12).map(|place| (Some(60 + 20 * place), if place == 0 { 8 } else { 1 })).collect();
    let mut volume = VolumeBuilder::new().file("a.txt", b"hello").mft_runs(&own).build();
    let list = claim(volume.mft_runs().to_vec());
    let (clusters, bytes) = (clusters(&list), runs(&list));
    volume.edit(0, |record| {
        vandal::overwrite_runs(record, kind::DATA, 0, &bytes);
        vandal::set_field(record, kind::DATA, 0, Field::HighestVcn, clusters - 1);
        for size in [Field::AllocatedSize, Field::RealSize, Field::InitialisedSize] {
            vandal::set_field(record, kind::DATA, 0, size, clusters * CLUSTER_BYTES);
            if let Some(clusters) = bitmap {
                vandal::set_field(record, kind::BITMAP, 0, size, clusters * CLUSTER_BYTES);
            }
        }
        if let Some(clusters) = bitmap {
            vandal::overwrite_runs(record, kind::BITMAP, 0, &runs(&[(None, clusters)]));
            vandal::set_field(record, kind::BITMAP, 0, Field::HighestVcn, clusters - 1);
        }
    });
    let mut image = volume.into_image();
    image[0x28..0x30].copy_from_slice(&(1u64 << 50).to_le_bytes());
    let mut volumes =
        quarry_scan::open(Arc::new(MemoryDevice::new("claims", image)), None).expect("a volume");
    let started = Instant::now();
    let scan = Pipeline::default().run(&volumes[0], &Progress::default()).expect("an index");
    assert!(started.elapsed() < SCAN_TIME_MAX, "it took {:?}", started.elapsed());
    let found = scan.index.rows().any(|row| row.path() == b"/a.txt");
    assert!(found, "what is there is found");
    (volumes.remove(0), scan)
}

#[test]
fn what_is_claimed_behind_the_end_of_the_device_is_not_tried() {
    let claimed = (1 << 30) - 1;
    let (volume, report) = scan(|list| vec![list[0], (Some(1 << 40), claimed - list[0].1)]);
    assert_eq!(volume.records(), claimed * (CLUSTER_BYTES / RECORD_BYTES));
    assert_eq!(report.counts.records + report.counts.unread, volume.records());
    assert_eq!((report.unread.len(), report.is_partial()), (1, true), "{:?}", report.unread);
    assert_eq!(report.unread[0].offset, (1 << 40) * CLUSTER_BYTES);
    assert!(report.counts.unread > 1 << 31, "{:?}", report.counts);
}

#[test]
fn holes_of_terabytes_are_not_looked_at() {
    let (volume, report) = scan(|list| vec![list[0], (None, (1 << 30) - 1 - list[0].1)]);
    assert!(volume.records() > 1 << 31);
    assert_eq!((report.counts.records, report.counts.unread), (volume.records(), 0));
}

/// A bit for each record of a hole, in a hole: half a gibibyte was filled with zeros for a volume of one mebibyte.
#[test]
fn a_bitmap_longer_than_its_device_is_none() {
    let claimed = (1 << 30) - 1;
    let holes = |list: Vec<Run>| vec![list[0], (None, claimed - list[0].1)];
    let (volume, scan) = scan_with_bitmap(holes, Some(bitmap_clusters(claimed)));
    assert!(volume.records() > 1 << 31);
    assert_eq!(scan.reads.bitmap, BitmapUse::None);
}

/// The clusters that the bits of a `$MFT` of so many clusters take.
fn bitmap_clusters(clusters: u64) -> u64 {
    (clusters * (CLUSTER_BYTES / RECORD_BYTES)).div_ceil(8 * CLUSTER_BYTES)
}

#[test]
fn runs_that_lie_over_one_another_are_read_once() {
    let (volume, report) = scan(|list| vec![(list[0].0, 200); 8]);
    let device = volume.device().len();
    assert!(
        report.counts.records * RECORD_BYTES < device + RECORD_BYTES,
        "{:?} on {device} bytes",
        report.counts
    );
    let last = report.unread.last().map(ToString::to_string).unwrap_or_default();
    assert!(last.contains("over one another"), "{last}");
}

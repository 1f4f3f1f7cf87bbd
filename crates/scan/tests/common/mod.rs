//! What the tests of whole volumes share: opening bytes, scanning them, and rows to compare.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::sync::Arc;

use quarry_forge::Volume as Forged;
use quarry_index::{FileFlags, Finding, FindingKind, Kind, Row as IndexRow, RowFlags};
use quarry_io::{Device, MemoryDevice};
use quarry_scan::{OpenError, Pipeline, Progress, Scan, Volume};

/// `$BadClus:$Bad` and `$Secure:$SDS`, which each volume has.
pub(crate) const METAFILE_STREAMS: u64 = 2;

/// The only volume on a device.
pub(crate) fn try_open(device: Arc<dyn Device>) -> Result<Volume, OpenError> {
    let mut volumes = quarry_scan::open(device, None)?;
    assert_eq!(volumes.len(), 1);
    Ok(volumes.remove(0))
}

/// The only volume in `bytes`.
pub(crate) fn open(bytes: impl Into<Vec<u8>>) -> Volume {
    try_open(memory(bytes)).unwrap_or_else(|error| panic!("{error}"))
}

/// `bytes` as a device.
pub(crate) fn memory(bytes: impl Into<Vec<u8>>) -> Arc<dyn Device> {
    Arc::new(MemoryDevice::new("test.img", bytes.into()))
}

/// What a pipeline makes of a volume.
pub(crate) fn run(volume: &Volume, pipeline: Pipeline) -> Scan {
    pipeline.run(volume, &Progress::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The living of the only volume in `bytes`.
pub(crate) fn scan(bytes: impl Into<Vec<u8>>) -> Scan {
    run(&open(bytes), Pipeline::default())
}

/// The living and the deleted of the only volume in `bytes`.
pub(crate) fn scan_deleted(bytes: impl Into<Vec<u8>>) -> Scan {
    run(&open(bytes), Pipeline { deleted: true, ..Pipeline::default() })
}

/// Everything that an index tells of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) flags: RowFlags,
    pub(crate) file_flags: FileFlags,
    pub(crate) size: u64,
    pub(crate) allocated: u64,
    pub(crate) times: [u64; 4],
    pub(crate) attributes: u32,
    pub(crate) reparse_tag: u32,
    pub(crate) links: u16,
    pub(crate) record: Option<u32>,
    pub(crate) sequence: u16,
    pub(crate) file: u32,
    pub(crate) subtree_end: u32,
}

impl Row {
    fn of(row: IndexRow<'_>) -> Self {
        Self {
            path: text(&row.path()),
            kind: row.kind(),
            flags: row.flags(),
            file_flags: row.file_flags(),
            size: row.size(),
            allocated: row.allocated(),
            times: [row.created().0, row.modified().0, row.changed().0, row.accessed().0],
            attributes: row.attributes(),
            reparse_tag: row.reparse_tag(),
            links: row.links(),
            record: row.record(),
            sequence: row.sequence(),
            file: row.file(),
            subtree_end: row.subtree_end(),
        }
    }

    /// Length and bytes on disk.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        (self.size, self.allocated)
    }
}

/// A path as text; what is no UTF-8 is escaped.
fn text(path: &[u8]) -> String {
    String::from_utf8(path.to_vec()).unwrap_or_else(|_| path.escape_ascii().to_string())
}

/// Every row in its order.
pub(crate) fn rows(scan: &Scan) -> Vec<Row> {
    scan.index.rows().map(Row::of).collect()
}

/// The rows that are a user's, in their order.
pub(crate) fn user_rows(scan: &Scan) -> Vec<Row> {
    let mut rows = rows(scan);
    rows.retain(|row| !row.flags.contains(RowFlags::METAFILE));
    rows
}

/// The paths of a user's rows, sorted.
pub(crate) fn paths(scan: &Scan) -> Vec<String> {
    let mut paths: Vec<String> = user_rows(scan).into_iter().map(|row| row.path).collect();
    paths.sort();
    paths
}

/// The one row with this path.
#[track_caller]
pub(crate) fn row(scan: &Scan, path: &str) -> Row {
    let mut found = rows(scan);
    found.retain(|row| row.path == path);
    assert_eq!(found.len(), 1, "{path}: {found:#?} in {:#?}", paths(scan));
    found.remove(0)
}

/// What did not fit together, sorted.
pub(crate) fn findings(scan: &Scan) -> Vec<(FindingKind, u32)> {
    let listed = scan.report.findings.listed();
    let mut found: Vec<_> = listed.iter().map(|&Finding { kind, record }| (kind, record)).collect();
    found.sort_unstable();
    assert_eq!(found.len() as u64, scan.report.findings.total());
    found
}

/// Where the copy of record 0 lies in the image of a volume, in bytes.
pub(crate) fn mirror_offset(volume: &Forged) -> usize {
    let boot = quarry_ntfs::BootSector::parse(volume.image()).unwrap_or_else(|error| panic!("{error}"));
    usize::try_from(boot.mft_mirror_lcn * u64::from(boot.cluster_bytes)).unwrap_or(usize::MAX)
}

/// The image of a volume with record 0 and its copy changed alike.
pub(crate) fn with_record_0(mut volume: Forged, change: impl Fn(&mut [u8])) -> Vec<u8> {
    volume.edit(0, &change);
    let (mirror, length) = (mirror_offset(&volume), volume.record(0).len());
    let mut image = volume.into_image();
    change(&mut image[mirror..mirror + length]);
    image
}

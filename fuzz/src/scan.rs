//! What holds for every source that can be opened, however damaged: the targets `dump` and `volume` share it.

use std::num::NonZeroUsize;

use quarry_index::query::{Query, SearchOptions, Visibility};
use quarry_index::{Index, Kind, Row, RowFlags};
use quarry_scan::{Counts, Mode, Order, Pipeline, Progress, Scan, ScanError, Volume};

use crate::record::ATTRIBUTE_BYTES_MIN;

/// Rows that an index has for no record: the root and the bucket of orphans.
const MADE_ROWS: u64 = 2;
/// The bound that `quarry_scan::Pipeline` states: bytes of index for each byte read, and what every index takes.
const INDEX_BYTES_PER_BYTE: u64 = 4;
const INDEX_BYTES_MIN: u64 = 1 << 20;

/// Scans `volume` in two ways and holds both to the bounds of its size and to each other.
pub(crate) fn check(volume: &Volume) {
    let one_go = Pipeline {
        mode: Mode::Streaming,
        threads: NonZeroUsize::MIN,
        chunk_bytes: quarry_scan::CHUNK_BYTES,
        deleted: true,
        evidence: true,
        ..Pipeline::default()
    };
    let smallest = Pipeline {
        mode: Mode::Parallel,
        threads: NonZeroUsize::MIN.saturating_add(1),
        chunk_bytes: volume.record_bytes(),
        order: Order::Records,
        ..one_go
    };
    let (whole, pieces) = (run(volume, one_go), run(volume, smallest));
    let (Some(whole), Some(pieces)) = (whole, pieces) else { return };
    assert_eq!(whole.report, pieces.report, "the report depends on how the source was read");
    assert_eq!(facts(&whole.index), facts(&pieces.index), "the rows depend on how the source was read");
    check_bounds(volume, &whole);
    check_tree(&whole.index);
    check_search(&whole.index);
    if let Some(living) = run(volume, Pipeline { deleted: false, ..one_go }) {
        check_living(&living, &whole);
    }
}

fn run(volume: &Volume, pipeline: Pipeline) -> Option<Scan> {
    let progress = Progress::default();
    match pipeline.run(volume, &progress) {
        Ok(scan) => {
            assert_eq!((progress.records(), progress.total()), (volume.records(), volume.records()));
            Some(scan)
        }
        Err(ScanError::TooManyRecords { records, max }) => {
            assert!(records > max && records == volume.numbers().end);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// What a device of this length can hold at most: a row is an attribute, or the stand-in for a file without any.
fn check_bounds(volume: &Volume, scan: &Scan) {
    let Scan { index, report, .. } = scan;
    let bytes = volume.device().len();
    let rows = u64::from(index.len());
    assert!(rows <= MADE_ROWS + bytes / ATTRIBUTE_BYTES_MIN as u64, "{rows} rows of {bytes} bytes");
    let memory = index.bytes() as u64;
    assert!(memory <= INDEX_BYTES_PER_BYTE * bytes + INDEX_BYTES_MIN, "{memory} bytes for {bytes}");

    let Counts { records, files, extensions, deleted, blank, baad, junk, unread, .. } = report.counts;
    assert_eq!(records + unread, volume.records(), "records that are neither read nor unread");
    assert_eq!(files + extensions + deleted + blank + baad + junk, records, "{:?}", report.counts);
    assert_eq!(report.unread.iter().map(|range| range.records).sum::<u64>(), unread, "{:?}", report.unread);
    assert_eq!(report.damaged.len() as u64, report.counts.damaged.min(quarry_scan::LISTED_MAX as u64));
    for note in &report.notes {
        assert!(!note.to_string().is_empty());
    }
    assert!(report.damaged.iter().all(|it| volume.numbers().contains(&it.record) && !it.damage.is_empty()));
}

/// Rows lie in preorder: each folder's subtree is an interval behind it, and every climb ends at a top row.
fn check_tree(index: &Index) {
    let end = index.row(Index::ROOT).subtree_end();
    assert_eq!(index.row(Index::ROOT).parent().map(Row::number), None, "the root hangs on something");
    assert_eq!(index.row(end).parent().map(Row::number), None, "no bucket behind the root");
    assert_eq!(index.row(end).subtree_end(), index.len(), "rows behind both tops");
    let mut open = Vec::new();
    for row in index.rows() {
        while open.last().is_some_and(|&(_, end)| end <= row.number()) {
            open.pop();
        }
        assert!(row.subtree_end() > row.number());
        assert_eq!(
            row.parent().map(Row::number),
            open.last().map(|&(number, _)| number),
            "row {}",
            row.number()
        );
        assert!(
            open.last().is_none_or(|&(_, end)| row.subtree_end() <= end),
            "row {} leaves its folder",
            row.number()
        );
        check_row(row, open.is_empty());
        open.push((row.number(), row.subtree_end()));
    }
}

fn check_row(row: Row<'_>, is_top: bool) {
    assert!(row.kind() != Kind::Stream || row.subtree_end() == row.number() + 1, "a stream holds something");
    assert!(is_top || row.flags().contains(RowFlags::ORPHAN) || row.path().starts_with(b"/"), "{row:?}");
    assert!(row.record().is_some() || row.number() == 0 || row.flags().contains(RowFlags::ORPHAN));
    let named = row.kind() == Kind::Stream || row.number() == 0 || !row.name().is_empty();
    assert!(named, "row {} has no name", row.number());
}

fn check_search(index: &Index) {
    let visibility = Visibility { deleted: true, metafiles: true, streams: true };
    let options = SearchOptions { visibility, ..SearchOptions::default() };
    let all = Query::parse("", &jiff::Zoned::default()).expect("no terms are none to get wrong");
    // A bucket of orphans that holds none is the only row that nobody sees.
    let seen = index.rows().filter(|row| row.record().is_some() || row.subtree_end() > row.number() + 1);
    let found = index.search(&all, &options).expect("what was just built is sound");
    assert_eq!(found.total, seen.count() as u64);
}

/// What lives is the same whether the deleted are kept or not.
fn check_living(living: &Scan, whole: &Scan) {
    if whole.index.row(Index::ROOT).flags().contains(RowFlags::DAMAGED) {
        // A root that is not in use is the root all the same, but only where it was kept does it say anything.
        return;
    }
    assert_eq!(living.report.counts.files, whole.report.counts.files);
    assert_eq!(living.report.findings, whole.report.findings, "the deleted are no findings");
    let paths = |index: &Index| {
        let living = index.rows().filter(|row| !row.flags().contains(RowFlags::DELETED));
        let mut paths: Vec<_> = living.map(|row| (row.path(), row.record(), row.size())).collect();
        paths.sort();
        paths
    };
    assert_eq!(paths(&living.index), paths(&whole.index), "the deleted change what lives");
}

/// Everything that an index tells of its rows, in their order.
fn facts(index: &Index) -> Vec<impl PartialEq + std::fmt::Debug> {
    let of = |row: Row<'_>| {
        let place = (row.parent().map(Row::number), row.subtree_end(), row.file());
        let times = [row.created(), row.modified(), row.changed(), row.accessed()];
        let numbers = (row.size(), row.allocated(), row.record(), row.sequence(), row.links());
        let bits = (row.kind(), row.flags(), row.attributes(), row.reparse_tag(), row.file_flags());
        (row.name().to_vec(), place, times, numbers, bits)
    };
    index.rows().map(of).collect()
}

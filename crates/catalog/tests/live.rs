//! What a live entry does to its process: a process of its own, for rayon's global pool is one for all tests of one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use quarry_catalog::{Catalog, Counts, Facts, LiveOptions, Name, Source, SourcePath, Wait};
use quarry_index::live::{Change, FileState};
use quarry_index::query::{Query, SearchOptions, SortKey};
use quarry_index::{Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Index};

const ROOT: FileId = FileId { record: 5, sequence: 5 };

fn file(record: u32) -> Change {
    let file = File { record, sequence: 1, flags: FileFlags::SIZED, ..File::default() };
    let names = vec![(ROOT, format!("file {record}").into_bytes())];
    Change::Set(FileState { file, evidence: Evidence::default(), names, streams: vec![] })
}

/// An index of nothing.
fn empty() -> Index {
    let mut batch = Batch::new();
    batch.begin(0);
    Builder::new(ROOT, CaseTable::default()).build(vec![batch]).unwrap().0
}

/// That a library brings rayon's global pool to life would be a decision about its caller's process.
#[test]
fn neither_a_merge_nor_a_search_starts_the_global_pool() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let index = pool.install(empty);
    let home = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(home.path().join("catalog"));
    let mut lock = catalog.lock(&Name::new("a").unwrap(), Wait::No).unwrap();
    let path = SourcePath::from(Path::new("/dev/sdb1"));
    let source = Source { kind: "volume".into(), path, serial: None, label: None };
    let facts = Facts { source, scanned: 1, took_ns: 2, counts: Counts::default() };
    lock.publish(facts, |mut out| index.write_to(&mut out).map(|()| index.identity())).unwrap();

    let live = lock.live(LiveOptions::default()).unwrap();
    live.apply((100..9_000).map(file).collect()).unwrap();
    let query = Query::parse("file", &jiff::Zoned::default()).unwrap();
    let options = SearchOptions { sort: Some(SortKey::Name), ..SearchOptions::default() };
    assert_eq!(live.load().search(&query, &options).unwrap().total, 8_900);
    live.merge().unwrap();
    assert_eq!(live.load().search(&query, &options).unwrap().total, 8_900);

    // It can be made once only.
    assert!(rayon::ThreadPoolBuilder::new().num_threads(1).build_global().is_ok());
}

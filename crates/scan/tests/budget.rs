//! Within any budget the index is the same to the byte; below the least there is an error that says what is needed.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use quarry_forge::{Attribute, FileName, RecordBuilder, Reference, StandardInformation, kind};
use quarry_index::{Budget, BuildError, OverBudget, SpillError};
use quarry_io::{Device, MemoryDevice};
use quarry_scan::{Mode, Pipeline, Prepared, Progress, ScanError, SynthDevice};

const RECORDS: u64 = 40_000;

fn pipeline(threads: usize, chunk_bytes: u32, evidence: bool) -> Pipeline {
    let threads = NonZeroUsize::new(threads).expect("some");
    Pipeline { mode: Mode::Parallel, threads, chunk_bytes, evidence, deleted: true, ..Pipeline::default() }
}

/// Scans within a budget.
fn prepared(device: &Arc<dyn Device>, pipeline: Pipeline, budget: &Budget) -> Result<Prepared, ScanError> {
    let volumes = quarry_scan::open(Arc::clone(device), None).expect("a volume");
    let parsed = pipeline.read_within(budget, None, &volumes[0], &Progress::default())?;
    parsed.prepare(|report, _| format!("{:?}", report.counts).into_bytes())
}

/// The least that is needed, as the error says.
fn least(device: &Arc<dyn Device>, pipeline: Pipeline, folder: &Path) -> u64 {
    match prepared(device, pipeline, &Budget::limited(1, folder)) {
        Err(ScanError::Build(BuildError::OverBudget(OverBudget { needed, allowed: 1 }))) => needed,
        other => panic!("{other:?}"),
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").next().is_none()
}

#[test]
fn the_index_is_the_same_whatever_the_budget_and_who_read_what() {
    let folder = tempfile::tempdir().expect("a folder");
    let device: Arc<dyn Device> = Arc::new(SynthDevice::new(RECORDS, 7));
    for evidence in [false, true] {
        let usual = pipeline(2, 0, evidence);
        let volumes = quarry_scan::open(Arc::clone(&device), None).expect("a volume");
        let parsed = usual.read(&volumes[0], &Progress::default()).expect("it reads");
        let scan = parsed.build(|report, _| format!("{:?}", report.counts).into_bytes()).expect("it builds");
        let mut expected = Vec::new();
        scan.index.write_to(&mut expected).expect("it is sound");
        for (threads, chunk_bytes) in [(1, 0), (4, 64 << 10), (4, 1 << 20)] {
            let pipeline = pipeline(threads, chunk_bytes, evidence);
            let least = least(&device, pipeline, folder.path());
            for bytes in [least, least + (4 << 20), least * 2, u64::MAX] {
                let budget = Budget::limited(bytes, folder.path());
                let Prepared { built, report, .. } = prepared(&device, pipeline, &budget).expect("enough");
                let case = format!("{threads} threads, chunks of {chunk_bytes}, {bytes} of {least} bytes");
                assert!(built.write(Vec::new()).expect("it is read back") == expected, "{case}");
                assert_eq!((built.identity(), &report), (scan.index.identity(), &scan.report), "{case}");
                let spilled = budget.spilled_bytes();
                assert_eq!(spilled > 0, bytes < least * 2, "{case}: {spilled} put aside");
                // Elsewhere its name goes with it.
                #[cfg(unix)]
                assert!(is_empty(folder.path()), "{case}: what is put aside has no name");
            }
            assert!(is_empty(folder.path()), "nothing is left of what was put aside");
        }
    }
}

/// Records with many streams are more rows than records are expected to give, and it shows only as they come.
#[test]
fn more_rows_than_were_expected_are_an_error_and_no_surprise() {
    let record = |number: u64| {
        let mut record = RecordBuilder::new(number)
            .with(StandardInformation::new())
            .with(FileName::new(Reference::ROOT, format!("{number}").as_str()));
        while record.room() >= 40 {
            record = record.with(Attribute::resident(kind::DATA, []).named("s"));
        }
        record.build()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dump: Vec<u8> = (0..8000).flat_map(record).collect();
    let device: Arc<dyn Device> = Arc::new(MemoryDevice::new("crowded.mft", dump));
    for threads in [1, 4] {
        let pipeline = pipeline(threads, 0, false);
        let mut least = least(&device, pipeline, folder.path());
        let first = least;
        let built = loop {
            match prepared(&device, pipeline, &Budget::limited(least, folder.path())) {
                Err(ScanError::Build(BuildError::OverBudget(OverBudget { needed, allowed }))) => {
                    assert!(needed > allowed, "{needed} {allowed}");
                    least = needed;
                }
                built => break built.expect("it is enough now").built,
            }
        };
        assert!(least > first + 8000 * 10 * 60, "{least} {first}");
        let unlimited = prepared(&device, pipeline, &Budget::unlimited()).expect("it builds");
        assert_eq!(built.identity(), unlimited.built.identity());
    }
}

#[test]
fn a_folder_that_takes_nothing_is_named() {
    let device: Arc<dyn Device> = Arc::new(SynthDevice::new(RECORDS, 7));
    let gone = Path::new("/there is no such folder");
    let pipeline = pipeline(2, 0, false);
    let least = least(&device, pipeline, gone);
    match prepared(&device, pipeline, &Budget::limited(least, gone)) {
        Err(ScanError::Build(BuildError::Spill(SpillError::Failed { folder, step: "made", .. }))) => {
            assert_eq!(folder, gone);
        }
        other => panic!("{other:?}"),
    }
}

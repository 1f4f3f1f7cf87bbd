//! Any order and any cut of the chunks gives the same rows.
//!
//! Which worker reads what, how long the chunks are and which comes first is chance; none of it may show in the index or
//! in the report. The volumes hold everything that needs another record to be understood: hard links, extensions before
//! and after their bases, streams, orphans, rings, and what is deleted.

mod common;

use std::num::NonZeroUsize;
use std::sync::Arc;

use common::{Row, findings, memory, open, rows, run, try_open};
use proptest::prelude::*;
use quarry_forge::vandal;
use quarry_forge::{
    Attribute, Entry, FileName, MftList, NonResident, RecordBuilder, Reparse, StandardInformation,
    VolumeBuilder, kind, tag,
};
use quarry_index::{FindingKind, RowFlags};
use quarry_io::port::BackendKind;
use quarry_io::sim::{FaultRates, Sim, SimProfile};
use quarry_io::{Device, FileDevice};
use quarry_scan::{Mode, Order, Pipeline, Report};

/// What a record of the test's own is.
#[derive(Debug, Clone)]
enum Kind {
    File,
    Folder,
    /// Goes on with record `base`, whatever that is.
    Extension {
        base: u64,
    },
    Blank,
    Baad,
}

/// A record of the test's own. Records that it names are counted from the first of them.
#[derive(Debug, Clone)]
struct Plan {
    kind: Kind,
    deleted: bool,
    /// The sequence number by which others know it, or one that is out of date.
    sequence: u16,
    parents: Vec<(u64, u16, bool)>,
    streams: usize,
    data: Option<u64>,
    reparse: Option<u32>,
    torn: bool,
}

/// How many records of the test's own there are, and the first of them.
const RECORDS: usize = 60;
const FIRST: u64 = 32;
/// The parent that is the root folder.
const ROOT: u64 = u64::MAX;

fn plan() -> impl Strategy<Value = Plan> {
    let record = 0..RECORDS as u64;
    let kind = prop_oneof![
        4 => Just(Kind::File),
        7 => Just(Kind::Folder),
        3 => record.clone().prop_map(|base| Kind::Extension { base }),
        1 => Just(Kind::Blank),
        1 => Just(Kind::Baad),
    ];
    // Some sequence numbers are stale, some names short.
    let sequence = || prop_oneof![7 => Just(1u16), 1 => Just(2)];
    let parent = (prop_oneof![4 => record, 1 => Just(ROOT)], sequence(), prop::bool::weighted(0.2));
    (
        kind,
        prop::bool::weighted(0.15),
        sequence(),
        prop::collection::vec(parent, 0..3),
        0usize..3,
        prop::option::of(1u64..9),
        prop::option::weighted(0.2, prop_oneof![Just(tag::WOF), Just(tag::SYMLINK)]),
        prop::bool::weighted(0.05),
    )
        .prop_map(|(kind, deleted, sequence, parents, streams, data, reparse, torn)| Plan {
            kind,
            deleted,
            sequence,
            parents,
            streams,
            data,
            reparse,
            torn,
        })
}

/// The record that a plan describes.
fn record(number: u64, plan: &Plan) -> Vec<u8> {
    let mut record = RecordBuilder::new(number).sequence(plan.sequence);
    match plan.kind {
        Kind::Blank => return vec![0; 1024],
        Kind::Extension { base } => record = record.base((FIRST + base, 1)),
        Kind::Folder => record = record.directory().with(StandardInformation::new()),
        Kind::File | Kind::Baad => record = record.with(StandardInformation::new()),
    }
    if plan.deleted {
        record = record.deleted();
    }
    for (place, &(parent, sequence, short)) in plan.parents.iter().enumerate() {
        let parent = if parent == ROOT { (5, 5) } else { (FIRST + parent, sequence) };
        let name = FileName::new(parent, format!("name {number}.{place}"));
        record = record.with(if short { name.dos() } else { name });
    }
    if let Some(clusters) = plan.data {
        // Every other one goes on where a piece elsewhere ends.
        let runs = [(Some(900), clusters)];
        let extents =
            if clusters % 2 == 0 { NonResident::new(4096, &runs) } else { NonResident::continued(7, &runs) };
        record = record.with(Attribute::non_resident(kind::DATA, extents));
    }
    for stream in 0..plan.streams {
        let name =
            if stream == 0 { "WofCompressedData".to_owned() } else { format!("stream {number}.{stream}") };
        record = record.with(Attribute::data(vec![0; stream]).named(name));
    }
    if let Some(tag) = plan.reparse {
        record = record.with(Reparse::new(tag, [0; 8]));
    }
    let mut bytes = record.build();
    if plan.torn {
        vandal::tear(&mut bytes, 1);
    }
    if matches!(plan.kind, Kind::Baad) {
        vandal::mark_baad(&mut bytes);
    }
    bytes
}

fn image(plans: &[Plan], scattered: bool) -> Vec<u8> {
    let mut volume = VolumeBuilder::new();
    if scattered {
        volume = volume
            .mft_runs(&[(Some(200), 5), (Some(60), 7), (None, 2), (Some(120), 14)])
            .mft_list(MftList::Resident)
            .mft_runs_per_record(2);
    }
    for (number, plan) in (FIRST..).zip(plans) {
        // Records 48 to 55 would lie in the hole.
        if !(scattered && (48..56).contains(&number)) {
            volume = volume.raw_record(number, record(number, plan));
        }
    }
    volume.build().into_image()
}

/// Rows and report of a scan.
fn all(volume: &quarry_scan::Volume, pipeline: Pipeline) -> (Vec<Row>, Report) {
    let scan = run(volume, pipeline);
    (rows(&scan), scan.report)
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN)
}

/// One reader that takes all in one chunk, so that nothing is ever stitched.
fn plain(deleted: bool) -> Pipeline {
    Pipeline {
        mode: Mode::Streaming,
        threads: threads(1),
        chunk_bytes: 4 << 20,
        deleted,
        evidence: true,
        strict: true,
        ..Pipeline::default()
    }
}

/// Where a volume lies, and what reads it there.
struct Bed {
    name: &'static str,
    backend: BackendKind,
    device: Arc<dyn Device>,
    _file: Option<tempfile::NamedTempFile>,
}

/// The same bytes where each backend finds them: behind blocking calls, in a file, and on a simulated disk that gives
/// what it was asked for in an order that depends on the seed alone.
fn devices(image: Vec<u8>, seed: u64) -> Vec<Bed> {
    let file = tempfile::NamedTempFile::new().expect("a file of its own");
    std::fs::write(file.path(), &image).expect("a file of its own");
    let on_disk: Arc<dyn Device> = Arc::new(FileDevice::open(file.path()).expect("a file of its own"));
    let slow = SimProfile {
        channels: 16,
        read_latency: std::time::Duration::from_millis(1),
        spread_percent: 100,
        ..SimProfile::instant()
    };
    let sim = Sim::new(seed).disk(slow, image.len() as u64);
    sim.fill(0, &image);
    // It gives less than it was asked for, too.
    sim.set_faults(FaultRates { short: 100_000, ..FaultRates::default() });
    let bed = |name, backend, device, file| Bed { name, backend, device, _file: file };
    vec![
        bed("ring, or threads", BackendKind::Auto, Arc::clone(&on_disk), Some(file)),
        bed("threads", BackendKind::Threads, on_disk, None),
        bed("blocking", BackendKind::Auto, memory(image), None),
        bed("sim", BackendKind::Auto, Arc::new(sim), None),
    ]
}

/// A case is some thirty scans of a whole volume, as dear as so many of other properties.
const CASE_COSTS: u32 = 16;

/// Two dozen cases, or more where `PROPTEST_CASES` asks for so many.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: (asked.cases / CASE_COSTS).max(24), ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn neither_chunks_nor_readers_show(
        plans in prop::collection::vec(plan(), RECORDS),
        scattered: bool,
        deleted: bool,
    ) {
        let image = image(&plans, scattered);
        let volume = open(image);
        let plain = plain(deleted);
        let (expected, report) = all(&volume, plain);
        let (_, living) = all(&volume, Pipeline { deleted: false, ..plain });
        prop_assert_eq!(&living.findings, &report.findings, "the deleted are no findings");
        for readers in 1..=4 {
            for records in [1, 3, 7, 61] {
                let pipeline = Pipeline { threads: threads(readers), chunk_bytes: records << 10, ..plain };
                let (found, met) = all(&volume, pipeline);
                let identity = run(&volume, pipeline).index.identity();
                prop_assert_eq!(identity, run(&volume, plain).index.identity(), "the same to the byte");
                prop_assert_eq!(&found, &expected, "{} readers, {} records a chunk", readers, records);
                prop_assert_eq!(&met, &report);
            }
        }
    }

    #[test]
    fn nor_does_where_the_mft_lies(plans in prop::collection::vec(plan(), RECORDS), deleted: bool) {
        // The same records in one run, and as a dump: all that differs is what a dump does not know.
        let volume = open(image(&plans, false));
        let pipeline = Pipeline { deleted, ..Pipeline::default() };
        let (expected, report) = all(&volume, pipeline);
        let whole = volume.mft().as_slice()[0];
        let start = usize::try_from(whole.offset.unwrap_or(0)).unwrap_or(0);
        let length = usize::try_from(volume.records() * 1024).unwrap_or(0);
        let image = volume.device().read_bytes(0, start + length).unwrap();
        let dump = try_open(memory(&image[start..])).unwrap();
        let (found, met) = all(&dump, pipeline);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(met.counts, report.counts);
        prop_assert_eq!(met.findings, report.findings);
    }
}

proptest! {
    // A case opens some twenty ports, each with threads of its own.
    #![proptest_config(ProptestConfig { cases: (cases().cases / 4).max(6), ..cases() })]

    #[test]
    fn nor_do_mode_backend_and_order_of_completions(
        plans in prop::collection::vec(plan(), RECORDS),
        scattered: bool,
        seed: u64,
        count in 1usize..4,
        records in prop::sample::select(vec![1u32, 3, 16]),
    ) {
        let image = image(&plans, scattered);
        let expected = run(&open(image.clone()), plain(true));
        for Bed { name: place, backend, device, _file } in devices(image, seed) {
            let volume = try_open(device).unwrap();
            for (mode, order) in Mode::ALL.into_iter().zip([Order::Disk, Order::Records].into_iter().cycle()) {
                let pipeline = Pipeline {
                    mode,
                    backend,
                    order,
                    threads: threads(count),
                    chunk_bytes: records << 10,
                    ..plain(true)
                };
                let found = run(&volume, pipeline);
                prop_assert_eq!(found.index.identity(), expected.index.identity(), "{} on {}", mode, place);
                prop_assert_eq!(&found.report, &expected.report, "{} on {}", mode, place);
            }
        }
    }
}

/// The volumes above do hold what they are meant to: otherwise the properties would say little.
#[test]
fn the_volumes_hold_what_is_hard() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut plans = || prop::collection::vec(plan(), RECORDS).new_tree(&mut runner).unwrap().current();
    let scans: Vec<_> = (0..20)
        .map(|_| run(&open(image(&plans(), false)), Pipeline { deleted: true, ..Pipeline::default() }))
        .collect();
    let has = |test: &dyn Fn(&Row) -> bool| scans.iter().flat_map(rows).filter(|row| test(row)).count() > 5;
    assert!(has(&|row| row.links > 1));
    assert!(has(&|row| row.kind == quarry_index::Kind::Stream));
    assert!(has(&|row| row.kind == quarry_index::Kind::Link));
    assert!(has(&|row| row.flags.contains(RowFlags::ORPHAN)));
    assert!(has(&|row| row.flags.contains(RowFlags::DELETED)));
    assert!(has(&|row| row.flags.contains(RowFlags::DAMAGED)));
    assert!(has(&|row| row.path.matches('/').count() > 3));
    let found: Vec<FindingKind> = scans.iter().flat_map(findings).map(|(kind, _)| kind).collect();
    for kind in [FindingKind::Orphan, FindingKind::Cycle, FindingKind::StaleExtension, FindingKind::Nameless]
    {
        assert!(found.contains(&kind), "{kind:?}");
    }
}

#[test]
fn entries_of_every_kind_come_out_the_same_however_they_are_cut() {
    let volume = VolumeBuilder::new()
        .add("a", Entry::file(vec![1; 9000]).stream("s", b"1").short_name("A~1"))
        .hard_link("a", "d/b")
        .hard_link("a", "d/e/c")
        .add("d/gone", Entry::directory().deleted())
        .add("d/gone/too", Entry::file(b"").deleted())
        .build();
    let volume = open(volume.into_image());
    let plain = plain(true);
    let (expected, report) = all(&volume, plain);
    assert!(expected.iter().any(|row| row.path == "/d/gone/too"));
    for chunk_bytes in [0, 1, 1024, 1025, 5000, u32::MAX] {
        let (found, met) = all(&volume, Pipeline { threads: threads(3), chunk_bytes, ..plain });
        assert_eq!((found, met), (expected.clone(), report.clone()), "{chunk_bytes}");
    }
}

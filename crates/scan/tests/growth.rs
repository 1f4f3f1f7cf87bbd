//! Volumes that change while they are read: the `$MFT` grows, and records are caught in the middle of a write.
//!
//! A device shows one image after the other: the next one from the moment on when the last record of the `$MFT` of this one has been read,
//! which is when a scan believes to be done.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{open, paths, rows, run, try_open};
use quarry_forge::{MftList, VolumeBuilder, vandal};
use quarry_io::{Device, DeviceKind, FaultyDevice, MemoryDevice, Overlay};
use quarry_scan::{Mode, Note, Pipeline};

/// Runs of the `$MFT`, one more at each stage. A cluster has four records.
const RUNS: [(Option<u64>, u64); 7] = [
    (Some(200), 8),
    (Some(60), 4),
    (Some(180), 6),
    (Some(100), 2),
    (Some(300), 6),
    (Some(20), 4),
    (Some(260), 5),
];
const CLUSTERS: u64 = 400;
/// Records up to the first file's.
const BEFORE_FILES: u64 = 27;

/// Records of the `$MFT` at a stage, counted from 1.
fn records(stage: usize) -> u64 {
    RUNS[..stage].iter().map(|(_, clusters)| clusters * 4).sum()
}

/// The files of a stage fill its `$MFT`.
fn names(stage: usize) -> Vec<String> {
    (0..records(stage) - BEFORE_FILES).map(|file| format!("/file {file:03}")).collect()
}

fn volume(stage: usize) -> VolumeBuilder {
    let builder = VolumeBuilder::new().clusters(CLUSTERS).mft_runs(&RUNS[..stage]);
    names(stage).iter().fold(builder, |builder, name| builder.file(name, name.as_bytes()))
}

/// A block device whose volume goes through so many stages.
#[derive(Debug)]
struct Growing {
    stages: Vec<(MemoryDevice, u64)>,
    now: AtomicUsize,
    kind: DeviceKind,
}

impl Growing {
    fn new(images: Vec<Vec<u8>>, kind: DeviceKind) -> Self {
        let stage = |(image, (lcn, clusters)): (Vec<u8>, &(Option<u64>, u64))| {
            (MemoryDevice::new("disk", image), (lcn.unwrap() + clusters) * 4096)
        };
        Self { stages: images.into_iter().zip(&RUNS).map(stage).collect(), now: AtomicUsize::new(0), kind }
    }

    fn through(stages: usize) -> Self {
        Self::new((1..=stages).map(|stage| volume(stage).build().into_image()).collect(), DeviceKind::Block)
    }
}

impl Device for Growing {
    fn name(&self) -> &str {
        "disk"
    }

    fn len(&self) -> u64 {
        self.stages[0].0.len()
    }

    fn kind(&self) -> DeviceKind {
        self.kind
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let now = self.now.load(Ordering::SeqCst);
        let (image, end) = &self.stages[now];
        let count = image.read_at(buf, offset)?;
        if offset < *end && offset + count as u64 >= *end && now + 1 < self.stages.len() {
            self.now.store(now + 1, Ordering::SeqCst);
        }
        Ok(count)
    }
}

#[test]
fn pitfall_04_records_that_come_during_a_scan_are_read_in_every_mode() {
    for mode in Mode::ALL {
        for threads in [1, 3] {
            let volume = try_open(Arc::new(Growing::through(3))).unwrap();
            assert_eq!(volume.records(), records(1));
            let threads = threads.try_into().unwrap();
            let scan = run(&volume, Pipeline { mode, threads, ..Pipeline::default() });
            assert_eq!(paths(&scan), names(3), "{mode}");
            let grown = Note::MftGrew { records: records(3) - records(1), left: 0 };
            assert_eq!(scan.report.notes, [grown], "{mode}");
            assert_eq!((scan.report.counts.records, scan.reads.records), (records(3), records(3)), "{mode}");
            assert!(!scan.report.is_partial());
        }
    }
}

/// What is read in rounds is what would have been read at once.
#[test]
fn a_volume_that_has_grown_gives_the_index_that_it_would_give_now() {
    let (grown, now) =
        (try_open(Arc::new(Growing::through(2))).unwrap(), open(volume(2).build().into_image()));
    let pipeline = Pipeline { chunk_bytes: 2048, deleted: true, ..Pipeline::default() };
    let (grown, now) = (run(&grown, pipeline), run(&now, pipeline));
    // Records of the file system itself, which say how long the $MFT is, were read before it grew.
    let users = |scan| rows(scan).into_iter().filter(|row| row.path.starts_with("/file")).collect::<Vec<_>>();
    assert_eq!(users(&grown), users(&now));
    assert_eq!(grown.report.counts, now.report.counts);
}

/// New runs may be told by a record that came with them.
#[test]
fn runs_in_extension_records_are_followed_again() {
    let stage = |stage| volume(stage).mft_list(MftList::Resident).mft_runs_per_record(1).build().into_image();
    let device = Growing::new((1..=3).map(stage).collect(), DeviceKind::Block);
    let scan = run(&try_open(Arc::new(device)).unwrap(), Pipeline::default());
    assert_eq!(paths(&scan), names(3));
}

#[test]
fn a_volume_that_grows_for_ever_is_read_in_a_bounded_number_of_rounds() {
    let volume = try_open(Arc::new(Growing::through(RUNS.len()))).unwrap();
    let scan = run(&volume, Pipeline::default());
    // Four rounds, and a look that finds more.
    assert_eq!(paths(&scan), names(5));
    let note = Note::MftGrew { records: records(5) - records(1), left: records(6) - records(5) };
    assert_eq!(scan.report.notes, [note]);
    assert!(scan.report.is_partial());
}

#[test]
fn an_image_does_not_grow() {
    let images = (1..=2).map(|stage| volume(stage).build().into_image()).collect();
    let scan = run(&try_open(Arc::new(Growing::new(images, DeviceKind::File))).unwrap(), Pipeline::default());
    assert_eq!((paths(&scan), &scan.report.notes[..]), (names(1), &[][..]));
}

/// The record that tells of the `$MFT`, and one that goes on with it, are read before there is a plan.
#[test]
fn pitfall_09_records_of_the_mft_itself_that_are_torn_are_read_once_more() {
    let builder = volume(3).mft_list(MftList::Resident).mft_runs_per_record(1);
    for record in [0, 15] {
        let whole = builder.build();
        let mut torn = builder.build();
        torn.edit(record, |record| vandal::tear(record, 1));
        let bytes = torn.record(record).to_vec();
        let offset = RUNS[0].0.unwrap() * 4096 + record * 1024;
        let image = Arc::new(MemoryDevice::new("disk", whole.into_image()));
        for (when, notes) in [(Overlay::FirstRead, 0), (Overlay::LaterReads, 0)] {
            let device =
                FaultyDevice::new(Arc::clone(&image) as Arc<dyn Device>).overlay(offset, &bytes[..], when);
            let opened = try_open(Arc::new(device)).unwrap();
            assert_eq!(opened.notes().len(), notes, "record {record}, {when:?}: {:?}", opened.notes());
            assert_eq!(opened.records(), records(3));
        }
    }
}

/// The driver is in the middle of writing record 0 whenever that is looked at again. What its halves say of runs is not believed: what is known
/// from the beginning is the index, and whether there is more is not known.
#[test]
fn pitfall_09_a_record_0_that_stays_torn_at_the_second_look_leaves_what_is_known() {
    let tear = |mut image: Vec<u8>, lcn: u64| {
        vandal::tear(&mut image[cluster(lcn)][..1024], 1);
        image
    };
    let (old, new) = (volume(1).build().into_image(), volume(2).build().into_image());
    let copy = mirror_lcn(&new);
    let torn = tear(new.clone(), RUNS[0].0.unwrap());
    let mut behind = torn.clone();
    behind[cluster(copy)].copy_from_slice(&old[cluster(copy)]);
    for (name, then, found, cause) in [
        ("both torn", tear(torn.clone(), copy), 1, Some("torn")),
        ("the copy is that of the beginning", behind, 1, Some("tells of nothing new")),
        ("the copy is of now", torn, 2, None),
    ] {
        for mode in Mode::ALL {
            let device = Growing::new(vec![old.clone(), then.clone()], DeviceKind::Block);
            let scan = run(&try_open(Arc::new(device)).unwrap(), Pipeline { mode, ..Pipeline::default() });
            assert_eq!(paths(&scan), names(found), "{name}, {mode}");
            assert!(!scan.report.is_partial());
            match (&scan.report.notes[..], cause) {
                ([Note::MftNotLookedAtAgain { cause: told }], Some(cause)) if told.contains(cause) => {}
                ([Note::MftGrew { left: 0, .. }], None) => {}
                (notes, _) => panic!("{name}, {mode}: {notes:?}"),
            }
        }
    }
}

/// A record that goes on with record 0 is torn in the same way.
#[test]
fn an_extension_of_record_0_that_stays_torn_at_the_second_look_leaves_what_is_known() {
    let stage = |stage| volume(stage).mft_list(MftList::Resident).mft_runs_per_record(1).build();
    let mut then = stage(3);
    then.edit(15, |record| vandal::tear(record, 1));
    let images = vec![stage(2).into_image(), then.into_image()];
    let scan =
        run(&try_open(Arc::new(Growing::new(images, DeviceKind::Block))).unwrap(), Pipeline::default());
    assert_eq!(paths(&scan), names(2));
    assert!(matches!(scan.report.notes[..], [Note::MftNotLookedAtAgain { .. }]), "{:?}", scan.report.notes);
}

/// The bytes of a cluster.
fn cluster(lcn: u64) -> Range<usize> {
    let start = usize::try_from(lcn).unwrap() * 4096;
    start..start + 4096
}

/// Where a volume says that the copy of record 0 lies.
fn mirror_lcn(image: &[u8]) -> u64 {
    quarry_ntfs::BootSector::parse(image).unwrap().mft_mirror_lcn
}

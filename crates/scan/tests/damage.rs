//! What cannot be read is said: exactly what, where, and that the rest is there.

mod common;

use std::io;
use std::sync::Arc;

use common::{findings, memory, open, paths, rows, run, scan, try_open, with_record_0};
use quarry_forge::vandal::{self, Field};
use quarry_forge::{MftList, Volume as Forged, VolumeBuilder, kind, raw_runs};
use quarry_io::{Device, DeviceKind, FaultyDevice, MemoryDevice, Overlay};
use quarry_scan::{Mode, Note, OpenError, Pipeline, Progress, ScanError, Unread, Volume};

/// The first record of a file; those before belong to the file system.
const FIRST: u64 = 27;
const FILES: u64 = 60;
const RECORD: u64 = 1024;

/// A volume whose record `FIRST + n` is the file `/nn`, its `$MFT` in two runs.
fn forged() -> Forged {
    let builder = VolumeBuilder::new().mft_runs(&[(Some(100), 10), (Some(40), 12)]);
    (0..FILES).fold(builder, |builder, file| builder.file(&format!("{file:02}"), b"content")).build()
}

/// Where a record lies on that volume, in bytes.
fn offset(record: u64) -> u64 {
    let place = record * RECORD;
    if place < 10 * 4096 { 100 * 4096 + place } else { 40 * 4096 + place - 10 * 4096 }
}

/// The paths of all files but those in these records.
fn without(lost: &[u64]) -> Vec<String> {
    (0..FILES).filter(|file| !lost.contains(&(FIRST + file))).map(|file| format!("/{file:02}")).collect()
}

fn faulty(image: Vec<u8>) -> FaultyDevice {
    FaultyDevice::new(Arc::new(MemoryDevice::new("bad disk", image)))
}

/// The device with its records, first to last each, unreadable.
fn failing(records: &[(u64, u64)]) -> Arc<dyn Device> {
    let fail = |device: FaultyDevice, &(first, last): &(u64, u64)| {
        (first..=last).fold(device, |device, record| device.fail_on(offset(record)..offset(record) + RECORD))
    };
    Arc::new(records.iter().fold(faulty(forged().into_image()), fail))
}

fn unread(record: u64, records: u64, cause: &str) -> Unread {
    Unread { record, records, offset: offset(record), cause: cause.to_owned() }
}

/// What the system says of a bad sector.
fn medium_error() -> String {
    std::io::Error::from_raw_os_error(if cfg!(windows) { 23 } else { 5 }).to_string()
}

#[test]
fn exactly_the_records_that_fail_are_lost() {
    let check = |ranges: &[(u64, u64)]| {
        let volume = try_open(failing(ranges)).unwrap();
        let lost: Vec<u64> = ranges.iter().flat_map(|&(first, last)| first..=last).collect();
        let listed: Vec<Unread> =
            ranges.iter().map(|&(first, last)| unread(first, last - first + 1, &medium_error())).collect();
        for chunk_bytes in [1024, 5 * 1024, 32 * 1024, 4 << 20] {
            for mode in Mode::ALL {
                let scan = run(&volume, Pipeline { mode, chunk_bytes, ..Pipeline::default() });
                assert_eq!(paths(&scan), without(&lost), "{ranges:?} in chunks of {chunk_bytes}, {mode}");
                assert_eq!(scan.report.unread, listed);
                assert_eq!(scan.report.counts.unread, lost.len() as u64);
                assert_eq!(scan.report.counts.records, volume.records() - lost.len() as u64);
                assert!(scan.report.is_partial());
                assert_eq!(findings(&scan), []);
            }
        }
    };
    check(&[(30, 30)]);
    check(&[(27, 27), (86, 86)]);
    check(&[(30, 37), (50, 50), (52, 53)]);
    // Over the border of the two runs.
    check(&[(39, 40)]);
}

/// A disk that had died was asked for every record twice, and another one may take seconds to fail each time.
#[test]
fn a_disk_that_fails_on_and_on_is_not_asked_for_each_record() {
    const ALL: u64 = 1000;
    let volume =
        (0..ALL - FIRST).fold(VolumeBuilder::new(), |builder, file| builder.file(&format!("{file}"), b""));
    let dump = volume.build().mft().to_vec();
    let check = |failing: std::ops::Range<u64>, reads_most: u64| {
        let memory = Arc::new(MemoryDevice::new("dying disk", dump.clone()));
        let device = FaultyDevice::new(memory).fail_on(failing.start * RECORD..failing.end * RECORD);
        let device = Arc::new(device);
        let volume = Volume::open_dump(Arc::clone(&device) as Arc<dyn Device>, 1024);
        let before = device.reads();
        let mode = Mode::Streaming;
        let scan = run(&volume, Pipeline { mode, chunk_bytes: 32 << 10, ..Pipeline::default() });
        let reads = device.reads() - before;
        assert_eq!(
            scan.report.counts.unread,
            failing.end - failing.start,
            "{failing:?}: {:?}",
            scan.report.unread
        );
        assert_eq!(scan.report.unread.first().map(|unread| unread.record), Some(failing.start));
        assert!(reads <= reads_most, "{reads} reads, {failing:?}");
    };
    check(100..ALL, 300);
    // Where it ends is found to the record.
    check(100..777, 300);
    check(100..101, 100);
    check(100..150, 300);
}

#[test]
fn nothing_is_partial_without_a_failure() {
    let scan = run(&try_open(failing(&[])).unwrap(), Pipeline::default());
    assert_eq!(paths(&scan), without(&[]));
    assert!(!scan.report.is_partial() && scan.report.unread.is_empty());
}

/// An image that a full disk or a copy that was given up has cut behind the `$MFT`: all names are there.
#[test]
fn an_image_that_ends_before_its_volume_says_so() {
    let image = forged().into_image();
    // Behind the volume stands the copy of its boot sector.
    let whole = image.len() - 512;
    let mft_end = 110 * 4096;
    for (there, cut) in [(image.len(), false), (whole, false), (whole - 1, true), (mft_end, true)] {
        let volume = open(&image[..there]);
        let note = Note::VolumeCutShort { there: there as u64, expected: whole as u64 };
        assert_eq!(volume.notes().contains(&note), cut, "{there}");
        assert_eq!(volume.notes().len(), usize::from(cut), "{:?}", volume.notes());
        let scan = run(&volume, Pipeline::default());
        assert_eq!(paths(&scan), without(&[]), "{there}");
        assert!(!scan.report.is_partial(), "{:?}", scan.report);
    }
    // What the `$MFT` itself lacks is counted besides.
    let scan = scan(&image[..mft_end - 4096]);
    assert!(matches!(scan.report.notes[..], [Note::VolumeCutShort { .. }, ..]), "{:?}", scan.report.notes);
    assert_eq!((scan.report.counts.unread, scan.report.is_partial()), (4, true));
    // Where not even record 0 is there, nothing else would say that the rest of the image is missing.
    let error = try_open(memory(&image[..4096])).unwrap_err();
    let (text, advice) = (error.to_string(), error.advice().unwrap());
    let begin = format!(
        "volume cut short: 4096 of {whole} bytes are there, and its $MFT cannot be found: record 0: "
    );
    assert!(text.starts_with(&begin) && advice.contains("copied completely"), "{text}; {advice}");
    let note = Note::VolumeCutShort { there: 10, expected: 25 };
    assert_eq!(
        note.to_string(),
        "volume cut short: 10 of 25 bytes are there, 15 are missing: what files hold may lie there"
    );
}

/// A disk with the volume in each of two partitions, and where the second begins.
fn disk_of_two() -> (Vec<u8>, usize) {
    let image = forged().into_image();
    let mut disk = vec![0; 64 * 512];
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    let mut second = 0;
    for entry in 0..2 {
        second = disk.len();
        let number = |bytes: usize| u32::try_from(bytes / 512).expect("a small disk").to_le_bytes();
        let at = 446 + 16 * entry;
        disk[at + 4] = 7;
        disk[at + 8..][..4].copy_from_slice(&number(second));
        disk[at + 12..][..4].copy_from_slice(&number(image.len()));
        disk.extend_from_slice(&image);
    }
    (disk, second)
}

/// Each thing that is wrong with a table is told once, with the volume that it is about; and a partition that is not there, or that cannot be read, is
/// a part of the disk that is missing.
#[test]
fn what_is_wrong_with_a_partition_is_told_once_and_a_missing_one_makes_a_disk_partial() {
    let (disk, second) = disk_of_two();
    let told = |disk: Arc<dyn Device>, partition: Option<u32>| {
        let volumes = quarry_scan::open(disk, partition).unwrap();
        let notes = |volume: &Volume| {
            volume
                .notes()
                .iter()
                .filter(|note| matches!(note, Note::PartitionTable(_)))
                .cloned()
                .collect::<Vec<_>>()
        };
        volumes
            .iter()
            .map(|volume| {
                (volume.partition(), notes(volume).len(), notes(volume).iter().any(Note::is_partial))
            })
            .collect::<Vec<_>>()
    };
    let (one, two) = (Some(1), Some(2));
    assert_eq!(told(memory(&*disk), None), [(one, 0, false), (two, 0, false)]);
    let cut = |length: usize| memory(&disk[..length]);
    assert_eq!(told(cut(disk.len() - 4096), None), [(one, 0, false), (two, 1, false)]);
    for missing in [second, second - 4096] {
        let behind = usize::from(missing < second);
        assert_eq!(told(cut(missing), None), [(one, 1 + behind, true)], "{missing}");
        assert_eq!(told(cut(missing), one), [(one, behind, false)], "{missing}");
    }
    // Its boot sector alone would be found at its end.
    let bad = (second as u64, disk.len() as u64);
    let bad = faulty(disk).fail_on(bad.0..bad.1);
    assert_eq!(told(Arc::new(bad), None), [(one, 1, true)]);
}

#[test]
fn a_sector_that_fails_takes_only_its_record() {
    let bad = offset(30) + 512;
    let device = faulty(forged().into_image()).fail_on(bad..bad + 512);
    let scan = run(&try_open(Arc::new(device)).unwrap(), Pipeline::default());
    assert_eq!((paths(&scan), scan.report.unread), (without(&[30]), vec![unread(30, 1, &medium_error())]));
}

#[test]
fn a_strict_scan_fails_with_device_offset_and_chunk() {
    let volume = try_open(failing(&[(30, 30)])).unwrap();
    let sound = try_open(failing(&[])).unwrap();
    for mode in Mode::ALL {
        let pipeline = Pipeline { mode, strict: true, chunk_bytes: 8 * 1024, ..Pipeline::default() };
        let error = pipeline.run(&volume, &Progress::default()).map(|scan| scan.report).unwrap_err();
        assert_eq!(error.to_string(), "chunk 3 (records 24 to 31)", "{mode}");
        let ScanError::Strict { source, .. } = error else { panic!("{error:?}") };
        let wanted = format!("bad disk: cannot read 8192 bytes at offset {}: failed after 0", offset(24));
        assert_eq!(source.to_string(), wanted);
        assert!(pipeline.run(&sound, &Progress::default()).is_ok());
    }
}

#[test]
fn a_torn_record_that_is_sound_when_read_again_is_mended() {
    let mut volume = forged();
    let sound = volume.image().to_vec();
    volume.edit(30, |record| vandal::tear(record, 1));
    let torn = volume.record(30).to_vec();
    let check = |device: FaultyDevice, mended: u64| {
        let volume = try_open(Arc::new(device)).unwrap();
        let scan = run(&volume, Pipeline::default());
        assert_eq!(paths(&scan), without(&[]));
        let counts = scan.report.counts;
        assert_eq!((counts.mended, counts.torn, counts.damaged), (mended, 1 - mended, 1 - mended));
        assert_eq!(counts.records, volume.records(), "no record counts twice");
        assert_eq!(scan.report.damaged.len() as u64, 1 - mended);
    };
    check(faulty(sound.clone()).overlay(offset(30), torn.clone(), Overlay::FirstRead), 1);
    check(faulty(volume.into_image()), 0);
}

/// A device that cannot read record 30 on its own, as if it had failed since it was read with the others.
#[derive(Debug)]
struct FailsAlone(MemoryDevice);

impl Device for FailsAlone {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn kind(&self) -> DeviceKind {
        self.0.kind()
    }

    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        let alone = at == offset(30) && buf.len() as u64 == RECORD;
        if alone { Err(io::ErrorKind::Other.into()) } else { self.0.read_at(buf, at) }
    }
}

#[test]
fn a_torn_record_that_fails_when_read_again_is_kept_as_it_was() {
    let mut volume = forged();
    volume.edit(30, |record| vandal::tear(record, 1));
    let device = FailsAlone(MemoryDevice::new("failing", volume.into_image()));
    let scan = run(&try_open(Arc::new(device)).unwrap(), Pipeline::default());
    assert_eq!(paths(&scan), without(&[]));
    assert_eq!((scan.report.counts.torn, scan.report.counts.unread), (1, 0));
}

#[test]
fn an_image_cut_short_gives_what_is_there() {
    let image = forged().into_image();
    // Inside record 38, which with those up to 39 lies at the end of the volume.
    let cut = usize::try_from(offset(38)).unwrap() + 100;
    let volume = open(&image[..cut]);
    let scan = run(&volume, Pipeline::default());
    assert_eq!(paths(&scan), without(&[38, 39]));
    assert_eq!(scan.report.unread, [unread(38, 2, "the device ends before them")]);
    assert!(scan.report.is_partial());
}

#[test]
fn a_dump_cut_short_says_by_how_much() {
    let dump = forged().mft().to_vec();
    let expected = dump.len() as u64;
    let check = |there: usize, files: u64, expected: u64| {
        let scan = scan(&dump[..there]);
        let cause = "the dump ends before the $MFT does".to_owned();
        let note = Note::MftCutShort { there: there as u64, expected, cause };
        assert_eq!(
            note.to_string(),
            format!(
                "$MFT cut short: {there} of {expected} bytes are there, {} are missing: the dump ends before the $MFT does",
                expected - there as u64
            )
        );
        assert_eq!(scan.report.notes, [note]);
        assert!(scan.report.is_partial());
        assert_eq!(paths(&scan), without(&[])[..usize::try_from(files).unwrap()]);
    };
    check(50 * 1024, 23, expected);
    check(50 * 1024 + 1, 23, expected);
    check(50 * 1024 + 1023, 23, expected);
    check(28 * 1024, 1, expected);
    let whole = scan(dump);
    assert!(whole.report.notes.is_empty() && !whole.report.is_partial());
}

#[test]
fn a_dump_cut_inside_a_record_says_so_without_record_0() {
    let mut volume = forged();
    volume.edit(0, vandal::zero);
    let scan = scan(&volume.mft()[..50 * 1024 + 10]);
    let cause = "the dump ends before the $MFT does".to_owned();
    assert_eq!(scan.report.notes, [Note::MftCutShort { there: 50 * 1024 + 10, expected: 51 * 1024, cause }]);
}

#[test]
fn a_dump_that_starts_with_another_record_is_not_taken_for_cut_short() {
    // Record 28 is a file of 40 KiB, which is not how long the $MFT is.
    let volume = VolumeBuilder::new().file("a", b"").file("b", vec![1; 40 << 10]).build();
    let scan = scan(&volume.mft()[28 * 1024..]);
    assert_eq!(scan.report.notes, [Note::DumpStartsAt { record: 28 }]);
}

#[test]
fn a_dump_with_a_bad_sector_at_its_start_is_read_all_the_same() {
    let volume = forged();
    let check = |dump: Vec<u8>, notes: &[Note]| {
        let device = faulty(dump).fail_on(3 * RECORD..4 * RECORD);
        let scan = run(&try_open(Arc::new(device)).unwrap(), Pipeline::default());
        assert_eq!((paths(&scan), &scan.report.notes[..]), (without(&[]), notes));
        let lost = Unread { record: 3, records: 1, offset: 3 * RECORD, cause: medium_error() };
        assert_eq!(scan.report.unread, [lost]);
    };
    check(volume.mft().to_vec(), &[]);
    check(volume.mft_applied(), &[Note::FixupsUndone]);
}

#[test]
fn the_mirror_serves_where_record_0_cannot_be_read() {
    let volume = try_open(failing(&[(0, 0)])).unwrap();
    let scan = run(&volume, Pipeline::default());
    let cause = format!(
        "bad disk: cannot read 1024 bytes at offset {}: failed after 0: {}",
        offset(0),
        medium_error()
    );
    assert_eq!(scan.report.notes, [Note::MirrorUsed { cause }]);
    assert_eq!((paths(&scan), scan.report.unread), (without(&[]), vec![unread(0, 1, &medium_error())]));
}

#[test]
fn the_backup_boot_sector_serves_where_the_first_is_damaged() {
    let sound = forged().into_image();
    let check = |damage: &dyn Fn(&mut [u8])| {
        let mut image = sound.clone();
        damage(&mut image);
        let scan = scan(image);
        assert_eq!((paths(&scan), scan.report.notes), (without(&[]), vec![Note::BackupBootSector]));
    };
    check(&|image| image[..512].fill(0));
    check(&|image| image[0x0D] = 3);
    check(&|image| image[0x30..0x38].fill(0xFF));
    check(&|image| image[0x40] = 0);
    let device = faulty(sound.clone()).fail_on(0..512);
    let scan = run(&try_open(Arc::new(device)).unwrap(), Pipeline::default());
    assert_eq!((paths(&scan), scan.report.notes), (without(&[]), vec![Note::BackupBootSector]));
}

#[test]
fn a_scan_that_is_told_to_stop_stops() {
    let volume = open(forged().into_image());
    for mode in Mode::ALL {
        let pipeline = Pipeline { mode, ..Pipeline::default() };
        let progress = Progress::default();
        progress.stop();
        assert!(matches!(pipeline.run(&volume, &progress), Err(ScanError::Stopped)), "{mode}");
        assert_eq!((progress.records(), progress.total()), (0, volume.records()));
        let progress = Progress::default();
        assert!(pipeline.run(&volume, &progress).is_ok());
        assert_eq!((progress.records(), progress.total()), (volume.records(), volume.records()));
    }
}

#[test]
fn a_mft_in_hundreds_of_runs_with_a_list_of_its_own_is_followed() {
    // 300 runs of one cluster, each beyond a gap, told in ten records and in more than there are below the user's.
    let runs: Vec<_> = (0..300u64).map(|run| (Some(100 + 3 * ((run * 7) % 300)), 1)).collect();
    for (runs_per_record, extensions) in [(32, 9), (20, 14)] {
        let builder = VolumeBuilder::new().mft_runs(&runs).mft_list(MftList::NonResident);
        let builder = builder.mft_runs_per_record(runs_per_record);
        let files: Vec<String> = (0..1100).map(|file| format!("/{file:04}")).collect();
        let volume = files.iter().fold(builder, |builder, file| builder.file(file, b"")).build();
        let opened = open(volume.into_image());
        assert_eq!((opened.mft().as_slice().len(), opened.records()), (300, 1200));
        let scan = run(&opened, Pipeline::default());
        assert_eq!((paths(&scan), &scan.report.notes[..]), (files, &[][..]));
        assert_eq!(scan.report.counts.extensions, extensions);
    }
}

/// A hole swallows records; the rest is where it would be without it.
#[test]
fn a_hole_inside_the_mft_is_no_failure() {
    let builder = VolumeBuilder::new().mft_runs(&[(Some(100), 8), (None, 4), (Some(40), 12)]);
    let volume = (0..40).fold(builder, |builder, file| builder.file(&format!("{file:02}"), b"")).build();
    let scan = scan(volume.into_image());
    assert_eq!(paths(&scan), without(&[])[..40]);
    assert_eq!(scan.report.notes, [Note::MftHoles { bytes: 4 * 4096 }]);
    assert!(!scan.report.is_partial(), "what is in a hole was never there");
    assert!(rows(&scan).iter().all(|row| row.record.is_none_or(|record| !(32..48).contains(&record))));
}

#[test]
fn records_that_were_never_written_are_not_read_and_it_is_said() {
    let mut volume = forged();
    volume.edit(0, |record| vandal::set_field(record, kind::DATA, 0, Field::InitialisedSize, 40 * RECORD));
    let scan = scan(volume.into_image());
    assert_eq!(paths(&scan), without(&[])[..13]);
    assert_eq!(scan.report.notes, [Note::MftUnwritten { bytes: 48 * RECORD }]);
    assert_eq!(scan.report.counts.records, 40);
}

#[test]
fn a_mft_that_claims_more_than_its_runs_hold_is_cut_short() {
    for real in [89 * RECORD, 1 << 40, u64::MAX] {
        let mut volume = forged();
        volume.edit(0, |record| {
            vandal::set_field(record, kind::DATA, 0, Field::RealSize, real);
            vandal::set_field(record, kind::DATA, 0, Field::InitialisedSize, real);
        });
        let scan = scan(volume.into_image());
        assert_eq!(paths(&scan), without(&[]));
        let cause = "its runs end before it".to_owned();
        assert_eq!(scan.report.notes, [Note::MftCutShort { there: 88 * RECORD, expected: real, cause }]);
    }
}

#[test]
fn more_records_than_an_index_can_number_are_refused() {
    // Four runs, so that record 0 has room for another list.
    let runs = [(Some(100), 8), (Some(40), 3), (Some(60), 3), (Some(80), 3)];
    let image = with_record_0(VolumeBuilder::new().mft_runs(&runs).build(), |record| {
        let clusters = 1u64 << 31;
        // One run, and a hole of 2^43 bytes less that.
        let hole = (clusters - 8).to_le_bytes();
        let list = raw_runs(&[(&[8], &[100]), (&hole[..5], &[])]);
        vandal::overwrite_runs(record, kind::DATA, 0, &[&list[..], &[0]].concat());
        vandal::set_field(record, kind::DATA, 0, Field::HighestVcn, clusters - 1);
        for size in [Field::AllocatedSize, Field::RealSize, Field::InitialisedSize] {
            vandal::set_field(record, kind::DATA, 0, size, clusters * 4096);
        }
    });
    match Pipeline::default().run(&open(image), &Progress::default()).map(|scan| scan.report) {
        Err(ScanError::TooManyRecords { records, max }) => {
            assert_eq!((records, max), (1 << 33, u32::MAX.into()))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_volume_whose_first_records_cannot_be_read_at_all_is_refused() {
    let volume = forged();
    let mirror = common::mirror_offset(&volume) as u64;
    let device = faulty(volume.into_image()).fail_on(offset(0)..offset(1)).fail_on(mirror..mirror + 1);
    match try_open(Arc::new(device)) {
        Err(OpenError::NoMft { record, mirror }) => {
            assert!(
                record.contains("failed after 0") && mirror.contains("failed after 0"),
                "{record}; {mirror}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_case_table_that_cannot_be_read_is_replaced_and_it_is_said() {
    let device = failing(&[(10, 10)]);
    let scan = run(&try_open(device).unwrap(), Pipeline::default());
    let [Note::DefaultCaseTable { cause }] = &scan.report.notes[..] else {
        panic!("{:?}", scan.report.notes)
    };
    assert!(cause.contains(&format!("offset {}", offset(10))), "{cause}");
    assert_eq!(paths(&scan), without(&[]));
}

#[test]
fn an_empty_device_and_one_of_zeros_say_what_they_are() {
    for bytes in [vec![], vec![0; 1 << 20]] {
        assert!(matches!(try_open(memory(bytes)), Err(OpenError::Other(_))));
    }
}

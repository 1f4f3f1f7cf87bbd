//! Finding the `$MFT` and reading it.

use quarry_forge::vandal::{self, Field};
use quarry_forge::{MftList, RecordBuilder, VolumeBuilder, kind, raw_runs, runs};
use quarry_scan::{Note, OpenError, Pipeline};

use crate::common::{memory, mirror_offset, open, paths, rows, run, scan, try_open, with_record_0};

/// A volume with `count` files and the paths that it should give.
pub(crate) fn files(mut builder: VolumeBuilder, count: usize) -> (VolumeBuilder, Vec<String>) {
    let names: Vec<String> = (0..count).map(|file| format!("/file {file:03}")).collect();
    for name in &names {
        builder = builder.file(name, name.as_bytes());
    }
    (builder, names)
}

/// Runs that lie apart, and in another order on the volume than in the `$MFT`.
const SCATTERED: [(Option<u64>, u64); 6] =
    [(Some(200), 8), (Some(60), 4), (Some(180), 9), (Some(64), 5), (Some(300), 6), (Some(20), 4)];

#[test]
fn pitfall_01_every_run_of_the_mft_is_followed() {
    let check = |list: MftList, per_record: usize| {
        let builder =
            VolumeBuilder::new().mft_runs(&SCATTERED).mft_list(list).mft_runs_per_record(per_record);
        let (builder, expected) = files(builder, 110);
        let scan = scan(builder.build().into_image());
        assert_eq!(paths(&scan), expected, "{list:?}, {per_record} runs a record");
        assert_eq!(scan.report.notes, []);
        assert_eq!(scan.report.counts.records, 36 * 4);
    };
    check(MftList::Auto, 6);
    check(MftList::Resident, 6);
    check(MftList::Resident, 2);
    check(MftList::NonResident, 1);
    check(MftList::NonResident, 3);
}

#[test]
fn pitfall_01_the_attribute_list_may_be_in_any_order() {
    let builder =
        VolumeBuilder::new().mft_runs(&SCATTERED).mft_list(MftList::Resident).mft_runs_per_record(2);
    let (builder, expected) = files(builder, 110);
    // The header of the list takes 0x18 bytes; entries 3 and 4, of 32 each, are those of the extensions.
    let (first, second) = (0x18 + 3 * 32, 0x18 + 4 * 32);
    let image = with_record_0(builder.build(), |record| {
        let list = vandal::find(record, kind::ATTRIBUTE_LIST, 0);
        let entry = |at: usize| record[list + at..list + at + 32].to_vec();
        let (one, other) = (entry(first), entry(second));
        vandal::overwrite(record, kind::ATTRIBUTE_LIST, 0, first, &other);
        vandal::overwrite(record, kind::ATTRIBUTE_LIST, 0, second, &one);
    });
    let scan = scan(image);
    assert_eq!((paths(&scan), &scan.report.notes[..]), (expected, &[][..]));
}

#[test]
fn pitfall_01_what_cannot_be_followed_is_said_and_not_guessed() {
    let builder =
        VolumeBuilder::new().mft_runs(&SCATTERED).mft_list(MftList::Resident).mft_runs_per_record(2);
    let (builder, expected) = files(builder, 110);
    let check = |damage: &dyn Fn(&mut [u8]), why: &str| {
        let mut volume = builder.build();
        // The second extension, which tells of the last two runs.
        volume.edit(16, damage);
        let scan = scan(volume.into_image());
        let there = 26 * 4096;
        let cause = format!("extension record 16: {why}");
        assert_eq!(scan.report.notes, [Note::MftCutShort { there, expected: 36 * 4096, cause }]);
        assert!(scan.report.is_partial());
        assert_eq!(scan.report.counts.records, 26 * 4);
        assert_eq!(paths(&scan), expected[..26 * 4 - 27]);
    };
    check(&|record| vandal::zero(record), "the record is blank");
    check(&|record| vandal::mark_baad(record), "the record is marked bad (signature BAAD)");
    let other = "it belongs to another file";
    check(&|record| vandal::set_header(record, vandal::HeaderField::Sequence, 3), other);
    check(&|record| vandal::set_header(record, vandal::HeaderField::Base, 7 | 7 << 48), other);
    check(&|record| vandal::set_header(record, vandal::HeaderField::Flags, 0), other);
    let other = "it has no $DATA that starts at VCN 26";
    check(&|record| vandal::set_field(record, kind::DATA, 0, Field::Kind, 0x100), other);
}

#[test]
fn pitfall_02_records_and_clusters_of_any_size() {
    let check = |sector: u64, cluster: u64, record: u64, runs: Option<&[(Option<u64>, u64)]>| {
        let mut builder =
            VolumeBuilder::new().sector_bytes(sector).cluster_bytes(cluster).record_bytes(record);
        if let Some(runs) = runs {
            builder = builder.mft_runs(runs);
        }
        let (builder, expected) = files(builder, 20);
        let scan = scan(builder.build().into_image());
        assert_eq!(paths(&scan), expected, "sectors {sector}, clusters {cluster}, records {record}");
        assert_eq!((scan.report.counts.damaged, &scan.report.notes[..]), (0, &[][..]));
    };
    check(512, 512, 1024, None);
    check(512, 512, 4096, None);
    check(512, 4096, 1024, None);
    check(4096, 4096, 4096, None);
    check(512, 65536, 1024, None);
    check(4096, 65536, 4096, None);
    check(512, 2 << 20, 1024, None);
    // Runs of an odd number of clusters: records of two clusters lie in two runs.
    check(512, 512, 1024, Some(&[(Some(301), 31), (Some(101), 33), (Some(501), 36)]));
    check(512, 512, 4096, Some(&[(Some(3001), 31), (Some(1001), 333), (Some(5001), 36)]));
}

#[test]
fn pitfall_03_a_volume_with_sizes_below_one_is_opened() {
    let check = |cluster: u64, record: u64, bytes: (u8, u8)| {
        let volume = VolumeBuilder::new().cluster_bytes(cluster).record_bytes(record).file("a", b"b").build();
        assert_eq!((volume.image()[0x0D], volume.image()[0x40]), bytes);
        let opened = open(volume.into_image());
        let boot = *opened.boot().unwrap();
        assert_eq!((u64::from(boot.cluster_bytes), u64::from(boot.record_bytes)), (cluster, record));
        assert_eq!(paths(&run(&opened, Pipeline::default())), ["/a"]);
    };
    check(65536, 1024, (0x80, 0xF6));
    check(128 << 10, 1024, (0xF8, 0xF6));
    check(1 << 20, 4096, (0xF5, 0xF4));
}

#[test]
fn pitfall_04_a_stale_bitmap_loses_no_record() {
    let builder = VolumeBuilder::new().file("a/b", b"1").file("c", b"2").bitmap_says(40, true);
    let mut stale = builder.clone();
    for record in 0..64 {
        stale = stale.bitmap_says(record, false);
    }
    let last = RecordBuilder::new(63).deleted();
    let image = |builder: VolumeBuilder| builder.record(63, last.clone()).build().into_image();
    let (told, silent) = (scan(image(builder)), scan(image(stale)));
    assert_eq!(paths(&silent), ["/a", "/a/b", "/c"]);
    assert_eq!(rows(&told), rows(&silent));
}

#[test]
fn pitfall_05_hostile_runs_of_the_mft_are_refused_by_name() {
    let check = |list: &[u8], why: &str| {
        let (builder, _) = files(VolumeBuilder::new(), 40);
        let image = with_record_0(builder.build(), |record| {
            vandal::overwrite_runs(record, kind::DATA, 0, list);
        });
        match try_open(memory(image)) {
            Err(OpenError::NoMft { record, mirror }) => assert_eq!((&*record, &*mirror), (why, why)),
            other => panic!("{why}: {other:?}"),
        }
    };
    let pair = |length: &[u8], distance: &[u8]| raw_runs(&[(length, distance)]);
    check(&pair(&[0], &[2]), "run list, byte 0: length 0, expected at least 1");
    check(&pair(&[17], &[0x80]), "run list, byte 0: offset -128 from LCN 0 leads outside any volume");
    check(&[0], "run list, byte 0: the list ends after VCN -1, expected VCN 16 to be the last");
    check(&[0x0F], "run list, byte 0: header 0x0f: a length takes 1 to 8 bytes, an offset 0 to 8");
    check(&pair(&[99], &[2]), "run list, byte 0: VCN 0 and 99 more, expected VCN 16 to be the last");
    let far = "a run of 17 clusters at LCN 1048576 goes beyond the volume's 74 clusters";
    check(&pair(&[17], &[0, 0, 16]), far);
}

#[test]
fn pitfall_05_the_runs_before_a_hostile_one_are_used() {
    let split = [(Some(200), 8), (Some(60), 9)];
    let (builder, expected) = files(VolumeBuilder::new().mft_runs(&split), 40);
    let image = with_record_0(builder.build(), |record| {
        let list =
            [runs(&split[..1]).strip_suffix(&[0]).unwrap(), &raw_runs(&[(&[9], &[0, 0, 16])])].concat();
        vandal::overwrite_runs(record, kind::DATA, 0, &list);
    });
    let scan = scan(image);
    assert_eq!(paths(&scan), expected[..5]);
    let [Note::MftCutShort { there, expected, cause }] = &scan.report.notes[..] else {
        panic!("{:?}", scan.report.notes)
    };
    assert_eq!((*there, *expected), (8 * 4096, 17 * 4096));
    assert!(cause.starts_with("a run of 9 clusters at LCN 1048776 goes beyond the volume's"), "{cause}");
}

#[test]
fn pitfall_05_a_hole_inside_the_mft_holds_no_records() {
    let runs = [(Some(200), 8), (None, 3), (Some(60), 4)];
    let (builder, expected) = files(VolumeBuilder::new().mft_runs(&runs), 15);
    let scan = scan(builder.build().into_image());
    assert_eq!(paths(&scan), expected);
    assert_eq!(scan.report.notes, [Note::MftHoles { bytes: 3 * 4096 }]);
    assert_eq!((scan.report.counts.records, scan.report.counts.blank), (60, 12));
}

#[test]
fn pitfall_05_a_hole_of_terabytes_takes_no_time() {
    let (builder, expected) = files(VolumeBuilder::new().mft_runs(&SCATTERED), 110);
    let records = (u64::from(u32::MAX) - 3) & !3;
    let clusters = records / 4;
    let image = with_record_0(builder.build(), |record| {
        let list = raw_runs(&[(&[8], &[200, 0]), (&(clusters - 8).to_le_bytes()[..5], &[])]);
        vandal::overwrite_runs(record, kind::DATA, 0, &[&list[..], &[0]].concat());
        vandal::set_field(record, kind::DATA, 0, Field::HighestVcn, clusters - 1);
        for size in [Field::AllocatedSize, Field::RealSize, Field::InitialisedSize] {
            vandal::set_field(record, kind::DATA, 0, size, records * 1024);
        }
    });
    let volume = open(image);
    let scan = run(&volume, Pipeline { chunk_bytes: 4 << 20, ..Pipeline::default() });
    assert_eq!(paths(&scan), expected[..5]);
    assert_eq!((scan.report.counts.records, scan.report.counts.blank), (records, records - 32));
}

#[test]
fn pitfall_06_runs_far_apart_are_read_where_they_are() {
    let split = [(Some(200), 4), (Some(204), 4), (Some(60), 4), (Some(208), 4)];
    let (builder, expected) = files(VolumeBuilder::new().mft_runs(&split), 30);
    let volume = open(builder.build().into_image());
    let extents: Vec<_> = volume.mft().as_slice().iter().map(|e| (e.offset, e.length)).collect();
    let cluster = |lcn: u64| Some(lcn * 4096);
    assert_eq!(extents, [(cluster(200), 8 * 4096), (cluster(60), 4 * 4096), (cluster(208), 4 * 4096)]);
    assert_eq!(paths(&run(&volume, Pipeline::default())), expected);
}

#[test]
fn pitfall_08_the_mirror_serves_when_record_0_is_damaged() {
    let check = |damage: &dyn Fn(&mut [u8]), cause: &str| {
        let (builder, expected) = files(VolumeBuilder::new(), 20);
        let mut volume = builder.build();
        volume.edit(0, damage);
        let scan = scan(volume.into_image());
        assert_eq!(scan.report.notes, [Note::MirrorUsed { cause: cause.to_owned() }]);
        assert_eq!(paths(&scan), expected);
        assert!(!scan.report.is_partial());
    };
    check(&|record| vandal::zero(record), "the record is blank");
    check(&|record| vandal::mark_baad(record), "the record is marked bad (signature BAAD)");
    check(&|record| vandal::tear(record, 0), "torn write");
    check(&|record| vandal::tear(record, 1), "torn write");
    check(
        &|record| vandal::set_field(record, kind::DATA, 0, Field::Length, 0),
        "it has no $DATA that starts at VCN 0",
    );
    check(
        &|record| vandal::overwrite_runs(record, kind::DATA, 0, &[0x11, 1, 2, 0]),
        "run list, byte 3: the list ends after VCN 0, expected VCN 11 to be the last",
    );
    // The record of another file, with data in clusters of its own.
    check(&|record| vandal::set_header(record, vandal::HeaderField::Number, 30), "it is record 30");
    check(&|record| vandal::set_header(record, vandal::HeaderField::Flags, 0), "it is no base record in use");
}

#[test]
fn pitfall_08_without_record_0_and_mirror_it_says_what_is_wrong_with_both() {
    let (builder, _) = files(VolumeBuilder::new(), 20);
    let mut volume = builder.build();
    volume.edit(0, vandal::zero);
    let mirror = mirror_offset(&volume);
    let mut image = volume.into_image();
    vandal::mark_baad(&mut image[mirror..mirror + 1024]);
    match try_open(memory(image)) {
        Err(OpenError::NoMft { record, mirror }) => {
            assert_eq!(record, "the record is blank");
            assert_eq!(mirror, "the record is marked bad (signature BAAD)");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn pitfall_08_a_mirror_that_is_no_better_is_not_used() {
    // What is wrong lies in an extension record, to which both copies lead.
    let builder =
        VolumeBuilder::new().mft_runs(&SCATTERED).mft_list(MftList::Resident).mft_runs_per_record(2);
    let mut volume = files(builder, 110).0.build();
    volume.edit(15, vandal::zero);
    let scan = scan(volume.into_image());
    assert!(matches!(scan.report.notes[..], [Note::MftCutShort { .. }]), "{:?}", scan.report.notes);
}

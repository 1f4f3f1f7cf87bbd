//! Records that are torn, freed, zeroed or split over several.

use quarry_forge::vandal::{self, Field};
use quarry_forge::{
    Attribute, Entry, FileName, NonResident, RecordBuilder, Reference, StandardInformation, VolumeBuilder,
    kind,
};
use quarry_index::{FileFlags, FindingKind, Kind, RowFlags};
use quarry_ntfs::{AttributeError, AttributeFault, Damage};
use quarry_scan::{DamagedRecord, Note};

use crate::common::{METAFILE_STREAMS, findings, paths, row, rows, scan, scan_deleted, user_rows};

/// Where the tests put records of their own.
const BASE: u64 = 40;
const BASE_AT: (u64, u16) = (BASE, 3);

/// A base record with a name and nothing else.
fn base() -> RecordBuilder {
    nameless().with(FileName::new(Reference::ROOT, "split"))
}

fn nameless() -> RecordBuilder {
    RecordBuilder::new(BASE).sequence(3).with(StandardInformation::new())
}

fn extension(number: u64) -> RecordBuilder {
    RecordBuilder::new(number).base(BASE_AT)
}

/// `$DATA` in clusters of 4096 bytes.
fn data(clusters: u64) -> Attribute {
    Attribute::non_resident(kind::DATA, NonResident::new(4096, &[(Some(9), clusters)]))
}

fn volume(records: impl IntoIterator<Item = (u64, RecordBuilder)>) -> Vec<u8> {
    let add = |volume: VolumeBuilder, (number, record)| volume.record(number, record);
    records.into_iter().fold(VolumeBuilder::new(), add).build().into_image()
}

#[test]
fn pitfall_09_a_torn_record_is_marked_and_kept() {
    let mut volume = VolumeBuilder::new().file("a", b"1").file("b", b"2").file("c", b"3").build();
    let torn = volume.reference("b").frs();
    volume.edit(torn, |record| vandal::tear(record, 1));
    for image in [volume.image().to_vec(), volume.mft().to_vec()] {
        let scan = scan(image);
        assert_eq!(paths(&scan), ["/a", "/b", "/c"]);
        assert_eq!(row(&scan, "/b").flags, RowFlags::DAMAGED);
        assert_eq!(row(&scan, "/c").flags, RowFlags::empty());
        let listed = DamagedRecord { record: torn, damage: Damage::TORN, attribute: None };
        assert_eq!(scan.report.damaged, [listed]);
        let counts = scan.report.counts;
        assert_eq!((counts.damaged, counts.torn, counts.mended), (1, 1, 0));
        assert_eq!(scan.report.notes, [], "one torn record is no dump with fixups undone");
    }
}

#[test]
fn pitfall_09_a_dump_with_fixups_undone_is_accepted() {
    let volume = VolumeBuilder::new().file("a/b", vec![7; 700]).file("c", b"3").build();
    let (stored, applied) = (scan(volume.mft()), scan(volume.mft_applied()));
    assert_eq!(rows(&stored), rows(&applied));
    assert_eq!(applied.report.notes, [Note::FixupsUndone]);
    assert_eq!((stored.report.notes.len(), applied.report.counts.damaged), (0, 0));
    assert_eq!((stored.report.counts.mended, applied.report.counts.mended), (0, 0));
}

#[test]
fn pitfall_09_what_a_dump_says_of_its_fixups_takes_sound_records() {
    let check = |dump: &[Vec<u8>], undone: bool, torn: u64| {
        let scan = scan(dump.concat());
        assert_eq!(scan.report.notes == [Note::FixupsUndone], undone);
        assert_eq!(scan.report.counts.torn, torn);
    };
    let record = |number| RecordBuilder::new(number).with(FileName::new(Reference::ROOT, "name"));
    let stored = |number| record(number).build();
    let torn = |number| {
        let mut bytes = stored(number);
        vandal::tear(&mut bytes, 0);
        bytes
    };
    let blank = || vec![0; 1024];
    check(&[stored(0)], false, 0);
    check(&[torn(0)], false, 1);
    check(&[torn(0), torn(1), torn(2)], false, 3);
    check(&[record(0).build_applied()], true, 0);
    check(&[blank(), blank(), blank(), record(3).build_applied()], true, 0);
    check(&[blank(), torn(1), blank(), stored(3)], false, 1);
    check(&[record(0).build_applied(), torn(1)], true, 0);
}

#[test]
fn pitfall_10_a_record_with_a_bad_update_sequence_array_is_marked_and_kept() {
    let mut volume = VolumeBuilder::new().file("a", b"1").file("b", b"2").build();
    let (a, b) = (volume.reference("a").frs(), volume.reference("b").frs());
    volume.edit(a, |record| vandal::set_usa_count(record, 1));
    volume.edit(b, |record| vandal::set_usa_offset(record, 0xFFF0));
    let scan = scan(volume.into_image());
    assert_eq!(paths(&scan), ["/a", "/b"]);
    let listed: Vec<_> = scan.report.damaged.iter().map(|it| (it.record, it.damage)).collect();
    assert_eq!(listed, [(a, Damage::UPDATE_SEQUENCE), (b, Damage::UPDATE_SEQUENCE)]);
}

#[test]
fn pitfall_11_deleted_records_are_kept_only_when_asked_for() {
    let image = VolumeBuilder::new()
        .file("a", b"1")
        .add("gone", Entry::directory().deleted())
        .add("gone/too", Entry::file(b"22").deleted())
        .build()
        .into_image();
    let living = scan(image.clone());
    assert_eq!(paths(&living), ["/a"]);
    let all = scan_deleted(image);
    assert_eq!(paths(&all), ["/a", "/gone", "/gone/too"]);
    for (path, deleted) in [("/a", false), ("/gone", true), ("/gone/too", true)] {
        assert_eq!(row(&all, path).flags.contains(RowFlags::DELETED), deleted, "{path}");
    }
    // 16 to 23, which are formatted and empty, are counted and are no files.
    assert_eq!(
        (living.report.counts.deleted, all.report.counts.deleted),
        (8 + 2 + free(&all), 8 + 2 + free(&all))
    );
    assert_eq!(living.report.counts.files, all.report.counts.files);
}

/// Records behind the last file, which the forge formats to fill the last cluster.
fn free(scan: &quarry_scan::Scan) -> u64 {
    let used = scan.index.rows().filter_map(|row| row.record()).max().map_or(0, u64::from);
    scan.report.counts.records - used - 1
}

#[test]
fn pitfall_11_what_a_living_file_freed_is_not_its_own_any_more() {
    let freed = extension(41).deleted();
    let image = volume([
        (BASE, base().with(Attribute::data(b"12345"))),
        (41, freed.with(FileName::new(Reference::ROOT, "old link")).with(Attribute::data(b"x").named("old"))),
    ]);
    for scan in [scan(image.clone()), scan_deleted(image)] {
        assert_eq!(paths(&scan), ["/split"]);
        assert_eq!((row(&scan, "/split").links, findings(&scan)), (1, vec![]));
    }
}

#[test]
fn pitfall_11_a_deleted_file_of_which_only_streams_are_left_is_found_by_its_number() {
    let image = volume([(BASE, nameless().deleted().with(Attribute::data(b"123").named("zone")))]);
    assert_eq!(paths(&scan(image.clone())), [""; 0]);
    let scan = scan_deleted(image);
    assert_eq!(paths(&scan), ["<orphans>/<record 40>", "<orphans>/<record 40>:zone"]);
    assert_eq!(row(&scan, "<orphans>/<record 40>:zone").size, 3);
    assert_eq!(findings(&scan), [], "that a deleted file lost its name is no surprise");
}

#[test]
fn pitfall_11_a_deleted_file_of_which_only_its_data_are_left_is_found_by_its_number() {
    let lost = |record: RecordBuilder| scan_deleted(volume([(BASE, record.sequence(3).deleted())]));
    let found = lost(RecordBuilder::new(BASE).with(data(7)));
    assert_eq!(paths(&found), ["<orphans>/<record 40>"]);
    let row = row(&found, "<orphans>/<record 40>");
    let flags = RowFlags::DELETED | RowFlags::DAMAGED | RowFlags::ORPHAN;
    assert_eq!((row.sizes(), row.flags), ((7 * 4096, 7 * 4096), flags));
    assert_eq!(findings(&found), []);
    let piece = Attribute::non_resident(kind::DATA, NonResident::continued(5, &[(Some(99), 2)]));
    assert_eq!(
        paths(&lost(RecordBuilder::new(BASE).with(piece))),
        [""; 0],
        "a piece of what starts elsewhere"
    );
    assert_eq!(paths(&lost(RecordBuilder::new(BASE))), [""; 0]);
}

#[test]
fn pitfall_12_what_is_no_record_is_counted_and_passed_over() {
    let mut volume =
        VolumeBuilder::new().file("a", b"1").file("b", b"2").file("c", b"3").file("d", b"4").build();
    let record = |path: &str| volume.reference(path).frs();
    let (a, b, c) = (record("a"), record("b"), record("c"));
    volume.edit(a, vandal::zero);
    volume.edit(b, vandal::mark_baad);
    volume.edit(c, |record| vandal::set_signature(record, *b"RCRD"));
    let scan = scan(volume.into_image());
    assert_eq!(paths(&scan), ["/d"]);
    let counts = scan.report.counts;
    assert_eq!((counts.blank, counts.baad, counts.junk, counts.damaged), (1, 1, 1, 2));
    let listed: Vec<_> = scan.report.damaged.iter().map(|it| (it.record, it.damage)).collect();
    assert_eq!(listed, [(b, Damage::BAAD), (c, Damage::SIGNATURE)]);
}

#[test]
fn pitfall_12_records_without_a_name_below_24_are_no_rows() {
    let scan = scan(VolumeBuilder::new().file("a", b"1").build().into_image());
    assert!(!rows(&scan).iter().any(|row| matches!(row.record, Some(12..=23))), "{:#?}", rows(&scan));
    assert_eq!(findings(&scan), []);
}

#[test]
fn pitfall_12_headers_of_the_old_form_are_numbered_by_their_place() {
    let name = FileName::new(Reference::ROOT, "old");
    let image = volume([(BASE, RecordBuilder::new(BASE).old_header().with(name))]);
    let scan = scan(image);
    let row = row(&scan, "/old");
    assert_eq!((row.record, row.flags, scan.report.counts.damaged), (Some(40), RowFlags::empty(), 0));
}

#[test]
fn pitfall_12_a_record_in_the_place_of_another_is_damaged() {
    let name = FileName::new(Reference::ROOT, "moved");
    let scan = scan(volume([(BASE, RecordBuilder::new(77).with(name))]));
    let row = row(&scan, "/moved");
    assert_eq!((row.record, row.flags), (Some(40), RowFlags::DAMAGED));
    assert_eq!(scan.report.damaged.iter().map(|it| it.damage).collect::<Vec<_>>(), [Damage::MISPLACED]);
}

/// Whoever refers to a record's number does not mean what strayed into its place, nor what strayed from there.
#[test]
fn pitfall_12_nothing_refers_to_a_record_out_of_its_place() {
    let stray = RecordBuilder::new(77).sequence(3).directory();
    let image = volume([
        (BASE, stray.with(FileName::new(Reference::ROOT, "stray"))),
        (50, extension(50).with(data(7))),
        (51, RecordBuilder::new(51).with(FileName::new(BASE_AT, "child"))),
        (52, RecordBuilder::new(52).with(FileName::new((77, 3), "child of another"))),
    ]);
    let scan = scan(image);
    assert_eq!(paths(&scan), ["/stray", "<orphans>/child", "<orphans>/child of another"]);
    assert_eq!(row(&scan, "/stray").size, 0);
    let expected = [(FindingKind::Orphan, 51), (FindingKind::Orphan, 52), (FindingKind::StaleExtension, 50)];
    assert_eq!(findings(&scan), expected);
}

#[test]
fn pitfall_13_extensions_before_and_after_their_base_are_the_same() {
    let parts = |before: bool| {
        let at = if before { 30 } else { 50 };
        // Sizes that are not the file's, which an extension must not put in their place.
        let later = NonResident::continued(5, &[(Some(99), 2)]).allocated(1 << 20).real(1 << 19);
        volume([
            (BASE, base().with(data(5))),
            (at, extension(at).with(FileName::new(Reference::ROOT, "other"))),
            (at + 1, extension(at + 1).with(Attribute::non_resident(kind::DATA, later))),
            (at + 2, extension(at + 2).with(data(1).named("stream"))),
        ])
    };
    for before in [true, false] {
        let scan = scan(parts(before));
        // Streams hang on the name that comes first.
        let stream = if before { "/other:stream" } else { "/split:stream" };
        let mut expected = ["/other", "/split", stream];
        expected.sort_unstable();
        assert_eq!(paths(&scan), expected);
        for path in ["/split", "/other"] {
            let row = row(&scan, path);
            assert_eq!((row.sizes(), row.links, row.record), ((5 * 4096, 5 * 4096), 2, Some(40)), "{path}");
        }
        assert_eq!(findings(&scan), []);
        assert_eq!(scan.report.counts.extensions, 3);
    }
}

#[test]
fn pitfall_13_an_extension_does_not_overwrite_sizes() {
    let image = volume([(BASE, base().with(Attribute::data(b"12345"))), (41, extension(41).with(data(7)))]);
    assert_eq!(row(&scan(image), "/split").sizes(), (5, 0));
}

#[test]
fn pitfall_14_a_stale_extension_is_dropped_and_counted() {
    let stale = |base: (u64, u16)| {
        let extension = RecordBuilder::new(41).base(base);
        let extension = extension.with(FileName::new(Reference::ROOT, "stale")).with(data(7).named("zone"));
        let scan = scan(volume([(BASE, base_with_data()), (41, extension)]));
        assert_eq!(paths(&scan), ["/split"]);
        assert_eq!(row(&scan, "/split").sizes(), (5, 0));
        findings(&scan)
    };
    let dropped = [(FindingKind::StaleExtension, 41)];
    assert_eq!(stale((BASE, 2)), dropped, "an earlier life of the record");
    assert_eq!(stale((BASE, 4)), dropped, "a later one");
    assert_eq!(stale((60, 1)), dropped, "a record that was never used");
    assert_eq!(stale((1 << 40, 1)), dropped, "a record beyond all others");
    assert_eq!(stale((0xFFFF_FFFF, 1)), dropped, "a record with the number that stands for none");
    assert_eq!(stale((41, 1)), dropped, "itself");
}

fn base_with_data() -> RecordBuilder {
    base().with(Attribute::data(b"12345"))
}

#[test]
fn pitfall_14_a_deleted_extension_finds_its_deleted_base() {
    let check = |base_sequence: u16, named: u16, found: bool| {
        let image = volume([
            (BASE, base().sequence(base_sequence).deleted()),
            (41, RecordBuilder::new(41).deleted().base((BASE, named)).with(data(7))),
        ]);
        let scan = scan_deleted(image);
        let size = if found { 7 * 4096 } else { 0 };
        assert_eq!(row(&scan, "/split").size, size, "{named} when it is {base_sequence}");
        assert_eq!(findings(&scan), []);
    };
    check(4, 3, true);
    check(4, 4, true);
    check(4, 2, false);
    check(4, 5, false);
    // After 65535 comes 1: 0 is never given out.
    check(1, 0xFFFF, true);
    check(0, 0xFFFF, false);
}

#[test]
fn pitfall_14_a_living_extension_of_a_deleted_base_is_stale() {
    let parts = [(BASE, base().sequence(4).deleted()), (41, extension(41).with(data(7)))];
    let image = volume(parts);
    for scan in [scan(image.clone()), scan_deleted(image)] {
        assert_eq!(findings(&scan), [(FindingKind::StaleExtension, 41)]);
    }
}

#[test]
fn pitfall_15_data_that_lie_only_in_an_extension_have_a_size() {
    for at in [30, 50] {
        let image = volume([(BASE, base()), (at, extension(at).with(data(7)))]);
        assert_eq!(row(&scan(image), "/split").sizes(), (7 * 4096, 7 * 4096));
    }
    // An empty stream without a cluster is a size, too.
    let image = volume([(BASE, base()), (50, extension(50).with(Attribute::data(b"123")))]);
    assert_eq!(row(&scan(image), "/split").sizes(), (3, 0));
}

#[test]
fn pitfall_15_the_piece_at_vcn_0_has_the_sizes() {
    let first = NonResident::new(4096, &[(Some(9), 2)]).allocated(9 * 4096).real(9 * 4096 - 5);
    let piece = |lowest| {
        let piece = NonResident::continued(lowest, &[(Some(90 + lowest), 2)]);
        Attribute::non_resident(kind::DATA, piece.allocated(77 * 4096).real(77 * 4096))
    };
    let first = Attribute::non_resident(kind::DATA, first);
    for order in [[50, 51, 52], [52, 51, 50], [30, 31, 50], [51, 30, 31]] {
        let image = volume([
            (BASE, base().with(piece(7))),
            (order[0], extension(order[0]).with(first.clone())),
            (order[1], extension(order[1]).with(piece(2))),
            (order[2], extension(order[2]).with(piece(4))),
        ]);
        assert_eq!(row(&scan(image), "/split").sizes(), (9 * 4096 - 5, 9 * 4096), "{order:?}");
    }
}

#[test]
fn pitfall_16_a_name_may_lie_in_an_extension_alone() {
    for at in [30, 50] {
        let image = volume([
            (BASE, nameless().directory().with(Attribute::data(b"1").named("zone"))),
            (at, extension(at).with(FileName::new(Reference::ROOT, "folder"))),
            (60, RecordBuilder::new(60).with(FileName::new(BASE_AT, "child"))),
        ]);
        let scan = scan(image);
        assert_eq!(paths(&scan), ["/folder", "/folder/child", "/folder:zone"]);
        let folder = row(&scan, "/folder");
        assert_eq!((folder.kind, folder.record, folder.times[0] != 0), (Kind::Folder, Some(40), true));
        assert_eq!(findings(&scan), []);
    }
}

#[test]
fn pitfall_17_pieces_of_a_stream_are_one_stream() {
    let first = NonResident::new(4096, &[(Some(9), 2)]).allocated(1 << 30).real((1 << 30) - 1);
    let first = Attribute::non_resident(kind::DATA, first).named("disk");
    let later = |lowest| {
        Attribute::non_resident(kind::DATA, NonResident::continued(lowest, &[(Some(99), 2)])).named("disk")
    };
    for order in [[50, 51], [51, 50], [30, 50]] {
        let image = volume([
            (BASE, base().with(later(4)).with(data(3))),
            (order[0], extension(order[0]).with(first.clone())),
            (order[1], extension(order[1]).with(later(2)).with(data(1).named("other"))),
        ]);
        let scan = scan(image);
        assert_eq!(paths(&scan), ["/split", "/split:disk", "/split:other"], "{order:?}");
        assert_eq!(row(&scan, "/split:disk").sizes(), ((1 << 30) - 1, 1 << 30));
        assert_eq!(row(&scan, "/split").sizes(), (3 * 4096, 3 * 4096));
        assert_eq!(scan.report.counts.streams, 2 + METAFILE_STREAMS);
    }
}

#[test]
fn pitfall_18_what_comes_before_a_broken_attribute_is_kept() {
    let check = |field: Field, value: u64, fault: fn(AttributeFault) -> bool| {
        let mut volume = VolumeBuilder::new().file("a", b"123").file("b", b"4").build();
        let broken = volume.reference("a").frs();
        let offset = vandal::find(volume.record(broken), kind::DATA, 0);
        volume.edit(broken, |record| vandal::set_field(record, kind::DATA, 0, field, value));
        let scan = scan(volume.into_image());
        assert_eq!(paths(&scan), ["/a", "/b"]);
        let row = row(&scan, "/a");
        assert_eq!((row.size, row.flags, row.file_flags), (0, RowFlags::DAMAGED, FileFlags::DAMAGED));
        let [DamagedRecord { record, damage, attribute: Some(AttributeError { offset: at, fault: found }) }] =
            scan.report.damaged[..]
        else {
            panic!("{:?}", scan.report.damaged)
        };
        assert_eq!((record, damage, at), (broken, Damage::ATTRIBUTES, offset));
        assert!(fault(found), "{found:?}");
    };
    check(Field::Length, 0, |fault| matches!(fault, AttributeFault::Length { found: 0, .. }));
    check(Field::Length, 0xFFFF_FFF8, |fault| matches!(fault, AttributeFault::Length { .. }));
    check(Field::ValueLength, 0x1000, |fault| matches!(fault, AttributeFault::Content { bytes: 0x1000, .. }));
    check(Field::NonResident, 9, |fault| matches!(fault, AttributeFault::Form { found: 9 }));
}

#[test]
fn pitfall_19_a_name_that_points_outside_is_damage_and_no_name() {
    let mut volume = VolumeBuilder::new().file("a", b"123").file("b", b"4").build();
    let broken = volume.reference("a").frs();
    // The count of units stands 0x40 bytes into the value, which starts 0x18 into the attribute.
    volume.edit(broken, |record| vandal::overwrite(record, kind::FILE_NAME, 0, 0x58, &[200]));
    let scan = scan(volume.into_image());
    let path = format!("<orphans>/<record {broken}>");
    assert_eq!(paths(&scan), ["/b".to_owned(), path.clone()]);
    assert_eq!(row(&scan, &path).size, 3, "its data are found all the same");
    assert_eq!(findings(&scan), [(FindingKind::Nameless, u32::try_from(broken).unwrap())]);
    let listed: Vec<_> = scan.report.damaged.iter().map(|it| (it.record, it.damage)).collect();
    assert_eq!(listed, [(broken, Damage::CONTENT)]);
}

#[test]
fn pitfall_12_the_last_record_of_a_dump_may_be_cut() {
    let mut volume = VolumeBuilder::new();
    for file in 0..9 {
        volume = volume.file(&format!("{file}"), b"");
    }
    let dump = volume.build().mft().to_vec();
    // Files start at record 27; the last of those that are left, 33, is cut.
    let scan = scan(&dump[..33 * 1024 + 700]);
    assert_eq!(paths(&scan), (0..6).map(|file| format!("/{file}")).collect::<Vec<_>>());
    assert_eq!((scan.report.counts.records, scan.report.counts.damaged), (33, 0));
    assert_eq!(user_rows(&scan).len(), 6);
}

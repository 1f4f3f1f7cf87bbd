//! Parents that are gone, rings of folders, links, and depth.

use quarry_forge::{
    Attribute, Entry, FileName, NonResident, RecordBuilder, Reparse, StandardInformation, VolumeBuilder,
};
use quarry_index::{FindingKind, Kind, RowFlags};
use quarry_scan::Scan;

use crate::common::{METAFILE_STREAMS, findings, paths, row, rows, scan, scan_deleted, user_rows};

const ORPHAN: RowFlags = RowFlags::ORPHAN;

fn file(number: u64, parent: (u64, u16), name: &str) -> (u64, RecordBuilder) {
    (number, RecordBuilder::new(number).with(StandardInformation::new()).with(FileName::new(parent, name)))
}

fn folder(number: u64, parent: (u64, u16), name: &str) -> (u64, RecordBuilder) {
    let (number, record) = file(number, parent, name);
    (number, record.directory())
}

fn volume(records: impl IntoIterator<Item = (u64, RecordBuilder)>) -> Vec<u8> {
    let add = |volume: VolumeBuilder, (number, record)| volume.record(number, record);
    records.into_iter().fold(VolumeBuilder::new(), add).build().into_image()
}

/// Whether a file in `parent` is an orphan beside `records`, with deleted records and without.
#[track_caller]
fn check_orphan(records: &[(u64, RecordBuilder)], parent: (u64, u16)) {
    let image = volume(records.iter().cloned().chain([file(60, parent, "child")]));
    for scan in [scan(image.clone()), scan_deleted(image)] {
        assert_eq!(row(&scan, "<orphans>/child").flags, ORPHAN);
        assert_eq!(findings(&scan), [(FindingKind::Orphan, 60)]);
        let root = row(&scan, "/");
        assert_eq!(root.subtree_end, row(&scan, "<orphans>").subtree_end - 2, "it is outside of the root");
    }
}

#[test]
fn pitfall_27_a_parent_with_another_sequence_number_is_gone() {
    let (number, newcomer) = folder(40, (5, 5), "newcomer");
    let newcomer = [(number, newcomer.sequence(3))];
    check_orphan(&newcomer, (40, 2));
    check_orphan(&newcomer, (40, 4));
    check_orphan(&newcomer, (40, 0));
    check_orphan(&[], (5, 6));
    let child = file(60, (40, 3), "child");
    assert_eq!(paths(&scan(volume(newcomer.into_iter().chain([child])))), ["/newcomer", "/newcomer/child"]);
}

#[test]
fn pitfall_28_a_parent_that_is_no_folder_or_not_there_makes_an_orphan() {
    check_orphan(&[file(40, (5, 5), "plain file")], (40, 1));
    check_orphan(&[], (40, 1));
    check_orphan(&[], (1 << 40, 1));
    check_orphan(&[], (0xFFFF_FFFF, 0));
    let (number, deleted) = folder(40, (5, 5), "deleted");
    check_orphan(&[(number, deleted.sequence(2).deleted())], (40, 1));
    let (number, deleted) = folder(40, (5, 5), "deleted");
    check_orphan(&[(number, deleted.deleted())], (40, 1));
}

#[test]
fn pitfall_14_a_deleted_file_finds_its_deleted_folder() {
    let check = |folder_sequence: u16, named: u16, found: bool| {
        let (_, gone) = folder(40, (5, 5), "gone");
        let (_, child) = file(60, (40, named), "child");
        let image = volume([(40, gone.sequence(folder_sequence).deleted()), (60, child.deleted())]);
        let scan = scan_deleted(image);
        let expected = if found { ["/gone", "/gone/child"] } else { ["/gone", "<orphans>/child"] };
        assert_eq!(paths(&scan), expected, "{named} when it is {folder_sequence}");
        assert_eq!(findings(&scan), [], "what is deleted need not fit");
    };
    check(3, 2, true);
    check(3, 3, true);
    check(3, 1, false);
    check(3, 4, false);
    // After 65535 comes 1: 0 is never given out.
    check(1, 0xFFFF, true);
    check(0, 0xFFFF, false);
}

#[test]
fn pitfall_27_a_deleted_file_stays_in_its_living_folder_only() {
    let (_, living) = folder(40, (5, 5), "living");
    let living = (40, living.sequence(3));
    let child = |sequence: u16| {
        let (_, child) = file(60, (40, sequence), "child");
        paths(&scan_deleted(volume([living.clone(), (60, child.deleted())])))
    };
    assert_eq!(child(3), ["/living", "/living/child"]);
    assert_eq!(child(2), ["/living", "<orphans>/child"], "the folder that it was in is another by now");
}

#[test]
fn pitfall_28_rings_of_folders_stand_apart() {
    for length in 1..=4u64 {
        let ring = (0..length)
            .map(|place| folder(40 + place, (40 + (place + 1) % length, 1), &format!("ring {place}")));
        let last = 40 + length - 1;
        let image = volume(ring.chain([
            file(60, (last, 1), "child"),
            // Records below those of the ring, from which it is met first.
            folder(30, (40, 1), "branch"),
            file(29, (30, 1), "leaf"),
            file(63, (5, 5), "sound"),
        ]));
        let scan = scan(image);
        assert_eq!(findings(&scan), [(FindingKind::Cycle, 40)], "a ring of {length}");
        // The lowest record of the ring is where it is cut; the others lie below it in the order of the ring.
        let path = |place: u64| {
            let below = (1..length).rev().filter(|&member| member >= place && place != 0);
            let below: String = below.map(|member| format!("/ring {member}")).collect();
            format!("<orphans>/ring 0{below}")
        };
        let mut expected: Vec<String> = (0..length).map(path).collect();
        expected.extend([
            "/sound".to_owned(),
            format!("{}/child", path(length - 1)),
            format!("{}/branch", path(0)),
            format!("{}/branch/leaf", path(0)),
        ]);
        expected.sort();
        assert_eq!(paths(&scan), expected);
        let orphans = user_rows(&scan).iter().filter(|row| row.flags.contains(ORPHAN)).count();
        assert_eq!(orphans as u64, length + 3);
        assert_eq!(
            row(&scan, "/").subtree_end,
            row(&scan, "<orphans>").subtree_end - 4 - u32::try_from(length).unwrap()
        );
    }
}

#[test]
fn pitfall_28_two_rings_are_two_findings() {
    let image = volume([
        folder(40, (41, 1), "a"),
        folder(41, (40, 1), "b"),
        folder(42, (42, 1), "c"),
        file(43, (42, 1), "d"),
    ]);
    let scan = scan(image);
    assert_eq!(findings(&scan), [(FindingKind::Cycle, 40), (FindingKind::Cycle, 42)]);
    assert_eq!(paths(&scan), ["<orphans>/a", "<orphans>/a/b", "<orphans>/c", "<orphans>/c/d"]);
}

/// Their records were given out again since, so that what they say of one another need not fit.
#[test]
fn pitfall_28_a_ring_of_deleted_folders_stands_apart_and_is_no_finding() {
    let gone = |number, parent, name| {
        let (number, record) = folder(number, parent, name);
        (number, record.sequence(2).deleted())
    };
    let image = volume([gone(40, (41, 1), "a"), gone(41, (40, 1), "b"), folder(42, (42, 1), "living")]);
    let expected = [(FindingKind::Cycle, 42)];
    assert_eq!(findings(&scan(image.clone())), expected);
    let all = scan_deleted(image);
    assert_eq!(findings(&all), expected, "the deleted are no findings");
    assert_eq!(paths(&all), ["<orphans>/a", "<orphans>/a/b", "<orphans>/living"]);
}

#[test]
fn pitfall_28_a_user_may_call_a_folder_as_the_bucket_is_called() {
    let image =
        volume([folder(40, (5, 5), "<orphans>"), file(41, (40, 1), "mine"), file(42, (99, 1), "lost")]);
    let scan = scan(image);
    assert_eq!(paths(&scan), ["/<orphans>", "/<orphans>/mine", "<orphans>/lost"]);
    assert_eq!(row(&scan, "/<orphans>/mine").flags, RowFlags::empty());
}

#[test]
fn pitfall_29_sixteen_thousand_levels_take_no_stack() {
    let levels = 16_000u64;
    let record = |number: u64, parent: (u64, u16)| folder(number, parent, "d").1.build();
    let mut dump = VolumeBuilder::new().build().mft()[..24 * 1024].to_vec();
    dump.extend(record(24, (5, 5)));
    dump.extend((25..24 + levels).flat_map(|number| record(number, (number - 1, 1))));
    // A thread with less stack than a recursion of that depth would take.
    let found = std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(move || {
            let scan = scan(dump);
            let deepest = scan.index.rows().filter(|row| row.record().is_some()).last();
            (deepest.map(|row| row.path()), findings(&scan))
        })
        .unwrap()
        .join()
        .unwrap();
    assert_eq!(found, (Some(b"/d".repeat(16_000)), vec![]));
}

#[test]
fn pitfall_30_each_path_is_a_row_and_the_file_is_one() {
    let volume =
        VolumeBuilder::new().file("a", b"12345").directory("d").hard_link("a", "d/b").hard_link("a", "d/c");
    let scan = scan(volume.build().into_image());
    assert_eq!(paths(&scan), ["/a", "/d", "/d/b", "/d/c"]);
    let links: Vec<_> = ["/a", "/d/b", "/d/c"].iter().map(|path| row(&scan, path)).collect();
    for link in &links {
        assert_eq!((link.links, link.size, link.file), (3, 5, links[0].file), "{}", link.path);
    }
    assert_eq!(
        scan.report.counts.files,
        scan.index.rows().filter_map(|row| row.record()).collect::<std::collections::BTreeSet<_>>().len()
            as u64
            + 4
    );
}

#[test]
fn pitfall_30_a_link_in_a_folder_that_is_gone_leaves_the_others_where_they_are() {
    let (_, linked) = file(40, (5, 5), "here");
    let image = volume([(40, linked.with(FileName::new((99, 1), "there")))]);
    let scan = scan(image);
    assert_eq!(paths(&scan), ["/here", "<orphans>/there"]);
    assert_eq!(row(&scan, "/here").flags, RowFlags::empty());
    assert_eq!(findings(&scan), [(FindingKind::Orphan, 40)]);
}

#[test]
fn pitfall_30_a_folder_with_two_names_holds_its_children_once() {
    let (_, twice) = folder(40, (5, 5), "one");
    let image = volume([(40, twice.with(FileName::new((40, 1), "two"))), file(41, (40, 1), "child")]);
    let scan = scan(image);
    assert_eq!(paths(&scan), ["/one", "/one/child", "/one/two"]);
    assert_eq!((row(&scan, "/one/two").kind, findings(&scan)), (Kind::Folder, vec![]));
}

/// Files and bytes that a folder's total counts.
#[track_caller]
fn total(scan: &Scan, path: &str) -> (u64, u64) {
    let mut found = scan.index.rows().filter(|row| *row.path() == *path.as_bytes());
    let total = found.next().unwrap_or_else(|| panic!("{path} in {:?}", paths(scan))).total();
    (total.files, total.bytes)
}

/// The same of the root without its metafiles.
fn users_total(scan: &Scan) -> (u64, u64) {
    let rows = scan.index.rows().filter(|row| row.flags().contains(RowFlags::METAFILE));
    let counted = rows.filter(|row| matches!(row.kind(), Kind::File | Kind::Stream));
    let own = counted.fold((0, 0), |(files, bytes), row| {
        (files + u64::from(row.kind() == Kind::File), bytes + row.size())
    });
    let (files, bytes) = total(scan, "/");
    (files - own.0, bytes - own.1)
}

#[test]
fn pitfall_30_a_folder_counts_a_file_once_however_many_names_it_has_below() {
    let linked = VolumeBuilder::new()
        .file("top/a/one", b"12345")
        .hard_link("top/a/one", "top/a/two")
        .hard_link("top/a/one", "top/b/three")
        .hard_link("top/a/one", "other/four")
        .file("top/b/plain", b"1234567");
    let scan = scan(linked.build().into_image());
    assert_eq!(total(&scan, "/top/a"), (1, 5), "two names beside each other");
    assert_eq!(total(&scan, "/top/b"), (2, 5 + 7));
    assert_eq!(total(&scan, "/other"), (1, 5));
    assert_eq!(total(&scan, "/top"), (2, 5 + 7), "less than the sum of what lies in it");
    assert_eq!(users_total(&scan), (2, 5 + 7), "each once in the volume");
}

#[test]
fn pitfall_30_a_link_among_the_orphans_counts_there_and_in_its_folder() {
    let (_, linked) = file(40, (5, 5), "here");
    let linked = linked.with(FileName::new((99, 1), "there")).with(FileName::new((98, 1), "and there"));
    let scan = scan(volume([(40, linked.with(Attribute::data(b"12345")))]));
    assert_eq!(users_total(&scan), (1, 5), "what hangs on nothing is no part of the root's");
    assert_eq!(total(&scan, "<orphans>"), (1, 5), "though its names hang on different folders");
}

#[test]
fn pitfall_31_streams_are_rows_of_their_own_once_each() {
    let volume = VolumeBuilder::new()
        .add("linked", Entry::file(b"12345").stream("one", b"1").stream("two", b"22"))
        .hard_link("linked", "z/link")
        .add("folder", Entry::directory().stream("zone", b"333"))
        .file("folder/child", b"4444");
    let scan = scan(volume.build().into_image());
    assert_eq!(
        paths(&scan),
        [
            "/folder",
            "/folder/child",
            "/folder:zone",
            "/linked",
            "/linked:one",
            "/linked:two",
            "/z",
            "/z/link"
        ]
    );
    let stream = row(&scan, "/folder:zone");
    assert_eq!(
        (stream.kind, stream.size, stream.subtree_end),
        (Kind::Stream, 3, {
            let at = rows(&scan).iter().position(|row| row.path == "/folder:zone").unwrap();
            u32::try_from(at).unwrap() + 1
        })
    );
    assert_eq!(row(&scan, "/folder").kind, Kind::Folder);
    assert_eq!(scan.report.counts.streams, 3 + METAFILE_STREAMS);
}

#[test]
fn pitfall_32_links_are_leaves_and_the_record_says_what_is_a_folder() {
    const DIRECTORY: u32 = 0x10;
    let volume = VolumeBuilder::new()
        .add("junction", Entry::directory().reparse(Reparse::junction("C:\\Users")))
        .add("symlink", Entry::file(b"").reparse(Reparse::symlink("target", true)))
        .add("cloud", Entry::directory().reparse(Reparse::new(0x9000_001A, [0; 8])))
        .add("not a folder", Entry::file(b"1").attributes(DIRECTORY))
        .add("a folder", Entry::directory().attributes(0x20))
        .file("cloud/file", b"2");
    let scan = scan(volume.build().into_image());
    let kind = |path: &str| row(&scan, path).kind;
    assert_eq!((kind("/junction"), kind("/symlink")), (Kind::Link, Kind::Link));
    assert_eq!(
        (kind("/cloud"), kind("/not a folder"), kind("/a folder")),
        (Kind::Folder, Kind::File, Kind::Folder)
    );
    assert_eq!(row(&scan, "/cloud/file").kind, Kind::File);
}

#[test]
fn pitfall_32_names_that_differ_by_case_alone_are_two() {
    let scan = scan(VolumeBuilder::new().file("d/name", b"1").file("d/NAME", b"22").build().into_image());
    assert_eq!(paths(&scan), ["/d", "/d/NAME", "/d/name"]);
    assert_eq!((row(&scan, "/d/NAME").size, row(&scan, "/d/name").size), (2, 1));
}

/// A reparse point outside of its record is one, whether its tag is known or not.
#[test]
fn pitfall_32_a_reparse_point_that_lies_in_clusters_is_one() {
    let outside = || {
        Attribute::non_resident(quarry_forge::kind::REPARSE_POINT, NonResident::new(4096, &[(Some(9), 1)]))
    };
    let tag_of = |name: FileName, in_base: bool| {
        let base = RecordBuilder::new(40).with(StandardInformation::new()).with(name);
        let extension = RecordBuilder::new(41).base((40, 1));
        let (base, extension) =
            if in_base { (base.with(outside()), extension) } else { (base, extension.with(outside())) };
        let scan = scan(volume([(40, base), (41, extension)]));
        let row = row(&scan, "/link");
        assert_eq!(row.flags, RowFlags::empty());
        (row.kind, row.reparse_tag)
    };
    let name = || FileName::new((5, 5), "link");
    let remembered = || name().flags(0x400).reparse_tag(quarry_forge::tag::SYMLINK);
    assert_eq!(tag_of(remembered(), true), (Kind::Link, quarry_forge::tag::SYMLINK));
    for found in [tag_of(name(), true), tag_of(name(), false), tag_of(remembered(), false)] {
        assert_eq!(found, (Kind::File, quarry_ntfs::tag::UNKNOWN));
    }
}

#[test]
fn pitfall_32_a_reparse_point_that_does_not_parse_is_damage() {
    let value = Attribute::resident(quarry_forge::kind::REPARSE_POINT, [0x0C, 0, 0, 0xA0, 0xFF, 0xFF, 0, 0]);
    let (_, link) = file(40, (5, 5), "link");
    let scan = scan(volume([(40, link.with(value))]));
    let row = row(&scan, "/link");
    assert_eq!((row.kind, row.flags), (Kind::Link, RowFlags::DAMAGED), "its tag is sound");
}

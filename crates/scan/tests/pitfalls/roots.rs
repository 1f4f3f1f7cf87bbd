//! The root folder, which everything hangs on: named after itself, damaged, or not there at all.

use quarry_forge::vandal::{self, HeaderField};
use quarry_forge::{Attribute, FileName, RecordBuilder, Reference, StandardInformation, VolumeBuilder, kind};
use quarry_index::{Kind, RowFlags};
use quarry_scan::Scan;

use crate::common::{findings, paths, row, rows, scan, scan_deleted};

/// A volume whose root has been changed, searched with and without what is deleted.
fn with_root(change: impl Fn(&mut [u8])) -> [Scan; 2] {
    let mut volume = VolumeBuilder::new().file("a/b", b"1").file("c", b"2").build();
    volume.edit(5, change);
    let image = volume.into_image();
    [scan(image.clone()), scan_deleted(image)]
}

#[test]
fn pitfall_23_the_root_is_no_child_of_itself() {
    for scan in with_root(|_| {}) {
        let rows = rows(&scan);
        let root: Vec<_> = rows.iter().filter(|row| row.record == Some(5)).collect();
        assert_eq!(root.len(), 1);
        assert_eq!(
            (&*root[0].path, root[0].kind, root[0].subtree_end),
            ("/", Kind::Folder, scan.index.len() - 1)
        );
        assert_eq!(findings(&scan), [], "no cycle");
        assert!(!rows.iter().any(|row| row.path.contains("/.")), "no row is called \".\"");
    }
}

#[test]
fn pitfall_23_the_tree_hangs_together_without_a_sound_root() {
    let check = |what: &str, change: &dyn Fn(&mut [u8])| {
        for scan in with_root(change) {
            assert_eq!(paths(&scan), ["/a", "/a/b", "/c"], "{what}");
            assert_eq!(findings(&scan), [], "{what}");
            assert_eq!(row(&scan, "/").kind, Kind::Folder, "{what}");
        }
    };
    check("zeroed", &vandal::zero);
    check("marked bad", &vandal::mark_baad);
    check("torn", &|record| vandal::tear(record, 0));
    check("not in use", &|record| vandal::set_header(record, HeaderField::Flags, 2));
    check("no folder", &|record| vandal::set_header(record, HeaderField::Flags, 1));
    check("neither", &|record| vandal::set_header(record, HeaderField::Flags, 0));
    check("given out again", &|record| vandal::set_header(record, HeaderField::Sequence, 6));
    check("an extension", &|record| vandal::set_header(record, HeaderField::Base, 9 | 9 << 48));
    check("without a name", &|record| {
        vandal::set_field(record, kind::FILE_NAME, 0, vandal::Field::Kind, kind::OBJECT_ID.into());
    });
}

#[test]
fn pitfall_23_a_root_that_denies_itself_is_damaged() {
    let flags = |flags| {
        with_root(|record| vandal::set_header(record, HeaderField::Flags, flags))
            .map(|scan| row(&scan, "/").flags)
    };
    let damaged = RowFlags::METAFILE | RowFlags::DAMAGED;
    assert_eq!(flags(3), [RowFlags::METAFILE; 2]);
    assert_eq!(flags(1), [damaged; 2]);
    assert_eq!(flags(2)[1], damaged);
}

#[test]
fn pitfall_23_a_dump_without_a_root_has_one_all_the_same() {
    let files = (0..4).map(|number| {
        let name = FileName::new(Reference::ROOT, format!("file {number}"));
        RecordBuilder::new(number).with(StandardInformation::new()).with(name).build()
    });
    let scan = scan(files.collect::<Vec<_>>().concat());
    let paths: Vec<String> = rows(&scan).into_iter().map(|row| row.path).collect();
    assert_eq!(paths, ["/", "/file 0", "/file 1", "/file 2", "/file 3", "<orphans>"]);
}

#[test]
fn pitfall_31_streams_of_the_root_have_a_place() {
    let mut volume = VolumeBuilder::new().file("a", b"1");
    let stream = Attribute::data(b"12345").named("zone");
    volume = volume.record(40, RecordBuilder::new(40).base((5, 5)).with(stream));
    let scan = scan(volume.build().into_image());
    let row = row(&scan, "/:zone");
    assert_eq!((row.kind, row.size, row.record), (Kind::Stream, 5, Some(5)));
}

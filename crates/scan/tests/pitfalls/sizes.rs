//! How large files are, and how much of the disk they take.

use quarry_forge::{
    Attribute, Entry, FileName, NonResident, RecordBuilder, Reference, Reparse, StandardInformation,
    VolumeBuilder, kind, tag,
};
use quarry_index::{Kind, RowFlags};
use quarry_ntfs::Damage;

use crate::common::{METAFILE_STREAMS, paths, row, rows, scan};

fn extents(clusters: u64) -> NonResident {
    NonResident::new(4096, &[(Some(9), clusters)])
}

fn data(extents: NonResident) -> Attribute {
    Attribute::non_resident(kind::DATA, extents)
}

/// Whether a file with these attributes has these sizes.
#[track_caller]
fn check(entry: Entry, expected: (u64, u64)) {
    let scan = scan(VolumeBuilder::new().add("a", entry).build().into_image());
    let row = row(&scan, "/a");
    assert_eq!((row.sizes(), row.flags), (expected, RowFlags::empty()));
}

#[test]
fn pitfall_33_resident_data_take_no_space_of_their_own() {
    check(Entry::file(b"0123456789"), (10, 0));
    check(Entry::file(b""), (0, 0));
    check(Entry::file(vec![1; 5000]), (5000, 8192));
    check(Entry::file(b"0123456789").non_resident(), (10, 4096));
    let scan = scan(VolumeBuilder::new().add("a", Entry::file(b"").stream("s", b"123")).build().into_image());
    assert_eq!(row(&scan, "/a:s").sizes(), (3, 0));
}

#[test]
fn pitfall_34_compressed_and_sparse_files_take_what_their_header_says() {
    check(Entry::bare().attribute(data(extents(16).real(60_000).compressed(8192))), (60_000, 8192));
    check(Entry::bare().attribute(data(extents(16).real(60_000).sparse(0))), (60_000, 0));
    // Without the flags those bytes are something else.
    check(Entry::bare().attribute(data(extents(16).real(60_000))), (60_000, 65_536));
}

#[test]
fn pitfall_35_bad_clus_does_not_claim_the_volume() {
    let volume = VolumeBuilder::new().clusters(4000).file("a", b"1").build();
    assert!(volume.image().len() > 16_000_000);
    let scan = scan(volume.into_image());
    let bad = row(&scan, "/$BadClus:$Bad");
    assert_eq!((bad.kind, bad.sizes()), (Kind::Stream, (0, 0)));
    let all: u64 = rows(&scan).iter().map(|row| row.size).sum();
    assert!(all < 1 << 20, "{all} bytes");
}

/// A file packed by the Windows Overlay Filter, its parts in two records.
fn packed(tag_in_base: bool, stream_in_base: bool, at: u64) -> Vec<u8> {
    let content = data(NonResident::new(4096, &[(None, 25)]).real(100_000).sparse(0));
    let stream = data(extents(3).real(12_000)).named("WofCompressedData");
    let reparse = Attribute::from(Reparse::new(tag::WOF, [1; 16]));
    let base = RecordBuilder::new(40).with(StandardInformation::new());
    let base = base.with(FileName::new(Reference::ROOT, "packed")).with(content);
    let extension = RecordBuilder::new(at).base((40, 1));
    let put = |attribute: Attribute, here: bool, (base, extension): (RecordBuilder, RecordBuilder)| {
        if here { (base.with(attribute), extension) } else { (base, extension.with(attribute)) }
    };
    let (base, extension) = put(stream, stream_in_base, put(reparse, tag_in_base, (base, extension)));
    VolumeBuilder::new().record(40, base).record(at, extension).build().into_image()
}

#[test]
fn pitfall_36_wof_takes_its_size_from_one_stream_and_its_space_from_another() {
    for at in [30, 50] {
        for (tag, stream) in [(true, true), (true, false), (false, true), (false, false)] {
            let scan = scan(packed(tag, stream, at));
            assert_eq!(paths(&scan), ["/packed"], "no stream of a user's");
            let row = row(&scan, "/packed");
            assert_eq!(
                (row.kind, row.sizes(), row.reparse_tag),
                (Kind::File, (100_000, 12_000_u64.next_multiple_of(4096)), tag::WOF)
            );
            assert_eq!(scan.report.counts.streams, METAFILE_STREAMS);
        }
    }
}

#[test]
fn pitfall_36_a_stream_of_that_name_is_a_users_where_nothing_is_packed() {
    let entry = Entry::file(b"12345").stream("WofCompressedData", b"123");
    let scan = scan(VolumeBuilder::new().add("a", entry).build().into_image());
    assert_eq!(paths(&scan), ["/a", "/a:WofCompressedData"]);
    assert_eq!((row(&scan, "/a").sizes(), row(&scan, "/a:WofCompressedData").size), ((5, 0), 3));
    assert_eq!(scan.report.counts.streams, 1 + METAFILE_STREAMS);
}

#[test]
fn pitfall_37_what_is_not_data_is_no_stream() {
    let mut entry = Entry::file(b"12345");
    for kind in [
        kind::OBJECT_ID,
        kind::INDEX_ROOT,
        kind::BITMAP,
        kind::EA_INFORMATION,
        kind::EA,
        kind::LOGGED_UTILITY_STREAM,
        0x1000,
    ] {
        entry = entry.attribute(Attribute::resident(kind, [0; 16]).named("$NAME"));
    }
    entry = entry.attribute(Attribute::non_resident(kind::INDEX_ALLOCATION, extents(2)).named("$I30"));
    entry = entry.attribute(Attribute::from(Reparse::new(tag::LX_SYMLINK, [0; 8])).named("$R"));
    let scan = scan(VolumeBuilder::new().add("a", entry).build().into_image());
    assert_eq!(paths(&scan), ["/a"]);
    assert_eq!((row(&scan, "/a").sizes(), scan.report.counts.streams), ((5, 0), METAFILE_STREAMS));
}

#[test]
fn pitfall_38_the_sizes_in_a_name_are_not_the_files() {
    let name = FileName::new(Reference::ROOT, "a").sizes(1 << 30, 1 << 29);
    let record = RecordBuilder::new(40).with(StandardInformation::new()).with(name);
    let check = |record: RecordBuilder, expected| {
        let scan = scan(VolumeBuilder::new().record(40, record).build().into_image());
        assert_eq!(row(&scan, "/a").sizes(), expected);
    };
    check(record.clone().with(Attribute::data(b"123")), (3, 0));
    check(record, (0, 0));
}

#[test]
fn pitfall_38_sizes_that_cannot_be_are_damage() {
    let check = |extents: NonResident, named: bool| {
        let attribute = if named { data(extents).named("s") } else { data(extents) };
        let volume = VolumeBuilder::new().add("a", Entry::bare().attribute(attribute)).build();
        let frs = volume.reference("a").frs();
        let scan = scan(volume.into_image());
        assert_eq!((row(&scan, "/a").sizes(), row(&scan, "/a").flags), ((0, 0), RowFlags::DAMAGED));
        let listed: Vec<_> = scan.report.damaged.iter().map(|it| (it.record, it.damage)).collect();
        assert_eq!(listed, [(frs, Damage::SIZES)]);
    };
    for named in [false, true] {
        check(extents(2).real(8193), named);
        check(extents(2).real(u64::MAX), named);
        check(extents(2).initialised(9000), named);
        check(extents(2).allocated((1 << 44) + 4096), named);
        check(extents(2).sparse(9000), named);
    }
}

#[test]
fn pitfall_38_attribute_bits_above_16_are_kept() {
    let scan =
        scan(VolumeBuilder::new().add("a", Entry::file(b"").attributes(0x0058_0020)).build().into_image());
    assert_eq!(row(&scan, "/a").attributes, 0x0058_0020);
}

#[test]
fn pitfall_38_a_folder_has_no_size() {
    let folder = RecordBuilder::new(40).directory().with(StandardInformation::new());
    let folder = folder.with(FileName::new(Reference::ROOT, "folder"));
    let extension = RecordBuilder::new(41).base((40, 1)).with(data(extents(7)));
    let inside = folder.clone().with(data(extents(3)));
    for folder in [folder, inside] {
        let volume = VolumeBuilder::new().record(40, folder).record(41, extension.clone());
        assert_eq!(row(&scan(volume.build().into_image()), "/folder").sizes(), (0, 0));
    }
}

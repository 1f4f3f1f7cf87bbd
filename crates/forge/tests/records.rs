//! Records as the crate `mft` reads them, and damage as its description says.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use mft::attribute::MftAttributeContent;
use mft::attribute::header::ResidentialHeader;
use mft::{MftEntry, MftParser};
use quarry_forge::{
    Attribute, AttributeList, Bitmap, FileName, ListEntry, NonResident, ObjectId, RecordBuilder, Reference,
    Reparse, StandardInformation, Times, VolumeInformation, VolumeName, filetime, kind, tag, vandal,
};

/// 2020-02-02 02:02:02 UTC.
const PALINDROME: u64 = 1_580_608_922;

fn parse(record: Vec<u8>) -> MftEntry {
    MftEntry::from_buffer(record, 42).unwrap()
}

fn ordinary() -> RecordBuilder {
    RecordBuilder::new(42)
        .sequence(7)
        .links(2)
        .lsn(0x1234_5678)
        .with(
            StandardInformation::new()
                .times(Times::all(filetime(PALINDROME)))
                .attributes(0x20)
                .security_id(259),
        )
        .with(FileName::new((30, 3), "REPORT~1.TXT").dos())
        .with(FileName::new((30, 3), "report of the year.txt").sizes(8192, 5000))
        .with(Attribute::data(b"hello").named("zone"))
        .with(Attribute::non_resident(kind::DATA, NonResident::new(4096, &[(Some(100), 2)]).real(5000)))
}

#[track_caller]
fn check_ordinary(entry: &MftEntry, size: u32) {
    assert_eq!(entry.header.sequence, 7);
    assert_eq!(entry.header.hard_link_count, 2);
    assert_eq!(entry.header.metadata_transaction_journal, 0x1234_5678);
    assert_eq!(entry.header.total_entry_size, size);
    assert!(entry.is_allocated() && !entry.is_dir());
    let name = entry.find_best_name_attribute().unwrap();
    assert_eq!(name.name.to_string(), "report of the year.txt");
    assert_eq!((name.physical_size, name.logical_size), (8192, 5000));
    assert_eq!((name.parent.entry, name.parent.sequence), (30, 3));
    let attributes: Vec<_> = entry.iter_attributes().map(Result::unwrap).collect();
    let kinds: Vec<_> =
        attributes.iter().map(|attribute| attribute.header.type_code.clone() as u32).collect();
    assert_eq!(kinds, [0x10, 0x30, 0x30, 0x80, 0x80]);
    let instances: Vec<_> = attributes.iter().map(|attribute| attribute.header.instance).collect();
    assert_eq!(instances, [0, 1, 2, 3, 4]);
    let standard = attributes[0].data.as_standard_info().unwrap();
    assert_eq!(standard.created.as_second(), i64::try_from(PALINDROME).unwrap());
    assert_eq!(standard.security_id, 259);
    assert_eq!(attributes[3].header.name.to_string(), "zone");
    assert_eq!(attributes[3].data.as_data().unwrap().data(), b"hello");
    let ResidentialHeader::NonResident(header) = &attributes[4].header.residential_header else {
        panic!("the unnamed stream is resident");
    };
    assert_eq!((header.allocated_length, header.file_size), (8192, 5000));
    let runs = &attributes[4].data.as_data_runs().unwrap().data_runs;
    assert_eq!((runs[0].lcn_offset, runs[0].lcn_length), (100, 2));
}

#[test]
fn both_record_sizes_and_both_headers() {
    check_ordinary(&parse(ordinary().build()), 1024);
    check_ordinary(&parse(ordinary().size(4096).build()), 4096);
    check_ordinary(&parse(ordinary().old_header().build()), 1024);
    let applied = MftEntry::from_buffer_skip_fixup(ordinary().build_applied(), 42).unwrap();
    check_ordinary(&applied, 1024);
}

#[test]
fn extension_and_attribute_list() {
    let list = AttributeList::new([
        ListEntry::new(kind::STANDARD_INFORMATION, (42, 1)),
        ListEntry::new(kind::DATA, (77, 5)).named("zone").lowest_vcn(16).id(3),
    ]);
    let record = RecordBuilder::new(42).with(list.clone()).build();
    let entry = parse(record);
    let attribute = entry.iter_attributes().next().unwrap().unwrap();
    let entries: Vec<_> = attribute.data.as_attribute_list().unwrap().entries.iter().collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].segment_reference.entry, 77);
    assert_eq!(entries[1].lowest_vcn, 16);
    assert_eq!(entries[1].name.to_string(), "zone");

    let outside = RecordBuilder::new(42).with(list.non_resident(4096, &[(Some(9), 1)])).build();
    let entry = parse(outside);
    let attribute = entry.iter_attributes().next().unwrap().unwrap();
    assert_eq!(attribute.header.value_size(), 32 + 40);

    let extension = parse(RecordBuilder::new(77).base((42, 9)).build());
    assert_eq!((extension.header.base_reference.entry, extension.header.base_reference.sequence), (42, 9));
}

#[test]
fn small_attributes() {
    let record = RecordBuilder::new(42)
        .with(ObjectId { object: [0x11; 16], birth: Some([[0x22; 16], [0x33; 16], [0x44; 16]]) })
        .with(VolumeName("Würfel".into()))
        .with(VolumeInformation { major: 3, minor: 1, flags: 1 })
        .with(Reparse::symlink("target", true));
    let entry = parse(record.build());
    let attributes: Vec<_> = entry.iter_attributes().map(Result::unwrap).collect();
    let id = attributes[0].data.as_object_id().unwrap();
    assert!(id.domain_id.as_ref().is_some_and(|guid| guid.to_string().starts_with("44444444-4444")));
    assert_eq!(attributes[1].data.as_volume_name().unwrap().name.to_string(), "Würfel");
    let information = attributes[2].data.as_volume_information().unwrap();
    assert_eq!((information.major_version, information.minor_version), (3, 1));
    assert_eq!(information.flags.bits(), 1);
    let link = attributes[3].data.as_reparse_point().unwrap();
    assert_eq!(link.tag, tag::SYMLINK);
    assert!(format!("{:?}", link.data).contains("target"), "{:?}", link.data);
}

#[test]
fn third_party_reparse_point_has_its_guid_before_the_data() {
    let record = RecordBuilder::new(42).with(Reparse::third_party(0x0000_0042, [0x55; 16], *b"data"));
    let entry = parse(record.build());
    let attribute = entry.iter_attributes().next().unwrap().unwrap();
    let point = attribute.data.as_reparse_point().unwrap();
    assert_eq!(point.tag, 0x42);
    assert!(point.guid.as_ref().is_some_and(|guid| guid.to_string().starts_with("55555555")));
}

/// The crate looks for the field where the compression unit is set, as Windows 2000 does in sparse attributes too.
#[test]
fn size_on_disk_stands_behind_the_initialised_size() {
    for extents in [
        NonResident::new(4096, &[(Some(7), 3), (None, 13)]).real(60_000).compressed(12_288),
        NonResident::new(4096, &[(Some(7), 3), (None, 13)]).real(60_000).sparse(12_288).compression_unit(4),
    ] {
        let entry = parse(
            RecordBuilder::new(42).with(Attribute::non_resident(kind::DATA, extents).named("s")).build(),
        );
        let attribute = entry.iter_attributes().next().unwrap().unwrap();
        let ResidentialHeader::NonResident(header) = &attribute.header.residential_header else {
            panic!("resident");
        };
        assert_eq!(header.total_allocated, Some(12_288));
        assert_eq!((header.allocated_length, header.file_size, header.vnc_last), (65_536, 60_000, 15));
        assert_eq!(attribute.header.name.to_string(), "s");
        assert_eq!(attribute.data.as_data_runs().unwrap().data_runs.len(), 2);
    }
}

#[test]
fn bitmap_is_padded_to_eight_bytes() {
    let mut bitmap = Bitmap::new(65);
    bitmap.set(0, true);
    bitmap.set(64, true);
    bitmap.set(0, false);
    assert_eq!(bitmap.bytes(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn short_standard_information_ends_before_the_owner() {
    let record = RecordBuilder::new(42).with(StandardInformation::new().short()).build_applied();
    let at = vandal::find(&record, kind::STANDARD_INFORMATION, 0);
    assert_eq!(record[at + 0x10..at + 0x14], [48, 0, 0, 0]);
}

#[test]
#[should_panic(expected = "record 42: ")]
fn what_does_not_fit_panics() {
    let _ = RecordBuilder::new(42).with(Attribute::data([0; 1000])).build();
}

#[test]
fn whole_mft_is_walked() {
    let volume = quarry_forge::VolumeBuilder::new().file("a/b/c.txt", "x").build();
    let mut parser = MftParser::from_buffer(volume.mft().to_vec()).unwrap();
    let entry = parser.get_entry(volume.reference("a/b/c.txt").frs()).unwrap();
    let path = parser.get_full_path_for_entry(&entry).unwrap().unwrap();
    assert_eq!(path.to_str(), Some("a/b/c.txt"));
    let root = parser.get_entry(Reference::ROOT.frs()).unwrap();
    assert!(root.is_dir());
    let index = root.iter_attributes().map(Result::unwrap);
    assert!(index.into_iter().any(|attribute| matches!(attribute.data, MftAttributeContent::AttrX90(_))));
}

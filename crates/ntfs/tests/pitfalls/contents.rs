//! What attributes hold: names, sizes, times, reparse points.

use quarry_forge::{
    Attribute, FileName, NonResident, RecordBuilder, Reference, Reparse, StandardInformation, Times, kind,
};
use quarry_ntfs::{
    Attribute as Parsed, FileAttributes, FileName as ParsedName, FileNameError, FileTime, ImpossibleSizes,
    Namespace, Protection, Record, ReparsePoint, SizeLimit, StandardInformation as ParsedStandard,
    StreamSizes, tag,
};

/// What `read` makes of the first attribute of a record that holds nothing but `attribute`.
fn of<T>(attribute: impl Into<Attribute>, read: impl FnOnce(Parsed<'_>) -> T) -> T {
    let mut bytes = RecordBuilder::new(42).with(attribute).build();
    let record = Record::parse(&mut bytes, Protection::Protected).unwrap();
    read(record.attributes().next().unwrap().unwrap())
}

fn sizes(attribute: Attribute) -> Result<Option<(u64, u64)>, ImpossibleSizes> {
    let limit = SizeLimit::of_clusters(4096);
    let sizes = of(attribute, |attribute| StreamSizes::of(&attribute, limit))?;
    Ok(sizes.map(|sizes| (sizes.size, sizes.allocated)))
}

fn extents(clusters: u64) -> NonResident {
    NonResident::new(4096, &[(Some(9), clusters)])
}

fn data(extents: NonResident) -> Attribute {
    Attribute::non_resident(kind::DATA, extents)
}

#[test]
fn pitfall_20_short_names_say_that_they_are() {
    let namespace = |namespace: u8| {
        let value = FileName::new(Reference::ROOT, "NAME~1.TXT").namespace(namespace).value();
        ParsedName::parse(&value).map(|name| name.namespace)
    };
    assert_eq!(namespace(0), Ok(Namespace::Posix));
    assert_eq!(namespace(1), Ok(Namespace::Win32));
    assert_eq!(namespace(2), Ok(Namespace::Dos));
    assert_eq!(namespace(3), Ok(Namespace::Win32AndDos));
    assert_eq!(namespace(4), Err(FileNameError::Namespace { found: 4 }));
    assert_eq!(namespace(255), Err(FileNameError::Namespace { found: 255 }));
}

#[test]
fn pitfall_21_unpaired_surrogates_are_kept_apart() {
    let name = |units: &[u16]| {
        of(FileName::new(Reference::ROOT, units), |attribute| {
            ParsedName::parse(attribute.resident().unwrap()).unwrap().name.to_wtf8()
        })
    };
    assert_eq!(name(&[0xD800]), b"\xED\xA0\x80");
    assert_eq!(name(&[0xDC00, 0xD800]), b"\xED\xB0\x80\xED\xA0\x80");
    assert_eq!(name(&[0x61, 0x62, 0x63, 0x64, 0xDFFF]), b"abcd\xED\xBF\xBF");
    assert_eq!(name(&[0xD83D, 0xDE00]), "😀".as_bytes());
    // The longest name, three bytes a unit.
    assert_eq!(name(&[0xD800; 255]).len(), 765);
}

#[test]
fn pitfall_22_names_are_kept_as_they_are() {
    let odd = [
        "a\u{1}b\nc\td",
        "\u{202E}gpj.exe",
        "zero\u{200B}width\u{FEFF}",
        "dot.",
        "space ",
        "..",
        ".",
        "a\\b",
        "a:b*c?\"<>|",
        "=1+1",
        "con",
        "nul\0nul",
        "\u{7F}",
        "a/b",
    ];
    for text in odd {
        let value = FileName::new(Reference::ROOT, text).value();
        assert_eq!(ParsedName::parse(&value).unwrap().name.to_wtf8(), text.as_bytes(), "{text:?}");
    }
}

#[test]
fn pitfall_32_the_record_says_what_is_a_folder() {
    const DIRECTORY: u32 = 0x10;
    let check = |record: RecordBuilder, expected: bool| {
        let mut bytes = record.build();
        assert_eq!(Record::parse(&mut bytes, Protection::Protected).unwrap().is_directory(), expected);
    };
    let said = StandardInformation::new().attributes(DIRECTORY);
    let name = FileName::new(Reference::ROOT, "name").flags(0x1000_0000);
    check(RecordBuilder::new(42).with(said).with(name), false);
    check(RecordBuilder::new(42).directory().with(StandardInformation::new()), true);
}

#[test]
fn pitfall_32_links_tell_where_they_lead() {
    let target = |reparse: Reparse| {
        of(reparse, |attribute| {
            let value = attribute.resident().unwrap().to_vec();
            let point = ReparsePoint::parse(&value).unwrap();
            (point.tag, point.target().map(|target| target.to_string()))
        })
    };
    let leads = |tag, to: &str| (tag, Some(to.to_owned()));
    assert_eq!(target(Reparse::symlink("..\\there", true)), leads(tag::SYMLINK, "..\\there"));
    assert_eq!(target(Reparse::junction("C:\\Users")), leads(tag::MOUNT_POINT, "C:\\Users"));
    assert_eq!(target(Reparse::new(tag::WOF, [1, 2, 3])), (tag::WOF, None));
    assert_eq!(target(Reparse::new(tag::SYMLINK, [0xFF; 20])), (tag::SYMLINK, None), "offsets outside");
    assert_eq!(target(Reparse::third_party(0x1234, [7; 16], [1])), (0x1234, None));
}

#[test]
fn pitfall_33_resident_data_takes_nothing_outside_its_record() {
    assert_eq!(sizes(Attribute::data(b"0123456789")), Ok(Some((10, 0))));
    assert_eq!(sizes(Attribute::data([])), Ok(Some((0, 0))));
    assert_eq!(sizes(data(extents(2).real(5000))), Ok(Some((5000, 8192))));
}

#[test]
fn pitfall_34_size_on_disk_is_there_only_if_the_flags_say_so() {
    assert_eq!(sizes(data(extents(16).real(60_000).compressed(8192))), Ok(Some((60_000, 8192))));
    assert_eq!(sizes(data(extents(16).real(60_000).sparse(4096))), Ok(Some((60_000, 4096))));
    assert_eq!(sizes(data(extents(16).real(60_000).encrypted())), Ok(Some((60_000, 65_536))));
    // The name lies where the size on disk would be, or the runs do.
    let named = data(extents(16)).named("0123456789");
    assert_eq!(sizes(named), Ok(Some((65_536, 65_536))));
}

#[test]
fn pitfall_34_size_on_disk_is_not_read_out_of_the_runs() {
    // The header of the short form under flags that promise the long one: the run list starts at 0x40.
    let mut attribute = data(extents(16)).encode(0);
    attribute[0x0C] = 1;
    assert_eq!(sizes(Attribute::raw(attribute)), Ok(Some((65_536, 65_536))));
    // And an attribute that ends where the size would be.
    let mut attribute = data(extents(16).compressed(4096)).encode(0);
    attribute.truncate(0x40);
    attribute[0x04] = 0x40;
    attribute[0x20] = 0x40;
    assert_eq!(sizes(Attribute::raw(attribute)), Ok(Some((65_536, 65_536))));
}

#[test]
fn pitfall_15_only_the_first_stretch_carries_sizes() {
    let later = NonResident::continued(7, &[(Some(99), 3)]).allocated(1 << 40).real(1 << 39);
    assert_eq!(sizes(data(later)), Ok(None));
    assert_eq!(sizes(data(extents(3))), Ok(Some((12_288, 12_288))));
}

#[test]
fn pitfall_38_sizes_that_cannot_be_are_damage() {
    let cannot = |extents: NonResident| {
        assert!(sizes(data(extents.clone())).is_err(), "{extents:?}");
    };
    cannot(extents(2).real(8193));
    cannot(extents(2).initialised(8193));
    cannot(extents(2).real(5000).initialised(5001));
    cannot(extents(2).real(u64::MAX));
    cannot(extents(2).allocated(u64::MAX).real(u64::MAX));
    cannot(extents(2).allocated(1 << 63));
    cannot(extents(2).allocated((1 << 44) + 1));
    cannot(extents(2).compressed(8193));
    let error = sizes(data(extents(2).real(9000))).unwrap_err();
    assert_eq!(error, ImpossibleSizes { allocated: 8192, real: 9000, initialised: 9000 });
    assert_eq!(sizes(data(extents(2).allocated(1 << 44))), Ok(Some((8192, 1 << 44))), "2^32 clusters can be");
    assert_eq!(sizes(data(extents(2).initialised(0))), Ok(Some((8192, 8192))));
}

#[test]
fn pitfall_38_the_limit_without_a_geometry_is_2_to_the_53() {
    let parse = |allocated: u64| {
        of(data(extents(2).allocated(allocated)), |it| StreamSizes::of(&it, SizeLimit::UNKNOWN_GEOMETRY))
    };
    assert!(parse(1 << 53).is_ok());
    assert!(parse((1 << 53) + 1).is_err());
}

#[test]
fn pitfall_38_attribute_bits_above_16_are_kept() {
    let bits = 0xFFFF_FFFF;
    let found = of(StandardInformation::new().attributes(bits), |attribute| {
        ParsedStandard::parse(attribute.resident().unwrap()).unwrap().attributes
    });
    assert_eq!(found.bits(), bits);
    assert!(found.contains(FileAttributes::RECALL_ON_DATA_ACCESS | FileAttributes::PINNED));
}

#[test]
fn pitfall_39_any_time_is_kept_as_stored() {
    for time in [0, 1, u64::MAX, 1 << 63, 2_650_467_744_000_000_000] {
        let times = Times { created: time, modified: time ^ 1, changed: time ^ 2, accessed: time ^ 3 };
        let read = |attribute: Parsed<'_>| ParsedStandard::parse(attribute.resident().unwrap()).unwrap();
        let found = of(StandardInformation::new().times(times), read);
        assert_eq!(
            [found.created, found.modified, found.changed, found.accessed],
            [time, time ^ 1, time ^ 2, time ^ 3].map(FileTime)
        );
        let short = of(StandardInformation::new().times(times).short(), read);
        assert_eq!((short.accessed, short.usn, short.security_id), (FileTime(time ^ 3), None, None));
    }
    assert_eq!(ParsedStandard::parse(&[0; 47]), None);
}

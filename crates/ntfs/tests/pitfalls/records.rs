//! Records whose header or fixups are not as they should be.

use quarry_forge::vandal::{self, HeaderField};
use quarry_forge::{Attribute, FileName, RecordBuilder, Reference, StandardInformation, fixup};
use quarry_ntfs::{AttributeType, Damage, FileName as Parsed, Fixup, Protection, Record, RecordError};

/// A record that fills its strides with something to lose.
fn builder(bytes: usize) -> RecordBuilder {
    RecordBuilder::new(42)
        .size(bytes)
        .sequence(7)
        .with(StandardInformation::new())
        .with(FileName::new(Reference::ROOT, "name.txt"))
        .with(Attribute::data((0..bytes / 2).map(|at| at.to_le_bytes()[0]).collect::<Vec<u8>>()))
}

/// The name in a record, as far as its attributes can be walked.
fn name(record: &Record<'_>) -> Option<String> {
    let names = record.attributes().map_while(Result::ok).filter(|it| it.kind == AttributeType::FILE_NAME);
    let values = names.filter_map(|it| Parsed::parse(it.resident()?).ok());
    values.map(|name| name.name.to_string()).next()
}

/// The content of the `$DATA` in a record.
fn data(record: &Record<'_>) -> Vec<u8> {
    let found = record.attributes().map_while(Result::ok).find(|it| it.kind == AttributeType::DATA);
    found.and_then(|it| it.resident().map(<[u8]>::to_vec)).unwrap_or_default()
}

#[test]
fn pitfall_09_a_torn_stride_is_told_and_the_rest_kept() {
    let check = |bytes: usize, stride: usize| {
        let mut record = builder(bytes).build();
        vandal::tear(&mut record, stride);
        let record = Record::parse(&mut record, Protection::Protected).unwrap();
        assert_eq!(record.fixup(), Fixup::Torn { first_stride: stride }, "{bytes}");
        assert_eq!(record.damage(), Damage::TORN);
        assert_eq!(name(&record).as_deref(), Some("name.txt"));
    };
    check(1024, 0);
    check(1024, 1);
    // The stride is 512 bytes where the record has 4096, too.
    check(4096, 5);
    check(4096, 7);
}

#[test]
fn pitfall_09_every_stride_of_512_bytes_is_put_back() {
    for bytes in [1024, 4096] {
        let mut record = builder(bytes).usn(0xBEEF).build();
        let parsed = Record::parse(&mut record, Protection::Protected).unwrap();
        assert_eq!((parsed.fixup(), parsed.damage()), (Fixup::Sound, Damage::empty()));
        assert!(data(&parsed).iter().enumerate().all(|(at, &byte)| byte == at.to_le_bytes()[0]), "{bytes}");
    }
}

#[test]
fn pitfall_09_a_dump_with_fixups_undone_is_not_torn() {
    for bytes in [1024, 4096] {
        let mut applied = builder(bytes).build_applied();
        let parsed = Record::parse(&mut applied, Protection::Undone).unwrap();
        assert_eq!((parsed.fixup(), parsed.damage()), (Fixup::Sound, Damage::empty()));
        assert!(data(&parsed).iter().enumerate().all(|(at, &byte)| byte == at.to_le_bytes()[0]), "{bytes}");
    }
}

#[test]
fn pitfall_09_only_a_sound_record_tells_whether_fixups_are_undone() {
    let check = |damage: &dyn Fn(&mut Vec<u8>), expected: Option<Protection>| {
        let mut record = builder(1024).build();
        damage(&mut record);
        assert_eq!(Record::protection_of(&record), expected);
    };
    check(&|_| {}, Some(Protection::Protected));
    check(&|record| fixup::apply(record), Some(Protection::Undone));
    check(&|record| vandal::tear(record, 0), None);
    check(&|record| vandal::tear(record, 1), None);
    check(&|record| vandal::mark_baad(record), None);
    check(&|record| vandal::zero(record), None);
    check(&|record| vandal::set_usa_count(record, 4), None);
    check(&|record| vandal::set_usa_offset(record, 1022), None);
    check(&|record| record.truncate(512), None);
}

#[test]
fn pitfall_10_an_update_sequence_array_that_does_not_fit_is_not_used() {
    let check = |damage: &dyn Fn(&mut [u8])| {
        let mut record = builder(1024).build();
        damage(&mut record);
        let before = record.clone();
        let parsed = Record::parse(&mut record, Protection::Protected).unwrap();
        assert_eq!((parsed.fixup(), parsed.damage()), (Fixup::BadArray, Damage::UPDATE_SEQUENCE));
        assert_eq!(name(&parsed).as_deref(), Some("name.txt"), "what lies before the first tail is sound");
        assert_eq!(record, before, "nothing was put back");
    };
    for count in [0, 1, 2, 4, 0x7FFF, 0xFFFF] {
        check(&|record| vandal::set_usa_count(record, count));
    }
    // In the header, over the first tail, at the end, and far outside.
    for offset in [0, 0x28, 0x1FA, 0x1FE, 0x3FC, 0x3FE, 0x400, 0xFFFE, 0xFFFF] {
        check(&|record| vandal::set_usa_offset(record, offset));
    }
}

#[test]
fn pitfall_11_the_flag_tells_whether_a_record_is_in_use() {
    let is_in_use = |record: RecordBuilder| {
        Record::parse(&mut record.build(), Protection::Protected).map(|record| record.is_in_use())
    };
    assert_eq!(is_in_use(builder(1024)), Ok(true));
    assert_eq!(is_in_use(builder(1024).deleted()), Ok(false));
    assert_eq!(is_in_use(builder(1024).flags(0xFFFE)), Ok(false));
}

#[test]
fn pitfall_12_what_is_no_record_says_what_it_is() {
    let check = |damage: &dyn Fn(&mut Vec<u8>), expected: RecordError| {
        let mut record = builder(1024).build();
        damage(&mut record);
        assert_eq!(Record::parse(&mut record, Protection::Protected).unwrap_err(), expected);
    };
    check(&|record| vandal::zero(record), RecordError::Blank);
    check(&|record| vandal::mark_baad(record), RecordError::Baad);
    check(&|record| vandal::set_signature(record, *b"INDX"), RecordError::Signature { found: *b"INDX" });
    check(&|record| record.truncate(0x2F), RecordError::Short { found: 0x2F });
    check(&Vec::clear, RecordError::Short { found: 0 });
}

#[test]
fn pitfall_12_a_record_cut_short_is_read_as_far_as_it_goes() {
    let mut record = builder(1024).build();
    let parsed = Record::parse(&mut record[..700], Protection::Protected).unwrap();
    assert_eq!(parsed.damage(), Damage::UPDATE_SEQUENCE | Damage::USED_SIZE);
    assert_eq!(name(&parsed).as_deref(), Some("name.txt"));
    assert!(parsed.attributes().any(|attribute| attribute.is_err()), "its $DATA goes beyond the end");
}

#[test]
fn pitfall_12_headers_of_the_old_form_have_no_number() {
    let number = |record: RecordBuilder| {
        let mut bytes = record.build();
        let record = Record::parse(&mut bytes, Protection::Protected).unwrap();
        assert_eq!((record.damage(), name(&record).as_deref()), (Damage::empty(), Some("name.txt")));
        record.number()
    };
    assert_eq!(number(builder(1024)), Some(42));
    assert_eq!(number(builder(1024).old_header()), None);
    assert_eq!(number(builder(4096).old_header()), None);
}

#[test]
fn pitfall_18_a_used_size_that_does_not_fit_is_damage() {
    for used in [0, 0x20, 0x37, 1025, u64::from(u32::MAX)] {
        let mut record = builder(1024).build();
        vandal::set_header(&mut record, HeaderField::UsedBytes, used);
        let parsed = Record::parse(&mut record, Protection::Protected).unwrap();
        assert_eq!(parsed.damage(), Damage::USED_SIZE, "{used}");
        assert_eq!(name(&parsed).as_deref(), Some("name.txt"));
        assert!(parsed.attributes().all(|attribute| attribute.is_ok()), "the end mark is still there");
    }
}

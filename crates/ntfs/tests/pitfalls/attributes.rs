//! Attributes whose lengths and offsets lie.

use quarry_forge::vandal::{self, Field};
use quarry_forge::{Attribute, FileName, NonResident, RecordBuilder, Reference, StandardInformation, kind};
use quarry_ntfs::{
    AttributeError, AttributeFault, AttributeListEntries, AttributeType, FileName as Parsed, FileNameError,
    Form, Protection, Record,
};

/// `$STANDARD_INFORMATION`, a name, a named stream, and one in clusters.
fn record() -> Vec<u8> {
    RecordBuilder::new(42)
        .with(StandardInformation::new())
        .with(FileName::new(Reference::ROOT, "name.txt"))
        .with(Attribute::data(b"0123456789").named("zone"))
        .with(Attribute::non_resident(kind::DATA, NonResident::new(4096, &[(Some(9), 2)])).named("far"))
        .build()
}

/// The types before the chain breaks, and how it ends.
fn walk(bytes: &mut [u8]) -> (Vec<u32>, Option<AttributeError>) {
    let record = Record::parse(bytes, Protection::Protected).unwrap();
    let (mut sound, mut broken) = (Vec::new(), None);
    // Far more steps than a record has room for attributes.
    for attribute in record.attributes().take(1000) {
        assert_eq!(broken, None, "nothing comes after an error");
        match attribute {
            Ok(attribute) => sound.push(attribute.kind.0),
            Err(error) => broken = Some(error),
        }
    }
    assert!(sound.len() < 1000, "the walk does not end");
    (sound, broken)
}

/// Whether the walk stops at the `nth` attribute of type `kind` when a field of it is changed, for the right reason.
#[track_caller]
fn check(
    kind: u32,
    nth: usize,
    field: Field,
    value: u64,
    sound: &[u32],
    fault: impl Fn(usize) -> AttributeFault,
) {
    let mut bytes = record();
    let offset = vandal::find(&bytes, kind, nth);
    vandal::set_field(&mut bytes, kind, nth, field, value);
    let room = used(&bytes) - offset;
    let (found, broken) = walk(&mut bytes);
    assert_eq!(found, sound, "{field:?} {value:#x}");
    assert_eq!(broken, Some(AttributeError { offset, fault: fault(room) }), "{field:?} {value:#x}");
}

/// The used size of a record.
fn used(record: &[u8]) -> usize {
    usize::from(record[0x18]) | usize::from(record[0x19]) << 8
}

#[test]
fn pitfall_18_the_walk_stops_at_a_length_that_cannot_be() {
    let before = [kind::STANDARD_INFORMATION];
    for length in [0u32, 7, 8, 0x10, 0x17, 0x1C, 0x71, 0x1_0000, 0x7FFF_FFF8, 0xFFFF_FFF8, u32::MAX] {
        let fault = |room| AttributeFault::Length { found: length, room };
        check(kind::FILE_NAME, 0, Field::Length, length.into(), &before, fault);
        check(kind::STANDARD_INFORMATION, 0, Field::Length, length.into(), &[], fault);
    }
    // Long enough for the resident form, too short for the other.
    let fault = |_| AttributeFault::Length { found: 0x30, room: 0x30 };
    check(kind::DATA, 0, Field::NonResident, 1, &[kind::STANDARD_INFORMATION, kind::FILE_NAME], fault);
}

#[test]
fn pitfall_18_attributes_that_overlap_end_the_walk() {
    // The next attribute would start inside this one, whose value then lies outside.
    let fault = |_| AttributeFault::Content { offset: 0x18, bytes: 0x48, length: 0x20 };
    check(kind::STANDARD_INFORMATION, 0, Field::Length, 0x20, &[], fault);
}

#[test]
fn pitfall_18_a_record_without_an_end_mark_ends_all_the_same() {
    let mut bytes = record();
    let offset = vandal::find(&bytes, kind::END, 0);
    vandal::remove_end_mark(&mut bytes);
    let (sound, broken) = walk(&mut bytes);
    assert_eq!(sound, [kind::STANDARD_INFORMATION, kind::FILE_NAME, kind::DATA, kind::DATA]);
    assert_eq!(broken, Some(AttributeError { offset, fault: AttributeFault::NoEnd }));
}

#[test]
fn pitfall_18_the_first_attribute_may_be_said_to_lie_anywhere() {
    for first in [0x400u64, 0x3FE, 0xFFFF] {
        let mut bytes = record();
        vandal::set_header(&mut bytes, vandal::HeaderField::FirstAttribute, first);
        let offset = usize::try_from(first).unwrap();
        assert_eq!(walk(&mut bytes), (vec![], Some(AttributeError { offset, fault: AttributeFault::NoEnd })));
    }
}

#[test]
fn pitfall_18_a_form_that_there_is_not_ends_the_walk() {
    let fault = |_| AttributeFault::Form { found: 2 };
    check(kind::FILE_NAME, 0, Field::NonResident, 2, &[kind::STANDARD_INFORMATION], fault);
}

#[test]
fn pitfall_18_an_attribute_list_of_entries_without_length_ends() {
    let entry = |length: u16| [&0x80u32.to_le_bytes()[..], &length.to_le_bytes(), &[0; 20]].concat();
    let steps =
        |list: &[u8]| AttributeListEntries::new(list).take(100).map(|it| it.is_ok()).collect::<Vec<_>>();
    assert_eq!(steps(&[entry(26), entry(26)].concat()), [true, true]);
    for length in [0, 4, 25, 27, u16::MAX] {
        assert_eq!(steps(&[entry(26), entry(length)].concat()), [true, false], "{length}");
    }
    let error = AttributeListEntries::new(&[0; 30]).next().unwrap().unwrap_err();
    assert_eq!((error.offset, error.length, error.list), (0, 0, 30));
}

#[test]
fn pitfall_19_names_of_attributes_lie_inside_them() {
    let before = [kind::STANDARD_INFORMATION, kind::FILE_NAME];
    for offset in [0x2Au16, 0x30, 0xFFF8, 0xFFFF] {
        let fault = |_| AttributeFault::Name { offset, bytes: 8, length: 0x30 };
        check(kind::DATA, 0, Field::NameOffset, offset.into(), &before, fault);
    }
    let fault = |_| AttributeFault::Name { offset: 0x18, bytes: 0x1FE, length: 0x30 };
    check(kind::DATA, 0, Field::NameLength, 0xFF, &before, fault);
}

#[test]
fn pitfall_19_values_lie_inside_their_attributes() {
    let before = [kind::STANDARD_INFORMATION, kind::FILE_NAME];
    for offset in [0x27u16, 0x30, 0x31, 0xFFFF] {
        let fault = |_| AttributeFault::Content { offset, bytes: 10, length: 0x30 };
        check(kind::DATA, 0, Field::ValueOffset, offset.into(), &before, fault);
    }
    for bytes in [17u32, 0x7FFF_FFFF, u32::MAX] {
        let fault = |_| AttributeFault::Content { offset: 0x20, bytes, length: 0x30 };
        check(kind::DATA, 0, Field::ValueLength, bytes.into(), &before, fault);
    }
    let fault = |_| AttributeFault::Content { offset: 0x1000, bytes: 0, length: 0x50 };
    check(kind::DATA, 1, Field::RunsOffset, 0x1000, &[&before[..], &[kind::DATA]].concat(), fault);
}

#[test]
fn pitfall_19_a_name_lies_inside_its_value() {
    let value = FileName::new(Reference::ROOT, "name.txt").value();
    let parse = |units: u8, bytes: usize| {
        let mut value = value.clone();
        value[0x40] = units;
        Parsed::parse(&value[..bytes]).map(|name| name.name.to_string())
    };
    let short = |found, expected| Err(FileNameError::Short { found, expected });
    assert_eq!(parse(8, value.len()), Ok("name.txt".to_owned()));
    assert_eq!(parse(9, value.len()), short(0x52, 0x54));
    assert_eq!(parse(255, value.len()), short(0x52, 0x42 + 510));
    assert_eq!(parse(8, 0x51), short(0x51, 0x52));
    assert_eq!(parse(8, 0x41), short(0x41, 0x42));
    assert_eq!(parse(0, value.len()), Err(FileNameError::Empty));
}

#[test]
fn pitfall_19_a_name_in_an_attribute_list_lies_inside_its_entry() {
    let mut entry = quarry_forge::ListEntry::new(kind::DATA, Reference::ROOT).named("zone").encode();
    let name = |entry: &[u8]| {
        let entry = AttributeListEntries::new(entry).next().unwrap();
        entry.map(|entry| (entry.kind, entry.name.to_string()))
    };
    assert_eq!(name(&entry), Ok((AttributeType::DATA, "zone".to_owned())));
    entry[7] = 0x21;
    assert!(name(&entry).is_err());
}

#[test]
fn pitfall_33_resident_and_not_is_told_by_the_form() {
    let mut bytes = record();
    let record = Record::parse(&mut bytes, Protection::Protected).unwrap();
    let forms: Vec<bool> =
        record.attributes().map(|attribute| matches!(attribute.unwrap().form, Form::Resident(_))).collect();
    assert_eq!(forms, [true, true, true, false]);
}

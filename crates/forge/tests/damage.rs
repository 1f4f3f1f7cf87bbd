//! Damage lands where it says, on records with fixups protected and applied, and nowhere else.

use quarry_forge::vandal::{self, Field, HeaderField};
use quarry_forge::{Attribute, FileName, NonResident, RecordBuilder, Reference, fixup, kind, raw_runs};

/// A record whose second `$DATA` starts eight bytes before the end of the first stride, so that the upper half of its
/// length lies on the tail.
fn record() -> RecordBuilder {
    let record = RecordBuilder::new(42).with(FileName::new(Reference::ROOT, "victim.bin"));
    let next_attribute = 1024 - record.room() - 8;
    let filler = 504 - next_attribute - 0x18;
    let filler = Attribute::data(vec![0xAB; filler]);
    let outside = NonResident::new(4096, &[(Some(100), 2)]);
    record.with(filler).with(Attribute::data([0xCD; 64])).with(Attribute::non_resident(kind::DATA, outside))
}

/// Applies `damage` to both forms of the record; both must come out the same, and with bytes changed only in `places`.
#[track_caller]
fn check(damage: impl Fn(&mut [u8]), places: &[usize]) {
    let before = record().build_applied();
    let mut applied = before.clone();
    damage(&mut applied);
    let mut protected = record().build();
    damage(&mut protected);
    assert!(fixup::is_protected(&protected), "fixups were lost");
    fixup::apply(&mut protected);
    let changed = |bytes: &[u8]| -> Vec<usize> {
        (0..bytes.len()).filter(|&at| (bytes[at] != before[at]) && !(0x30..0x38).contains(&at)).collect()
    };
    assert_eq!(changed(&applied), places);
    assert_eq!(changed(&protected), places);
}

fn place(kind: u32, nth: usize, offset: usize) -> usize {
    vandal::find(&record().build_applied(), kind, nth) + offset
}

#[test]
fn fields_of_attributes() {
    let data =
        |nth, field, value| move |bytes: &mut [u8]| vandal::set_field(bytes, kind::DATA, nth, field, value);
    check(data(2, Field::Length, 0x49), &[place(kind::DATA, 2, 4)]);
    check(data(2, Field::NonResident, 0), &[place(kind::DATA, 2, 8)]);
    check(data(1, Field::NameLength, 255), &[place(kind::DATA, 1, 9)]);
    check(data(2, Field::LowestVcn, 9), &[place(kind::DATA, 2, 0x10)]);
    check(data(2, Field::RealSize, 8193), &[place(kind::DATA, 2, 0x30)]);
    let name = |bytes: &mut [u8]| vandal::set_field(bytes, kind::FILE_NAME, 0, Field::ValueOffset, 0x1F);
    check(name, &[place(kind::FILE_NAME, 0, 0x14)]);
}

/// The upper half of the length lies where the update sequence number stands in a protected record.
#[test]
fn field_on_a_stride_tail() {
    assert_eq!(place(kind::DATA, 1, 4), 508);
    let damage = |bytes: &mut [u8]| vandal::set_field(bytes, kind::DATA, 1, Field::Length, 0xFFFF_FF58);
    check(damage, &[509, 510, 511]);
}

#[test]
fn run_lists_and_other_bytes() {
    let runs_at = place(kind::DATA, 2, 0x40);
    check(
        |bytes| vandal::overwrite_runs(bytes, kind::DATA, 2, &raw_runs(&[(&[0x11], &[0x64])])),
        &[runs_at + 1],
    );
    check(|bytes| vandal::overwrite(bytes, kind::DATA, 1, 0x18, &[1]), &[place(kind::DATA, 1, 0x18)]);
    let end = place(kind::END, 0, 0);
    check(vandal::remove_end_mark, &[end, end + 1, end + 2, end + 3]);
}

#[test]
fn headers() {
    let header = |field, value| move |bytes: &mut [u8]| vandal::set_header(bytes, field, value);
    check(header(HeaderField::Sequence, 2), &[0x10]);
    check(header(HeaderField::FirstAttribute, 0xFF00), &[0x14, 0x15]);
    check(header(HeaderField::Base, 1 << 48), &[0x26]);
    check(|bytes| vandal::set_signature(bytes, *b"FILX"), &[3]);
    check(vandal::mark_baad, &[0, 1, 2, 3]);
}

#[test]
fn torn_stride_fails_its_check_and_leaves_the_other() {
    let mut record = record().build();
    let whole = record.clone();
    vandal::tear(&mut record, 1);
    assert!(!fixup::is_protected(&record));
    assert_eq!(record[..1022], whole[..1022]);
    assert_ne!(record[1022..], whole[1022..]);
}

#[test]
fn update_sequence_array() {
    let mut bytes = record().build();
    vandal::set_usa_offset(&mut bytes, 0xFFF0);
    assert!(!fixup::is_protected(&bytes));
    let mut bytes = record().build();
    vandal::set_usa_count(&mut bytes, 1);
    assert_eq!(bytes[6..8], [1, 0]);
    vandal::zero(&mut bytes);
    assert!(bytes.iter().all(|&byte| byte == 0));
}

#[test]
#[should_panic(expected = "no attribute 0xc0 number 0")]
fn attribute_that_is_not_there() {
    vandal::set_field(&mut record().build(), kind::REPARSE_POINT, 0, Field::Length, 0);
}

//! What holds for any bytes at all: the parser comes to an end, never panics, and never says more than it was given.

use proptest::prelude::*;
use quarry_forge as forge;
use quarry_forge::{Attribute, RecordBuilder, Reference, runs};
use quarry_ntfs::{
    AttributeListEntries, BootSector, FileName, Fixup, Form, Protection, RECORD_BYTES_MAX, Record,
    ReparsePoint, Run, Runs, SizeLimit, StandardInformation, StreamSizes, Utf16, VolumeInformation,
    upcase_units,
};

/// The shortest attribute, run and list entry: what bounds the steps of each walk.
const ATTRIBUTE_BYTES_MIN: usize = 0x18;
const RUN_BYTES_MIN: usize = 2;
const LIST_ENTRY_BYTES_MIN: usize = 0x1A;

/// Walks a run list, holding every step to its bounds.
fn check_runs(list: Runs<'_>, bytes: usize, lowest: u64, highest: u64) {
    let (mut next, mut steps) = (lowest, 0);
    for run in list {
        steps += 1;
        assert!(steps <= bytes / RUN_BYTES_MIN + 1, "more runs than the list has room for");
        let Ok(run) = run else { continue };
        assert_eq!(run.vcn, next, "runs follow one another");
        assert!(run.clusters > 0);
        next = run.vcn + run.clusters;
        assert!(next - 1 <= highest, "{run:?} beyond {highest}");
        assert!(run.lcn.is_none_or(|lcn| i64::try_from(lcn).is_ok()));
    }
}

/// Hands `value` to every parser of content.
fn check_content(value: &[u8]) {
    let _ = StandardInformation::parse(value);
    let _ = VolumeInformation::parse(value);
    let _ = BootSector::parse(value);
    let _ = upcase_units(value).count();
    if let Ok(name) = FileName::parse(value) {
        assert!((1..=255).contains(&name.name.len()));
        assert!(name.name.to_wtf8().len() <= 3 * name.name.len());
    }
    if let Ok(point) = ReparsePoint::parse(value) {
        assert!(point.data.len() <= value.len());
        assert!(point.target().is_none_or(|target| target.len() * 2 <= value.len()));
    }
    let entries = AttributeListEntries::new(value).count();
    assert!(entries <= value.len() / LIST_ENTRY_BYTES_MIN + 1, "more entries than the list has room for");
}

/// Parses `bytes` as a record and everything in it.
fn check_record(bytes: &mut [u8], protection: Protection) {
    let length = bytes.len();
    let _ = Record::protection_of(bytes);
    let Ok(record) = Record::parse(bytes, protection) else { return };
    let mut steps = 0;
    for attribute in record.attributes() {
        steps += 1;
        assert!(steps <= length / ATTRIBUTE_BYTES_MIN + 1, "more attributes than the record has room for");
        let Ok(attribute) = attribute else { continue };
        assert!(attribute.name.len() <= 255);
        if let Ok(Some(sizes)) = StreamSizes::of(&attribute, SizeLimit::UNKNOWN_GEOMETRY) {
            assert!(sizes.size <= 1 << 53 && sizes.allocated <= 1 << 53 && sizes.initialised <= sizes.size);
        }
        match attribute.form {
            Form::Resident(value) => check_content(value),
            Form::NonResident(data) => check_runs(data.runs(), length, data.lowest_vcn, data.highest_vcn),
        }
    }
}

/// A record with an attribute of every form.
fn forged(size: usize) -> RecordBuilder {
    let extents = forge::NonResident::new(4096, &[(Some(40), 3), (None, 2), (Some(7), 300)]);
    RecordBuilder::new(42)
        .size(size)
        .with(forge::StandardInformation::new())
        .with(forge::AttributeList::new([forge::ListEntry::new(forge::kind::DATA, (43, 1)).named("zone")]))
        .with(forge::FileName::new(Reference::ROOT, "some name.txt"))
        .with(forge::FileName::new(Reference::ROOT, "SOMENA~1.TXT").dos())
        .with(forge::VolumeInformation { major: 3, minor: 1, flags: 0 })
        .with(Attribute::data(b"0123456789").named("zone"))
        .with(Attribute::non_resident(forge::kind::DATA, extents.real(9999).sparse(4096)))
        .with(forge::Reparse::symlink("..\\target", true))
}

/// LCNs and lengths of runs that a volume could have.
fn run_list() -> impl Strategy<Value = Vec<forge::Run>> {
    let lcn = prop_oneof![0u64..300, 0u64..1 << 40, 0..i64::MAX as u64];
    let length = prop_oneof![1u64..300, 1u64..1 << 40];
    prop::collection::vec((prop::option::weighted(0.8, lcn), length), 0..30)
}

/// Two thousand cases, which are cheap here, or as many more as `PROPTEST_CASES` asks for.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(2000), ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes_are_survived(
        mut bytes in prop::collection::vec(any::<u8>(), 0..=RECORD_BYTES_MAX as usize),
        is_record: bool,
        undone: bool,
    ) {
        check_content(&bytes);
        if let Some(signature) = bytes.first_chunk_mut::<4>().filter(|_| is_record) {
            *signature = *b"FILE";
        }
        check_record(&mut bytes, if undone { Protection::Undone } else { Protection::Protected });
    }

    #[test]
    fn a_forged_record_with_any_bytes_changed_is_survived(
        large: bool,
        undone: bool,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let builder = forged(if large { 4096 } else { 1024 });
        let mut bytes = if undone { builder.build_applied() } else { builder.build() };
        for (at, to) in flips {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        check_record(&mut bytes, if undone { Protection::Undone } else { Protection::Protected });
    }

    #[test]
    fn the_head_of_a_forged_record_may_say_anything(
        at in 4usize..0x180,
        to in prop::collection::vec(any::<u8>(), 1..16),
    ) {
        let mut bytes = forged(1024).build_applied();
        bytes[at..at + to.len()].copy_from_slice(&to);
        check_record(&mut bytes, Protection::Undone);
    }

    #[test]
    fn any_run_list_keeps_to_its_vcns(
        list in prop::collection::vec(any::<u8>(), 0..200),
        lowest in prop_oneof![Just(0u64), any::<u64>()],
        clusters in prop_oneof![0u64..1000, any::<u64>()],
    ) {
        let highest = lowest.wrapping_add(clusters).wrapping_sub(1);
        check_runs(Runs::new(&list, lowest, highest), list.len(), lowest, highest);
    }

    #[test]
    fn run_lists_decode_to_what_was_encoded(list in run_list(), lowest in 0u64..1 << 40) {
        let mut vcn = lowest;
        let expected: Vec<Run> = list
            .iter()
            .map(|&(lcn, clusters)| {
                let run = Run { vcn, lcn, clusters };
                vcn += clusters;
                run
            })
            .collect();
        let bytes = runs(&list);
        let found: Result<Vec<Run>, _> = Runs::new(&bytes, lowest, vcn.wrapping_sub(1)).collect();
        prop_assert_eq!(found, Ok(expected));
    }

    #[test]
    fn names_come_back_unit_by_unit(units in prop::collection::vec(any::<u16>(), 1..=255)) {
        let mut bytes = RecordBuilder::new(42).with(forge::FileName::new((7, 9), units.as_slice())).build();
        let record = Record::parse(&mut bytes, Protection::Protected).unwrap();
        let value = record.attributes().next().unwrap().unwrap().resident().unwrap();
        let name = FileName::parse(value).unwrap();
        prop_assert_eq!((name.parent.record, name.parent.sequence), (7, 9));
        prop_assert_eq!(name.name.units().collect::<Vec<_>>(), units.clone());
        // WTF-8 loses nothing: its code points give the units again.
        prop_assert_eq!(units_of(&name.name.to_wtf8()), units);
    }

    #[test]
    fn undoing_fixups_gives_the_record_as_it_was_made(
        large: bool,
        usn in 1u16..,
        content in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let size = if large { 4096 } else { 1024 };
        let builder = RecordBuilder::new(42).size(size).usn(usn).with(Attribute::data(content.clone())).with(Attribute::data(content).named("again"));
        let mut stored = builder.build();
        let fixup = Record::parse(&mut stored, Protection::Protected).map(|record| record.fixup());
        prop_assert_eq!(fixup, Ok(Fixup::Sound));
        prop_assert_eq!(stored, builder.build_applied());
    }

    #[test]
    fn a_torn_stride_never_goes_unseen(large: bool, usn in 1u16.., stride in 0usize..8) {
        let strides = if large { 8 } else { 2 };
        let mut bytes = forged(strides * 512).usn(usn).build();
        forge::vandal::tear(&mut bytes, stride % strides);
        prop_assert_eq!(Record::protection_of(&bytes), None);
        let fixup = Record::parse(&mut bytes, Protection::Protected).map(|record| record.fixup());
        prop_assert_eq!(fixup, Ok(Fixup::Torn { first_stride: stride % strides }));
    }
}

/// The UTF-16 units of a name in WTF-8, by the definition of that encoding.
fn units_of(wtf8: &[u8]) -> Vec<u16> {
    let mut units = Vec::new();
    let mut rest = wtf8.iter().map(|&byte| u32::from(byte));
    while let Some(lead) = rest.next() {
        let tails = match lead {
            0..0x80 => 0,
            0xC0..0xE0 => 1,
            0xE0..0xF0 => 2,
            _ => 3,
        };
        let bits = if tails == 0 { lead } else { lead & (0x3F >> tails) };
        let point = rest.by_ref().take(tails).fold(bits, |point, byte| point << 6 | byte & 0x3F);
        match u16::try_from(point) {
            Ok(unit) => units.push(unit),
            Err(_) => units
                .extend(char::from_u32(point).into_iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec())),
        }
    }
    units
}

#[test]
fn the_longest_name_of_any_utf16_is_bounded() {
    let bytes = [0xFF; 510];
    assert_eq!(Utf16::new(&bytes).to_wtf8().len(), 765);
}

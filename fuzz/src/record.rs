//! The target `record`: one record of a `$MFT`, its attributes and all that they hold.

use quarry_ntfs::{
    Attribute, AttributeError, AttributeListEntries, AttributeType, Bitmap, FIXUP_STRIDE, FileName, Fixup,
    Form, NonResident, Protection, RECORD_BYTES_MAX, Record, RecordError, ReparsePoint, SizeLimit,
    StandardInformation, StreamSizes, Utf16, VolumeInformation, upcase_units,
};

/// The shortest attribute: nothing shorter may count as one, or a record could have more than it has room for.
pub(crate) const ATTRIBUTE_BYTES_MIN: usize = 24;
/// The shortest header of a record.
const HEADER_BYTES: usize = 0x30;
/// The shortest entry of an attribute list.
const LIST_ENTRY_BYTES_MIN: usize = 0x1A;

/// Reads a record as it would lie on disk, and as it would lie in a dump whose fixups are undone.
pub fn record(data: &[u8]) {
    let data = data.get(..RECORD_BYTES_MAX as usize).unwrap_or(data);
    check_protection(data);
    for protection in [Protection::Protected, Protection::Undone] {
        let mut bytes = data.to_vec();
        let is_record = match Record::parse(&mut bytes, protection) {
            Ok(record) => {
                check(&record, data.len());
                true
            }
            Err(error) => {
                check_refusal(error, data);
                false
            }
        };
        assert!(is_record || Record::protection_of(data).is_none());
        check_untouched(data, &bytes, protection, is_record);
    }
}

/// A record that is whole on disk shows it before its fixups are undone.
fn check_protection(data: &[u8]) {
    let mut bytes = data.to_vec();
    let Ok(record) = Record::parse(&mut bytes, Protection::Protected) else { return };
    match record.fixup() {
        Fixup::Sound => assert_eq!(Record::protection_of(data), Some(Protection::Protected)),
        Fixup::Torn { first_stride } => {
            assert_ne!(Record::protection_of(data), Some(Protection::Protected));
            assert!(first_stride < data.len() / FIXUP_STRIDE);
        }
        Fixup::BadArray => {}
    }
}

fn check_refusal(error: RecordError, data: &[u8]) {
    assert!(!error.to_string().is_empty());
    match error {
        RecordError::Short { found } => assert!(found == data.len() && found < HEADER_BYTES),
        RecordError::Blank => assert!(data.starts_with(&[0; 4])),
        RecordError::Baad => assert!(data.starts_with(b"BAAD")),
        RecordError::Signature { found } => assert!(data.starts_with(&found) && !data.starts_with(b"FILE")),
        other => panic!("{other} is not known here"),
    }
}

/// Undoing fixups changes the last two bytes of strides, and nothing else changes anything.
fn check_untouched(before: &[u8], after: &[u8], protection: Protection, is_record: bool) {
    assert_eq!(before.len(), after.len());
    let may_change = is_record && protection == Protection::Protected;
    for (at, (before, after)) in before.iter().zip(after).enumerate() {
        let in_tail = may_change && at % FIXUP_STRIDE >= FIXUP_STRIDE - 2;
        assert!(before == after || in_tail, "byte {at:#x} was changed");
    }
}

fn check(record: &Record<'_>, length: usize) {
    let mut attributes = record.attributes();
    let mut end = 0;
    let mut steps = 0;
    for attribute in attributes.by_ref() {
        steps += 1;
        assert!(steps <= length / ATTRIBUTE_BYTES_MIN + 1, "{steps} attributes in {length} bytes");
        match attribute {
            Ok(attribute) => {
                assert!(
                    attribute.offset >= end,
                    "an attribute at {:#x} lies over the one before",
                    attribute.offset
                );
                end = attribute.offset + ATTRIBUTE_BYTES_MIN;
                assert!(end <= length, "an attribute at {:#x} leaves the record", attribute.offset);
                check_attribute(&attribute, length);
            }
            Err(AttributeError { offset, fault }) => {
                // The first offset is the header's word, and its error says so.
                assert!(offset >= end && offset <= length.max(usize::from(u16::MAX)));
                assert!(!fault.to_string().is_empty());
                break;
            }
        }
    }
    assert!(attributes.next().is_none(), "an attribute behind the end");
    assert!(!record.damage().to_string().contains("  "));
    let _ = (record.number(), record.sequence(), record.hard_links(), record.flags(), record.base());
}

fn check_attribute(attribute: &Attribute<'_>, length: usize) {
    check_text(attribute.name, 255);
    check_sizes(attribute);
    match attribute.form {
        Form::Resident(value) => {
            assert!(value.len() <= length - attribute.offset, "a value is longer than its record");
            check_value(attribute.kind, value);
        }
        Form::NonResident(data) => {
            // The list's own bytes are not shown, so its length is bounded by the record's.
            let runs = data.runs().take_while(Result::is_ok).count();
            assert!(runs <= length / 2, "a run takes two bytes at least");
            check_covered(&data);
        }
    }
}

/// The runs cover what the attribute claims, from its first cluster on and without a gap.
fn check_covered(data: &NonResident<'_>) {
    let mut next = data.lowest_vcn;
    for run in data.runs() {
        let Ok(run) = run else { return };
        assert_eq!(run.vcn, next);
        next = run.vcn + run.clusters;
    }
    assert_eq!(next, data.highest_vcn.wrapping_add(1), "the runs end elsewhere than they say");
}

fn check_sizes(attribute: &Attribute<'_>) {
    for cluster_bytes in [512, 4096, 2 << 20] {
        let limit = u64::from(cluster_bytes) << 32;
        let sizes = StreamSizes::of(attribute, SizeLimit::of_clusters(cluster_bytes));
        let Form::NonResident(data) = attribute.form else {
            assert_eq!(
                sizes.map(|sizes| sizes.map(|sizes| sizes.allocated)),
                Ok(Some(0)),
                "it is in the record"
            );
            continue;
        };
        match sizes {
            Ok(Some(sizes)) => {
                assert_eq!(data.lowest_vcn, 0, "only the first stretch tells sizes");
                assert!(sizes.initialised <= sizes.size && sizes.size <= limit, "{sizes:?}");
                assert!(sizes.allocated <= data.allocated && data.allocated <= limit, "{sizes:?}");
            }
            Ok(None) => assert_ne!(data.lowest_vcn, 0),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn check_value(kind: AttributeType, value: &[u8]) {
    match kind {
        AttributeType::STANDARD_INFORMATION => {
            assert_eq!(StandardInformation::parse(value).is_some(), value.len() >= 0x30);
        }
        AttributeType::FILE_NAME => match FileName::parse(value) {
            Ok(name) => {
                assert!((1..=255).contains(&name.name.len()));
                check_text(name.name, 255);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        },
        AttributeType::ATTRIBUTE_LIST => check_list(value),
        AttributeType::VOLUME_INFORMATION => {
            assert_eq!(VolumeInformation::parse(value).is_some(), value.len() >= 12);
        }
        AttributeType::REPARSE_POINT => check_reparse(value),
        AttributeType::BITMAP => {
            let (bitmap, bits) = (Bitmap::new(value), value.len() as u64 * 8);
            let set = (0..bits).filter(|&bit| bitmap.is_set(bit) == Some(true)).count() as u64;
            assert_eq!((bitmap.count(bits), bitmap.count(u64::MAX)), (set, set));
            assert_eq!(bitmap.is_set(bits), None);
        }
        AttributeType::DATA => assert_eq!(upcase_units(value).len(), value.len() / 2),
        _ => check_text(Utf16::new(value), RECORD_BYTES_MAX as usize),
    }
}

fn check_list(list: &[u8]) {
    let mut steps = 0;
    for entry in AttributeListEntries::new(list) {
        steps += 1;
        assert!(steps <= list.len() / LIST_ENTRY_BYTES_MIN + 1, "{steps} entries in {} bytes", list.len());
        match entry {
            Ok(entry) => check_text(entry.name, 255),
            Err(error) => assert!(error.offset < list.len() && error.list == list.len(), "{error}"),
        }
    }
}

fn check_reparse(value: &[u8]) {
    match ReparsePoint::parse(value) {
        Ok(point) => {
            assert_eq!(ReparsePoint::tag_of(value), Some(point.tag));
            assert!(point.data.len() + 8 <= value.len());
            if let Some(target) = point.target() {
                assert!(!target.is_empty());
                check_text(target, point.data.len() / 2);
            }
        }
        Err(error) => assert!(error.expected > error.found && error.found == value.len(), "{error}"),
    }
}

/// A text has at most `units`, and as WTF-8 is what the standard library makes of it, lone surrogates aside.
fn check_text(text: Utf16<'_>, units: usize) {
    assert!(text.len() <= units, "{} units", text.len());
    let bytes = text.to_wtf8();
    assert!(bytes.len() <= 3 * text.len());
    let mut sound = String::new();
    for unit in char::decode_utf16(text.units()) {
        let Ok(c) = unit else {
            return assert!(std::str::from_utf8(&bytes).is_err(), "a surrogate was lost");
        };
        sound.push(c);
    }
    assert_eq!(bytes, sound.as_bytes());
}

//! What is kept of a record for those who investigate: only when asked for, and as it lies there.

mod common;

use common::{open, run};
use quarry_forge::{Attribute, FileName, RecordBuilder, Reference, StandardInformation, Times, namespace};
use quarry_index::{Evidence, Time};
use quarry_scan::Pipeline;

/// A dump of a root and one file.
fn dump() -> Vec<u8> {
    let times =
        |first| Times { created: first, modified: first + 1, changed: first + 2, accessed: first + 3 };
    let root = Reference::new(5, 5);
    let standard = StandardInformation::new().times(times(100)).security_id(0x123).usn(1 << 40);
    let short = FileName::new(root, "FILE~1.TXT").dos().times(times(300));
    let name = FileName::new(root, "file name.txt").namespace(namespace::WIN32).times(times(200));
    let file = RecordBuilder::new(6).lsn(0xABCD_EF01_2345).with(standard).with(short).with(name);
    let blank = (0..5).map(|_| vec![0; 1024]);
    let root = RecordBuilder::new(5).sequence(5).directory().with(Attribute::from(FileName::new(root, ".")));
    blank.chain([root.build(), file.build()]).collect::<Vec<_>>().concat()
}

#[test]
fn evidence_is_what_the_record_says() {
    let volume = open([vec![RecordBuilder::new(0).build()], vec![dump()[1024..].to_vec()]].concat().concat());
    let scan = run(&volume, Pipeline { evidence: true, ..Pipeline::default() });
    let row = scan.index.rows().find(|row| row.record() == Some(6)).unwrap();
    let expected = Evidence {
        security: 0x123,
        usn: 1 << 40,
        lsn: 0xABCD_EF01_2345,
        // Of the long name, though the short one comes first.
        name_created: Time(200),
        name_modified: Time(201),
        name_changed: Time(202),
        name_accessed: Time(203),
    };
    assert_eq!(row.evidence(), Some(expected));
    assert_eq!(row.created(), Time(100));
    let plain = run(&volume, Pipeline::default());
    assert_eq!(plain.index.rows().find_map(|row| row.evidence()), None);
    assert!(plain.index.bytes() < scan.index.bytes());
}

#[test]
fn a_note_is_kept_and_the_parts_are_the_whole() {
    let volume = open([vec![RecordBuilder::new(0).build()], vec![dump()[1024..].to_vec()]].concat().concat());
    let parsed = Pipeline::default().read(&volume, &quarry_scan::Progress::default()).unwrap();
    assert_eq!(parsed.report().counts.records, 7);
    let mut noted = None;
    let scan = parsed
        .build(|report, _| {
            noted = Some(report.clone());
            b"as it was".to_vec()
        })
        .unwrap();
    assert_eq!(scan.index.note().unwrap(), b"as it was");
    // What is noted is what is told afterwards, findings and streams too.
    assert_eq!(noted.as_ref(), Some(&scan.report));
    let whole = run(&volume, Pipeline::default());
    assert_eq!((whole.index.len(), whole.report), (scan.index.len(), scan.report));
    assert_eq!(whole.index.note().unwrap(), b"");
}

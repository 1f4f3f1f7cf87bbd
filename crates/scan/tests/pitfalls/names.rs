//! Names that are short, broken, or mean to deceive.

use quarry_forge::{
    Attribute, Entry, FileName, RecordBuilder, Reference, StandardInformation, VolumeBuilder, namespace,
};
use quarry_index::{Kind, RowFlags};
use quarry_ntfs::Damage;

use crate::common::{findings, paths, row, rows, scan, user_rows};

fn record(number: u64) -> RecordBuilder {
    RecordBuilder::new(number).with(StandardInformation::new())
}

fn long(name: &str) -> FileName {
    FileName::new(Reference::ROOT, name)
}

fn short(name: &str) -> FileName {
    FileName::new(Reference::ROOT, name).dos()
}

/// Whether the records give these paths, and the report so many short names.
#[track_caller]
fn check(records: &[(u64, RecordBuilder)], expected: &[&str], short_names: u64) {
    let add = |volume: VolumeBuilder, (number, record): &(u64, RecordBuilder)| {
        volume.record(*number, record.clone())
    };
    let scan = scan(records.iter().fold(VolumeBuilder::new(), add).build().into_image());
    assert_eq!(paths(&scan), expected);
    assert_eq!(scan.report.counts.short_names, short_names);
    assert_eq!(findings(&scan), []);
}

#[test]
fn pitfall_20_short_names_are_no_names() {
    let both = |first: FileName, second: FileName| record(40).with(first).with(second);
    check(&[(40, both(long("a long name"), short("ALONGN~1")))], &["/a long name"], 1);
    check(&[(40, both(short("ALONGN~1"), long("a long name")))], &["/a long name"], 1);
    let one = long("NAME.TXT").namespace(namespace::WIN32_AND_DOS);
    check(&[(40, record(40).with(one))], &["/NAME.TXT"], 0);
    // Where the long one is lost, the short one is better than none.
    check(&[(40, record(40).with(short("ALONGN~1")))], &["/ALONGN~1"], 1);
}

#[test]
fn pitfall_20_a_short_name_gives_way_to_a_long_one_in_another_record() {
    for at in [30, 50] {
        let extension = |name: FileName| (at, RecordBuilder::new(at).base((40, 1)).with(name));
        check(
            &[(40, record(40).with(short("ALONGN~1"))), extension(long("a long name"))],
            &["/a long name"],
            1,
        );
        check(
            &[(40, record(40).with(long("a long name"))), extension(short("ALONGN~1"))],
            &["/a long name"],
            1,
        );
        check(&[(40, record(40)), extension(short("ALONGN~1"))], &["/ALONGN~1"], 1);
    }
}

#[test]
fn pitfall_20_a_short_name_does_not_count_as_a_link() {
    let entry = Entry::file(b"1").short_name("ALONGN~1.TXT");
    let scan = scan(VolumeBuilder::new().add("a long name.txt", entry).build().into_image());
    assert_eq!(row(&scan, "/a long name.txt").links, 1);
}

#[test]
fn pitfall_21_unpaired_surrogates_are_kept() {
    let names: [&[u16]; 4] = [&[0xD800], &[0xDFFF, 0x61], &[0xDC00, 0xD800], &[0xD83D, 0xDE00]];
    let mut volume = VolumeBuilder::new();
    for (place, units) in names.iter().enumerate() {
        volume = volume.add(&format!("{place}"), Entry::file(b"").named(*units));
    }
    let scan = scan(volume.build().into_image());
    let mut found: Vec<Vec<u8>> = Vec::new();
    for row in scan.index.rows().filter(|row| !row.flags().contains(RowFlags::METAFILE)) {
        found.push(row.name().into_owned());
    }
    let expected: [&[u8]; 4] =
        [b"\xED\xA0\x80", b"\xED\xB0\x80\xED\xA0\x80", b"\xED\xBF\xBFa", "😀".as_bytes()];
    assert_eq!(found, expected);
    // What is searched is the folded form, which keeps them, too.
    let folded = scan.index.names().folded_blob();
    assert!(folded.windows(4).any(|bytes| bytes == b"\xED\xBF\xBFA"));
}

#[test]
fn pitfall_22_odd_characters_are_kept_and_separate_nothing() {
    let odd = [
        "a\u{1}\nb",
        "\u{202E}txt.exe",
        "\u{200B}zero\u{FEFF}",
        "dot.",
        "space ",
        "back\\slash",
        "co:lon",
        "st*r\"",
        "=1+1",
    ];
    let mut volume = VolumeBuilder::new();
    for (place, name) in odd.iter().enumerate() {
        volume = volume.add(&format!("folder {place:02}/x"), Entry::file(b"").named(*name));
    }
    let scan = scan(volume.build().into_image());
    for (place, name) in odd.iter().enumerate() {
        let path = format!("/folder {place:02}/{name}");
        let row = row(&scan, &path);
        assert_eq!(row.kind, Kind::File, "{name:?} is one name, and no stream");
    }
    assert_eq!(user_rows(&scan).len(), 2 * odd.len());
}

#[test]
fn pitfall_22_a_name_that_would_lead_elsewhere_is_shown_and_leads_nowhere() {
    let check = |stored: &str, shown: &str| {
        let volume = VolumeBuilder::new().add("folder/x", Entry::file(b"").named(stored)).build();
        let scan = scan(volume.into_image());
        let row = row(&scan, &format!("/folder/{shown}"));
        assert!(row.flags.contains(RowFlags::DAMAGED), "{stored:?} is found by `damaged:`");
        assert_eq!(scan.report.damaged.len(), 1, "{stored:?}: {:?}", scan.report.damaged);
        assert_eq!(scan.report.damaged[0].damage, Damage::NAME);
    };
    check("nul\0nul", "nul\u{FFFD}nul");
    check("../../etc/passwd", "..\u{FFFD}..\u{FFFD}etc\u{FFFD}passwd");
    check("..", "\u{FFFD}..");
    check(".", "\u{FFFD}.");
}

#[test]
fn pitfall_24_a_dollar_makes_no_metafile() {
    let volume =
        VolumeBuilder::new().file("$mine", b"1").file("$Recycle.Bin/$I123", b"2").file("$Extend/$New", b"3");
    let volume = volume.add("low", Entry::file(b"4").number(20)).build();
    let scan = scan(volume.into_image());
    assert_eq!(paths(&scan), ["/$Recycle.Bin", "/$Recycle.Bin/$I123", "/$mine"]);
    let metafiles: Vec<String> = rows(&scan)
        .into_iter()
        .filter(|row| row.flags.contains(RowFlags::METAFILE) && row.kind != Kind::Stream)
        .map(|row| row.path)
        .collect();
    assert_eq!(
        metafiles,
        [
            "/",
            "/$AttrDef",
            "/$BadClus",
            "/$Bitmap",
            "/$Boot",
            "/$Extend",
            "/$Extend/$New",
            "/$Extend/$ObjId",
            "/$Extend/$Quota",
            "/$Extend/$Reparse",
            "/$LogFile",
            "/$MFT",
            "/$MFTMirr",
            "/$Secure",
            "/$UpCase",
            "/$Volume",
            "/low",
            "<orphans>",
        ]
    );
}

#[test]
fn pitfall_26_case_folds_as_the_volume_says() {
    // A table in which nothing has an upper case but x, whose upper case is q, and ß, whose upper case is S.
    let mut table: Vec<u16> = (0..=u16::MAX).collect();
    table[usize::from(b'x')] = u16::from(b'q');
    table[0xDF] = u16::from(b'S');
    let volume = VolumeBuilder::new().upcase(table).file("xyz", b"").file("Maß", b"");
    let scan = scan(volume.build().into_image());
    let folded = |path: &str| {
        let found = scan.index.rows().find(|row| row.path() == path.as_bytes()).unwrap();
        String::from_utf8(scan.index.names().folded(found.name_number()).to_vec()).unwrap()
    };
    assert_eq!((folded("/xyz"), folded("/Maß")), ("qyz".to_owned(), "MaS".to_owned()));
    assert_eq!(scan.report.notes, []);
}

#[test]
fn pitfall_26_without_the_volumes_table_the_usual_one_is_taken_and_it_is_said() {
    let usual = |scan: &quarry_scan::Scan| {
        let table = scan.index.names().case_table();
        (table.upper(u16::from(b'a')), table.upper(0xDF)) == (u16::from(b'A'), 0xDF)
    };
    let cut = VolumeBuilder::new().upcase(vec![0x41; 1000]).file("a", b"").build();
    let cut = scan(cut.into_image());
    assert!(usual(&cut));
    assert_eq!(
        cut.report.notes,
        [quarry_scan::Note::DefaultCaseTable { cause: "2000 bytes, expected 131072".to_owned() }]
    );
    let dump = scan(VolumeBuilder::new().file("a", b"").build().mft());
    assert!(usual(&dump) && dump.report.notes.is_empty(), "a dump has none to read");
}

#[test]
fn pitfall_12_a_file_whose_name_is_lost_is_found_by_its_number() {
    let volume = VolumeBuilder::new().record(40, record(40).with(Attribute::data(b"123"))).build();
    let scan = scan(volume.into_image());
    assert_eq!(paths(&scan), ["<orphans>/<record 40>"]);
    let row = row(&scan, "<orphans>/<record 40>");
    assert_eq!((row.size, row.flags), (3, RowFlags::ORPHAN | RowFlags::DAMAGED));
}

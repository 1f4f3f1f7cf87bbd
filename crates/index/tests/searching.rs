//! How real volumes surprise a search: names that no text can spell, extensions that are none, and case that is not
//! Unicode's. Each test is named for a row of `docs/pitfalls.md`.

use jiff::Zoned;
use quarry_index::query::{Query, SearchOptions, extension};
use quarry_index::{Batch, Builder, CaseTable, File, FileFlags, FileId, Index, Time};

const ROOT: FileId = FileId { record: 5, sequence: 5 };

/// An index of files with these names in its root.
fn index(names: &[&[u8]], case: CaseTable) -> Index {
    let mut batch = Batch::new();
    batch.begin(30);
    for (record, name) in (30..).zip(names) {
        batch.open_file();
        batch.name(ROOT, false, |blob| blob.extend_from_slice(name));
        batch.close_file(File {
            record,
            sequence: 1,
            size: 0,
            allocated: 0,
            created: Time(1),
            modified: Time(1),
            changed: Time(1),
            accessed: Time(1),
            attributes: 0,
            reparse_tag: 0,
            flags: FileFlags::empty(),
        });
    }
    let built = Builder::new(ROOT, case).build(vec![batch]);
    built.unwrap_or_else(|error| panic!("{error}")).0
}

/// The names that a query finds, in the order of their files.
fn search(index: &Index, query: &str) -> Vec<Vec<u8>> {
    let query = Query::parse(query, &Zoned::default()).unwrap_or_else(|error| panic!("{error:?}"));
    let hits = index.search(&query, &SearchOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let mut found: Vec<_> = hits.rows.iter().map(|&row| index.row(row)).collect();
    found.sort_by_key(|row| row.record());
    found.into_iter().map(|row| row.name().into_owned()).collect()
}

#[test]
fn pitfall_25_an_extension_is_what_follows_the_last_dot_but_the_first() {
    let check =
        |name: &str, expected: &str| assert_eq!(extension(name.as_bytes()), expected.as_bytes(), "{name}");
    check("a.txt", "txt");
    check("a.tar.gz", "gz");
    check(".bashrc", "");
    check(".config.json", "json");
    check("README", "");
    check("ends in a dot.", "");
    check("..", "");
    let index = index(&[b".gz", b"a.tar.gz", b"gz", b"b.GZ", b"c.gzip"], CaseTable::default());
    assert_eq!(search(&index, "ext:gz"), [&b"a.tar.gz"[..], b"b.GZ"]);
}

#[test]
fn pitfall_21_names_that_are_no_unicode_are_found() {
    let names: [&[u8]; 3] = [b"\xED\xA0\x80", b"half \xED\xB0\x80.txt", b"whole.txt"];
    let index = index(&names, CaseTable::default());
    assert_eq!(search(&index, "half"), [names[1]]);
    assert_eq!(search(&index, "ext:txt"), [names[1], names[2]]);
    assert_eq!(search(&index, "*"), names);
    assert_eq!(search(&index, "?"), [names[0]], "a half is a character");
}

#[test]
fn pitfall_26_a_search_folds_as_the_volume_does() {
    let names: [&[u8]; 3] = ["straße".as_bytes(), "Kelvin \u{212A}".as_bytes(), b"strasse k"];
    let usual = index(&names, CaseTable::default());
    assert_eq!(search(&usual, "strasse"), [names[2]], "ß is no ss");
    assert_eq!(search(&usual, "k"), [names[1], names[2]], "of Kelvin, not of its sign");
    assert_eq!(search(&usual, "\u{212A}"), [names[1]]);
    // A volume on which q is the upper case of x, and nothing else has one.
    let names: [&[u8]; 3] = [b"xyz", b"qyz", b"XYZ"];
    let mut table: Vec<u16> = (0..=u16::MAX).collect();
    table[usize::from(b'x')] = u16::from(b'q');
    let odd = index(&names, CaseTable::from_units(&table));
    for query in ["xyz", "qyz"] {
        assert_eq!(search(&odd, query), names[..2], "{query}");
    }
}

//! Pointers as text and back, and what is no pointer: cut, changed, newer, sealed again.

use super::*;
use proptest::option;
use proptest::prelude::*;

fn sample() -> Pointer {
    Pointer::Live(Entry {
        name: Name::new("Disk C").unwrap(),
        generation: 12,
        bytes: 48_234_496,
        identity: 0x89ab_cdef_0123_4567,
        facts: Facts {
            source: Source {
                kind: "volume".into(),
                path: SourcePath::from_bytes(b"/dev/sd b1".to_vec()),
                serial: Some(0x1234),
                label: Some("DATA".into()),
            },
            scanned: 134_084_736_000_000_000,
            took_ns: 2_150_000_000,
            counts: Counts { rows: 5, files: 3, folders: 1, content: 99, unread: 0 },
        },
    })
}

/// A pointer of version 1 as it was first written: it is read for ever.
const STORED: &str = "quarry catalog entry 1
name %44isk%20%43
generation 12
state live
snapshot snapshot.%44isk%20%43.00000000000000000012.89abcdef01234567
bytes 48234496
identity 89abcdef01234567
kind volume
path /dev/sd%20b1
serial 0000000000001234
label DATA
scanned 134084736000000000
took 2150000000
rows 5
files 3
folders 1
content 99
unread 0
checksum 37d1668c33280f50
";

#[test]
fn version_1_is_read_for_ever() {
    assert_eq!(sample().encode(), STORED);
    assert_eq!(Pointer::parse(STORED.as_bytes()), Ok(sample()));
}

/// `text` with the checksum that its lines have.
fn sealed(text: &str) -> Vec<u8> {
    format!("{text}{CHECKSUM}{:016x}\n", xxh3_64(text.as_bytes())).into_bytes()
}

fn body() -> &'static str {
    &STORED[..STORED.len() - CHECKSUM_LINE_BYTES]
}

/// What somebody wrote with a right checksum is still read strictly.
#[test]
fn a_second_spelling_is_refused() {
    let check = |from: &str, to: &str, line: usize| {
        assert!(body().contains(from), "{from}");
        let error = Pointer::parse(&sealed(&body().replace(from, to))).unwrap_err();
        assert!(matches!(error, PointerError::Line { line: at, .. } if at == line), "{from} → {to}: {error}");
    };
    check("entry 1", "entry 01", 1);
    check("entry 1", "entry 0", 1);
    check("name %44", "name D", 2);
    check("generation 12", "generation 012", 3);
    check("generation 12", "generation 13", 5);
    check("state live", "state dead", 4);
    check("snapshot snapshot.", "snapshot ../snapshot.", 5);
    check("bytes 48234496", "bytes +48234496", 6);
    check("bytes 48234496", "bytes 48234496 ", 6);
    check("bytes 48234496", "bytes 18446744073709551616", 6);
    check("kind volume", "kind Volume", 11);
    check("path /dev/sd%20b1", "path ", 11);
    check("path /dev/sd%20b1", "path /dev/sd b1", 9);
    check("serial 0000000000001234", "serial 1234", 10);
    check("label DATA", "label %44ATA", 11);
    check("label DATA", "label %ff", 11);
    check("label DATA\n", "label DATA\r\n", 11);
    check("label DATA\n", "", 11);
    check("unread 0\n", "unread 0\nmore 1\n", 19);
    check("unread 0\n", "unread 0", 18);
    check("unread 0\n", "", 18);
}

#[test]
fn damage_and_newer_formats_are_told_apart() {
    let newer = sealed("quarry catalog entry 2\nanything\n");
    assert_eq!(Pointer::parse(&newer), Err(PointerError::Newer { version: 2 }));
    let mut damaged = newer;
    damaged[0] ^= 1;
    assert!(matches!(Pointer::parse(&damaged), Err(PointerError::Checksum { .. })));
    assert_eq!(Pointer::parse(b""), Err(PointerError::NoChecksum));
    assert_eq!(Pointer::parse(&vec![b'x'; POINTER_BYTES_MAX + 1]), Err(PointerError::TooLong));
}

/// Every byte flipped or cut: there is no pointer that is almost right.
#[test]
fn no_damage_passes() {
    for at in 0..STORED.len() {
        assert!(Pointer::parse(&STORED.as_bytes()[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut bytes = STORED.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            assert!(Pointer::parse(&bytes).is_err(), "bit {bit} of byte {at}");
        }
    }
}

fn any_pointer() -> impl Strategy<Value = Pointer> {
    let name = "[ -~äÄ]{1,20}".prop_filter_map("no name", |text| Name::new(&text).ok());
    let source = ("[a-z0-9-]{1,32}", prop::collection::vec(any::<u8>(), 1..300), any::<Option<u64>>());
    let label = option::of(prop_oneof![Just("-".to_owned()), "\\PC{0,64}"]);
    let source = (source, label).prop_map(|((kind, path, serial), label)| Source {
        kind,
        path: SourcePath::from_bytes(path),
        serial,
        label,
    });
    let numbers = any::<[u64; 10]>();
    (any::<bool>(), name, source, numbers).prop_map(|(live, name, source, numbers)| {
        let [generation, bytes, identity, scanned, took_ns, rows, files, folders, content, unread] = numbers;
        let counts = Counts { rows, files, folders, content, unread };
        let facts = Facts { source, scanned, took_ns, counts };
        match live {
            true => Pointer::Live(Entry { name, generation, bytes, identity, facts }),
            false => Pointer::Removed { name, generation },
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(pointer in any_pointer()) {
        let text = pointer.encode();
        prop_assert!(text.len() <= POINTER_BYTES_MAX);
        prop_assert_eq!(Pointer::parse(text.as_bytes()), Ok(pointer));
    }

    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(Pointer::parse(&bytes).is_err());
    }

    /// Lines left out, doubled, swapped or made of other lines, under a right checksum: refused, or read as written.
    #[test]
    fn any_lines_are_read_as_written_or_refused(picks in prop::collection::vec((0_usize..18, 0_usize..18), 0..24)) {
        let lines: Vec<&str> = body().lines().collect();
        let values = |line: &str| line.rsplit(' ').next().unwrap_or_default().to_owned();
        let text: String = picks.iter().enumerate().map(|(at, &(pick, other))| {
            let word = lines[if pick % 3 == 0 { other } else { at % 18 }];
            let word = &word[..word.rfind(' ').unwrap() + 1];
            format!("{word}{}\n", values(lines[if pick % 2 == 0 { at % 18 } else { pick }]))
        }).collect();
        let bytes = sealed(&text);
        if let Ok(pointer) = Pointer::parse(&bytes) {
            prop_assert_eq!(pointer.encode().into_bytes(), bytes);
        }
    }
}

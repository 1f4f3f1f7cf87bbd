//! Snapshots: what was written is what is opened, and what was damaged on the way is an error or still right.

mod common;
#[path = "common/sign.rs"]
mod sign;

use std::collections::BTreeSet;

use common::{build, bytes_of, dump, evidence, id, sources};
use proptest::prelude::*;
use quarry_index::query::{Query, SearchOptions};
use quarry_index::{
    Batch, Builder, CaseTable, Evidence, Index, Kind, Row, RowFlags, SnapshotBytes, SnapshotError, Total,
};
use sign::sign;

fn open(bytes: Vec<u8>) -> Result<Index, SnapshotError> {
    Index::open(SnapshotBytes::Owned(bytes))
}

/// What a folder's total is by definition: a set of files and a sum, gathered anew for each row.
fn total(index: &Index, above: Row<'_>) -> Total {
    let below = above.number() + 1..above.subtree_end();
    let living = |row: &Row<'_>| !row.flags().contains(RowFlags::DELETED);
    let rows: Vec<Row<'_>> = below.map(|row| index.row(row)).filter(living).collect();
    let mut total = Total::default();
    let mut met = BTreeSet::new();
    for row in rows {
        match row.kind() {
            Kind::Folder => total.folders += 1,
            Kind::Stream => {
                total.bytes = total.bytes.wrapping_add(row.size());
                total.allocated = total.allocated.wrapping_add(row.allocated());
            }
            Kind::File | Kind::Link if met.insert(row.file()) => {
                total.files += 1;
                total.bytes = total.bytes.wrapping_add(row.size());
                total.allocated = total.allocated.wrapping_add(row.allocated());
                if row.modified().is_date() {
                    total.newest = total.newest.max(row.modified());
                }
            }
            Kind::File | Kind::Link => {}
        }
    }
    total
}

proptest! {
    #[test]
    fn what_is_opened_is_what_was_built(nodes in sources(60)) {
        let built = build(&nodes);
        let bytes = bytes_of(&built);
        let opened = open(bytes.clone()).unwrap();
        prop_assert_eq!(dump(&opened), dump(&built));
        prop_assert_eq!(opened.identity(), built.identity());
        prop_assert_eq!(opened.note().unwrap(), b"a source");
        opened.check().unwrap();
        prop_assert_eq!(bytes_of(&opened), bytes);
    }

    #[test]
    fn totals_are_what_they_are_defined_to_be(nodes in sources(60)) {
        let index = build(&nodes);
        for row in index.rows() {
            prop_assert_eq!(row.total(), total(&index, row), "{}", String::from_utf8_lossy(&row.path()));
        }
    }

    #[test]
    fn rows_are_in_the_order_of_their_paths_and_names_in_that_of_their_bytes(nodes in sources(60)) {
        let index = build(&nodes);
        for (a, b) in index.rows().zip(index.rows().skip(1)) {
            if a.parent().map(Row::number) == b.parent().map(Row::number) && a.parent().is_some() {
                let key = |row: Row<'_>| (row.kind() != Kind::Stream, row.name_number(), row.number());
                prop_assert!(key(a) < key(b));
            }
        }
        let names = index.names();
        let name = |name: u32| (names.folded(name).to_vec(), names.get(name).into_owned());
        for next in 1..u32::try_from(names.len()).unwrap() {
            prop_assert!(name(next - 1) < name(next));
        }
    }

    #[test]
    fn evidence_is_kept_of_each_file(nodes in sources(60)) {
        let index = open(bytes_of(&build(&nodes))).unwrap();
        for row in index.rows() {
            let node = (0..nodes.len()).find(|&node| Some(id(node).record) == row.record());
            let expected = node.map_or_else(Evidence::default, |node| evidence(&nodes[node]));
            prop_assert_eq!(row.evidence(), Some(expected));
        }
        let plain = Builder::new(common::ROOT, CaseTable::default()).build(vec![Batch::new()]).unwrap().0;
        prop_assert_eq!(plain.row(0).evidence(), None);
        prop_assert!(plain.columns().all(|size| !size.column.name().starts_with("evidence")));
    }

    /// Bytes changed by somebody who knows the format, so that every checksum fits: nothing may panic, and what
    /// cannot be is told apart from what can.
    #[test]
    fn a_forged_snapshot_gives_an_error_or_some_answer(
        nodes in sources(20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = bytes_of(&build(&nodes));
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        sign(&mut bytes);
        if let Ok(index) = open(bytes) {
            let _ = (dump(&index), index.sound(), index.check(), index.note());
            for text in ["a", "path:b", "size:>1", "dm:2020", "!ext:txt", "regex:a+b"] {
                let query = Query::parse(text, &jiff::Zoned::default()).unwrap();
                let _ = index.search(&query, &SearchOptions::default());
            }
        }
    }
}

/// A source that uses everything: two names, streams, links, deleted files, spellings of every kind.
fn small_sample() -> Index {
    build(&nodes())
}

/// The same with several chunks of packed numbers, and exceptions among them.
fn sample() -> Index {
    let mut nodes = nodes();
    let folder = nodes[0].clone();
    nodes.extend((0..1200).map(|number| {
        let size = if number % 97 == 0 { 1 << 45 } else { number % 3 };
        let name = format!("file-{number}.dat").into_bytes();
        common::Node {
            folder: false,
            parents: vec![0],
            name,
            size,
            allocated: size & !4095,
            ..folder.clone()
        }
    }));
    build(&nodes)
}

fn nodes() -> Vec<common::Node> {
    let node = |folder, parents: &[usize], name: &str, size| common::Node {
        folder,
        deleted: name.starts_with("gone"),
        parents: parents.to_vec(),
        name: name.as_bytes().to_vec(),
        size,
        allocated: size.next_multiple_of(4096),
        times: [132_000_000_000_000_000 + size; 4],
        attributes: 0x20,
        tag: if name == "link" { 0xA000_000C } else { 0 },
        streams: if name == "b" { vec![(b"Zone.Identifier".to_vec(), 26)] } else { vec![] },
    };
    vec![
        node(true, &[9], "Folder", 0),
        node(false, &[0, 9], "b", 5000),
        node(false, &[0], "ReadMe.TXT", 1 << 40),
        node(false, &[0], "gone", 7),
        node(false, &[0], "link", 0),
        node(false, &[0], "Žluťoučký kůň.Txt", 12),
    ]
}

#[test]
fn every_byte_that_is_changed_is_noticed_or_does_not_matter() {
    let whole = sample();
    let (bytes, expected) = (bytes_of(&whole), dump(&whole));
    let columns_end = u64::from_le_bytes(bytes[24..32].try_into().unwrap());
    let step = if cfg!(debug_assertions) { 7 } else { 1 };
    let mut faults = 0;
    for place in (0..bytes.len()).step_by(step) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        let fault = match open(damaged) {
            Err(fault) => fault,
            Ok(index) => match index.check() {
                Err(fault) => fault,
                Ok(()) => panic!("byte {place} was changed and nothing noticed"),
            },
        };
        let text = fault.to_string();
        assert!(text.contains("snapshot"), "{text}");
        faults += 1;
        // The parts beside the columns are checked at open.
        assert!(!(place as u64 >= columns_end && text.contains("block")), "{place}: {text}");
    }
    assert!(faults > 1000);
    assert_eq!(dump(&open(bytes).unwrap()), expected);
}

#[test]
fn a_search_that_meets_damage_has_no_answer() {
    let bytes = bytes_of(&sample());
    let query = Query::parse("file-1", &jiff::Zoned::default()).unwrap();
    let search = |bytes: Vec<u8>| open(bytes)?.search(&query, &SearchOptions::default());
    let expected = search(bytes.clone()).unwrap();
    assert!(expected.total > 100);
    let columns_end = usize::try_from(u64::from_le_bytes(bytes[24..32].try_into().unwrap())).unwrap();
    let mut refused = 0;
    for place in (64..columns_end).step_by(101) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x80;
        match search(damaged) {
            Ok(found) => assert_eq!(found, expected, "byte {place}"),
            Err(fault) => {
                assert!(matches!(fault, SnapshotError::Checksum { .. }), "{fault}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[test]
fn what_was_cut_or_added_to_is_refused_by_its_length() {
    let bytes = bytes_of(&sample());
    for length in (0..bytes.len()).step_by(53) {
        let fault = open(bytes[..length].to_vec()).unwrap_err();
        let fits = match &fault {
            SnapshotError::NotASnapshot { .. } => length < 8,
            SnapshotError::Length { expected, actual } => *actual == length as u64 && *expected >= 64,
            _ => false,
        };
        assert!(fits, "{length}: {fault}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(open(longer), Err(SnapshotError::Length { .. })));
}

#[test]
fn what_is_not_for_this_program_says_so() {
    let mut newer = bytes_of(&sample());
    newer[8] = 2;
    sign(&mut newer);
    let fault = open(newer).unwrap_err();
    assert_eq!(fault, SnapshotError::Newer { found: 2 });
    assert!(fault.to_string().contains("newer quarry"), "{fault}");
    for other in [&b""[..], b"QUARRY", b"FILE0", &[0; 4096]] {
        assert!(matches!(open(other.to_vec()), Err(SnapshotError::NotASnapshot { .. })));
    }
}

/// A snapshot of each version that ever was, with what it holds, is stored for ever: what cannot be opened any more has to
/// be a decision. `QUARRY_BLESS=1` writes the one of this version where there is none.
#[test]
fn the_snapshots_of_all_versions_open() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let (file, text) = (folder.join("version-1.quarry"), folder.join("version-1.txt"));
    if std::env::var_os("QUARRY_BLESS").is_some() && !file.exists() {
        let index = small_sample();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, bytes_of(&index)).unwrap();
        std::fs::write(&text, dump(&index).join("\n") + "\n").unwrap();
    }
    let index = open(std::fs::read(&file).unwrap()).unwrap();
    index.check().unwrap();
    assert_eq!(dump(&index).join("\n") + "\n", std::fs::read_to_string(&text).unwrap());
    assert_eq!(index.note().unwrap(), b"a source");
}

#[test]
fn blocks_that_changed_places_are_noticed() {
    let bytes = bytes_of(&sample());
    const BLOCK: usize = 64 << 10;
    if bytes.len() > 64 + 2 * BLOCK {
        let mut swapped = bytes.clone();
        swapped[64..64 + BLOCK].copy_from_slice(&bytes[64 + BLOCK..64 + 2 * BLOCK]);
        swapped[64 + BLOCK..64 + 2 * BLOCK].copy_from_slice(&bytes[64..64 + BLOCK]);
        let opened = open(swapped);
        assert!(opened.is_err() || opened.unwrap().check().is_err());
    }
}

//! What counts in the total of a folder, gone through in one pass, against a walk that asks each row by itself.

#[allow(dead_code, reason = "this test neither dumps nor keeps evidence")]
mod common;

use std::collections::HashSet;

use common::{Node, build, sources};
use proptest::prelude::*;
use quarry_index::query::{Extensions, extension};
use quarry_index::{Index, Kind, Row, RowFlags, Time, Total};

/// A row that counts, and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    row: u32,
    is_file: bool,
    size: u64,
    allocated: u64,
    modified: Time,
    extension: Vec<u8>,
}

/// One row after another.
fn walked(index: &Index, folder: Row<'_>) -> Vec<Seen> {
    let mut met = HashSet::new();
    let rows = (folder.number() + 1..folder.subtree_end()).map(|row| index.row(row));
    let counts = rows.filter(|row| {
        let is_file = matches!(row.kind(), Kind::File | Kind::Link);
        let in_use = !row.flags().contains(RowFlags::DELETED);
        in_use && (row.kind() == Kind::Stream || (is_file && met.insert(row.file())))
    });
    let seen = |row: Row<'_>| {
        let owner = row.parent().filter(|_| row.kind() == Kind::Stream).unwrap_or(row);
        let folded = index.names().folded(owner.name_number());
        Seen {
            row: row.number(),
            is_file: row.kind() != Kind::Stream,
            size: row.size(),
            allocated: row.allocated(),
            modified: row.modified(),
            extension: if owner.kind() == Kind::Folder { Vec::new() } else { extension(folded).to_vec() },
        }
    };
    counts.map(seen).collect()
}

/// The pass, with so many names likely to be asked for their extension.
fn passed(index: &Index, folder: Row<'_>, asked: usize) -> Vec<Seen> {
    let mut extensions = Extensions::new(index.names(), asked);
    let mut counted = index.counted(folder.number());
    let mut all = Vec::new();
    while counted.advance() {
        let number = counted.file_name().map_or(0, |name| extensions.of(name));
        all.push(Seen {
            row: counted.row(),
            is_file: counted.is_file(),
            size: counted.size(),
            allocated: counted.allocated(),
            modified: counted.modified(),
            extension: extensions.texts()[number].to_vec(),
        });
    }
    assert!(!counted.advance(), "it stays at the end");
    all
}

/// What these rows add up to.
fn total(rows: &[Seen]) -> Total {
    let mut total = Total::default();
    for row in rows {
        total.bytes = total.bytes.wrapping_add(row.size);
        total.allocated = total.allocated.wrapping_add(row.allocated);
        if row.is_file {
            total.files += 1;
            total.newest = total.newest.max(if row.modified.is_date() { row.modified } else { Time(0) });
        }
    }
    total
}

fn check(nodes: &[Node]) {
    let index = build(nodes);
    for folder in index.rows().filter(|row| row.kind() == Kind::Folder) {
        let expected = walked(&index, folder);
        for asked in [0, usize::MAX] {
            assert_eq!(passed(&index, folder, asked), expected, "below row {}", folder.number());
        }
        assert_eq!(Total { folders: folder.total().folders, ..total(&expected) }, folder.total());
    }
    assert_eq!(index.sound(), Ok(()));
}

proptest! {
    #[test]
    fn the_pass_meets_what_counts(nodes in sources(40)) {
        check(&nodes);
    }
}

/// Rows of several chunks, with names that lead back to other ones, and streams of files and of folders.
#[test]
fn chunks_and_words_have_borders() {
    const NODES: usize = 3_000;
    let folder_before = |number: usize| number / 37 * 37;
    let node = |number: usize| {
        let folder = number.is_multiple_of(37);
        let own = if folder { folder_before(number / 3) } else { folder_before(number) };
        let elsewhere =
            (number.is_multiple_of(5) && !folder).then(|| folder_before(number * 7 % number.max(1)));
        let size = (number * number % 100_003) as u64;
        Node {
            folder,
            deleted: number % 11 == 10 && !folder,
            parents: std::iter::once(own).chain(elsewhere).collect(),
            name: format!("{}.{}", number * 7919 % NODES, number % 9).into_bytes(),
            size: if folder { 0 } else { size },
            allocated: if folder { 0 } else { size.next_multiple_of(4096) },
            times: [132_000_000_000_000_000 + size; 4],
            attributes: 0x20,
            tag: 0,
            streams: if number % 4 == 3 || number.is_multiple_of(74) {
                vec![(b"zone".to_vec(), size)]
            } else {
                vec![]
            },
        }
    };
    check(&(0..NODES).map(node).collect::<Vec<_>>());
}

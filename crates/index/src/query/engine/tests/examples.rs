//! What is found in one small tree, as data.

use jiff::Zoned;

use super::tree::{Node, index};
use crate::query::{Hits, Query, SearchOptions, SortKey, Visibility};
use crate::{FileFlags, Index};

/// FILETIME of 2024-05-03 08:11:12 UTC.
const MAY_2024: u64 = 133_591_902_720_000_000;
const TAG_SYMLINK: u32 = 0xA000_000C;

fn tree() -> Index {
    let sized = |node: Node, size: u64| Node { size, ..node };
    let flagged = |node: Node, flags: FileFlags| Node { flags: node.flags | flags, ..node };
    let mut nodes = vec![
        Node::folder(0, "Documents"),
        Node { modified: MAY_2024, ..sized(Node::file(1, "Report 2024.pdf"), 2 << 20) },
        sized(Node::file(1, "notes.txt"), 1500),
        Node::file(1, "archive.tar.gz"),
        Node::folder(0, "src"),
        Node { modified: MAY_2024 - 864_000_000_000, ..sized(Node::file(5, "main.rs"), 1024) },
        Node { attributes: 2, ..sized(Node::file(5, ".bashrc"), 2047) },
        Node::folder(5, "net"),
        Node { modified: u64::MAX, ..sized(Node::file(8, "lib.rs"), 2048) },
        Node::file(0, "größe.TXT"),
        Node { reparse_tag: TAG_SYMLINK, ..Node::file(0, "shortcut") },
        flagged(Node::file(1, "old report.pdf"), FileFlags::DELETED),
        flagged(Node::folder(0, "$Extend"), FileFlags::METAFILE),
        Node::file(13, "$Quota"),
        Node::file(999, "lost.txt"),
        Node { streams: vec![(b"Zone.Identifier".to_vec(), 26)], ..Node::file(0, "data (1).bin") },
        flagged(Node::file(0, "torn.bin"), FileFlags::DAMAGED),
    ];
    nodes[9].names.push((1, "measure.txt".into()));
    index(&nodes)
}

fn search(index: &Index, query: &str, options: &SearchOptions) -> Hits {
    let now: Zoned = "2024-05-03T10:11:12[Europe/Berlin]".parse().unwrap();
    index.search(&Query::parse(query, &now).unwrap(), options).unwrap()
}

fn paths(index: &Index, hits: &Hits) -> Vec<String> {
    hits.rows.iter().map(|&row| String::from_utf8(index.row(row).path()).unwrap()).collect()
}

#[track_caller]
fn check(query: &str, expected: &[&str]) {
    let index = tree();
    let options = SearchOptions { sort: Some(SortKey::Path), ..SearchOptions::default() };
    let hits = search(&index, query, &options);
    assert_eq!(paths(&index, &hits), expected, "{query}");
    assert_eq!(hits.total, expected.len() as u64, "{query}");
}

#[test]
fn names() {
    check("report", &["/Documents/Report 2024.pdf"]);
    check("Report", &["/Documents/Report 2024.pdf"]);
    check("nocase:REPORT", &["/Documents/Report 2024.pdf"]);
    check("rEport", &[]);
    check("nocase:GRÖßE", &["/größe.TXT"]);
    check("grösse", &[]);
    check("2024 pdf", &["/Documents/Report 2024.pdf"]);
    check("\"report 2\"", &["/Documents/Report 2024.pdf"]);
    check("\"(1)\"", &["/data (1).bin"]);
    check("*.txt", &["/Documents/measure.txt", "/Documents/notes.txt", "/größe.TXT", "<orphans>/lost.txt"]);
    check("case:*.txt", &["/Documents/measure.txt", "/Documents/notes.txt", "<orphans>/lost.txt"]);
    check("main | lib", &["/src/main.rs", "/src/net/lib.rs"]);
    check(".rs !lib", &["/src/main.rs"]);
    check("????.rs", &["/src/main.rs"]);
    check("exact:src", &["/src"]);
    check(r"regex:^[a-m]+\.rs$", &["/src/net/lib.rs"]);
    check("len:..3", &["/src", "/src/net"]);
}

#[test]
fn extensions_and_paths() {
    check("ext:RS;gz", &["/Documents/archive.tar.gz", "/src/main.rs", "/src/net/lib.rs"]);
    check("ext:", &["/Documents", "/shortcut", "/src", "/src/.bashrc", "/src/net"]);
    check("path:src", &["/src", "/src/.bashrc", "/src/main.rs", "/src/net", "/src/net/lib.rs"]);
    check("path:src/", &["/src/.bashrc", "/src/main.rs", "/src/net", "/src/net/lib.rs"]);
    check("path:c/n", &["/src/net", "/src/net/lib.rs"]);
    check("path:/src/*.rs", &["/src/main.rs", "/src/net/lib.rs"]);
    check("path:/net/", &["/src/net/lib.rs"]);
    check("path:orphans", &["<orphans>/lost.txt"]);
    check("depth:3", &["/src/net/lib.rs"]);
}

#[test]
fn facts() {
    check("size:1kb", &["/Documents/notes.txt", "/src/.bashrc", "/src/main.rs"]);
    check("size:=1kb", &["/src/main.rs"]);
    check("size:>2kb", &["/Documents/Report 2024.pdf"]);
    check("size:>=2kb", &["/Documents/Report 2024.pdf", "/src/net/lib.rs"]);
    check("dm:2024-05-03", &["/Documents/Report 2024.pdf"]);
    check("dm:yesterday", &["/src/main.rs"]);
    check("dm:<2030", &["/Documents/Report 2024.pdf", "/src/main.rs"]);
    check("dm:>2030", &[]);
    check("type:folder", &["/Documents", "/src", "/src/net"]);
    check("type:folder|link", &["/Documents", "/shortcut", "/src", "/src/net"]);
    check("attrib:h", &["/src/.bashrc"]);
    check("links:2", &["/Documents/measure.txt", "/größe.TXT"]);
    check("record:10", &["/Documents/measure.txt", "/größe.TXT"]);
    check("orphan:", &["<orphans>/lost.txt"]);
    check("damaged:", &["/torn.bin"]);
}

#[test]
fn what_is_usually_hidden_is_seen_when_it_is_named() {
    check("old", &[]);
    check("deleted:", &["/Documents/old report.pdf"]);
    check("quota", &[]);
    check("metafile:", &["/", "/$Extend", "/$Extend/$Quota", "<orphans>"]);
    check("zone", &[]);
    check("type:stream", &["/data (1).bin:Zone.Identifier"]);
    check("type:stream | torn", &["/data (1).bin:Zone.Identifier", "/torn.bin"]);
    check("report !deleted:", &["/Documents/Report 2024.pdf"]);
    check("!(deleted: archive) pdf", &["/Documents/Report 2024.pdf"]);
    let index = tree();
    let visibility = Visibility { deleted: true, metafiles: true, streams: true };
    let hits = search(&index, "", &SearchOptions { visibility, ..SearchOptions::default() });
    assert!(hits.rows.iter().copied().eq(0..index.len()), "all rows in the order of the tree");
}

#[test]
fn pages() {
    let index = tree();
    let check = |sort, descending, offset, limit, expected: &[&str]| {
        let options = SearchOptions { sort, descending, offset, limit, ..SearchOptions::default() };
        let hits = search(&index, "ext:rs;txt;pdf", &options);
        assert_eq!(paths(&index, &hits), expected, "{options:?}");
        assert_eq!(hits.total, 7, "the limit takes nothing away from the total");
    };
    let size = Some(SortKey::Size);
    check(size, true, 0, Some(2), &["/Documents/Report 2024.pdf", "/src/net/lib.rs"]);
    check(size, false, 0, Some(2), &["/größe.TXT", "<orphans>/lost.txt"]);
    check(size, false, 5, None, &["/src/net/lib.rs", "/Documents/Report 2024.pdf"]);
    check(size, false, 7, Some(1), &[]);
    check(None, false, 0, Some(0), &[]);
    let modified = Some(SortKey::Modified);
    check(modified, true, 0, Some(3), &["/Documents/Report 2024.pdf", "/src/main.rs", "/größe.TXT"]);
    check(modified, false, 0, Some(3), &["/src/main.rs", "/Documents/Report 2024.pdf", "/größe.TXT"]);
    check(Some(SortKey::Extension), false, 0, Some(2), &["/Documents/Report 2024.pdf", "/src/net/lib.rs"]);
    check(Some(SortKey::Path), true, 0, Some(2), &["<orphans>/lost.txt", "/src/net/lib.rs"]);
}

/// Names lie one after another in the blob, so a text may stand across two of them.
#[test]
fn pitfall_46_rows_are_filtered_before_they_are_counted_off() {
    // Whatever comes first in the tree, the first row of one is the first that matches.
    let index = tree();
    let all = search(&index, "type:file", &SearchOptions::default());
    for (place, &row) in all.rows.iter().enumerate() {
        let options = SearchOptions { offset: place as u64, limit: Some(1), ..SearchOptions::default() };
        let hits = search(&index, "type:file", &options);
        assert_eq!((hits.rows.as_slice(), hits.total), ([row].as_slice(), all.total));
    }
    assert!(all.total > 1 && u64::from(index.len()) > all.total, "some rows match and some do not");
}

#[test]
fn a_text_across_two_names_is_none() {
    let check = |names: &[&str], query: &str, expected: &[&str]| {
        let index = index(&names.iter().map(|name| Node::file(0, name)).collect::<Vec<_>>());
        let mut in_order: Vec<String> = names.iter().map(|name| name.to_ascii_uppercase()).collect();
        in_order.sort();
        assert!(index.names().folded_blob().ends_with(in_order.concat().as_bytes()), "names are neighbours");
        let hits = search(&index, query, &SearchOptions::default());
        assert_eq!(paths(&index, &hits), expected, "{query}");
    };
    check(&["xab", "cxabcx", "ab", "c"], "abc", &["/cxabcx"]);
    check(&["aa", "aaa", "a"], "aaa", &["/aaa"]);
    check(&["ab", "cab"], "abca | b", &["/ab", "/cab"]);
    let many = "abc | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | bx | cxa | zz";
    check(&["xab", "cxy", "bxab", "c"], many, &["/bxab"]);
}

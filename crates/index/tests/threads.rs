//! A search within a pool of threads gives what it gives on one: the same rows, in the same order. Outside of one it starts none.

#[allow(dead_code, reason = "this test makes its source itself")]
mod common;

use std::sync::Arc;

use common::{Node, ROOT, build, evidence, id};
use jiff::Zoned;
use quarry_index::live::{Change, FileState, View};
use quarry_index::query::{Query, SearchOptions, SortKey};
use quarry_index::{File, FileFlags, Time};

/// More names than one piece of a sweep has, and more rows than one stretch of a set.
const FILES: u64 = 150_000;
/// How many files change: more rows than one thread asks or sorts at a time.
const CHANGED: usize = 80_000;

#[test]
fn threads_change_nothing_but_the_time() {
    let node = |number: u64| Node {
        folder: number == 0,
        deleted: number % 31 == 30,
        parents: if number % 7 == 6 { vec![0, 150_001] } else { vec![0] },
        name: format!("Name {}.{}", number * 7919 % 100_003, number % 5).into_bytes(),
        size: number * number % 10_007,
        allocated: 0,
        times: [132_000_000_000_000_000 + number % 999; 4],
        attributes: 0x20,
        tag: 0,
        streams: vec![],
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let nodes: Vec<Node> = (0..FILES).map(node).collect();
    let index = Arc::new(pool.install(|| build(&nodes)));
    let view = View::new(Arc::clone(&index)).with(nodes.iter().enumerate().skip(1).take(CHANGED).map(longer));
    assert!(view.irregular() >= CHANGED as u64, "{}", view.irregular());
    for text in ["e 12", "case:Name !9", "ext:1;2", "regex:9$", "size:>5000", "type:file", "links:2", ""] {
        let query = Query::parse(text, &Zoned::default()).unwrap();
        for sort in [None, Some(SortKey::Name), Some(SortKey::Size), Some(SortKey::Modified)] {
            for limit in [None, Some(50)] {
                let options =
                    SearchOptions { sort, limit, descending: limit.is_some(), ..SearchOptions::default() };
                let alone = index.search(&query, &options).unwrap();
                let shared = pool.install(|| index.search(&query, &options)).unwrap();
                assert!(alone == shared, "{text} by {sort:?}, at most {limit:?}");
                assert!(alone.rows == index.search_page(&query, &options).unwrap(), "the page of {text}");
            }
        }
    }
    for (text, sort) in [("regex:9$", None), ("", Some(SortKey::Size))] {
        let query = Query::parse(text, &Zoned::default()).unwrap();
        let options = SearchOptions { sort, ..SearchOptions::default() };
        let alone = view.search(&query, &options).unwrap();
        let shared = pool.install(|| view.search(&query, &options)).unwrap();
        assert!(alone == shared, "{text} by {sort:?}, with changes");
    }
    // Rayon's own pool can be made once only.
    let global = rayon::ThreadPoolBuilder::new().num_threads(1).build_global();
    assert!(global.is_ok(), "a search outside of a pool started one");
}

/// A file with another size.
fn longer((place, node): (usize, &Node)) -> Change {
    let [created, modified, changed, accessed] = node.times.map(Time);
    let file = File {
        record: id(place).record,
        sequence: 1,
        size: node.size + 1,
        allocated: node.allocated,
        created,
        modified,
        changed,
        accessed,
        attributes: node.attributes,
        reparse_tag: node.tag,
        flags: FileFlags::SIZED,
    };
    let names = vec![(ROOT, node.name.clone())];
    Change::Set(FileState { file, evidence: evidence(node), names, streams: vec![] })
}

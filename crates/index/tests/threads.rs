//! A search within a pool of threads gives what it gives on one: the same rows, in the same order.

#[allow(dead_code, reason = "this test makes its source itself")]
mod common;

use common::{Node, build};
use jiff::Zoned;
use quarry_index::query::{Query, SearchOptions, SortKey};

/// More names than one piece of a sweep has, and more rows than one stretch of a set.
const FILES: u64 = 150_000;

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
    let index = build(&(0..FILES).map(node).collect::<Vec<_>>());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
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
}

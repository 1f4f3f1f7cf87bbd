//! Pages where hits are common but far from the first row, which small random trees cannot have: by every way to find a page.

use jiff::Zoned;

use super::tree::{Node, index};
use crate::query::engine::{plan::Plan, walk};
use crate::query::{Query, SearchOptions, SortKey, Visibility};

/// Rows before the first hit and after it: more than are asked one by one before that is given up.
const ROWS: u32 = 1500;

#[test]
fn a_page_is_the_beginning_of_what_a_count_finds() {
    let mut nodes: Vec<Node> = (0..ROWS).map(|at| Node::file(0, &format!("filler {at}.txt"))).collect();
    nodes.push(Node::folder(0, "reports"));
    let folder = ROWS + 1;
    for at in 0..ROWS {
        // Sizes and times repeat, names come twice, some rows are further names and streams.
        let mut node = Node::file(folder, &format!("report {}.pdf", at / 2 * 7 % ROWS));
        node.size = u64::from(at * 37 % 50) << 10;
        node.modified = u64::from(at * 11 % 300) << 40;
        if at % 5 == 0 {
            node.names.push((folder, format!("another report {at}").into_bytes()));
            node.streams.push((b"report of a stream".to_vec(), 7));
        }
        nodes.push(node);
    }
    let index = index(&nodes);
    let now: Zoned = "2024-05-03T10:11:12[UTC]".parse().unwrap();
    let sorts = [
        None,
        Some(SortKey::Path),
        Some(SortKey::Name),
        Some(SortKey::Extension),
        Some(SortKey::Size),
        Some(SortKey::Modified),
        Some(SortKey::Created),
    ];
    let mut walked = 0;
    for text in [
        "report",
        "report !another",
        "report size:>20kb",
        "regex:re.*1\\.pdf$",
        "nothing",
        "filler | another",
    ] {
        let query = Query::parse(text, &now).unwrap();
        for (sort, descending) in sorts.into_iter().flat_map(|sort| [(sort, false), (sort, true)]) {
            for (offset, limit) in [(0, Some(1)), (3, Some(20)), (0, None), (5000, Some(5))] {
                let options =
                    SearchOptions { sort, descending, offset, limit, visibility: Visibility::default() };
                let expected = index.search(&query, &options).unwrap().rows;
                assert_eq!(index.search_page(&query, &options).unwrap(), expected, "{text}, {options:?}");
                let plan = Plan::new(&index, query.expr(), options.visibility);
                walked += usize::from(walk::first(&plan, &index, &options).is_some());
            }
        }
    }
    assert!(walked > 50, "{walked} pages were found by walking");
}

//! Random trees, random queries: the engine finds what the oracle finds, in its order.

use jiff::Zoned;
use proptest::prelude::*;
use proptest::sample::select;

use super::oracle;
use super::tree::{Node, index};
use crate::FileFlags;
use crate::query::{Query, SearchOptions, SortKey, Visibility};

/// Letters that fold, that fold to other lengths (ȿ takes two bytes and its capital three), that are no letters
/// to the volume (ß), beyond the plane, half of a pair; and what means something in a path or a name.
const CHARACTERS: [&str; 13] = ["a", "A", "b", "B", ".", "é", "É", "ȿ", "ß", "日", "😀", ":", "-"];
const SURROGATE: &[u8] = b"\xED\xA0\xBD";

fn name() -> impl Strategy<Value = Vec<u8>> {
    let character = prop_oneof![
        20 => select(&CHARACTERS[..]).prop_map(|text| text.as_bytes().to_vec()),
        1 => Just(SURROGATE.to_vec()),
    ];
    // Some names differ only behind what their sorting keys hold.
    let start = prop_oneof![5 => Just(""), 1 => Just("the first bytes are the same ")];
    (start, prop::collection::vec(character, 1..5))
        .prop_map(|(start, characters)| [start.as_bytes(), &characters.concat()].concat())
}

fn node(nodes: u32) -> impl Strategy<Value = Node> {
    // Two parents too many: one is never there.
    let names = prop::collection::vec((0..nodes + 2, name()), 1..3);
    let streams = prop::collection::vec((name(), 0..3000u64), 0..2);
    let size = prop_oneof![Just(0), 0..5000u64, Just(u64::MAX / 2), Just(1 << 20)];
    let modified = prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(2_650_467_744_000_000_000),
        133_500_000_000_000_000..133_600_000_000_000_000u64,
    ];
    let flags = prop_oneof![
        3 => Just(FileFlags::DIRECTORY),
        3 => Just(FileFlags::empty()),
        1 => (0..16u8).prop_map(FileFlags::from_bits_truncate),
    ];
    let tag = select(vec![0, 0, 0xA000_000C, 0x8000_0017]);
    (names, streams, size, modified, flags, 0..64u32, tag).prop_map(
        |(names, streams, size, modified, flags, attributes, reparse_tag)| Node {
            names,
            streams,
            size,
            modified,
            flags,
            attributes,
            reparse_tag,
        },
    )
}

fn word() -> impl Strategy<Value = String> {
    let character = prop_oneof![12 => select(&CHARACTERS[..]), 1 => Just("?"), 1 => Just("*")];
    prop::collection::vec(character, 1..4).prop_map(|characters| {
        let word = characters.concat();
        // `a:` would be read as a function.
        if word.contains(':') { format!("\"{word}\"") } else { word }
    })
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof![3 => word(), 2 => Just("/".to_owned())], 1..4)
        .prop_map(|parts| format!("path:{}", parts.concat()))
}

fn term() -> impl Strategy<Value = String> {
    let fixed = [
        "ext:",
        "ext:a;b",
        "ext:é*",
        "type:file",
        "type:folder;link",
        "type:stream",
        "size:>1kb",
        "size:empty",
        "size:1kb..3kb",
        "allocated:4096",
        "dm:2024",
        "dc:>1700",
        "da:..2024-06",
        "dr:<3000",
        "attrib:h",
        "attrib:d",
        "links:>1",
        "record:2..4",
        "len:<3",
        "depth:2",
        "deleted:",
        "metafile:",
        "orphan:",
        "damaged:",
        "regex:\"^a.*b$\"",
        "regex:\"ab|bé\"",
        "nocase:regex:\"ék?\"",
        "regex:\"[é😀]\"",
        "case:regex:\"b|ß\"",
        "exact:a",
        "\"<o\"",
        "path:\"<orphans>/\"",
        "name:*",
    ];
    prop_oneof![
        4 => word(),
        1 => word().prop_map(|word| format!("case:{word}")),
        1 => word().prop_map(|word| format!("nocase:{word}")),
        3 => path(),
        1 => path().prop_map(|path| format!("nocase:{path}")),
        4 => select(fixed.to_vec()).prop_map(str::to_owned),
    ]
}

fn query() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| format!("!({part})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" "))),
            prop::collection::vec(inner, 2..4).prop_map(|parts| format!("({})", parts.join(" | "))),
        ]
    })
}

fn options() -> impl Strategy<Value = SearchOptions> {
    let keys = [
        SortKey::Name,
        SortKey::Path,
        SortKey::Extension,
        SortKey::Size,
        SortKey::Allocated,
        SortKey::Modified,
        SortKey::Created,
        SortKey::Accessed,
        SortKey::Changed,
    ];
    let sort = prop::option::of(select(keys.to_vec()));
    let visibility = any::<[bool; 3]>().prop_map(|[deleted, metafiles, streams]| Visibility {
        deleted,
        metafiles,
        streams,
    });
    let limit = prop::option::of(0..12u64);
    (sort, any::<bool>(), 0..4u64, limit, visibility).prop_map(
        |(sort, descending, offset, limit, visibility)| SearchOptions {
            sort,
            descending,
            offset,
            limit,
            visibility,
        },
    )
}

/// A thousand cases, or as many more as `PROPTEST_CASES` asks for.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(1000), failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_engine_finds_what_the_oracle_finds(
        nodes in (1..24u32).prop_flat_map(|count| prop::collection::vec(node(count), count as usize)),
        queries in prop::collection::vec(query(), 1..6),
        options in options(),
    ) {
        let index = index(&nodes);
        let now: Zoned = "2024-05-03T10:11:12[UTC]".parse().unwrap();
        for text in queries {
            let query = Query::parse(&text, &now).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let expected = oracle::search(&index, &query, &options);
            prop_assert_eq!(&index.search(&query, &options).unwrap(), &expected, "{}", text);
            let page = index.search_page(&query, &options).unwrap();
            prop_assert_eq!(page, expected.rows, "the page of {}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_in_it(text in "[ -~é日\u{202E}\n]{0,40}|(\\PC|[a-z]{2,4}:|[|()!\"]){0,12}") {
        let now: Zoned = "2024-05-03T10:11:12[UTC]".parse().unwrap();
        if let Err(error) = Query::parse(&text, &now) {
            prop_assert!(text.get(error.at.clone()).is_some(), "{:?} is no part of {:?}", error.at, text);
            prop_assert_eq!(error.to_string().lines().count(), 4, "{}", error);
        }
    }
}

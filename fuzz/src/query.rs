//! The target `query`: the query language, and the search over a small index.

use std::sync::{Arc, OnceLock};

use jiff::Zoned;
use jiff::tz::TimeZone;
use quarry_forge::{Attribute, FileName, RecordBuilder, Reference, Reparse, StandardInformation, Times};
use quarry_index::Index;
use quarry_index::query::{
    Expr, Piece, QUERY_GROUPS_MAX, QUERY_TERMS_MAX, Query, QueryError, SearchOptions, SortKey, Term, Text,
    Visibility,
};
use quarry_io::MemoryDevice;
use quarry_scan::{Pipeline, Progress, Volume};

/// Lines of an error's message: what is wrong, the query, carets, what to do.
const MESSAGE_LINES: usize = 4;
/// Characters of a message: it goes to a terminal, whatever the query was.
const MESSAGE_CHARS_MAX: usize = 1024;

const SORTS: [Option<SortKey>; 10] = [
    None,
    Some(SortKey::Name),
    Some(SortKey::Path),
    Some(SortKey::Extension),
    Some(SortKey::Size),
    Some(SortKey::Allocated),
    Some(SortKey::Modified),
    Some(SortKey::Created),
    Some(SortKey::Accessed),
    Some(SortKey::Changed),
];
/// Everything is seen, so that a query and its negation divide the rows.
const ALL: Visibility = Visibility { deleted: true, metafiles: true, streams: true };

/// Reads a query, and puts it to an index of a few odd files if it is one. What is no UTF-8 is replaced.
pub fn query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Query::parse(&text, now()) {
        Ok(query) => {
            let mut terms = 0;
            check(query.expr(), 0, &mut terms);
            assert!(terms <= QUERY_TERMS_MAX, "{terms} terms");
            assert!(!query.expr().to_string().is_empty());
            search(&query, &text);
        }
        Err(error) => check_error(&error, &text),
    }
}

fn check_error(error: &QueryError, text: &str) {
    assert_eq!(error.query, text);
    assert!(text.get(error.at.clone()).is_some(), "{:?} is no place in the query", error.at);
    let message = error.to_string();
    let lines: Vec<_> = message.split('\n').collect();
    assert_eq!(lines.len(), MESSAGE_LINES, "{message}");
    assert!(message.chars().count() <= MESSAGE_CHARS_MAX, "{} characters", message.chars().count());
    assert!(!message.chars().any(|c| c.is_control() && c != '\n'), "{message:?}");
    let carets = lines.iter().rev().nth(1).map_or("", |line| line.trim_start());
    assert!(!carets.is_empty() && carets.chars().all(|c| c == '^'), "{message}");
}

/// The tree is as its description says. It is only as deep as the parser lets groups be, so this may recurse.
fn check(expr: &Expr, depth: usize, terms: &mut usize) {
    // Each group can hold an "or" of "and"s of "not"s.
    assert!(depth <= 3 * (QUERY_GROUPS_MAX + 1), "{depth} levels");
    match expr {
        Expr::All => assert_eq!(depth, 0, "an empty query within another"),
        Expr::And(parts) | Expr::Or(parts) => {
            assert!(parts.len() >= 2, "one is none to join");
            parts.iter().for_each(|part| check(part, depth + 1, terms));
        }
        Expr::Not(part) => check(part, depth + 1, terms),
        Expr::Term(term) => {
            *terms += 1;
            match term {
                Term::Name(text) | Term::Path(text) => check_text(text),
                Term::Extension(texts) => texts.iter().for_each(check_text),
                _ => {}
            }
        }
    }
}

fn check_text(text: &Text) {
    let is_literal = |piece: &Piece| matches!(piece, Piece::Literal(_));
    assert!(text.pieces.windows(2).all(|two| !two.iter().all(is_literal)), "neighbouring literals: {text:?}");
    assert!(!text.pieces.contains(&Piece::Literal(String::new())), "an empty literal: {text:?}");
}

fn search(query: &Query, text: &str) {
    let (index, choice) = (index(), text.len());
    let search = |query: &Query, options: &SearchOptions| {
        index.search(query, options).expect("what was just built is sound")
    };
    let everything = SearchOptions { visibility: ALL, ..SearchOptions::default() };
    let found = search(query, &everything);
    assert_eq!(found.total, found.rows.len() as u64);
    assert!(found.rows.is_sorted_by(|a, b| a < b), "unsorted rows come in the order of the tree, once each");
    assert!(found.rows.iter().all(|&row| row < index.len()));
    let usual = search(query, &SearchOptions::default());
    assert!(usual.rows.iter().all(|row| found.rows.binary_search(row).is_ok()), "seeing less shows more");

    let sort = SORTS.get(choice % SORTS.len()).copied().flatten();
    let options = SearchOptions { sort, descending: choice % 3 == 0, ..everything.clone() };
    let sorted = search(query, &options);
    let mut rows = sorted.rows.clone();
    rows.sort_unstable();
    assert_eq!(rows, found.rows, "sorting changes what is found");
    let page = search(query, &SearchOptions { offset: 2, limit: Some(3), ..options });
    assert_eq!(page.total, sorted.total, "the limit comes before the filter");
    assert_eq!(page.rows, sorted.rows.iter().skip(2).take(3).copied().collect::<Vec<_>>());

    // One group more may be one too many, and nothing has no opposite.
    let Ok(negated) = Query::parse(&format!("!({text} )"), now()) else { return };
    let negated = search(&negated, &everything);
    let mut both: Vec<u32> = found.rows.into_iter().chain(negated.rows).collect();
    both.sort_unstable();
    assert!(both.into_iter().eq(0..index.len()), "a query and its negation do not divide the rows");
}

/// The moment at which every query is asked, so that an input always means the same.
fn now() -> &'static Zoned {
    static NOW: OnceLock<Zoned> = OnceLock::new();
    NOW.get_or_init(|| {
        jiff::civil::date(2024, 5, 6).at(7, 8, 9, 0).to_zoned(TimeZone::UTC).expect("a date that was")
    })
}

/// Files with what a query can ask for: folders in folders, links, streams, an orphan, deleted and damaged ones, sizes,
/// names that fold in odd ways.
fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let dump: Vec<u8> = records().iter().flat_map(RecordBuilder::build).collect();
        let volume = Volume::open_dump(Arc::new(MemoryDevice::new("dump", dump)), 1024);
        let pipeline =
            Pipeline { deleted: true, threads: std::num::NonZeroUsize::MIN, ..Pipeline::default() };
        pipeline.run(&volume, &Progress::default()).expect("it was made so").index
    })
}

fn records() -> Vec<RecordBuilder> {
    let made = |number: u64, parent: Reference, name: &str| {
        let times = Times::all(quarry_forge::filetime(1_714_979_289 + 86_400 * number));
        let standard =
            StandardInformation::new().times(times).attributes(u32::from(number.is_multiple_of(2)) * 2);
        RecordBuilder::new(number).with(standard).with(FileName::new(parent, name))
    };
    let folder = |number| Reference::new(number, 1);
    let blank = (0..24).filter(|number| *number != 5).map(|number| RecordBuilder::new(number).deleted());
    let mut records: Vec<_> = blank.collect();
    records.insert(5, made(5, Reference::ROOT, ".").sequence(5).directory());
    let streamed = made(27, folder(24), "straße.tar.gz")
        .with(Attribute::data(b"12"))
        .with(Attribute::data(b"[ZoneTransfer]").named("Zone.Identifier"));
    let linked =
        made(28, folder(25), "Ünïcode 2024.TXT").with(FileName::new(Reference::ROOT, "ſecond K.txt"));
    records.extend([
        made(24, Reference::ROOT, "Documents").directory(),
        made(25, folder(24), "deep").directory(),
        made(26, folder(25), "report (final).pdf").with(Attribute::data(vec![7; 500])),
        streamed,
        linked,
        made(29, folder(24), "ﬁn|al!\u{202e}").with(Attribute::data([])),
        made(30, Reference::new(99, 1), "lost").with(Attribute::data(b"?")),
        made(31, folder(24), "gone.pdf").deleted(),
        made(32, Reference::ROOT, "way").with(Reparse::symlink("C:\\x", false)),
        made(33, Reference::ROOT, ".bashrc").with(Attribute::raw([0x80, 0, 0, 0, 1, 0, 0, 0])),
    ]);
    records
}

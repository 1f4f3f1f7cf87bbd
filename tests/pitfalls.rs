//! `docs/pitfalls.md` lists how real volumes surprise parsers, each with the tests that hold it. The list and the sources
//! are compared in both directions: a row without a test, and a test without a row, are both found here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::OnceLock;

use quarry_tests::sources;

/// The numbers of the list.
const ROWS: RangeInclusive<u32> = 1..=46;
/// What begins the last cell of a row whose part of Quarry is still to come; what it waits for follows.
const WAITS: &str = "waits for ";
/// The same, behind the tests of the part that is there.
const WAITS_IN_PART: &str = "in part waits for ";

struct Row {
    tests: BTreeSet<String>,
    /// What it waits for, in whole or in part.
    waits: Option<String>,
    in_part: bool,
}

/// Rows `| 7 | title | tests or what it waits for |` of the table. Tests stand in backquotes.
fn table() -> BTreeMap<u32, Row> {
    static BLESSED: OnceLock<()> = OnceLock::new();
    let path = sources::root().join("docs/pitfalls.md");
    if std::env::var_os("QUARRY_BLESS").is_some() {
        BLESSED.get_or_init(|| bless(&path));
    }
    let text = sources::read(&path);
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", number, title, held_by, ""] = cells[..] else { panic!("a row has three cells: {line}") };
        let Ok(number) = number.parse() else { continue };
        assert!(!title.is_empty(), "row {number} has no title");
        let tests =
            held_by.split('`').filter(|word| word.starts_with("pitfall_")).map(str::to_owned).collect();
        let in_part = held_by.contains(WAITS_IN_PART);
        let waits = waits(held_by).map(|(_, what)| what.to_owned());
        let row = Row { tests, waits, in_part };
        assert!(rows.insert(number, row).is_none(), "row {number} stands twice");
    }
    rows
}

/// The last words of a row that waits: those that say so and what they say it of, and the latter alone.
fn waits(held_by: &str) -> Option<(&str, &str)> {
    [WAITS_IN_PART, WAITS].iter().find_map(|words| {
        let at = held_by.find(words)?;
        Some((held_by.get(at..)?, held_by.get(at + words.len()..)?))
    })
}

/// Names of the test functions `pitfall_NN_…`, with their numbers.
fn tests() -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for path in sources::rust_files() {
        // Its own functions are named for the list, not for a row of it.
        if path == sources::root().join("tests/pitfalls.rs") {
            continue;
        }
        found.extend(tests_in(&path));
    }
    found
}

fn tests_in(path: &Path) -> Vec<(String, u32)> {
    let text = sources::read(path);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("fn pitfall_") else { continue };
        let Some((digits, _)) = rest.split_once('_') else { panic!("{}: {line}: no number", path.display()) };
        let number = digits.parse().unwrap_or_else(|_| panic!("{}: {line}: no number", path.display()));
        let is_test = lines[..at]
            .iter()
            .rev()
            .take_while(|above| above.starts_with("#["))
            .any(|above| *above == "#[test]");
        assert!(is_test, "{}: {line}: named for a pitfall and no #[test]", path.display());
        let name = line.trim_start_matches("fn ").split(['(', '<']).next().unwrap_or_default();
        found.push((name.to_owned(), number));
    }
    found
}

/// Writes the names of the tests into the table, before what a row waits for.
fn bless(path: &Path) {
    let mut names: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (name, number) in tests() {
        names.entry(number).or_default().push(format!("`{name}`"));
    }
    let blessed = sources::read(path).lines().map(|line| blessed_line(line, &names)).collect::<String>();
    std::fs::write(path, blessed).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn blessed_line(line: &str, names: &BTreeMap<u32, Vec<String>>) -> String {
    let mut cells = line.split('|').map(str::trim).skip(1);
    let number = cells.next().and_then(|cell| cell.parse::<u32>().ok());
    let (Some(number), Some(title), Some(held_by)) = (number, cells.next(), cells.next()) else {
        return format!("{line}\n");
    };
    let waits = waits(held_by).map(|(words, _)| words.to_owned());
    let cell: Vec<String> = names.get(&number).into_iter().flatten().cloned().chain(waits).collect();
    format!("| {number} | {title} | {} |\n", cell.join(", "))
}

#[test]
fn the_list_is_whole() {
    assert_eq!(table().keys().copied().collect::<Vec<_>>(), ROWS.collect::<Vec<_>>());
}

#[test]
fn every_pitfall_has_a_test_or_says_what_it_waits_for() {
    let missing: Vec<u32> = table()
        .iter()
        .filter(|(_, row)| row.tests.is_empty() && (row.waits.is_none() || row.in_part))
        .map(|(number, _)| *number)
        .collect();
    assert!(missing.is_empty(), "rows without a test: {missing:?}");
}

/// `B: folder totals`, or several of them with `;` between: an issue's letter and what of the row it brings.
#[test]
fn what_a_row_waits_for_is_an_issue() {
    let names_an_issue = |what: &str| {
        let mut letters = what.trim().chars();
        letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
            && letters.as_str().strip_prefix(": ").is_some_and(|brings| !brings.is_empty())
    };
    let nameless: Vec<String> = table()
        .into_iter()
        .filter_map(|(number, row)| Some((number, row.waits?)))
        .filter(|(_, waits)| !waits.split(';').all(names_an_issue))
        .map(|(number, waits)| format!("row {number} waits for {waits:?}, which is no issue"))
        .collect();
    assert!(nameless.is_empty(), "{nameless:#?}");
}

#[test]
fn the_list_names_the_tests_that_there_are() {
    let listed: BTreeSet<(String, u32)> = table()
        .into_iter()
        .flat_map(|(number, row)| row.tests.into_iter().map(move |test| (test, number)))
        .collect();
    let written: BTreeSet<(String, u32)> = tests().into_iter().collect();
    let gone: Vec<_> = listed.difference(&written).collect();
    let unlisted: Vec<_> = written.difference(&listed).collect();
    assert!(
        gone.is_empty() && unlisted.is_empty(),
        "listed and gone: {gone:#?}\nwritten and not listed: {unlisted:#?}"
    );
}

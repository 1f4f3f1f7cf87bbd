//! What an index takes, how soon one that lies in a file answers, and how long a search takes, on sources that are made up.
//!
//! `cargo bench -p quarry-index --bench search [-- ROWS [DISTINCT]]`: so many rows (a million), of whose names so many in a hundred
//! differ (100). The file that is searched lies in the folder of temporary files and is removed.

#[path = "common/searches.rs"]
mod searches;
#[path = "common/synthetic.rs"]
mod synthetic;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use jiff::Zoned;
use jiff::tz::TimeZone;
use quarry_index::query::{Query, SearchOptions, SortKey};
use quarry_index::{Index, SnapshotBytes};

/// Runs of each search in an index that is in memory.
const RUNS: usize = 7;
/// Processes that are started for each question.
const STARTS: usize = 15;
/// What the first rows are asked for in a process of its own.
const FIRST: &[(&str, &str)] = &[
    ("zzzznothing", "-"),
    ("report", "-"),
    ("size:>1gb", "-"),
    ("", "-"),
    ("", "size"),
    ("", "modified"),
    ("report", "size"),
];
/// Names the file to search in, in a process that only answers.
const FILE_VARIABLE: &str = "QUARRY_BENCH_SNAPSHOT";

/// Columns that serve one purpose.
const GROUPS: &[(&str, &[&str])] = &[
    ("rows: class, name, parent, subtrees", &["row.", "subtree."]),
    ("names: folded, offsets, spelling", &["name.", "spelling.", "case."]),
    ("postings", &["posting."]),
    ("size, time of change", &["file.size", "file.modified"]),
    ("the other three times", &["file.created", "file.changed", "file.accessed"]),
    ("bytes on disk, attributes, tag, links, record, sequence, flags", &["file.", "extra.", "claim."]),
    ("totals of folders", &["total."]),
];

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(path) = std::env::var_os(FILE_VARIABLE) {
        return answer(Path::new(&path), &arguments);
    }
    let number =
        |place: usize, usual| arguments.get(place).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (rows, distinct) = (number(0, 1_000_000), number(1, 100));
    let started = Instant::now();
    let index = synthetic::index(rows, distinct);
    let names = index.names().len();
    println!("{} rows, {names} names, built in {:.1} s", index.len(), started.elapsed().as_secs_f64());
    print_columns(&index);
    searches::print(&index, RUNS);
    print_first(&index);
}

fn print_columns(index: &Index) {
    let mut left: Vec<_> = index.columns().collect();
    println!("\n| what | bytes a row |\n| --- | --- |");
    for (what, starts) in GROUPS {
        let mut bytes = 0;
        left.retain(|size| {
            let here = starts.iter().any(|start| size.column.name().starts_with(start));
            bytes += if here { size.bytes } else { 0 };
            !here
        });
        println!("| {what} | {:.1} |", bytes as f64 / f64::from(index.len()));
    }
    println!("| all | {:.1} |", index.bytes() as f64 / f64::from(index.len()));
}

/// Asks processes that map the file for their first rows.
fn print_first(index: &Index) {
    let path = std::env::temp_dir().join(format!("quarry-bench-{}.snapshot", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).expect("the file can be made");
    index.write_to(&mut file).and_then(|()| file.flush()).expect("the file can be written");
    drop(file);
    println!(
        "\n| query | sorted by | start | open | first 20 rows | all three, CPU ms |\n| --- | --- | --- | --- | --- | --- |"
    );
    for (text, sort) in FIRST {
        // The least of each: what else a start waits for is not ours.
        let times = (0..STARTS)
            .map(|_| ask(&path, text, sort))
            .reduce(|a, b| std::array::from_fn(|at| a[at].min(b[at])));
        let [start, open, answer, all] = times.unwrap_or_default();
        println!("| `{text}` | {sort} | {start:.2} | {open:.2} | {answer:.2} | {all:.2} |");
    }
    std::fs::remove_file(path).expect("the file can be removed");
}

/// Processor time in milliseconds that a process takes to start, to open the file, to find the first rows and their paths, and for all
/// three.
fn ask(path: &Path, text: &str, sort: &str) -> [f64; 4] {
    let program = std::env::current_exe().expect("this program has a path");
    let output =
        Command::new(program).env(FILE_VARIABLE, path).args([text, sort]).output().expect("it starts");
    let told = String::from_utf8(output.stdout).expect("numbers");
    let numbers: Vec<f64> = told.split_whitespace().map(|text| text.parse().expect("a number")).collect();
    let &[start, opened, answered] = numbers.as_slice() else { panic!("three numbers") };
    [start, opened - start, answered - opened, answered]
}

/// What a process does that only answers.
fn answer(path: &Path, arguments: &[String]) {
    let start = searches::cpu_ms();
    let map = quarry_io::Map::open(&std::fs::File::open(path).expect("it is there")).expect("it is ours");
    let index = Index::open(SnapshotBytes::Mapped(map)).expect("it is sound");
    let opened = searches::cpu_ms();
    let [text, sort] = arguments else { panic!("a query and a key") };
    let query = Query::parse(text, &Zoned::new(jiff::Timestamp::now(), TimeZone::UTC)).expect("it parses");
    let sort = match sort.as_str() {
        "size" => Some(SortKey::Size),
        "modified" => Some(SortKey::Modified),
        _ => None,
    };
    let options =
        SearchOptions { sort, descending: sort.is_some(), limit: Some(20), ..SearchOptions::default() };
    let rows = index.search_page(&query, &options).expect("it is sound");
    let paths: Vec<Vec<u8>> = rows.iter().map(|&row| index.row(row).path()).collect();
    println!("{start} {opened} {}", searches::cpu_ms());
    std::hint::black_box(paths);
}

//! How long a search takes in an index that is in memory.
//!
//! `cargo bench -p quarry-scan --bench search -- MFT [RUNS]`

use std::sync::Arc;
use std::time::Instant;

use jiff::Zoned;
use quarry_index::query::{Query, SearchOptions, SortKey};
use quarry_io::FileDevice;
use quarry_scan::{Pipeline, Progress};

/// What is searched, and by what the rows are sorted: from the rarest to the commonest, and each kind of term.
const SEARCHES: &[(&str, Option<SortKey>)] = &[
    ("zzzznothing", None),
    ("~a3f1", None),
    ("report", None),
    ("report !sys", None),
    ("Report", None),
    ("report | invoice | photo", None),
    ("e", None),
    ("*.dll", None),
    ("ext:pdf;docx", None),
    ("path:bulk/", None),
    ("path:report", None),
    ("regex:^ka.*\\.dll$", None),
    ("size:>1mb", None),
    ("dm:2001", None),
    ("type:folder", None),
    ("", None),
    ("report", Some(SortKey::Size)),
    ("report", Some(SortKey::Name)),
    ("", Some(SortKey::Modified)),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(path) = arguments.next() else {
        println!("give the path of a $MFT dump: cargo bench -p quarry-scan --bench search -- MFT [RUNS]");
        return;
    };
    let runs: usize = arguments.next().and_then(|runs| runs.parse().ok()).unwrap_or(7);
    let device = Arc::new(FileDevice::open(path).expect("the dump opens"));
    let volume = quarry_scan::open(device, None).expect("it is a dump").remove(0);
    let index = Pipeline::default().run(&volume, &Progress::default()).expect("it scans").index;
    println!(
        "\n{} rows, {} bytes a row in memory, best of {runs} runs, first 100 rows of each\n",
        index.len(),
        index.bytes() / index.len() as usize
    );
    println!("| column | bytes | bytes a row |\n| --- | --- | --- |");
    for size in index.columns() {
        println!("| {} | {} | {:.2} |", size.column, size.bytes, size.bytes as f64 / f64::from(index.len()));
    }
    println!("\n| query | sorted by | rows | ms |\n| --- | --- | --- | --- |");
    for &(text, sort) in SEARCHES {
        let query = Query::parse(text, &Zoned::now()).expect("it parses");
        let options = SearchOptions { sort, limit: Some(100), ..SearchOptions::default() };
        let mut total = 0;
        let best = (0..runs).map(|_| {
            let start = Instant::now();
            total = index.search(&query, &options).expect("the index is sound").total;
            start.elapsed().as_secs_f64() * 1e3
        });
        let best = best.fold(f64::INFINITY, f64::min);
        let sorted = sort.map_or_else(|| "–".to_owned(), |key| format!("{key:?}").to_lowercase());
        println!("| `{}` | {sorted} | {total} | {best:.2} |", text.replace('|', "\\|"));
    }
}

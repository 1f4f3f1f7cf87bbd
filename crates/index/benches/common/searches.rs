//! The searches that are measured, on whatever index, and the table that they are told in.

use jiff::Zoned;
use quarry_index::Index;
use quarry_index::query::{Query, SearchOptions, SortKey};

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
    ("", Some(SortKey::Size)),
    ("", Some(SortKey::Modified)),
];

/// Prints what each search takes of one thread's time, the best of `runs`, with the first 100 rows of each: with all that match counted,
/// and without.
pub(crate) fn print(index: &Index, runs: usize) {
    println!("\n| query | sorted by | rows | CPU ms | a page alone |\n| --- | --- | --- | --- | --- |");
    for &(text, sort) in SEARCHES {
        let query = Query::parse(text, &Zoned::now()).expect("it parses");
        let descending = sort.is_some_and(|key| key != SortKey::Name);
        let options = SearchOptions { sort, descending, limit: Some(100), ..SearchOptions::default() };
        let mut total = 0;
        let all = best(runs, || total = index.search(&query, &options).expect("the index is sound").total);
        let page = best(runs, || {
            std::hint::black_box(index.search_page(&query, &options).expect("the index is sound"));
        });
        let sorted = sort.map_or_else(|| "–".to_owned(), |key| format!("{key:?}").to_lowercase());
        println!("| `{}` | {sorted} | {total} | {all:.2} | {page:.2} |", text.replace('|', "\\|"));
    }
}

fn best(runs: usize, mut work: impl FnMut()) -> f64 {
    let took = (0..runs).map(|_| {
        let start = cpu_ms();
        work();
        cpu_ms() - start
    });
    took.fold(f64::INFINITY, f64::min)
}

/// Processor time of this process so far: on a machine that others use too, the clock on the wall tells nothing.
pub(crate) fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

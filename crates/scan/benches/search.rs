//! How long a search takes in an index that is in memory.
//!
//! `cargo bench -p quarry-scan --bench search -- MFT [RUNS]`

#[path = "../../index/benches/common/searches.rs"]
mod searches;

use std::sync::Arc;

use quarry_io::FileDevice;
use quarry_scan::{Pipeline, Progress};

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
    searches::print(&index, runs);
}

//! How fast changes are taken, and what searching them costs.
//!
//! An index of a million files in ten thousand folders, made up; then batches of changes of three kinds, each on the view that the
//! batch before gave. A rename and a move make rows irregular, other facts do not but for the file itself.
//!
//! Times are of the processor, summed over threads, where the system tells them (Linux), else of the clock.
//!
//! `cargo bench -p quarry-index --bench live [-- FILES]`

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Zoned;
use quarry_index::live::{Change, FileState, View};
use quarry_index::query::{Query, SearchOptions};
use quarry_index::{Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Index, Time};

const ROOT: FileId = FileId { record: 5, sequence: 5 };
const FIRST: u32 = 100;
const FOLDERS: u32 = 10_000;
const BATCH: u32 = 10_000;

fn state(number: u32) -> FileState {
    let folder = number < FOLDERS;
    let record = FIRST + number;
    let parent = if number < 100 {
        ROOT
    } else {
        let above = if folder { number % 100 } else { number % FOLDERS };
        FileId { record: FIRST + above, sequence: 1 }
    };
    let name =
        if folder { format!("folder {number}") } else { format!("Report {}-{number}.dat", number % 977) };
    let time = Time(133_000_000_000_000_000 + u64::from(number) * 10_000_000);
    let file = File {
        record,
        sequence: 1,
        size: u64::from(number) * 37 % 1_000_000,
        allocated: (u64::from(number) * 37 % 1_000_000) & !4095,
        created: time,
        modified: time,
        changed: time,
        accessed: time,
        attributes: 0x20,
        reparse_tag: 0,
        flags: if folder { FileFlags::DIRECTORY } else { FileFlags::empty() },
    };
    let names = vec![(parent, name.into_bytes())];
    FileState { file, evidence: Evidence::default(), names, streams: Vec::new() }
}

fn built(files: u32) -> Index {
    let mut batch = Batch::new();
    batch.begin(FIRST);
    for number in 0..files {
        let state = state(number);
        batch.open_file();
        for (parent, name) in &state.names {
            batch.name(*parent, false, |blob| blob.extend_from_slice(name));
        }
        batch.close_file(state.file);
    }
    Builder::new(ROOT, CaseTable::default()).build(vec![batch]).expect("it fits").0
}

/// Processor time of all threads of this process, or time that has passed.
fn now(started: Instant) -> Duration {
    let told = std::fs::read_dir("/proc/self/task").ok().map(|tasks| {
        let of = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("schedstat")).ok();
        let ran = |text: String| text.split(' ').next()?.parse::<u64>().ok();
        tasks.filter_map(|task| ran(of(task.ok()?)?)).sum()
    });
    told.filter(|&ns| ns > 0).map_or_else(|| started.elapsed(), Duration::from_nanos)
}

/// What `act` gives and how many milliseconds it took.
fn timed<T>(act: impl FnOnce() -> T) -> (T, f64) {
    let clock = Instant::now();
    let before = now(clock);
    let value = act();
    (value, now(clock).saturating_sub(before).as_secs_f64() * 1e3)
}

fn main() {
    let files = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let (index, built) = timed(|| Arc::new(built(files)));
    println!("{} rows built in {built:.0} ms", index.len());
    let (first, ready) = timed(|| View::new(Arc::clone(&index)));
    println!("made ready for changes in {ready:.0} ms\n");
    println!(
        "| changes | in batches of {BATCH} | million changes/s | irregular rows | search `report 97` ms | totals ms | rebuild ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    type Make = fn(u32) -> Change;
    let kinds: [(&str, Make); 3] = [
        ("other facts", |number| {
            let mut state = state(FOLDERS + number);
            state.file.size += 1;
            Change::Set(state)
        }),
        ("renamed", |number| {
            let mut state = state(FOLDERS + number);
            state.names[0].1.extend_from_slice(b".old");
            Change::Set(state)
        }),
        ("removed", |number| Change::Remove(FIRST + FOLDERS + number)),
    ];
    for (kind, make) in kinds {
        let batches: Vec<Vec<Change>> =
            (0..10).map(|batch| (batch * BATCH..(batch + 1) * BATCH).map(make).collect()).collect();
        let (view, took) = timed(|| batches.into_iter().fold(first.clone(), |view, batch| view.with(batch)));
        let rate = 10.0 * f64::from(BATCH) / took / 1e3;
        let query = Query::parse("report 97", &Zoned::now()).expect("it parses");
        let options = SearchOptions { limit: Some(100), ..SearchOptions::default() };
        let (_, searched) = timed(|| view.search(&query, &options).expect("it is sound"));
        let (_, totals) = timed(|| view.row(Index::ROOT).total());
        let (_, rebuilt) = timed(|| view.rebuild().expect("it fits"));
        println!(
            "| {kind} | 10 | {rate:.2} | {} | {searched:.1} | {totals:.1} | {rebuilt:.0} |",
            view.irregular()
        );
    }
}

//! Processes that publish, remove, rename and collect the same entries on a real file system, and are killed at any moment.
//!
//! The simulated disk goes through every call; this goes through the real system's locks, renames and open files, which the simulation takes
//! on trust. When a process dies is up to the machine; what it does, and how long it is left alone, comes from a seed.
//! A second test kills a process that changes one live entry all the time and says after each batch that it is done.
//! The test has a `main` of its own, because its processes are this program again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use quarry_catalog::{
    Catalog, Counts, Error, Facts, LiveOptions, Name, Opened, Source, SourcePath, Stray, Wait,
};
use quarry_index::live::{Change, FileState};
use quarry_index::{Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Time};
use xxhash_rust::xxh3::xxh3_64;

/// The folder, and the seed of the process.
const CHILD: &str = "QUARRY_CATALOG_CHILD";
const SEED: &str = "QUARRY_CATALOG_SEED";
const CHILDREN: usize = 3;
const KILLS: u64 = 80;
/// A child is left alone for at most this long after the last kill.
const ALONE_MS_MAX: u64 = 25;
const SNAPSHOT_BYTES_MAX: u64 = 300_000;
const TEST: &str = "killed_processes_leave_a_sound_catalogue";
/// Set for a process that changes one entry all the time.
const CHANGES: &str = "QUARRY_CATALOG_CHANGES";
const LIVE_TEST: &str = "killed_processes_lose_no_change_that_they_acknowledged";
const LIVE_KILLS: u64 = 30;
const LIVE_ALONE_MS_MAX: u64 = 120;
/// Records that each batch sets, and the first of them.
const RECORDS: u32 = 40;
const FIRST_RECORD: u32 = 100;
const ROOT: FileId = FileId { record: 5, sequence: 5 };
const BYTES_MAX: u64 = 1 << 30;

/// What a test is called, and what it does with a seed.
type Test = (&'static str, fn(u64));

fn main() -> ExitCode {
    if let Some(folder) = env::var_os(CHILD) {
        if env::var_os(CHANGES).is_some() {
            change(&Catalog::at(folder));
        }
        let seed = env::var(SEED).unwrap().parse().unwrap();
        return child(&PathBuf::from(folder), Random(seed));
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let seed = env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x51AB);
    let tests: [Test; 2] = [(TEST, parent), (LIVE_TEST, live_parent)];
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(test, _)| println!("{test}: test"));
        return ExitCode::SUCCESS;
    }
    let asked = |test: &str| {
        arguments.iter().all(|argument| argument.starts_with('-') || test.contains(argument.as_str()))
    };
    for (test, run) in tests.into_iter().filter(|(test, _)| asked(test)) {
        println!("{SEED}={seed}");
        run(seed);
        println!("test {test} ... ok");
    }
    ExitCode::SUCCESS
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn facts() -> Facts {
    let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
    let source = Source { kind: "volume".into(), path, serial: None, label: None };
    Facts { source, scanned: 1, took_ns: 1, counts: Counts::default() }
}

/// Does whatever there is to do until it is killed. What others do to the same entries is no error.
fn child(folder: &Path, mut random: Random) -> ExitCode {
    let catalog = Catalog::at(folder);
    loop {
        let restless = name(["restless-1", "restless-2"][usize::try_from(random.below(2)).unwrap()]);
        let done = match random.below(8) {
            0..=2 => publish(&catalog, &name("steady"), &mut random),
            3 | 4 => publish(&catalog, &restless, &mut random),
            5 => catalog.remove(&restless, Wait::AtMost(Duration::from_millis(40))).map(drop),
            6 => catalog.rename(&name("restless-1"), &name("restless-2"), Wait::No).map(drop),
            _ => catalog.collect().map(|collected| {
                assert!(collected.left.is_empty(), "{:?}", collected.left);
            }),
        };
        match done {
            Ok(()) | Err(Error::Locked { .. } | Error::NoEntry { .. } | Error::Exists { .. }) => {}
            Err(error) => {
                eprintln!("{error}: {error:?}");
                return ExitCode::FAILURE;
            }
        }
    }
}

fn publish(catalog: &Catalog, name: &Name, random: &mut Random) -> Result<(), Error> {
    let mut lock = catalog.lock(name, Wait::AtMost(Duration::from_millis(40)))?;
    let length = usize::try_from(random.below(SNAPSHOT_BYTES_MAX)).unwrap();
    let bytes: Vec<u8> = (0..length / 8 + 1).flat_map(|_| random.next().to_le_bytes()).collect();
    lock.publish(facts(), |snapshot| {
        for block in bytes.chunks(16 * 1024) {
            snapshot.write_all(block)?;
        }
        Ok::<u64, std::io::Error>(xxh3_64(&bytes))
    })?;
    Ok(())
}

/// Whether the snapshot is the one that was published: whole, and nobody else's.
fn check(opened: &Opened) -> Result<(), String> {
    let mut bytes = Vec::new();
    (&opened.file).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let identity = xxh3_64(&bytes);
    if identity == opened.entry.identity { Ok(()) } else { Err(format!("{identity:x}: {:?}", opened.entry)) }
}

fn parent(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(folder.path().join("catalog"));
    let mut random = Random(seed);
    publish(&catalog, &name("steady"), &mut random).unwrap();
    let mut children: Vec<Child> = (0..CHILDREN).map(|_| spawn(&catalog, random.next())).collect();
    let mut generation = 0;
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(random.below(ALONE_MS_MAX)));
        generation = read_all(&catalog, generation);
        let at = usize::try_from(random.below(CHILDREN as u64)).unwrap();
        kill(&mut children[at]);
        generation = read_all(&catalog, generation);
        children[at] = spawn(&catalog, random.next());
    }
    children.iter_mut().for_each(kill);
    assert!(generation > 1, "nothing was published");
    read_all(&catalog, generation);
    settle(&catalog, &mut random);
}

fn spawn(catalog: &Catalog, seed: u64) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(CHILD, catalog.folder()).env(SEED, seed.to_string()).stdout(Stdio::null()).spawn().unwrap()
}

/// Kills it, and makes sure that it was alive: it ends by itself only if something is wrong.
fn kill(child: &mut Child) {
    let ended = child.try_wait().unwrap();
    assert!(ended.is_none(), "a process gave up: {ended:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Reads all entries; `steady`, which nobody removes, is there and never goes back. Returns its generation.
fn read_all(catalog: &Catalog, generation: u64) -> u64 {
    for restless in ["restless-1", "restless-2"] {
        match catalog.verify(&name(restless), check) {
            Ok(_) | Err(Error::NoEntry { .. } | Error::Restless { .. }) => {}
            Err(error) => panic!("{error}: {error:?}"),
        }
    }
    let steady = catalog.verify(&name("steady"), check).unwrap();
    assert!(steady.generation >= generation, "{} after {generation}", steady.generation);
    steady.generation
}

/// Everything that the killed left is collected, and all goes on.
fn settle(catalog: &Catalog, random: &mut Random) {
    let collected = catalog.collect().unwrap();
    assert!(collected.left.is_empty() && collected.busy.is_empty(), "{collected:?}");
    let strays: Vec<Stray> = catalog.strays().unwrap();
    assert!(strays.is_empty(), "{strays:?}");
    for entry in ["steady", "restless-1", "restless-2"].map(name) {
        publish(catalog, &entry, random).unwrap();
        catalog.verify(&entry, check).unwrap();
        catalog.remove(&entry, Wait::No).unwrap();
    }
    let left: Vec<PathBuf> =
        std::fs::read_dir(catalog.folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [catalog.folder().join("lock")]);
}

/// What each record is after batch number `batch`.
fn state(record: u32, batch: u64) -> FileState {
    let file = File {
        record,
        sequence: 1,
        size: batch,
        allocated: 0,
        created: Time(1),
        modified: Time(1),
        changed: Time(1),
        accessed: Time(1),
        attributes: 0,
        reparse_tag: 0,
        flags: FileFlags::empty(),
    };
    let names = vec![(ROOT, format!("{record} {batch}").into_bytes())];
    FileState { file, evidence: Evidence::default(), names, streams: Vec::new() }
}

/// Applies batches, each of which sets all records to the next number, and says so on its output, until it is killed. Every few of them
/// are merged in the background.
fn change(catalog: &Catalog) -> ! {
    let mut options = LiveOptions::default();
    options.merge_rows = u64::from(RECORDS) * 3;
    let live = catalog.lock(&name("live"), Wait::Forever).unwrap().live(options).unwrap();
    let first = seen(catalog).1;
    for batch in first + 1.. {
        let records = FIRST_RECORD..FIRST_RECORD + RECORDS;
        live.apply(records.map(|record| Change::Set(state(record, batch))).collect()).unwrap();
        assert_eq!(live.status().failure, None);
        println!("{batch}");
    }
    unreachable!("there are more numbers than that")
}

/// The generation of the entry that is changed, and the number of the last batch in it, which must be there as a whole.
fn seen(catalog: &Catalog) -> (u64, u64) {
    let current = catalog.current(&name("live"), BYTES_MAX).unwrap();
    let rows =
        current.view.rows().filter(|row| row.file().record >= FIRST_RECORD && row.file().record < u32::MAX);
    let sizes: Vec<u64> = rows.map(|row| row.file().size).collect();
    assert!(sizes.is_empty() || sizes.len() == RECORDS as usize, "{sizes:?}");
    let batch = sizes.first().copied().unwrap_or_default();
    assert!(sizes.iter().all(|&size| size == batch), "{sizes:?}");
    (current.entry.generation, batch)
}

fn live_parent(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(folder.path().join("catalog"));
    let mut random = Random(seed);
    let mut batch = Batch::new();
    batch.begin(0);
    let (index, _) = Builder::new(ROOT, CaseTable::default()).build(vec![batch]).unwrap();
    let mut lock = catalog.lock(&name("live"), Wait::No).unwrap();
    lock.publish(facts(), |mut out| index.write_to(&mut out).map(|()| index.identity())).unwrap();
    drop(lock);
    let (mut generation, mut acknowledged) = (1, 0);
    for _ in 0..LIVE_KILLS {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env(CHILD, catalog.folder()).env(CHANGES, "").stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        thread::sleep(Duration::from_millis(random.below(LIVE_ALONE_MS_MAX)));
        // A reader without a lock sees some batch as a whole.
        let before = seen(&catalog);
        kill(&mut child);
        let told = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        acknowledged = told.filter_map(|line| line.parse().ok()).last().unwrap_or(acknowledged);
        let now = seen(&catalog);
        assert!(now.0 >= before.0 && now.0 >= generation, "{now:?} after {before:?}");
        assert!(now.1 >= before.1 && now.1 >= acknowledged, "{now:?} after {acknowledged}");
        generation = now.0;
    }
    assert!(generation > 1 && acknowledged > LIVE_KILLS, "{acknowledged} batches, generation {generation}");
    let collected = catalog.collect().unwrap();
    assert!(collected.left.is_empty() && collected.busy.is_empty(), "{collected:?}");
    assert_eq!(catalog.strays().unwrap(), []);
}

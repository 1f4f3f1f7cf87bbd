//! The target `log`: any log beside a small sound snapshot gives an error, or what its sound batches say.
//!
//! The input is a whole log, or drives how one is made: batches of changes, some of them damaged inside a frame whose checksum fits,
//! then damage to the file. What is right is told by a second reader of the frames, written from `docs/formats/log.md`, and by applying
//! batch after batch to the index itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arbitrary::{Result, Unstructured};
use quarry_catalog::{Catalog, Counts, Entry, Error, Facts, LiveOptions, Name, Source, SourcePath, Wait};
use quarry_index::live::{Change, FileState, View};
use quarry_index::query::{Query, SearchOptions};
use quarry_index::{
    Batch, Builder, CaseTable, Evidence, File, FileFlags, FileId, Index, SnapshotBytes, Stream, Time,
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::catalog::{damaged, home, some_bytes};

const ROOT: FileId = FileId { record: 5, sequence: 5 };
const HEADER_BYTES: usize = 32;
const BYTES_MAX: u64 = 1 << 20;
/// Batches of a log, and changes of a batch, at most.
const BATCHES_MAX: u8 = 4;
const CHANGES_MAX: u8 = 6;

/// Reads any bytes as the log of an entry, then goes on with it.
pub fn log(data: &[u8]) {
    let u = &mut Unstructured::new(data);
    let sound = sound();
    let whole = u.ratio(1, 4).unwrap_or(false);
    let rest = u.len();
    let log = if whole { u.bytes(rest).map(<[u8]>::to_vec) } else { made(sound.entry.identity, u) };
    let log = log.unwrap_or_default();
    let home = home();
    let catalog = Catalog::at(home.path());
    for (name, bytes) in &sound.files {
        write(&home.path().join(name), bytes);
    }
    let Entry { ref name, generation, identity, .. } = sound.entry;
    write(&home.path().join(format!("log.{name}.{generation:020}.{identity:016x}")), &log);
    let expected = read(&log, identity);
    let current = catalog.current(name, BYTES_MAX);
    let (view, left) = match (current, expected) {
        (Ok(current), Some((view, left))) => {
            assert_eq!(current.log_bytes_left, left);
            (current.view, view)
        }
        (Err(Error::Log { .. }), None) => return,
        (current, expected) => panic!("{current:?}, where {expected:?} was expected"),
    };
    assert_eq!(rows(&view), rows(&left));
    check(&view, log.len());
    if u.ratio(1, 4).unwrap_or(false) {
        goes_on(&catalog, name, &view);
    }
}

/// What the log says, by the second reader: the view of all its changes and the bytes behind its sound frames. None if it is an error.
fn read(log: &[u8], identity: u64) -> Option<(View, u64)> {
    let (told, checksum) = log.get(..HEADER_BYTES)?.split_at(24);
    let sound = told.starts_with(b"QUARRYLG\x01\0\0\0")
        && told[16..] == identity.to_le_bytes()
        && checksum == xxh3_64_with_seed(told, 3).to_le_bytes();
    let mut view = sound.then(|| View::new(Arc::clone(&self::sound().index)))?;
    let mut rest = &log[HEADER_BYTES..];
    let mut read = 0;
    for number in 0u32.. {
        let Some((head, tail)) = rest.split_at_checked(16) else { break };
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some((mut batch, tail)) = tail.split_at_checked(length) else { break };
        if head[4..8] != number.to_le_bytes() || head[8..] != seal(&head[..8], batch, identity) {
            break;
        }
        (rest, read) = (tail, number + 1);
        let mut changes = Vec::new();
        while !batch.is_empty() {
            changes.push(Change::decode(&mut batch)?);
        }
        view = view.with(changes);
    }
    // One that is sound behind one that is not is no work of a crash.
    let goes_on = (1..rest.len()).any(|at| {
        let frame = rest[at..].split_first_chunk::<16>().and_then(|(head, tail)| {
            let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
            Some((head, tail.get(..length)?))
        });
        let later = |head: &[u8]| u32::from_le_bytes([head[4], head[5], head[6], head[7]]) > read;
        frame.is_some_and(|(head, batch)| later(head) && head[8..] == seal(&head[..8], batch, identity))
    });
    (!goes_on).then_some((view, rest.len() as u64))
}

fn seal(head: &[u8], batch: &[u8], identity: u64) -> [u8; 8] {
    xxh3_64_with_seed(batch, xxh3_64_with_seed(head, identity)).to_le_bytes()
}

/// All that is told of the rows of a view, in the order of their paths.
fn rows(view: &View) -> Vec<String> {
    let row = |row: quarry_index::live::ViewRow<'_>| {
        let path = row.path().escape_ascii().to_string();
        format!(
            "{path} {:?} {:?} {:?} {:?} {:?}",
            row.kind(),
            row.flags(),
            row.file(),
            row.stream(),
            row.total()
        )
    };
    let mut rows: Vec<String> = view.rows().map(row).collect();
    rows.sort();
    rows
}

/// There are no more rows than the log has room for, each leads to a top, a search finds all, and so does an index built anew.
fn check(view: &View, log_bytes: usize) {
    let count = view.rows().count();
    assert!(count <= sound().index.len() as usize + log_bytes / 8, "{count} rows of {log_bytes} bytes");
    for row in view.rows() {
        let steps = std::iter::successors(Some(row), |row| row.parent()).take(count + 1).count();
        assert!(steps <= count, "row {} lies in itself", row.number());
    }
    let (rebuilt, _) = view.rebuild().expect("it is sound");
    assert_eq!(rebuilt.len() as usize, count);
    for text in ["", "a", "path:b/", "size:>1 | type:stream", "orphan:"] {
        let query = Query::parse(text, &jiff::Zoned::default()).expect("the queries above are right");
        let options = SearchOptions::default();
        let found = view.search(&query, &options).expect("it is sound").total;
        assert_eq!(found, rebuilt.search(&query, &options).expect("it is sound").total, "{text}");
    }
}

/// Whoever opens the entry to change it finds the same, and what is changed then is there.
fn goes_on(catalog: &Catalog, name: &Name, view: &View) {
    let live = |catalog: &Catalog| catalog.lock(name, Wait::No)?.live(LiveOptions::default());
    let opened = live(catalog).expect("it could be read");
    assert_eq!(rows(&opened.load().view), rows(view));
    opened.apply(vec![Change::Remove(32)]).expect("there is room");
    let expected = rows(&opened.load().view);
    drop(opened);
    let current = catalog.current(name, BYTES_MAX).expect("it was just written");
    assert_eq!((rows(&current.view), current.log_bytes_left), (expected, 0));
}

/// A log of some batches, which may be damaged in the end.
fn made(identity: u64, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut log = b"QUARRYLG\x01\0\0\0\0\0\0\0".to_vec();
    log.extend(identity.to_le_bytes());
    log.extend(xxh3_64_with_seed(&log, 3).to_le_bytes());
    for number in 0..u32::from(u.int_in_range(0..=BATCHES_MAX)?) {
        let batch = batch(u)?;
        let length = u32::try_from(batch.len()).expect("short");
        let head = [length.to_le_bytes(), number.to_le_bytes()].concat();
        let checksum = seal(&head, &batch, identity);
        log.extend([&head[..], &checksum, &batch].concat());
    }
    if u.ratio(1, 3)? { damaged(&log, u) } else { Ok(log) }
}

fn batch(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for _ in 0..u.int_in_range(0..=CHANGES_MAX)? {
        match u.int_in_range(0..=9u8)? {
            0 | 1 => Change::Remove(record(u)?),
            _ => Change::Set(state(u)?),
        }
        .encode(&mut bytes);
    }
    match u.int_in_range(0..=9u8)? {
        0 => some_bytes(u),
        1 => damaged(&bytes, u),
        _ => Ok(bytes),
    }
}

fn record(u: &mut Unstructured<'_>) -> Result<u32> {
    if u.ratio(1, 8)? { u.arbitrary() } else { Ok(*u.choose(&[5, 30, 31, 32, 33, 34, 35, 99])?) }
}

fn id(u: &mut Unstructured<'_>) -> Result<FileId> {
    let record = record(u)?;
    let sequence = if u.ratio(1, 8)? { u.arbitrary()? } else { 1 };
    Ok(if record == ROOT.record && sequence == 1 { ROOT } else { FileId { record, sequence } })
}

fn state(u: &mut Unstructured<'_>) -> Result<FileState> {
    let FileId { record, sequence } = id(u)?;
    let flags = match u.int_in_range(0..=7u8)? {
        0..=2 => FileFlags::empty(),
        3..=5 => FileFlags::DIRECTORY,
        _ => FileFlags::from_bits_truncate(u.arbitrary()?),
    };
    let file = File {
        record,
        sequence,
        flags,
        size: u.int_in_range(0..=9)?,
        modified: Time(132_000_000_000_000_000 + u.int_in_range(0..=9)?),
        reparse_tag: *u.choose(&[0, 0, 0, 0xA000_000C])?,
        ..File::default()
    };
    let (mut names, mut streams) = (Vec::new(), Vec::new());
    for place in 0..u.int_in_range(0..=2u8)? {
        names.push((id(u)?, name(place, u)?));
    }
    for place in 0..u.int_in_range(0..=1u8)? {
        streams.push((name(place, u)?, Stream { size: u.int_in_range(0..=9)?, allocated: 8, packed: false }));
    }
    Ok(FileState { file, evidence: Evidence::default(), names, streams })
}

/// A name that no other of its file has.
fn name(place: u8, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut name = u.choose(&["a", "A", "b", "ab.txt", "\u{e9}"])?.as_bytes().to_vec();
    name.push(b'0' + place);
    Ok(name)
}

/// A catalogue of one entry: its files, and the index.
struct Sound {
    entry: Entry,
    files: Vec<(PathBuf, Vec<u8>)>,
    index: Arc<Index>,
}

fn sound() -> &'static Sound {
    static SOUND: OnceLock<Sound> = OnceLock::new();
    SOUND.get_or_init(|| {
        let home = home();
        let (catalog, name) = (Catalog::at(home.path()), Name::new("a").expect("a name"));
        let (index, mut bytes) = (index(), Vec::new());
        index.write_to(&mut bytes).expect("it is memory");
        let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
        let source = Source { kind: "volume".into(), path, serial: None, label: None };
        let facts = Facts { source, scanned: 1, took_ns: 1, counts: Counts::default() };
        let mut lock = catalog.lock(&name, Wait::No).expect("nobody else is here");
        let published = lock.publish(facts, |out| out.write_all(&bytes).map(|()| index.identity()));
        let entry = published.expect("there is room").entry;
        let files = fs::read_dir(home.path()).expect("listed").map(|found| {
            let path = found.expect("listed").path();
            (path.file_name().expect("named").into(), fs::read(&path).expect("readable"))
        });
        let files = files.collect();
        let index = Arc::new(Index::open(SnapshotBytes::Owned(bytes)).expect("just written"));
        Sound { entry, files, index }
    })
}

/// Folders in one another, a file of two names with a stream, and a folder that hangs on nothing.
fn index() -> Index {
    let mut batch = Batch::new();
    batch.begin(0);
    let folder = FileFlags::DIRECTORY;
    let of = |record| if record == ROOT.record { ROOT } else { FileId { record, sequence: 1 } };
    type Names = &'static [(u32, &'static str)];
    let files: [(u32, FileFlags, Names); 5] = [
        (30, folder, &[(5, "b")]),
        (31, folder, &[(30, "inner")]),
        (32, FileFlags::empty(), &[(31, "plain.txt")]),
        (33, FileFlags::empty(), &[(31, "one"), (5, "two")]),
        (34, folder, &[(99, "lost")]),
    ];
    for (record, flags, names) in files {
        batch.open_file();
        for &(parent, name) in names {
            batch.name(of(parent), false, |blob| blob.extend_from_slice(name.as_bytes()));
        }
        if record == 33 {
            let stream = Stream { size: 5, allocated: 8, packed: false };
            batch.stream(stream, |blob| blob.push(b's'));
        }
        let file = File { record, sequence: 1, size: record.into(), ..File::default() };
        batch.close_file(File { flags: flags | FileFlags::SIZED, ..file });
    }
    Builder::new(ROOT, CaseTable::default()).build(vec![batch]).expect("it fits").0
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
}

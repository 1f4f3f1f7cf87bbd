//! The target `catalog`: any folder at all, and any exported file; whatever lies there, each operation gives an error or the right answer.
//!
//! The input drives what is put into a folder with two sound entries: sound files in wrong places, damaged ones, pointers
//! that were edited and sealed again, and things that no catalogue makes. What is right is told by the snapshots themselves: the
//! identity of each is its hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use arbitrary::{Result, Unstructured};
use quarry_catalog::{
    BoxError, Catalog, Counts, Entry, Error, Exported, Facts, Name, Opened, Source, SourcePath, Stray, Wait,
};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Names of entries as they stand in file names.
const NAMES: [&str; 3] = ["a", "b", "%42"];
const SNAPSHOTS: [&[u8]; 3] = [b"snapshot one", b"snapshot two", b"a third snapshot"];
/// What is put into the folder, at most.
const THINGS_MAX: u8 = 12;
/// What a file outside holds, which links lead to.
const OUTSIDE: &[u8] = b"somebody's own";
/// Snapshots are read up to this length.
const BYTES_MAX: u64 = 1 << 20;
/// The last line of a pointer: `checksum `, 16 digits, line feed.
const SEAL_BYTES: usize = 26;

/// Puts things into a folder and does everything there is to do; or reads an exported file.
pub fn catalog(data: &[u8]) {
    let home = home();
    let u = &mut Unstructured::new(data);
    // What ends early ends with what was chosen until then.
    let _ = if u.ratio(1, 4).unwrap_or(false) { export_file(home.path(), u) } else { folder(home.path(), u) };
}

/// A folder of its own; in memory where there is such a place, for every case flushes its files.
pub(crate) fn home() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}

fn folder(home: &Path, u: &mut Unstructured<'_>) -> Result<()> {
    let catalog = Catalog::at(home.join("catalog"));
    fs::create_dir(catalog.folder()).expect("made");
    fs::write(home.join("outside"), OUTSIDE).expect("written");
    for (file_name, bytes) in sound() {
        write(&catalog.folder().join(file_name), bytes);
    }
    let things = things(&catalog, u);
    use_all(&catalog, home, u);
    assert_eq!(fs::read(home.join("outside")).expect("there"), OUTSIDE, "a link was followed");
    things
}

/// The files of a sound catalogue with two entries.
fn sound() -> &'static [(String, Vec<u8>)] {
    static SOUND: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let home = home();
        let catalog = Catalog::at(home.path());
        for (name, bytes) in ["a", "b"].into_iter().zip(SNAPSHOTS) {
            publish(&catalog, &Name::new(name).expect("a name"), bytes).expect("published");
        }
        let read = |entry: std::io::Result<fs::DirEntry>| {
            let entry = entry.expect("listed");
            let name = entry.file_name().into_string().expect("text");
            (name, fs::read(entry.path()).expect("readable"))
        };
        let mut files: Vec<_> = fs::read_dir(home.path()).expect("listed").map(read).collect();
        files.sort();
        files
    })
}

fn publish(catalog: &Catalog, name: &Name, bytes: &[u8]) -> std::result::Result<(), Error> {
    let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
    let source = Source { kind: "volume".into(), path, serial: None, label: None };
    let facts = Facts { source, scanned: 1, took_ns: 1, counts: Counts::default() };
    let mut lock = catalog.lock(name, Wait::No)?;
    let published = lock.publish(facts, |snapshot| {
        snapshot.write_all(bytes)?;
        Ok::<u64, std::io::Error>(xxh3_64(bytes))
    });
    published.map(drop)
}

/// Puts things into the folder.
fn things(catalog: &Catalog, u: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..u.int_in_range(0..=THINGS_MAX)? {
        let file_name = match u.ratio(1, 4)? {
            true => sound()[u.choose_index(sound().len())?].0.clone(),
            false => file_name(u)?,
        };
        put(&catalog.folder().join(file_name), u)?;
    }
    Ok(())
}

/// A name as a catalogue gives it, nearly so, or another.
fn file_name(u: &mut Unstructured<'_>) -> Result<String> {
    let kind = *u.choose(&["entry", "entry-new", "lock", "snapshot", "snapshot-new", "Entry", ""])?;
    let name = *u.choose(&NAMES)?;
    let generation = *u.choose(&[0, 1, 2, 3, u64::MAX])?;
    let identity = xxh3_64(u.choose(&SNAPSHOTS)?);
    Ok(match kind {
        "snapshot" => format!("snapshot.{name}.{generation:020}.{identity:016x}"),
        "snapshot-new" => format!("snapshot-new.{name}.{generation:020}"),
        "" if u.arbitrary()? => "lock".to_owned(),
        "" => {
            let letters = (0..u.int_in_range(1..=12)?).map(|_| u.choose(b"abelnorty.%-0149").copied());
            let text: Vec<u8> = letters.collect::<Result<_>>()?;
            // Neither the folder itself nor the one above.
            format!("x{}", String::from_utf8_lossy(&text))
        }
        kind => format!("{kind}.{name}"),
    })
}

/// Puts something at `path`, in place of what can be taken away there.
fn put(path: &Path, u: &mut Unstructured<'_>) -> Result<()> {
    if path.symlink_metadata().is_ok() && fs::remove_file(path).is_err() {
        return Ok(());
    }
    let of = &sound()[u.choose_index(sound().len())?].1;
    match u.int_in_range(0..=7u8)? {
        0 => write(path, &some_bytes(u)?),
        1 => write(path, of),
        2 | 3 => write(path, &damaged(of, u)?),
        4 => {
            let pointers = sound().iter().filter(|(name, _)| name.starts_with("entry."));
            let pointers: Vec<&Vec<u8>> = pointers.map(|(_, bytes)| bytes).collect();
            write(path, &resealed(pointers[u.choose_index(pointers.len())?], u)?);
        }
        5 => fs::create_dir_all(path.join("inside")).expect("made"),
        6 => {
            let inside = &sound()[u.choose_index(sound().len())?].0;
            let to = *u.choose(&[inside.as_str(), "nothing", "../outside", "."])?;
            link(to, path);
        }
        _ => pipe(path),
    }
    Ok(())
}

pub(crate) fn some_bytes(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length = u.int_in_range(0..=200)?.min(u.len());
    Ok(u.bytes(length)?.to_vec())
}

/// A copy that was cut, or with some bytes others.
pub(crate) fn damaged(sound: &[u8], u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = sound.to_vec();
    if u.arbitrary()? {
        bytes.truncate(u.int_in_range(0..=bytes.len())?);
    }
    for _ in 0..u.int_in_range(0..=3u8)? {
        if !bytes.is_empty() {
            let at = u.choose_index(bytes.len())?;
            bytes[at] ^= u.arbitrary::<u8>()?;
        }
    }
    Ok(bytes)
}

/// A pointer of which a stretch was replaced, its checksum made to fit: what is behind the checksum is reached.
fn resealed(pointer: &[u8], u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut body = pointer[..pointer.len().saturating_sub(SEAL_BYTES)].to_vec();
    for _ in 0..u.int_in_range(0..=2u8)? {
        let start = u.choose_index(body.len() + 1)?;
        let end = (start + u.int_in_range(0..=8)?).min(body.len());
        body.splice(start..end, some_bytes(u)?);
    }
    let checksum = xxh3_64(&body);
    body.extend(format!("checksum {checksum:016x}\n").bytes());
    Ok(body)
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
}

#[cfg(unix)]
fn link(to: &str, path: &Path) {
    std::os::unix::fs::symlink(to, path).expect("linked");
}

#[cfg(unix)]
fn pipe(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
}

#[cfg(not(unix))]
fn link(_to: &str, path: &Path) {
    write(path, b"");
}

#[cfg(not(unix))]
fn pipe(path: &Path) {
    write(path, b"");
}

/// Does everything there is to do, in an order of the input's choice, and holds each answer against what it can be.
fn use_all(catalog: &Catalog, home: &Path, u: &mut Unstructured<'_>) {
    let foreign = foreign(catalog);
    let names = ["a", "b", "B"].map(|name| Name::new(name).expect("a name"));
    for listed in catalog.list().expect("listed") {
        if let Ok(entry) = listed.entry {
            assert_eq!(entry.name, listed.name);
        }
    }
    for (at, name) in names.iter().enumerate() {
        read(catalog, name, &home.join(format!("export-{at}")));
    }
    for step in 0..u.int_in_range(0..=8usize).unwrap_or(0) {
        let (name, other) = (&names[step % 3], &names[(step + 1) % 3]);
        match u.int_in_range(0..=4u8).unwrap_or(0) {
            0 => replace(catalog, name),
            1 => drop(catalog.rename(name, other, Wait::No)),
            2 => drop(catalog.collect().expect("listed")),
            3 => drop(catalog.remove(name, Wait::No)),
            _ => import(catalog, name, &home.join(format!("export-{}", step % 4))),
        }
    }
    for name in &names {
        replace(catalog, name);
    }
    catalog.collect().expect("listed");
    for (path, bytes) in foreign {
        assert!(path.symlink_metadata().is_ok(), "{}: is foreign and was deleted", path.display());
        assert_eq!(bytes, regular(&path), "{}: is foreign and was changed", path.display());
    }
}

/// What is not the catalogue's, with what it holds.
fn foreign(catalog: &Catalog) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let strays = catalog.strays().expect("listed").into_iter();
    let paths = strays.filter_map(|stray| match stray {
        Stray::Foreign(path) => Some(path),
        _ => None,
    });
    paths.map(|path| (path.clone(), regular(&path))).collect()
}

/// The bytes of a regular file.
fn regular(path: &Path) -> Option<Vec<u8>> {
    path.symlink_metadata().ok().filter(fs::Metadata::is_file)?;
    fs::read(path).ok()
}

/// Every snapshot that passes the check is the one that its entry names.
fn read(catalog: &Catalog, name: &Name, target: &Path) {
    let Ok(opened) = catalog.open(name) else { return };
    let exported = catalog.export(&opened, target, |_, _| Ok::<(), BoxError>(()));
    let Ok(entry) = catalog.verify(name, check) else { return };
    let bytes = opened.map(BYTES_MAX).expect("read before").as_slice().to_vec();
    assert_eq!((entry.bytes, entry.identity), (bytes.len() as u64, xxh3_64(&bytes)));
    if exported.is_ok() {
        let exported = Exported::open(target).expect("whole");
        assert_eq!(exported.entry, entry);
        assert_eq!(exported.read(BYTES_MAX).expect("whole"), bytes);
    }
}

fn check(opened: &Opened) -> std::result::Result<(), BoxError> {
    let map = opened.map(BYTES_MAX)?;
    if xxh3_64(map.as_slice()) == opened.entry.identity { Ok(()) } else { Err("another identity".into()) }
}

/// What is published is there, and what is removed is not.
fn replace(catalog: &Catalog, name: &Name) {
    if publish(catalog, name, SNAPSHOTS[2]).is_ok() {
        let Entry { bytes, .. } = catalog.verify(name, check).expect("just published");
        assert_eq!(bytes, SNAPSHOTS[2].len() as u64);
        catalog.remove(name, Wait::No).expect("just published");
        assert!(matches!(catalog.show(name), Err(Error::NoEntry { .. })));
    }
}

/// What is imported has passed its check.
fn import(catalog: &Catalog, name: &Name, file: &Path) {
    let Ok(mut lock) = catalog.lock(name, Wait::No) else { return };
    if lock.import(file, check).is_ok() {
        catalog.verify(name, check).expect("just imported");
    }
}

/// An exported file of any bytes, a damaged one, or one that was changed and sealed again.
fn export_file(home: &Path, u: &mut Unstructured<'_>) -> Result<()> {
    let (catalog, file) = (Catalog::at(home.join("catalog")), home.join("file"));
    let bytes = match u.int_in_range(0..=3u8)? {
        0 => some_bytes(u)?,
        1 => damaged(sound_export(), u)?,
        _ => sealed_export(u)?,
    };
    write(&file, &bytes);
    let read = Exported::open(&file).and_then(|exported| exported.read(BYTES_MAX));
    let name = Name::new("a").expect("a name");
    let mut lock = catalog.lock(&name, Wait::No).expect("nobody else is here");
    let imported = lock.import(&file, |_| Ok::<(), BoxError>(()));
    match (read, imported) {
        (Ok(read), Ok(_)) => {
            let map = catalog.open(&name).expect("just imported").map(BYTES_MAX).expect("short");
            assert_eq!(map.as_slice(), read);
        }
        (Err(_), Err(_)) => {}
        (read, imported) => panic!("read {read:?}, imported {imported:?}"),
    }
    Ok(())
}

fn sound_export() -> &'static [u8] {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let home = home();
        let (catalog, name) = (Catalog::at(home.path().join("catalog")), Name::new("a").expect("a name"));
        publish(&catalog, &name, SNAPSHOTS[0]).expect("published");
        let (opened, file) = (catalog.open(&name).expect("published"), home.path().join("file"));
        catalog.export(&opened, &file, |_, _| Ok::<(), BoxError>(())).expect("exported");
        fs::read(file).expect("there")
    })
}

/// Header, pointer and snapshot, each as it is or changed, all checksums right.
fn sealed_export(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    const HEADER_BYTES: usize = 32;
    let pointer = sound().iter().find(|(name, _)| name == "entry.a").map(|(_, bytes)| bytes);
    let facts = resealed(pointer.expect("there"), u)?;
    let snapshot = if u.arbitrary()? { SNAPSHOTS[0].to_vec() } else { some_bytes(u)? };
    let mut bytes = b"QUARRYEX".to_vec();
    let version: u32 = if u.ratio(1, 8)? { u.arbitrary()? } else { 1 };
    bytes.extend(version.to_le_bytes());
    let claimed = |actual: usize, u: &mut Unstructured<'_>| match u.ratio(1, 8)? {
        true => u.arbitrary(),
        false => Ok(actual as u64),
    };
    let facts_bytes = claimed(facts.len(), u)?.to_le_bytes();
    bytes.extend(facts_bytes.get(..4).unwrap_or_default());
    bytes.extend(claimed(snapshot.len(), u)?.to_le_bytes());
    bytes.extend(xxh3_64_with_seed(&bytes, 1).to_le_bytes());
    bytes.extend(&facts);
    bytes.resize((HEADER_BYTES + facts.len()).next_multiple_of(4096), 0);
    bytes.extend(&snapshot);
    bytes.extend(xxh3_64_with_seed(&snapshot, 2).to_le_bytes());
    Ok(bytes)
}

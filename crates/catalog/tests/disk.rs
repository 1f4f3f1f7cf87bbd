//! The catalogue on a real file system: what users do with it, and what the system is to see of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use quarry_catalog::{
    BoxError, Catalog, Counts, Entry, Error, ExportError, Exported, Facts, Name, Opened, Source, SourcePath,
    Wait,
};
use xxhash_rust::xxh3::xxh3_64;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn facts(scanned: u64) -> Facts {
    let path = SourcePath::from(Path::new("/dev/disk/by-label/Daten Träger"));
    let source = Source { kind: "volume".into(), path, serial: Some(0xFEED), label: Some("Daten".into()) };
    let counts = Counts { rows: 9, files: 5, folders: 3, content: 1 << 40, unread: 0 };
    Facts { source, scanned, took_ns: 2_000_000_000, counts }
}

fn publish(catalog: &Catalog, entry: &str, bytes: &[u8]) -> Entry {
    let mut lock = catalog.lock(&name(entry), Wait::No).unwrap();
    let published = lock.publish(facts(1), |snapshot| {
        let mut snapshot = BufWriter::new(snapshot);
        snapshot.write_all(bytes)?;
        snapshot.flush()?;
        Ok::<u64, std::io::Error>(xxh3_64(bytes))
    });
    published.unwrap().entry
}

fn export(catalog: &Catalog, entry: &str, file: &Path) -> Result<Vec<PathBuf>, Error> {
    catalog.export(&catalog.open(&name(entry))?, file, |_, _| Ok::<(), BoxError>(()))
}

fn check(opened: &Opened) -> Result<(), String> {
    let map = opened.map(1 << 30).map_err(|error| error.to_string())?;
    if xxh3_64(map.as_slice()) == opened.entry.identity { Ok(()) } else { Err("another identity".into()) }
}

/// What may be read of a snapshot that is not mapped. Here it is: this user's alone. Wine's folder for temporary files lies outside
/// of what Windows calls the user's own.
const READ_BYTES_MAX: u64 = if cfg!(windows) { 1 << 20 } else { 0 };

fn file_names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn entries_come_change_and_go() {
    let home = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(home.path().join("data/quarry/catalog"));
    assert!(catalog.list().unwrap().is_empty());
    assert!(matches!(catalog.open(&name("C")), Err(Error::NoEntry { .. })));
    assert!(!catalog.folder().exists(), "a reader made the folder");

    assert_eq!(publish(&catalog, "C", b"first").generation, 1);
    assert_eq!(publish(&catalog, "c", b"other").generation, 1);
    let first = catalog.open(&name("C")).unwrap();
    let second = publish(&catalog, "C", b"second");
    assert_eq!((second.generation, second.bytes, &second.facts), (2, 6, &facts(1)));
    // A reader keeps what it has opened.
    assert_eq!(first.map(READ_BYTES_MAX).unwrap().as_slice(), b"first");

    let listed: Vec<Entry> =
        catalog.list().unwrap().into_iter().map(|listed| listed.entry.unwrap()).collect();
    assert_eq!(listed, [catalog.show(&name("C")).unwrap(), catalog.show(&name("c")).unwrap()]);
    assert_eq!(catalog.verify(&name("C"), check).unwrap(), second);

    let renamed = catalog.rename(&name("C"), &name("D: old"), Wait::No).unwrap();
    assert_eq!((renamed.generation, renamed.identity), (1, second.identity));
    assert!(matches!(catalog.show(&name("C")), Err(Error::NoEntry { .. })));
    let taken = catalog.rename(&name("D: old"), &name("c"), Wait::No);
    assert!(matches!(taken, Err(Error::Exists { .. })), "{taken:?}");
    catalog.verify(&name("D: old"), check).unwrap();

    let held = catalog.open(&name("D: old")).unwrap();
    catalog.remove(&name("D: old"), Wait::No).unwrap();
    catalog.remove(&name("c"), Wait::No).unwrap();
    assert!(matches!(catalog.remove(&name("c"), Wait::No), Err(Error::NoEntry { .. })));
    assert_eq!(held.map(READ_BYTES_MAX).unwrap().as_slice(), b"second");
    drop((first, held));
    assert_eq!(catalog.collect().unwrap().busy, []);
    assert_eq!(file_names(catalog.folder()), ["lock"]);
}

/// Unix takes the name away at once. Windows may refuse to while the file is open or mapped: then it is what a crash would have left, and goes when
/// nobody has it.
#[test]
fn what_is_removed_while_it_is_read_stays_readable_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(folder.path().join("catalog"));
    publish(&catalog, "C", b"first");
    let held = catalog.open(&name("C")).unwrap();
    let map = held.map(READ_BYTES_MAX).unwrap();
    publish(&catalog, "C", b"second");
    catalog.remove(&name("C"), Wait::No).unwrap();
    assert!(matches!(catalog.open(&name("C")), Err(Error::NoEntry { .. })));
    assert_eq!(map.as_slice(), b"first");
    if cfg!(unix) {
        assert_eq!(file_names(catalog.folder()), ["lock"]);
    }
    drop(map);
    drop(held);
    assert_eq!(catalog.collect().unwrap().busy, []);
    assert_eq!(file_names(catalog.folder()), ["lock"]);
}

#[test]
fn two_locks_of_one_entry() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(folder.path());
    let first = catalog.lock(&name("a"), Wait::No).unwrap();
    assert!(matches!(catalog.lock(&name("a"), Wait::No), Err(Error::Locked { .. })));
    let _other = catalog.lock(&name("b"), Wait::No).unwrap();
    assert_eq!(catalog.collect().unwrap().busy, [name("a"), name("b")]);
    // The second waits until the first is done.
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| catalog.lock(&name("a"), Wait::AtMost(Duration::from_secs(60))));
        drop(first);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn an_entry_is_carried_to_another_catalogue() {
    let home = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|folder| Catalog::at(home.path().join(folder)));
    let bytes = vec![7; 3 << 20];
    publish(&from, "disk", b"older");
    let entry = publish(&from, "disk", &bytes);
    let file = home.path().join("disk.quarry");
    assert_eq!(export(&from, "disk", &file).unwrap(), [] as [PathBuf; 0]);
    assert!(matches!(export(&from, "disk", &file), Err(Error::TargetExists { .. })));
    assert_eq!(Exported::open(&file).unwrap().entry, entry);
    assert_eq!(Exported::open(&file).unwrap().read(3 << 20).unwrap(), bytes);
    let refused = Exported::open(&file).unwrap().read((3 << 20) - 1);
    assert!(matches!(refused, Err(Error::Export { source: ExportError::TooLong { .. }, .. })), "{refused:?}");

    let mut lock = to.lock(&name("copy"), Wait::No).unwrap();
    let refused = lock.import(&file, |_| Err::<(), BoxError>("not like this".into()));
    assert!(matches!(refused, Err(Error::Rejected { .. })), "{refused:?}");
    assert_eq!(file_names(to.folder()), ["lock", "lock.copy"]);
    let imported = lock.import(&file, check).unwrap().entry;
    assert_eq!(imported, Entry { name: name("copy"), generation: 1, ..entry });
    to.verify(&name("copy"), check).unwrap();
}

/// The file as it is drawn, byte by byte; a stored one of each version is read for ever.
#[test]
fn an_exported_file_of_version_1_is_read_for_ever() {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/export-1.quarry");
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(folder.path());
    let mut lock = catalog.lock(&name("disk"), Wait::No).unwrap();
    let entry = lock.import(&stored, check).unwrap().entry;
    assert_eq!(entry.facts, facts(1));
    let mut bytes = Vec::new();
    catalog.open(&name("disk")).unwrap().file.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"the snapshot");
    let again = folder.path().join("again");
    export(&catalog, "disk", &again).unwrap();
    assert_eq!(fs::read(again).unwrap(), fs::read(stored).unwrap());
}

#[test]
fn a_damaged_export_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::at(folder.path().join("catalog"));
    publish(&catalog, "a", b"the snapshot");
    let file = folder.path().join("file");
    export(&catalog, "a", &file).unwrap();
    let whole = fs::read(&file).unwrap();
    let import = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let mut lock = catalog.lock(&name("b"), Wait::No).unwrap();
        // Whoever checks nothing must still not get what was damaged on the way.
        let error = lock.import(&file, |_| Ok::<(), BoxError>(())).unwrap_err();
        assert!(Exported::open(&file).is_err() || Exported::open(&file).unwrap().read(1 << 20).is_err());
        let Error::Export { source, .. } = error else { panic!("{error}") };
        source
    };
    for at in (0..40).chain([200, 300, 4000, 4095, 4096, 4107, 4108, 4115]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        import(&bytes);
    }
    for length in [0, 31, 32, 4096, whole.len() - 1] {
        import(&whole[..length]);
    }
    assert!(matches!(import(&[&whole[..], b"x"].concat()), ExportError::Length { .. }));
    assert!(matches!(import(b"something else altogether, long enough"), ExportError::NotAnExport));
    assert!(matches!(catalog.show(&name("b")), Err(Error::NoEntry { .. })));
}

/// A header may claim what it likes; memory is for what is there.
#[test]
fn an_export_that_claims_too_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let mut bytes = b"QUARRYEX\x01\0\0\0\xff\xff\0\0".to_vec();
    bytes.extend(u64::MAX.to_le_bytes());
    bytes.extend(xxhash_rust::xxh3::xxh3_64_with_seed(&bytes, 1).to_le_bytes());
    fs::write(&file, bytes).unwrap();
    let error = Exported::open(&file).unwrap_err();
    assert!(matches!(error, Error::Export { source: ExportError::Length { actual: 32, .. }, .. }), "{error}");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use quarry_catalog::Trust;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn everything_is_for_its_user_alone() {
        let home = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(home.path().join("data/catalog"));
        publish(&catalog, "a", b"x");
        assert_eq!(mode(&home.path().join("data")), 0o700);
        assert_eq!(mode(catalog.folder()), 0o700);
        for file in file_names(catalog.folder()) {
            assert_eq!(mode(&catalog.folder().join(&file)), 0o600, "{file}");
        }
    }

    #[test]
    fn only_what_is_ours_is_mapped() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(folder.path());
        publish(&catalog, "a", b"bytes");
        let open = || catalog.open(&name("a")).unwrap();
        assert_eq!(open().trust, Trust::Trusted);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let foreign = open();
        assert_eq!(foreign.trust, Trust::Foreign);
        assert!(!foreign.map(5).unwrap().is_mapped());
        assert!(foreign.map(4).is_err(), "more than was allowed was read");
    }

    /// A link could lead a reader, or a writer, to any file.
    #[test]
    fn links_in_the_folder_are_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(home.path().join("catalog"));
        let entry = publish(&catalog, "a", b"bytes");
        let snapshot = catalog.open(&name("a")).unwrap().path;
        let outside = home.path().join("outside");
        fs::copy(&snapshot, &outside).unwrap();
        fs::remove_file(&snapshot).unwrap();
        symlink(&outside, &snapshot).unwrap();
        let error = catalog.open(&name("a")).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");

        symlink(&outside, catalog.folder().join("lock.b")).unwrap();
        symlink(&outside, catalog.folder().join("entry-new.a")).unwrap();
        assert!(catalog.lock(&name("b"), Wait::No).is_err());
        assert!(publish(&catalog, "a", b"new").generation > entry.generation);
        assert_eq!(fs::read(&outside).unwrap(), b"bytes");
    }
}

#[test]
fn the_default_folder_is_the_users() {
    let folder = quarry_catalog::default_folder().unwrap();
    assert!(folder.ends_with("quarry/catalog"), "{folder:?}");
}

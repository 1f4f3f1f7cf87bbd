//! Any folder at all: whatever lies in it, each operation gives an error or the right answer.
//!
//! Folders are made of sound files put in wrong places, damaged ones, and things that no catalogue makes. What is right is told by the
//! snapshots themselves: each names its identity's source.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;

use proptest::prelude::*;
use quarry_catalog::{BoxError, Catalog, Counts, Exported, Facts, Name, Opened, Source, SourcePath, Wait};
use xxhash_rust::xxh3::xxh3_64;

const NAMES: [&str; 3] = ["a", "b", "%42"];

/// What stands at a name.
#[derive(Debug, Clone)]
enum Thing {
    Bytes(Vec<u8>),
    /// A copy of one of the sound files, cut, with one byte changed.
    Damaged {
        of: usize,
        keep: usize,
        flip: Option<(usize, u8)>,
    },
    Folder,
    /// A link to one of the sound files, to nothing, or to itself.
    Link(usize),
    Pipe,
}

fn any_thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200).prop_map(Thing::Bytes),
        (0_usize..8, 0_usize..2000, prop::option::of((0_usize..600, 1_u8..)))
            .prop_map(|(of, keep, flip)| Thing::Damaged { of, keep, flip }),
        (0_usize..8).prop_map(|of| Thing::Damaged { of, keep: usize::MAX, flip: None }),
        Just(Thing::Folder),
        (0_usize..10).prop_map(Thing::Link),
        Just(Thing::Pipe),
    ]
}

/// Names as a catalogue gives them, nearly so, and others.
fn any_file_name() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        "entry",
        "entry-new",
        "lock",
        "scratch",
        "snapshot",
        "snapshot-new",
        "Entry",
    ]);
    let name = prop::sample::select(NAMES.to_vec());
    let generation = prop_oneof![0_u64..4, Just(u64::MAX)];
    let identity = prop::sample::select(SNAPSHOTS.map(xxh3_64).to_vec());
    prop_oneof![
        8 => (kind, name, generation, identity).prop_map(|(kind, name, generation, identity)| match kind {
            "snapshot" => format!("snapshot.{name}.{generation:020}.{identity:016x}"),
            "snapshot-new" => format!("snapshot-new.{name}.{generation:020}"),
            _ => format!("{kind}.{name}"),
        }),
        1 => Just("lock".to_owned()),
        1 => "[a-z.%0-9]{1,12}".prop_filter("a way up", |name| name != "." && name != ".."),
    ]
}

const SNAPSHOTS: [&[u8]; 3] = [b"snapshot one", b"snapshot two", b"a third snapshot"];

fn facts() -> Facts {
    let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
    let source = Source { kind: "volume".into(), path, serial: None, label: None };
    Facts { source, scanned: 1, took_ns: 1, counts: Counts::default() }
}

fn publish(catalog: &Catalog, name: &Name, bytes: &[u8]) -> Result<(), quarry_catalog::Error> {
    let mut lock = catalog.lock(name, Wait::No)?;
    let published = lock.publish(facts(), |snapshot| {
        snapshot.write_all(bytes)?;
        Ok::<u64, std::io::Error>(xxh3_64(bytes))
    });
    published.map(drop)
}

fn check(opened: &Opened) -> Result<(), BoxError> {
    let map = opened.map(1 << 20)?;
    if xxh3_64(map.as_slice()) == opened.entry.identity { Ok(()) } else { Err("another identity".into()) }
}

fn sound_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn put(folder: &Path, sound: &[(String, Vec<u8>)], file_name: &str, thing: &Thing) {
    let path = folder.join(file_name);
    // Two pieces of one case may want the same place: the first has it.
    if path.symlink_metadata().is_ok() && fs::remove_file(&path).is_err() {
        return;
    }
    match thing {
        Thing::Bytes(bytes) => fs::write(path, bytes).unwrap(),
        Thing::Damaged { of, keep, flip } => {
            let mut bytes = sound[of % sound.len()].1.clone();
            bytes.truncate(*keep);
            if let Some((at, mask)) = flip
                && let Some(byte) = bytes.get_mut(*at)
            {
                *byte ^= mask;
            }
            fs::write(path, bytes).unwrap();
        }
        Thing::Folder => fs::create_dir_all(path.join("inside")).unwrap(),
        Thing::Link(to) => link(sound.get(*to).map_or("nothing", |(name, _)| name), &path),
        Thing::Pipe => pipe(&path),
    }
}

#[cfg(unix)]
fn link(to: &str, path: &Path) {
    std::os::unix::fs::symlink(to, path).unwrap();
}

#[cfg(unix)]
fn pipe(path: &Path) {
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
}

#[cfg(not(unix))]
fn link(_to: &str, path: &Path) {
    fs::write(path, "").unwrap();
}

#[cfg(not(unix))]
fn pipe(path: &Path) {
    fs::write(path, "").unwrap();
}

/// Does everything there is to do, and holds each answer against what it can be.
fn use_it(catalog: &Catalog, outside: &Path) {
    let names = ["a", "b", "B"].map(|name| Name::new(name).unwrap());
    for listed in catalog.list().unwrap() {
        if let Ok(entry) = listed.entry {
            assert_eq!(entry.name, listed.name);
        }
    }
    catalog.strays().unwrap();
    for (at, name) in names.iter().enumerate() {
        // Every snapshot that passes the check is one that was published; sizes and kinds are checked before.
        if catalog.verify(name, check).is_ok() {
            let bytes = catalog.open(name).unwrap().map(1 << 20).unwrap().as_slice().to_vec();
            assert!(SNAPSHOTS.contains(&bytes.as_slice()), "{bytes:?}");
        }
        if let Ok(opened) = catalog.open(name) {
            let _ =
                catalog.export(&opened, &outside.join(format!("export-{at}")), |_, _| Ok::<(), BoxError>(()));
        }
    }
    let _ = catalog.rename(&names[0], &names[1], Wait::No);
    catalog.collect().unwrap();
    for name in &names {
        if publish(catalog, name, SNAPSHOTS[2]).is_ok() {
            catalog.verify(name, check).unwrap();
            let _ = catalog.remove(name, Wait::No).unwrap();
            assert!(catalog.show(name).is_err());
        }
        let _ = catalog.remove(name, Wait::No);
    }
    for at in 0..names.len() {
        if let Ok(mut lock) = catalog.lock(&names[0], Wait::No) {
            let _ = lock.import(&outside.join(format!("export-{at}")), check);
        }
    }
    catalog.collect().unwrap();
}

/// A case writes and flushes files, so it takes fewer of them.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: (asked.cases / 16).max(256), max_shrink_iters: 200, ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_folder_gives_errors_or_right_answers(
        things in prop::collection::vec((any_file_name(), any_thing()), 0..12),
        replaced in prop::collection::vec((0_usize..8, any_thing()), 0..3),
    ) {
        let home = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(home.path().join("catalog"));
        for (name, bytes) in ["a", "b"].into_iter().zip(SNAPSHOTS) {
            publish(&catalog, &Name::new(name).unwrap(), bytes).unwrap();
        }
        let sound = sound_files(catalog.folder());
        for (file_name, thing) in &things {
            put(catalog.folder(), &sound, file_name, thing);
        }
        for (at, thing) in &replaced {
            put(catalog.folder(), &sound, &sound[at % sound.len()].0, thing);
        }
        use_it(&catalog, home.path());
    }

    /// An exported file of any bytes, or a damaged one.
    #[test]
    fn any_export_is_refused_or_right(thing in any_thing(), tail in prop::collection::vec(any::<u8>(), 0..40)) {
        let home = tempfile::tempdir().unwrap();
        let catalog = Catalog::at(home.path().join("catalog"));
        let name = Name::new("a").unwrap();
        publish(&catalog, &name, SNAPSHOTS[0]).unwrap();
        let file = home.path().join("file");
        catalog.export(&catalog.open(&name).unwrap(), &file, |_, _| Ok::<(), BoxError>(())).unwrap();
        let sound = [("export".to_owned(), fs::read(&file).unwrap())];
        put(home.path(), &sound, "file", &thing);
        // Opening a pipe would wait for its reader.
        if !matches!(thing, Thing::Pipe | Thing::Link(_))
            && let Ok(mut open) = fs::OpenOptions::new().append(true).open(&file)
        {
            open.write_all(&tail).unwrap();
        }
        let _ = Exported::open(&file).and_then(|exported| exported.read(1 << 20));
        let mut lock = catalog.lock(&name, Wait::No).unwrap();
        if lock.import(&file, |_| Ok::<(), BoxError>(())).is_ok() {
            let map = catalog.open(&name).unwrap().map(1 << 20).unwrap();
            prop_assert_eq!(map.as_slice(), SNAPSHOTS[0]);
        }
    }
}

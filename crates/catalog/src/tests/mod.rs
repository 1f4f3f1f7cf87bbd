//! The protocol on a simulated disk: what each test does to the catalogue's calls, and what must be true afterwards.

mod crash;
mod export;
mod faults;
mod interleave;
mod protocol;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::catalog::Catalog;
use crate::entry::{Counts, Facts};
use crate::error::{BoxError, Error};
use crate::lock::Wait;
use crate::name::Name;
use crate::open::Opened;
use crate::publish::Published;
use crate::source::{Source, SourcePath};
use crate::storage::sim::{Plan, Process, World};

const FOLDER: &str = "/home/catalog";
const EXPORTED: &str = "/home/exported";
const OLD: &[u8] = b"the old snapshot";
const NEW: &[u8] = b"the new snapshot, which is longer";
/// More calls than any act makes.
const CALLS_MAX: u64 = 500;
const NEXT: &[u8] = b"the next";

/// What readers see: the names and the snapshots.
type Seen = BTreeMap<String, Vec<u8>>;

/// What a process does.
type Act = fn(&Catalog) -> Result<(), Error>;

/// Something that a process does, and what there was before.
struct Scenario {
    title: &'static str,
    before: Act,
    act: Act,
    /// What may be seen in between beside what was before and what is afterwards.
    between: &'static [(&'static str, &'static [u8])],
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        title: "publish the first",
        before: |_| Ok(()),
        act: |catalog| publish(catalog, "a", NEW),
        between: &[],
    },
    Scenario {
        title: "publish the next",
        before: |catalog| publish(catalog, "a", OLD),
        act: |catalog| publish(catalog, "a", NEW),
        between: &[],
    },
    Scenario {
        title: "publish the same",
        before: |catalog| publish(catalog, "a", OLD),
        act: |catalog| publish(catalog, "a", OLD),
        between: &[],
    },
    Scenario {
        title: "give up while writing",
        before: |catalog| publish(catalog, "a", OLD),
        act: |catalog| {
            let mut lock = catalog.lock(&name("a"), Wait::No)?;
            let given_up = lock.publish(facts(), |snapshot| {
                snapshot.write_all(NEW)?;
                Err::<u64, BoxError>("given up".into())
            });
            match given_up {
                Err(Error::Writer { .. }) => Ok(()),
                other => other.map(drop),
            }
        },
        between: &[],
    },
    Scenario {
        title: "remove",
        before: |catalog| publish(catalog, "a", OLD),
        act: |catalog| catalog.remove(&name("a"), Wait::No).map(drop),
        between: &[],
    },
    Scenario {
        title: "rename",
        before: |catalog| publish(catalog, "a", OLD),
        act: |catalog| catalog.rename(&name("a"), &name("b"), Wait::No).map(drop),
        between: &[("a", OLD), ("b", OLD)],
    },
    Scenario {
        title: "import",
        before: |catalog| {
            publish(catalog, "a", NEW)?;
            export(catalog)?;
            publish(catalog, "a", OLD)
        },
        act: |catalog| {
            let mut lock = catalog.lock(&name("a"), Wait::No)?;
            lock.import(Path::new(EXPORTED), check).map(drop)
        },
        between: &[],
    },
    Scenario {
        title: "collect",
        before: |catalog| {
            publish(catalog, "a", OLD)?;
            let leftover = |file: &str| catalog.storage.create(&catalog.folder.join(file)).map(drop);
            for file in [
                "snapshot.a.00000000000000000000.0000000000000001",
                "snapshot.b.00000000000000000007.0000000000000001",
                "snapshot-new.a.00000000000000000009",
                "entry-new.a",
                "lock.c",
            ] {
                leftover(file).unwrap();
            }
            Ok(())
        },
        act: |catalog| {
            let collected = catalog.collect()?;
            // What it could not do is what a test of faults looks for.
            collected.left.into_iter().next().map_or(Ok(()), |left| Err(left.error))
        },
        between: &[],
    },
];

impl Scenario {
    /// The disk before, with nothing in doubt.
    fn world(&self) -> World {
        let world = World::new(Path::new(FOLDER));
        (self.before)(&catalog(&world)).unwrap();
        world.settled()
    }

    /// What is seen before, and after all went well.
    fn ends(&self) -> (Seen, Seen) {
        let world = self.world();
        let old = seen(&world);
        (self.act)(&catalog(&world)).unwrap();
        (old, seen(&world))
    }

    /// All that a reader may ever see.
    fn allowed(&self) -> Vec<Seen> {
        let (old, new) = self.ends();
        let between = self.between.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
        let mut allowed = vec![old, new];
        if !self.between.is_empty() {
            allowed.push(between.collect());
        }
        allowed
    }
}

/// The numbers of calls; a loop over them ends by itself when an act comes to its end.
fn call_numbers() -> impl Iterator<Item = u64> {
    (0..=CALLS_MAX).inspect(|at| assert!(*at < CALLS_MAX, "it does not come to its end"))
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn facts() -> Facts {
    let path = SourcePath::from_bytes(b"/dev/sdb1".to_vec());
    let source = Source { kind: "volume".into(), path, serial: Some(7), label: Some("DATA".into()) };
    Facts { source, scanned: 1, took_ns: 2, counts: Counts { rows: 3, ..Counts::default() } }
}

/// The catalogue as a new process sees it.
fn catalog(world: &World) -> Catalog {
    catalog_of(&Process::new(world, Plan::default()))
}

fn catalog_of(process: &Process) -> Catalog {
    Catalog { folder: PathBuf::from(FOLDER), storage: Arc::new(process.clone()) }
}

fn publish(catalog: &Catalog, entry: &str, bytes: &[u8]) -> Result<(), Error> {
    let mut lock = catalog.lock(&name(entry), Wait::No)?;
    publish_under(&mut lock, bytes).map(drop)
}

fn publish_under(lock: &mut crate::EntryLock, bytes: &[u8]) -> Result<Published, Error> {
    lock.publish(facts(), |snapshot| {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        snapshot.write_all(first)?;
        snapshot.write_all(second)?;
        Ok::<u64, std::io::Error>(xxh3_64(bytes))
    })
}

/// Exports the entry `a`; what was passed over.
fn export(catalog: &Catalog) -> Result<Vec<PathBuf>, Error> {
    let opened = catalog.open(&name("a"))?;
    catalog.export(&opened, Path::new(EXPORTED), |_, _| Ok::<(), BoxError>(()))
}

/// Whether the snapshot is what was published.
fn check(opened: &Opened) -> Result<(), String> {
    let bytes = read(opened);
    if xxh3_64(&bytes) == opened.entry.identity { Ok(()) } else { Err(format!("{bytes:?}")) }
}

fn read(opened: &Opened) -> Vec<u8> {
    let mut bytes = Vec::new();
    (&opened.file).read_to_end(&mut bytes).unwrap();
    bytes
}

/// What a new process sees. Whatever a test did, no reader ever meets an error.
fn seen(world: &World) -> Seen {
    let catalog = catalog(world);
    let listed = catalog.list().unwrap();
    let entries = listed.into_iter().map(|listed| {
        let entry = listed.entry.unwrap();
        let opened = catalog.open(&listed.name).unwrap();
        assert_eq!(opened.entry, entry);
        check(&opened).unwrap();
        (listed.name.to_string(), catalog.open(&listed.name).map(|opened| read(&opened)).unwrap())
    });
    entries.collect()
}

/// After whatever happened: the next publication works, and no leftover outlives it and a collection.
fn check_goes_on(world: &World) {
    let catalog = catalog(world);
    publish(&catalog, "a", NEXT).unwrap();
    let of_a: Vec<String> =
        world.file_names(Path::new(FOLDER)).into_iter().filter(|file| file.contains(".a")).collect();
    assert!(
        matches!(&of_a[..], [entry, lock, snapshot]
            if entry == "entry.a" && lock == "lock.a" && snapshot.starts_with("snapshot.a.")),
        "the next publication left {of_a:?}"
    );
    let collected = catalog.collect().unwrap();
    assert!(collected.left.is_empty() && collected.busy.is_empty(), "{collected:?}");
    assert_eq!(catalog.strays().unwrap(), []);
    assert_eq!(seen(world).get("a").map(Vec::as_slice), Some(NEXT));
    for entry in seen(world).keys() {
        catalog.remove(&name(entry), Wait::No).unwrap();
    }
    assert_eq!(world.file_names(Path::new(FOLDER)), ["lock"]);
}

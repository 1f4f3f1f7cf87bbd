//! The rules of ARCHITECTURE.md that a program can check: who imports whom, what each crate promises, and that nothing
//! below the command speaks for itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use quarry_tests::{shipped, sources};
use serde::Deserialize;

/// Each crate and those of ours that its library may import. A crate that is not here has not been drawn into the house.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("sync", &[]),
    ("io", &["sync"]),
    ("kit", &["sync"]),
    ("ghost", &["sync", "io"]),
    ("ntfs", &[]),
    ("index", &["kit", "io"]),
    ("scan", &["index", "ntfs", "io", "sync"]),
    ("walk", &["index"]),
    ("pool", &["io", "sync", "kit"]),
    ("mount", &["pool"]),
    ("catalog", &["scan", "walk", "index", "pool", "io", "sync", "kit", "ghost"]),
    ("serve", &["catalog", "scan", "walk", "index", "mount", "pool", "ntfs", "ghost", "kit", "io", "sync"]),
    (
        "cli",
        &["serve", "catalog", "scan", "walk", "index", "mount", "pool", "ntfs", "ghost", "kit", "io", "sync"],
    ),
    ("forge", &[]),
];
/// Makes test input. Nothing that ships may need it.
const ONLY_FOR_TESTS: &str = "forge";
/// Crates that need `unsafe`: they talk to the system or lay out memory. All others forbid it.
const MAY_HAVE_UNSAFE: &[&str] = &["io"];
/// The modules of those crates that have it. Each allows it for itself.
const UNSAFE_MODULES: &[&str] = &[
    "crates/io/src/map/mapping.rs",
    "crates/io/src/pool/slab.rs",
    "crates/io/src/port/iocp/file.rs",
    "crates/io/src/port/iocp/flight.rs",
    "crates/io/src/port/iocp/packets.rs",
    "crates/io/src/port/uring/mod.rs",
    "crates/io/src/port/uring/ring.rs",
    "crates/io/src/port/uring/vector.rs",
    "crates/io/src/process/foreign.rs",
    "crates/io/src/raw/again.rs",
    "crates/io/src/raw/control.rs",
    "crates/io/src/raw/letters.rs",
    "crates/io/src/raw/volumes.rs",
];
/// What of the standard library reaches outside of the bytes that a function was given.
const OUTSIDE: &[&str] = &["fs", "io", "net", "thread", "process", "env", "os", "time"];
/// Crates that know nothing but bytes.
const BYTES_ONLY: &[&str] = &["ntfs"];
/// Those that may print and end the process.
const SPEAK: &[&str] = &["cli", "serve"];
const SPEECH: &[&str] = &["println!", "eprintln!", "print!(", "eprint!(", "process::exit", "dbg!"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `None` for a normal one.
    kind: Option<String>,
}

impl Package {
    /// The folder's name, if the package is one of `crates/`.
    fn folder(&self) -> Option<&str> {
        let folder = self.manifest_path.parent()?;
        let is_crate = folder.parent()?.file_name()? == "crates";
        is_crate.then(|| folder.file_name()?.to_str()).flatten()
    }

    fn imports(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.dependencies.iter().filter_map(|dependency| {
            Some((dependency.name.strip_prefix("quarry-")?, dependency.kind.as_deref()))
        })
    }
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(sources::root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo speaks JSON");
    metadata.packages
}

#[test]
fn crates_import_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for package in &packages() {
        let Some(folder) = package.folder() else { continue };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == folder) else {
            wrong.push(format!(
                "{folder} has no place in the house: draw it in ARCHITECTURE.md, then add it here"
            ));
            continue;
        };
        for (import, kind) in package.imports() {
            if kind != Some("dev") && !allowed.contains(&import) {
                wrong.push(format!("{folder} imports {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_makes_test_input_is_only_a_dev_dependency() {
    let packages = packages();
    let shipped: Vec<&str> = packages
        .iter()
        .filter(|package| package.folder().is_some())
        .filter(|package| {
            package.imports().any(|(import, kind)| import == ONLY_FOR_TESTS && kind != Some("dev"))
        })
        .map(|package| package.name.as_str())
        .collect();
    assert!(shipped.is_empty(), "{shipped:?} need {ONLY_FOR_TESTS} to be built");
}

/// Rule 2 of the house, one step further: not even tests of the libraries may reach up.
#[test]
fn dev_dependencies_do_not_reach_the_command() {
    for package in &packages() {
        let Some(folder) = package.folder() else { continue };
        if SPEAK.contains(&folder) {
            continue;
        }
        let up: Vec<&str> =
            package.imports().map(|(import, _)| import).filter(|name| SPEAK.contains(name)).collect();
        assert!(up.is_empty(), "{folder} depends on {up:?}");
    }
}

#[test]
fn packages_are_named_for_their_folders_and_inherit_the_workspace() {
    let packages = packages();
    let folders: BTreeSet<&str> = packages.iter().filter_map(Package::folder).collect();
    assert_eq!(
        folders,
        sources::crates().iter().map(String::as_str).collect(),
        "crates that the workspace leaves out"
    );
    for package in &packages {
        if let Some(folder) = package.folder() {
            assert_eq!(package.name, format!("quarry-{folder}"));
        }
        let manifest = sources::read(&package.manifest_path);
        let name = &package.name;
        assert_eq!(section(&manifest, "lints"), ["workspace = true"], "{name} has lints of its own");
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            let line = format!("{key}.workspace = true");
            assert!(section(&manifest, "package").contains(&line.as_str()), "{name} does not inherit {key}");
        }
        for (line, section_name) in dependency_lines(&manifest) {
            assert!(
                !line.contains("version"),
                "{name}: [{section_name}] {line}: versions live in the root manifest"
            );
        }
    }
}

/// Lines of one section of a manifest, blank lines and comments left out.
fn section<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let lines = manifest.lines().map(str::trim).skip_while(|line| *line != format!("[{name}]")).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

fn dependency_lines(manifest: &str) -> Vec<(&str, &'static str)> {
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .flat_map(|name| section(manifest, name).into_iter().map(move |line| (line, name)))
        .collect()
}

#[test]
fn crates_that_need_no_unsafe_forbid_it() {
    for folder in sources::crates().iter().filter(|folder| !MAY_HAVE_UNSAFE.contains(&folder.as_str())) {
        let source = sources::root().join("crates").join(folder).join("src");
        let roots: Vec<PathBuf> = ["lib.rs", "main.rs"]
            .iter()
            .map(|file| source.join(file))
            .filter(|path| path.is_file())
            .collect();
        assert!(!roots.is_empty(), "{folder} has no root module");
        for path in roots {
            let forbids = sources::read(&path).lines().any(|line| line == "#![forbid(unsafe_code)]");
            assert!(forbids, "{} does not forbid unsafe code", path.display());
        }
    }
}

/// A crate's `forbid` ends where a macro of another writes `unsafe` into it, or a root module is forgotten: so the word is
/// looked for, too.
#[test]
fn the_word_unsafe_stands_in_no_other_crate() {
    assert!(is_unsafe("    unsafe { *here }") && !is_unsafe("#![forbid(unsafe_code)] // no unsafe"));
    let found = lines_of(|folder| !MAY_HAVE_UNSAFE.contains(&folder));
    let found: Vec<String> = found.filter(|(_, line)| is_unsafe(line)).map(said).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// Whoever adds a module to the list says in ARCHITECTURE.md what it is for.
#[test]
fn unsafe_stands_in_the_modules_that_are_listed() {
    let found = lines_of(|folder| MAY_HAVE_UNSAFE.contains(&folder));
    let found: BTreeSet<PathBuf> = found.filter(|(_, line)| is_unsafe(line)).map(|(path, _)| path).collect();
    let listed: BTreeSet<PathBuf> = UNSAFE_MODULES.iter().map(PathBuf::from).collect();
    assert_eq!(found, listed);
}

fn is_unsafe(line: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let code = line.split("//").next().unwrap_or_default();
    code.split(|c| !is_word(c)).any(|word| word == "unsafe")
}

/// Bytes in, facts out.
#[test]
fn what_knows_only_bytes_does_no_io_and_starts_no_thread() {
    for folder in BYTES_ONLY {
        let files = shipped::of_crate(folder);
        assert!(!files.is_empty(), "{folder} has no sources");
        for file in files {
            let names = shipped::names_after(&file.lines, "std::");
            let outside: Vec<&String> =
                names.iter().filter(|name| OUTSIDE.contains(&name.as_str()) || *name == "*").collect();
            assert!(outside.is_empty(), "{} uses std::{outside:?}", file.path.display());
        }
    }
}

/// Libraries return what there is to say; only the command and the daemon say it.
#[test]
fn libraries_are_silent() {
    let speakers: Vec<String> = lines_of(|folder| !SPEAK.contains(&folder))
        .filter(|(_, line)| SPEECH.iter().any(|word| line.contains(word)))
        .map(said)
        .collect();
    assert!(speakers.is_empty(), "{speakers:#?}");
}

/// The lines of code that ship in the crates that are `wanted`, each with its file.
fn lines_of(wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (PathBuf, String)> {
    let wanted: Vec<String> = sources::crates().into_iter().filter(|folder| wanted(folder)).collect();
    assert!(!wanted.is_empty(), "no crate to look into");
    let files = wanted.into_iter().flat_map(|folder| shipped::of_crate(&folder));
    files.flat_map(|file| file.lines.into_iter().map(move |line| (file.path.clone(), line)))
}

fn said((path, line): (PathBuf, String)) -> String {
    format!("{}: {}", path.display(), line.trim())
}

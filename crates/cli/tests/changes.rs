//! An entry that is changed while it is searched: what the command says of it is what there is now, merged or not.

use std::path::{Path, PathBuf};
use std::process::Command;

use quarry_catalog::{Catalog, Live, LiveOptions, Name, Wait};
use quarry_index::live::{Change, FileState};
use quarry_index::{Evidence, File, FileFlags, FileId, Time};

const ROOT: FileId = FileId { record: 5, sequence: 5 };

/// Exit code, standard output and standard error.
fn told(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command.current_dir(folder).env("TZ", "UTC").env("QUARRY_CATALOG", "catalog").args(words);
    let output = command.output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn found(folder: &Path, words: &[&str]) -> String {
    let (code, out, said) = told(folder, words);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{words:?}: {out}");
    out
}

/// A folder with the entry `demo`.
fn scanned(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("changes-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("made");
    found(&folder, &["demo", "--keep", "."]);
    found(&folder, &["scan", "demo.ntfs"]);
    folder
}

fn live(folder: &Path) -> Live {
    let name = Name::new("demo").expect("a name");
    let lock = Catalog::at(folder.join("catalog")).lock(&name, Wait::No).expect("nobody else has it");
    lock.live(LiveOptions::default()).expect("it is sound")
}

fn set(record: u32, parent: FileId, name: &str, size: u64, flags: FileFlags) -> Change {
    let modified = Time(133_500_000_000_000_000);
    let file = File { record, sequence: 1, size, allocated: size, modified, flags, ..File::default() };
    let names = vec![(parent, name.as_bytes().to_vec())];
    Change::Set(FileState { file, evidence: Evidence::default(), names, streams: vec![] })
}

/// A new folder with a large file, and no `/Users/Anna` any more.
fn change(folder: &Path) -> Live {
    let anna = found(folder, &["find", "type:folder exact:Anna", "--format", "jsonl", "--on", "demo"]);
    let number = anna.split_once("\"record\":").expect("one").1;
    let record = number.split(|letter: char| !letter.is_ascii_digit()).next().expect("digits");
    let live = live(folder);
    live.apply(vec![Change::Remove(record.parse().expect("a number"))]).expect("there is room");
    let inside = FileId { record: 50_000, sequence: 1 };
    let file = set(50_001, inside, "sudden.bin", 1 << 40, FileFlags::empty());
    live.apply(vec![set(50_000, ROOT, "Arrived", 0, FileFlags::DIRECTORY), file]).expect("there is room");
    live
}

#[test]
fn every_reader_sees_what_changed_since_the_snapshot() {
    let folder = scanned("seen");
    assert!(!found(&folder, &["catalog", "show", "demo"]).contains("  log "));
    let held = change(&folder);
    assert_eq!(found(&folder, &["find", "sudden", "--on", "demo"]), "/Arrived/sudden.bin\n");
    assert_eq!(told(&folder, &["find", "path:/Users/Anna type:folder"]).0, Some(1), "it was removed");
    let largest = found(&folder, &["du", "--by", "file", "--on", "demo", "--limit", "1", "--format", "csv"]);
    assert!(largest.contains("\n/Arrived/sudden.bin,1099511627776,"), "{largest}");
    assert!(found(&folder, &["catalog", "verify"]).starts_with("demo: sound, "));
    let shown = found(&folder, &["catalog", "show", "demo"]);
    assert!(shown.contains("  log         3 changes in 2 batches since, "), "{shown}");
    let json = found(&folder, &["catalog", "show", "demo", "--json"]);
    assert!(json.contains(r#""log":{"batches":2,"changes":3,"bytes":"#), "{json}");
    found(&folder, &["catalog", "export", "demo", "before.quarry"]);
    assert_eq!(found(&folder, &["find", "sudden", "--on", "before.quarry"]), "/Arrived/sudden.bin\n");
    found(&folder, &["catalog", "import", "before.quarry", "--name", "copy"]);
    assert_eq!(found(&folder, &["find", "sudden", "--on", "copy"]), "/Arrived/sudden.bin\n");

    // Merged, it is the same.
    let asked: [&[&str]; 4] = [
        &["find", "", "--format", "csv", "--deleted", "--streams", "--metafiles", "--on", "demo"],
        &["du", "--format", "csv", "--on", "demo"],
        &["du", "--by", "extension", "--format", "csv", "--on", "demo"],
        &["find", "", "--format", "csv", "--on", "before.quarry"],
    ];
    let before = asked.map(|words| told(&folder, words));
    held.merge().expect("there is room");
    assert_eq!(asked.map(|words| told(&folder, words)), before);
    let merged = found(&folder, &["catalog", "show", "demo"]);
    assert!(!merged.contains("  log ") && merged.contains("generation 2"), "{merged}");
    let rows = |shown: &str| shown.lines().find(|line| line.starts_with("  rows")).map(str::to_owned);
    assert_eq!(rows(&merged), rows(&shown));
    drop(held);
}

/// A log that is damaged is an error with the way out, and never an answer without what it held.
#[test]
fn a_log_that_cannot_be_read_is_told() {
    let folder = scanned("damaged");
    drop(change(&folder));
    let logs =
        std::fs::read_dir(folder.join("catalog")).expect("there").map(|found| found.expect("listed").path());
    let is_log =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log."));
    let log = logs.into_iter().find(is_log).expect("a log");
    let sound = std::fs::read(&log).expect("readable");

    // A batch that was being written is none.
    std::fs::write(&log, &sound[..sound.len() - 1]).expect("written");
    let noted = "behind the last whole batch of its log not read: a batch that is just being written, or ";
    let asked: [(&[&str], i32); 4] = [
        (&["find", "sudden"], 1),
        (&["du", "--limit", "3"], 0),
        (&["catalog", "verify"], 0),
        (&["catalog", "export", "demo", "torn.quarry"], 0),
    ];
    for (words, code) in asked {
        let (ended, _, said) = told(&folder, words);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(ended, Some(code), "{words:?}: {said}");
        assert!(
            lines.len() == 1 && lines[0].starts_with("quarry: demo: ") && said.contains(noted),
            "{words:?}: {said}"
        );
    }
    assert_eq!(told(&folder, &["find", "sudden", "--quiet"]).2, "");
    let shown = found(&folder, &["catalog", "show", "demo"]);
    assert!(
        shown.contains("1 change in 1 batch since, ") && shown.contains("at its end are no batch"),
        "{shown}"
    );

    std::fs::write(&log, b"no log").expect("written");
    let asked: [&[&str]; 4] =
        [&["find", "x"], &["du"], &["catalog", "verify"], &["catalog", "export", "demo", "file"]];
    for words in asked {
        let (code, out, said) = told(&folder, words);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}");
        assert!(said.contains("is no log of changes") && said.contains("refresh demo"), "{words:?}: {said}");
    }
    found(&folder, &["catalog", "refresh", "demo", "--force"]);
    assert_eq!(told(&folder, &["find", "sudden"]).0, Some(1), "it is as the source is");
    assert!(!log.exists(), "it went with its snapshot");
}

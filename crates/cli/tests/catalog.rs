//! The catalogue as several processes and a damaged disk treat it: what `find`, `info` and `catalog` say then.

use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Stdio;
use std::process::{Command, Output};
#[cfg(target_os = "linux")]
use std::time::Duration;

use quarry_catalog::{Catalog, Name, Wait};
use quarry_index::{Batch, Builder, CaseTable, File, FileFlags, FileId};

/// The command in `folder`, which has a catalogue of its own.
fn quarry(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command.current_dir(folder).env("TZ", "UTC").env("QUARRY_CATALOG", "catalog").args(words);
    command
}

fn run(folder: &Path, words: &[&str]) -> Output {
    quarry(folder, words).output().expect("the command starts")
}

/// Runs it; gives the exit code, standard output and standard error.
fn told(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = run(folder, words);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// An empty folder, or one with the demo volume, `scanned` or not.
fn folder(name: &str, scanned: bool) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("catalog-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("made");
    assert!(run(&folder, &["demo", "--keep", "."]).status.success());
    if scanned {
        let (code, _, said) = told(&folder, &["scan", "demo.ntfs"]);
        assert_eq!((code, said.as_str()), (Some(0), ""));
    }
    folder
}

/// The files of the catalogue whose names begin so.
fn files(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(folder.join("catalog")) else { return Vec::new() };
    let paths = found.map(|found| found.expect("listed").path());
    let named =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning));
    paths.filter(named).collect()
}

fn snapshot(folder: &Path) -> PathBuf {
    let [path] = files(folder, "snapshot.").try_into().expect("one snapshot");
    path
}

/// Turns the bits round of the byte at `offset`, as a disk does that is going bad; done twice it is as before.
fn flip(path: &Path, offset: usize) {
    let mut bytes = std::fs::read(path).expect("readable");
    bytes[offset] ^= 0xFF;
    std::fs::write(path, bytes).expect("written");
}

/// `remove a b | head -0` removed one of them and said that all was well, and `verify | head -1` that a damaged catalogue is sound.
#[test]
fn work_goes_on_when_nobody_reads_what_was_done() {
    let folder = folder("unread", false);
    for name in ["a", "b", "c"] {
        assert_eq!(told(&folder, &["scan", "demo.ntfs", "--name", name]).0, Some(0));
    }
    let unread = |words: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        quarry(&folder, words).stdout(writer).output().expect("the command starts").status.code()
    };
    let [damaged] = files(&folder, "snapshot.c.").try_into().expect("one snapshot");
    flip(&damaged, 100);
    assert_eq!(unread(&["catalog", "verify"]), Some(2));
    assert_eq!(unread(&["catalog", "refresh", "a", "b", "c"]), Some(0));
    assert_eq!(unread(&["catalog", "verify"]), Some(0), "all of them were scanned again");
    assert_eq!(unread(&["catalog", "remove", "a", "none", "b"]), Some(3));
    assert_eq!(files(&folder, "entry."), [folder.join("catalog/entry.c")]);
    // Rows are not work.
    assert_eq!(unread(&["find", ""]), Some(0));
}

#[test]
fn what_is_damaged_is_told_with_file_place_and_remedy_and_no_row_is_wrong() {
    let folder = folder("damaged", true);
    let path = snapshot(&folder);
    let length = std::fs::metadata(&path).expect("there").len();
    let (_, sound, _) =
        told(&folder, &["find", "", "--format", "csv", "--deleted", "--streams", "--metafiles"]);
    let mut refused = 0;
    // Header, columns, tail: a prime as the step, so that no column is always met at the same place.
    for offset in (0..usize::try_from(length).expect("small")).step_by(9973) {
        flip(&path, offset);
        let (code, _, said) = told(&folder, &["catalog", "verify"]);
        // Bytes between columns belong to blocks, too.
        assert_eq!(code, Some(2), "{offset}: {said}");
        let file = path.strip_prefix(&folder).expect("below").display().to_string();
        assert!(said.contains(&file) && said.contains("scan the source again"), "{offset}: {said}");
        assert!(said.contains("`quarry catalog refresh demo`"), "{offset}: {said}");
        let all = ["find", "", "--format", "csv", "--deleted", "--streams", "--metafiles"];
        for words in [&all[..], &["info", "demo"], &["du", "--by", "file"]] {
            let (code, rows, said) = told(&folder, words);
            match code {
                Some(0) => assert!(said.is_empty(), "{offset}: {words:?}: {said}"),
                code => {
                    refused += 1;
                    assert_eq!(code, Some(2), "{offset}: {words:?}: {said}");
                    assert!(
                        said.contains(&file) && said.contains("refresh demo"),
                        "{offset}: {words:?}: {said}"
                    );
                }
            }
            if words == all {
                assert!(rows.lines().all(|row| sound.lines().any(|other| other == row)), "{offset}: {rows}");
            }
        }
        flip(&path, offset);
    }
    assert!(refused > 10, "{refused}");
    assert_eq!(told(&folder, &["catalog", "verify"]).0, Some(0));
}

#[test]
fn a_refresh_mends_what_is_damaged_lost_or_cut() {
    let folder = folder("mended", true);
    type Harm = fn(&Path);
    let harms: [(Harm, &str); 3] = [
        (|path| flip(path, 70_000), "the snapshot is damaged: "),
        (|path| std::fs::remove_file(path).expect("deleted"), "is missing"),
        (|path| std::fs::write(path, b"short").expect("written"), "has 5 bytes where the entry says"),
    ];
    for (harm, expected) in harms {
        harm(&snapshot(&folder));
        let (code, _, said) = told(&folder, &["find", "", "--format", "csv", "--streams", "--deleted"]);
        assert!(code == Some(2) && said.contains(expected) && said.contains("refresh demo"), "{said}");
        let (code, _, said) = told(&folder, &["catalog", "refresh", "demo"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(told(&folder, &["catalog", "verify", "demo"]).0, Some(0));
    }
}

#[test]
fn a_refresh_scans_as_before_and_refuses_another_volume() {
    let folder = folder("refreshed", false);
    let scan = ["scan", "demo.ntfs", "--evidence", "--threads", "1", "--name", "case 7"];
    assert_eq!(told(&folder, &scan).0, Some(0));
    let (code, line, _) = told(&folder, &["catalog", "refresh", "case 7", "--json"]);
    assert!(code == Some(0) && line.contains(r#""generation":2"#), "{line}");
    let (_, shown, _) = told(&folder, &["catalog", "show", "case 7", "--json"]);
    assert!(shown.contains(r#""flags":{"evidence":true,"strict":false,"threads":1}"#), "{shown}");
    let (_, columns, _) = told(&folder, &["info", "case 7", "--columns"]);
    assert!(columns.contains("evidence.usn"), "{columns}");
    // The serial number stands at byte 72 of the boot sector.
    flip(&folder.join("demo.ntfs"), 72);
    let (code, _, said) = told(&folder, &["catalog", "refresh", "case 7"]);
    assert!(code == Some(2) && said.contains("is another volume now"), "{said}");
    std::fs::remove_file(folder.join("demo.ntfs")).expect("deleted");
    let (code, _, said) = told(&folder, &["catalog", "refresh", "case 7"]);
    let named = if cfg!(windows) { r#"--name "case 7""# } else { "--name 'case 7'" };
    assert!(code == Some(2) && said.contains("not found") && said.contains(named), "{said}");
    assert_eq!(told(&folder, &["find", "report", "--on", "case 7"]).0, Some(0));
}

#[test]
fn one_name_is_one_source() {
    let folder = folder("named", true);
    std::fs::create_dir(folder.join("old")).expect("made");
    std::fs::copy(folder.join("demo.ntfs"), folder.join("old/demo.ntfs")).expect("copied");
    let (code, _, said) = told(&folder, &["scan", "old/demo.ntfs"]);
    assert!(code == Some(2) && said.contains("give this one another name with --name"), "{said}");
    let (code, _, said) = told(&folder, &["scan", "demo.ntfs", "old/demo.ntfs"]);
    assert!(code == Some(2) && said.contains("would both be called demo"), "{said}");
    let (code, _, said) = told(&folder, &["scan", "demo.ntfs", "demo.ntfs"]);
    assert!(code == Some(2) && said.contains("demo.ntfs: is named twice"), "{said}");
    let (code, _, said) = told(&folder, &["scan", "old/demo.ntfs", "--name", "demo"]);
    assert!(code == Some(0) && said.contains("and is replaced"), "{said}");
    for (name, expected) in
        [("a/b", "no slash"), ("..", "no name of an entry"), ("", "cannot be empty"), (" x", "white space")]
    {
        let (code, _, said) = told(&folder, &["scan", "demo.ntfs", "--name", name]);
        assert!(code == Some(2) && said.contains(expected), "{name}: {said}");
    }
}

#[test]
fn an_entry_comes_before_a_file_and_a_slash_makes_a_path() {
    let folder = folder("shadowed", true);
    std::fs::write(folder.join("demo"), "no volume").expect("written");
    let (code, rows, said) = told(&folder, &["find", "report.rs", "--on", "demo"]);
    assert_eq!((code, rows.lines().count()), (Some(0), 1));
    assert_eq!(said, "quarry: demo: is an entry of the catalogue and a file; the file is ./demo\n");
    let (code, _, said) = told(&folder, &["find", "report.rs", "--on", "./demo"]);
    assert!(code == Some(2) && said.starts_with("quarry: ./demo: no NTFS volume"), "{said}");
}

#[test]
fn an_entry_travels_in_a_file() {
    let folder = folder("carried", true);
    let (here, there) = (["catalog", "export", "demo", "demo.quarry"], ["catalog", "import", "demo.quarry"]);
    assert_eq!(told(&folder, &here).0, Some(0));
    let (code, _, said) = told(&folder, &here);
    assert!(code == Some(2) && said.contains("is there already"), "{said}");
    let (code, _, said) = told(&folder, &there);
    assert!(code == Some(2) && said.contains("there is such an entry already"), "{said}");
    assert_eq!(
        told(&folder, &["catalog", "remove", "demo"]),
        (Some(0), "removed demo\n".into(), String::new())
    );
    assert_eq!(told(&folder, &there).0, Some(0));
    assert_eq!(
        told(&folder, &["find", "report.rs"]).1,
        "demo:/Users/Tomás/Projects/garden-planner/src/report.rs\n"
    );
    let exported = folder.join("demo.quarry");
    let middle = usize::try_from(std::fs::metadata(&exported).expect("there").len() / 2).expect("small");
    flip(&exported, middle);
    let (code, _, said) = told(&folder, &["catalog", "import", "demo.quarry", "--name", "bad"]);
    assert!(code == Some(2) && said.contains("its snapshot is damaged"), "{said}");
    assert_eq!(told(&folder, &["catalog", "show", "bad"]).0, Some(2));
    assert_eq!(files(&folder, "snapshot").len(), 1);
}

/// What is read of a disk that is dying, or of a copy that was cut, does not take the place of what was read before.
#[test]
fn a_poorer_scan_does_not_replace_its_entry() {
    let folder = folder("poorer", true);
    let before = snapshot(&folder);
    let file = std::fs::File::options().write(true).open(folder.join("demo.ntfs")).expect("opened");
    file.set_len(1 << 20).expect("cut");
    for words in [&["catalog", "refresh", "demo"][..], &["scan", "demo.ntfs"]] {
        let (code, out, said) = told(&folder, words);
        assert!(code == Some(2) && out.is_empty(), "{words:?}: {out}");
        assert!(said.contains("the entry is kept as it was") && said.contains("--force"), "{said}");
        assert_eq!(snapshot(&folder), before);
    }
    assert_eq!(told(&folder, &["find", "report.rs"]).0, Some(0));
    // Where nothing sound is there any more, whatever can be had is more.
    flip(&before, 70_000);
    assert_eq!(told(&folder, &["catalog", "refresh", "demo"]).0, Some(3));
    assert_ne!(snapshot(&folder), before);
    assert_eq!(told(&folder, &["catalog", "refresh", "demo", "--force"]).0, Some(3));
}

#[test]
fn an_entry_tells_what_its_scan_met() {
    let folder = folder("met", false);
    let file = std::fs::File::options().write(true).open(folder.join("demo.ntfs")).expect("opened");
    file.set_len(1 << 20).expect("cut");
    assert_eq!(told(&folder, &["scan", "demo.ntfs", "--quiet"]).0, Some(3));
    let (_, shown, _) = told(&folder, &["catalog", "show", "demo", "--json"]);
    assert!(
        shown.contains(r#""orphans":15"#) && shown.contains(": orphan: its parent folder is gone"),
        "{shown}"
    );
    let (_, shown, _) = told(&folder, &["catalog", "show", "demo"]);
    assert!(shown.contains("15 orphans") && !shown.contains("parent folder is gone"), "{shown}");
    let (_, shown, _) = told(&folder, &["catalog", "show", "demo", "-v"]);
    assert_eq!(shown.matches("orphan: its parent folder is gone").count(), 15, "{shown}");
}

/// What is carried elsewhere can be searched there without a catalogue.
#[test]
fn an_exported_file_is_a_source() {
    let folder = folder("exported", true);
    let (_, exported, _) = told(&folder, &["catalog", "export", "demo", "carried.quarry"]);
    assert!(exported.starts_with("exported demo to carried.quarry"), "{exported}");
    for words in [
        &["find", "", "--format", "csv", "--deleted", "--streams", "--on"][..],
        &["du", "--by", "extension", "--on"],
        &["info", "--columns"],
        &["info", "--json"],
    ] {
        let of = |source| told(&folder, &[words, &[source]].concat());
        let ((code, there, said), (_, here, _)) = (of("carried.quarry"), of("demo"));
        assert_eq!((code, said.as_str()), (Some(0), ""), "{words:?}");
        if words[0] == "info" {
            // They differ in where the snapshot is.
            assert_eq!(there.lines().count(), here.lines().count(), "{there}");
            assert!(there.contains("carried.quarry") && there.contains("Household"), "{there}");
        } else {
            assert_eq!(there, here, "{words:?}");
        }
    }
    let (_, rows, said) = told(&folder, &["find", "report.rs", "--on", "demo", "carried.quarry"]);
    assert_eq!((rows.lines().count(), said.as_str()), (2, "quarry: carried: is carried.quarry\n"), "{rows}");
    let (code, _, said) = told(&folder, &["scan", "carried.quarry"]);
    assert!(code == Some(2) && said.contains("quarry catalog import carried.quarry"), "{said}");
    flip(&folder.join("carried.quarry"), 70_000);
    let (code, _, said) = told(&folder, &["find", "report", "--on", "carried.quarry"]);
    assert!(code == Some(2) && said.contains("its snapshot is damaged: export it again"), "{said}");
}

/// Whoever writes a snapshot can sign it. One with a name such as this was taken in, and the paths that it gave led out of the folder that they
/// were to be in.
#[test]
fn a_snapshot_with_names_that_no_file_can_have_is_refused() {
    let folder = folder("impossible", true);
    let (root, flags) = (FileId { record: 5, sequence: 5 }, FileFlags::SIZED);
    let mut batch = Batch::new();
    batch.begin(30);
    batch.open_file();
    batch.name(root, false, |name| name.extend_from_slice(b"../../etc/passwd"));
    batch.close_file(File { record: 30, sequence: 1, flags, ..File::default() });
    let forged = Builder::new(root, CaseTable::default()).build(vec![batch]).expect("it fits").0;

    let catalog = Catalog::at(folder.join("catalog"));
    let entry = catalog.show(&Name::new("demo").expect("a name")).expect("there");
    catalog.export_index(&entry, &forged, &folder.join("forged.quarry")).expect("written");
    let mut lock = catalog.lock(&Name::new("forged").expect("a name"), Wait::No).expect("free");
    let write = |mut out: &mut dyn std::io::Write| forged.write_to(&mut out).map(|()| forged.identity());
    lock.publish(entry.facts, write).expect("published");
    drop(lock);

    let asked: [&[&str]; 4] = [
        &["catalog", "verify", "forged"],
        &["catalog", "import", "forged.quarry", "--name", "taken"],
        &["find", "passwd", "--on", "forged.quarry"],
        &["du", "--on", "forged.quarry"],
    ];
    for words in asked {
        let (code, out, said) = told(&folder, words);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{words:?}: {said}");
        assert!(said.contains("row 1 of the snapshot has a name that no file can have"), "{words:?}: {said}");
    }
    assert!(!told(&folder, &["catalog", "list"]).1.contains("taken"));
}

#[test]
fn what_a_disk_damaged_is_not_exported() {
    let folder = folder("unsound", true);
    flip(&snapshot(&folder), 70_000);
    let (code, _, said) = told(&folder, &["catalog", "export", "demo", "carried.quarry"]);
    assert!(code == Some(2) && said.contains("the snapshot is damaged"), "{said}");
    let left = std::fs::read_dir(&folder).expect("listed").map(|file| file.expect("listed").file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("carried")));
}

/// An export that was killed leaves what nobody can tell from a file of the user's.
#[test]
fn what_an_export_left_does_not_stand_in_the_way() {
    let folder = folder("left", true);
    std::fs::write(folder.join("carried.quarry.part"), "half").expect("written");
    let (code, _, said) = told(&folder, &["catalog", "export", "demo", "carried.quarry"]);
    assert!(code == Some(0) && said.contains("carried.quarry.part: was there already"), "{said}");
    assert_eq!(std::fs::read(folder.join("carried.quarry.part")).expect("there"), b"half");
    assert_eq!(told(&folder, &["find", "report.rs", "--on", "carried.quarry"]).0, Some(0));
}

#[test]
fn a_misspelt_name_is_recognised() {
    let folder = folder("misspelt", true);
    let meant = "did you mean the entry demo?";
    for words in [
        &["find", "report", "--on", "dmeo"][..],
        &["find", "report", "--on", "Demo"],
        &["info", "deno"],
        &["du", "--on", "demos"],
        &["catalog", "show", "dmeo"],
        &["catalog", "remove", "dem"],
        &["catalog", "refresh", "dmeo"],
        &["catalog", "export", "dmeo", "x"],
    ] {
        let (code, _, said) = told(&folder, words);
        assert!(code == Some(2) && said.contains(meant), "{words:?}: {said}");
    }
    for words in [&["find", "report", "--on", "ghost"][..], &["catalog", "show", "other"]] {
        let (code, _, said) = told(&folder, words);
        assert!(code == Some(2) && !said.contains("did you mean"), "{words:?}: {said}");
    }
    for (word, meant) in [
        ("demo", "--on demo"),
        ("demo.ntfs", "--on demo.ntfs"),
        ("demo:/Users/Anna", "/Users/Anna --on demo"),
    ] {
        let (code, _, said) = told(&folder, &["du", word]);
        assert!(code == Some(2) && said.contains(&format!("did you mean `quarry du {meant}`?")), "{said}");
    }
}

#[test]
fn searching_all_goes_on_while_entries_come_and_go() {
    let folder = folder("come-and-go", true);
    let changes = {
        let folder = folder.clone();
        std::thread::spawn(move || {
            for _ in 0..20 {
                assert_eq!(told(&folder, &["scan", "demo.ntfs", "--name", "brief", "--quiet"]).0, Some(0));
                assert_eq!(told(&folder, &["catalog", "remove", "brief"]).0, Some(0));
            }
        })
    };
    let row = "demo:/Users/Tomás/Projects/garden-planner/src/report.rs\n";
    while !changes.is_finished() {
        for words in [&["find", "report.rs"][..], &["catalog", "verify"], &["du", "--limit", "1"]] {
            let (code, rows, said) = told(&folder, words);
            assert_eq!((code, said.as_str()), (Some(0), ""), "{words:?}");
            assert!(words[0] != "find" || rows.ends_with(row), "{rows}");
        }
    }
    changes.join().expect("no panic");
    // What is named is missed.
    assert_eq!(told(&folder, &["find", "report.rs", "--on", "demo", "brief"]).0, Some(3));
}

#[test]
fn searching_goes_on_while_an_entry_is_scanned_and_removed() {
    let folder = folder("at-once", true);
    let work = |words: &'static [&'static str]| {
        let folder = folder.clone();
        std::thread::spawn(move || (0..20).map(|_| told(&folder, words)).collect::<Vec<_>>())
    };
    let scans = [work(&["scan", "demo.ntfs", "--quiet"]), work(&["catalog", "refresh", "demo", "--quiet"])];
    let finds = work(&["find", "report.rs"]).join().expect("no panic");
    for (code, rows, said) in finds {
        assert_eq!((code, said.as_str()), (Some(0), ""));
        assert_eq!(rows, "demo:/Users/Tomás/Projects/garden-planner/src/report.rs\n");
    }
    for (code, _, said) in scans.into_iter().flat_map(|scan| scan.join().expect("no panic")) {
        assert_eq!((code, said.as_str()), (Some(0), ""));
    }
    assert_eq!(files(&folder, "snapshot").len(), 1);
}

/// Holds the lock of the entry `demo`, as a process does that is scanning.
#[cfg(target_os = "linux")]
fn hold(folder: &Path) -> std::fs::File {
    let lock =
        std::fs::File::options().write(true).open(folder.join("catalog/lock.demo")).expect("a lock file");
    lock.lock().expect("locked");
    lock
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_scan_waits_or_is_refused() {
    let folder = folder("waiting", true);
    let lock = hold(&folder);
    let (code, _, said) = told(&folder, &["scan", "demo.ntfs", "--no-wait"]);
    assert!(code == Some(2) && said.contains("is being changed by another process"), "{said}");
    let mut second = quarry(&folder, &["scan", "demo.ntfs"]);
    let second = second.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    std::thread::sleep(Duration::from_millis(300));
    drop(lock);
    let output = second.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "quarry: demo: another process is changing the entry; waiting for it\n");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_while_it_waits_publishes_nothing() {
    let folder = folder("interrupted", true);
    let before = snapshot(&folder);
    let _lock = hold(&folder);
    let mut scan = quarry(&folder, &["scan", "demo.ntfs"]);
    let scan = scan.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    std::thread::sleep(Duration::from_millis(300));
    interrupt(scan.id());
    let output = scan.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("demo: interrupted: nothing was published"), "{said}");
    assert_eq!(snapshot(&folder), before);
}

/// A source that is read as slowly as the test likes cannot be had without a device of its own; a large sparse `$MFT` comes near.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_in_the_middle_of_a_scan_publishes_nothing() {
    let folder = folder("interrupted-scan", false);
    let mut dump = std::fs::read(folder.join("demo.ntfs")).expect("readable").split_off(16384);
    dump.truncate(2169 * 1024);
    std::fs::write(folder.join("big.mft"), dump).expect("written");
    // Records that were never used, 8 GiB of them: some seconds.
    let file = std::fs::File::options().write(true).open(folder.join("big.mft")).expect("opened");
    file.set_len(8 << 30).expect("a sparse file");
    let mut scan = quarry(&folder, &["scan", "big.mft", "--threads", "1"]);
    let scan = scan.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    while files(&folder, "lock.").is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    interrupt(scan.id());
    let output = scan.wait_with_output().expect("the command ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("big: interrupted: nothing was published"), "{said}");
    assert_eq!((files(&folder, "snapshot").len(), files(&folder, "entry").len()), (0, 0));
}

#[cfg(target_os = "linux")]
fn interrupt(process: u32) {
    let sent = Command::new("kill").args(["-INT", &process.to_string()]).status().expect("there is a kill");
    assert!(sent.success());
}

#[test]
fn the_sums_of_all_groups_are_the_total() {
    let folder = folder("sums", true);
    let sums = |words: &[&str]| {
        let (code, lines, said) = told(&folder, words);
        assert_eq!(code, Some(0), "{said}");
        let number = |line: &str, place: usize| {
            let cell = line.rsplit(',').nth(place).expect("a cell");
            cell.parse::<u64>().expect("a number")
        };
        let mut lines = lines.lines();
        let header: Vec<&str> = lines.next().expect("a header").rsplit(',').collect();
        let place = |label: &str| header.iter().position(|column| *column == label).expect("a column");
        let columns = ["bytes", "allocated", "files"].map(place);
        let lines: Vec<&str> = lines.collect();
        columns.map(|place| lines.iter().map(|line| number(line, place)).collect::<Vec<_>>())
    };
    for base in ["/", "/Users", "/Backups"] {
        let [bytes, allocated, files] = sums(&["du", base, "--on", "demo", "--depth", "0"]);
        let total = [bytes[0], allocated[0], files[0]];
        assert_ne!(total[2], 0);
        for by in ["extension", "age"] {
            let groups = sums(&["du", base, "--on", "demo", "--by", by]);
            assert_eq!(groups.map(|numbers| numbers.iter().sum::<u64>()), total, "{base} by {by}");
        }
        let words = ["du", base, "--on", "demo", "--by", "file", "--format", "jsonl"];
        let lines = told(&folder, &words).1;
        let sum = |key: &str| {
            let number = |line: &str| {
                let (_, rest) = line.split_once(key).expect("a number");
                rest.split(',').next().and_then(|digits| digits.parse::<u64>().ok()).expect("digits")
            };
            lines.lines().map(number).sum::<u64>()
        };
        assert_eq!([sum("\"bytes\":"), sum("\"allocated\":")], total[..2], "{base} by file");
    }
}

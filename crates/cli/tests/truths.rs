//! Small things that the command says of itself: each was once otherwise than it was.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The command in `folder`, which has a catalogue of its own, in a time zone.
fn told_in(zone: &str, folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
    command.current_dir(folder).env("TZ", zone).env("QUARRY_CATALOG", "catalog").args(words);
    let output = command.output().expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn told(words: &[&str]) -> (Option<i32>, String, String) {
    told_in("UTC", folder(), words)
}

/// The demo volume, scanned, and the dump of its `$MFT`, which is in one piece from byte 16384 on.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("truths");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("made");
        for words in [&["demo", "--keep", "."][..], &["scan", "demo.ntfs"]] {
            assert_eq!(told_in("UTC", &folder, words).0, Some(0));
        }
        let volume = std::fs::read(folder.join("demo.ntfs")).expect("readable");
        std::fs::write(folder.join("dump.mft"), &volume[16384..][..2169 * 1024]).expect("written");
        folder
    })
}

/// A dump has no bitmap that would call records free, but what is not in use is not kept of it either.
#[test]
fn what_living_only_leaves_out_of_a_dump_is_told() {
    let (code, out, _) = told(&["scan", "dump.mft", "--name", "living", "--living-only"]);
    let left_out = "  left out    96 records not in use that were read and not kept\n";
    assert!(code == Some(0) && out.contains(left_out), "{out}");
    let (_, all, _) = told(&["scan", "dump.mft", "--name", "all"]);
    assert!(all.contains("  left out    nothing\n"), "{all}");
}

/// How many are read at once does not show in what is found, nor does a source that cannot be opened.
#[test]
fn several_sources_are_searched_as_each_by_itself() {
    let folder = folder();
    let sources = ["one.ntfs", "dump.mft", "two.ntfs"];
    for copy in ["one.ntfs", "two.ntfs"] {
        std::fs::copy(folder.join("demo.ntfs"), folder.join(copy)).expect("copied");
    }
    let find = |source: &[&str], more: &[&str]| {
        let on =
            [&["find", "", "--format", "jsonl", "--columns", "name,size,record", "--on"], source].concat();
        let (code, out, said) = told(&[&on, more].concat());
        let mut rows: Vec<String> = out.lines().map(str::to_owned).collect();
        rows.sort_unstable();
        (code, rows, said)
    };
    let mut expected: Vec<String> =
        sources.iter().flat_map(|source| find(&[&format!("./{source}")], &[]).1).collect();
    expected.sort_unstable();
    assert!(expected.len() > 6000, "{}", expected.len());
    let all = sources.map(|source| format!("./{source}"));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for more in [&["--threads", "1"][..], &["--threads", "4"], &["--memory", "256mb"]] {
        let (code, rows, _) = find(&all, more);
        assert!((code, &rows) == (Some(0), &expected), "{more:?}: {} rows", rows.len());
    }
    let (code, rows, said) = find(&[all[0], "./nothing.img", all[1], all[2]], &[]);
    assert!((code, &rows) == (Some(3), &expected), "{} rows", rows.len());
    assert!(said.contains("nothing.img"), "{said}");
}

#[test]
fn rows_that_are_there_and_not_shown_are_found() {
    for (words, code) in [
        (&["find", "report", "--on", "demo", "--limit", "0"][..], 0),
        (&["find", "report", "--on", "demo", "--offset", "100000"], 0),
        (&["find", "report", "--limit", "0"], 0),
        (&["find", "report", "--on", "demo", "--offset", "100000", "--count"], 0),
        (&["find", "no such name", "--on", "demo", "--limit", "0"], 1),
        (&["find", "no such name", "--on", "demo", "--offset", "5"], 1),
        (&["du", "--on", "demo", "--limit", "0", "--format", "jsonl"], 0),
    ] {
        let (found, out, _) = told(words);
        assert_eq!(found, Some(code), "{words:?}");
        assert!(out.is_empty() || words.contains(&"--count"), "{words:?}: {out}");
    }
}

/// Alone, a source that is not there is an error; beside others, the answer is partial. The help says so.
#[test]
fn a_missing_source_is_an_error_or_makes_an_answer_partial() {
    assert_eq!(told(&["find", "report", "--on", "missing"]).0, Some(2));
    let (code, out, said) = told(&["find", "report", "--on", "demo", "missing"]);
    assert!(code == Some(3) && !out.is_empty() && said.contains("missing: not found"), "{said}");
    let (_, help, _) = told(&["--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains("2 error, 3 partial (a source of several, or a part of one, could not be read)"),
        "{help}"
    );
}

#[test]
fn files_are_counted_in_one_way() {
    let (_, scanned, _) = told(&["scan", "demo.ntfs", "--name", "counted"]);
    assert!(scanned.contains(" 1759 files, 308 folders, "), "{scanned}");
    let (_, listed, _) = told(&["catalog", "list"]);
    assert!(
        listed.lines().any(|line| line.starts_with("counted ") && line.contains(" 1759      308 ")),
        "{listed}"
    );
    let (_, total, _) = told(&["du", "--on", "counted", "--depth", "0"]);
    assert!(total.contains(",1759,308,"), "{total}");
    // What a source holds is told by its records: some have no name, and a junction's is a folder's.
    let (_, info, _) = told(&["info", "demo.ntfs"]);
    assert!(info.contains("  records     2169 of 1024 bytes; of them are\n  files       1761\n"), "{info}");
}

#[test]
fn what_a_flag_does_not_take_is_told_with_the_way_out() {
    for (words, expected) in [
        (&["find", "x", "--on", "demo.ntfs", "--depth", "32769"][..], "at most 32768 reads are in flight"),
        (&["scan", "demo.ntfs", "--name", "-x"], "begins with a hyphen would be taken for a flag"),
        (&["catalog", "import", "file", "--name", "-x"], "begins with a hyphen would be taken for a flag"),
    ] {
        let (code, out, said) = told(words);
        assert!(code == Some(2) && out.is_empty() && said.contains(expected), "{words:?}: {said}");
        assert!(!said.contains("-- -x"), "{said}");
    }
    assert_eq!(told(&["find", "report", "--on", "demo.ntfs", "--depth", "32768"]).0, Some(0));
}

#[test]
fn a_time_zone_that_is_none_is_told_once() {
    let words = ["find", "dm:2024-05 report", "--on", "demo", "--format", "table"];
    let (code, out, said) = told_in("Nowhere/Land", folder(), &words);
    assert_eq!(said, "quarry: TZ=Nowhere/Land: no such time zone; times are those of UTC\n");
    assert_eq!((code, out), {
        let (code, out, _) = told(&words);
        (code, out)
    });
    assert_eq!(told_in("Nowhere/Land", folder(), &["find", "report", "--on", "demo", "--quiet"]).2, "");
    for zone in ["", "UTC", "Europe/Berlin", "UTC0"] {
        assert_eq!(told_in(zone, folder(), &words).2, "", "{zone}");
    }
}

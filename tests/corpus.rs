//! The built command against real volumes, written by ntfs-3g and described by find and extended attributes on a fresh
//! mount. `tools/make-ntfs-corpus.sh` makes them; `cargo xtask test` runs this on all of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use quarry_tests::command::{find, find_within};
use quarry_tests::compare::{assert_none, compare};
use quarry_tests::manifest::{self, Manifest};
use quarry_tests::needs;
use quarry_tests::rows::{self, Row};
use quarry_tests::wtf8::Wtf8;
use serde::Deserialize;

const EVERYTHING: &[&str] = &["--format", "jsonl", "--streams"];
/// What a damaged dump of a few megabytes may make the command reserve: lengths found in it are not to be believed.
const DAMAGED_ADDRESS_SPACE_BYTES_MAX: u64 = 768 << 20;

/// One volume in every form that it comes in.
fn check(profile: &str) {
    let Some(folder) = needs::corpus(profile) else { return };
    let manifest = Manifest::read(&folder);
    // MFT.ntfscat has its fixups applied already: every record looks torn in the same way.
    for form in ["image.ntfs", "MFT.raw", "MFT.ntfscat"] {
        let ended = find("", &folder.join(form), EVERYTHING);
        let what = format!("{profile}/{form}");
        assert_eq!(ended.code, 0, "{what}: {}", ended.stderr);
        assert_none(&what, &compare(&rows::parse(&ended.stdout), &manifest));
    }
    check_deleted(profile, &folder);
    check_queries(profile, &folder);
}

#[test]
fn profile_main_everything_at_once() {
    check("main");
}

#[test]
fn profile_s4k_sectors_and_records_of_4_kib() {
    check("s4k");
}

#[test]
fn profile_c64k_clusters_of_64_kib() {
    check("c64k");
}

#[test]
fn profile_c512_records_larger_than_clusters() {
    check("c512");
}

#[test]
fn profile_c2m_clusters_above_64_kib() {
    check("c2m");
}

#[test]
fn profile_fragmft_mft_in_thousands_of_runs() {
    check("fragmft");
}

#[test]
fn profile_links_names_and_extents_in_extension_records() {
    check("links");
}

/// Every name that a record not in use still holds is a row in state deleted, and no other row is.
fn check_deleted(profile: &str, folder: &Path) {
    let ended = find("", &folder.join("image.ntfs"), &["--format", "jsonl", "--deleted"]);
    let found = rows::parse(&ended.stdout);
    let deleted: Vec<&Row> = found.iter().filter(|row| row.is("deleted")).collect();
    let names =
        |rows: &[&Row]| rows.iter().map(|row| (row.record, row.name.clone())).collect::<BTreeSet<_>>();
    let expected: BTreeSet<(u64, Wtf8)> =
        manifest::freed(folder).into_iter().map(|freed| (freed.ino, freed.name)).collect();
    assert_eq!(names(&deleted), expected, "{profile}: deleted (record, name), found against expected");

    // A path that can still be told is one that was there once.
    let removed: HashSet<Wtf8> = manifest::deleted(folder).into_iter().collect();
    let invented = deleted
        .iter()
        .filter(|row| !row.is("orphan"))
        .filter(|row| !removed.contains(row.path.0.strip_prefix(b"/").unwrap_or(&row.path.0)));
    let invented: Vec<String> = invented.map(|row| format!("never deleted: {:?}", row.path)).collect();
    assert_none(profile, &invented);
    check_lost_tree(profile, &deleted, &removed);
}

/// The tree `lost/` was removed last of all, so that every record of it survives and its paths can be told in full.
fn check_lost_tree(profile: &str, deleted: &[&Row], removed: &HashSet<Wtf8>) {
    let told: HashSet<&[u8]> =
        deleted.iter().map(|row| row.path.0.strip_prefix(b"/").unwrap_or(&row.path.0)).collect();
    let untold =
        removed.iter().filter(|path| path.0.starts_with(b"lost/") && !told.contains(path.0.as_slice()));
    let untold: Vec<String> =
        untold.map(|path| format!("deleted and not told by its path: {path:?}")).collect();
    assert_none(profile, &untold);
}

/// Queries whose answers were worked out from the manifest: the same count, and the same hash of the same paths.
fn check_queries(profile: &str, folder: &Path) {
    let table = fs::read_to_string(folder.join("queries.tsv")).unwrap();
    for line in table.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [mode, pattern, count, digest] = fields[..] else { panic!("{profile}: queries.tsv: {line}") };
        let query = query(mode, pattern).unwrap_or_else(|| panic!("{profile}: no such question: {line}"));
        let ended = find(&query, &folder.join("image.ntfs"), &["-0"]);
        let mut paths: Vec<&[u8]> = ended
            .stdout
            .split(|&byte| byte == 0)
            .filter_map(|path| path.strip_prefix(b"/"))
            .filter(|path| !path.is_empty())
            .collect();
        paths.sort_unstable();
        assert_eq!(paths.len().to_string(), count, "{profile}: {query}: {}", ended.stderr);
        assert_eq!(sha256(&paths.join(&0)), digest, "{profile}: {query}");
        assert_eq!(ended.code, i32::from(paths.is_empty()), "{profile}: exit code of {query}");
    }
}

/// A row of queries.tsv in Quarry's language.
fn query(mode: &str, pattern: &str) -> Option<String> {
    Some(match mode {
        "name-substr-icase" => format!("\"{}\"", pattern.to_lowercase()),
        "name-substr-case" => format!("case:\"{pattern}\""),
        "path-substr-icase" => format!("path:\"{pattern}\""),
        "ext" => format!("ext:{pattern}"),
        "bulk-file-size" => format!("path:bulk/ type:file size:{pattern}"),
        // find sees reparse points on folders as links, as Quarry does; there are no others on folders here.
        "type" if pattern == "dir" => "type:folder".to_owned(),
        _ => return None,
    })
}

fn sha256(bytes: &[u8]) -> String {
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn partitioned_disks_hold_the_same_volume() {
    let (Some(disks), Some(folder)) = (needs::corpus("disk"), needs::corpus("c512")) else { return };
    let manifest = Manifest::read(&folder);
    for disk in ["dos.img", "gpt.img"] {
        for more in [&["--partition", "1"][..], &[]] {
            let ended = find("", &disks.join(disk), &[EVERYTHING, more].concat());
            assert_eq!(ended.code, 0, "{disk}: {}", ended.stderr);
            assert_none(disk, &compare(&rows::parse(&ended.stdout), &manifest));
        }
        let ended = find("", &disks.join(disk), &["--partition", "2"]);
        assert_eq!(ended.code, 2, "{disk} has no second partition");
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{disk}: {}", ended.stderr);
    }
}

/// What the corpus says of one damaged dump.
#[derive(Deserialize)]
struct Damage {
    file: String,
    whole_records: u64,
    damaged_records: HashSet<u64>,
    affected_bases: HashSet<u64>,
}

impl Damage {
    /// Whether a record is in the damaged dump as it was in the original.
    fn spares(&self, record: u64) -> bool {
        record < self.whole_records
            && !self.damaged_records.contains(&record)
            && !self.affected_bases.contains(&record)
    }
}

/// The bounds of `command` hold (time, memory, no panic), and a record that was not damaged keeps its name; also its
/// path and its facts when no folder above it was damaged.
#[test]
fn damaged_dumps_end_in_an_answer_or_an_error() {
    let Some(folder) = needs::corpus("corrupt") else { return };
    let original = rows::parse(&find("", &folder.join("original.mft"), &["--format", "jsonl"]).stdout);
    assert!(!original.is_empty(), "the undamaged dump has no rows");
    let folders: HashMap<&[u8], u64> =
        original.iter().map(|row| (row.path.0.as_slice(), row.record)).collect();
    let list = fs::read(folder.join("expect.json")).unwrap();
    let dumps: Vec<Damage> = serde_json::from_slice(&list).unwrap();
    assert!(!dumps.is_empty(), "expect.json names no dump");
    for damage in &dumps {
        let dump = folder.join(&damage.file);
        let ended = find_within(DAMAGED_ADDRESS_SPACE_BYTES_MAX, "", &dump, &["--format", "jsonl"]);
        let found = rows::parse(&ended.stdout);
        let any_spared = original.iter().any(|row| damage.spares(row.record));
        assert!(
            !any_spared || matches!(ended.code, 0 | 3),
            "{}: answered {}: {}",
            damage.file,
            ended.code,
            ended.stderr
        );
        assert_none(&damage.file, &lost_in_damage(damage, &original, &folders, &found));
    }
}

fn lost_in_damage(
    damage: &Damage,
    original: &[Row],
    folders: &HashMap<&[u8], u64>,
    found: &[Row],
) -> Vec<String> {
    let mut by_record: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
    for row in found {
        by_record.entry(row.record).or_default().push(row);
    }
    let mut lost = Vec::new();
    for row in original.iter().filter(|row| damage.spares(row.record)) {
        let now = by_record.get(&row.record).map_or(&[][..], Vec::as_slice);
        let whole_way =
            ancestors(&row.path.0).all(|path| folders.get(path).is_some_and(|&above| damage.spares(above)));
        let kept = now.iter().any(|other| {
            let same = other.name == row.name && other.size == row.size && other.times() == row.times();
            same && (!whole_way || other.path == row.path)
        });
        if !kept {
            lost.push(format!(
                "record {}: {:?} is now {:?}",
                row.record,
                row.path,
                now.iter().map(|row| &row.path).collect::<Vec<_>>()
            ));
        }
    }
    lost
}

/// The folders above a path, nearest first, without the root, which is never damaged here.
fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().rev().filter(|&(at, &byte)| byte == b'/' && at > 0).map(|(at, _)| &path[..at])
}

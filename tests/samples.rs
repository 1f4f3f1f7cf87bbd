//! Real volumes made by Windows, against what other programs say of them: the crate `mft` record by record, and Sleuth Kit's
//! `fls` by path. The samples may not be published with the project; `QUARRY_SAMPLES` says where they are.
//!
//! Where the second opinion is not held to, and why, is said in [`excused`].

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use quarry_tests::command::find;
use quarry_tests::compare::assert_none;
use quarry_tests::rows::{self, Row};
use quarry_tests::second_opinion::{self, Name};
use quarry_tests::{filetime, needs};

const EVERYTHING: &[&str] = &["--format", "jsonl", "--deleted", "--metafiles", "--streams"];
const ROOT: u64 = 5;
/// Records of the file system's own.
const METAFILES_END: u64 = 24;
/// `$BadClus:$Bad` spans the volume; its size is that of what is bad (nothing).
const BAD_CLUSTERS: u64 = 8;

/// Unpacks a sample and answers where it is now.
fn unpack(name: &str) -> Option<PathBuf> {
    let packed = needs::samples()?.join(name).with_added_extension("zst");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Path::new(name).file_name()?);
    let status =
        Command::new("zstd").arg("-dc").arg(&packed).stdout(File::create(&out).unwrap()).status().unwrap();
    assert!(status.success(), "cannot unpack {}", packed.display());
    Some(out)
}

#[test]
fn windows_system_volume_record_by_record() {
    check("mft/windows-13088.mft", 13_088);
}

#[test]
fn small_mft_with_attribute_lists_record_by_record() {
    check("mft/ntfs1-gen2.mft", 96);
}

#[test]
fn mft_with_torn_and_baad_records_record_by_record() {
    check("mft/xw.mft", 628);
}

fn check(name: &str, records: u64) {
    let Some(dump) = unpack(name) else { return };
    let ended = find("", &dump, EVERYTHING);
    assert!(matches!(ended.code, 0 | 3), "{name}: {}", ended.stderr);
    let rows = rows::parse(&ended.stdout);
    assert!(rows.iter().all(|row| row.record < records), "{name}: a row of a record past the end");
    let (streams, names): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.kind == "stream");
    let paths: HashMap<&[u8], u64> = names.iter().map(|row| (row.path.0.as_slice(), row.record)).collect();
    let mut by_record: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
    for row in &names {
        by_record.entry(row.record).or_default().push(row);
    }
    let mut wrong = Vec::new();
    for (record, file) in second_opinion::read(&dump) {
        let rows = by_record.remove(&record).unwrap_or_default();
        if excused(record, &file) {
            continue;
        }
        wrong.extend(compare_names(record, &file, &rows, &paths));
        rows.iter().for_each(|row| wrong.extend(compare_facts(&file, row)));
        let found: BTreeMap<String, u64> = streams
            .iter()
            .filter(|row| row.record == record)
            .map(|row| (text(&row.name.0), row.size.unwrap_or_default()))
            .collect();
        if found != file.streams && record != BAD_CLUSTERS {
            wrong.push(format!("record {record}: streams {found:?}, expected {:?}", file.streams));
        }
    }
    wrong
        .extend(by_record.keys().map(|record| format!("record {record}: rows that the other does not have")));
    assert_none(name, &wrong);
}

/// The records about which the crate `mft` is not asked:
/// - a torn record, of which it gives up what Quarry keeps, or keeps what Quarry gives up;
/// - one with an attribute that it refuses (a time beyond the year 9999 drops the whole attribute there).
fn excused(_record: u64, file: &second_opinion::File) -> bool {
    file.torn || file.broken
}

/// The names, each under its parent: the row whose path is the folder's is the parent's record, or the row is an orphan.
fn compare_names(
    record: u64,
    file: &second_opinion::File,
    rows: &[&Row],
    paths: &HashMap<&[u8], u64>,
) -> Vec<String> {
    if record == ROOT {
        return Vec::new(); // its own parent; its path is "/" and has no name
    }
    let mut wrong = Vec::new();
    let mut expected: Vec<Name> = file.names.clone();
    for row in rows {
        let parent =
            if row.folder.0 == b"/" { Some(ROOT) } else { paths.get(row.folder.0.as_slice()).copied() };
        let name = text(&row.name.0);
        let at = expected.iter().position(|other| {
            other.text == name && (row.is("orphan") || parent.is_none() || Some(other.parent) == parent)
        });
        match at {
            Some(at) => drop(expected.swap_remove(at)),
            None => {
                wrong.push(format!("record {record}: {:?} is not expected there: {:?}", row.path, file.names))
            }
        }
        if row.is("deleted") != file.deleted {
            wrong.push(format!(
                "{:?}: deleted is {}, expected {}",
                row.path,
                row.is("deleted"),
                file.deleted
            ));
        }
        if row.links != Some(file.names.len() as u64) {
            wrong.push(format!("{:?}: links {:?}, expected {}", row.path, row.links, file.names.len()));
        }
    }
    wrong.extend(expected.iter().map(|name| format!("record {record}: missing {name:?}")));
    wrong
}

fn compare_facts(file: &second_opinion::File, row: &Row) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |what: &str, found: String, expected: String| {
        if found != expected {
            wrong.push(format!(
                "{:?} (record {}): {what} is {found}, expected {expected}",
                row.path, row.record
            ));
        }
    };
    let is_folder = row.kind == "folder" || (row.kind == "link" && file.folder);
    hold("folder", is_folder.to_string(), file.folder.to_string());
    hold("size", format!("{:?}", row.size), format!("{:?}", Some(file.size.unwrap_or_default())));
    hold("sequence", format!("{:?}", row.sequence), format!("{:?}", Some(file.sequence)));
    let times = file.times.map_or([None; 4], |times| times.map(filetime::shown));
    hold("times", format!("{:?}", row.times()), format!("{times:?}"));
    hold(
        "attributes",
        format!("{:x?}", row.attributes),
        format!("{:x?}", Some(file.attributes.unwrap_or_default())),
    );
    wrong
}

/// The other crate drops unpaired surrogates; so does this.
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\u{FFFD}', "")
}

#[test]
fn volume_of_512_byte_clusters_has_the_paths_that_fls_lists() {
    let Some(volume) = unpack("volumes/testfs1.ntfs") else { return };
    let listed =
        Command::new("fls").args(["-r", "-p", "-u"]).arg(&volume).stderr(Stdio::inherit()).output().unwrap();
    let expected: BTreeSet<(u64, String)> =
        String::from_utf8_lossy(&listed.stdout).lines().filter_map(fls_line).collect();
    assert!(expected.len() > 500, "fls lists only {} names", expected.len());
    let ended = find("", &volume, &["--format", "jsonl"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let found: BTreeSet<(u64, String)> = rows::parse(&ended.stdout)
        .into_iter()
        .filter(|row| row.path.0 != b"/")
        .map(|row| (row.record, String::from_utf8_lossy(&row.path.0).into_owned()))
        .collect();
    let differences: Vec<String> =
        found.symmetric_difference(&expected).map(|row| format!("only one has {row:?}")).collect();
    assert_none("testfs1", &differences);
}

/// `d/d 64-144-2:\tfolder/name` as a record number and a path; metafiles, streams and virtual folders left out.
fn fls_line(line: &str) -> Option<(u64, String)> {
    let (address, path) = line.split_once(":\t")?;
    let mut words = address.split(' ');
    let kind = words.next()?;
    let record: u64 = words.next()?.split('-').next()?.parse().ok()?;
    let own = record < METAFILES_END || path.starts_with("$Extend/") || kind.contains('V');
    let is_stream = kind.starts_with('r') && path.rsplit('/').next()?.contains(':');
    (!own && !is_stream).then(|| (record, format!("/{path}")))
}

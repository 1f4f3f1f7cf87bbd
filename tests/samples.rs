//! Real volumes made by Windows, against what other programs say of them: the crate `mft` record by record, and Sleuth Kit's
//! `fls` by path. The samples may not be published with the project; `QUARRY_SAMPLES` says where they are.
//!
//! Where the second opinion is not held to, and why, is said in [`excused`].

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use quarry_tests::command::find;
use quarry_tests::compare::assert_none;
use quarry_tests::rows::{self, Row};
use quarry_tests::second_opinion::{self, File, Name};
use quarry_tests::{filetime, needs};

const EVERYTHING: &[&str] = &["--format", "jsonl", "--deleted", "--metafiles", "--streams"];
const ROOT: u64 = 5;
const ROOT_SEQUENCE: u16 = 5;
/// Records of the file system's own.
const METAFILES_END: u64 = 24;
/// `$BadClus:$Bad` spans the volume; its size is that of what is bad (nothing).
const BAD_CLUSTERS: u64 = 8;

/// Unpacks a sample and answers where it is now.
fn unpack(name: &str) -> Option<PathBuf> {
    let packed = needs::samples()?.join(name).with_added_extension("zst");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Path::new(name).file_name()?);
    let status = Command::new("zstd")
        .arg("-dc")
        .arg(&packed)
        .stdout(fs::File::create(&out).unwrap())
        .status()
        .unwrap();
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
    let mut paths: Paths<'_> = HashMap::new();
    for row in &names {
        paths.entry(&row.path.0).or_default().push(row.record);
    }
    let mut by_record: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
    for row in &names {
        by_record.entry(row.record).or_default().push(row);
    }
    let mut wrong = Vec::new();
    let files = second_opinion::read(&dump);
    for (&record, file) in &files {
        let rows = by_record.remove(&record).unwrap_or_default();
        if excused(file) {
            continue;
        }
        wrong.extend(compare_names(record, &files, &rows, &paths));
        rows.iter().for_each(|row| wrong.extend(compare_facts(file, row)));
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
fn excused(file: &File) -> bool {
    file.torn || file.broken
}

/// The records of the rows with a path: among orphans, several may have the same.
type Paths<'a> = HashMap<&'a [u8], Vec<u64>>;

/// The folder that a name lies in by its reference: the record, if that is a folder and still the one that was meant.
fn folder_of(files: &BTreeMap<u64, File>, name: &Name, deleted: bool) -> Option<u64> {
    if (name.parent, name.parent_sequence) == (ROOT, ROOT_SEQUENCE) {
        return Some(ROOT);
    }
    let folder = files.get(&name.parent).filter(|folder| folder.folder)?;
    // Freeing a record counts its sequence number up; what was freed with it still names the one before.
    let meant = match (deleted, folder.deleted) {
        (false, true) => false,
        (true, true) => [folder.sequence, folder.sequence.wrapping_sub(1)].contains(&name.parent_sequence),
        (_, false) => folder.sequence == name.parent_sequence,
    };
    meant.then_some(name.parent)
}

/// The names, each where its reference to its parent leads: in the folder of that record, or among the orphans.
fn compare_names(record: u64, files: &BTreeMap<u64, File>, rows: &[&Row], paths: &Paths<'_>) -> Vec<String> {
    if record == ROOT {
        return Vec::new(); // its own parent; its path is "/" and has no name
    }
    let file = &files[&record];
    let mut wrong = Vec::new();
    let mut expected: Vec<Name> = file.names.clone();
    for row in rows {
        let folders: &[u64] = match row.folder.0.as_slice() {
            b"/" => &[ROOT],
            folder => paths.get(folder).map_or(&[], Vec::as_slice),
        };
        let in_place = |other: &Name| match folder_of(files, other, file.deleted) {
            Some(parent) => folders.contains(&parent),
            None => row.folder.0 == rows::ORPHANS,
        };
        let name = text(&row.name.0);
        let at = expected.iter().position(|other| other.text == name && in_place(other));
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

fn compare_facts(file: &File, row: &Row) -> Vec<String> {
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

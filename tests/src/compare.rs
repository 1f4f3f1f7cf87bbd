//! Rows against a manifest: every name, nothing missing, nothing extra, and each fact that the manifest can be relied on
//! for. Differences are collected, not thrown at the first: what is wrong with one kind of file shows as a pattern.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::filetime;
use crate::manifest::{Entry, Facts, Manifest};
use crate::rows::Row;
use crate::wtf8::Wtf8;

/// `FILE_ATTRIBUTE_DIRECTORY`, `_NORMAL` and `$FILE_NAME`'s folder bit: drivers add and drop them in what they show.
const INVENTED_ATTRIBUTES: u32 = 0x10 | 0x80 | 0x1000_0000;
const NAME_SURROGATE: u32 = 0x2000_0000;
const TAG_LX_SYMLINK: u32 = 0xA000_001D;
const BLOCK_BYTES: u64 = 512;
/// A value that stays in its record is shorter than this whatever the record's size.
const RESIDENT_BLOCKS_MAX: u64 = 8;
/// Holds the bytes of a file compressed by WOF; no stream of a user's.
const WOF_STREAM: &[u8] = b"WofCompressedData";

/// Compares the rows of `find '' --streams` with a manifest and answers every difference.
#[must_use]
pub fn compare(rows: &[Row], manifest: &Manifest) -> Vec<String> {
    let mut differences = Vec::new();
    let (streams, names): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.kind == "stream");
    let mut seen = BTreeSet::new();
    for row in names {
        let path = row.path.0.strip_prefix(b"/").unwrap_or(&row.path.0);
        if path.is_empty() {
            continue; // the root, which the manifest leaves out
        }
        let Some((path, entry)) = manifest.entries.get_key_value(path) else {
            differences.push(format!("extra: {:?} (record {})", row.path, row.record));
            continue;
        };
        if !seen.insert(path) {
            differences.push(format!("twice: {path:?}"));
        }
        let mut wrong = compare_name(row, path, entry, manifest);
        differences.append(&mut wrong);
    }
    let missing = manifest.entries.iter().filter(|(path, _)| !seen.contains(path));
    differences.extend(missing.map(|(path, entry)| format!("missing: {path:?} (record {})", entry.inode)));
    differences.extend(compare_streams(&streams, manifest));
    differences
}

fn compare_name(row: &Row, path: &Wtf8, entry: &Entry, manifest: &Manifest) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |what: &str, found: String, expected: String| {
        if found != expected {
            wrong.push(format!("{path:?}: {what} is {found}, expected {expected}"));
        }
    };
    let facts = manifest.facts.get(path);
    let reparse = facts.and_then(|facts| facts.reparse.as_ref()).map(|reparse| reparse.tag);
    hold("record", row.record.to_string(), entry.inode.to_string());
    hold("links", format!("{:?}", row.links), format!("{:?}", manifest.names.get(&entry.inode)));
    hold("type", row.kind.clone(), expected_type(entry, reparse).to_owned());
    hold("state", format!("{:?}", row.state.as_deref().unwrap_or_default()), "\"\"".to_owned());
    if entry.kind == b'f' && reparse.is_none() {
        hold("size", format!("{:?}", row.size), format!("{:?}", Some(entry.size)));
        hold("allocated", allocated(row.allocated, entry.blocks), format!("{} blocks", entry.blocks));
    }
    if entry.kind == b'd' {
        hold("size", format!("{:?}", row.size), "Some(0)".to_owned());
    }
    if let Some(wof) = manifest.wof.get(path) {
        hold("size", format!("{:?}", row.size), format!("{:?}", Some(wof.size)));
        let allocated = row.allocated.map(|bytes| bytes / BLOCK_BYTES);
        hold(
            "blocks of the compressed stream",
            format!("{allocated:?}"),
            format!("{:?}", Some(wof.packed_blocks)),
        );
    }
    if let Some(facts) = facts {
        hold("times", format!("{:?}", row.times()), format!("{:?}", expected_times(facts)));
        hold("reparse tag", format!("{:?}", row.reparse), format!("{reparse:?}"));
        let expected = facts.attrib.map(|bits| bits & !INVENTED_ATTRIBUTES);
        hold(
            "attributes",
            format!("{:x?}", row.attributes.map(|bits| bits & !INVENTED_ATTRIBUTES)),
            format!("{expected:x?}"),
        );
    }
    wrong
}

/// ntfs-3g shows every reparse point as a symbolic link and some files with the attribute SYSTEM as specials; to Quarry a
/// link is what its tag calls a name surrogate, and a special is a file.
fn expected_type(entry: &Entry, reparse: Option<u32>) -> &'static str {
    match (entry.kind, reparse) {
        (_, Some(tag)) if tag & NAME_SURROGATE != 0 || tag == TAG_LX_SYMLINK => "link",
        (b'd', _) => "folder",
        _ => "file",
    }
}

/// Blocks of what is allocated; a resident value has none, where the driver rounds its length up.
fn allocated(bytes: Option<u64>, expected_blocks: u64) -> String {
    match bytes {
        Some(0) if expected_blocks <= RESIDENT_BLOCKS_MAX => format!("{expected_blocks} blocks"),
        Some(bytes) => format!("{} blocks", bytes.div_ceil(BLOCK_BYTES)),
        None => "absent".to_owned(),
    }
}

fn expected_times(facts: &Facts) -> [Option<u64>; 4] {
    [facts.crtime, facts.mtime, facts.atime, facts.ctime].map(|time| time.and_then(filetime::shown))
}

/// Streams are held by record and name, since a file with several names has each of its streams once.
fn compare_streams(streams: &[&Row], manifest: &Manifest) -> Vec<String> {
    let mut expected: HashMap<(u64, &[u8]), Option<u64>> = HashMap::new();
    for facts in manifest.facts.values() {
        expected.extend(facts.ads.iter().map(|(name, size)| ((facts.ino, name.0.as_slice()), *size)));
    }
    // Behind a reparse point or a special the driver shows no streams, so that nothing can be said of them but this.
    let unseen: HashSet<u64> = manifest
        .entries
        .values()
        .filter(|entry| !matches!(entry.kind, b'f' | b'd'))
        .map(|entry| entry.inode)
        .collect();
    let mut differences = Vec::new();
    for row in streams {
        let name = row.name.0.as_slice();
        if !is_stream_path(row) {
            differences.push(format!("{:?}: the path does not end in the stream's name", row.path));
        }
        match expected.remove(&(row.record, name)) {
            Some(size) if size == row.size => {}
            Some(size) => {
                differences.push(format!("{:?}: size is {:?}, expected {size:?}", row.path, row.size));
            }
            None if unseen.contains(&row.record) && name != WOF_STREAM => {}
            None => {
                differences.push(format!("extra stream, or twice: {:?} (record {})", row.path, row.record))
            }
        }
    }
    let missing = expected
        .keys()
        .map(|(record, name)| format!("missing stream: \"{}\" of record {record}", name.escape_ascii()));
    differences.extend(missing);
    differences
}

fn is_stream_path(row: &Row) -> bool {
    row.path.0.strip_suffix(row.name.0.as_slice()).is_some_and(|front| front.ends_with(b":"))
}

/// Fails with the first differences and their number.
///
/// # Panics
/// When there is one.
pub fn assert_none(what: &str, differences: &[String]) {
    const SHOWN_MAX: usize = 25;
    let shown = differences.iter().take(SHOWN_MAX).map(|line| format!("\n  {line}")).collect::<String>();
    assert!(differences.is_empty(), "{what}: {} differences:{shown}", differences.len());
}

//! What the corpus script wrote beside each volume. `tools/make-ntfs-corpus.sh` says in its header what each file is, and
//! which of its facts can be relied on.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::wtf8::Wtf8;

/// A line of `manifest.find`.
#[derive(Debug)]
pub struct Entry {
    /// The record's number.
    pub inode: u64,
    /// As find's `%y`: f, d, l, s, p, c, b.
    pub kind: u8,
    /// Bytes; true of plain files alone.
    pub size: u64,
    /// 512-byte blocks.
    pub blocks: u64,
}

/// A line of `manifest.xattr`.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// The record's number.
    pub ino: u64,
    /// With surrogateescape.
    path: Wtf8,
    /// `FILE_ATTRIBUTE_*`.
    pub attrib: Option<u32>,
    /// FILETIMEs, as are the three others.
    pub crtime: Option<u64>,
    /// Modified.
    pub mtime: Option<u64>,
    /// Accessed.
    pub atime: Option<u64>,
    /// Record changed.
    pub ctime: Option<u64>,
    /// Its reparse point.
    pub reparse: Option<Reparse>,
    /// Sizes of its streams, where the driver lets them be seen.
    #[serde(default)]
    pub ads: HashMap<Wtf8, Option<u64>>,
}

/// The part of a reparse point that a row shows.
#[derive(Debug, Deserialize)]
pub struct Reparse {
    /// `IO_REPARSE_TAG_*`.
    pub tag: u32,
}

/// A line of `manifest.wof`.
#[derive(Debug, Deserialize)]
pub struct Wof {
    /// From the root, without a leading slash.
    pub path: Wtf8,
    /// What a user sees.
    pub size: u64,
    /// What the compressed stream takes, in 512-byte blocks; 0 when it is resident.
    pub packed_blocks: u64,
}

/// A line of `manifest.freed`: a name in a record that is not in use.
#[derive(Debug, Deserialize)]
pub struct Freed {
    /// The record's number.
    pub ino: u64,
    /// The name it still holds.
    pub name: Wtf8,
}

/// Everything known of one volume.
#[derive(Debug)]
pub struct Manifest {
    /// By path, without a leading slash; the root is not among them.
    pub entries: BTreeMap<Wtf8, Entry>,
    /// By path.
    pub facts: HashMap<Wtf8, Facts>,
    /// By path.
    pub wof: HashMap<Wtf8, Wof>,
    /// Number of names of each record.
    pub names: HashMap<u64, u64>,
}

impl Manifest {
    /// Reads the manifests in a volume's folder.
    ///
    /// # Panics
    /// When one is missing or malformed.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let entries: BTreeMap<_, _> = nul_separated(&folder.join("manifest.find"))
            .iter()
            .map(|line| {
                entry(line)
                    .unwrap_or_else(|| panic!("malformed line in manifest.find: {}", line.escape_ascii()))
            })
            .filter(|(path, _)| !path.0.is_empty())
            .collect();
        let mut names = HashMap::new();
        for entry in entries.values() {
            *names.entry(entry.inode).or_default() += 1;
        }
        let facts = json_lines::<Facts>(&folder.join("manifest.xattr"))
            .into_iter()
            .map(|facts| (facts.path.clone().from_surrogateescape(), facts))
            .collect();
        let wof = json_lines::<Wof>(&folder.join("manifest.wof"))
            .into_iter()
            .map(|wof| (wof.path.clone(), wof))
            .collect();
        Self { entries, facts, wof, names }
    }
}

/// The names that unused records still hold.
///
/// # Panics
/// When the manifest is missing or malformed.
#[must_use]
pub fn freed(folder: &Path) -> Vec<Freed> {
    json_lines(&folder.join("manifest.freed"))
}

/// Paths that were made and removed.
///
/// # Panics
/// When the manifest is missing.
#[must_use]
pub fn deleted(folder: &Path) -> Vec<Wtf8> {
    nul_separated(&folder.join("manifest.deleted")).into_iter().map(Wtf8).collect()
}

fn entry(line: &[u8]) -> Option<(Wtf8, Entry)> {
    let fields: Vec<&[u8]> = line.splitn(7, |&byte| byte == b'\t').collect();
    let [inode, kind, size, blocks, _links, _mtime, path] = fields[..] else { return None };
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse().ok();
    let entry =
        Entry { inode: number(inode)?, kind: *kind.first()?, size: number(size)?, blocks: number(blocks)? };
    Some((Wtf8(path.to_vec()), entry))
}

fn nul_separated(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes.split(|&byte| byte == 0).filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn json_lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            serde_json::from_slice(line).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

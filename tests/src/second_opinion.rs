//! What the crate `mft` makes of a dump, gathered record by record as rows are: extensions joined to their bases, short names
//! left out, sizes from the attribute that starts at VCN 0.
//!
//! That crate does not join extensions itself; it is asked for single attributes, which is where it can be relied on.

use std::collections::BTreeMap;
use std::path::Path;

use mft::attribute::header::MftAttributeHeader;
use mft::attribute::x30::FileNamespace;
use mft::attribute::{MftAttribute, MftAttributeType};
use mft::{MftEntry, MftParser, StandardInfoAttr, Timestamp};

const UNIX_EPOCH_TICKS: i128 = 116_444_736_000_000_000;
const NS_PER_TICK: i128 = 100;

/// One file.
#[derive(Debug, Default)]
pub struct File {
    /// Not in use.
    pub deleted: bool,
    /// The record's flag.
    pub folder: bool,
    /// Sequence number of the base record.
    pub sequence: u16,
    /// Whether some sector of some record was torn.
    pub torn: bool,
    /// Some attribute could not be read.
    pub broken: bool,
    /// Every name but short ones.
    pub names: Vec<Name>,
    /// Of the unnamed stream.
    pub size: Option<u64>,
    /// Of the named streams.
    pub streams: BTreeMap<String, u64>,
    /// `$STANDARD_INFORMATION`: created, modified, accessed, changed as FILETIMEs.
    pub times: Option<[u64; 4]>,
    /// `$STANDARD_INFORMATION`.
    pub attributes: Option<u32>,
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Lossy where it holds an unpaired surrogate.
    pub text: String,
    /// Record number of the parent.
    pub parent: u64,
    /// The sequence number it was given.
    pub parent_sequence: u16,
}

/// The files of a dump by record number.
///
/// # Panics
/// When the dump cannot be opened at all.
#[must_use]
pub fn read(dump: &Path) -> BTreeMap<u64, File> {
    let mut parser = MftParser::from_path(dump).unwrap_or_else(|error| panic!("{}: {error}", dump.display()));
    let entries: Vec<MftEntry> =
        parser.iter_entries().filter_map(Result::ok).filter(|entry| entry.header.is_valid()).collect();
    let (bases, extensions): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| entry.header.is_base_record());
    let mut files: BTreeMap<u64, File> = BTreeMap::new();
    for entry in bases {
        let file = files.entry(entry.header.record_number).or_default();
        file.deleted = !entry.is_allocated();
        file.folder = entry.is_dir();
        file.sequence = entry.header.sequence;
        gather(entry, file);
    }
    for entry in extensions {
        let base = entry.header.base_reference;
        // Freeing a record counts its sequence number up, so that what was freed with its base is one behind.
        let current = |file: &File| {
            let behind = u16::from(file.deleted && !entry.is_allocated());
            file.sequence == base.sequence || file.sequence.wrapping_sub(behind) == base.sequence
        };
        if let Some(file) = files.get_mut(&base.entry).filter(|file| current(file)) {
            gather(entry, file);
        }
    }
    files
}

fn gather(entry: &MftEntry, file: &mut File) {
    file.torn |= entry.valid_fixup == Some(false);
    for attribute in entry.iter_attributes() {
        match attribute {
            Ok(attribute) => add(&attribute, file),
            Err(_) => file.broken = true,
        }
    }
}

fn add(attribute: &MftAttribute<'_>, file: &mut File) {
    if let Some(name) = attribute.data.as_file_name() {
        if name.namespace != FileNamespace::DOS {
            let (parent, parent_sequence) = (name.parent.entry, name.parent.sequence);
            file.names.push(Name { text: name.name.to_utf8_string(), parent, parent_sequence });
        }
    } else if let Some(information) = attribute.data.as_standard_info() {
        file.attributes = Some(information.file_flags.bits());
        file.times = times(information);
    } else if attribute.header.type_code == MftAttributeType::DATA && !attribute.header.is_continuation() {
        add_stream(&attribute.header, file);
    }
}

fn add_stream(header: &MftAttributeHeader<'_>, file: &mut File) {
    if header.name.is_empty() {
        file.size = Some(header.value_size());
    } else {
        file.streams.insert(header.name.to_utf8_string(), header.value_size());
    }
}

fn times(information: &StandardInfoAttr) -> Option<[u64; 4]> {
    let ticks = |time: Timestamp| u64::try_from(time.as_nanosecond() / NS_PER_TICK + UNIX_EPOCH_TICKS).ok();
    let created = ticks(information.created)?;
    let modified = ticks(information.modified)?;
    let accessed = ticks(information.accessed)?;
    Some([created, modified, accessed, ticks(information.mft_modified)?])
}

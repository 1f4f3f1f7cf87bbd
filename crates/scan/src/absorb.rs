//! From a record to rows: the one place where what NTFS says becomes what the index holds.
//!
//! A record is taken as it comes, base or extension, in use or not; whatever needs another record is left to
//! the index, which joins when all are there. So records can come in any order, and no record is read twice.

use quarry_index::{
    Batch, Evidence, File, FileFlags, FileId, NAME_BYTES_MAX, Patch, Stream, TAG_WOF, Time, make_possible,
};
use quarry_ntfs::{
    Attribute, AttributeError, AttributeType, Damage, FileName, FileReference, FileTime, Namespace,
    Protection, Record, RecordError, ReparsePoint, SizeLimit, StandardInformation, StreamSizes, Utf16,
    metafile, tag,
};

use crate::report::{DamagedRecord, Report};

/// The stream that holds the bytes of a file packed by the Windows Overlay Filter.
const WOF_STREAM: &str = "WofCompressedData";
const _: () = assert!(NAME_BYTES_MAX >= 3 * 255);
const _: () = assert!(TAG_WOF == tag::WOF);

/// Takes records into a batch and counts what they are.
#[derive(Debug)]
pub(crate) struct Absorber {
    pub(crate) batch: Batch,
    pub(crate) report: Report,
    keep_deleted: bool,
    protection: Protection,
    limit: SizeLimit,
}

/// How often a record has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Once, and if it is torn a second reading may find it whole.
    First,
    /// Once more, because the first reading found it torn.
    Second,
    /// Once, and it will not change.
    Only,
}

/// Whether a record was taken, or should be read once more because it was caught in the middle of a write.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Yes,
    Torn,
}

/// What the attributes of one record add up to.
#[derive(Debug, Default)]
struct Facts<'a> {
    standard: Option<StandardInformation>,
    data: Option<StreamSizes>,
    reparse_tag: u32,
    /// The reparse tag as a name remembers it.
    remembered_tag: u32,
    names: u32,
    /// The first name, short ones only if there is no other.
    name: Option<FileName<'a>>,
    streams: u32,
    short: Option<FileName<'a>>,
    damage: Damage,
    broken: Option<AttributeError>,
}

impl Absorber {
    pub(crate) fn new(batch: Batch, keep_deleted: bool, protection: Protection, limit: SizeLimit) -> Self {
        Self { batch, report: Report::default(), keep_deleted, protection, limit }
    }

    /// Takes the record that fills `bytes`. A torn one is left alone at the first reading.
    pub(crate) fn take(&mut self, number: u32, bytes: &mut [u8], reading: Reading) -> Taken {
        let counts = &mut self.report.counts;
        let record = match Record::parse(bytes, self.protection) {
            Ok(record)
                if reading == Reading::First
                    && record.damage().contains(Damage::TORN)
                    && record.is_in_use() =>
            {
                return Taken::Torn;
            }
            Ok(record) => record,
            Err(error) => {
                counts.records += 1;
                let damage = match error {
                    RecordError::Blank => {
                        counts.blank += 1;
                        return Taken::Yes;
                    }
                    RecordError::Baad => {
                        counts.baad += 1;
                        Damage::BAAD
                    }
                    _ => {
                        counts.junk += 1;
                        Damage::SIGNATURE
                    }
                };
                self.report.note_damage(DamagedRecord { record: number.into(), damage, attribute: None });
                return Taken::Yes;
            }
        };
        counts.records += 1;
        let mended = reading == Reading::Second && !record.damage().contains(Damage::TORN);
        counts.mended += u64::from(mended);
        if !record.is_in_use() {
            counts.deleted += 1;
            if !self.keep_deleted {
                return Taken::Yes;
            }
        }
        match record.base() {
            Some(base) => self.take_extension(number, &record, base),
            None => self.take_base(number, &record),
        }
        Taken::Yes
    }

    /// Takes `records` that lie in a hole of the `$MFT`.
    pub(crate) fn take_blank(&mut self, records: u64) {
        self.report.counts.records += records;
        self.report.counts.blank += records;
    }

    fn take_base(&mut self, number: u32, record: &Record<'_>) {
        self.batch.open_file();
        let facts = self.walk(number, record);
        let in_use = record.is_in_use();
        let told = facts.names > 0 || facts.streams > 0 || facts.data.is_some() || facts.standard.is_some();
        if !in_use && !told {
            // A record that was formatted and never used, or emptied: there is nothing to find again.
            return;
        }
        self.note(number, in_use, &facts);
        let directory = record.is_directory();
        if !in_use && facts.names > 0 {
            self.report.counts.deleted_files += 1;
        }
        if in_use {
            self.report.counts.files += 1;
            self.report.counts.folders += u64::from(directory);
        }
        let mut flags = FileFlags::empty();
        flags.set(FileFlags::DIRECTORY, directory);
        flags.set(FileFlags::DELETED, !in_use);
        flags.set(FileFlags::METAFILE, u64::from(number) < metafile::FIRST_USER);
        flags.set(FileFlags::DAMAGED, !facts.damage.is_empty());
        flags.set(FileFlags::STRAY, facts.damage.contains(Damage::MISPLACED));
        // A folder has no size, whatever its extensions say.
        flags.set(FileFlags::SIZED, facts.data.is_some() || directory);
        let sizes = facts.data.filter(|_| !directory).unwrap_or_default();
        let time = |pick: fn(&StandardInformation) -> FileTime| {
            Time(facts.standard.as_ref().map_or(0, |s| pick(s).0))
        };
        let file = File {
            record: number,
            sequence: record.sequence(),
            size: sizes.size,
            allocated: sizes.allocated,
            created: time(|standard| standard.created),
            modified: time(|standard| standard.modified),
            changed: time(|standard| standard.changed),
            accessed: time(|standard| standard.accessed),
            attributes: facts.standard.map_or(0, |standard| standard.attributes.bits()),
            reparse_tag: facts.reparse_tag,
            flags,
        };
        self.batch.close_file_with(file, evidence(record, &facts));
    }

    fn take_extension(&mut self, number: u32, record: &Record<'_>, base: FileReference) {
        let in_use = record.is_in_use();
        self.report.counts.extensions += u64::from(in_use);
        // A base beyond what an index can number is one that is not there.
        let id = file_id(base).unwrap_or(FileId { record: u32::MAX, sequence: base.sequence });
        self.batch.extension(number, id, !in_use);
        let facts = self.walk(number, record);
        self.note(number, in_use, &facts);
        if let Some(StreamSizes { size, allocated, .. }) = facts.data {
            self.batch.patch(Patch::Sizes { size, allocated });
        }
        if facts.reparse_tag != 0 {
            self.batch.patch(Patch::ReparseTag(facts.reparse_tag));
        }
        if let Some(name) = facts.name {
            let [modified, created, changed, accessed] =
                [name.modified, name.created, name.changed, name.accessed].map(|time| Time(time.0));
            self.batch.patch(Patch::NameTimes { modified, created, changed, accessed });
        }
        if !facts.damage.is_empty() {
            self.batch.patch(Patch::Damaged);
        }
    }

    fn note(&mut self, number: u32, in_use: bool, facts: &Facts<'_>) {
        if in_use && !facts.damage.is_empty() {
            let (damage, attribute) = (facts.damage, facts.broken);
            self.report.note_damage(DamagedRecord { record: number.into(), damage, attribute });
        }
    }

    /// Takes names and streams from the attributes into the batch, and adds up the rest.
    fn walk<'r>(&mut self, number: u32, record: &Record<'r>) -> Facts<'r> {
        let mut facts = Facts { damage: record.damage(), ..Facts::default() };
        if record.number().is_some_and(|own| own != number) {
            facts.damage |= Damage::MISPLACED;
        }
        for attribute in record.attributes() {
            match attribute {
                Ok(attribute) => self.take_attribute(number, &attribute, &mut facts),
                Err(error) => {
                    facts.damage |= Damage::ATTRIBUTES;
                    facts.broken = Some(error);
                }
            }
        }
        if let Some(short) = facts.short {
            self.report.counts.short_names += u64::from(record.is_in_use());
            if facts.names == 0 {
                self.take_name(&short, true, &mut facts);
            }
        }
        facts
    }

    #[inline]
    fn take_attribute<'r>(&mut self, number: u32, attribute: &Attribute<'r>, facts: &mut Facts<'r>) {
        let damage = match attribute.kind {
            AttributeType::STANDARD_INFORMATION => {
                facts.standard = attribute.resident().and_then(StandardInformation::parse);
                facts.standard.is_none()
            }
            AttributeType::FILE_NAME => match attribute.resident().map(FileName::parse) {
                Some(Ok(name)) if name.namespace == Namespace::Dos => {
                    facts.short = Some(name);
                    false
                }
                Some(Ok(name)) => {
                    self.take_name(&name, false, facts);
                    false
                }
                Some(Err(_)) | None => true,
            },
            AttributeType::DATA => {
                self.take_data(number, attribute, facts);
                false
            }
            AttributeType::REPARSE_POINT => match attribute.resident() {
                Some(value) => {
                    facts.reparse_tag = ReparsePoint::tag_of(value).unwrap_or(0);
                    ReparsePoint::parse(value).is_err()
                }
                // Larger than a record can hold: its tag lies in clusters that are not read here. What a name next
                // to it remembers may be there; in an extension record, there is mostly none.
                None => {
                    facts.reparse_tag = match facts.remembered_tag {
                        0 => tag::UNKNOWN,
                        remembered => remembered,
                    };
                    false
                }
            },
            _ => false,
        };
        if damage {
            facts.damage |= Damage::CONTENT;
        }
    }

    fn take_name<'r>(&mut self, name: &FileName<'r>, short: bool, facts: &mut Facts<'r>) {
        facts.names += 1;
        facts.name.get_or_insert(*name);
        facts.remembered_tag = name.reparse_tag.unwrap_or(facts.remembered_tag);
        let parent =
            file_id(name.parent).unwrap_or(FileId { record: u32::MAX, sequence: name.parent.sequence });
        let mut possible = true;
        self.batch.name(parent, short, |blob| possible = push_name(name.name, blob));
        if !possible && !is_root(name) {
            facts.damage |= Damage::NAME;
        }
    }

    fn take_data(&mut self, number: u32, attribute: &Attribute<'_>, facts: &mut Facts<'_>) {
        let sizes = match StreamSizes::of(attribute, self.limit) {
            Ok(Some(sizes)) => sizes,
            Ok(None) => return,
            Err(_) => {
                facts.damage |= Damage::SIZES;
                StreamSizes::default()
            }
        };
        if attribute.name.is_empty() {
            facts.data = facts.data.or(Some(sizes));
            return;
        }
        // `$BadClus:$Bad` is as long as the volume and all hole: what is in it are the bad clusters.
        let bad = u64::from(number) == metafile::BAD_CLUSTERS && attribute.name.is("$Bad");
        let size = if bad { sizes.initialised } else { sizes.size };
        let allocated = if bad { sizes.initialised } else { sizes.allocated };
        let packed = attribute.name.is(WOF_STREAM);
        facts.streams += 1;
        let mut possible = true;
        self.batch
            .stream(Stream { size, allocated, packed }, |blob| possible = push_name(attribute.name, blob));
        if !possible {
            facts.damage |= Damage::NAME;
        }
    }
}

fn evidence(record: &Record<'_>, facts: &Facts<'_>) -> Evidence {
    let standard = facts.standard.as_ref();
    let time = |pick: fn(&FileName<'_>) -> FileTime| Time(facts.name.as_ref().map_or(0, |name| pick(name).0));
    Evidence {
        security: standard.and_then(|standard| standard.security_id).unwrap_or(0),
        usn: standard.and_then(|standard| standard.usn).unwrap_or(0),
        lsn: record.lsn(),
        name_modified: time(|name| name.modified),
        name_created: time(|name| name.created),
        name_changed: time(|name| name.changed),
        name_accessed: time(|name| name.accessed),
    }
}

/// Appends a name; says whether a file can have it. What no file can have is [made one](make_possible).
fn push_name(name: Utf16<'_>, blob: &mut Vec<u8>) -> bool {
    let start = blob.len();
    name.push_wtf8(blob);
    make_possible(blob, start)
}

/// Whether this is the name of the root, which is `.` in itself.
fn is_root(name: &FileName<'_>) -> bool {
    name.parent.record == metafile::ROOT && name.name.is(".")
}

/// A reference as the index knows files; nothing for a record beyond what it can number.
fn file_id(reference: FileReference) -> Option<FileId> {
    let record = u32::try_from(reference.record).ok().filter(|&record| record != u32::MAX)?;
    Some(FileId { record, sequence: reference.sequence })
}

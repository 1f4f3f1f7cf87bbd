//! A source that has been opened: where its records lie and what is known before they are read.

use std::ops::Range;
use std::sync::Arc;

use quarry_index::CaseTable;
use quarry_io::{Device, DeviceKind, ReadError};
use quarry_ntfs::{
    Attribute, AttributeType, BootSector, Form, Protection, Record, RecordError, SizeLimit, UPCASE_BYTES,
    VolumeInformation, metafile, upcase_units,
};

use crate::dump::Told;
use crate::error::{OpenError, with_source};
use crate::extents::{Extent, ExtentError, Extents};
use crate::identify::{BootCopy, backup_boot_offset};
use crate::mft;
use crate::report::Note;
use crate::system::RunsCheck;

/// An NTFS volume, or the `$MFT` of one that was dumped to a file.
#[derive(Debug)]
pub struct Volume {
    pub(crate) device: Arc<dyn Device>,
    boot: Option<BootSector>,
    pub(crate) record_bytes: u32,
    pub(crate) protection: Protection,
    pub(crate) mft: Extents,
    /// Where the bytes of the `$MFT` that count end: records beyond were never written.
    mft_bytes: u64,
    notes: Vec<Note>,
    partition: Option<u32>,
    pub(crate) runs_check: Option<RunsCheck>,
}

/// Why a record could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was read is no record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It lies outside the `$MFT` as far as that is known.
    #[error("record {0} lies outside the $MFT")]
    Outside(u64),
}

impl Volume {
    /// Opens the volume that fills `device`, its geometry told by the boot sector `boot`.
    ///
    /// # Errors
    /// If there is no usable boot sector, or the `$MFT` cannot be found.
    pub fn open(device: Arc<dyn Device>, boot: BootCopy) -> Result<Self, OpenError> {
        let mut notes = Vec::new();
        let boot = match boot {
            BootCopy::Backup { offset } => {
                notes.push(Note::BackupBootSector);
                boot_sector_at(&*device, offset)?
            }
            BootCopy::Primary => match (boot_sector_at(&*device, 0), backup_boot_offset(&*device)) {
                (Err(OpenError::Boot(_)), Some(offset)) => {
                    notes.push(Note::BackupBootSector);
                    boot_sector_at(&*device, offset)?
                }
                (primary, _) => primary?,
            },
        };
        // A copy of the boot sector behind the volume is not part of it.
        let (there, expected) = (device.len(), boot.bytes());
        if there < expected {
            notes.push(Note::VolumeCutShort { there, expected });
        }
        let found = mft::locate(&*device, &boot, &mut notes).map_err(|error| match error {
            OpenError::NoMft { .. } if there < expected => {
                OpenError::CutShort { there, expected, source: Box::new(error) }
            }
            error => error,
        })?;
        if found.extents.hole_bytes() > 0 {
            notes.push(Note::MftHoles { bytes: found.extents.hole_bytes() });
        }
        Ok(Self {
            device,
            record_bytes: boot.record_bytes,
            boot: Some(boot),
            protection: Protection::Protected,
            mft_bytes: found.bytes.min(found.extents.length()),
            mft: found.extents,
            notes,
            partition: None,
            runs_check: None,
        })
    }

    /// Opens a `$MFT`, or a piece of one, that was dumped to `device`, with records of `record_bytes`.
    #[must_use]
    pub fn open_dump(device: Arc<dyn Device>, record_bytes: u32) -> Self {
        let record = u64::from(record_bytes);
        let told = Told::by(&*device, record_bytes, device.len() / record);
        let skipped = told.skipped * record;
        let start = told.first * record;
        let length = device.len() - skipped;
        let mut volume = Self {
            mft: Extents::contiguous(Extent { start, length, offset: Some(skipped) }),
            mft_bytes: start + length,
            device,
            boot: None,
            record_bytes,
            protection: told.protection,
            notes: told.notes().collect(),
            partition: None,
            runs_check: None,
        };
        volume.notes.extend(volume.cut_short());
        volume
    }

    /// Notes the partition that it lies in.
    pub(crate) fn lies_in(&mut self, partition: u32) {
        self.partition = Some(partition);
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// What a dump lacks by the word of its own record 0, or because it ends inside a record.
    fn cut_short(&self) -> Option<Note> {
        let there = self.mft_bytes - self.mft.start();
        let mut buffer = Vec::new();
        let told = self.record(metafile::MFT, &mut buffer).ok().and_then(|record| {
            // Where another record lies in its place, its data are another file's.
            record.number().is_none_or(|number| number == 0).then_some(())?;
            let data = unnamed(&record, AttributeType::DATA)?;
            match data.form {
                Form::NonResident(data) if data.lowest_vcn == 0 => Some(data.real),
                _ => None,
            }
        });
        let whole = there.next_multiple_of(self.record_bytes.into());
        // A size that no `$MFT` has says nothing about this one.
        let believable = |bytes: &u64| *bytes <= u64::from(u32::MAX) * u64::from(self.record_bytes);
        let expected = told.filter(believable).unwrap_or(0).max(whole);
        let cause = "the dump ends before the $MFT does".to_owned();
        (expected > there).then_some(Note::MftCutShort { there, expected, cause })
    }

    /// The geometry; nothing for a dump.
    #[must_use]
    pub fn boot(&self) -> Option<&BootSector> {
        self.boot.as_ref()
    }

    /// The device that it lies on: its partition, where it is one.
    #[must_use]
    pub fn device(&self) -> &Arc<dyn Device> {
        &self.device
    }

    /// Whether it may change while it is read: it is no image of a volume, but one.
    pub(crate) fn may_change(&self) -> bool {
        self.boot.is_some() && self.device.kind() == DeviceKind::Block
    }

    /// The same volume, whose geometry is `boot`, as its record 0 tells now where the `$MFT` lies, with what is to be noted of that; or why that
    /// cannot be told. What is torn is no word at all here: half of its runs may be of now and half of then, and those of then are known.
    pub(crate) fn located_again(&self, boot: &BootSector) -> Result<Self, String> {
        let mut notes = Vec::new();
        let found = mft::locate(&*self.device, boot, &mut notes).map_err(|error| with_source(&error))?;
        if found.torn {
            return Err("a record of $MFT itself is torn, also when it is read once more".to_owned());
        }
        Ok(Self {
            device: Arc::clone(&self.device),
            boot: self.boot,
            mft_bytes: found.bytes.min(found.extents.length()),
            mft: found.extents,
            notes,
            ..*self
        })
    }

    /// The number of the partition that it lies in, if it does.
    #[must_use]
    pub fn partition(&self) -> Option<u32> {
        self.partition
    }

    /// Bytes in a record.
    #[must_use]
    pub fn record_bytes(&self) -> u32 {
        self.record_bytes
    }

    /// Where the `$MFT` lies.
    #[must_use]
    pub fn mft(&self) -> &Extents {
        &self.mft
    }

    /// How many records there are; a last one that is cut off does not count.
    #[must_use]
    pub fn records(&self) -> u64 {
        let Range { start, end } = self.numbers();
        end - start
    }

    /// Their numbers: from 0 on, unless this is a dump of a piece of the `$MFT`.
    #[must_use]
    pub fn numbers(&self) -> Range<u64> {
        let record_bytes = u64::from(self.record_bytes);
        self.mft.start() / record_bytes..self.mft_bytes / record_bytes
    }

    /// What is to be known of it as a whole.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The largest size that a stream can have here.
    pub(crate) fn size_limit(&self) -> SizeLimit {
        self.boot.map_or(SizeLimit::UNKNOWN_GEOMETRY, |boot| SizeLimit::of_clusters(boot.cluster_bytes))
    }

    /// Reads one record into `buffer`.
    ///
    /// # Errors
    /// If it is outside the `$MFT`, cannot be read, or is no record.
    pub fn record<'b>(&self, number: u64, buffer: &'b mut Vec<u8>) -> Result<Record<'b>, RecordFault> {
        if !self.numbers().contains(&number) {
            return Err(RecordFault::Outside(number));
        }
        buffer.resize(self.record_bytes as usize, 0);
        self.mft.read(&*self.device, number * u64::from(self.record_bytes), buffer)?;
        Ok(Record::parse(buffer, self.protection)?)
    }

    /// Label of the volume in WTF-8; empty if it has none.
    #[must_use]
    pub fn label(&self) -> Vec<u8> {
        let mut buffer = Vec::new();
        let record = self.record(metafile::VOLUME, &mut buffer).ok();
        let value = record.and_then(|record| unnamed(&record, AttributeType::VOLUME_NAME)?.resident());
        value.map(|value| quarry_ntfs::Utf16::new(value).to_wtf8()).unwrap_or_default()
    }

    /// Version and state of the volume, as far as record 3 can be read.
    #[must_use]
    pub fn information(&self) -> Option<VolumeInformation> {
        let mut buffer = Vec::new();
        let record = self.record(metafile::VOLUME, &mut buffer).ok()?;
        VolumeInformation::parse(unnamed(&record, AttributeType::VOLUME_INFORMATION)?.resident()?)
    }

    /// The volume's case table; the usual one for a dump, and where the volume's cannot be read.
    pub(crate) fn case_table(&self, notes: &mut Vec<Note>) -> CaseTable {
        let Some(boot) = &self.boot else { return CaseTable::default() };
        match self.upcase(boot) {
            Ok(units) => CaseTable::from_units(&units),
            Err(cause) => {
                notes.push(Note::DefaultCaseTable { cause });
                CaseTable::default()
            }
        }
    }

    fn upcase(&self, boot: &BootSector) -> Result<Vec<u16>, String> {
        let mut buffer = Vec::new();
        let record = self.record(metafile::UPCASE, &mut buffer).map_err(|fault| fault.to_string())?;
        let data = unnamed(&record, AttributeType::DATA).ok_or("record 10 has no data")?;
        let content = content(&*self.device, boot, &data, UPCASE_BYTES).map_err(|error| error.to_string())?;
        match content.len() {
            UPCASE_BYTES => Ok(upcase_units(&content).collect()),
            other => Err(format!("{other} bytes, expected {UPCASE_BYTES}")),
        }
    }
}

fn boot_sector_at(device: &dyn Device, offset: u64) -> Result<BootSector, OpenError> {
    Ok(BootSector::parse(&device.read_bytes(offset, quarry_ntfs::SECTOR_BYTES_MIN as usize)?)?)
}

/// The unnamed attribute of this kind in a record, the first stretch of it.
pub(crate) fn unnamed<'r>(record: &Record<'r>, kind: AttributeType) -> Option<Attribute<'r>> {
    record
        .attributes()
        .map_while(Result::ok)
        .find(|attribute| attribute.kind == kind && attribute.name.is_empty())
}

/// Why the content of an attribute could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentError {
    #[error("{found} bytes, more than the {max} expected at most")]
    TooLong { found: u64, max: usize },
    #[error(transparent)]
    Run(#[from] quarry_ntfs::RunError),
    #[error(transparent)]
    Extent(#[from] ExtentError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The content of an attribute that lies in one record, `max` bytes at most.
pub(crate) fn content(
    device: &dyn Device,
    boot: &BootSector,
    attribute: &Attribute<'_>,
    max: usize,
) -> Result<Vec<u8>, ContentError> {
    let data = match attribute.form {
        Form::Resident(value) if value.len() <= max => return Ok(value.to_vec()),
        Form::Resident(value) => return Err(ContentError::TooLong { found: value.len() as u64, max }),
        Form::NonResident(data) => data,
    };
    let length = usize::try_from(data.real).ok().filter(|&length| length <= max);
    let length = length.ok_or(ContentError::TooLong { found: data.real, max })?;
    let mut extents = Extents::default();
    for run in data.runs() {
        extents.push(run?, boot)?;
    }
    let mut bytes = vec![0; length];
    extents.read(device, 0, &mut bytes)?;
    Ok(bytes)
}

//! Finding the `$MFT` of a volume: the one file that must be read without the help of the `$MFT`.
//!
//! The boot sector says where record 0 is, and record 0 says where the rest is; if that takes more runs than
//! one record holds, through an attribute list and extension records that lie in the stretches already known.
//! Nothing is guessed: what cannot be followed to the end is used as far as it goes, and noted as missing.

use quarry_io::Device;
use quarry_ntfs::{
    Attribute, AttributeListEntries, AttributeType, BootSector, FileReference, Fixup, Form, NonResident,
    Protection, Record, metafile,
};

use crate::error::{OpenError, with_source};
use crate::extents::Extents;
use crate::report::Note;
use crate::volume::{content, unnamed};

/// The longest attribute list that is read: four times what Windows writes at most.
const ATTRIBUTE_LIST_BYTES_MAX: usize = 1 << 20;

/// Where the `$MFT` lies and how much of it counts.
#[derive(Debug)]
pub(crate) struct Located {
    pub(crate) extents: Extents,
    /// Bytes that were ever written.
    pub(crate) bytes: u64,
    /// Whether record 0, or one that goes on with it, was only half written and taken all the same, as there was no better one.
    pub(crate) torn: bool,
}

/// Finds the `$MFT` of the volume on `device`.
pub(crate) fn locate(
    device: &dyn Device,
    boot: &BootSector,
    notes: &mut Vec<Note>,
) -> Result<Located, OpenError> {
    let mut buffer = vec![0; boot.record_bytes as usize];
    let (damaged, record) = match from_record_at(device, boot, boot.mft_lcn, &mut buffer) {
        Ok(found) => match found.fault() {
            None => return Ok(found.finish(notes)),
            Some(fault) => (Some(found), fault),
        },
        Err(cause) => (None, cause),
    };
    match (from_record_at(device, boot, boot.mft_mirror_lcn, &mut buffer), damaged) {
        // Nothing is gained by a copy that leads no further: what is wrong lies elsewhere.
        (Ok(copy), Some(found)) if copy.soundness() <= found.soundness() => Ok(found.finish(notes)),
        (Ok(copy), _) => {
            notes.push(Note::MirrorUsed { cause: record });
            Ok(copy.finish(notes))
        }
        // A damaged record 0 whose runs can be followed is better than nothing.
        (Err(_), Some(found)) => Ok(found.finish(notes)),
        (Err(mirror), None) => Err(OpenError::NoMft { record, mirror }),
    }
}

/// What one copy of record 0 leads to.
#[derive(Debug)]
struct Followed {
    extents: Extents,
    /// Size of the `$MFT` by its own word.
    real: u64,
    initialised: u64,
    torn: bool,
    /// Why the rest could not be followed.
    broken: Option<String>,
}

impl Followed {
    /// What is wrong with it, if something is.
    fn fault(&self) -> Option<String> {
        if self.torn { Some("torn write".to_owned()) } else { self.broken.clone() }
    }

    /// Orders copies of record 0: a whole one before a torn one, then one whose runs could all be followed.
    fn soundness(&self) -> (bool, bool) {
        (!self.torn, self.broken.is_none())
    }

    fn finish(self, notes: &mut Vec<Note>) -> Located {
        let there = self.extents.length();
        if there < self.real {
            let cause = self.broken.unwrap_or_else(|| "its runs end before it".to_owned());
            notes.push(Note::MftCutShort { there, expected: self.real, cause });
        }
        // What was never written may hold records of an earlier file system.
        if self.initialised < self.real {
            notes.push(Note::MftUnwritten { bytes: self.real - self.initialised });
        }
        Located { extents: self.extents, bytes: self.real.min(self.initialised), torn: self.torn }
    }
}

fn from_record_at(
    device: &dyn Device,
    boot: &BootSector,
    lcn: u64,
    buffer: &mut [u8],
) -> Result<Followed, String> {
    let offset = boot.offset_of(lcn).ok_or_else(|| format!("LCN {lcn} is outside the volume"))?;
    let record = whole(buffer, |into| {
        into.copy_from_slice(&device.read_bytes(offset, into.len()).map_err(|error| with_source(&error))?);
        Ok(())
    })?;
    if let Some(number) = record.number().filter(|&number| u64::from(number) != metafile::MFT) {
        return Err(format!("it is record {number}"));
    }
    if !record.is_in_use() || record.base().is_some() {
        return Err("it is no base record in use".to_owned());
    }
    let data = first_stretch(&record).ok_or("it has no $DATA that starts at VCN 0")?;
    let mut found = Followed {
        extents: Extents::default(),
        real: data.real,
        initialised: data.initialised,
        torn: record.fixup() != Fixup::Sound,
        broken: None,
    };
    found.broken = found.follow(&data, boot).err();
    if found.extents.length() == 0 {
        return Err(found.broken.unwrap_or_else(|| "its $DATA has no runs".to_owned()));
    }
    if found.broken.is_none()
        && let Some(list) = unnamed(&record, AttributeType::ATTRIBUTE_LIST)
    {
        let base = FileReference { record: metafile::MFT, sequence: record.sequence() };
        found.broken = found.follow_list(device, boot, &list, base).err();
    }
    Ok(found)
}

/// Reads a record into `buffer`; one that is torn once more, for it may only have been caught in the middle of a write.
fn whole<'b>(
    buffer: &'b mut [u8],
    read: impl Fn(&mut [u8]) -> Result<(), String>,
) -> Result<Record<'b>, String> {
    read(buffer)?;
    let torn =
        Record::parse(buffer, Protection::Protected).is_ok_and(|record| record.fixup() != Fixup::Sound);
    // Its fixups are undone by now.
    let protection = if torn { Protection::Protected } else { Protection::Undone };
    if torn {
        read(buffer)?;
    }
    Record::parse(buffer, protection).map_err(|error| error.to_string())
}

fn first_stretch<'r>(record: &Record<'r>) -> Option<NonResident<'r>> {
    record.attributes().map_while(Result::ok).find_map(|attribute| stretch(&attribute, 0))
}

/// The stretch of the unnamed `$DATA` that starts at `lowest_vcn`, if `attribute` is that.
fn stretch<'r>(attribute: &Attribute<'r>, lowest_vcn: u64) -> Option<NonResident<'r>> {
    match attribute.form {
        Form::NonResident(data)
            if attribute.kind == AttributeType::DATA
                && attribute.name.is_empty()
                && data.lowest_vcn == lowest_vcn =>
        {
            Some(data)
        }
        _ => None,
    }
}

impl Followed {
    /// Appends the runs of one stretch; those before an error stay.
    fn follow(&mut self, data: &NonResident<'_>, boot: &BootSector) -> Result<(), String> {
        for run in data.runs() {
            let run = run.map_err(|error| error.to_string())?;
            self.extents.push(run, boot).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Appends the stretches that lie in extension records, in the order of their VCNs: the list's own order
    /// is not promised, and each extension lies in what the stretches before it cover.
    fn follow_list(
        &mut self,
        device: &dyn Device,
        boot: &BootSector,
        list: &Attribute<'_>,
        base: FileReference,
    ) -> Result<(), String> {
        let list = content(device, boot, list, ATTRIBUTE_LIST_BYTES_MAX)
            .map_err(|error| format!("its attribute list: {error}"))?;
        let mut stretches = Vec::new();
        for entry in AttributeListEntries::new(&list) {
            let entry = entry.map_err(|error| error.to_string())?;
            if entry.kind == AttributeType::DATA && entry.name.is_empty() && entry.lowest_vcn > 0 {
                stretches.push((entry.lowest_vcn, entry.record));
            }
        }
        stretches.sort_unstable_by_key(|&(lowest_vcn, _)| lowest_vcn);
        let mut buffer = vec![0; boot.record_bytes as usize];
        for (lowest_vcn, place) in stretches {
            self.follow_extension(device, boot, (lowest_vcn, place), base, &mut buffer)
                .map_err(|cause| format!("extension record {}: {cause}", place.record))?;
        }
        Ok(())
    }

    fn follow_extension(
        &mut self,
        device: &dyn Device,
        boot: &BootSector,
        (lowest_vcn, place): (u64, FileReference),
        base: FileReference,
        buffer: &mut [u8],
    ) -> Result<(), String> {
        let record_bytes = u64::from(boot.record_bytes);
        let start = place.record.checked_mul(record_bytes);
        let start = start.filter(|start| start + record_bytes <= self.extents.length());
        let start = start.ok_or("it lies beyond what is known of the $MFT")?;
        let record = whole(buffer, |into| {
            self.extents.read(device, start, into).map_err(|error| with_source(&error))
        })?;
        if !record.is_in_use() || record.sequence() != place.sequence || record.base() != Some(base) {
            return Err("it belongs to another file".to_owned());
        }
        let data = record.attributes().map_while(Result::ok).find_map(|found| stretch(&found, lowest_vcn));
        let data = data.ok_or_else(|| format!("it has no $DATA that starts at VCN {lowest_vcn}"))?;
        self.torn |= record.fixup() != Fixup::Sound;
        self.follow(&data, boot)
    }
}

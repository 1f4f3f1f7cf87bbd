//! Opening whatever a user names: what it is, is told by its content, never by its name.

use std::sync::Arc;

use quarry_io::Device;

use crate::error::{OpenError, with_source};
use crate::identify::{BootCopy, Content, Partition, PartitionTable, identify};
use crate::report::Note;
use crate::volume::Volume;

/// Opens the NTFS volumes on `device`: one for a volume or a dump; for a disk each partition that holds one, or
/// only the one that is asked for.
///
/// # Errors
/// If there is none, or it cannot be opened.
pub fn open(device: Arc<dyn Device>, partition: Option<u32>) -> Result<Vec<Volume>, OpenError> {
    let volume = match identify(&*device)? {
        Content::Disk(table) => return open_disk(&device, table, partition),
        Content::NtfsVolume { .. } | Content::MftDump { .. } if partition.is_some() => {
            return Err(OpenError::NotPartitioned);
        }
        Content::NtfsVolume { boot } => Volume::open(device, boot)?,
        Content::MftDump { record_bytes, .. } => Volume::open_dump(device, record_bytes),
        other => return Err(OpenError::Other(other)),
    };
    Ok(vec![volume])
}

fn open_disk(
    disk: &Arc<dyn Device>,
    table: PartitionTable,
    wanted: Option<u32>,
) -> Result<Vec<Volume>, OpenError> {
    let open = |partition: &Partition, boot: BootCopy| {
        let window = partition.window(Arc::clone(disk))?;
        let mut volume = Volume::open(Arc::new(window), boot)?;
        volume.lies_in(partition.number);
        note_defects(&mut volume, &table, |about| about == Some(partition.number));
        Ok(volume)
    };
    let Some(number) = wanted else { return open_all(&table, open) };
    match table.partition(number).map(|partition| (partition, boot_copy(partition))) {
        Some((partition, Some(boot))) => {
            let mut volume = open(partition, boot)?;
            note_defects(&mut volume, &table, |about| about.is_none());
            Ok(vec![volume])
        }
        Some((_, None)) => Err(OpenError::NotNtfs { wanted: number, table }),
        None => Err(OpenError::NoSuchPartition { wanted: number, table }),
    }
}

/// Opens every NTFS volume of a disk. One that cannot be opened does not hide the others: they say so.
fn open_all(
    table: &PartitionTable,
    open: impl Fn(&Partition, BootCopy) -> Result<Volume, OpenError>,
) -> Result<Vec<Volume>, OpenError> {
    let (mut volumes, mut failed) = (Vec::new(), Vec::new());
    for (partition, boot) in table.partitions.iter().filter_map(|it| Some((it, boot_copy(it)?))) {
        match open(partition, boot) {
            Ok(volume) => volumes.push(volume),
            Err(error) => failed.push((partition.number, error)),
        }
    }
    let opened: Vec<_> = volumes.iter().map(Volume::partition).collect();
    let Some(first) = volumes.first_mut() else {
        let error = failed.into_iter().map(|(_, error)| error).next();
        return Err(error.unwrap_or_else(|| OpenError::NoNtfsPartition { table: table.clone() }));
    };
    // The first tells what no other one does.
    note_defects(first, table, |about| about.is_none() || !opened.contains(&about));
    for (partition, error) in failed {
        first.note(Note::PartitionNotOpened { partition, cause: with_source(&error) });
    }
    Ok(volumes)
}

/// Notes what is wrong with the table of a disk, as far as it is about such a partition, or about none.
fn note_defects(volume: &mut Volume, table: &PartitionTable, about: impl Fn(Option<u32>) -> bool) {
    let defects = table.defects.iter().filter(|defect| about(defect.partition()));
    defects.cloned().map(Note::PartitionTable).for_each(|note| volume.note(note));
}

/// The boot sector of the NTFS volume in a partition, if it holds one.
fn boot_copy(partition: &Partition) -> Option<BootCopy> {
    match partition.content {
        Content::NtfsVolume { boot } => Some(boot),
        _ => None,
    }
}

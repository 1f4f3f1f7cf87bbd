//! What becomes rows: names, streams, and what is made here, in this order.

use super::findings::{FindingKind, Findings};
use super::stitch::{Spelled, Stitched};
use super::{NO_FILE, ORPHANS};
use crate::batch::{RawName, as_u32};
use crate::file::FileFlags;
use crate::names::ItemNames;

/// Stands for an item that is not there.
pub(crate) const NO_ITEM: u32 = u32::MAX;

/// The items and their files.
#[derive(Debug)]
pub(crate) struct Items {
    /// The file of each item, `NO_FILE` for what gets no row.
    pub(crate) file: Vec<u32>,
    /// The first item of each file: where its children and its streams hang.
    pub(crate) primary: Vec<u32>,
    /// The first item that is a stream.
    pub(crate) first_stream: u32,
    /// The first item that is made here: the nameless, then the root, then the bucket of orphans.
    pub(crate) first_made: u32,
    pub(crate) root: u32,
    pub(crate) bucket: u32,
    /// The records of files without a name.
    nameless: Vec<u32>,
    streams: u64,
}

impl Items {
    pub(super) fn new(stitched: &mut Stitched, root: u32, bucket: u32, findings: &mut Findings) -> Self {
        let Stitched { files, in_order, names, streams, .. } = stitched;
        let mut file: Vec<u32> = Vec::with_capacity(names.len() + streams.len() + 2);
        let mut primary = vec![NO_ITEM; files.len()];
        let mut shorts = false;
        for (item, name) in (0u32..).zip(names.iter()) {
            let owner = if name.owner == root { NO_FILE } else { name.owner };
            file.push(owner);
            shorts |= name.short;
            if let Some(first) = primary.get_mut(owner as usize)
                && *first == NO_ITEM
                && !name.short
            {
                *first = item;
            }
        }
        if shorts {
            take_shorts(names, &mut file, &mut primary);
        }
        let first_stream = as_u32(file.len());
        file.extend(streams.iter().map(|stream| stream.owner));
        let first_made = as_u32(file.len());
        let mut nameless = Vec::new();
        // In the order of the records, which is not that of the numbers where several workers read them.
        for lost in in_order.iter().cloned().flatten() {
            let first = &mut primary[lost as usize];
            if *first != NO_ITEM {
                continue;
            }
            let of = files.head(lost);
            if !of.flags.contains(FileFlags::METAFILE) {
                if !of.flags.contains(FileFlags::DELETED) {
                    findings.note(FindingKind::Nameless, of.record);
                }
                *files.flags_mut(lost) |= FileFlags::DAMAGED;
                nameless.push(of.record);
                *first = as_u32(file.len());
                file.push(lost);
            }
        }
        let root_item = as_u32(file.len());
        primary[root as usize] = root_item;
        primary[bucket as usize] = root_item + 1;
        // A metafile may go without a name; a stream of such a file has no place.
        for owner in &mut file[first_stream as usize..first_made as usize] {
            if primary.get(*owner as usize) == Some(&NO_ITEM) {
                *owner = NO_FILE;
            }
        }
        let of_streams = &file[first_stream as usize..first_made as usize];
        let streams = of_streams.iter().filter(|&&file| file != NO_FILE).count() as u64;
        file.extend_from_slice(&[root, bucket]);
        let (root, bucket) = (root_item, root_item + 1);
        Self { file, primary, first_stream, first_made, root, bucket, nameless, streams }
    }

    /// How many streams become rows.
    pub(super) fn streams(&self) -> u64 {
        self.streams
    }

    /// The names of all items. The stitched ones are gone from here on.
    pub(super) fn take_names(&self, stitched: &mut Stitched) -> ItemNames {
        let Spelled { names, streams, mut lengths } = std::mem::take(&mut stitched.spelled);
        let mut made = Vec::new();
        let records = self.nameless.iter().map(|record| format!("<record {record}>"));
        for name in records.chain([String::new(), ORPHANS.to_owned()]) {
            made.extend_from_slice(name.as_bytes());
            lengths.push(u16::try_from(name.len()).unwrap_or(u16::MAX));
        }
        ItemNames { names, streams, made, lengths }
    }

    /// Whether an item is a stream.
    pub(crate) fn is_stream(&self, item: u32) -> bool {
        (self.first_stream..self.first_made).contains(&item)
    }
}

/// Short names are the names of files that have no other.
fn take_shorts(names: &[RawName], file: &mut [u32], primary: &mut [u32]) {
    for (item, (_, owner)) in (0u32..).zip(names.iter().zip(file)).filter(|(_, (name, _))| name.short) {
        let Some(first) = primary.get_mut(*owner as usize) else { continue };
        if *first == NO_ITEM {
            *first = item;
        } else if !names[*first as usize].short {
            *owner = NO_FILE;
        }
    }
}

//! What becomes rows: names, streams, and what is made here, in this order.

use super::findings::{FindingKind, Findings};
use super::stitch::Stitched;
use super::{NO_FILE, ORPHANS};
use crate::batch::{RawName, as_u32};
use crate::file::FileFlags;

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
    nameless: Vec<String>,
}

impl Items {
    pub(super) fn new(stitched: &mut Stitched, root: u32, bucket: u32, findings: &mut Findings) -> Self {
        let Stitched { files, names, streams, .. } = stitched;
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
        for (lost, first) in primary.iter_mut().enumerate().filter(|(_, first)| **first == NO_ITEM) {
            let of = &mut files[lost];
            if !of.flags.contains(FileFlags::METAFILE) {
                if !of.flags.contains(FileFlags::DELETED) {
                    findings.note(FindingKind::Nameless, of.record);
                }
                of.flags |= FileFlags::DAMAGED;
                nameless.push(format!("<record {}>", of.record));
                *first = as_u32(file.len());
                file.push(as_u32(lost));
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
        file.extend_from_slice(&[root, bucket]);
        Self { file, primary, first_stream, first_made, root: root_item, bucket: root_item + 1, nameless }
    }

    /// How many streams become rows.
    pub(super) fn streams(&self) -> u64 {
        let streams = &self.file[self.first_stream as usize..self.first_made as usize];
        streams.iter().filter(|&&file| file != NO_FILE).count() as u64
    }

    /// The names of all items one after another, and where each ends. The builder's names are empty from here on.
    pub(super) fn take_names(&self, stitched: &mut Stitched) -> (Vec<u8>, Vec<u64>) {
        let mut bytes = std::mem::take(&mut stitched.name_bytes);
        bytes.append(&mut stitched.stream_bytes);
        let names = stitched.names.iter().map(|name| name.name_bytes);
        let lengths = names.chain(stitched.streams.iter().map(|stream| stream.name_bytes)).map(u64::from);
        let mut ends: Vec<u64> = Vec::with_capacity(self.file.len());
        let mut end = 0;
        ends.extend(lengths.map(|length| {
            end += length;
            end
        }));
        for name in self.nameless.iter().map(String::as_str).chain(["", ORPHANS]) {
            bytes.extend_from_slice(name.as_bytes());
            ends.push(bytes.len() as u64);
        }
        (bytes, ends)
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

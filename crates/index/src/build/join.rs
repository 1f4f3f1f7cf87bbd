//! Extension records meet their bases.
//!
//! An extension can lie before or after its base, anywhere in the `$MFT`, and its base may have become another
//! file since. So nothing is joined while records are read: when all are there, each owner is looked up once,
//! by record and sequence number, and what a stale extension said is dropped.

use super::NO_FILE;
use super::file_table::FileTable;
use super::findings::{FindingKind, Findings};
use super::record_map::RecordMap;
use super::stitch::Stitched;
use crate::batch::{ELSEWHERE, Extension};
use crate::file::{FileFlags, FileId};
use crate::heads::Head;
use crate::pieces::Piece;

/// Whether a reference to `id`, found in a record that is in use or `deleted`, means a file with this sequence number and
/// these flags.
///
/// Deleting a file counts its sequence number up, so what was deleted with its parent still names the number
/// from before. After the last number comes 1: 0 is never given out.
pub(crate) fn refers_to(sequence: u16, flags: FileFlags, id: FileId, deleted: bool) -> bool {
    match (deleted, flags.contains(FileFlags::DELETED)) {
        (false, true) => false,
        (true, true) => sequence == id.sequence || sequence == id.sequence.wrapping_add(1).max(1),
        _ => sequence == id.sequence,
    }
}

impl Head {
    /// The same for a file.
    pub(super) fn is_called(self, id: FileId, deleted: bool) -> bool {
        refers_to(self.sequence, self.flags, id, deleted)
    }
}

/// The file of each extension, `NO_FILE` where it is stale.
pub(super) fn bases(
    extensions: &[Extension],
    files: &FileTable,
    records: &RecordMap,
    findings: &mut Findings,
) -> Vec<u32> {
    let mut bases = Vec::with_capacity(extensions.len());
    for &Extension { record, base, deleted } in extensions {
        // An extension that was freed while its file lives on holds what the file no longer has.
        let shares_fate = |head: Head| head.flags.contains(FileFlags::DELETED) == deleted;
        let is_meant = |head: Head| shares_fate(head) && head.is_called(base, deleted);
        let found = records.get(base.record).filter(|&file| is_meant(files.head(file)));
        if found.is_none() && !deleted {
            findings.note(FindingKind::StaleExtension, record);
        }
        bases.push(found.unwrap_or(NO_FILE));
    }
    bases
}

/// How the numbers that a worker gave to its files and extensions become those of the stitched tables.
#[derive(Debug)]
pub(super) struct Rebase<'a> {
    pub(super) pieces: &'a [Piece],
    /// The number of the first file of each piece.
    pub(super) files: Vec<u32>,
    pub(super) extensions: &'a [Piece],
    pub(super) bases: &'a [u32],
}

impl Rebase<'_> {
    /// Turns the owners in `owners`, whose segments are `pieces`, into files.
    pub(super) fn owners<'o>(&self, owners: impl Iterator<Item = &'o mut u32>, pieces: &[Piece]) {
        let mut owners = owners;
        let mut first_extension = 0;
        let files = self.pieces.iter().zip(&self.files);
        for ((piece, (files, first)), extensions) in pieces.iter().zip(files).zip(self.extensions) {
            for owner in owners.by_ref().take(piece.range.len()) {
                *owner = if *owner & ELSEWHERE == 0 {
                    *owner - crate::batch::as_u32(files.range.start) + first
                } else {
                    let place = (*owner & !ELSEWHERE) as usize;
                    self.bases[place - extensions.range.start + first_extension]
                };
            }
            first_extension += extensions.range.len();
        }
    }
}

/// Adds to the files what their extensions say, and hides streams that are only the packed form of a file.
pub(super) fn complete(stitched: &mut Stitched) {
    let Stitched { files, streams, patches, .. } = stitched;
    for (file, patch) in std::mem::take(patches).into_iter().filter(|&(file, _)| file != NO_FILE) {
        files.patch(file, patch);
    }
    for stream in streams.iter_mut().filter(|stream| stream.packed && stream.owner != NO_FILE) {
        if files.take_packed(stream.owner, stream.allocated) {
            stream.owner = NO_FILE;
        }
    }
}

//! What lies below each folder: files, folders, bytes, and the newest change.
//!
//! One pass over the rows in preorder with the open folders on a stack of its own. A file with several names is to count once in
//! each folder however many of its names lie below: when a name of it is met again, what it adds is taken off at the deepest folder
//! that holds both, which is the last open one that was open already when the name before was met. Sets of files per folder were the
//! alternative: their size is the number of files times their depth. What counts is said in `docs/totals.md`.

use super::Stitched;
use super::layout::RowTable;
use crate::Time;
use crate::batch::as_u32;
use crate::row::{Kind, RowFlags};
use crate::rows::{flags_in, kind_in};

/// Totals of the rows that hold others, in the order of those rows.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) files: Vec<u64>,
    pub(super) folders: Vec<u64>,
    pub(super) bytes: Vec<u64>,
    pub(super) allocated: Vec<u64>,
    pub(super) newest: Vec<u64>,
}

/// A folder whose rows are being passed.
struct Open {
    row: u32,
    end: u32,
    /// Its place among the rows that hold others.
    place: usize,
}

/// What one row adds to the folders above it. Sums wrap, so that what was added can be taken off whatever sizes a damaged
/// record claims.
#[derive(Clone, Copy, Default)]
struct Share {
    files: u64,
    folders: u64,
    bytes: u64,
    allocated: u64,
    newest: u64,
}

const NOT_MET: u32 = u32::MAX;

impl Totals {
    pub(super) fn new(rows: &RowTable, stitched: &Stitched, first_stream: u32) -> Self {
        let mut totals = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut met = vec![NOT_MET; rows.files.len()];
        for (row, &end) in rows.end.iter().enumerate() {
            while open.last().is_some_and(|folder| folder.end as usize <= row) {
                totals.close(&mut open);
            }
            let number = as_u32(row);
            if let Some(above) = open.last() {
                let share = share(rows, stitched, row, first_stream);
                totals.add(above.place, share);
                // A stream is met once, and what it adds is its own.
                if share.files > 0 {
                    let before = std::mem::replace(&mut met[rows.file[row] as usize], number);
                    let holders = open.partition_point(|folder| folder.row < before);
                    // None holds both if one of the names hangs on nothing.
                    if before != NOT_MET
                        && let Some(holder) = holders.checked_sub(1)
                    {
                        totals.take_off(open[holder].place, share);
                    }
                }
            }
            if rows.holds_others(row) {
                let place = totals.push(Share::default());
                open.push(Open { row: number, end, place });
            }
        }
        while !open.is_empty() {
            totals.close(&mut open);
        }
        totals
    }

    fn push(&mut self, share: Share) -> usize {
        self.files.push(share.files);
        self.folders.push(share.folders);
        self.bytes.push(share.bytes);
        self.allocated.push(share.allocated);
        self.newest.push(share.newest);
        self.files.len() - 1
    }

    fn share(&self, place: usize) -> Share {
        Share {
            files: self.files[place],
            folders: self.folders[place],
            bytes: self.bytes[place],
            allocated: self.allocated[place],
            newest: self.newest[place],
        }
    }

    fn add(&mut self, place: usize, share: Share) {
        let add = |column: &mut Vec<u64>, more: u64| column[place] = column[place].wrapping_add(more);
        add(&mut self.files, share.files);
        add(&mut self.folders, share.folders);
        add(&mut self.bytes, share.bytes);
        add(&mut self.allocated, share.allocated);
        self.newest[place] = self.newest[place].max(share.newest);
    }

    /// Takes off what a file adds a second time; its time of change stays.
    fn take_off(&mut self, place: usize, share: Share) {
        let take = |column: &mut Vec<u64>, less: u64| column[place] = column[place].wrapping_sub(less);
        take(&mut self.files, share.files);
        take(&mut self.bytes, share.bytes);
        take(&mut self.allocated, share.allocated);
    }

    /// Closes the innermost folder: what it holds, the one around it holds.
    fn close(&mut self, open: &mut Vec<Open>) {
        if let Some(folder) = open.pop()
            && let Some(above) = open.last()
        {
            self.add(above.place, self.share(folder.place));
        }
    }
}

fn share(rows: &RowTable, stitched: &Stitched, row: usize, first_stream: u32) -> Share {
    let file = rows.files[rows.file[row] as usize] as usize;
    let (kind, flags) = (kind_in(rows.class[row]), flags_in(rows.class[row]));
    if flags.contains(RowFlags::DELETED) {
        return Share::default();
    }
    let files = &stitched.files;
    match kind {
        Kind::Folder => Share { folders: 1, ..Share::default() },
        Kind::Stream => {
            let stream = (rows.item[row] - first_stream) as usize;
            let (bytes, allocated) = (stitched.streams.size[stream], stitched.streams.allocated[stream]);
            Share { bytes, allocated, ..Share::default() }
        }
        Kind::File | Kind::Link => Share {
            files: 1,
            folders: 0,
            bytes: files.size[file],
            allocated: files.allocated[file],
            newest: Some(files.modified[file]).filter(|time| time.is_date()).unwrap_or(Time(0)).0,
        },
    }
}

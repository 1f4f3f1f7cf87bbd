//! What lies below each folder: files, folders, bytes, and the newest change; and what each row has from the folder it lies in.
//!
//! One pass over the rows in preorder with the open folders on a stack of its own. A file with several names is to count once in
//! each folder however many of its names lie below: when a name of it is met again, what it adds is taken off at the deepest folder
//! that holds both, which is the last open one that was open already when the name before was met. Sets of files per folder were the
//! alternative: their size is the number of files times their depth. What counts is said in `docs/totals.md`.

use std::collections::HashMap;
use std::ops::Range;

use super::files::FileFacts;
use super::items::Items;
use super::layout::RowTable;
use crate::Time;
use crate::batch::RawStream;
use crate::index::Total;
use crate::row::{Kind, RowFlags};
use crate::rows::{class_of, flags_in, kind_in};

/// Totals of the rows that hold others, in the order of those rows, and the classes of all rows.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) files: Vec<u64>,
    pub(super) folders: Vec<u64>,
    pub(super) bytes: Vec<u64>,
    pub(super) allocated: Vec<u64>,
    pub(super) newest: Vec<u64>,
    /// Kind and flags of each row.
    pub(super) class: Vec<u8>,
}

/// A folder whose rows are being passed.
struct Open {
    row: u32,
    /// The first row after its subtree.
    end: u32,
    /// Its place among the rows that hold others.
    place: usize,
    /// What lies in it, as far as it was passed.
    holds: Share,
    /// What rows in it have from it.
    passed_on: RowFlags,
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

impl Share {
    fn add(&mut self, more: Self) {
        self.files = self.files.wrapping_add(more.files);
        self.folders = self.folders.wrapping_add(more.folders);
        self.bytes = self.bytes.wrapping_add(more.bytes);
        self.allocated = self.allocated.wrapping_add(more.allocated);
        self.newest = self.newest.max(more.newest);
    }

    /// Takes off what a file adds a second time; its time of change stays.
    fn take_off(&mut self, less: Self) {
        self.files = self.files.wrapping_sub(less.files);
        self.bytes = self.bytes.wrapping_sub(less.bytes);
        self.allocated = self.allocated.wrapping_sub(less.allocated);
    }
}

/// What is known of rows and files before they are summed up.
pub(super) struct Sources<'a> {
    /// The rows that hold others, each with the first row after its subtree.
    pub(super) holders: &'a [(u32, u32)],
    pub(super) rows: &'a RowTable,
    pub(super) facts: &'a FileFacts,
    pub(super) items: &'a Items,
    pub(super) streams: &'a [RawStream],
}

impl Sources<'_> {
    /// What a row adds to the folders above it, by its class.
    fn share(&self, class: u8, file: usize, stream: Option<&RawStream>) -> Share {
        if flags_in(class).contains(RowFlags::DELETED) {
            return Share::default();
        }
        match (kind_in(class), stream) {
            (Kind::Folder, _) => Share { folders: 1, ..Share::default() },
            (_, Some(stream)) => {
                Share { bytes: stream.size, allocated: stream.allocated, ..Share::default() }
            }
            _ => Share {
                files: 1,
                folders: 0,
                bytes: self.facts.size[file],
                allocated: self.facts.allocated[file],
                newest: Some(self.facts.modified[file]).filter(|&time| Time(time).is_date()).unwrap_or(0),
            },
        }
    }

    /// The class of a row, of which `inherited` is what it has from the one above.
    fn class(&self, row: u32, is_stream: bool, inherited: RowFlags, below_top: bool) -> u8 {
        let own = self.facts.class[self.rows.file[row as usize] as usize];
        let (mut kind, mut flags) = (kind_in(own), flags_in(own));
        if is_stream {
            kind = Kind::Stream;
            // A stream of the root is a user's, though the root is not.
            flags.set(RowFlags::METAFILE, flags.contains(RowFlags::METAFILE) && !below_top);
        }
        flags |= inherited;
        if row == self.rows.bucket {
            flags |= RowFlags::ORPHAN;
        }
        class_of(kind, flags)
    }
}

impl Totals {
    pub(super) fn new(sources: &Sources<'_>) -> Self {
        let (holders, rows) = (sources.holders, sources.rows);
        let count = rows.file.len();
        let mut totals = Self { class: Vec::with_capacity(count), ..Self::default() };
        totals.reserve(holders.len());
        let mut pass = Pass { sources, totals, open: Vec::new(), met: HashMap::default() };
        let mut extras = rows.extras.iter().peekable();
        let mut holders = holders.iter().peekable();
        let mut row = 0;
        while (row as usize) < count {
            pass.close_before(row);
            let extra = extras.next_if(|extra| extra.0 == row).map(|extra| extra.1);
            let holder = holders.next_if(|holder| holder.0 == row);
            pass.row(row, extra, holder.map(|holder| holder.1));
            // Up to the next row that is more than the one name of a file, or lies elsewhere.
            let next = [extras.peek().map(|extra| extra.0), holders.peek().map(|holder| holder.0)];
            let inside = pass.open.last().map_or(row + 1, |open| open.end);
            let plain = next.into_iter().flatten().fold(inside, u32::min);
            pass.plain(row + 1..plain);
            row = plain.max(row + 1);
        }
        pass.close_before(u32::MAX);
        pass.totals
    }

    /// Those of the root.
    pub(super) fn root(&self, holders: &[(u32, u32)]) -> Total {
        let holds_others = holders.first().is_some_and(|&(row, _)| row == 0);
        let of = |column: &[u64]| column.first().copied().filter(|_| holds_others).unwrap_or(0);
        Total {
            files: of(&self.files),
            folders: of(&self.folders),
            bytes: of(&self.bytes),
            allocated: of(&self.allocated),
            newest: Time(of(&self.newest)),
        }
    }

    fn reserve(&mut self, holders: usize) {
        self.files.reserve_exact(holders);
        self.folders.reserve_exact(holders);
        self.bytes.reserve_exact(holders);
        self.allocated.reserve_exact(holders);
        self.newest.reserve_exact(holders);
    }

    /// Makes room for the totals of a folder.
    fn open(&mut self) -> usize {
        self.files.push(0);
        self.folders.push(0);
        self.bytes.push(0);
        self.allocated.push(0);
        self.newest.push(0);
        self.files.len() - 1
    }
}

/// The rows that were passed, and the folders that the next one lies in.
struct Pass<'a> {
    sources: &'a Sources<'a>,
    totals: Totals,
    /// Outermost first.
    open: Vec<Open>,
    /// Where each file with several names was met last.
    met: HashMap<u32, u32, foldhash::fast::RandomState>,
}

impl Pass<'_> {
    /// Passes a row of any kind: with its item if it is not the first name of a file, and with its end if it holds others.
    fn row(&mut self, row: u32, extra: Option<u32>, end: Option<u32>) {
        let Sources { rows, items, streams, .. } = *self.sources;
        let file = rows.file[row as usize];
        let stream = extra.filter(|&item| items.is_stream(item));
        let stream = stream.and_then(|item| streams.get((item - items.first_stream) as usize));
        let below_top = self.open.len() < 2;
        let inherited = self.open.last().map_or(RowFlags::empty(), |above| above.passed_on);
        let class = self.sources.class(row, stream.is_some(), inherited, below_top);
        self.totals.class.push(class);
        if let Some(above) = self.open.last_mut() {
            let share = self.sources.share(class, file as usize, stream);
            above.holds.add(share);
            // A stream is met once, and what it adds is its own.
            if share.files > 0
                && rows.order.links[file as usize] > 1
                && let Some(before) = self.met.insert(file, row)
            {
                let holders = self.open.partition_point(|folder| folder.row < before);
                // None holds both if one of the names hangs on nothing.
                if let Some(holder) = holders.checked_sub(1) {
                    self.open[holder].holds.take_off(share);
                }
            }
        }
        if let Some(end) = end {
            let mut passed_on = flags_in(class) & (RowFlags::ORPHAN | RowFlags::METAFILE);
            // The two top folders are metafiles, but what lies in them is the user's.
            passed_on
                .set(RowFlags::METAFILE, passed_on.contains(RowFlags::METAFILE) && !self.open.is_empty());
            let place = self.totals.open();
            self.open.push(Open { row, end, place, holds: Share::default(), passed_on });
        }
    }

    /// Passes rows in the innermost folder that hold no others and are the first names of their files.
    fn plain(&mut self, rows: Range<u32>) {
        let Some(Open { holds, passed_on, .. }) = self.open.last_mut() else { return };
        for row in rows {
            let class = self.sources.class(row, false, *passed_on, false);
            self.totals.class.push(class);
            let file = self.sources.rows.file[row as usize];
            let share = self.sources.share(class, file as usize, None);
            holds.add(share);
            if share.files > 0 && self.sources.rows.order.links[file as usize] > 1 {
                self.met.insert(file, row);
            }
        }
    }

    /// Closes the folders that end before a row: what each holds, the one around it holds.
    fn close_before(&mut self, row: u32) {
        while let Some(Open { place, holds, .. }) = self.open.pop_if(|folder| folder.end <= row) {
            self.totals.files[place] = holds.files;
            self.totals.folders[place] = holds.folders;
            self.totals.bytes[place] = holds.bytes;
            self.totals.allocated[place] = holds.allocated;
            self.totals.newest[place] = holds.newest;
            if let Some(above) = self.open.last_mut() {
                above.holds.add(holds);
            }
        }
    }
}

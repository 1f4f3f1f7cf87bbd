//! The states that replace those in the index, and which of its rows they concern.

use std::sync::Arc;

use foldhash::{HashSet, HashSetExt};

use super::base::Base;
use super::paged::{Bits, NamePlace, Names, Segments};
use super::slots::Slots;
use super::{Change, FileState};
use crate::batch::as_u32;
use crate::names::make_possible;
use crate::{Evidence, File, FileFlags, FileId, Index, Kind, NAME_BYTES_MAX, Stream};

/// What a record holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Slot {
    /// What the index says.
    #[default]
    Same,
    /// Nothing.
    Nothing,
    /// This file, with rows of its own.
    File(u32),
    /// This file, whose names are the rows of the index that it has had.
    Facts(u32),
}

/// A file that was set. It stays when it is replaced, with rows that are dead.
#[derive(Debug, Clone)]
pub(super) struct DeltaFile {
    pub(super) file: File,
    pub(super) evidence: Evidence,
    /// How many names it has.
    pub(super) links: u16,
    /// Its rows among those of the delta.
    pub(super) rows: std::ops::Range<u32>,
}

/// Where a new row lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// In the folder that its record calls so.
    Claim(FileId),
    /// A stream of this row, with this place among [`Delta::streams`].
    Stream(u32, u32),
    /// In the bucket: it has no name.
    Nowhere,
}

/// A row that is not in the index.
#[derive(Debug, Clone)]
pub(super) struct DeltaRow {
    pub(super) file: u32,
    pub(super) link: Link,
    name: NamePlace,
}

/// All that changed. Copying it copies a few hundred pointers ([`super::paged`]).
#[derive(Debug, Clone)]
pub(super) struct Delta {
    pub(super) files: Segments<DeltaFile>,
    pub(super) rows: Segments<DeltaRow>,
    /// Those that are rows here; beside the rows, of which few are streams.
    streams: Segments<Stream>,
    names: Names,
    /// By record.
    pub(super) slots: Slots,
    /// Rows of the index that are no more.
    pub(super) gone: Bits,
    /// Rows of the index that have other facts or lie elsewhere.
    pub(super) irregular: Bits,
    /// Places among the rows here of those that are no more.
    dead: Bits,
    /// Rows that would lie in themselves, so that they lie in the bucket.
    pub(super) ring_heads: Arc<HashSet<u32>>,
    base_rows: u32,
}

impl Delta {
    pub(super) fn new(base_rows: u32) -> Self {
        Self {
            files: Segments::new(),
            rows: Segments::new(),
            streams: Segments::new(),
            names: Names::new(),
            slots: Slots::new(base_rows),
            gone: Bits::new(),
            irregular: Bits::new(),
            dead: Bits::new(),
            ring_heads: Arc::new(HashSet::new()),
            base_rows,
        }
    }

    /// The numbers of the rows that are alive.
    pub(super) fn alive(&self) -> impl Iterator<Item = u32> {
        (0..as_u32(self.rows.len()))
            .filter(|&place| !self.dead.contains(place))
            .map(|place| self.base_rows + place)
    }

    /// Whether a row, of the index or new, is still there.
    pub(super) fn is_there(&self, row: u32) -> bool {
        match row.checked_sub(self.base_rows) {
            None => !self.gone.contains(row),
            Some(place) => (place as usize) < self.rows.len() && !self.dead.contains(place),
        }
    }

    /// What a record holds now.
    pub(super) fn slot(&self, record: u32) -> Slot {
        self.slots.get(record)
    }

    pub(super) fn apply(&mut self, base: &Base, changes: impl IntoIterator<Item = Change>) {
        // Records of folders that are new, or gone, or elsewhere.
        let (mut moved, mut spelled) = (Vec::new(), Vec::new());
        for change in changes {
            let record = change.record();
            let root = base.root_record == Some(record);
            if root && matches!(change, Change::Remove(_)) {
                // There is always a root.
                continue;
            }
            let was_folder = self.clear(record);
            let is_folder = match change {
                Change::Remove(_) => {
                    // What nobody ever had takes no room, however many such records a log names.
                    let left = if base.row_of(record).is_some() { Slot::Nothing } else { Slot::Same };
                    if self.slot(record) != left {
                        self.slots.set(record, left);
                    }
                    self.unseat(base, record, base.place_of(record))
                }
                Change::Set(state) => self.set(base, state, root, &mut spelled),
            };
            if was_folder || is_folder {
                moved.push(record);
            }
        }
        if !moved.is_empty() {
            self.find_rings(base, &moved);
        }
    }

    /// Takes out what the delta has of a record; whether that was a folder.
    fn clear(&mut self, record: u32) -> bool {
        let (Slot::File(file) | Slot::Facts(file)) = self.slot(record) else { return false };
        let Some(file) = self.files.get(file) else { return false };
        self.dead.insert_range(file.rows.start, file.rows.end);
        file.file.flags.contains(FileFlags::DIRECTORY)
    }

    /// Takes the file out of the index that has the record there, by its row and its number; whether that was a folder.
    fn unseat(&mut self, base: &Base, record: u32, had: Option<(u32, u32)>) -> bool {
        let mut folder = false;
        if let Some((row, file)) = had {
            for row in base.rows_of(row, file) {
                self.gone.insert(row);
                self.irregular.insert_range(row + 1, base.index.row(row).subtree_end());
            }
            folder = base.index.flags_of(file as usize).contains(FileFlags::DIRECTORY);
        }
        // Whoever was waiting for a folder of this number may have found it.
        for &orphan in base.orphans_of(record) {
            self.irregular.insert_range(orphan, base.index.row(orphan).subtree_end());
        }
        folder
    }

    /// Puts a file where the record is; whether that changes where folders lie.
    fn set(&mut self, base: &Base, mut state: FileState, root: bool, spelled: &mut Vec<u8>) -> bool {
        let flags = &mut state.file.flags;
        let names = state.names.iter_mut().map(|(_, name)| name).filter(|_| !root);
        for name in names.chain(state.streams.iter_mut().map(|(name, _)| name)) {
            if !make_possible(name, 0) {
                flags.insert(FileFlags::DAMAGED);
            }
        }
        if root {
            // There is always a root, whatever its record says, and it has no name. It is never given out again, so its number does
            // not change.
            let sequence = base.index.row(Index::ROOT).sequence();
            let denied = flags.intersects(FileFlags::DELETED | FileFlags::STRAY)
                || !flags.contains(FileFlags::DIRECTORY)
                || state.file.sequence != sequence;
            state.file.sequence = sequence;
            flags.set(FileFlags::DAMAGED, denied || flags.contains(FileFlags::DAMAGED));
            flags.remove(FileFlags::DELETED | FileFlags::STRAY);
            flags.insert(FileFlags::METAFILE | FileFlags::DIRECTORY);
            state.names.clear();
        } else if state.names.is_empty() && !flags.contains(FileFlags::METAFILE) {
            flags.insert(FileFlags::DAMAGED);
        }
        let record = state.file.record;
        let mut folders = state.file.flags.contains(FileFlags::DIRECTORY);
        let stayed = matches!(self.slot(record), Slot::Same | Slot::Facts(_));
        let file = as_u32(self.files.len());
        let had = base.place_of(record);
        let kept = had.filter(|&(row, place)| root || same_place(base, row, place, &state, spelled));
        let first = as_u32(self.rows.len());
        if let Some((row, place)) = kept {
            for other in base.rows_of(row, place) {
                let stream = other != row && base.index.row(other).kind() == Kind::Stream;
                if stream {
                    self.gone.insert(other)
                } else {
                    self.gone.remove(other)
                }
                self.irregular.insert(other);
            }
            self.slots.set(record, Slot::Facts(file));
            if !state.streams.is_empty() {
                self.push_streams(base, file, row_of_first_name(base, row, &state), &state);
            }
        } else {
            folders |= self.unseat(base, record, had);
            self.slots.set(record, Slot::File(file));
            let primary = self.base_rows + first;
            for (parent, name) in &state.names {
                self.push(base, file, Link::Claim(*parent), name);
            }
            let metafile = state.file.flags.contains(FileFlags::METAFILE);
            if state.names.is_empty() && !metafile {
                self.push(base, file, Link::Nowhere, format!("<record {record}>").as_bytes());
            }
            if as_u32(self.rows.len()) > first {
                self.push_streams(base, file, primary, &state);
            }
        }
        let rows = first..as_u32(self.rows.len());
        let links = if root { 0 } else { u16::try_from(state.names.len()).unwrap_or(u16::MAX) };
        self.files.push(DeltaFile { file: state.file, evidence: state.evidence, links, rows });
        // What comes back to where it was has been away, and what lay in it elsewhere.
        folders && !(kept.is_some() && stayed)
    }

    fn push_streams(&mut self, base: &Base, file: u32, row: u32, state: &FileState) {
        for (name, stream) in &state.streams {
            let place = as_u32(self.streams.len());
            self.streams.push(Stream { packed: false, ..*stream });
            self.push(base, file, Link::Stream(row, place), name);
        }
    }

    fn push(&mut self, base: &Base, file: u32, link: Link, name: &[u8]) {
        let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
        let name = self.names.push(name, |out| base.index.names().case_table().fold_into(name, out));
        self.rows.push(DeltaRow { file, link, name });
    }

    /// The stream that one of the rows is.
    pub(super) fn stream(&self, row: &DeltaRow) -> Option<Stream> {
        let Link::Stream(_, place) = row.link else { return None };
        self.streams.get(place).copied()
    }

    /// The name of one of the rows, and its folded form.
    pub(super) fn name(&self, row: &DeltaRow) -> (&[u8], &[u8]) {
        self.names.get(row.name)
    }
}

/// The row of the name that the state has first, for a file that has the rows of the state.
fn row_of_first_name(base: &Base, row: u32, state: &FileState) -> u32 {
    let is_first = |&number: &u32| {
        let had = base.index.row(number);
        state.names.first().is_some_and(|(parent, name)| {
            had.kind() != Kind::Stream && had.claimed_parent() == Some(*parent) && *had.name() == **name
        })
    };
    base.rows_of_file(row).find(is_first).unwrap_or(row)
}

/// Whether a file of the index would have the same rows in this state, so that what lies in it need not be asked anew.
fn same_place(base: &Base, row: u32, place: u32, state: &FileState, spelled: &mut Vec<u8>) -> bool {
    const TELLING: FileFlags =
        FileFlags::DIRECTORY.union(FileFlags::DELETED).union(FileFlags::METAFILE).union(FileFlags::STRAY);
    let (index, file) = (&base.index, &state.file);
    let link = |tag| crate::is_link_tag(tag);
    if index.files.sequence.get(place as usize) != u64::from(file.sequence)
        || index.flags_of(place as usize) & TELLING != file.flags & TELLING
        || link(index.files.tag.get_u32(place as usize)) != link(file.reparse_tag)
    {
        return false;
    }
    if let ([(parent, name)], false) = (state.names.as_slice(), base.has_extras(place)) {
        // Nearly every file.
        let had = index.row(row).name_number();
        return base.claims(row, *parent) && index.names().is(had, name, spelled);
    }
    let names = base.rows_of(row, place).map(|row| index.row(row));
    let had = names.filter(|row| row.kind() != Kind::Stream).map(|row| (row.claimed_parent(), row.name()));
    let had: Vec<_> = had.collect();
    let twice = |(place, (_, name)): (usize, &(FileId, Vec<u8>))| {
        state.names.get(place + 1..).unwrap_or_default().iter().any(|(_, other)| other == name)
    };
    // Which of two equal names comes first is told by the order in the record, which rows do not keep.
    !state.names.iter().enumerate().any(twice)
        && had.len() == state.names.len()
        && state.names.iter().all(|(parent, name)| {
            let times = |list: &mut dyn Iterator<Item = (Option<FileId>, &[u8])>| {
                list.filter(|&(a, b)| a == Some(*parent) && b == name.as_slice()).count()
            };
            let now = times(&mut state.names.iter().map(|(parent, name)| (Some(*parent), name.as_slice())));
            now == times(&mut had.iter().map(|(parent, name)| (*parent, &**name)))
        })
}

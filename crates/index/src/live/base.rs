//! What has to be known of an index to change it: from records to rows, and from files to their further rows.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::delta::Delta;
use crate::build::RecordMap;
use crate::{FileFlags, FileId, Index, Kind};

/// An index with the ways into it that a search does not need.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) index: Arc<Index>,
    /// The row of each record's file: the one that holds others, if one does, else its first name.
    records: RecordMap,
    /// The rows of a file beside its first name.
    extras: HashMap<u32, Vec<u32>>,
    /// The rows in the bucket, by the record of the folder that they would be in.
    orphans: HashMap<u32, Vec<u32>>,
    /// The rows that are one of several names of a file, ascending; folders have a row for each name and are no such files.
    linked: Vec<u32>,
    pub(super) bucket: u32,
    pub(super) root_record: Option<u32>,
    /// What those who lie in the root call it. Where its own record says otherwise, it is called so, too.
    pub(super) root_id: FileId,
    /// Rows in the bucket that would lie in themselves: which they do only as long as the others of their ring stay.
    pub(super) ring_heads: Vec<u32>,
}

impl Base {
    pub(super) fn new(index: Arc<Index>) -> Self {
        let bucket = index.row(Index::ROOT).subtree_end().min(index.len().saturating_sub(1));
        let mut extras: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut orphans: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut records = RecordMap::expecting(index.files() as usize);
        for row in index.rows() {
            let (number, file) = (row.number(), row.file());
            if !index.rows.primary.contains(number as usize) {
                extras.entry(file).or_default().push(number);
            }
            if row.parent().is_some_and(|parent| parent.number() == bucket)
                && let Some(claimed) = row.claimed_parent()
            {
                orphans.entry(claimed.record).or_default().push(number);
            }
            let holds = row.subtree_end() > number + 1 && row.file_flags().contains(FileFlags::DIRECTORY);
            if let Some(record) = row.record()
                && row.kind() != Kind::Stream
                && holds
            {
                records.insert(record, number);
            }
        }
        // Those that hold others came first: a record is mapped once.
        for row in index.rows().filter(|row| row.kind() != Kind::Stream) {
            if let Some(record) = row.record() {
                records.insert(record, row.number());
            }
        }
        let root_record = index.row(Index::ROOT).record();
        let sequence = index.row(Index::ROOT).sequence();
        let own = FileId { record: root_record.unwrap_or_default(), sequence };
        let root_id = called_root(&index).unwrap_or(own);
        let linked = Vec::new();
        let mut base = Self {
            index,
            records,
            extras,
            orphans,
            linked,
            bucket,
            root_record,
            root_id,
            ring_heads: Vec::new(),
        };
        base.linked = base.find_linked();
        // All that might be, to find those that are.
        let suspects: Vec<u32> = base.orphans.values().flatten().copied().collect();
        base.ring_heads.clone_from(&suspects);
        base.ring_heads.sort_unstable();
        let nothing = Delta::new(base.index.len());
        base.ring_heads = suspects.into_iter().filter_map(|row| nothing.ring_head(&base, row)).collect();
        base.ring_heads.sort_unstable();
        base.ring_heads.dedup();
        base
    }

    fn find_linked(&self) -> Vec<u32> {
        let kind = |row: u32| self.index.row(row).kind();
        let names = |rows: &[u32]| rows.iter().any(|&row| !matches!(kind(row), Kind::Stream | Kind::Folder));
        let files = self.extras.iter().filter(|(_, rows)| names(rows));
        let rows = files.filter_map(|(&file, _)| self.index.rows.primary_of(file));
        let mut linked: Vec<u32> = rows.flat_map(|row| self.rows_of_file(row)).collect();
        linked.retain(|&row| kind(row) != Kind::Stream);
        linked.sort_unstable();
        linked
    }

    /// Whether the row is one of several names of a file.
    pub(super) fn is_linked(&self, row: u32) -> bool {
        self.linked.binary_search(&row).is_ok()
    }

    /// The rows from `first` to before `end` that are one of several names of a file.
    pub(super) fn linked_within(&self, first: u32, end: u32) -> &[u32] {
        let before = |bound: u32| self.linked.partition_point(|&row| row < bound);
        self.linked.get(before(first)..before(end)).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.index.len() as usize
    }

    /// The row of a record's file that others would hang on.
    pub(super) fn row_of(&self, record: u32) -> Option<u32> {
        self.records.get(record)
    }

    /// The same with the number of the file, which is looked up by counting bits.
    pub(super) fn place_of(&self, record: u32) -> Option<(u32, u32)> {
        self.row_of(record).map(|row| (row, self.index.row(row).file()))
    }

    /// Whether a file has rows beside its first name.
    pub(super) fn has_extras(&self, file: u32) -> bool {
        self.extras.contains_key(&file)
    }

    /// All rows of the file that has this row, streams too, ascending.
    pub(super) fn rows_of_file(&self, row: u32) -> impl Iterator<Item = u32> {
        self.rows_of(row, self.index.row(row).file())
    }

    /// The same, if the file is known.
    pub(super) fn rows_of(&self, row: u32, file: u32) -> impl Iterator<Item = u32> {
        let (mut first, mut more) = (Some(row), &[][..]);
        if let Some(extras) = self.extras.get(&file) {
            let rows = &self.index.rows;
            let is_first = rows.primary.contains(row as usize);
            first = if is_first { first } else { rows.primary_of(file) };
            more = extras;
        }
        first.into_iter().chain(more.iter().copied())
    }

    /// Whether the record of a row that is no stream calls the folder that it lies in so.
    pub(super) fn claims(&self, row: u32, folder: FileId) -> bool {
        let index = &self.index;
        let Some(parent) = index.row(row).parent() else { return false };
        if self.row_of(folder.record) != Some(parent.number()) || index.rows.claim(row as usize).is_some() {
            return index.row(row).claimed_parent() == Some(folder);
        }
        // It is the row of that record: which is left to ask how often that was given out.
        index.files.sequence.get(parent.file() as usize) == u64::from(folder.sequence)
    }

    /// The rows in the bucket that call their folder by this record.
    pub(super) fn orphans_of(&self, record: u32) -> &[u32] {
        self.orphans.get(&record).map_or(&[], Vec::as_slice)
    }
}

/// What the root is called by those who lie in it and call it otherwise than its record does.
fn called_root(index: &Index) -> Option<FileId> {
    let claims = &index.rows.claim_row;
    let rows = (0..claims.len()).map(|place| claims.get_u32(place)).filter(|&row| row < index.len());
    let in_root = |row: u32| index.row(row).parent().is_some_and(|parent| parent.number() == Index::ROOT);
    rows.filter(|&row| in_root(row)).find_map(|row| index.row(row).claimed_parent())
}

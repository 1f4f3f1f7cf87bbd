//! What has to be known of an index to change it: from records to rows, and from files to their further rows.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::delta::Delta;
use crate::build::RecordMap;
use crate::{FileFlags, Index, Kind};

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
    pub(super) bucket: u32,
    /// Rows in the bucket that would lie in themselves: which they do only as long as the others of their ring stay.
    pub(super) ring_heads: Vec<u32>,
}

impl Base {
    pub(super) fn new(index: Arc<Index>) -> Self {
        let bucket = index.row(Index::ROOT).subtree_end().min(index.len().saturating_sub(1));
        let mut extras: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut orphans: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut records = RecordMap::default();
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
        let mut base = Self { index, records, extras, orphans, bucket, ring_heads: Vec::new() };
        // All that might be, to find those that are.
        base.ring_heads = base.orphans.values().flatten().copied().collect();
        base.ring_heads.sort_unstable();
        let mut nothing = Delta::new(base.index.len());
        nothing.find_rings(&base);
        base.ring_heads = nothing.ring_heads.into_iter().collect();
        base.ring_heads.sort_unstable();
        base
    }

    pub(super) fn len(&self) -> usize {
        self.index.len() as usize
    }

    /// The row of a record's file that others would hang on.
    pub(super) fn row_of(&self, record: u32) -> Option<u32> {
        self.records.get(record)
    }

    /// All rows of the file that has this row, streams too, ascending.
    pub(super) fn rows_of_file(&self, row: u32) -> impl Iterator<Item = u32> {
        let rows = &self.index.rows;
        let file = self.index.row(row).file();
        let first = if rows.primary.contains(row as usize) { Some(row) } else { rows.primary_of(file) };
        let more = self.extras.get(&file).map_or(&[][..], Vec::as_slice);
        first.into_iter().chain(more.iter().copied())
    }

    /// The rows in the bucket that call their folder by this record.
    pub(super) fn orphans_of(&self, record: u32) -> &[u32] {
        self.orphans.get(&record).map_or(&[], Vec::as_slice)
    }
}

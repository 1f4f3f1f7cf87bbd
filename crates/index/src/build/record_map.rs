//! From record numbers to files, in two array reads.
//!
//! Most references go to records close by, so a dense array is the fastest map; but a damaged `$MFT` or a log of changes may hold
//! record numbers far beyond all others, and an array that long would be memory taken on a stranger's word. So the array is cut into
//! pages, and a page exists only if a record in it does and those that exist are half full on the average, a few aside. Records that
//! lie alone beyond that are kept in a hash map. Rejected: smaller pages in more levels, for which each record that is looked up pays
//! with another read, and which take a hundred bytes a record where it lies alone, at the least; and making a page when so many of its records have come,
//! for which a dense volume pays by moving the first of each page.

use foldhash::fast::RandomState;
use std::collections::HashMap;

use super::NO_FILE;
use crate::batch::as_u32;

/// Records a page: 4 KiB of places.
const PAGE: usize = 1024;
const NO_PAGE: u32 = u32::MAX;
/// Pages that are made whatever comes: 4 MiB.
const PAGES_FREE: usize = 1024;
/// Records in pages that another page is made for.
const PAGED_A_PAGE: usize = PAGE / 2;
/// Records outside of pages that another page is made for, so that what is dense behind many that lie alone comes to have pages.
const APART_A_PAGE: usize = 2 * PAGE;

/// Which file has which record number. Takes at most 20 MiB, and 8 bytes for each record that lies in a page or was expected, and 23
/// for each that lies apart; as vectors grow by doubling, up to twice that of what is no hash map.
#[derive(Debug, Default)]
pub(crate) struct RecordMap {
    pages: Vec<u32>,
    places: Vec<u32>,
    /// Records that are in pages, and those that were expected.
    paged: usize,
    apart: HashMap<u32, u32, RandomState>,
}

impl RecordMap {
    /// An empty map for about so many records, which may come in any order.
    pub(crate) fn expecting(records: usize) -> Self {
        Self { paged: records, ..Self::default() }
    }

    /// Maps `record` to `file`. The first file wins where two claim one record.
    pub(crate) fn insert(&mut self, record: u32, file: u32) {
        let Some(page) = self.page(record as usize / PAGE) else {
            return self.insert_apart(record, file);
        };
        let place = page * PAGE + record as usize % PAGE;
        // It may have come before its page did.
        if self.places[place] == NO_FILE && (self.apart.is_empty() || self.get_apart(record).is_none()) {
            self.places[place] = file;
            self.paged += 1;
        }
    }

    /// The file with this record number.
    #[inline]
    pub(crate) fn get(&self, record: u32) -> Option<u32> {
        let page = self.pages.get(record as usize / PAGE).filter(|&&page| page != NO_PAGE);
        let place = page.map(|&page| page as usize * PAGE + record as usize % PAGE);
        let file = place.and_then(|place| self.places.get(place)).filter(|&&file| file != NO_FILE);
        match file {
            None if !self.apart.is_empty() => self.get_apart(record),
            file => file.copied(),
        }
    }

    /// Not inlined: whoever looks up records would be longer for what is seldom asked.
    #[cold]
    fn get_apart(&self, record: u32) -> Option<u32> {
        self.apart.get(&record).copied()
    }

    #[cold]
    fn insert_apart(&mut self, record: u32, file: u32) {
        self.apart.entry(record).or_insert(file);
    }

    /// The page with this number, made if need be; nothing if too few records are there for one more.
    fn page(&mut self, number: usize) -> Option<usize> {
        if let Some(&page) = self.pages.get(number).filter(|&&page| page != NO_PAGE) {
            return Some(page as usize);
        }
        let page = self.places.len() / PAGE;
        if page >= PAGES_FREE + self.paged / PAGED_A_PAGE + self.apart.len() / APART_A_PAGE {
            return None;
        }
        if self.pages.len() <= number {
            self.pages.resize(number + 1, NO_PAGE);
        }
        self.pages[number] = as_u32(page);
        self.places.resize(self.places.len() + PAGE, NO_FILE);
        Some(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Bytes of a bucket of the hash map, and how many there are for each record that it has room for.
    const BUCKET_BYTES: usize = 9;

    impl RecordMap {
        /// Bytes that it holds, by capacity.
        fn bytes(&self) -> usize {
            let buckets = (self.apart.capacity() * 8 / 7).next_power_of_two();
            (self.pages.capacity() + self.places.capacity()) * 4 + buckets * BUCKET_BYTES
        }
    }

    #[test]
    fn finds_what_it_holds_and_nothing_else() {
        let records = [0, 5, 1023, 1024, 70_000, u32::MAX, 5];
        let mut map = RecordMap::default();
        assert_eq!(map.get(0), None);
        for (file, &record) in records.iter().enumerate() {
            map.insert(record, as_u32(file));
        }
        for (file, &record) in records.iter().enumerate().take(6) {
            assert_eq!(map.get(record), Some(as_u32(file)), "record {record}");
        }
        for record in [1, 4, 6, 1025, 69_999, 2_000_000, u32::MAX - 1] {
            assert_eq!(map.get(record), None, "record {record}");
        }
    }

    proptest! {
        /// Runs of records, far apart and close by, over one another: enough of them that pages run out and come again.
        #[test]
        fn it_is_a_map_whose_first_value_stays(
            expected in 0usize..5_000,
            runs in prop::collection::vec((0u32..4_000_000, 1u32..5_000, 1u32..3_000, any::<bool>()), 1..6),
        ) {
            let (mut map, mut model) = (RecordMap::expecting(expected), BTreeMap::new());
            for (first, stride, count, dense) in runs {
                let stride = if dense { 1 } else { stride };
                for record in (0..count).map(|step| first + step * stride) {
                    let file = as_u32(model.len());
                    map.insert(record, file);
                    model.entry(record).or_insert(file);
                }
            }
            for (&record, &file) in &model {
                prop_assert_eq!(map.get(record), Some(file));
                prop_assert_eq!(map.get(record + 1), model.get(&(record + 1)).copied());
            }
        }
    }

    /// A page for each record took 4 GiB here.
    #[test]
    fn records_that_lie_apart_take_some_bytes_each() {
        const RECORDS: u32 = 1_000_000;
        let apart = u32::MAX / RECORDS;
        let mut ascending = RecordMap::default();
        (0..RECORDS).for_each(|file| ascending.insert(file * apart, file));
        let mut descending = RecordMap::default();
        (0..RECORDS).rev().for_each(|file| descending.insert(file * apart, file));
        for map in [ascending, descending] {
            assert!((0..RECORDS).all(|file| map.get(file * apart) == Some(file)));
            let most = 2 * (20 << 20) + 23 * RECORDS as usize;
            assert!(map.bytes() <= most, "{} bytes of {most}", map.bytes());
        }
    }

    /// However many lie apart before them.
    #[test]
    fn dense_records_take_eight_bytes_each_at_most() {
        for alone in [0, 100_000] {
            let mut map = RecordMap::default();
            (0..alone).for_each(|file| map.insert(file * as_u32(PAGE), file));
            let first = alone * as_u32(PAGE);
            (0..2_000_000).for_each(|file| map.insert(first + file, file));
            let apart = map.apart.len();
            assert!(apart < alone as usize + 2 * APART_A_PAGE, "{apart} of {alone} lie apart");
        }
    }
}

//! From record numbers to files, in two array reads.
//!
//! Most references go to records close by, so a dense array is the fastest map; but a damaged `$MFT` may hold
//! a record number far beyond all others, and an array that long would be memory taken on a stranger's word.
//! So the array is cut into pages, and a page exists only if a record in it does.

use super::NO_FILE;
use crate::batch::as_u32;

/// Records a page: 4 KiB of places.
const PAGE: usize = 1024;
const NO_PAGE: u32 = u32::MAX;

/// Which file has which record number. Takes at most 16 MiB and 4 KiB a page that is in use.
#[derive(Debug, Default)]
pub(crate) struct RecordMap {
    pages: Vec<u32>,
    places: Vec<u32>,
}

impl RecordMap {
    /// Maps `record` to `file`. The first file wins where two claim one record.
    pub(crate) fn insert(&mut self, record: u32, file: u32) {
        let page = self.page(record as usize / PAGE);
        let slot = &mut self.places[page * PAGE + record as usize % PAGE];
        if *slot == NO_FILE {
            *slot = file;
        }
    }

    /// The file with this record number.
    pub(crate) fn get(&self, record: u32) -> Option<u32> {
        let &page = self.pages.get(record as usize / PAGE)?;
        let place = (page != NO_PAGE).then(|| page as usize * PAGE + record as usize % PAGE)?;
        self.places.get(place).copied().filter(|&file| file != NO_FILE)
    }

    /// The page with this number, made if need be.
    fn page(&mut self, number: usize) -> usize {
        if self.pages.len() <= number {
            self.pages.resize(number + 1, NO_PAGE);
        }
        if self.pages[number] == NO_PAGE {
            self.pages[number] = as_u32(self.places.len() / PAGE);
            self.places.resize(self.places.len() + PAGE, NO_FILE);
        }
        self.pages[number] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

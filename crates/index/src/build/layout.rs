//! Files in the order of their first rows, and which rows are whose.

use super::NO_FILE;
use super::items::Items;
use super::parents::Parents;
use crate::batch::as_u32;

const WORD: usize = u64::BITS as usize;

/// The files of the rows.
#[derive(Debug)]
pub(super) struct RowTable {
    /// The file of each row, by its final number.
    pub(super) file: Vec<u32>,
    /// One bit a row: it is the first name of a file.
    pub(super) primary: Vec<u64>,
    /// The rows that are not, with their items.
    pub(super) extras: Vec<(u32, u32)>,
    pub(super) bucket: u32,
    pub(super) claims: Claims,
    pub(super) order: FileOrder,
}

/// The order in which files are numbered.
#[derive(Debug)]
pub(super) struct FileOrder {
    /// The place in the stitched table of each file, by its final number.
    pub(super) place: Vec<u32>,
    /// How many names each has.
    pub(super) links: Vec<u16>,
}

/// Names whose records call their folder by another number than it has.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) row: Vec<u32>,
    /// What they call it, as [`FileId::packed`].
    pub(super) parent: Vec<u64>,
}

impl Claims {
    fn new(rows: &[u32], parents: &Parents, items: &Items) -> Self {
        let mut claims = Self::default();
        if parents.has_claims(items) {
            for (row, &item) in (0u32..).zip(rows).filter(|&(_, &item)| parents.is_claim(item, items)) {
                claims.row.push(row);
                claims.parent.push(parents.claimed(item));
            }
        }
        claims
    }
}

impl RowTable {
    /// Those of `item`s that are the rows, of so many `files`.
    pub(super) fn new(item: &[u32], parents: &Parents, items: &Items, files: usize) -> Self {
        let claims = Claims::new(item, parents, items);
        let mut number = vec![NO_FILE; files];
        let mut place: Vec<u32> = Vec::with_capacity(files);
        let mut links: Vec<u16> = Vec::with_capacity(files);
        let mut file = Vec::with_capacity(item.len());
        let mut primary = vec![0u64; item.len().div_ceil(WORD)];
        let (mut extras, mut bucket) = (Vec::new(), 0);
        for (row, &item) in (0u32..).zip(item) {
            let of = items.file[item as usize];
            let slot = &mut number[of as usize];
            let is_name = item < items.first_stream;
            if *slot == NO_FILE {
                // A stream comes after the first name of its file, below which it lies.
                *slot = as_u32(place.len());
                place.push(of);
                links.push(u16::from(is_name));
                primary[row as usize / WORD] |= 1 << (row as usize % WORD);
                if item == items.bucket {
                    bucket = row;
                }
            } else {
                if is_name {
                    let links = &mut links[*slot as usize];
                    *links = links.saturating_add(1);
                }
                extras.push((row, item));
            }
            file.push(*slot);
        }
        let order = FileOrder { place, links };
        Self { file, primary, extras, bucket, claims, order }
    }
}

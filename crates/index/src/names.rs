//! All names in two blobs: as they are, and folded for case-blind search.
//!
//! A search for a word is one sweep over a blob at memory speed; comparing name by name was measured ten to
//! twenty times slower. Names lie one after another without a separator, because a name may hold any byte: a
//! hit that crosses a border is told by the offsets. Folding changes lengths, so a hit in the folded blob leads
//! to the number of a name, never to an offset in the other blob.

use rayon::prelude::*;

use crate::CaseTable;
use crate::build::BuildError;

/// Names that a thread folds before it asks for more.
const FOLD_TASK: usize = 4096;

/// The names of an index by number.
#[derive(Debug)]
pub struct NameStore {
    case: CaseTable,
    plain: Blob,
    folded: Blob,
    /// The row that bears the name; `NO_ROW` where a name was read but belongs to no row.
    rows: Vec<u32>,
}

pub(crate) const NO_ROW: u32 = u32::MAX;

/// Byte strings one after another, with the offset at which each ends.
#[derive(Debug, Default)]
struct Blob {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Blob {
    fn start(&self, place: usize) -> usize {
        place.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    fn get(&self, place: usize) -> &[u8] {
        &self.bytes[self.start(place)..self.ends[place] as usize]
    }
}

impl NameStore {
    /// Takes the names that lie in `bytes`, each as long as `lengths` says.
    pub(crate) fn new(mut bytes: Vec<u8>, lengths: &[u16], case: CaseTable) -> Result<Self, BuildError> {
        bytes.shrink_to_fit();
        let plain = Blob { ends: ends(lengths.iter().copied())?, bytes };
        let folded = fold(&plain, &case)?;
        Ok(Self { case, plain, folded, rows: vec![NO_ROW; lengths.len()] })
    }

    pub(crate) fn set_row(&mut self, name: u32, row: u32) {
        self.rows[name as usize] = row;
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A name in WTF-8.
    ///
    /// # Panics
    /// If there is no such name.
    #[must_use]
    pub fn get(&self, name: u32) -> &[u8] {
        self.plain.get(name as usize)
    }

    /// The name in upper case by the volume's table.
    ///
    /// # Panics
    /// If there is no such name.
    #[must_use]
    pub fn folded(&self, name: u32) -> &[u8] {
        self.folded.get(name as usize)
    }

    /// All folded names one after another.
    #[must_use]
    pub fn folded_blob(&self) -> &[u8] {
        &self.folded.bytes
    }

    /// Where in [`NameStore::folded_blob`] each name ends.
    #[must_use]
    pub fn folded_ends(&self) -> &[u32] {
        &self.folded.ends
    }

    /// The rows that bear the name.
    #[must_use]
    pub fn rows_of(&self, name: u32) -> &[u32] {
        let place = name as usize;
        match self.rows.get(place) {
            None | Some(&NO_ROW) => &[],
            Some(_) => &self.rows[place..=place],
        }
    }

    /// The table by which names were folded.
    #[must_use]
    pub fn case_table(&self) -> &CaseTable {
        &self.case
    }

    /// Bytes that the names take in memory.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let blob = |blob: &Blob| blob.bytes.capacity() + blob.ends.capacity() * 4;
        blob(&self.plain) + blob(&self.folded) + self.rows.capacity() * 4
    }
}

/// The running totals of `lengths`.
fn ends(lengths: impl ExactSizeIterator<Item = u16>) -> Result<Vec<u32>, BuildError> {
    let mut end = 0u32;
    lengths
        .map(|length| {
            end = end.checked_add(u32::from(length)).ok_or(BuildError::TooManyNameBytes)?;
            Ok(end)
        })
        .collect()
}

/// Folds every name, on as many threads as there are.
fn fold(plain: &Blob, case: &CaseTable) -> Result<Blob, BuildError> {
    let parts: Vec<(Vec<u8>, Vec<u16>)> = (0..plain.ends.len().div_ceil(FOLD_TASK))
        .into_par_iter()
        .map(|task| {
            let names = task * FOLD_TASK..((task + 1) * FOLD_TASK).min(plain.ends.len());
            let mut bytes = Vec::with_capacity(plain.start(names.end) - plain.start(names.start));
            let mut lengths = Vec::with_capacity(names.len());
            for name in names {
                let start = bytes.len();
                case.fold_into(plain.get(name), &mut bytes);
                lengths.push(u16::try_from(bytes.len() - start).unwrap_or(u16::MAX));
            }
            (bytes, lengths)
        })
        .collect();
    let lengths: Vec<u16> = parts.iter().flat_map(|(_, lengths)| lengths.iter().copied()).collect();
    let mut bytes = Vec::with_capacity(parts.iter().map(|(bytes, _)| bytes.len()).sum());
    parts.iter().for_each(|(part, _)| bytes.extend_from_slice(part));
    Ok(Blob { bytes, ends: ends(lengths.into_iter())? })
}

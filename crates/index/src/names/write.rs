//! Writes the sorted names as the columns that stay.
//!
//! How long the folded names are is found first, so that each thread writes to its share of the one column: to put
//! together what each had written on its own took the memory twice.

use rayon::prelude::*;

use super::distinct::Distinct;
use super::sort::{Entry, Order};
use super::spelling::{self, Speller};
use super::text::{Names, TOUCH_MAX, place};

/// Names that a thread writes before it asks for more.
const TASK_NAMES: usize = 1 << 14;

/// Writes the names in their order; `of_item` stays empty.
pub(super) fn write(names: &Names<'_>, order: &Order<'_>, entries: &[Entry], speller: &Speller) -> Distinct {
    let mut distinct = Distinct { ends: vec![0; entries.len()], ..Distinct::default() };
    let columns = entries.par_chunks(TASK_NAMES).zip(distinct.ends.par_chunks_mut(TASK_NAMES));
    let lengths: Vec<usize> = columns.map(|(entries, ends)| measure(order, entries, ends)).collect();
    distinct.folded = vec![0; lengths.iter().sum()];
    distinct.spelling = vec![0; entries.len()];
    let mut tasks = Vec::with_capacity(lengths.len());
    let (mut start, mut rest) = (0, &mut distinct.folded[..]);
    let columns = distinct.ends.chunks_mut(TASK_NAMES).zip(distinct.spelling.chunks_mut(TASK_NAMES));
    for ((&length, entries), (ends, codes)) in lengths.iter().zip(entries.chunks(TASK_NAMES)).zip(columns) {
        let (folded, behind) = rest.split_at_mut(length);
        tasks.push(Task { entries, start, folded, ends, codes });
        (start, rest) = (start + length as u64, behind);
    }
    let written = tasks.into_par_iter().map(|task| task.write(names, order, speller));
    let spellings: Vec<Vec<u8>> = written.collect();
    for (bytes, codes) in spellings.iter().zip(distinct.spelling.chunks_mut(TASK_NAMES)) {
        let before = distinct.spellings.len() as u64;
        codes.iter_mut().for_each(|code| *code = spelling::moved(*code, before));
        distinct.spellings.extend_from_slice(bytes);
    }
    distinct
}

/// Writes where each name of a task ends, counted from the first one's start, and returns the last end.
fn measure(order: &Order<'_>, entries: &[Entry], ends: &mut [u64]) -> usize {
    let mut length = 0;
    for (entry, end) in entries.iter().zip(ends) {
        length += order.text(entry).len();
        *end = length as u64;
    }
    length
}

/// Names that are written by one thread, and where.
struct Task<'a> {
    entries: &'a [Entry],
    /// Where the folded names begin among all.
    start: u64,
    folded: &'a mut [u8],
    /// As counted from `start`.
    ends: &'a mut [u64],
    codes: &'a mut [u64],
}

impl Task<'_> {
    /// Writes the names, and returns their spelling bytes.
    fn write(self, names: &Names<'_>, order: &Order<'_>, speller: &Speller) -> Vec<u8> {
        let mut rest = self.folded;
        let mut spellings = Vec::new();
        let mut before = 0;
        let columns = self.ends.chunks_mut(TOUCH_MAX).zip(self.codes.chunks_mut(TOUCH_MAX));
        for (entries, (ends, codes)) in self.entries.chunks(TOUCH_MAX).zip(columns) {
            names.touch(entries.iter().map(|entry| entry.item));
            for ((entry, end), code) in entries.iter().zip(ends).zip(codes) {
                let (folded, behind) = rest.split_at_mut(place(*end - before));
                let plain = names.plain(entry.item as usize);
                *code = if entry.is_ascii() && speller.is_plain() {
                    speller.fold_ascii(plain, folded, &mut spellings)
                } else {
                    order.text(entry).copy_to(folded);
                    speller.spell(folded, plain, &mut spellings)
                };
                rest = behind;
                before = *end;
                *end += self.start;
            }
        }
        spellings
    }
}

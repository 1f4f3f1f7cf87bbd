//! Work on several threads, if the caller has some.
//!
//! A search that is called within a rayon pool uses its threads; outside of one it runs on the thread that called. So nothing is
//! started that nobody asked for: that a library brings rayon's global pool to life would be a decision about its caller's process.
//! How the work was shared cannot be told from the answer: sets do not know who filled them, and lists are joined in order.

use std::cmp::Ordering;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::row_set::RowSet;

/// Shares that a thread takes on average, so that those that are slow even out.
const SHARES: usize = 4;
/// From how many rows on several threads sort.
const SORTED_TOGETHER_MIN: usize = 1 << 16;

/// How many threads there are to share work.
pub(super) fn count() -> usize {
    if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 1 }
}

/// Does `work` for each piece and unites the rows that were found, below `len`; calls `twice` if one was found in two pieces.
pub(super) fn gather(
    len: u32,
    pieces: usize,
    work: impl Fn(usize, &mut RowSet) + Sync,
    twice: impl Fn() + Sync,
) -> RowSet {
    let none = || RowSet::none(len);
    let each = |mut rows: RowSet, piece: usize| {
        work(piece, &mut rows);
        rows
    };
    let threads = count();
    if threads < 2 || pieces < 2 {
        return (0..pieces).fold(none(), each);
    }
    let least = pieces.div_ceil(threads * SHARES);
    let shares = (0..pieces).into_par_iter().with_min_len(least).fold(none, each);
    shares.reduce(none, |mut rows, others| {
        if !rows.unite(&others) {
            twice();
        }
        rows
    })
}

/// What `work` makes of each piece, one after another.
pub(crate) fn concat<T: Send>(pieces: usize, work: impl Fn(usize) -> Vec<T> + Send + Sync) -> Vec<T> {
    if count() < 2 || pieces < 2 {
        return (0..pieces).flat_map(work).collect();
    }
    (0..pieces).into_par_iter().map(work).collect::<Vec<_>>().into_iter().flatten().collect()
}

/// Sorts rows by an order in which no two are equal.
pub(crate) fn sort_by<T: Send>(rows: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) {
    if rows.len() >= SORTED_TOGETHER_MIN && count() > 1 {
        rows.par_sort_unstable_by(compare);
    } else {
        rows.sort_unstable_by(compare);
    }
}

/// Gives each stretch of at most `stretch` words to `work` with the number of its first word.
pub(super) fn fill(words: &mut [u64], stretch: usize, work: impl Fn(usize, &mut [u64]) + Sync) {
    if count() < 2 || words.len() <= stretch {
        return words.chunks_mut(stretch).enumerate().for_each(|(at, words)| work(at * stretch, words));
    }
    words.par_chunks_mut(stretch).enumerate().for_each(|(at, words)| work(at * stretch, words));
}

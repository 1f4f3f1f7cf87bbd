//! One table out of those that several workers filled.

use std::ops::Range;

/// Which stretch of which worker's table comes next in the stitched one.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) batch: usize,
    pub(crate) range: Range<usize>,
}

/// Items that the builder adds behind what was read: reserved, so that adding them copies nothing.
pub(crate) const MADE: usize = 2;

/// Concatenates `pieces` of the workers' tables. One worker that filled everything in order keeps its own.
pub(crate) fn concat<T: Copy>(mut parts: Vec<Vec<T>>, pieces: &[Piece]) -> Vec<T> {
    if let [only] = parts.as_mut_slice()
        && in_order(pieces, only.len())
    {
        only.reserve_exact(MADE);
        return std::mem::take(only);
    }
    let mut out = Vec::with_capacity(pieces.iter().map(|piece| piece.range.len()).sum::<usize>() + MADE);
    for piece in pieces {
        out.extend_from_slice(&parts[piece.batch][piece.range.clone()]);
    }
    out
}

fn in_order(pieces: &[Piece], len: usize) -> bool {
    let mut next = 0;
    pieces.iter().all(|piece| std::mem::replace(&mut next, piece.range.end) == piece.range.start)
        && next == len
}

//! One table out of those that several workers filled: laid together where it is gone through from one end to the other, left where it is
//! where it is gone to at any place.

use std::ops::Range;

use crate::batch::as_u32;

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

/// Items of several workers as one table, numbered worker by worker. To lay them together in the order of their records would be to write
/// all of them a second time.
#[derive(Debug)]
pub(crate) struct Parts<T> {
    /// One at least.
    parts: Vec<Vec<T>>,
    /// The number of the first item of each.
    firsts: Vec<u32>,
}

impl<T> Parts<T> {
    pub(crate) fn new(mut parts: Vec<Vec<T>>) -> Self {
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        let mut next = 0;
        let firsts = parts.iter().map(|part| {
            let first = next;
            next += as_u32(part.len());
            first
        });
        let firsts = firsts.collect();
        if let Some(last) = parts.last_mut() {
            last.reserve_exact(MADE);
        }
        Self { parts, firsts }
    }

    pub(crate) fn len(&self) -> usize {
        let last = self.parts.len() - 1;
        self.firsts[last] as usize + self.parts[last].len()
    }

    /// The numbers of a worker's items.
    pub(crate) fn numbers(&self, piece: &Piece) -> Range<u32> {
        let first = self.firsts[piece.batch];
        first + as_u32(piece.range.start)..first + as_u32(piece.range.end)
    }

    #[inline]
    pub(crate) fn get(&self, number: u32) -> &T {
        let (part, place) = self.place(number);
        &self.parts[part][place]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> &mut T {
        let (part, place) = self.place(number);
        &mut self.parts[part][place]
    }

    /// Adds an item behind all others.
    pub(crate) fn push(&mut self, item: T) {
        let last = self.parts.len() - 1;
        self.parts[last].push(item);
    }

    /// The part that an item lies in, and where there. Few workers make few parts, and to count is no branch that could be foretold wrongly.
    #[inline]
    fn place(&self, number: u32) -> (usize, usize) {
        if self.firsts.len() == 1 {
            return (0, number as usize);
        }
        let part = self.firsts[1..].iter().map(|&first| usize::from(first <= number)).sum();
        (part, (number - self.firsts[part]) as usize)
    }
}

impl<T> From<Vec<T>> for Parts<T> {
    fn from(only: Vec<T>) -> Self {
        Self { parts: vec![only], firsts: vec![0] }
    }
}

fn in_order(pieces: &[Piece], len: usize) -> bool {
    let mut next = 0;
    pieces.iter().all(|piece| std::mem::replace(&mut next, piece.range.end) == piece.range.start)
        && next == len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_one_table() {
        for parts in [
            vec![],
            vec![vec![]],
            vec![vec![0, 1], vec![], vec![2]],
            vec![vec![], vec![0], vec![1, 2], vec![]],
        ] {
            let count = as_u32(parts.concat().len());
            let mut table = Parts::new(parts.clone());
            table.push(count);
            table.push(count + 1);
            assert!((0..count + 2).all(|number| *table.get(number) == number), "{parts:?}");
            assert_eq!(table.len(), count as usize + 2);
            for (batch, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
                let numbers = table.numbers(&Piece { batch, range: 0..part.len() });
                assert!(numbers.eq(part.iter().copied()), "{parts:?}");
            }
            (0..count + 2).for_each(|number| *table.get_mut(number) += 7);
            assert!((0..count + 2).all(|number| *table.get(number) == number + 7));
        }
    }
}

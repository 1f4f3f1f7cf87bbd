//! What several workers put aside, as one run of bytes in the order of the records.

use std::ops::Range;

use super::{Budget, Kind, SpillError, Stretch};
use crate::pieces::Piece;

/// What one worker put aside, in the order in which it did.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    stretches: Vec<Stretch>,
    /// Where each ends.
    ends: Vec<u64>,
}

impl Runs {
    /// Bytes in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Adds a stretch. One without bytes would never be taken, and keep what it lies in.
    pub(crate) fn push(&mut self, stretch: Stretch) {
        if stretch.len() == 0 {
            return;
        }
        self.ends.push(self.bytes() + stretch.len() as u64);
        self.stretches.push(stretch);
    }

    /// Makes room: puts stretches aside that lie in memory, until there is enough.
    pub(crate) fn make_room(&mut self, kind: Kind, budget: &Budget) -> Result<(), SpillError> {
        if budget.is_short() {
            budget.turn_slabs();
        }
        for stretch in &mut self.stretches {
            if !budget.is_short() {
                break;
            }
            stretch.put_aside(kind, budget)?;
        }
        Ok(())
    }
}

/// The runs of all workers, in the order of the records.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    links: Vec<Link>,
    stretches: Vec<Option<Stretch>>,
    /// Bytes of each stretch that have not been taken yet.
    left: Vec<usize>,
    bytes: u64,
}

/// Bytes of a stretch that come next.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// Where in the chain it begins; it ends where the next one begins.
    start: u64,
    stretch: u32,
    /// Where in the stretch it begins.
    offset: usize,
}

impl Chain {
    /// Chains the `pieces` of the workers' `runs`, in which each item takes `item_bytes`.
    pub(crate) fn new(runs: Vec<Runs>, pieces: &[Piece], item_bytes: usize) -> Self {
        let mut chain = Self::default();
        // The number of each worker's first stretch.
        let firsts: Vec<usize> = runs
            .iter()
            .scan(0, |next, runs| {
                let first = *next;
                *next += runs.stretches.len();
                Some(first)
            })
            .collect();
        for piece in pieces {
            let (runs, first) = (&runs[piece.batch], firsts[piece.batch]);
            let end = (piece.range.end * item_bytes) as u64;
            let mut at = (piece.range.start * item_bytes) as u64;
            while at < end {
                let number = runs.ends.partition_point(|&run_end| run_end <= at);
                let begins = number.checked_sub(1).map_or(0, |before| runs.ends[before]);
                chain.link(first + number, place(at - begins));
                let next = end.min(runs.ends[number]);
                chain.bytes += next - at;
                at = next;
            }
        }
        chain.stretches = runs.into_iter().flat_map(|runs| runs.stretches).map(Some).collect();
        chain.left = chain.stretches.iter().map(|it| it.as_ref().map_or(0, Stretch::len)).collect();
        chain
    }

    fn link(&mut self, stretch: usize, offset: usize) {
        let (start, stretch) = (self.bytes, crate::batch::as_u32(stretch));
        let goes_on = self.links.last().is_some_and(|last| {
            last.stretch == stretch && last.offset as u64 + (start - last.start) == offset as u64
        });
        if !goes_on {
            self.links.push(Link { start, stretch, offset });
        }
    }

    /// Bytes in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends some bytes to `out`.
    pub(crate) fn read(&self, range: Range<u64>, out: &mut Vec<u8>) -> Result<(), SpillError> {
        self.parts(range, |stretch, part| match &self.stretches[stretch] {
            Some(stretch) => stretch.read(part, out),
            None => unreachable!("bytes are taken once"),
        })
    }

    /// The same for bytes that are not read again: a stretch that was taken as a whole makes room.
    pub(crate) fn take(&mut self, range: Range<u64>, out: &mut Vec<u8>) -> Result<(), SpillError> {
        self.read(range.clone(), out)?;
        let mut taken = Vec::new();
        self.parts(range, |stretch, part| {
            taken.push((stretch, part.len()));
            Ok(())
        })?;
        for (stretch, bytes) in taken {
            self.left[stretch] -= bytes;
            if self.left[stretch] == 0 {
                self.stretches[stretch] = None;
            }
        }
        Ok(())
    }

    fn parts(
        &self,
        range: Range<u64>,
        mut each: impl FnMut(usize, Range<usize>) -> Result<(), SpillError>,
    ) -> Result<(), SpillError> {
        let mut at = range.start;
        let mut number = self.links.partition_point(|link| link.start <= at).saturating_sub(1);
        while at < range.end {
            let link = self.links[number];
            let next = self.links.get(number + 1).map_or(self.bytes, |next| next.start).min(range.end);
            let start = link.offset + place(at - link.start);
            each(link.stretch as usize, start..start + place(next - at))?;
            (at, number) = (next, number + 1);
        }
        Ok(())
    }
}

/// A length of something that is, or was, in memory.
fn place(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_runs_come_in_the_order_of_the_records() {
        let folder = tempfile::tempdir().unwrap();
        for room in [0, 3, 1000] {
            let budget = Budget::limited(room, folder.path());
            let run = |parts: &[&str]| {
                let mut runs = Runs::default();
                parts
                    .iter()
                    .for_each(|part| runs.push(budget.put(Kind::Names, part.as_bytes().to_vec()).unwrap()));
                runs
            };
            let runs = vec![run(&["ab", "", "cdef"]), run(&[]), run(&["ghij"])];
            let piece = |batch, range| Piece { batch, range };
            let pieces = [piece(2, 2..4), piece(0, 0..3), piece(1, 0..0), piece(2, 0..2), piece(0, 3..6)];
            let mut chain = Chain::new(runs, &pieces, 1);
            let whole = b"ijabcghdef";
            assert_eq!(chain.bytes(), 10);
            for start in 0..=10 {
                for end in start..=10 {
                    let mut found = Vec::new();
                    chain.read(start as u64..end as u64, &mut found).unwrap();
                    assert_eq!(found, whole[start..end]);
                }
            }
            let mut found = Vec::new();
            (0..10).for_each(|at| chain.take(at..at + 1, &mut found).unwrap());
            assert_eq!(found, whole);
            assert!(chain.stretches.iter().all(Option::is_none), "all room is free again");
        }
    }

    /// Room that one worker wants may lie where another one has put something, too, which that one takes away when it comes by. Until
    /// then each try began another file, and a scan on many threads ended because it had too many open.
    #[test]
    fn wanting_room_again_and_again_opens_no_more_files() {
        use crate::budget::Items;
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::limited(Items { names: 10, ..Items::default() }.bytes(), folder.path());
        let (mut mine, mut others) = (Runs::default(), Runs::default());
        others.push(budget.put(Kind::Files, vec![1; 50]).unwrap());
        budget.count(Items { names: 9, ..Items::default() }).unwrap();
        for _ in 0..100 {
            mine.push(budget.put(Kind::Files, vec![2; 10]).unwrap());
            mine.make_room(Kind::Files, &budget).unwrap();
            assert!(budget.is_short(), "the others have not come by");
        }
        let files: std::collections::HashSet<_> = mine.stretches.iter().map(Stretch::file).collect();
        assert_eq!(files.len(), 1);
        others.make_room(Kind::Files, &budget).unwrap();
        assert!(!budget.is_short());
    }
}

//! The sweep over all names that tells which pass.
//!
//! Most tests need some text to be in the name. One pass of memchr's substring search over the blob of folded
//! names finds where that is, at the speed of memory; only names with a hit are tested further. Many texts
//! joined by "or" share one pass of an automaton; that passes bytes one by one, so for a few it is the slower.
//!
//! Names are taken in pieces whose bytes the second cache holds: there they are checked and searched for each text before the next
//! piece comes. Pieces are what several threads share. Rows are looked up afterwards, if all that match are wanted.

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;

use super::names::{Name, NameTest};
use super::row_set::{RowSet, WORD};
use super::threads;
use crate::batch::as_u32;
use crate::names::NameCursor;
use crate::{Index, NameStore};

/// Texts for which a pass each is faster than one pass of an automaton: at some 10 times its speed.
const FINDERS_MAX: usize = 12;
/// Names in a piece: whole chunks of their offsets, and some 300 KiB of bytes.
const PIECE_NAMES: usize = 1 << 14;

/// The rows whose names pass one of `tests`.
pub(super) fn select(index: &Index, tests: &[NameTest]) -> RowSet {
    rows(index, &names(index, tests))
}

/// The numbers of the names that pass one of `tests`.
pub(super) fn names(index: &Index, tests: &[NameTest]) -> RowSet {
    let names = index.names();
    let way = Way::new(tests);
    let spelled = tests.iter().any(NameTest::is_spelled);
    let mut found = RowSet::none(as_u32(names.len()));
    let search = |word: usize, found: &mut [u64]| {
        let first = word * WORD as usize;
        let last = (first + PIECE_NAMES).min(names.len());
        let mut piece = Piece { names, first, last, spelled, found, text: Vec::new() };
        match &way {
            Way::Every => piece.every(tests),
            Way::Each(finders) => finders.iter().for_each(|(finder, test)| {
                let find =
                    |blob: &[u8]| finder.find(blob).map(|start| (start, start + finder.needle().len()));
                piece.sweep(find, std::slice::from_ref(*test), test.is_plain());
            }),
            Way::Together(automaton) => {
                let find = |blob: &[u8]| automaton.find(blob).map(|hit| (hit.start(), hit.end()));
                piece.sweep(find, tests, false);
            }
        }
    };
    threads::fill(found.words_mut(), PIECE_NAMES / WORD as usize, search);
    found
}

/// The rows that bear one of these names. No row is there twice, for each has one name.
pub(super) fn rows(index: &Index, names: &RowSet) -> RowSet {
    let store = index.names();
    let twice = || store.rows_by_name().misfit(0);
    let words = PIECE_NAMES / WORD as usize;
    let look = |piece: usize, rows: &mut RowSet| {
        let mut cursor = store.cursor();
        let mut again = false;
        let words = piece * words..((piece + 1) * words).min(names.words().len());
        let mut found = names.iter_in(words).map(|name| name as usize).peekable();
        while let Some(start) = found.next() {
            // Neighbours among names have rows that are neighbours in the list.
            let mut end = start + 1;
            while found.next_if_eq(&end).is_some() {
                end += 1;
            }
            cursor.rows_of(start..end, |some| {
                some.iter()
                    .for_each(|&row| again |= !rows.insert_new(u32::try_from(row).unwrap_or(u32::MAX)));
            });
        }
        if again {
            twice();
        }
    };
    threads::gather(index.len(), names.words().len().div_ceil(words), look, twice)
}

/// How names are found.
enum Way<'t> {
    /// Each is tested.
    Every,
    /// One sweep for each text that a test needs.
    Each(Vec<(Finder<'static>, &'t NameTest)>),
    /// One sweep for all texts.
    Together(AhoCorasick),
}

impl<'t> Way<'t> {
    fn new(tests: &'t [NameTest]) -> Self {
        let with_test = |test: &'t NameTest| Some(test.needed()?.into_iter().map(move |text| (text, test)));
        let needed: Option<Vec<_>> = tests.iter().map(with_test).collect();
        let Some(needed) = needed else { return Self::Every };
        let texts: Vec<(Vec<u8>, &NameTest)> = needed.into_iter().flatten().collect();
        if texts.len() <= FINDERS_MAX {
            let finder = |(text, test): (Vec<u8>, _)| (Finder::new(&text).into_owned(), test);
            return Self::Each(texts.into_iter().map(finder).collect());
        }
        // `Standard`: of the hits from a place on, the one that ends first.
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(texts.iter().map(|(text, _)| text));
        automaton.map_or(Self::Every, Self::Together)
    }
}

/// Some neighbouring names.
struct Piece<'a, 'f> {
    names: &'a NameStore,
    first: usize,
    last: usize,
    /// Whether a test asks how names are spelled.
    spelled: bool,
    /// A bit for each, of which those are set that pass.
    found: &'f mut [u64],
    /// A name as it is spelled.
    text: Vec<u8>,
}

impl<'a> Piece<'a, '_> {
    /// Tests each name.
    fn every(&mut self, tests: &[NameTest]) {
        let mut cursor = self.names.cursor();
        for number in self.first..self.last {
            let Some(place) = cursor.place(number) else { return };
            if self.passes(number, self.names.blob(place), tests, &mut cursor) {
                self.take(number);
            }
            if !self.names.is_sound() {
                return;
            }
        }
    }

    /// Tests each name that has a hit, or takes it if having one `suffices`. Of all hits in what it is given, `find` tells start and
    /// end of the one that ends first.
    fn sweep(&mut self, find: impl Fn(&[u8]) -> Option<(usize, usize)>, tests: &[NameTest], suffices: bool) {
        let place = self.names.place(self.first..self.last);
        let blob = self.names.blob(place.clone());
        let mut cursor = self.names.cursor();
        let (mut number, mut at) = (self.first, 0);
        while let Some((start, end)) = blob.get(at..).and_then(&find) {
            number = cursor.holding(place.start + at + start, number);
            if number >= self.last {
                return;
            }
            let Some(name) = cursor.place(number) else { return };
            let hit = place.start + at + start;
            let inside = name.start.checked_sub(place.start).zip(name.end.checked_sub(place.start));
            let Some((from, to)) = inside.filter(|_| name.contains(&hit)) else {
                return self.names.misplaced(number);
            };
            // A hit that runs into the next name is none, and as every other ends later, this name has none.
            let passes = at + end <= to
                && (suffices
                    || self.passes(number, blob.get(from..to).unwrap_or_default(), tests, &mut cursor));
            if passes {
                self.take(number);
            }
            number += 1;
            at = to;
        }
    }

    fn take(&mut self, number: usize) {
        let place = number - self.first;
        if let Some(word) = self.found.get_mut(place / WORD as usize) {
            *word |= 1 << (place % WORD as usize);
        }
    }

    fn passes(
        &mut self,
        number: usize,
        folded: &[u8],
        tests: &[NameTest],
        cursor: &mut NameCursor<'a>,
    ) -> bool {
        self.text.clear();
        if self.spelled {
            cursor.spell(number, folded, &mut self.text);
        }
        tests.iter().any(|test| test.holds(Name { folded, spelled: &self.text }))
    }
}

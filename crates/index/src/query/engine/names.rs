//! Tests of a name, and the one sweep over all names that answers them.
//!
//! Most tests need some text to be in the name. One pass of memchr's substring search over the blob of folded
//! names finds where that is, at the speed of memory; only names with a hit are tested further. Many texts
//! joined by "or" share one pass of an automaton; that passes bytes one by one, so for a few it is the slower.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::glob::Glob;
use super::row_set::RowSet;
use crate::batch::as_u32;
use crate::query::ast::{Bounds, Case, Piece, Text};
use crate::{CaseTable, Index, NameStore};

/// Texts for which a pass each is faster than one pass of an automaton: at some 10 times its speed.
const FINDERS_MAX: usize = 12;

/// What follows the last dot of a name, unless that dot is its first character.
#[must_use]
pub fn extension(name: &[u8]) -> &[u8] {
    match memchr::memrchr(b'.', name) {
        None | Some(0) => &[],
        Some(dot) => &name[dot + 1..],
    }
}

/// Characters of a name: its bytes but for those that go on with one.
pub(crate) fn characters(name: &[u8]) -> u64 {
    name.iter().map(|byte| u64::from(byte & 0xC0 != 0x80)).sum()
}

/// A test of a name.
#[derive(Debug)]
pub(super) enum NameTest {
    Text(Matcher),
    /// The extension matches one of these.
    Extension(Vec<Matcher>),
    Regex(Regex),
    /// The number of its characters lies within these.
    Length(Bounds),
}

/// A text made ready for the names of one index.
#[derive(Debug)]
pub(crate) struct Matcher {
    case: Case,
    shape: Shape,
    /// What the folded name has to hold, maybe nothing.
    needed: Vec<u8>,
}

#[derive(Debug)]
enum Shape {
    Contains(Box<Finder<'static>>),
    Equals(Vec<u8>),
    EndsWith(Vec<u8>),
    Glob(Glob),
}

impl Matcher {
    pub(crate) fn new(text: &Text, table: &CaseTable) -> Self {
        let fold = (text.case == Case::Blind).then_some(table);
        let bytes =
            |text: &str| fold.map_or_else(|| text.as_bytes().to_vec(), |fold| fold.fold(text.as_bytes()));
        let shape = match text.pieces.as_slice() {
            [] => Shape::Equals(Vec::new()),
            [Piece::Literal(only)] if text.whole => Shape::Equals(bytes(only)),
            [Piece::Literal(only)] => Shape::Contains(Box::new(Finder::new(&bytes(only)).into_owned())),
            [Piece::AnyRun, Piece::Literal(end)] => Shape::EndsWith(bytes(end)),
            pieces => Shape::Glob(Glob::new(pieces, fold)),
        };
        let literals = text.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(table.fold(literal.as_bytes())),
            _ => None,
        });
        Self { case: text.case, shape, needed: literals.max_by_key(Vec::len).unwrap_or_default() }
    }

    /// The name in the form that it compares.
    fn form<'a>(&self, names: &'a NameStore, name: u32) -> Cow<'a, [u8]> {
        match self.case {
            Case::Blind => Cow::Borrowed(names.folded(name)),
            Case::Sensitive => names.get(name),
        }
    }

    /// Whether it matches a name, or a part of one, in that form.
    pub(crate) fn is_match(&self, name: &[u8]) -> bool {
        match &self.shape {
            Shape::Contains(finder) => finder.find(name).is_some(),
            Shape::Equals(bytes) => bytes == name,
            Shape::EndsWith(end) => name.ends_with(end),
            Shape::Glob(glob) => glob.is_match(name),
        }
    }

    /// Whether holding what is needed is all that it takes.
    fn is_plain(&self) -> bool {
        self.case == Case::Blind && matches!(self.shape, Shape::Contains(_))
    }
}

impl NameTest {
    /// Whether the name passes.
    pub(super) fn holds(&self, names: &NameStore, name: u32) -> bool {
        match self {
            NameTest::Text(matcher) => matcher.is_match(&matcher.form(names, name)),
            NameTest::Extension(list) => {
                list.iter().any(|matcher| matcher.is_match(extension(&matcher.form(names, name))))
            }
            NameTest::Regex(regex) => regex.is_match(&names.get(name)),
            NameTest::Length(bounds) => bounds.contains(characters(&names.get(name))),
        }
    }

    /// Texts of which a folded name has to hold one, if there are such.
    pub(super) fn needed(&self) -> Option<Vec<Vec<u8>>> {
        let needed: Vec<Vec<u8>> = match self {
            NameTest::Text(matcher) => vec![matcher.needed.clone()],
            NameTest::Extension(list) => list.iter().map(needed_with_dot).collect(),
            NameTest::Regex(_) | NameTest::Length(_) => return None,
        };
        needed.iter().all(|text| !text.is_empty()).then_some(needed)
    }

    fn is_plain(&self) -> bool {
        matches!(self, NameTest::Text(matcher) if matcher.is_plain())
    }
}

/// What a name with the extension has to hold: the dot too, which makes hits rare. Only where the extension is
/// plain text: a pattern's text may stand anywhere behind the dot.
fn needed_with_dot(matcher: &Matcher) -> Vec<u8> {
    match &matcher.shape {
        Shape::Equals(text) if !text.is_empty() => [b".", matcher.needed.as_slice()].concat(),
        _ => matcher.needed.clone(),
    }
}

/// The rows whose names pass one of `tests`.
pub(super) fn select(index: &Index, tests: &[NameTest]) -> RowSet {
    let mut rows = RowSet::none(index.len());
    let needed: Option<Vec<Vec<Vec<u8>>>> = tests.iter().map(NameTest::needed).collect();
    match needed.map(|lists| lists.concat()) {
        None => every(index, tests, &mut rows),
        Some(texts) if texts.len() > FINDERS_MAX => many(index, tests, &texts, &mut rows),
        Some(_) => tests.iter().for_each(|test| one(index, test, &mut rows)),
    }
    rows
}

/// Tests each name.
fn every(index: &Index, tests: &[NameTest], rows: &mut RowSet) {
    let names = index.names();
    let mut cursor = names.cursor();
    for name in 0..names.len() {
        if tests.iter().any(|test| test.holds(names, as_u32(name))) {
            cursor.rows_of(name, |row| rows.insert(row));
        }
    }
}

/// Sweeps once for each text that the test needs.
fn one(index: &Index, test: &NameTest, rows: &mut RowSet) {
    for text in test.needed().unwrap_or_default() {
        let finder = Finder::new(&text);
        let find = |blob: &[u8]| finder.find(blob).map(|start| (start, start + text.len()));
        sweep(index.names(), find, |name| test.is_plain() || test.holds(index.names(), name), rows);
    }
}

/// Sweeps once for all texts.
fn many(index: &Index, tests: &[NameTest], texts: &[Vec<u8>], rows: &mut RowSet) {
    // `Standard`: of the hits from a place on, the one that ends first.
    let Ok(automaton) = AhoCorasick::builder().match_kind(MatchKind::Standard).build(texts) else {
        return every(index, tests, rows);
    };
    let find = |blob: &[u8]| automaton.find(blob).map(|hit| (hit.start(), hit.end()));
    sweep(index.names(), find, |name| tests.iter().any(|test| test.holds(index.names(), name)), rows);
}

/// Adds the rows of each name that has a hit and passes. Of all hits in what it is given, `find` tells start and end of the
/// one that ends first.
fn sweep(
    names: &NameStore,
    find: impl Fn(&[u8]) -> Option<(usize, usize)>,
    passes: impl Fn(u32) -> bool,
    rows: &mut RowSet,
) {
    let blob = names.folded_blob();
    let mut cursor = names.cursor();
    let (mut name, mut at) = (0, 0);
    while let Some((start, end)) = blob.get(at..).and_then(&find) {
        name = cursor.holding(at + start, name);
        if name >= names.len() {
            return;
        }
        let name_end = cursor.end(name);
        // A hit that runs into the next name is none, and as every other ends later, this name has none.
        if at + end <= name_end && passes(as_u32(name)) {
            cursor.rows_of(name, |row| rows.insert(row));
        }
        // A damaged end cannot keep the sweep from going on.
        at = name_end.max(at + start + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions() {
        let check = |name: &str, expected: &str| {
            assert_eq!(extension(name.as_bytes()), expected.as_bytes(), "{name}");
        };
        check("a.pdf", "pdf");
        check("a.tar.gz", "gz");
        check(".bashrc", "");
        check(".bashrc.bak", "bak");
        check("Makefile", "");
        check("a.", "");
        check("", "");
    }
}

//! Tests of a name.

use memchr::memmem::Finder;

use super::glob::Glob;
use crate::query::Regular;
use crate::query::ast::{Bounds, Case, Piece, Text};
use crate::{CaseTable, NameStore};

/// What follows the last dot of a name, unless that dot is its first character.
#[must_use]
pub fn extension(name: &[u8]) -> &[u8] {
    // The dot is mostly close: a search that is made for long texts takes longer to begin.
    match name.iter().rposition(|&byte| byte == b'.') {
        None | Some(0) => &[],
        Some(dot) => &name[dot + 1..],
    }
}

/// Characters of a name: its bytes but for those that go on with one.
pub(crate) fn characters(name: &[u8]) -> u64 {
    name.iter().map(|byte| u64::from(byte & 0xC0 != 0x80)).sum()
}

/// A name that is tested.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) folded: &'a [u8],
    /// As it is spelled, if a test [asks for it](NameTest::is_spelled).
    pub(super) spelled: &'a [u8],
}

/// A test of a name.
#[derive(Debug)]
pub(super) enum NameTest {
    Text(Matcher),
    /// The extension matches one of these.
    Extension(Vec<Matcher>),
    /// It matches, for which the folded name has to hold one of the texts if there are any.
    Regex(Regular, Vec<Vec<u8>>),
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
    fn form<'a>(&self, name: Name<'a>) -> &'a [u8] {
        match self.case {
            Case::Blind => name.folded,
            Case::Sensitive => name.spelled,
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
    pub(super) fn regular(regular: &Regular, table: &CaseTable) -> Self {
        let mut texts: Vec<Vec<u8>> =
            regular.texts().iter().map(|text| table.fold(text.as_bytes())).collect();
        texts.sort_unstable();
        texts.dedup();
        NameTest::Regex(regular.clone(), texts)
    }

    /// Whether the name passes.
    pub(super) fn holds(&self, name: Name<'_>) -> bool {
        match self {
            NameTest::Text(matcher) => matcher.is_match(matcher.form(name)),
            NameTest::Extension(list) => {
                list.iter().any(|matcher| matcher.is_match(extension(matcher.form(name))))
            }
            NameTest::Regex(regular, _) => regular.is_match(name.spelled),
            NameTest::Length(bounds) => bounds.contains(characters(name.spelled)),
        }
    }

    /// Whether the name with this number passes.
    pub(super) fn holds_for(&self, names: &NameStore, number: u32) -> bool {
        let spelled = if self.is_spelled() { names.get(number) } else { Default::default() };
        self.holds(Name { folded: names.folded(number), spelled: &spelled })
    }

    /// Whether it asks how the name is spelled.
    pub(super) fn is_spelled(&self) -> bool {
        let sensitive = |matcher: &Matcher| matcher.case == Case::Sensitive;
        match self {
            NameTest::Text(matcher) => sensitive(matcher),
            NameTest::Extension(list) => list.iter().any(sensitive),
            NameTest::Regex(..) | NameTest::Length(_) => true,
        }
    }

    /// Texts of which a folded name has to hold one, if there are such.
    pub(super) fn needed(&self) -> Option<Vec<Vec<u8>>> {
        let needed: Vec<Vec<u8>> = match self {
            NameTest::Text(matcher) => vec![matcher.needed.clone()],
            NameTest::Extension(list) => list.iter().map(needed_with_dot).collect(),
            NameTest::Regex(_, texts) if !texts.is_empty() => texts.clone(),
            NameTest::Regex(..) | NameTest::Length(_) => return None,
        };
        needed.iter().all(|text| !text.is_empty()).then_some(needed)
    }

    /// Whether a name that holds what is needed passes.
    pub(super) fn is_plain(&self) -> bool {
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

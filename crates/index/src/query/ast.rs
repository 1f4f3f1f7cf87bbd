//! What a query says, as plain data.
//!
//! The tree is what the parser makes and what the engine reads; it knows neither the text that it came from
//! nor an index. `Display` writes it in one unambiguous line, which tests and `-v` output compare and show.

use std::fmt;

use super::Regular;

/// A condition on a row.
#[derive(Debug, Clone)]
pub enum Expr {
    /// Holds for every row: the empty query.
    All,
    /// Holds where all of them hold; two at least.
    And(Vec<Expr>),
    /// Holds where one of them holds; two at least.
    Or(Vec<Expr>),
    /// Holds where the other does not.
    Not(Box<Expr>),
    /// A test of one fact.
    Term(Term),
}

/// A test of one fact of a row.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Term {
    /// The name matches.
    Name(Text),
    /// The full path matches.
    Path(Text),
    /// The extension is one of these; an empty text is "no extension".
    Extension(Vec<Text>),
    /// The name matches a regular expression.
    Regex(Regular),
    /// A number or a date lies within bounds.
    Within(Field, Bounds),
    /// The row is of one of these kinds.
    Kind(Kinds),
    /// All of these `FILE_ATTRIBUTE_*` bits are set.
    Attributes(u32),
    /// The row is in this state.
    State(State),
}

/// How letters are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Letters that the volume's `$UpCase` maps to the same one are the same.
    Blind,
    /// Every letter is itself.
    Sensitive,
}

/// A text to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its parts in order. Neighbouring literals are one, and none is empty.
    pub pieces: Vec<Piece>,
    /// It has to match from beginning to end, not just somewhere inside.
    pub whole: bool,
    /// How its letters are compared.
    pub case: Case,
}

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These characters.
    Literal(String),
    /// One character, whichever: `?`.
    AnyChar,
    /// Any number of characters, none included: `*`.
    AnyRun,
}

/// A fact that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// Length in bytes; folders have none.
    Size,
    /// Bytes on disk; folders have none.
    Allocated,
    /// When the content changed, in 100 ns since 1601.
    Modified,
    /// When the file was made, likewise.
    Created,
    /// When the file was read, likewise.
    Accessed,
    /// When the record changed, likewise.
    Changed,
    /// How many names the file has.
    Links,
    /// Record number.
    Record,
    /// Characters in the name.
    Length,
    /// How deep the row lies: the root 0, what it holds 1, a stream as deep as its file.
    Depth,
}

/// Numbers from `first` to `last`, both included; none at all if `first` is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub first: u64,
    /// The greatest.
    pub last: u64,
}

impl Bounds {
    /// No number lies within.
    pub const NONE: Bounds = Bounds { first: 1, last: 0 };

    /// Whether `value` lies within.
    #[must_use]
    pub fn contains(self, value: u64) -> bool {
        self.first <= value && value <= self.last
    }
}

bitflags::bitflags! {
    /// Kinds of rows.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Kinds: u8 {
        /// A file.
        const FILE = 1;
        /// A folder.
        const FOLDER = 1 << 1;
        /// A symbolic link, junction or mount point.
        const LINK = 1 << 2;
        /// A named stream of a file or a folder.
        const STREAM = 1 << 3;
    }
}

/// States in which most rows are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The file's record is not in use.
    Deleted,
    /// The file belongs to the file system itself.
    Metafile,
    /// The parent folder is not there.
    Orphan,
    /// Something about the record did not check out.
    Damaged,
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, head: &str, parts: &[Expr]| {
            write!(f, "({head}")?;
            parts.iter().try_for_each(|part| write!(f, " {part}"))?;
            f.write_str(")")
        };
        match self {
            Expr::All => f.write_str("all"),
            Expr::And(parts) => list(f, "and", parts),
            Expr::Or(parts) => list(f, "or", parts),
            Expr::Not(part) => write!(f, "(not {part})"),
            Expr::Term(term) => write!(f, "{term}"),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Name(text) => write!(f, "name:{text}"),
            Term::Path(text) => write!(f, "path:{text}"),
            Term::Extension(texts) => {
                f.write_str("ext:")?;
                texts.iter().enumerate().try_for_each(|(place, text)| {
                    let comma = if place == 0 { "" } else { ";" };
                    write!(f, "{comma}{text}")
                })
            }
            Term::Regex(regex) => write!(f, "regex:{:?}", regex.as_str()),
            Term::Within(field, bounds) => write!(f, "{field:?}:{}..={}", bounds.first, bounds.last),
            Term::Kind(kinds) => {
                f.write_str("type:")?;
                bitflags::parser::to_writer(kinds, f)
            }
            Term::Attributes(bits) => write!(f, "attrib:{bits:#x}"),
            Term::State(state) => write!(f, "{state:?}"),
        }
    }
}

/// The pieces with literals quoted; `=` before a whole match, `'` after a case-sensitive one.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole {
            f.write_str("=")?;
        }
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => write!(f, "{literal:?}")?,
                Piece::AnyChar => f.write_str("?")?,
                Piece::AnyRun => f.write_str("*")?,
            }
        }
        if self.case == Case::Sensitive { f.write_str("'") } else { Ok(()) }
    }
}

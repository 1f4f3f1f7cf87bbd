//! A query put to one row: what the engine sweeps columns for, asked of the few rows that are not in them.

use super::ViewRow;
use crate::query::{Bounds, Case, Text};
use crate::query::{
    Expr, FactTest, Field, Matcher, Regular, RowFacts, Term, Visibility, characters, extension,
};
use crate::{CaseTable, Kind, Row, RowFlags, Time};

/// An expression made ready to be asked.
pub(super) enum Question<'q> {
    All,
    And(Vec<Question<'q>>),
    Or(Vec<Question<'q>>),
    Not(Box<Question<'q>>),
    Name(Case, Matcher),
    Path(Case, Matcher),
    Extension(Vec<(Case, Matcher)>),
    Regex(&'q Regular),
    Length(Bounds),
    Depth(Bounds),
    Fact(FactTest),
}

impl<'q> Question<'q> {
    /// What the query asks, of rows that are visible.
    pub(super) fn new(expr: &'q Expr, table: &CaseTable, visibility: Visibility) -> Self {
        // What is visible takes a climb to the top.
        Self::And(vec![Self::of(expr, table), Self::Fact(FactTest::Visible(visibility))])
    }

    fn of(expr: &'q Expr, table: &CaseTable) -> Self {
        let all = |parts: &'q [Expr]| parts.iter().map(|part| Self::of(part, table)).collect();
        match expr {
            Expr::All => Self::All,
            Expr::And(parts) => Self::And(all(parts)),
            Expr::Or(parts) => Self::Or(all(parts)),
            Expr::Not(part) => Self::Not(Box::new(Self::of(part, table))),
            Expr::Term(term) => Self::term(term, table),
        }
    }

    fn term(term: &'q Term, table: &CaseTable) -> Self {
        let matcher = |text: &Text| (text.case, Matcher::new(text, table));
        match term {
            Term::Name(text) => Self::Name(text.case, Matcher::new(text, table)),
            Term::Path(text) => Self::Path(text.case, Matcher::new(text, table)),
            Term::Extension(list) => Self::Extension(list.iter().map(matcher).collect()),
            Term::Regex(regular) => Self::Regex(regular),
            &Term::Within(Field::Length, bounds) => Self::Length(bounds),
            &Term::Within(Field::Depth, bounds) => Self::Depth(bounds),
            &Term::Within(field, bounds) => Self::Fact(FactTest::Within(field, bounds)),
            &Term::Kind(kinds) => Self::Fact(FactTest::Kind(kinds)),
            &Term::Attributes(bits) => Self::Fact(FactTest::Attributes(bits)),
            &Term::State(state) => Self::Fact(FactTest::State(state)),
        }
    }

    /// Whether it holds for the row.
    pub(super) fn holds(&self, row: ViewRow<'_>, table: &CaseTable) -> bool {
        let matches = |case: Case, matcher: &Matcher, whole: bool| match case {
            Case::Blind if whole => matcher.is_match(row.folded()),
            Case::Blind => matcher.is_match(extension(row.folded())),
            Case::Sensitive if whole => matcher.is_match(&row.name()),
            Case::Sensitive => matcher.is_match(extension(&row.name())),
        };
        match self {
            Self::All => true,
            Self::And(parts) => parts.iter().all(|part| part.holds(row, table)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(row, table)),
            Self::Not(part) => !part.holds(row, table),
            Self::Name(case, matcher) => matches(*case, matcher, true),
            Self::Extension(list) => list.iter().any(|(case, matcher)| matches(*case, matcher, false)),
            Self::Path(Case::Blind, matcher) => matcher.is_match(&table.fold(&row.path())),
            Self::Path(Case::Sensitive, matcher) => matcher.is_match(&row.path()),
            Self::Regex(regular) => regular.is_match(&row.name()),
            Self::Length(bounds) => bounds.contains(characters(&row.name())),
            Self::Depth(bounds) => {
                let deep = row.chain().iter().skip(1).filter(|row| row.kind() != Kind::Stream).count();
                bounds.contains(deep as u64)
            }
            Self::Fact(test) => test.holds_for(row),
        }
    }
}

impl RowFacts for ViewRow<'_> {
    fn kind(self) -> Kind {
        self.kind()
    }
    fn flags(self) -> RowFlags {
        self.flags()
    }
    fn size(self) -> u64 {
        match self.stream() {
            Some(stream) => stream.size,
            None => self.fact(|file| file.size, Row::size),
        }
    }
    fn allocated(self) -> u64 {
        match self.stream() {
            Some(stream) => stream.allocated,
            None => self.fact(|file| file.allocated, Row::allocated),
        }
    }
    fn modified(self) -> Time {
        self.fact(|file| file.modified, Row::modified)
    }
    fn created(self) -> Time {
        self.fact(|file| file.created, Row::created)
    }
    fn changed(self) -> Time {
        self.fact(|file| file.changed, Row::changed)
    }
    fn accessed(self) -> Time {
        self.fact(|file| file.accessed, Row::accessed)
    }
    fn attributes(self) -> u32 {
        self.fact(|file| file.attributes, Row::attributes)
    }
    fn links(self) -> u16 {
        self.links()
    }
    fn record(self) -> Option<u32> {
        self.fact(|file| Some(file.record), Row::record)
    }
}

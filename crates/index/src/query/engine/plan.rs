//! How a query is answered: which term is swept first, and which only look at what it left.
//!
//! An "and" lets its most selective child sweep (a text in the name, if there is one) and tests the others on
//! the rows that are left, the cheapest first. Rows are swept for a further child only where so many are left
//! that the sweep costs less. An "or" unites what its children found; many texts in names share a sweep.

use std::sync::OnceLock;

use super::facts::FactTest;
use super::names::{Matcher, NameTest};
use super::row_set::RowSet;
use super::sweep;
use super::tree;
use crate::Index;
use crate::query::Visibility;
use crate::query::ast::{Bounds, Expr, Field, Term, Text};

/// If more than one row in so many is left, a sweep is cheaper than to test the rows: a row costs some 100 ns,
/// as its name lies anywhere, a name that a search for text passes 2.
const TEXT_SHARE: u64 = 32;
/// The same where each name has to be tested, which costs some 30 ns in the order of names.
const NAME_SHARE: u64 = 4;

/// An expression made ready for one index.
pub(super) enum Plan<'q> {
    /// Every row.
    All,
    And(Vec<Plan<'q>>),
    Or(Vec<Plan<'q>>),
    Not(Box<Plan<'q>>),
    Names(NamesTest),
    Fact(FactTest),
    Tree(TreeTest<'q>),
}

/// A name that passes one of the tests. That is swept for at most once.
pub(super) struct NamesTest {
    tests: Vec<NameTest>,
    passing: OnceLock<RowSet>,
}

impl NamesTest {
    fn new(tests: Vec<NameTest>) -> Self {
        Self { tests, passing: OnceLock::new() }
    }

    /// The numbers of the names that pass.
    pub(super) fn passing(&self, index: &Index) -> &RowSet {
        self.passing.get_or_init(|| sweep::names(index, &self.tests))
    }

    fn holds(&self, index: &Index, name: u32) -> bool {
        match self.passing.get() {
            Some(passing) => passing.contains(name),
            None => self.tests.iter().any(|test| test.holds_for(index.names(), name)),
        }
    }
}

/// A test that is answered for all rows when it is first asked.
pub(super) struct TreeTest<'q> {
    kind: TreeKind<'q>,
    rows: OnceLock<RowSet>,
}

enum TreeKind<'q> {
    Path(&'q Text),
    Depth(Bounds),
}

impl TreeTest<'_> {
    fn rows(&self, index: &Index) -> &RowSet {
        self.rows.get_or_init(|| match self.kind {
            TreeKind::Path(text) => tree::paths(index, text),
            TreeKind::Depth(bounds) => tree::depths(index, bounds),
        })
    }
}

/// How soon a child of an "and" takes its turn: the lowest sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// A text that names have to hold; the longer it is, the fewer do.
    Text(std::cmp::Reverse<usize>),
    Tree,
    Fact,
    /// Several terms: cheap or not, who knows.
    Mixed,
    /// A test of each name.
    Name,
    All,
}

impl<'q> Plan<'q> {
    /// The plan for the rows that match and are visible.
    pub(super) fn new(index: &Index, expr: &'q Expr, visibility: Visibility) -> Self {
        let matching = Self::of(index, expr);
        let visible = Plan::Fact(FactTest::Visible(visibility));
        match matching {
            Plan::All => visible,
            Plan::And(mut parts) => {
                parts.push(visible);
                Plan::and(parts)
            }
            other => Plan::and(vec![other, visible]),
        }
    }

    fn of(index: &Index, expr: &'q Expr) -> Self {
        let all = |parts: &'q [Expr]| parts.iter().map(|part| Self::of(index, part)).collect();
        match expr {
            Expr::All => Plan::All,
            Expr::And(parts) => Self::and(all(parts)),
            Expr::Or(parts) => Self::or(all(parts)),
            Expr::Not(part) => Plan::Not(Box::new(Self::of(index, part))),
            Expr::Term(term) => Self::term(index, term),
        }
    }

    fn term(index: &Index, term: &'q Term) -> Self {
        let matcher = |text: &Text| Matcher::new(text, index.names().case_table());
        let tree = |kind| Plan::Tree(TreeTest { kind, rows: OnceLock::new() });
        let names = |test| Plan::Names(NamesTest::new(vec![test]));
        match term {
            Term::Name(text) => names(NameTest::Text(matcher(text))),
            Term::Extension(list) => names(NameTest::Extension(list.iter().map(matcher).collect())),
            Term::Regex(regular) => names(NameTest::regular(regular, index.names().case_table())),
            Term::Path(text) => tree(TreeKind::Path(text)),
            &Term::Within(Field::Length, bounds) => names(NameTest::Length(bounds)),
            &Term::Within(Field::Depth, bounds) => tree(TreeKind::Depth(bounds)),
            &Term::Within(field, bounds) => Plan::Fact(FactTest::Within(field, bounds)),
            &Term::Kind(kinds) => Plan::Fact(FactTest::Kind(kinds)),
            &Term::Attributes(bits) => Plan::Fact(FactTest::Attributes(bits)),
            &Term::State(state) => Plan::Fact(FactTest::State(state)),
        }
    }

    fn and(mut parts: Vec<Self>) -> Self {
        parts.sort_by_key(Plan::turn);
        Plan::And(parts)
    }

    /// Puts the names that share a sweep together: those that need some text.
    fn or(parts: Vec<Self>) -> Self {
        let mut shared = Vec::new();
        let mut rest = Vec::new();
        for part in parts {
            match part {
                Plan::Names(names) if names.tests.iter().all(|test| test.needed().is_some()) => {
                    shared.extend(names.tests)
                }
                other => rest.push(other),
            }
        }
        let shared = (!shared.is_empty()).then(|| Plan::Names(NamesTest::new(shared)));
        match shared {
            Some(names) if rest.is_empty() => names,
            shared => Plan::Or(rest.into_iter().chain(shared).collect()),
        }
    }

    fn turn(&self) -> Turn {
        match self {
            Plan::Names(NamesTest { tests, .. }) => {
                let shortest = |texts: Vec<Vec<u8>>| texts.iter().map(Vec::len).min().unwrap_or(0);
                let lengths: Option<Vec<usize>> =
                    tests.iter().map(|test| test.needed().map(shortest)).collect();
                let least = lengths.and_then(|lengths| lengths.into_iter().min());
                least.map_or(Turn::Name, |length| Turn::Text(std::cmp::Reverse(length)))
            }
            Plan::Tree(_) => Turn::Tree,
            Plan::Fact(_) => Turn::Fact,
            Plan::And(parts) => parts.iter().map(Plan::turn).min().unwrap_or(Turn::All),
            Plan::Or(_) | Plan::Not(_) => Turn::Mixed,
            Plan::All => Turn::All,
        }
    }

    /// The rows for which it holds.
    pub(super) fn select(&self, index: &Index) -> RowSet {
        match self {
            Plan::All => RowSet::all(index.len()),
            Plan::And(parts) => Self::select_and(parts, index),
            Plan::Or(parts) => {
                let mut rows = RowSet::none(index.len());
                for part in parts {
                    rows.unite(&part.select(index));
                }
                rows
            }
            Plan::Not(part) => {
                let mut rows = part.select(index);
                rows.complement();
                rows
            }
            Plan::Names(names) => sweep::rows(index, names.passing(index)),
            Plan::Fact(test) => test.select(index),
            Plan::Tree(test) => test.rows(index).clone(),
        }
    }

    fn select_and(parts: &[Self], index: &Index) -> RowSet {
        let Some((first, rest)) = parts.split_first() else { return RowSet::all(index.len()) };
        let mut rows = first.select(index);
        for part in rest {
            let sweeps = match part.turn() {
                Turn::Text(_) | Turn::Mixed => rows.count() > u64::from(index.len()) / TEXT_SHARE,
                Turn::Name => rows.count() > u64::from(index.len()) / NAME_SHARE,
                Turn::Tree | Turn::Fact | Turn::All => false,
            };
            if sweeps {
                rows.intersect(&part.select(index));
            } else {
                rows.retain(|row| part.holds(index, row));
            }
        }
        rows
    }

    fn is_fact(&self) -> bool {
        matches!(self, Plan::Fact(_))
    }

    /// Whether a row can be asked without an answer for all rows.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Plan::And(parts) | Plan::Or(parts) => parts.iter().all(Plan::is_local),
            Plan::Not(part) => part.is_local(),
            Plan::All | Plan::Names(_) | Plan::Fact(_) => true,
            Plan::Tree(_) => false,
        }
    }

    /// The test of names that every row has to pass and that is swept first, if there is one.
    pub(super) fn leading(&self) -> Option<&NamesTest> {
        match self {
            Plan::And(parts) => parts.first()?.leading(),
            Plan::Names(names) => Some(names),
            _ => None,
        }
    }

    /// Whether it holds for a row.
    pub(super) fn holds(&self, index: &Index, row: u32) -> bool {
        match self {
            Plan::All => true,
            // Facts first: what is hidden is known by one byte.
            Plan::And(parts) => {
                let holds = |part: &&Self| part.holds(index, row);
                parts.iter().filter(|part| part.is_fact()).all(|part| holds(&part))
                    && parts.iter().filter(|part| !part.is_fact()).all(|part| holds(&part))
            }
            Plan::Or(parts) => parts.iter().any(|part| part.holds(index, row)),
            Plan::Not(part) => !part.holds(index, row),
            Plan::Names(names) => names.holds(index, index.row(row).name_number()),
            Plan::Fact(test) => test.holds(index, row),
            Plan::Tree(test) => test.rows(index).contains(row),
        }
    }
}

//! Queries: what is asked ([`Query`]), and the search that answers it.
//!
//! A query is parsed once and may be put to many indexes. Parsing decides everything that does not depend on
//! an index (smart case, dates, sizes), so that the engine sees numbers and texts only; what does depend on it
//! (folding by the volume's `$UpCase`) is done when the search begins. The language is described in
//! `docs/queries.md`.

mod ast;
mod engine;
mod error;
mod parse;
mod regular;

use jiff::Zoned;

pub use ast::{Bounds, Case, Expr, Field, Kinds, Piece, State, Term, Text};
pub use engine::{Extensions, Hits, SearchOptions, SortKey, extension};
pub(crate) use engine::{FactTest, Matcher, RowFacts, RowSet, characters, threads};
pub use error::{QueryError, is_unprintable};
pub use parse::{QUERY_BYTES_MAX, QUERY_GROUPS_MAX, QUERY_PATTERNS_MAX, QUERY_TERMS_MAX};
pub use regular::Regular;

/// A question about rows.
#[derive(Debug, Clone)]
pub struct Query {
    /// No deeper than the parser lets groups be, so what follows it may call itself.
    expr: Expr,
}

impl Query {
    /// Reads a query. Dates are meant as seen from `now` and in its time zone.
    ///
    /// # Errors
    /// If the text does not follow the grammar or exceeds its bounds; the error says where and what to do.
    pub fn parse(query: &str, now: &Zoned) -> Result<Self, QueryError> {
        let expr = parse::parse(query, now).map_err(|fault| QueryError::new(query, fault))?;
        Ok(Self { expr })
    }
}

/// Reads a size as queries have them, such as `512mb` or `1.5gb`, in bytes.
///
/// # Errors
/// If it is none; the error says where and what to do.
pub fn parse_size(text: &str) -> Result<u64, QueryError> {
    parse::size(text).map_err(|fault| QueryError::new(text, fault))
}

/// Which rows are seen beside the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Visibility {
    /// Names whose file's record is not in use.
    pub deleted: bool,
    /// Files of the file system itself, the root folder among them.
    pub metafiles: bool,
    /// Named streams.
    pub streams: bool,
}

impl Visibility {
    /// What either shows.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            deleted: self.deleted || other.deleted,
            metafiles: self.metafiles || other.metafiles,
            streams: self.streams || other.streams,
        }
    }
}

impl Query {
    /// What has to hold for a row.
    #[must_use]
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The kinds of rows that the query asks for by name, which are seen even if they are usually not.
    ///
    /// A term that is negated asks for nothing: `!deleted:` shows no deleted file, nor does `!(deleted: a)`.
    #[must_use]
    pub fn mentions(&self) -> Visibility {
        mentions(&self.expr, true)
    }
}

/// As deep as the parser lets groups be.
fn mentions(expr: &Expr, asked: bool) -> Visibility {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => {
            parts.iter().map(|part| mentions(part, asked)).fold(Visibility::default(), Visibility::and)
        }
        Expr::Not(part) => mentions(part, !asked),
        Expr::Term(Term::State(state)) if asked => Visibility {
            deleted: *state == State::Deleted,
            metafiles: *state == State::Metafile,
            streams: false,
        },
        Expr::Term(Term::Kind(kinds)) if asked => {
            Visibility { streams: kinds.contains(Kinds::STREAM), ..Visibility::default() }
        }
        Expr::All | Expr::Term(_) => Visibility::default(),
    }
}

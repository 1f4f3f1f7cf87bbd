//! From text to [`Expr`]: the grammar of the query language, on winnow.
//!
//! ```text
//! query    = [ any ]
//! any      = all { "|" all }                   one of them
//! all      = { [ "!" ] primary }               every one of them; white space between
//! primary  = "(" any ")" | { "case:" | "nocase:" } term
//! term     = function ":" value | text
//! text     = { character | "*" | "?" | quoted }
//! quoted   = '"' { character | '\"' | '\\' } '"'
//! ```
//!
//! Nothing is guessed: what does not fit is an error at its place. All errors are final (`Cut`); the parsers
//! look ahead far enough never to try one branch and then another, so the place told is the place meant.

mod compare;
mod date;
mod function;
mod grammar;
mod pattern;
mod text;

use std::ops::Range;

use jiff::Zoned;
use winnow::Parser;
use winnow::error::{ErrMode, ParserError};
use winnow::stream::{LocatingSlice, Location, Stateful, Stream};
use winnow::token::take_while;

use super::ast::{Case, Expr};
use super::error::Fault;

/// The longest query in bytes.
pub const QUERY_BYTES_MAX: usize = 8192;
/// The most terms in a query.
pub const QUERY_TERMS_MAX: usize = 1024;
/// The most regular expressions in a query; each may take a megabyte.
pub const QUERY_PATTERNS_MAX: usize = 16;
/// How many groups may lie inside each other.
pub const QUERY_GROUPS_MAX: usize = 64;

/// The query's text, with the place that has been reached in it.
type Input<'q> = Stateful<LocatingSlice<&'q str>, Context<'q>>;
type Parsed<T> = Result<T, ErrMode<Fault>>;

/// What the parsers know besides the text.
#[derive(Debug, Clone, Copy)]
struct Context<'q> {
    /// The whole text.
    query: &'q str,
    /// Gives dates their meaning.
    now: &'q Zoned,
    /// What `case:` or `nocase:` said, if it said anything.
    case: Option<Case>,
    /// Groups open at this place.
    groups: usize,
    /// Terms so far.
    terms: usize,
    /// Regular expressions so far.
    patterns: usize,
}

/// Reads a query.
pub(super) fn parse(query: &str, now: &Zoned) -> Result<Expr, Fault> {
    if query.len() > QUERY_BYTES_MAX {
        let at = query.floor_char_boundary(QUERY_BYTES_MAX)..query.len();
        let expected = format!("at most {QUERY_BYTES_MAX} bytes");
        return Err(Fault { at, expected, hint: "shorten the query".to_owned() });
    }
    whole(query, now, grammar::query)
}

/// Reads a size as it stands behind `size:`, in bytes.
pub(super) fn size(text: &str) -> Result<u64, Fault> {
    let size = |input: &mut Input<'_>| {
        let size = compare::size(input)?;
        let rest = here(input)..text.len();
        if rest.is_empty() { Ok(size.first) } else { fault(rest, "one size", "write it as in 512mb or 2gb") }
    };
    whole(text, &Zoned::default(), size)
}

fn whole<'q, T>(
    query: &'q str,
    now: &'q Zoned,
    mut parser: impl Parser<Input<'q>, T, ErrMode<Fault>>,
) -> Result<T, Fault> {
    let context = Context { query, now, case: None, groups: 0, terms: 0, patterns: 0 };
    let mut input = Input { input: LocatingSlice::new(query), state: context };
    parser.parse_next(&mut input).map_err(|error| match error {
        ErrMode::Backtrack(fault) | ErrMode::Cut(fault) => fault,
        ErrMode::Incomplete(_) => Fault::at(query.len()..query.len(), "a term", "finish the query"),
    })
}

impl Fault {
    fn at(at: Range<usize>, expected: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { at, expected: expected.into(), hint: hint.into() }
    }
}

impl<'q> ParserError<Input<'q>> for Fault {
    type Inner = Self;

    fn from_input(input: &Input<'q>) -> Self {
        let at = input.current_token_start();
        Fault::at(at..at, "a term", "see the query language's documentation")
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// An error that ends the parse.
fn fault<T>(at: Range<usize>, expected: impl Into<String>, hint: impl Into<String>) -> Parsed<T> {
    Err(ErrMode::Cut(Fault::at(at, expected, hint)))
}

/// The place that has been reached.
fn here(input: &Input<'_>) -> usize {
    input.current_token_start()
}

/// From here to the end of the word: what to point at when the whole word is wrong.
fn word_ahead(input: &Input<'_>) -> Range<usize> {
    let word = input.chars().take_while(|&c| !ends_word(c)).map(char::len_utf8).sum::<usize>();
    here(input)..here(input) + word
}

/// The next character, which stays where it is.
fn peek(input: &Input<'_>) -> Option<char> {
    input.peek_token()
}

/// Takes the character if it is the next.
fn eat(input: &mut Input<'_>, c: char) -> bool {
    let next = peek(input) == Some(c);
    if next {
        input.next_token();
    }
    next
}

/// Characters for which `test` holds, maybe none.
fn run<'q>(input: &mut Input<'q>, test: impl Fn(char) -> bool) -> Parsed<&'q str> {
    take_while(0.., test).parse_next(input)
}

/// White space, maybe none.
fn blanks(input: &mut Input<'_>) -> Parsed<()> {
    run(input, char::is_whitespace).map(drop)
}

/// What stands at the end of a bare word.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '|' | '(' | ')')
}

#[cfg(test)]
mod tests;

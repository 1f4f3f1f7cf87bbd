//! The operators: and, or, not, groups; and which parser reads a term.

use super::function::{self, Function, Prefix};
use super::{
    Input, Parsed, QUERY_GROUPS_MAX, QUERY_TERMS_MAX, blanks, compare, date, eat, ends_word, fault, here,
    pattern, peek, text, word_ahead,
};
use crate::query::ast::{Expr, Piece, Term, Text};

/// The whole query, which may be empty.
pub(super) fn query(input: &mut Input<'_>) -> Parsed<Expr> {
    blanks(input)?;
    if peek(input).is_none() {
        return Ok(Expr::All);
    }
    let expr = any(input)?;
    match peek(input) {
        None => Ok(expr),
        Some(_) => {
            let at = here(input);
            fault(at..at + 1, "the end of the query", "remove the parenthesis, or open one before it")
        }
    }
}

/// Branches between bars.
fn any(input: &mut Input<'_>) -> Parsed<Expr> {
    let mut branches = vec![all(input)?];
    while eat(input, '|') {
        branches.push(all(input)?);
    }
    Ok(single(branches, Expr::Or))
}

/// Terms between blanks, one at least.
fn all(input: &mut Input<'_>) -> Parsed<Expr> {
    let mut terms = Vec::new();
    loop {
        blanks(input)?;
        if matches!(peek(input), None | Some('|' | ')')) {
            break;
        }
        terms.push(negated(input)?);
        border(input)?;
    }
    if terms.is_empty() {
        let at = here(input);
        return fault(
            at..at,
            "a term",
            "write what to search for here, or quote the operator to search for it",
        );
    }
    Ok(single(terms, Expr::And))
}

/// The only one, or all of them joined.
fn single(mut parts: Vec<Expr>, join: impl Fn(Vec<Expr>) -> Expr) -> Expr {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            parts.push(last);
            join(parts)
        }
        (_, None) => Expr::All,
    }
}

/// A term ends where a word ends.
fn border(input: &Input<'_>) -> Parsed<()> {
    match peek(input) {
        Some(c) if c == '(' || !ends_word(c) => {
            let at = here(input);
            fault(
                at..at + c.len_utf8(),
                "white space, `|` or `)`",
                "quote a name with such characters: \"a (1)\"",
            )
        }
        _ => Ok(()),
    }
}

fn negated(input: &mut Input<'_>) -> Parsed<Expr> {
    let mut negated = false;
    while eat(input, '!') {
        negated = !negated;
        blanks(input)?;
    }
    let expr = primary(input)?;
    Ok(if negated { Expr::Not(Box::new(expr)) } else { expr })
}

fn primary(input: &mut Input<'_>) -> Parsed<Expr> {
    let at = here(input);
    match peek(input) {
        None | Some('|' | ')') => {
            fault(at..at, "a term", "write what `!` negates after it, or quote the `!`")
        }
        Some('(') => group(input),
        Some(_) => term(input),
    }
}

/// `( any )`, the only way for the parser to call itself.
fn group(input: &mut Input<'_>) -> Parsed<Expr> {
    let open = here(input);
    eat(input, '(');
    if input.state.groups == QUERY_GROUPS_MAX {
        let expected = format!("at most {QUERY_GROUPS_MAX} groups inside each other");
        return fault(open..open + 1, expected, "remove parentheses that are not needed");
    }
    input.state.groups += 1;
    let expr = any(input)?;
    if !eat(input, ')') {
        let at = here(input);
        return fault(
            at..at,
            "`)`",
            format!("close the group that opens at character {}", column(input, open)),
        );
    }
    input.state.groups -= 1;
    Ok(expr)
}

/// The place as people count: in characters from 1.
fn column(input: &Input<'_>, at: usize) -> usize {
    input.state.query.get(..at).map_or(at, |before| before.chars().count()) + 1
}

/// A text or a function with its value, after any number of `case:` and `nocase:`.
fn term(input: &mut Input<'_>) -> Parsed<Expr> {
    count(input)?;
    let outer = input.state.case;
    let mut modified = false;
    let expr = loop {
        let at = here(input);
        match function::prefix(input)? {
            Some(Prefix::Case(case)) => {
                input.state.case = Some(case);
                modified = true;
                match peek(input) {
                    Some('(') => break group(input)?,
                    Some('!') => return misplaced_not(input),
                    _ => {}
                }
            }
            Some(Prefix::Function(function)) if modified && !function.takes_text() => {
                let hint = "`case:` goes before a word, a quoted text, name:, exact:, path:, ext:, regex: or a group";
                return fault(at..here(input), "a text", hint);
            }
            Some(Prefix::Function(function)) => break Expr::Term(value(input, function)?),
            None => break Expr::Term(word(input)?),
        }
    };
    input.state.case = outer;
    Ok(expr)
}

/// A word of a name; or of a path, if it holds what divides paths and no name can hold.
fn word(input: &mut Input<'_>) -> Parsed<Term> {
    let text = text::text(input)?;
    let divides = |piece: &Piece| matches!(piece, Piece::Literal(literal) if literal.contains('/'));
    Ok(if text.pieces.iter().any(divides) { Term::Path(anywhere(text)) } else { Term::Name(text) })
}

/// A pattern for paths may begin in any folder unless it says where: every path begins with a `/`, or with the `<` of
/// the orphans, and one that begins otherwise would match none.
fn anywhere(mut text: Text) -> Text {
    if let (true, Some(Piece::Literal(first))) = (text.whole, text.pieces.first_mut())
        && !first.starts_with(['/', '<'])
    {
        first.insert(0, '/');
        text.pieces.insert(0, Piece::AnyRun);
    }
    text
}

fn misplaced_not<T>(input: &Input<'_>) -> Parsed<T> {
    let at = here(input);
    fault(at..at + 1, "a text", "write `!` first: !case:Word")
}

fn count(input: &mut Input<'_>) -> Parsed<()> {
    input.state.terms += 1;
    if input.state.terms > QUERY_TERMS_MAX {
        let at = word_ahead(input);
        return fault(at, format!("at most {QUERY_TERMS_MAX} terms"), "ask in several queries");
    }
    Ok(())
}

/// What stands after the colon.
fn value(input: &mut Input<'_>, function: Function) -> Parsed<Term> {
    Ok(match function {
        Function::Name => Term::Name(text::text(input)?),
        Function::Exact => Term::Name(text::exact(input)?),
        Function::Path => Term::Path(anywhere(text::text(input)?)),
        Function::Extension => Term::Extension(text::extensions(input)?),
        Function::Regex => Term::Regex(pattern::regex(input)?),
        Function::Bytes(field) => Term::Within(field, compare::bytes(input)?),
        Function::Count(field) => Term::Within(field, compare::count(input)?),
        Function::Date(field) => Term::Within(field, date::bounds(input)?),
        Function::Kind => Term::Kind(function::kinds(input)?),
        Function::Attributes => Term::Attributes(function::attributes(input)?),
        Function::State(state) => {
            if peek(input).is_some_and(|c| c == '(' || !ends_word(c)) {
                let hint = "this function takes no value: put a space after its colon";
                return fault(word_ahead(input), "white space", hint);
            }
            Term::State(state)
        }
    })
}

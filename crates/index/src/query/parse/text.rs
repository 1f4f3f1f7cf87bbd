//! Words, quoted texts and wildcards.

use super::{Input, Parsed, eat, ends_word, fault, here, peek, run};
use crate::query::ast::{Case, Piece, Text};

const QUOTE_HINT: &str = "write a word, or quote a text that holds blanks, bars or parentheses: \"a (1)\"";

/// A word: a substring, or a pattern for the whole if it holds wildcards.
pub(super) fn text(input: &mut Input<'_>) -> Parsed<Text> {
    let pieces = pieces(input, ends_word)?;
    let whole = pieces.iter().any(|piece| !matches!(piece, Piece::Literal(_)));
    Ok(Text { whole, case: smart(input, &pieces), pieces })
}

/// A word that is the whole name.
pub(super) fn exact(input: &mut Input<'_>) -> Parsed<Text> {
    Ok(Text { whole: true, ..text(input)? })
}

/// Extensions between `;` or `,`. An empty one stands for no extension.
pub(super) fn extensions(input: &mut Input<'_>) -> Parsed<Vec<Text>> {
    let case = input.state.case.unwrap_or(Case::Blind);
    let mut list = Vec::new();
    loop {
        eat(input, '.');
        let start = here(input);
        let pieces = if peek(input).is_none_or(ends_item) { Vec::new() } else { pieces(input, ends_item)? };
        if pieces.iter().any(|piece| matches!(piece, Piece::Literal(text) if text.contains('.'))) {
            let hint = "an extension is what follows the last dot: ext:gz, or the whole name: *.tar.gz";
            return fault(start..here(input), "an extension without a dot", hint);
        }
        list.push(Text { pieces, whole: true, case });
        if !eat(input, ';') && !eat(input, ',') {
            return Ok(list);
        }
    }
}

fn ends_item(c: char) -> bool {
    ends_word(c) || matches!(c, ';' | ',')
}

/// What was asked for, or else: a text with a capital letter is meant as it is written.
fn smart(input: &Input<'_>, pieces: &[Piece]) -> Case {
    let capital =
        pieces.iter().any(|piece| matches!(piece, Piece::Literal(text) if text.contains(char::is_uppercase)));
    let smart = if capital { Case::Sensitive } else { Case::Blind };
    input.state.case.unwrap_or(smart)
}

/// Bare and quoted stretches until a character that `ends` the word.
fn pieces(input: &mut Input<'_>, ends: impl Fn(char) -> bool) -> Parsed<Vec<Piece>> {
    let start = here(input);
    let mut pieces = Vec::new();
    while let Some(c) = peek(input).filter(|&c| !ends(c)) {
        match c {
            '"' => literal(&mut pieces, &quoted(input)?),
            '?' | '*' => {
                eat(input, c);
                let wild = if c == '?' { Piece::AnyChar } else { Piece::AnyRun };
                if wild != Piece::AnyRun || pieces.last() != Some(&wild) {
                    pieces.push(wild);
                }
            }
            _ => literal(&mut pieces, run(input, |c| !ends(c) && !matches!(c, '"' | '?' | '*'))?),
        }
    }
    if pieces.is_empty() { fault(start..here(input), "a text", QUOTE_HINT) } else { Ok(pieces) }
}

/// Appends to the literal at the end, or begins one.
fn literal(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Literal(before)) => before.push_str(text),
        _ => pieces.push(Piece::Literal(text.to_owned())),
    }
}

/// A quoted text without its quotes. A backslash before a character other than `"` and `\` is a backslash.
fn quoted(input: &mut Input<'_>) -> Parsed<String> {
    let mut text = String::new();
    let open = here(input);
    eat(input, '"');
    loop {
        text.push_str(run(input, |c| !matches!(c, '"' | '\\'))?);
        if eat(input, '"') {
            return Ok(text);
        }
        if !eat(input, '\\') {
            return unclosed(open);
        }
        match peek(input) {
            Some(c @ ('"' | '\\')) => {
                eat(input, c);
                text.push(c);
            }
            _ => text.push('\\'),
        }
    }
}

/// The error of a quote that has no fellow.
pub(super) fn unclosed<T>(open: usize) -> Parsed<T> {
    let hint = "close the quote; to search for a quote itself, write \"\\\"\"";
    fault(open..open + 1, "a quoted text with a quote at its end", hint)
}

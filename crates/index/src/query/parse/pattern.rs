//! `regex:`, with bounds on what a pattern may cost.

use super::text::unclosed;
use super::{Input, Parsed, QUERY_GROUPS_MAX, QUERY_PATTERNS_MAX, eat, fault, here, run};
use crate::query::Regular;
use crate::query::ast::Case;

/// A pattern to the next white space, or a quoted one. Inside quotes `\"` is a quote, as it is to the pattern.
pub(super) fn regex(input: &mut Input<'_>) -> Parsed<Regular> {
    let start = here(input);
    let is_quoted = eat(input, '"');
    let pattern = if is_quoted { quoted(input, start)? } else { run(input, |c| !c.is_whitespace())? };
    let at = start..here(input);
    input.state.patterns += 1;
    if input.state.patterns > QUERY_PATTERNS_MAX {
        return fault(
            at,
            format!("at most {QUERY_PATTERNS_MAX} regular expressions"),
            "join them with `|` into one",
        );
    }
    if pattern.is_empty() {
        return fault(
            at,
            "a regular expression",
            "write a pattern, in quotes if it holds blanks: regex:\"^a b\"",
        );
    }
    let smart = if has_capital(pattern) { Case::Sensitive } else { Case::Blind };
    let depth_max = u32::try_from(QUERY_GROUPS_MAX).unwrap_or(u32::MAX);
    Regular::new(pattern, input.state.case.unwrap_or(smart), depth_max).or_else(|error| {
        let in_group = !is_quoted && input.state.groups > 0;
        let advice = if in_group { " (it runs to the next blank: quote it inside a group)" } else { "" };
        fault(at, "a regular expression", format!("{}{advice}", reason(&error)))
    })
}

fn quoted<'q>(input: &mut Input<'q>, open: usize) -> Parsed<&'q str> {
    let query = input.state.query;
    let start = here(input);
    loop {
        run(input, |c| !matches!(c, '"' | '\\'))?;
        let end = here(input);
        if eat(input, '"') {
            return Ok(query.get(start..end).unwrap_or_default());
        }
        if !eat(input, '\\') {
            return unclosed(open);
        }
        let _escaped = eat(input, '"') || eat(input, '\\');
    }
}

/// Whether the pattern asks for a capital letter. One behind a backslash is an operator (`\S`, `\pL`, `\p{Lu}`).
fn has_capital(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            let property =
                chars.next().is_some_and(|operator| matches!(operator, 'p' | 'P' | 'x' | 'u' | 'U'));
            if property && chars.next() == Some('{') {
                chars.by_ref().find(|&c| c == '}');
            }
        } else if c.is_uppercase() {
            return true;
        }
    }
    false
}

/// The one line that says what is wrong; the library's own message repeats the pattern with a caret.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            format!("the pattern needs more than {} bytes: lower its repetitions", Regular::BYTES_MAX)
        }
        other => {
            let text = other.to_string();
            let line = text.lines().last().unwrap_or_default().trim();
            line.strip_prefix("error: ").unwrap_or(line).to_owned()
        }
    }
}

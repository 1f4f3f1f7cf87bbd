//! What is wrong with a query, said so that it can be mended at once.

use std::fmt;
use std::ops::Range;

/// Characters of the query that are shown on either side of the place.
const CONTEXT_CHARS: usize = 60;
/// Characters of what was found that are repeated in the message.
const FOUND_CHARS_MAX: usize = 40;

/// Why a query could not be read.
///
/// `Display` takes four lines: what was expected and found, the query, carets under the place, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct QueryError {
    /// The query.
    pub query: String,
    /// Where in the query it went wrong, in bytes; an empty range stands before the byte.
    pub at: Range<usize>,
    /// What could have stood there.
    pub expected: String,
    /// What stands there.
    pub found: String,
    /// What to do.
    pub hint: String,
}

/// An error before the query is known: what the parsers below the entry point make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: Range<usize>,
    pub(super) expected: String,
    pub(super) hint: String,
}

impl QueryError {
    pub(super) fn new(query: &str, fault: Fault) -> Self {
        let Fault { at, expected, hint } = fault;
        Self { found: found(query, &at), query: query.to_owned(), at, expected, hint }
    }
}

/// Names what stands at the place.
fn found(query: &str, at: &Range<usize>) -> String {
    let rest = query.get(at.start..).unwrap_or_default();
    let text = query.get(at.clone()).filter(|text| !text.is_empty()).or_else(|| {
        let first = rest.chars().next()?;
        rest.get(..first.len_utf8())
    });
    match text {
        None => "the end of the query".to_owned(),
        Some(text) if text.chars().all(char::is_whitespace) => "white space".to_owned(),
        Some(text) => {
            let mut shown: String = text.chars().take(FOUND_CHARS_MAX).map(printable).collect();
            if text.chars().nth(FOUND_CHARS_MAX).is_some() {
                shown.push('…');
            }
            format!("`{shown}`")
        }
    }
}

/// Whether `c` would act on a terminal, or not be seen there: to be spelled out where people read it.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Bidirectional marks, embeddings, overrides and isolates.
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}'
            // Characters without a width that are not there to change the one before them.
            | '\u{00AD}' | '\u{034F}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
            // Fillers that look like nothing, and separators that look like a new line.
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2028}' | '\u{2029}')
}

/// The character, or a stand-in for one that would move or hide what stands around it on a terminal.
fn printable(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => ' ',
        _ if is_unprintable(c) => '\u{FFFD}',
        _ => c,
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the query is not understood: expected {}, found {}", self.expected, self.found)?;
        let before = self.query.get(..self.at.start).unwrap_or_default().chars().count();
        let marked = self.query.get(self.at.clone()).unwrap_or_default().chars().count();
        let skipped = before.saturating_sub(CONTEXT_CHARS);
        let marked = marked.clamp(1, CONTEXT_CHARS);
        let shown = (before - skipped) + marked + CONTEXT_CHARS;
        let cut = if skipped > 0 { "…" } else { "" };
        let line: String = self.query.chars().skip(skipped).take(shown).map(printable).collect();
        let more = if self.query.chars().nth(skipped + shown).is_some() { "…" } else { "" };
        writeln!(f, "  {cut}{}{more}", line.trim_end())?;
        let indent = before - skipped + cut.chars().count();
        writeln!(f, "  {:indent$}{}", "", "^".repeat(marked))?;
        // It may repeat a word of the query.
        write!(f, "  {}", self.hint.chars().map(printable).collect::<String>())
    }
}

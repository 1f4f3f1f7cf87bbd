//! A regular expression, and the texts without which it cannot match.
//!
//! To match one against every name means to spell every name and to start an automaton on each. Most patterns that people write
//! begin or end with plain text, which the sweep over the blob finds some ten times as fast; only names that hold it are matched then.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};

use super::ast::Case;

/// Bytes that a compiled pattern may take; `\w{1000}` and its like exceed them.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Bytes that the states of a pattern may take while it is matched.
const PATTERN_STATE_BYTES_MAX: usize = 2 << 20;
/// Characters of a class that are told one by one: a letter in either case, and the third form that two letters have. A digit is not.
const CLASS_MAX: usize = 3;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub struct Regular {
    regex: Regex,
    texts: Vec<String>,
}

impl Regular {
    /// Compiles a pattern whose groups are nested at most `depth_max` deep.
    ///
    /// # Errors
    /// What the library finds wrong with it.
    pub(super) fn new(pattern: &str, case: Case, depth_max: u32) -> Result<Self, regex::Error> {
        let blind = case == Case::Blind;
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(blind)
            .dot_matches_new_line(true)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_STATE_BYTES_MAX)
            .nest_limit(depth_max)
            .build()?;
        // Read by the same rules, or it would be of another pattern that the texts are.
        let parsed = ParserBuilder::new()
            .utf8(false)
            .case_insensitive(blind)
            .dot_matches_new_line(true)
            .nest_limit(depth_max)
            .build()
            .parse(pattern);
        let texts = parsed.ok().and_then(|parsed| {
            let at = |kind| texts(&Extractor::new().kind(kind).limit_class(CLASS_MAX).extract(&parsed));
            let ends = [ExtractKind::Prefix, ExtractKind::Suffix].into_iter().filter_map(at);
            ends.max_by_key(|texts| texts.iter().map(String::len).min())
        });
        Ok(Self { regex, texts: texts.unwrap_or_default() })
    }

    /// Whether it matches somewhere in a name.
    #[must_use]
    pub fn is_match(&self, name: &[u8]) -> bool {
        self.regex.is_match(name)
    }

    /// The pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// Texts of which every name that matches holds one, in either case; empty if there are none.
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// What a message says of the bound on a compiled pattern.
    pub(super) const BYTES_MAX: usize = PATTERN_BYTES_MAX;
}

/// The texts of a sequence, if every match has one of them and none is empty.
fn texts(found: &Seq) -> Option<Vec<String>> {
    let literals = found.literals().filter(|literals| !literals.is_empty())?;
    let text =
        |bytes: &[u8]| std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty()).map(str::to_owned);
    literals.iter().map(|literal| text(literal.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_match_holds() {
        let check = |pattern: &str, case: Case, expected: &[&str]| {
            let regular = Regular::new(pattern, case, 10).unwrap();
            assert_eq!(regular.texts(), expected, "{pattern}");
        };
        check("^ka.*\\.dll$", Case::Sensitive, &[".dll"]);
        check("report", Case::Sensitive, &["report"]);
        check("x|report", Case::Sensitive, &["x", "report"]);
        check("^begin[0-9]+", Case::Sensitive, &["begin"]);
        check("a?", Case::Sensitive, &[]);
        check("[^a]", Case::Sensitive, &[]);
        check(".*", Case::Blind, &[]);
        check("", Case::Blind, &[]);
        check("(?i)é", Case::Sensitive, &["É", "é"]);
        // A Kelvin sign is a letter k to whom case says nothing.
        check("k", Case::Blind, &["K", "k", "\u{212A}"]);
        assert!(Regular::new("(", Case::Blind, 10).is_err());
    }
}

//! The functions (`word:`), and the values that are lists of words or letters.

use super::{Input, Parsed, eat, ends_word, fault, here, peek, run, word_ahead};
use crate::query::ast::{Case, Field, Kinds, State};

/// How a term's value is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    Name,
    Exact,
    Path,
    Extension,
    Regex,
    /// A number of bytes, which may have a unit.
    Bytes(Field),
    /// A plain number.
    Count(Field),
    Date(Field),
    Kind,
    Attributes,
    State(State),
}

impl Function {
    /// Whether `case:` can say anything about it.
    pub(super) fn takes_text(self) -> bool {
        matches!(self, Self::Name | Self::Exact | Self::Path | Self::Extension | Self::Regex)
    }
}

/// What a word with a colon can be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Prefix {
    Function(Function),
    /// Says how the letters of the next term are compared.
    Case(Case),
}

/// Every function under all its names; the first of a function's names is the one to suggest.
const PREFIXES: &[(&str, Prefix)] = &[
    ("name", Prefix::Function(Function::Name)),
    ("exact", Prefix::Function(Function::Exact)),
    ("wholename", Prefix::Function(Function::Exact)),
    ("path", Prefix::Function(Function::Path)),
    ("ext", Prefix::Function(Function::Extension)),
    ("regex", Prefix::Function(Function::Regex)),
    ("size", Prefix::Function(Function::Bytes(Field::Size))),
    ("allocated", Prefix::Function(Function::Bytes(Field::Allocated))),
    ("dm", Prefix::Function(Function::Date(Field::Modified))),
    ("modified", Prefix::Function(Function::Date(Field::Modified))),
    ("dc", Prefix::Function(Function::Date(Field::Created))),
    ("created", Prefix::Function(Function::Date(Field::Created))),
    ("da", Prefix::Function(Function::Date(Field::Accessed))),
    ("accessed", Prefix::Function(Function::Date(Field::Accessed))),
    ("dr", Prefix::Function(Function::Date(Field::Changed))),
    ("changed", Prefix::Function(Function::Date(Field::Changed))),
    ("type", Prefix::Function(Function::Kind)),
    ("attrib", Prefix::Function(Function::Attributes)),
    ("attributes", Prefix::Function(Function::Attributes)),
    ("links", Prefix::Function(Function::Count(Field::Links))),
    ("record", Prefix::Function(Function::Count(Field::Record))),
    ("len", Prefix::Function(Function::Count(Field::Length))),
    ("depth", Prefix::Function(Function::Count(Field::Depth))),
    ("deleted", Prefix::Function(Function::State(State::Deleted))),
    ("metafile", Prefix::Function(Function::State(State::Metafile))),
    ("orphan", Prefix::Function(Function::State(State::Orphan))),
    ("damaged", Prefix::Function(Function::State(State::Damaged))),
    ("case", Prefix::Case(Case::Sensitive)),
    ("nocase", Prefix::Case(Case::Blind)),
];

/// A function's name and its colon, if the word begins with letters and a colon.
pub(super) fn prefix(input: &mut Input<'_>) -> Parsed<Option<Prefix>> {
    let start = *input;
    let word = run(input, |c| c.is_ascii_alphanumeric())?;
    let end = here(input);
    if !word.starts_with(|c: char| c.is_ascii_alphabetic()) || !eat(input, ':') {
        *input = start;
        return Ok(None);
    }
    let known = PREFIXES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    match known {
        Some(&(_, prefix)) => Ok(Some(prefix)),
        None => fault(here(&start)..end, "a function's name before `:`", advice(word, &start)),
    }
}

/// Words that other search programs and everyday language have for what is called otherwise here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("file", "type:file"),
    ("files", "type:file"),
    ("folder", "type:folder"),
    ("folders", "type:folder"),
    ("dir", "type:folder"),
    ("directory", "type:folder"),
    ("link", "type:link"),
    ("symlink", "type:link"),
    ("stream", "type:stream"),
    ("ads", "type:stream"),
    ("kind", "type:"),
    ("is", "type:"),
    ("in", "path:"),
    ("under", "path:"),
    ("parent", "path:"),
    ("filename", "name:"),
    ("extension", "ext:"),
    ("suffix", "ext:"),
    ("re", "regex:"),
    ("date", "dm:"),
    ("time", "dm:"),
    ("mtime", "dm:"),
    ("newer", "dm:>"),
    ("older", "dm:<"),
    ("birth", "dc:"),
    ("atime", "da:"),
    ("ctime", "dr:"),
    ("larger", "size:>"),
    ("bigger", "size:>"),
    ("smaller", "size:<"),
    ("empty", "size:empty"),
    ("hidden", "attrib:h"),
    ("readonly", "attrib:r"),
    ("system", "attrib:s"),
    ("inode", "record:"),
    ("frs", "record:"),
    ("removed", "deleted:"),
    ("lost", "orphan:"),
    ("corrupt", "damaged:"),
];

/// The longest word that advice repeats.
const QUOTED_BYTES_MAX: usize = 60;

/// What to do about a function that is none.
fn advice(word: &str, start: &Input<'_>) -> String {
    let near = near(&word.to_ascii_lowercase());
    let fits = |text: &&str| !text.contains('"') && text.len() <= QUOTED_BYTES_MAX;
    let text = start.state.query.get(word_ahead(start)).filter(fits).unwrap_or("a:b");
    let quote = format!("to search for the text itself, quote it: \"{text}\"");
    if near.is_empty() { quote } else { format!("did you mean {}? {quote}", near.join(" or ")) }
}

/// What is called so elsewhere, or the functions whose names are a slip or two away from `word`.
fn near(word: &str) -> Vec<String> {
    if let Some((_, here)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == word) {
        return vec![format!("`{here}`")];
    }
    let slips_max = if word.len() < 4 { 1 } else { 2 };
    let is_near = |name: &str| {
        (word.len() > 1 && name.starts_with(word)) || (name.len() > 2 && slips(word, name) <= slips_max)
    };
    PREFIXES.iter().filter(|(name, _)| is_near(name)).map(|(name, _)| format!("`{name}:`")).collect()
}

/// Letters to insert, delete or change to make `to` of `from` (Levenshtein's distance, row by row).
fn slips(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, a) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, b) in to.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

const KINDS: [(&str, Kinds); 4] =
    [("file", Kinds::FILE), ("folder", Kinds::FOLDER), ("link", Kinds::LINK), ("stream", Kinds::STREAM)];

/// Kinds between `;` or `|`. A bar goes on with the list only if a kind, and nothing more, stands right behind
/// it: `type:file|folder` is one list, `type:file|report` and `type:file | folder` are two terms.
pub(super) fn kinds(input: &mut Input<'_>) -> Parsed<Kinds> {
    let mut kinds = kind(input)?;
    loop {
        let before = *input;
        if eat(input, ';') {
            kinds |= kind(input)?;
        } else if eat(input, '|') {
            match kind(input) {
                Ok(more) if peek(input).is_none_or(|c| c == ';' || ends_word(c)) => kinds |= more,
                _ => {
                    *input = before;
                    return Ok(kinds);
                }
            }
        } else {
            return Ok(kinds);
        }
    }
}

fn kind(input: &mut Input<'_>) -> Parsed<Kinds> {
    let start = here(input);
    let word = run(input, |c| !ends_word(c) && c != ';')?;
    match KINDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        Some(&(_, kind)) => Ok(kind),
        None => fault(
            start..here(input),
            "`file`, `folder`, `link` or `stream`",
            "name one kind, or several with `;` between: type:file;link",
        ),
    }
}

/// The attributes by the letters that stand for them.
const ATTRIBUTES: [(char, u32); 13] = [
    ('r', 0x1),
    ('h', 0x2),
    ('s', 0x4),
    ('d', 0x10),
    ('a', 0x20),
    ('n', 0x80),
    ('t', 0x100),
    ('p', 0x200),
    ('l', 0x400),
    ('c', 0x800),
    ('o', 0x1000),
    ('i', 0x2000),
    ('e', 0x4000),
];

/// Letters, one at least.
pub(super) fn attributes(input: &mut Input<'_>) -> Parsed<u32> {
    let mut bits = 0;
    let word = word_ahead(input);
    for c in run(input, |c| !ends_word(c))?.chars() {
        match ATTRIBUTES.iter().find(|(letter, _)| c.eq_ignore_ascii_case(letter)) {
            Some((_, bit)) if bits & bit == 0 => bits |= bit,
            // A letter twice is a word: `attrib:hidden` means `attrib:h`.
            _ => return letter_fault(word),
        }
    }
    if bits == 0 { letter_fault(word) } else { Ok(bits) }
}

fn letter_fault<T>(at: std::ops::Range<usize>) -> Parsed<T> {
    let hint = "r read-only, h hidden, s system, d folder, a archive, n normal, t temporary, p sparse, l reparse point, \
                c compressed, o offline, i not indexed, e encrypted";
    fault(at, "attribute letters", hint)
}

#[cfg(test)]
mod tests {
    use super::{ELSEWHERE, PREFIXES};

    #[test]
    fn what_is_called_otherwise_elsewhere_is_something_here() {
        let is_here = |name: &str| PREFIXES.iter().any(|(known, _)| *known == name);
        for (elsewhere, here) in ELSEWHERE {
            assert!(!is_here(elsewhere), "`{elsewhere}:` needs no advice");
            assert!(here.split_once(':').is_some_and(|(name, _)| is_here(name)), "`{here}` is nothing");
        }
    }
}

//! What somebody may have meant who writes queries as another program takes them, told when nothing is found.
//!
//! None of this is an error: a file may be called `OR`, and a name may begin with a hyphen. So it is looked at only when the search
//! came back with nothing.

/// How to say what the query seems to mean; `None` if it says what it means.
pub(crate) fn hint(query: &str) -> Option<String> {
    words(query).find_map(of_word)
}

fn of_word(word: &str) -> Option<String> {
    match word {
        "OR" | "||" | "or" => {
            return Some(format!("`{word}` is searched for as a word; either of two is `a | b`"));
        }
        "AND" | "&&" | "&" | "and" => {
            return Some(format!("`{word}` is searched for as a word; words all have to hold anyway: `a b`"));
        }
        "NOT" | "not" => {
            return Some(format!("`{word}` is searched for as a word; what shall not hold is `!a`"));
        }
        _ => {}
    }
    if let Some(rest) = word.strip_prefix('-').filter(|rest| rest.starts_with(char::is_alphanumeric)) {
        return Some(format!(
            "`{word}` is searched for as it stands; to leave out what holds it, write `!{rest}`"
        ));
    }
    if word.contains('\\') && !word.starts_with("regex:") {
        let path = word.replace('\\', "/");
        let path = path.strip_prefix("path:").unwrap_or(&path).trim_start_matches('*');
        return Some(format!("no name holds a backslash; folders are separated by `/`: `path:{path}`"));
    }
    let (name, value) = word.split_once(['=', '<', '>'])?;
    if ["size", "dm", "dc", "da", "dr", "ext", "type", "path", "depth", "links", "len"].contains(&name) {
        let sign =
            word.get(name.len()..word.len() - value.len()).filter(|sign| *sign != "=").unwrap_or_default();
        return Some(format!(
            "`{word}` is searched for as a word; a condition has a colon: `{name}:{sign}{value}`"
        ));
    }
    None
}

/// The words that stand outside quotes.
fn words(query: &str) -> impl Iterator<Item = &str> {
    let outside = query.split('"').step_by(2);
    outside.flat_map(|part| part.split(|c: char| c.is_whitespace() || "()!".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::hint;

    fn check(query: &str, expected: Option<&str>) {
        let found = hint(query);
        let same = match (&found, expected) {
            (Some(found), Some(expected)) => found.contains(expected),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        assert!(same, "{query}: {found:?}");
    }

    #[test]
    fn what_other_programs_take_is_told_from_what_is_meant_here() {
        check("report draft", None);
        check("cat OR dog", Some("`a | b`"));
        check("cat && dog", Some("`a b`"));
        check("cat NOT dog", Some("`!a`"));
        check("report -draft", Some("write `!draft`"));
        check("a - b --- -", None);
        check(r"Users\Anna", Some("`path:Users/Anna`"));
        check(r"path:\Users\Anna", Some("`path:/Users/Anna`"));
        check(r"regex:\d+", None);
        check("size>10mb", Some("`size:>10mb`"));
        check("ext=pdf", Some("`ext:pdf`"));
        check("size:>10mb a=b", None);
        check(r#""this OR that" "a\b""#, None);
    }
}

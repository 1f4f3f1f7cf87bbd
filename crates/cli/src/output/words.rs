//! Facts in words, for what is not a row: names made safe to show, sizes, and lines of a label and a fact.

use std::fmt::Write as _;

use super::escape::push_escaped;
use super::number::push_size;

/// Appends a fact and what it is; without a label it goes on with the one before. A fact may come from a file: what
/// could steer a terminal is spelled out.
pub(crate) fn line(text: &mut String, label: &str, fact: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "  {label:<12}{}", escaped(fact.as_bytes()));
}

/// A size for people.
pub(crate) fn size(bytes: u64) -> String {
    let mut text = Vec::new();
    push_size(&mut text, bytes);
    String::from_utf8(text).unwrap_or_default()
}

/// A name, safe to show.
pub(crate) fn escaped(name: &[u8]) -> String {
    let mut text = Vec::new();
    push_escaped(&mut text, name);
    String::from_utf8(text).unwrap_or_default()
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A word as a shell takes it, in quotes if it holds what the shell would take for itself. What could steer a terminal is spelled
/// out.
pub(crate) fn quoted(word: &str) -> String {
    if cfg!(windows) { quoted_for_windows(word) } else { quoted_for_unix(word) }
}

fn quoted_for_unix(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", escaped(word.replace('\'', "'\\''").as_bytes()))
}

/// Double quotes are what both of its shells know. PowerShell makes several words of one with commas, and looks for variables between such quotes.
fn quoted_for_windows(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:\\".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if word.contains(['"', '$', '`']) {
        return format!("'{}'", escaped(word.replace('\'', "''").as_bytes()));
    }
    format!("\"{}\"", escaped(word.as_bytes()))
}

/// Bytes for each of `rows`, with one digit behind the point.
pub(crate) fn bytes_a_row(bytes: u64, rows: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit behind the point")]
    let ratio = bytes as f64 / rows.max(1) as f64;
    (ratio * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::{bytes_a_row, count, line, quoted_for_unix, quoted_for_windows};

    #[test]
    fn words_are_quoted_as_a_shell_takes_them() {
        for (word, unix, windows) in [
            ("demo", "demo", "demo"),
            ("Disk C", "'Disk C'", r#""Disk C""#),
            ("it's", r"'it'\''s'", r#""it's""#),
            ("", "''", r#""""#),
            ("a\u{202e}b", r"'a\u{202e}b'", r#""a\u{202e}b""#),
            ("size:>1gb", "'size:>1gb'", r#""size:>1gb""#),
            ("path,size", "path,size", r#""path,size""#),
            (r"target\quarry.exe", r"'target\quarry.exe'", r"target\quarry.exe"),
            (r#"$a "b's""#, r#"'$a "b'\''s"'"#, r#"'$a "b''s"'"#),
        ] {
            assert_eq!((&*quoted_for_unix(word), &*quoted_for_windows(word)), (unix, windows));
        }
    }

    #[test]
    fn facts_cannot_steer_a_terminal() {
        let mut text = String::new();
        line(&mut text, "label", "a\u{1b}[2J");
        assert_eq!(text, "  label       a\\u{1b}[2J\n");
        assert_eq!([count(1, "file", "files"), count(0, "file", "files")], ["1 file", "0 files"]);
        assert!((bytes_a_row(125, 2) - 62.5).abs() < f64::EPSILON && bytes_a_row(0, 0) < f64::EPSILON);
    }
}

//! Names made safe to show: nothing that a name holds may steer a terminal or hide from its reader.
//!
//! A file name can hold an escape sequence that repaints the screen, an override that turns `txt.exe` around,
//! or characters without a width that make two names look alike. On a terminal these are spelled out as
//! `\u{202e}`. A pipe gets the bytes as they are: a program must be able to open what it was told.

use quarry_index::query::is_unprintable;
use quarry_index::wtf8::{Piece, pieces};
use unicode_width::UnicodeWidthChar as _;

use super::number::push_hexadecimal;

/// Appends `name` with everything that [cannot be printed](is_unprintable) and every surrogate on its own spelled out.
pub(crate) fn push_escaped(out: &mut Vec<u8>, name: &[u8]) {
    for piece in pieces(name) {
        match piece {
            Piece::Text(text) => push_text(out, text),
            Piece::Surrogate(unit) => push_code(out, unit.into()),
            Piece::Stray(byte) => push_code(out, byte.into()),
        }
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return out.extend_from_slice(text.as_bytes());
    }
    for c in text.chars() {
        if is_unprintable(c) {
            push_code(out, c.into());
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Appends `\u{code}` in hexadecimal.
fn push_code(out: &mut Vec<u8>, code: u32) {
    out.extend_from_slice(b"\\u{");
    push_hexadecimal(out, code, 1);
    out.push(b'}');
}

/// How many cells of a terminal `text` takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Appends `text`, shortened in the middle to at most `cells`. The end keeps two thirds of the room, for that
/// is where the name stands.
pub(crate) fn push_shortened(out: &mut Vec<u8>, text: &str, cells: usize) {
    if text.len() <= cells || width(text) <= cells {
        return out.extend_from_slice(text.as_bytes());
    }
    let room = cells.saturating_sub(1);
    let head = prefix_bytes(text.chars(), room / 3);
    let tail = prefix_bytes(text.chars().rev(), room - room / 3);
    for part in [text.get(..head).unwrap_or_default(), "…", text.get(text.len() - tail..).unwrap_or_default()]
    {
        out.extend_from_slice(part.as_bytes());
    }
}

/// How many bytes of `chars` fit into `cells`.
fn prefix_bytes(chars: impl Iterator<Item = char>, cells: usize) -> usize {
    let mut left = cells;
    chars
        .map_while(|c| {
            left = left.checked_sub(char_width(c))?;
            Some(c.len_utf8())
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{push_escaped, push_shortened, width};
    use proptest::prelude::{any, prop, proptest};

    fn escaped(name: &[u8]) -> String {
        let mut out = Vec::new();
        push_escaped(&mut out, name);
        String::from_utf8(out).expect("escaping leaves UTF-8")
    }

    fn shortened(text: &str, cells: usize) -> String {
        let mut out = Vec::new();
        push_shortened(&mut out, text, cells);
        String::from_utf8(out).expect("cut between characters")
    }

    #[test]
    fn pitfall_22_names_cannot_steer_a_terminal() {
        let cases: [(&[u8], &str); 8] = [
            (b"plain name.txt", "plain name.txt"),
            ("Straße 日本 😀 e\u{301}".as_bytes(), "Straße 日本 😀 e\u{301}"),
            (b"bell\x07 esc\x1b[2J new\nline", "bell\\u{7} esc\\u{1b}[2J new\\u{a}line"),
            ("nel\u{85}del\u{7f}".as_bytes(), "nel\\u{85}del\\u{7f}"),
            ("rtl\u{202e}txt.exe".as_bytes(), "rtl\\u{202e}txt.exe"),
            ("zero\u{200b}width\u{feff}".as_bytes(), "zero\\u{200b}width\\u{feff}"),
            ("tag\u{e0041}".as_bytes(), "tag\\u{e0041}"),
            (b"lone\xED\xA0\xBD", "lone\\u{d83d}"),
        ];
        for (name, expected) in cases {
            assert_eq!(escaped(name), expected);
        }
    }

    #[test]
    fn paths_are_shortened_in_the_middle() {
        let cases = [
            ("/a/b", 4, "/a/b"),
            ("/folder/of/some/file.txt", 13, "/fol…file.txt"),
            ("日本語日本語", 8, "日…本語"),
            ("abc", 1, "…"),
        ];
        for (text, cells, expected) in cases {
            assert_eq!(shortened(text, cells), expected);
        }
    }

    proptest! {
        #[test]
        fn escaping_leaves_only_what_can_be_seen(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            assert!(!escaped(&bytes).chars().any(super::is_unprintable));
        }

        #[test]
        fn what_is_shortened_fits(text in "\\PC{0,60}", cells in 1_usize..40) {
            assert!(width(&shortened(&text, cells)) <= cells);
        }
    }
}

//! Bytes as printable text: what is kept stands for itself, every other byte is `%` and two hexadecimal digits.
//!
//! One spelling for each byte string, so that two files, or two lines, never mean the same. `%` itself is never kept.

/// Escapes all of `bytes` that `keep` does not name.
pub(crate) fn escape(bytes: &[u8], keep: fn(u8) -> bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if keep(byte) && byte != b'%' {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
    }
    text
}

/// The bytes that [`escape`] makes `text` of, if there are any.
pub(crate) fn unescape(text: &str, keep: fn(u8) -> bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let plain = match byte {
            b'%' => {
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                Some(high << 4 | low).filter(|&byte| byte == b'%' || !keep(byte))
            }
            byte => Some(byte).filter(|&byte| keep(byte)),
        };
        bytes.push(plain?);
    }
    Some(bytes)
}

/// Small hexadecimal digits alone: a second spelling would be a second name for one thing.
fn digit(text: u8) -> Option<u8> {
    match text {
        b'0'..=b'9' => Some(text - b'0'),
        b'a'..=b'f' => Some(text - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn small(byte: u8) -> bool {
        byte.is_ascii_lowercase()
    }

    #[test]
    fn there_is_one_spelling() {
        assert_eq!(escape(b"aB%.\0\xff", small), "a%42%25%2e%00%ff");
        for wrong in ["%", "%4", "%61", "%2E", "%2g", "A", "%%", "é"] {
            assert_eq!(unescape(wrong, small), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(bytes: Vec<u8>) {
            prop_assert_eq!(unescape(&escape(&bytes, small), small), Some(bytes));
        }

        #[test]
        fn what_comes_back_is_spelled_the_same(text in "[a-c%0-4]{0,12}") {
            if let Some(bytes) = unescape(&text, small) {
                prop_assert_eq!(escape(&bytes, small), text);
            }
        }
    }
}

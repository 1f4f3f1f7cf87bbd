//! What a name is made of: text, and now and then half a surrogate pair.
//!
//! Names come as WTF-8, which is UTF-8 that may also hold a surrogate on its own. Both printing to a terminal
//! and writing JSON have to tell the two apart.

/// A stretch of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Well-formed text, not empty.
    Text(&'a str),
    /// A surrogate on its own, 0xD800 to 0xDFFF.
    Surrogate(u16),
    /// A byte that is neither: no source of ours makes one.
    Stray(u8),
}

/// Cuts WTF-8 into its pieces.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let text = rest.utf8_chunks().next()?.valid();
        if !text.is_empty() {
            rest = rest.get(text.len()..)?;
            return Some(Piece::Text(text));
        }
        let (piece, after) = match rest {
            [0xED, high @ 0xA0..=0xBF, low @ 0x80..=0xBF, after @ ..] => {
                let unit = 0xD000 | u16::from(high & 0x3F) << 6 | u16::from(low & 0x3F);
                (Piece::Surrogate(unit), after)
            }
            [byte, after @ ..] => (Piece::Stray(*byte), after),
            [] => return None,
        };
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};
    use proptest::prelude::{any, prop, proptest};

    #[test]
    fn pitfall_21_surrogates_on_their_own_are_seen() {
        let cases: [(&[u8], &[Piece<'_>]); 4] = [
            (b"", &[]),
            ("aé😀".as_bytes(), &[Piece::Text("aé😀")]),
            (b"a\xED\xA0\x80b", &[Piece::Text("a"), Piece::Surrogate(0xD800), Piece::Text("b")]),
            (b"\xED\xBF\xBF\xFF", &[Piece::Surrogate(0xDFFF), Piece::Stray(0xFF)]),
        ];
        for (bytes, expected) in cases {
            assert_eq!(pieces(bytes).collect::<Vec<_>>(), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut back = Vec::new();
            for piece in pieces(&bytes) {
                match piece {
                    Piece::Text(text) => back.extend_from_slice(text.as_bytes()),
                    Piece::Surrogate(unit) => {
                        let [high, low] = unit.to_be_bytes();
                        back.extend([0xED, 0x80 | high << 2 & 0x3C | low >> 6, 0x80 | low & 0x3F]);
                    }
                    Piece::Stray(byte) => back.push(byte),
                }
            }
            assert_eq!(back, bytes);
        }
    }
}

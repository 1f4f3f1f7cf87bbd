//! WTF-8: UTF-8 that may also hold an unpaired surrogate, which file names do.
//!
//! The one place that reads it. It is read in two ways: as code points, where names are folded and counted, and as pieces, where they
//! are printed and the text between surrogates stays as it is. What makes it of UTF-16 units is the parser of a volume, which knows
//! nothing of an index.

/// The code points of `bytes`, surrogates included. Bytes that are no WTF-8 come out as U+FFFD, one each:
/// names from a source that is not Unicode stay searchable where they are ASCII.
pub(crate) fn code_points(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (point, len) = decode(rest)?;
        rest = rest.get(len..)?;
        Some(point)
    })
}

/// The first code point of `bytes` and its length in bytes.
pub(crate) fn decode(bytes: &[u8]) -> Option<(u32, usize)> {
    const REPLACEMENT: (u32, usize) = (0xFFFD, 1);
    let tail =
        |at: usize| bytes.get(at).filter(|&&byte| byte & 0xC0 == 0x80).map(|&byte| u32::from(byte & 0x3F));
    let &first = bytes.first()?;
    let lead = u32::from(first);
    let point = match first {
        0..=0x7F => Some((lead, 1)),
        0xC2..=0xDF => tail(1).map(|a| ((lead & 0x1F) << 6 | a, 2)),
        0xE0..=0xEF => tail(1).zip(tail(2)).map(|(a, b)| ((lead & 0x0F) << 12 | a << 6 | b, 3)),
        0xF0..=0xF4 => tail(1)
            .zip(tail(2))
            .zip(tail(3))
            .map(|((a, b), c)| ((lead & 0x07) << 18 | a << 12 | b << 6 | c, 4)),
        _ => None,
    };
    Some(point.filter(|&(point, len)| shortest(point) == len && point <= 0x10_FFFF).unwrap_or(REPLACEMENT))
}

/// How many bytes a code point takes.
fn shortest(point: u32) -> usize {
    match point {
        0..=0x7F => 1,
        0x80..=0x7FF => 2,
        0x800..=0xFFFF => 3,
        _ => 4,
    }
}

/// Appends one code point, surrogate or not.
pub(crate) fn push(out: &mut Vec<u8>, point: u32) {
    match char::from_u32(point) {
        Some(scalar) => out.extend_from_slice(scalar.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let bits = |shift: u32| 0x80 | (point >> shift).to_le_bytes()[0] & 0x3F;
            out.extend_from_slice(&[0xED, bits(6), bits(0)]);
        }
    }
}

/// A stretch of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Well-formed text, not empty.
    Text(&'a str),
    /// A surrogate on its own, 0xD800 to 0xDFFF.
    Surrogate(u16),
    /// A byte that is neither.
    Stray(u8),
}

/// Cuts WTF-8 into its pieces. Put together again they are the same bytes.
pub fn pieces(bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
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
    use super::*;
    use proptest::prelude::{any, prop, proptest};

    #[test]
    fn every_code_point_comes_back() {
        for point in (0..=0x10_FFFF).filter(|p| p % 7 == 0 || (0xD7F0..0xE010).contains(p)) {
            let mut bytes = Vec::new();
            push(&mut bytes, point);
            assert_eq!(decode(&bytes), Some((point, bytes.len())));
            if let Some(scalar) = char::from_u32(point) {
                assert_eq!(bytes, scalar.to_string().as_bytes());
            }
        }
    }

    #[test]
    fn what_is_no_wtf8_is_replaced_byte_by_byte() {
        let points = |bytes: &[u8]| code_points(bytes).collect::<Vec<_>>();
        assert_eq!(points(b"a\xFFb"), [97, 0xFFFD, 98]);
        assert_eq!(points(b"\xC3"), [0xFFFD]);
        assert_eq!(points(b"\xE2\x82"), [0xFFFD, 0xFFFD]);
        assert_eq!(points(b"\xC0\x80"), [0xFFFD, 0xFFFD], "an overlong form");
        assert_eq!(points(b"\xF4\x90\x80\x80").len(), 4, "beyond Unicode");
    }

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

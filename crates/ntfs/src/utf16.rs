//! Names as they are stored: UTF-16 units that need not be Unicode.
//!
//! NTFS checks no surrogates, so a name may hold half of a pair. WTF-8 keeps such a name apart from every
//! other, which replacing the half by U+FFFD would not.

/// UTF-16 units in little-endian bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Utf16<'a>(&'a [u8]);

impl<'a> Utf16<'a> {
    /// Takes `bytes` as units; an odd last byte is left out.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.get(..bytes.len() & !1).unwrap_or_default())
    }

    /// How many units there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len() / 2
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The units.
    pub fn units(self) -> impl ExactSizeIterator<Item = u16> + 'a {
        let (units, _) = self.0.as_chunks::<2>();
        units.iter().map(|&unit| u16::from_le_bytes(unit))
    }

    /// Whether this is the ASCII string `text`.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        self.len() == text.len() && self.units().eq(text.bytes().map(u16::from))
    }

    /// Appends the name in WTF-8 to `out`: at most three bytes a unit.
    pub fn push_wtf8(self, out: &mut Vec<u8>) {
        let (fours, _) = self.0.as_chunks::<8>();
        let mut done = 0;
        // Nearly all names are ASCII: four units at a time, while none of them has a high bit.
        for four in fours {
            let word = u64::from_le_bytes(*four);
            if word & 0xFF80_FF80_FF80_FF80 != 0 {
                break;
            }
            let [a, _, b, _, c, _, d, _] = *four;
            out.extend_from_slice(&[a, b, c, d]);
            done += 8;
        }
        Self(self.0.get(done..).unwrap_or_default()).push_each(out);
    }

    fn push_each(self, out: &mut Vec<u8>) {
        let mut units = self.units().peekable();
        while let Some(unit) = units.next() {
            let point = match (unit, units.peek()) {
                (0xD800..=0xDBFF, Some(&low @ 0xDC00..=0xDFFF)) => {
                    units.next();
                    0x1_0000 + ((u32::from(unit) & 0x3FF) << 10 | u32::from(low) & 0x3FF)
                }
                _ => u32::from(unit),
            };
            push(out, point);
        }
    }

    /// The name in WTF-8.
    #[must_use]
    pub fn to_wtf8(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        self.push_wtf8(&mut out);
        out
    }
}

impl std::fmt::Display for Utf16<'_> {
    /// The name with U+FFFD in place of lone surrogates: for messages, not for finding the file again.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        char::decode_utf16(self.units()).try_for_each(|point| {
            std::fmt::Write::write_char(f, point.unwrap_or(char::REPLACEMENT_CHARACTER))
        })
    }
}

/// Appends a code point, surrogate or not. Reading WTF-8 is the business of whoever keeps names; here it is only written.
fn push(out: &mut Vec<u8>, point: u32) {
    match char::from_u32(point) {
        Some(scalar) => out.extend_from_slice(scalar.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let low = |shift: u32| 0x80 | (point >> shift).to_le_bytes()[0] & 0x3F;
            out.extend_from_slice(&[0xED, low(6), low(0)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(units: &[u16]) -> Vec<u8> {
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    #[test]
    fn lone_surrogates_are_kept_apart() {
        let check = |units: &[u16], wtf8: &[u8]| assert_eq!(Utf16::new(&bytes(units)).to_wtf8(), wtf8);
        check(&[0xD800], b"\xED\xA0\x80");
        check(&[0x61, 0xDC00, 0xD800], b"a\xED\xB0\x80\xED\xA0\x80");
        check(&[0xD83D, 0xDE00], "😀".as_bytes());
        check(&[0xD83D, 0xD83D, 0xDE00], b"\xED\xA0\xBD\xF0\x9F\x98\x80");
        assert_eq!(Utf16::new(&bytes(&[0x61, 0xD800])).to_string(), "a\u{FFFD}");
    }

    proptest! {
        #[test]
        fn text_becomes_the_utf8_that_it_is(text in ".{0,40}|[a-z]{0,40}|[a-z]{9}é[a-z]{0,20}") {
            let units: Vec<u16> = text.encode_utf16().collect();
            let stored = bytes(&units);
            prop_assert_eq!(Utf16::new(&stored).to_wtf8(), text.as_bytes());
            prop_assert_eq!(Utf16::new(&stored).to_string(), text.clone());
            prop_assert_eq!(Utf16::new(&stored).is(&text), text.is_ascii());
        }
    }
}

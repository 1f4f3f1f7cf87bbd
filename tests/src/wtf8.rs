//! Names as bytes: WTF-8, so that an unpaired surrogate survives. JSON carries one as a `\udXXX` escape, which `String`
//! refuses and a byte string takes.

use std::borrow::Borrow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A name or path in WTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wtf8(pub Vec<u8>);

impl fmt::Debug for Wtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl Borrow<[u8]> for Wtf8 {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Wtf8 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Wtf8;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Wtf8, E> {
                Ok(Wtf8(text.as_bytes().to_vec()))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Wtf8, E> {
                Ok(Wtf8(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

impl Wtf8 {
    /// Undoes Python's `surrogateescape`: there a byte that is no UTF-8 stands as U+DC80 to U+DCFF, so the bytes of one
    /// unpaired surrogate (which Python does not take for UTF-8) come as three of them.
    #[must_use]
    pub fn from_surrogateescape(self) -> Self {
        let mut bytes = Vec::with_capacity(self.0.len());
        let mut rest = self.0.as_slice();
        while let Some((&first, after)) = rest.split_first() {
            // U+DC80..=U+DCFF is ED B2 80..BF and ED B3 80..BF.
            match rest {
                [0xED, second @ (0xB2 | 0xB3), third, after @ ..] => {
                    bytes.push((second & 1) << 6 | (third & 0x3F) | 0x80);
                    rest = after;
                }
                _ => {
                    bytes.push(first);
                    rest = after;
                }
            }
        }
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::Wtf8;

    #[test]
    fn a_lone_surrogate_in_json_becomes_its_wtf8_bytes() {
        let name: Wtf8 = serde_json::from_str(r#""a\ud83dz""#).unwrap();
        assert_eq!(name.0, b"a\xED\xA0\xBDz");
    }

    #[test]
    fn surrogateescape_gives_back_the_bytes_that_python_read() {
        let name: Wtf8 = serde_json::from_str(r#""lone_lo\udced\udcb0\udc80 \u00e9""#).unwrap();
        assert_eq!(name.from_surrogateescape().0, b"lone_lo\xED\xB0\x80 \xC3\xA9");
    }
}

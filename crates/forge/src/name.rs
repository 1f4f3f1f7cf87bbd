//! Names as NTFS stores them: any sequence of UTF-16 code units.
//!
//! A test writes most names as `&str`; the interesting ones (unpaired surrogates, embedded NULs) have no `&str`,
//! so everything here that takes a name takes `impl Into<Name>` and accepts raw units as well.

/// A name of up to 255 UTF-16 code units, not necessarily valid UTF-16.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Name(Vec<u16>);

impl Name {
    /// The code units.
    #[must_use]
    pub fn units(&self) -> &[u16] {
        &self.0
    }

    /// Number of code units, which is what NTFS counts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no unit at all (an unnamed attribute).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The units as little-endian bytes.
    #[must_use]
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Name {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&[u16]> for Name {
    fn from(units: &[u16]) -> Self {
        Self(units.to_vec())
    }
}

impl From<Vec<u16>> for Name {
    fn from(units: Vec<u16>) -> Self {
        Self(units)
    }
}

impl<const N: usize> From<[u16; N]> for Name {
    fn from(units: [u16; N]) -> Self {
        Self(units.to_vec())
    }
}

impl<const N: usize> From<&[u16; N]> for Name {
    fn from(units: &[u16; N]) -> Self {
        Self(units.to_vec())
    }
}

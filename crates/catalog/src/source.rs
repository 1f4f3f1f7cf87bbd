//! Where an entry came from, as a refresh needs it and a list shows it.
//!
//! The catalogue opens no source and knows no kinds of them: `kind` is a word that whoever scans gives and understands.
//! Paths are kept as bytes, so that one that is not Unicode survives, and one of another system can be shown.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

/// Longest kind, in bytes.
pub const KIND_BYTES_MAX: usize = 32;
/// Longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 16 * 1024;
/// Longest label, in bytes.
pub const LABEL_BYTES_MAX: usize = 256;

/// What was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What sort of thing it is, a word of 1 to [`KIND_BYTES_MAX`] of `a`–`z`, `0`–`9` and `-`.
    pub kind: String,
    /// Where it was, 1 to [`PATH_BYTES_MAX`] bytes.
    pub path: SourcePath,
    /// Serial number of the volume, if it has one.
    pub serial: Option<u64>,
    /// Label of the volume, at most [`LABEL_BYTES_MAX`] bytes, if it has one.
    pub label: Option<String>,
}

/// What does not fit into a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Not a word, or a long one.
    #[error("the kind {kind:?} is not a word of 1 to {KIND_BYTES_MAX} small letters, digits and hyphens")]
    Kind {
        /// What was given.
        kind: String,
    },
    /// No path, or a long one.
    #[error("the source's path has {bytes} bytes, and 1 to {PATH_BYTES_MAX} are allowed")]
    Path {
        /// How many it has.
        bytes: usize,
    },
    /// A long label.
    #[error("the label has {bytes} bytes, and {LABEL_BYTES_MAX} are allowed")]
    Label {
        /// How many it has.
        bytes: usize,
    },
}

impl Source {
    /// Whether everything is within its bounds.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), SourceError> {
        let word = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if self.kind.is_empty() || self.kind.len() > KIND_BYTES_MAX || !self.kind.bytes().all(word) {
            return Err(SourceError::Kind { kind: self.kind.clone() });
        }
        let bytes = self.path.as_bytes().len();
        if bytes == 0 || bytes > PATH_BYTES_MAX {
            return Err(SourceError::Path { bytes });
        }
        match self.label.as_ref().map_or(0, String::len) {
            bytes if bytes > LABEL_BYTES_MAX => Err(SourceError::Label { bytes }),
            _ => Ok(()),
        }
    }
}

/// A path as bytes: on Unix those of the path, on Windows its WTF-8.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePath(Vec<u8>);

impl SourcePath {
    /// A path that was kept as bytes.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, with U+FFFD for what is not Unicode.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The path as this system takes it; `None` if no path of this system has these bytes.
    #[cfg(unix)]
    #[must_use]
    pub fn to_path(&self) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStrExt;
        Some(PathBuf::from(std::ffi::OsStr::from_bytes(&self.0)))
    }

    /// The path as this system takes it; `None` if no path of this system has these bytes.
    #[cfg(windows)]
    #[must_use]
    pub fn to_path(&self) -> Option<PathBuf> {
        use std::os::windows::ffi::OsStringExt;
        let units = wtf8_units(&self.0)?;
        Some(PathBuf::from(std::ffi::OsString::from_wide(&units)))
    }
}

#[cfg(unix)]
impl From<&Path> for SourcePath {
    fn from(path: &Path) -> Self {
        use std::os::unix::ffi::OsStrExt;
        Self(path.as_os_str().as_bytes().to_vec())
    }
}

#[cfg(windows)]
impl From<&Path> for SourcePath {
    fn from(path: &Path) -> Self {
        use std::os::windows::ffi::OsStrExt;
        Self(wtf8_bytes(path.as_os_str().encode_wide()))
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_string_lossy().fmt(f)
    }
}

/// UTF-16 units as WTF-8: UTF-8 in which a lone surrogate takes three bytes like any unit of its size.
#[cfg(any(windows, test))]
fn wtf8_bytes(units: impl Iterator<Item = u16>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                bytes.extend([0xE0 | high >> 4, 0x80 | (high & 15) << 2 | low >> 6, 0x80 | low & 63]);
            }
        }
    }
    bytes
}

/// The UTF-16 units of `bytes`, if they are WTF-8.
#[cfg(any(windows, test))]
fn wtf8_units(mut bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::new();
    loop {
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
        };
        units.extend(valid.encode_utf16());
        bytes = bytes.get(valid.len()..)?;
        let &[first, second, third, ref rest @ ..] = bytes else { break };
        if first != 0xED || second & 0xE0 != 0xA0 || third & 0xC0 != 0x80 {
            break;
        }
        units.push(0xD000 | u16::from(second & 63) << 6 | u16::from(third & 63));
        bytes = rest;
    }
    bytes.is_empty().then_some(units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lone_surrogates_survive() {
        let units = [0x61, 0xD800, 0x62, 0xDC00, 0xD83D, 0xDE00];
        let bytes = wtf8_bytes(units.into_iter());
        assert_eq!(bytes, b"a\xED\xA0\x80b\xED\xB0\x80\xF0\x9F\x98\x80");
        assert_eq!(wtf8_units(&bytes).unwrap(), units);
        assert_eq!(wtf8_units(b"a\xFF"), None);
    }

    #[test]
    fn bounds_are_kept() {
        let sound = Source {
            kind: "volume".into(),
            path: SourcePath(b"/dev/sdb1".into()),
            serial: None,
            label: None,
        };
        assert_eq!(sound.check(), Ok(()));
        let check = |change: fn(&mut Source)| {
            let mut source = sound.clone();
            change(&mut source);
            source.check().unwrap_err()
        };
        assert!(matches!(check(|source| source.kind = "A".into()), SourceError::Kind { .. }));
        assert!(matches!(check(|source| source.kind = String::new()), SourceError::Kind { .. }));
        assert_eq!(check(|source| source.path = SourcePath(vec![])), SourceError::Path { bytes: 0 });
        assert_eq!(
            check(|source| source.path = SourcePath(vec![b'/'; 16_385])),
            SourceError::Path { bytes: 16_385 }
        );
        assert_eq!(check(|source| source.label = Some("x".repeat(257))), SourceError::Label { bytes: 257 });
    }

    proptest! {
        #[test]
        fn units_come_back(units: Vec<u16>) {
            prop_assert_eq!(wtf8_units(&wtf8_bytes(units.iter().copied())), Some(units));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Some(units) = wtf8_units(&bytes) {
                prop_assert_eq!(wtf8_units(&wtf8_bytes(units.iter().copied())), Some(units));
            }
        }

        #[cfg(unix)]
        #[test]
        fn paths_come_back(bytes: Vec<u8>) {
            let path = SourcePath::from_bytes(bytes);
            prop_assert_eq!(SourcePath::from(path.to_path().unwrap().as_path()), path);
        }
    }
}

//! Names of entries: free text of a user, and how it becomes part of a file's name.
//!
//! Rejected: file names that are the text with some characters replaced (two names would share a file), and hashes of it
//! (nobody could tell from the folder what it holds).

use std::fmt;
use std::str::FromStr;

use crate::escape::{escape, unescape};

/// Longest name, in bytes of UTF-8: three times that, with what is put around it, is a file name everywhere.
pub const NAME_BYTES_MAX: usize = 64;

/// The name of an entry: 1 to [`NAME_BYTES_MAX`] bytes, no control characters, no white space at its ends.
///
/// ```
/// use quarry_catalog::Name;
///
/// let name: Name = "Disk C".parse()?;
/// assert_eq!(name.as_str(), "Disk C");
/// assert!("C\n".parse::<Name>().is_err());
/// # Ok::<(), quarry_catalog::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing cannot be asked for.
    #[error("a name cannot be empty")]
    Empty,
    /// It would not fit into a file name.
    #[error("the name has {bytes} bytes, and {NAME_BYTES_MAX} are allowed: choose a shorter one")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// It would break a line or a terminal.
    #[error("the name {name:?} has the control character {character:?}: leave it out")]
    Control {
        /// The text.
        name: String,
        /// The first such character.
        character: char,
    },
    /// Nobody could see that it is there.
    #[error("the name {name:?} begins or ends with white space: leave it out")]
    Space {
        /// The text.
        name: String,
    },
}

impl Name {
    /// `text` as a name.
    ///
    /// # Errors
    /// [`NameError`], if it is none.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong { bytes: text.len() });
        }
        if let Some(character) = text.chars().find(|character| character.is_control()) {
            return Err(NameError::Control { name: text.to_owned(), character });
        }
        if text.trim() != text {
            return Err(NameError::Space { name: text.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in file names and pointers.
    pub(crate) fn encoded(&self) -> String {
        escape(self.0.as_bytes(), kept)
    }

    /// The name that is encoded as `text`, if one is.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = unescape(text, kept)?;
        Self::new(std::str::from_utf8(&bytes).ok()?).ok()
    }
}

/// What no file system confuses, forbids or gives a meaning to.
fn kept(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, encoded: &str) {
        let name = Name::new(text).unwrap();
        assert_eq!(name.encoded(), encoded);
        assert_eq!(Name::decode(encoded), Some(name));
    }

    #[test]
    fn names_and_how_they_are_spelled_on_disk() {
        check("disk_c-1", "disk_c-1");
        check("Disk C", "%44isk%20%43");
        check("../a.b/%", "%2e%2e%2fa%2eb%2f%25");
        check("ä", "%c3%a4");
    }

    #[test]
    fn what_is_no_name() {
        assert_eq!(Name::new(""), Err(NameError::Empty));
        assert_eq!(Name::new(&"x".repeat(65)), Err(NameError::TooLong { bytes: 65 }));
        assert!(matches!(Name::new("a\u{7f}"), Err(NameError::Control { character: '\u{7f}', .. })));
        assert!(matches!(Name::new("a\u{a0}"), Err(NameError::Space { .. })));
        for text in ["", "A", "a.b", "%c3", "%0a", "a%20"] {
            assert_eq!(Name::decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn names_survive_and_do_not_meet(one: String, other: String) {
            let (Ok(one), Ok(other)) = (Name::new(&one), Name::new(&other)) else { return Ok(()) };
            prop_assert_eq!(one.encoded().eq_ignore_ascii_case(&other.encoded()), one == other);
            prop_assert_eq!(Name::decode(&one.encoded()), Some(one));
        }
    }
}

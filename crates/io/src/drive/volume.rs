//! The volumes that Windows knows, whether they have letters or not.

use std::path::PathBuf;

/// A volume on a fixed or removable drive, by the name that the system has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemVolume {
    /// Its name: `\\?\Volume{26a21bda-a627-11d7-9931-806e6f6e6963}`, without a separator behind it, with which it would be its root folder's.
    pub name: String,
    /// Where it is mounted, as the system prints it: `C:\`, `D:\photos\`. It may be nowhere.
    pub mounted_at: Vec<String>,
    /// What the system calls the file system on it; nothing if there is none, or none that it can read.
    pub file_system: Option<String>,
}

impl SystemVolume {
    /// The volume itself, as a [`FileDevice`](crate::FileDevice) opens it.
    #[must_use]
    pub fn volume(&self) -> PathBuf {
        PathBuf::from(&self.name)
    }

    /// Its letters: those of the drives as which it is mounted.
    pub fn letters(&self) -> impl Iterator<Item = char> {
        self.mounted_at.iter().filter_map(|place| match place.as_bytes() {
            [letter, b':', rest @ ..] if matches!(rest, [] | [b'\\']) && letter.is_ascii_alphabetic() => {
                Some(char::from(letter.to_ascii_uppercase()))
            }
            _ => None,
        })
    }
}

/// The volumes on fixed and removable drives of this machine, in the order in which the system lists them; none where volumes have no such names.
/// What has no letter is among them: mounted in a folder, or nowhere. A drive that a program has added without the system's knowledge has a letter
/// alone ([`drive_letters`](crate::drive_letters)).
#[must_use]
pub fn system_volumes() -> Vec<SystemVolume> {
    #[cfg(windows)]
    return crate::raw::system_volumes();
    #[cfg(not(windows))]
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::SystemVolume;

    #[test]
    fn a_letter_is_a_place_that_is_nothing_else() {
        for (places, expected) in [
            (&["C:\\"][..], "C"),
            (&["D:\\photos\\", "e:\\"], "E"),
            (&["D:\\photos\\"], ""),
            (&["D:"], "D"),
            (&["\\\\?\\C:\\", "1:\\", ""], ""),
            (&[], ""),
        ] {
            let volume = SystemVolume {
                name: String::new(),
                mounted_at: places.iter().map(|&place| place.to_owned()).collect(),
                file_system: None,
            };
            assert_eq!(volume.letters().collect::<String>(), expected, "{places:?}");
        }
    }
}

//! The drives that Windows has given letters.

use std::path::PathBuf;

/// A fixed or removable drive that has a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveLetter {
    /// Its letter.
    pub letter: char,
    /// What the system calls the file system on it; nothing if there is none, or none that it can read.
    pub file_system: Option<String>,
}

impl DriveLetter {
    /// The volume itself, as a [`FileDevice`](crate::FileDevice) opens it: `\\.\C:`.
    #[must_use]
    pub fn volume(&self) -> PathBuf {
        format!(r"\\.\{}:", self.letter).into()
    }
}

/// The fixed and removable drives of this machine that have a letter, in the order of their letters; none where there are no letters. Drives of
/// the network, compact discs and disks in memory are left out.
#[must_use]
pub fn drive_letters() -> Vec<DriveLetter> {
    #[cfg(windows)]
    return crate::raw::drive_letters();
    #[cfg(not(windows))]
    Vec::new()
}

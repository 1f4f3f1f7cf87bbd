//! A file without a name, for what does not fit into memory for a while.
//!
//! It has no name from the beginning where the system allows that (`O_TMPFILE`), loses it as soon as it is open elsewhere on Unix, and is
//! deleted on close by Windows: whatever ends the process, nothing is left behind, and nobody has to tidy up. Appending
//! takes a place and writes there, so that threads write side by side.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::positioned;

/// A file that is gone when it is dropped, or when the process ends in any way.
#[derive(Debug)]
pub struct ScratchFile {
    file: File,
    /// Where the next piece goes.
    end: AtomicU64,
}

impl ScratchFile {
    /// Makes one on the file system of `folder`.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, end: AtomicU64::new(0) })
    }

    /// Appends all of `bytes`, and says where they lie. After an error nothing is known of that place, and those who append
    /// elsewhere are not disturbed.
    ///
    /// # Errors
    /// What the system says.
    pub fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        // Relaxed: the number is all that threads share.
        let place = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let (mut rest, mut at) = (bytes, place);
        while !rest.is_empty() {
            match positioned::write_at(&self.file, rest, at) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => (rest, at) = (rest.get(count..).unwrap_or_default(), at + count as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(place)
    }

    /// Fills `buf` with what was appended at `offset`.
    ///
    /// # Errors
    /// What the system says; of kind `UnexpectedEof` if nothing was appended there.
    pub fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let (mut rest, mut at) = (buf, offset);
        while !rest.is_empty() {
            match positioned::read_at(&self.file, rest, at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => (rest, at) = (rest.get_mut(count..).unwrap_or_default(), at + count as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How many bytes were appended.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_append_side_by_side_and_find_what_they_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = ScratchFile::create(folder.path()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4u8 {
                let scratch = &scratch;
                scope.spawn(move || {
                    for length in 0..200 {
                        let bytes = vec![thread; length];
                        let place = scratch.append(&bytes).unwrap();
                        let mut found = vec![99; length];
                        scratch.read_exact_at(&mut found, place).unwrap();
                        assert_eq!(found, bytes);
                    }
                });
            }
        });
        assert_eq!(scratch.bytes(), 4 * (0..200).sum::<u64>());
        assert_eq!(
            scratch.read_exact_at(&mut [0], scratch.bytes()).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    /// A process that is killed runs no destructor: that nothing is left must not depend on one.
    #[cfg(unix)]
    #[test]
    fn it_has_no_name_while_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = ScratchFile::create(folder.path()).unwrap();
        scratch.append(b"something").unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(ScratchFile::create(Path::new("/there/is/no such folder")).is_err());
    }
}

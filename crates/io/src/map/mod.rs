//! The bytes of a whole file as one slice: mapped if we trust the file, read into memory if we do not.
//!
//! A mapping opens in microseconds whatever the file's length, and its pages are the page cache's own. It has a price
//! that a read has not: Rust's rules forbid bytes that change under a reference, and a page that can no longer be had
//! (the file was cut, the disk failed, the network went) is not an error but a signal, `SIGBUS`, which ends the process.
//! So [`Map::open`] takes only files that nobody else could change, and its caller keeps the rest of the contract;
//! everything else takes [`Map::read`], which gives the same type.
//!
//! Rejected: one function that maps or reads as it sees fit (the caller knows whose file it is, and a file of gigabytes
//! that is silently read surprises); catching the signal (a handler is the whole process's, and a library has no say in
//! that); an `unsafe fn` (the crates that map forbid `unsafe`, and a contract that is checked as far as the system lets
//! us is worth more than a keyword).

mod error;
mod mapping;
mod trust;

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::ops::{Deref, Range};

use memmap2::{Mmap, MmapMut};

use crate::positioned;

pub use error::MapError;

/// The bytes of a file, read-only, of a length fixed when it was opened. They begin at a page.
///
/// ```
/// use std::io::Write;
///
/// let mut file = tempfile::tempfile()?;
/// file.write_all(b"columns")?;
/// # #[cfg(unix)]
/// # file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
/// let ours = quarry_io::Map::open(&file)?;
/// let foreign = quarry_io::Map::read(&file, 1 << 20)?;
/// assert_eq!(ours.as_slice(), foreign.as_slice());
/// assert_eq!(ours.get(3, 4), Some(&b"umns"[..]));
/// assert_eq!(ours.get(3, 5), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Map {
    /// A file of no bytes has no mapping.
    bytes: Option<Mmap>,
    mapped: bool,
}

impl Map {
    /// Maps all of `file`. The handle is not needed afterwards; a path is not asked for, since it may lead elsewhere.
    ///
    /// # The caller's contract
    /// While the map lives, nobody of this user writes to the file in place and nobody cuts it: what changes is written
    /// as a new file. A file that is cut all the same, or that its disk cannot give, ends the process with `SIGBUS`
    /// (Windows: an exception) when a page that is gone is touched. What the bytes say is checked by whoever reads them,
    /// each time: a check at the opening holds only as long as this contract.
    ///
    /// # Errors
    /// [`MapError`] for what is not a regular file, what others own or may write, and what lies on a file system that
    /// can lose it; such files can be [read](Self::read).
    pub fn open(file: &File) -> Result<Self, MapError> {
        let metadata = regular(file)?;
        trust::check(file, &metadata)?;
        let len = fits(metadata.len(), isize::MAX.unsigned_abs() as u64)?;
        let bytes = (len > 0).then(|| mapping::map(file, len)).transpose()?;
        Ok(Self { bytes, mapped: true })
    }

    /// Reads all of `file` into memory, if it has at most `bytes_max` bytes. The handle's cursor stays where it is (on Windows it
    /// moves: the system has no read that leaves it).
    ///
    /// # Errors
    /// [`MapError`] for what is not a regular file, is too long or cannot be read.
    pub fn read(file: &File, bytes_max: u64) -> Result<Self, MapError> {
        let len = fits(regular(file)?.len(), bytes_max)?;
        let bytes = (len > 0).then(|| read_all(file, len)).transpose()?;
        Ok(Self { bytes, mapped: false })
    }

    /// All of the bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }

    /// `len` bytes from `offset` on, if the file has them.
    #[must_use]
    pub fn get(&self, offset: u64, len: u64) -> Option<&[u8]> {
        let end = offset.checked_add(len)?;
        self.as_slice().get(Range { start: usize::try_from(offset).ok()?, end: usize::try_from(end).ok()? })
    }

    /// Whether the bytes are the page cache's own, and the contract of [`open`](Self::open) holds for them.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        self.mapped
    }
}

fn regular(file: &File) -> Result<Metadata, MapError> {
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok(metadata) } else { Err(MapError::NotAFile) }
}

fn fits(bytes: u64, bytes_max: u64) -> Result<usize, MapError> {
    let bytes_max = bytes_max.min(isize::MAX.unsigned_abs() as u64);
    let taken = usize::try_from(bytes).ok().filter(|_| bytes <= bytes_max);
    taken.ok_or(MapError::TooLong { bytes, bytes_max })
}

/// Anonymous memory filled from the file: pages like a mapping's, and no memory is an error instead of an abort.
fn read_all(file: &File, len: usize) -> Result<Mmap, MapError> {
    let mut memory = MmapMut::map_anon(len)?;
    let mut done = 0;
    while let Some(rest) = memory.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match positioned::read_at(file, rest, done as u64) {
            Ok(0) => return Err(MapError::Cut { expected: len as u64, actual: done as u64 }),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(memory.make_read_only()?)
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("bytes", &self.len()).field("mapped", &self.mapped).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ALIGNMENT_BYTES;
    use std::io::{Seek, Write};

    /// A file of our own with these bytes; temporary files are made with rights for their owner alone.
    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn both(file: &File) -> [Map; 2] {
        [Map::open(file).unwrap(), Map::read(file, 1 << 20).unwrap()]
    }

    #[test]
    fn mapped_and_read_are_the_same_bytes_behind_the_same_getters() {
        let bytes: Vec<u8> = (0..10_000u32).map(|i| i.to_le_bytes()[usize::from(i % 3 == 0)]).collect();
        for map in both(&file(&bytes)) {
            assert_eq!(&map[..], bytes);
            assert_eq!(map.as_ptr().addr() % ALIGNMENT_BYTES, 0);
            for (offset, len) in [(0, 0), (0, 10_000), (9_999, 1), (10_000, 0), (4_096, 17)] {
                let range = usize::try_from(offset).unwrap()..usize::try_from(offset + len).unwrap();
                assert_eq!(map.get(offset, len), Some(&bytes[range]));
            }
            for (offset, len) in [(0, 10_001), (10_000, 1), (10_001, 0), (u64::MAX, 1), (1, u64::MAX)] {
                assert_eq!(map.get(offset, len), None, "{offset} {len}");
            }
        }
    }

    #[test]
    fn a_file_of_no_bytes_is_a_map_of_no_bytes() {
        for map in both(&file(b"")) {
            assert!(map.is_empty());
            assert_eq!(map.get(0, 0), Some(&[][..]));
        }
    }

    #[test]
    fn reading_leaves_the_cursor_and_needs_the_handle_no_longer() {
        let mut opened = file(b"0123456789");
        opened.seek(io::SeekFrom::Start(4)).unwrap();
        let maps = both(&opened);
        assert!(cfg!(windows) || opened.stream_position().unwrap() == 4);
        drop(opened);
        assert_eq!(maps.map(|map| map.to_vec()), [b"0123456789"; 2]);
    }

    #[test]
    fn the_length_is_that_of_the_opening() {
        let mut opened = file(b"0123");
        let maps = both(&opened);
        opened.write_all(b"more").unwrap();
        assert_eq!(maps.map(|map| map.len()), [4, 4]);
    }

    #[test]
    fn a_bound_on_memory_is_kept_before_anything_is_read() {
        let sparse = tempfile::tempfile().unwrap();
        sparse.set_len(1 << 43).unwrap();
        let error = Map::read(&sparse, 1 << 20).unwrap_err();
        assert!(
            matches!(error, MapError::TooLong { bytes, bytes_max } if (bytes, bytes_max) == (1 << 43, 1 << 20))
        );
        assert_eq!(Map::read(&file(b"12"), 2).unwrap().len(), 2);
        assert!(Map::read(&file(b"123"), 2).is_err());
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = crate::open::folder(folder.path());
        assert!(matches!(Map::open(&folder), Err(MapError::NotAFile)));
        assert!(matches!(Map::read(&folder, 1), Err(MapError::NotAFile)));
    }

    #[test]
    fn maps_are_shared_between_threads() {
        let map = Map::open(&file(b"shared")).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| assert_eq!(&map[..], b"shared"));
            }
        });
    }
}

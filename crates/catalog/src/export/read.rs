//! Reading an exported file: to import it, or to search it where it is.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::{ExportError, HEADER_BYTES, Header, SNAPSHOT_SEED};
use crate::durable::Draft;
use crate::entry::Entry;
use crate::error::{BoxError, During, Error, Step};
use crate::layout::Part;
use crate::lock::EntryLock;
use crate::open::Opened;
use crate::pointer::Pointer;
use crate::publish::Published;
use crate::rename::copy;
use crate::storage::{Disk, Links, Opening, Storage};

/// An exported file, opened, read up to its snapshot.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exported {
    /// The entry that it holds, with the name and generation under which it was exported.
    pub entry: Entry,
    path: PathBuf,
    opening: Opening,
}

impl Exported {
    /// Opens the file at `path`. The snapshot itself is not read yet.
    ///
    /// # Errors
    /// [`Error::Export`], of [`ExportError::NotAnExport`] if it is something else; [`Error::Io`], also for what is no regular file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_on(&Disk, path)
    }

    /// The snapshot, read into memory if it has at most `bytes_max` bytes and is what was exported.
    ///
    /// # Errors
    /// [`Error::Export`] and [`Error::Io`].
    pub fn read(self, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let Self { entry: Entry { bytes, .. }, path, mut opening } = self;
        let wrong = |source| Error::Export { path: path.clone(), source };
        let mut snapshot = Vec::new();
        // The file is that long, so this is not a header's word alone.
        let room = usize::try_from(bytes).ok().filter(|_| bytes <= bytes_max);
        let room = room.filter(|&room| snapshot.try_reserve_exact(room).is_ok());
        let Some(room) = room else { return Err(wrong(ExportError::TooLong { bytes, bytes_max })) };
        snapshot.resize(room, 0);
        opening.file.read_exact(&mut snapshot).during(Step::Read, &path)?;
        let mut checksum = Xxh3::with_seed(SNAPSHOT_SEED);
        checksum.update(&snapshot);
        seal(&mut opening.file, &path, &checksum)?;
        Ok(snapshot)
    }

    pub(crate) fn open_on(storage: &dyn Storage, path: &Path) -> Result<Self, Error> {
        let wrong = |source| Error::Export { path: path.to_path_buf(), source };
        let mut opening = storage.open(path, Links::Follow).during(Step::Open, path)?;
        let mut header = [0; HEADER_BYTES];
        match opening.file.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(wrong(ExportError::NotAnExport));
            }
            read => read.during(Step::Read, path)?,
        }
        let header = Header::parse(&header).map_err(wrong)?;
        let (expected, actual) = (header.file_bytes(), opening.bytes);
        if expected != u128::from(actual) {
            return Err(wrong(ExportError::Length { expected, actual }));
        }
        let mut facts = vec![0; header.snapshot_offset() - HEADER_BYTES];
        opening.file.read_exact(&mut facts).during(Step::Read, path)?;
        let (facts, zeros) = facts.split_at(header.facts_bytes);
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(wrong(ExportError::Damaged { what: "padding" }));
        }
        match Pointer::parse(facts).map_err(|error| wrong(error.into()))? {
            Pointer::Live(entry) if entry.bytes == header.snapshot_bytes => {
                Ok(Self { entry, path: path.to_path_buf(), opening })
            }
            _ => Err(wrong(ExportError::Damaged { what: "description" })),
        }
    }
}

/// Reads the checksum at the end and compares.
fn seal(from: &mut impl Read, path: &Path, checksum: &Xxh3) -> Result<(), Error> {
    let mut stored = [0; 8];
    from.read_exact(&mut stored).during(Step::Read, path)?;
    if u64::from_le_bytes(stored) == checksum.digest() {
        return Ok(());
    }
    Err(Error::Export { path: path.to_path_buf(), source: ExportError::Damaged { what: "snapshot" } })
}

impl EntryLock {
    /// Publishes the entry in the exported file at `path` under this lock's name, if `check` passes its snapshot.
    ///
    /// `check` sees the bytes that will be published, before readers do.
    ///
    /// # Errors
    /// [`Error::Export`], [`Error::Rejected`] with what `check` says, and as [`publish`](Self::publish).
    pub fn import<E: Into<BoxError>>(
        &mut self,
        path: &Path,
        check: impl FnOnce(&Opened) -> Result<(), E>,
    ) -> Result<Published, Error> {
        self.import_watched(path, |_| Ok(()), check)
    }

    /// The same; `watch` is told how many bytes of the snapshot were copied, block by block, and may end it by an error.
    ///
    /// # Errors
    /// As [`import`](Self::import); [`Error::Rejected`] with what `watch` says.
    pub fn import_watched<E: Into<BoxError>>(
        &mut self,
        path: &Path,
        mut watch: impl FnMut(u64) -> Result<(), E>,
        check: impl FnOnce(&Opened) -> Result<(), E>,
    ) -> Result<Published, Error> {
        self.sound()?;
        let mut exported = Exported::open_on(&*self.catalog.storage, path)?;
        let generation = self.next_generation()?;
        let entry = Entry { name: self.name.clone(), generation, ..exported.entry };
        let storage = Arc::clone(&self.catalog.storage);
        let mut draft = Draft::create(&*storage, self.path(Part::SnapshotNew { generation }))?;
        let mut checksum = Xxh3::with_seed(SNAPSHOT_SEED);
        let (from, mut copied) = (&mut exported.opening.file, 0);
        copy(from, path, &mut draft, entry.bytes, |block| {
            checksum.update(block);
            copied += block.len() as u64;
            watch(copied).map_err(|error| Error::Rejected { path: path.to_path_buf(), source: error.into() })
        })?;
        seal(from, path, &checksum)?;
        let flushed = self.flush(draft)?;
        let opening = storage.open(flushed.path(), Links::Refuse).during(Step::Open, flushed.path())?;
        let opened =
            Opened { entry, path: flushed.path().to_path_buf(), file: opening.file, trust: opening.trust };
        opened.pass(check)?;
        // Some systems rename no open file.
        let Opened { entry, file, .. } = opened;
        drop(file);
        self.publish_draft(flushed, entry)
    }
}

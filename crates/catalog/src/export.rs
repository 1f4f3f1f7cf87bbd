//! An entry as one file that a user carries elsewhere: drawn in `docs/formats/catalog.md`.
//!
//! The file has checksums of its own, because what is carried on sticks and over networks is damaged there, and because the
//! catalogue does not know how to check a snapshot: its caller does.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use crate::catalog::Catalog;
use crate::durable::{Draft, flush_folder};
use crate::entry::Entry;
use crate::error::{BoxError, During, Error, Step};
use crate::layout::Part;
use crate::lock::EntryLock;
use crate::name::Name;
use crate::open::Opened;
use crate::pointer::{POINTER_BYTES_MAX, Pointer, PointerError};
use crate::publish::Published;
use crate::rename::copy;
use crate::storage::{Links, Opening};

const MAGIC: &[u8; 8] = b"QUARRYEX";
/// The format that is written, and the newest that is read.
pub(crate) const EXPORT_VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const HEADER_SEED: u64 = 1;
const SNAPSHOT_SEED: u64 = 2;
/// The snapshot begins at a multiple of this.
const SNAPSHOT_ALIGNMENT: usize = 4096;
const CHECKSUM_BYTES: u64 = 8;
/// What a file is called while it is written.
const PART_SUFFIX: &str = ".part";

/// Why a file is no exported entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// It does not begin as one does.
    #[error("it is not an exported entry")]
    NotAnExport,
    /// A later program wrote it.
    #[error(
        "it has version {version}, and this program reads up to {EXPORT_VERSION}: use the program that wrote it"
    )]
    Newer {
        /// Its version.
        version: u32,
    },
    /// Its header, its padding or its snapshot is not what was written.
    #[error("its {what} is damaged: export it again")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
    /// It was cut, or grew.
    #[error("it has {actual} bytes where its header says {expected}: export it again")]
    Length {
        /// What the header says.
        expected: u128,
        /// What it has.
        actual: u64,
    },
    /// What it says of the entry is not a pointer to one.
    #[error("what it says of the entry cannot be read")]
    Facts(#[from] PointerError),
}

/// The beginning of an exported file.
struct Header {
    facts_bytes: usize,
    snapshot_bytes: u64,
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let facts_bytes = u32::try_from(self.facts_bytes).unwrap_or(u32::MAX);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(EXPORT_VERSION.to_le_bytes());
        bytes.extend(facts_bytes.to_le_bytes());
        bytes.extend(self.snapshot_bytes.to_le_bytes());
        bytes.extend(xxh3_64_with_seed(&bytes, HEADER_SEED).to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, ExportError> {
        let mut rest = bytes.as_slice();
        if take::<8>(&mut rest) != *MAGIC {
            return Err(ExportError::NotAnExport);
        }
        let version = u32::from_le_bytes(take(&mut rest));
        let facts_bytes = u32::from_le_bytes(take(&mut rest)) as usize;
        let snapshot_bytes = u64::from_le_bytes(take(&mut rest));
        let checksum = u64::from_le_bytes(take(&mut rest));
        if version > EXPORT_VERSION {
            return Err(ExportError::Newer { version });
        }
        let sealed = xxh3_64_with_seed(bytes.split_at(HEADER_BYTES - 8).0, HEADER_SEED);
        if checksum != sealed || version == 0 || facts_bytes > POINTER_BYTES_MAX {
            return Err(ExportError::Damaged { what: "header" });
        }
        Ok(Self { facts_bytes, snapshot_bytes })
    }

    fn snapshot_offset(&self) -> usize {
        (HEADER_BYTES + self.facts_bytes).next_multiple_of(SNAPSHOT_ALIGNMENT)
    }

    fn file_bytes(&self) -> u128 {
        self.snapshot_offset() as u128 + u128::from(self.snapshot_bytes) + u128::from(CHECKSUM_BYTES)
    }
}

/// The next `N` bytes; zeros where there are none.
fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let Some((first, rest)) = bytes.split_first_chunk() else { return [0; N] };
    *bytes = rest;
    *first
}

/// An exported file, opened, read up to its snapshot.
struct Exported {
    opening: Opening,
    entry: Entry,
}

impl Catalog {
    /// Writes the entry `name` to one file, which must not exist. Takes no lock.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Error::TargetExists`]; [`Error::Io`], also if `TARGET.part` is there already, which is what the
    /// file is called while it is written.
    pub fn export(&self, name: &Name, target: &Path) -> Result<Entry, Error> {
        let storage = &*self.storage;
        let opened = self.open(name)?;
        if storage.exists(target).during(Step::Open, target)? {
            return Err(Error::TargetExists { path: target.to_path_buf() });
        }
        let mut part = target.as_os_str().to_owned();
        part.push(PART_SUFFIX);
        let mut draft = Draft::create(storage, PathBuf::from(part))?;
        let facts = Pointer::Live(opened.entry.clone()).encode();
        let header = Header { facts_bytes: facts.len(), snapshot_bytes: opened.entry.bytes };
        let mut head = header.encode();
        head.extend(facts.as_bytes());
        head.resize(header.snapshot_offset(), 0);
        draft.put(&head)?;
        let mut checksum = Xxh3::with_seed(SNAPSHOT_SEED);
        copy(&mut &opened.file, &opened.path, &mut draft, opened.entry.bytes, |block| {
            checksum.update(block)
        })?;
        draft.put(&checksum.digest().to_le_bytes())?;
        draft.flush_to_disk()?.rename(target)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        flush_folder(storage, folder.unwrap_or_else(|| Path::new(".")))?;
        Ok(opened.entry)
    }

    /// What entry the file at `path` holds, and under which name and generation it was exported. The snapshot itself is not checked.
    ///
    /// # Errors
    /// [`Error::Export`] and [`Error::Io`].
    pub fn exported(&self, path: &Path) -> Result<Entry, Error> {
        Ok(self.read_export(path)?.entry)
    }

    fn read_export(&self, path: &Path) -> Result<Exported, Error> {
        let wrong = |source| Error::Export { path: path.to_path_buf(), source };
        let mut opening = self.storage.open(path, Links::Follow).during(Step::Open, path)?;
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
            Pointer::Live(entry) if entry.bytes == header.snapshot_bytes => Ok(Exported { opening, entry }),
            _ => Err(wrong(ExportError::Damaged { what: "description" })),
        }
    }
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
        self.sound()?;
        let mut exported = self.catalog.read_export(path)?;
        let generation = self.next_generation()?;
        let entry = Entry { name: self.name.clone(), generation, ..exported.entry };
        let storage = Arc::clone(&self.catalog.storage);
        let mut draft = Draft::create(&*storage, self.path(Part::SnapshotNew { generation }))?;
        let mut checksum = Xxh3::with_seed(SNAPSHOT_SEED);
        let from = &mut exported.opening.file;
        copy(from, path, &mut draft, entry.bytes, |block| checksum.update(block))?;
        let mut stored = [0; 8];
        from.read_exact(&mut stored).during(Step::Read, path)?;
        if u64::from_le_bytes(stored) != checksum.digest() {
            let source = ExportError::Damaged { what: "snapshot" };
            return Err(Error::Export { path: path.to_path_buf(), source });
        }
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

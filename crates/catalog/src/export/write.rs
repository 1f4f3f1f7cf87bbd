//! Writing an exported file: beside its place under another name, checked while it is copied, and put there only if nothing is.

use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use quarry_index::Index;
use xxhash_rust::xxh3::Xxh3;

use super::{Header, SNAPSHOT_SEED};
use crate::catalog::Catalog;
use crate::durable::{Draft, flush_folder};
use crate::entry::Entry;
use crate::error::{BoxError, During, Error, Step};
use crate::open::Opened;
use crate::pointer::Pointer;
use crate::rename::copy;
use crate::storage::Storage;

/// What a file is called while it is written.
const PART_SUFFIX: &str = ".part";
/// How many such names are tried.
const PARTS_MAX: u32 = 100;

impl Catalog {
    /// Writes what is opened to one file, which must not exist. Takes no lock. `check` sees each piece of the snapshot, with its
    /// offset, before it is written.
    ///
    /// While it is written, the file is called `TARGET.part`, or, if that is there, `TARGET.part-2` and so on: what is there may be
    /// left by an export that was killed, be in use by another one, or be somebody's own, and nobody can tell which. What was
    /// passed over in this way is returned.
    ///
    /// # Errors
    /// [`Error::TargetExists`], also if it appears while this works; [`Error::Rejected`] with what `check` says; [`Error::Io`].
    pub fn export<E: Into<BoxError>>(
        &self,
        opened: &Opened,
        target: &Path,
        mut check: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<Vec<PathBuf>, Error> {
        self.write_export(&opened.entry, target, |out| {
            let mut offset = 0;
            (&opened.file).rewind().during(Step::Read, &opened.path)?;
            copy(&mut &opened.file, &opened.path, &mut out.draft, opened.entry.bytes, |block| {
                opened.pass(|_| check(offset, block))?;
                offset += block.len() as u64;
                out.checksum.update(block);
                Ok(())
            })
        })
    }

    /// Writes an index to one file as the snapshot of `entry`, whatever that has in the catalogue: what [`Changes::applied_to`] gives.
    ///
    /// # Errors
    /// As [`export`](Self::export); [`Error::Writer`], if the index is damaged.
    ///
    /// [`Changes::applied_to`]: crate::Changes::applied_to
    pub fn export_index(&self, entry: &Entry, index: &Index, target: &Path) -> Result<Vec<PathBuf>, Error> {
        let (bytes, identity) = (index.bytes() as u64, index.identity());
        let entry = Entry { bytes, identity, ..entry.clone() };
        self.write_export(&entry, target, |out| {
            let written = index.write_to(out);
            match out.draft.take_failure() {
                Some(failure) => Err(failure),
                None => {
                    written.map_err(|error| Error::Writer { name: entry.name.clone(), source: error.into() })
                }
            }
        })
    }

    /// Writes an exported file, of which `snapshot` writes that part.
    fn write_export(
        &self,
        entry: &Entry,
        target: &Path,
        snapshot: impl FnOnce(&mut Summed<'_>) -> Result<(), Error>,
    ) -> Result<Vec<PathBuf>, Error> {
        let storage = &*self.storage;
        if storage.exists(target).during(Step::Open, target)? {
            return Err(Error::TargetExists { path: target.to_path_buf() });
        }
        let (mut draft, passed_over) = draft(storage, target)?;
        let facts = Pointer::Live(entry.clone()).encode();
        let header = Header { facts_bytes: facts.len(), snapshot_bytes: entry.bytes };
        let mut head = header.encode();
        head.extend(facts.as_bytes());
        head.resize(header.snapshot_offset(), 0);
        draft.put(&head)?;
        let mut out = Summed { draft, checksum: Xxh3::with_seed(SNAPSHOT_SEED) };
        snapshot(&mut out)?;
        let Summed { mut draft, checksum } = out;
        draft.put(&checksum.digest().to_le_bytes())?;
        draft.flush_to_disk()?.rename_new(target)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        flush_folder(storage, folder.unwrap_or_else(|| Path::new(".")))?;
        Ok(passed_over)
    }
}

/// The snapshot's part of an exported file while it is written.
struct Summed<'a> {
    draft: Draft<'a>,
    checksum: Xxh3,
}

impl io::Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.draft.write(bytes)?;
        self.checksum.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.draft.flush()
    }
}

/// A file beside `target` that was not there, and what was there under the names that were tried before.
fn draft<'a>(storage: &'a dyn Storage, target: &Path) -> Result<(Draft<'a>, Vec<PathBuf>), Error> {
    let mut passed_over = Vec::new();
    loop {
        let mut part = target.as_os_str().to_owned();
        part.push(PART_SUFFIX);
        if !passed_over.is_empty() {
            part.push(format!("-{}", passed_over.len() + 1));
        }
        let part = PathBuf::from(part);
        match Draft::create(storage, part.clone()) {
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::AlreadyExists
                    && passed_over.len() < PARTS_MAX as usize =>
            {
                passed_over.push(part);
            }
            created => return Ok((created?, passed_over)),
        }
    }
}

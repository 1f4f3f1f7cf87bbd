//! Writing an exported file: beside its place under another name, checked while it is copied, and put there only if nothing is.

use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::{Header, SNAPSHOT_SEED};
use crate::catalog::Catalog;
use crate::durable::{Draft, flush_folder};
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
        let storage = &*self.storage;
        if storage.exists(target).during(Step::Open, target)? {
            return Err(Error::TargetExists { path: target.to_path_buf() });
        }
        let (mut draft, passed_over) = draft(storage, target)?;
        let facts = Pointer::Live(opened.entry.clone()).encode();
        let header = Header { facts_bytes: facts.len(), snapshot_bytes: opened.entry.bytes };
        let mut head = header.encode();
        head.extend(facts.as_bytes());
        head.resize(header.snapshot_offset(), 0);
        draft.put(&head)?;
        let (mut checksum, mut offset) = (Xxh3::with_seed(SNAPSHOT_SEED), 0);
        (&opened.file).rewind().during(Step::Read, &opened.path)?;
        copy(&mut &opened.file, &opened.path, &mut draft, opened.entry.bytes, |block| {
            opened.pass(|_| check(offset, block))?;
            offset += block.len() as u64;
            checksum.update(block);
            Ok(())
        })?;
        draft.put(&checksum.digest().to_le_bytes())?;
        draft.flush_to_disk()?.rename_new(target)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        flush_folder(storage, folder.unwrap_or_else(|| Path::new(".")))?;
        Ok(passed_over)
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

//! The one way in which a file comes into being under its name: written under another, flushed, renamed, its folder flushed.
//!
//! All that is published goes through [`Draft`], so that no other place renames (`clippy.toml` holds that) and none can leave
//! out a flush. A draft that is not renamed deletes itself.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{During, Error, Step};
use crate::storage::{Output, Storage};

/// A file under a name that no reader looks at.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    storage: &'a dyn Storage,
    path: PathBuf,
    /// `None` once it is closed.
    output: Option<Box<dyn Output>>,
    bytes: u64,
    /// The first write that failed. After it nothing is written, and the draft is never renamed.
    failed: Option<Error>,
    renamed: bool,
}

/// A draft that is whole on the disk and closed.
#[derive(Debug)]
pub(crate) struct Flushed<'a>(Draft<'a>);

impl<'a> Draft<'a> {
    /// Creates the file, which must not exist.
    pub(crate) fn create(storage: &'a dyn Storage, path: PathBuf) -> Result<Self, Error> {
        let output = storage.create(&path).during(Step::Create, &path)?;
        Ok(Self { storage, path, output: Some(output), bytes: 0, failed: None, renamed: false })
    }

    /// Bytes written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The failure that ended it, if one did.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        let failure = self.failed.take()?;
        // It stays failed.
        self.failed = Some(Error::Io { step: Step::Write, path: self.path.clone(), source: refused() });
        Some(failure)
    }

    /// Writes all of `bytes`.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.write_all(bytes);
        match self.take_failure() {
            Some(failure) => Err(failure),
            None => written.during(Step::Write, &self.path),
        }
    }

    /// Flushes and closes it.
    pub(crate) fn flush_to_disk(self) -> Result<Flushed<'a>, Error> {
        self.flush_open().map(|(flushed, _)| flushed)
    }

    /// Flushes it and leaves it open, to be appended to under the name that it gets.
    pub(crate) fn flush_open(mut self) -> Result<(Flushed<'a>, Option<Box<dyn Output>>), Error> {
        if let Some(failure) = self.take_failure() {
            return Err(failure);
        }
        let mut output = self.output.take();
        if let Some(output) = &mut output {
            output.sync().during(Step::Flush, &self.path)?;
        }
        Ok((Flushed(self), output))
    }
}

impl Flushed<'_> {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Gives it its name. The folder is still to be flushed.
    pub(crate) fn rename(mut self, target: &Path) -> Result<(), Error> {
        let draft = &mut self.0;
        draft.storage.rename(&draft.path, target).during(Step::Rename, target)?;
        draft.renamed = true;
        Ok(())
    }

    /// Gives it its name if nothing has it; else it deletes itself, and says so.
    pub(crate) fn rename_new(mut self, target: &Path) -> Result<(), Error> {
        let draft = &mut self.0;
        match draft.storage.rename_new(&draft.path, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::TargetExists { path: target.to_path_buf() })
            }
            renamed => {
                renamed.during(Step::Rename, target)?;
                draft.renamed = true;
                Ok(())
            }
        }
    }
}

impl Write for Draft<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(output) = self.output.as_mut().filter(|_| self.failed.is_none()) else {
            return Err(refused());
        };
        match output.write(bytes) {
            Ok(count) => {
                self.bytes = self.bytes.saturating_add(count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(source) => {
                let told = io::Error::from(source.kind());
                self.failed = Some(Error::Io { step: Step::Write, path: self.path.clone(), source });
                Err(told)
            }
        }
    }

    /// Nothing is held back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // Some systems delete no open file.
        drop(self.output.take());
        if !self.renamed {
            // What cannot be deleted now is a leftover, and is collected as one.
            let _ = self.storage.remove_file(&self.path);
        }
    }
}

fn refused() -> io::Error {
    io::Error::other("an earlier write to this file failed")
}

/// Deletes a file that may be there.
pub(crate) fn remove_if_there(storage: &dyn Storage, path: &Path) -> Result<(), Error> {
    match storage.remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.during(Step::Delete, path),
    }
}

/// Flushes the names in `folder`.
pub(crate) fn flush_folder(storage: &dyn Storage, folder: &Path) -> Result<(), Error> {
    storage.sync_folder(folder).during(Step::FlushFolder, folder)
}

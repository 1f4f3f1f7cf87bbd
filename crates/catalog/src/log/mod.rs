//! The log of an entry: what has changed since its snapshot, batch by batch, drawn in `docs/formats/log.md`.
//!
//! A log is appended to and flushed before a batch is acknowledged, so a crash leaves whole frames and at most one that is torn; it is
//! read up to the first frame that does not check out. A log that was found is never appended to: what is good of it is written
//! anew and flushed first, for a frame that a killed process left may be visible and not on the disk. Rejected: cutting the torn
//! end off in place, which settles nothing about the frames before it.

mod frames;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::durable::{Draft, remove_if_there};
use crate::entry::Entry;
use crate::error::{During, Error, Step};
use crate::layout::Part;
use crate::lock::EntryLock;
use crate::storage::Output;

pub(crate) use frames::Found;
pub use frames::LogError;
use frames::{FRAME_HEAD_BYTES, HEADER_BYTES, check_header, frames, header, push_frame};

/// Bytes that the frames of a log take at most, its header included.
pub(crate) const LOG_BYTES_MAX: usize = 256 << 20;

/// A log that is being written.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    identity: u64,
    output: Box<dyn Output>,
    frames: u32,
    bytes: usize,
    /// A write or a flush failed: what is on the disk is not known any more.
    broken: bool,
}

impl Catalog {
    /// What the log of an entry holds. Takes no lock: a frame that is being written is not there yet.
    pub(crate) fn read_log(&self, entry: &Entry) -> Result<Found, Error> {
        let path = self.path(&entry.name, entry.log());
        let bytes = match self.storage.read(&path, LOG_BYTES_MAX + 1) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::default()),
            read => read.during(Step::Read, &path)?,
        };
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(Error::Log { path, source: LogError::Header });
        };
        check_header(header, entry.identity)
            .and_then(|()| frames(rest, entry.identity))
            .map_err(|source| Error::Log { path, source })
    }
}

impl EntryLock {
    /// Writes the log of `entry` with these batches in place of the one that is there. Its folder is still to be flushed.
    pub(crate) fn write_log(&mut self, entry: &Entry, batches: &[Vec<u8>]) -> Result<Log, Error> {
        self.sound()?;
        let (new, path) = (self.path(Part::LogNew), self.path(entry.log()));
        let mut bytes = header(entry.identity).to_vec();
        for (number, batch) in (0..).zip(batches) {
            push_frame(&mut bytes, batch, number, entry.identity);
        }
        let storage = Arc::clone(&self.catalog.storage);
        remove_if_there(&*storage, &new)?;
        let mut draft = Draft::create(&*storage, new)?;
        draft.put(&bytes)?;
        let (flushed, output) = draft.flush_open().inspect_err(|_| self.poisoned = true)?;
        flushed.rename(&path)?;
        let output = output.ok_or_else(|| Error::Poisoned { name: self.name.clone() })?;
        let frames = u32::try_from(batches.len()).unwrap_or(u32::MAX);
        Ok(Log { path, identity: entry.identity, output, frames, bytes: bytes.len(), broken: false })
    }
}

impl Log {
    /// Bytes that it has.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    /// Whether it holds no batch.
    pub(crate) fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Appends a batch and flushes: when this returns, it is there for good. After a failure nothing more is appended.
    pub(crate) fn append(&mut self, batch: &[u8]) -> Result<(), Error> {
        let refuse = |source| Err(Error::Log { path: self.path.clone(), source });
        if self.broken {
            return Err(Error::LogBroken { path: self.path.clone() });
        }
        let mut frame = Vec::with_capacity(FRAME_HEAD_BYTES + batch.len());
        push_frame(&mut frame, batch, self.frames, self.identity);
        if self.bytes + frame.len() > LOG_BYTES_MAX {
            return refuse(LogError::Full);
        }
        self.broken = true;
        self.write_all(&frame).during(Step::Write, &self.path)?;
        self.output.sync().during(Step::Flush, &self.path)?;
        self.broken = false;
        self.bytes += frame.len();
        self.frames += 1;
        Ok(())
    }

    /// Leaves no room, as very many batches would.
    #[cfg(test)]
    pub(crate) fn fill_up(&mut self) {
        self.bytes = LOG_BYTES_MAX;
    }

    /// Takes no more.
    pub(crate) fn close(&mut self) {
        self.broken = true;
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.output.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

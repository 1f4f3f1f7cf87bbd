//! The log of an entry: what has changed since its snapshot, batch by batch, drawn in `docs/formats/log.md`.
//!
//! A log is appended to and flushed before a batch is acknowledged, so a crash leaves whole frames and at most one that is torn; it is
//! read up to the first frame that does not check out. A log that was found is never appended to: what is good of it is written
//! anew and flushed first, for a frame that a killed process left may be visible and not on the disk. Rejected: cutting the torn
//! end off in place, which settles nothing about the frames before it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error as ThisError;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::catalog::Catalog;
use crate::durable::{Draft, remove_if_there};
use crate::entry::Entry;
use crate::error::{During, Error, Step};
use crate::layout::Part;
use crate::lock::EntryLock;
use crate::storage::Output;

const MAGIC: [u8; 8] = *b"QUARRYLG";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
/// Where the header's checksum is, and its seed.
const HEADER_CHECKSUM: usize = 24;
const HEADER_SEED: u64 = 3;
const FRAME_HEAD_BYTES: usize = 16;
/// Bytes that the frames of a log take at most, its header included.
pub(crate) const LOG_BYTES_MAX: usize = 256 << 20;

/// Why a file is no log of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum LogError {
    /// It does not begin like one, or its header is damaged.
    #[error("is no log of changes, or its first {HEADER_BYTES} bytes are damaged")]
    Header,
    /// It is of a later version.
    #[error("is of version {version}, and this program reads {VERSION}: take a newer one")]
    Newer {
        /// Its version.
        version: u32,
    },
    /// It changes another snapshot.
    #[error("changes the snapshot {actual:016x}, not {expected:016x}")]
    OtherSnapshot {
        /// The snapshot that it lies beside.
        expected: u64,
        /// The one that it says.
        actual: u64,
    },
    /// A batch has a sound checksum and does not read as changes.
    #[error("batch {number} does not read as changes: it was written by another program")]
    Batch {
        /// Which, counted from 0.
        number: u32,
    },
    /// There is no room for another batch.
    #[error("would exceed {LOG_BYTES_MAX} bytes; merge the changes into the snapshot first")]
    Full,
}

/// What was found of a log.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The batches, in order.
    pub(crate) batches: Vec<Vec<u8>>,
    /// Bytes that they take, with their frames.
    pub(crate) bytes: u64,
    /// Bytes behind them that are no frame.
    pub(crate) left: u64,
}

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

fn header(identity: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let (told, checksum) = header.split_at_mut(HEADER_CHECKSUM);
    told[..8].copy_from_slice(&MAGIC);
    told[8..12].copy_from_slice(&VERSION.to_le_bytes());
    told[16..].copy_from_slice(&identity.to_le_bytes());
    checksum.copy_from_slice(&xxh3_64_with_seed(told, HEADER_SEED).to_le_bytes());
    header
}

fn check_header(header: &[u8; HEADER_BYTES], identity: u64) -> Result<(), LogError> {
    let (told, checksum) = header.split_at(HEADER_CHECKSUM);
    if !told.starts_with(&MAGIC) || checksum != xxh3_64_with_seed(told, HEADER_SEED).to_le_bytes() {
        return Err(LogError::Header);
    }
    let version = u32::from_le_bytes(array(told, 8));
    if version != VERSION {
        return Err(LogError::Newer { version });
    }
    match u64::from_le_bytes(array(told, 16)) {
        actual if actual == identity => Ok(()),
        actual => Err(LogError::OtherSnapshot { expected: identity, actual }),
    }
}

/// The bytes from a place on; zeros if they are not there.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).copied().unwrap_or([0; N])
}

/// A frame: length, number, checksum, batch.
fn push_frame(out: &mut Vec<u8>, batch: &[u8], number: u32, identity: u64) {
    let start = out.len();
    out.extend_from_slice(&u32::try_from(batch.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(batch);
    let checksum = frame_checksum(out.get(start..start + 8).unwrap_or_default(), batch, identity);
    if let Some(slot) = out.get_mut(start + 8..start + FRAME_HEAD_BYTES) {
        slot.copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Over the length and the number, then, seeded with that, over the batch; so that a frame stands for itself at its place in the log of
/// its snapshot only.
fn frame_checksum(head: &[u8], batch: &[u8], identity: u64) -> u64 {
    xxh3_64_with_seed(batch, xxh3_64_with_seed(head, identity))
}

/// The frames up to the first that does not check out.
fn frames(bytes: &[u8], identity: u64) -> Found {
    let mut found = Found::default();
    let mut rest = bytes;
    while let Some((batch, tail)) = frame(rest, found.batches.len(), identity) {
        found.batches.push(batch.to_vec());
        rest = tail;
    }
    found.left = rest.len() as u64;
    found.bytes = (bytes.len() - rest.len()) as u64;
    found
}

fn frame(bytes: &[u8], number: usize, identity: u64) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<FRAME_HEAD_BYTES>()?;
    let [a, b, c, d, e, f, g, h, checksum @ ..] = *head;
    let (batch, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?)?;
    let sound = usize::try_from(u32::from_le_bytes([e, f, g, h])).ok()? == number
        && u64::from_le_bytes(checksum) == frame_checksum(head.get(..8)?, batch, identity);
    sound.then_some((batch, rest))
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
        match check_header(header, entry.identity) {
            Ok(()) => Ok(frames(rest, entry.identity)),
            Err(source) => Err(Error::Log { path, source }),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IDENTITY: u64 = 0x0123_4567_89AB_CDEF;

    #[test]
    fn a_header_is_of_one_snapshot_and_version() {
        let sound = header(IDENTITY);
        assert_eq!(check_header(&sound, IDENTITY), Ok(()));
        let other = LogError::OtherSnapshot { expected: 7, actual: IDENTITY };
        assert_eq!(check_header(&sound, 7), Err(other));
        for byte in 0..HEADER_BYTES {
            let mut damaged = sound;
            damaged[byte] ^= 1;
            assert_eq!(check_header(&damaged, IDENTITY), Err(LogError::Header), "byte {byte}");
        }
        let mut newer = sound;
        newer[8] = 2;
        let checksum = xxh3_64_with_seed(&newer[..HEADER_CHECKSUM], HEADER_SEED).to_le_bytes();
        newer[HEADER_CHECKSUM..].copy_from_slice(&checksum);
        assert_eq!(check_header(&newer, IDENTITY), Err(LogError::Newer { version: 2 }));
    }

    proptest! {
        #[test]
        fn what_is_cut_or_damaged_ends_the_log(
            batches in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            cut in any::<prop::sample::Index>(),
            flip in prop::option::of((any::<prop::sample::Index>(), 0..8u8)),
        ) {
            let (mut bytes, mut ends) = (Vec::new(), vec![0]);
            for (number, batch) in (0..).zip(&batches) {
                push_frame(&mut bytes, batch, number, IDENTITY);
                ends.push(bytes.len());
            }
            let whole = frames(&bytes, IDENTITY);
            prop_assert_eq!((&whole.batches, whole.left), (&batches, 0));
            prop_assert!(frames(&bytes, IDENTITY ^ 1).batches.is_empty(), "frames of another snapshot");
            let mut sound = cut.index(bytes.len() + 1);
            bytes.truncate(sound);
            if let Some((at, bit)) = flip && !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                sound = sound.min(at);
            }
            let found = frames(&bytes, IDENTITY);
            let count = ends.iter().filter(|&&end| end > 0 && end <= sound).count();
            prop_assert_eq!(&found.batches, &batches[..count]);
            prop_assert_eq!(found.left, (bytes.len() - ends[count]) as u64);
        }
    }
}

//! The bytes of a log: a header that says whose it is, and frames that each stand for themselves at their place.

use thiserror::Error as ThisError;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::LOG_BYTES_MAX;

const MAGIC: [u8; 8] = *b"QUARRYLG";
const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 32;
/// Where the header's checksum is, and its seed.
const HEADER_CHECKSUM: usize = 24;
const HEADER_SEED: u64 = 3;
pub(super) const FRAME_HEAD_BYTES: usize = 16;
/// Bytes that are read to find frames behind one that does not check out: so many times those that are there, and these.
const READ_TIMES: usize = 4;
const READ_MIN: usize = 1 << 20;

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
    /// A batch does not check out, and one behind it does: no crash leaves that.
    #[error("is damaged in batch {number}, and has sound ones behind it")]
    Damaged {
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

pub(super) fn header(identity: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let (told, checksum) = header.split_at_mut(HEADER_CHECKSUM);
    told[..8].copy_from_slice(&MAGIC);
    told[8..12].copy_from_slice(&VERSION.to_le_bytes());
    told[16..].copy_from_slice(&identity.to_le_bytes());
    checksum.copy_from_slice(&xxh3_64_with_seed(told, HEADER_SEED).to_le_bytes());
    header
}

pub(super) fn check_header(header: &[u8; HEADER_BYTES], identity: u64) -> Result<(), LogError> {
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
pub(super) fn push_frame(out: &mut Vec<u8>, batch: &[u8], number: u32, identity: u64) {
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

/// The frames up to the first that does not check out, which a crash tore: then none does that comes behind it.
pub(super) fn frames(bytes: &[u8], identity: u64) -> Result<Found, LogError> {
    let mut found = Found::default();
    let mut rest = bytes;
    while let Some((batch, tail)) = frame(rest, found.batches.len(), identity) {
        found.batches.push(batch.to_vec());
        rest = tail;
    }
    if goes_on(rest, found.batches.len(), identity) {
        let number = u32::try_from(found.batches.len()).unwrap_or(u32::MAX);
        return Err(LogError::Damaged { number });
    }
    found.left = rest.len() as u64;
    found.bytes = (bytes.len() - rest.len()) as u64;
    Ok(found)
}

/// Whether a frame with a greater number than `number` is sound anywhere in `bytes`. A length that is damaged leads nowhere, so each
/// place is looked at; what could be a frame is read as long as all of that together is not much more than there is.
fn goes_on(bytes: &[u8], number: usize, identity: u64) -> bool {
    let numbers = number + 1..=number + bytes.len() / FRAME_HEAD_BYTES;
    let mut to_read = READ_MIN + bytes.len().saturating_mul(READ_TIMES);
    let places = bytes.windows(FRAME_HEAD_BYTES).enumerate().skip(1);
    places.map(|(at, head)| (at, [4, 0].map(|at| u32::from_le_bytes(array(head, at)) as usize))).any(
        |(at, [number, length])| {
            let fits = numbers.contains(&number) && length <= bytes.len() - at - FRAME_HEAD_BYTES;
            fits && to_read >= length && {
                to_read -= length;
                frame(bytes.get(at..).unwrap_or_default(), number, identity).is_some()
            }
        },
    )
}

fn frame(bytes: &[u8], number: usize, identity: u64) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<FRAME_HEAD_BYTES>()?;
    let [a, b, c, d, e, f, g, h, checksum @ ..] = *head;
    let (batch, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?)?;
    let sound = usize::try_from(u32::from_le_bytes([e, f, g, h])).ok()? == number
        && u64::from_le_bytes(checksum) == frame_checksum(head.get(..8)?, batch, identity);
    sound.then_some((batch, rest))
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
            let whole = frames(&bytes, IDENTITY).unwrap();
            prop_assert_eq!((&whole.batches, whole.left), (&batches, 0));
            prop_assert!(frames(&bytes, IDENTITY ^ 1).unwrap().batches.is_empty(), "frames of another snapshot");
            let mut sound = cut.index(bytes.len() + 1);
            let last = ends.iter().rfind(|&&end| end <= sound).copied().unwrap_or(0);
            bytes.truncate(sound);
            if let Some((at, bit)) = flip && !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                sound = sound.min(at);
            }
            let count = ends.iter().filter(|&&end| end > 0 && end <= sound).count();
            if ends.get(count + 1).is_some_and(|&end| end < last) {
                let number = u32::try_from(count).unwrap();
                prop_assert_eq!(frames(&bytes, IDENTITY).unwrap_err(), LogError::Damaged { number });
            } else {
                let found = frames(&bytes, IDENTITY).unwrap();
                prop_assert_eq!(&found.batches, &batches[..count]);
                prop_assert_eq!(found.left, (bytes.len() - ends[count]) as u64);
            }
        }
    }
}

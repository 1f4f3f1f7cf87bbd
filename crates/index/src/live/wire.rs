//! Changes as bytes, for a log that outlives the process; drawn in `docs/formats/log.md`.
//!
//! What is read may be anybody's bytes: nothing is taken on their word but how they are cut, and what does not come out even is no
//! change.

use super::{Change, FileState};
use crate::{Evidence, File, FileFlags, FileId, NAME_BYTES_MAX, Stream, Time};

const SET: u8 = 1;
const REMOVE: u8 = 2;

impl Change {
    /// Appends the change to `out`. Names are cut at [`NAME_BYTES_MAX`], as they are in an index.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Remove(record) => {
                out.push(REMOVE);
                out.extend_from_slice(&record.to_le_bytes());
            }
            Self::Set(state) => {
                out.push(SET);
                encode_file(&state.file, out);
                encode_evidence(&state.evidence, out);
                out.extend_from_slice(&crate::batch::as_u32(state.names.len()).to_le_bytes());
                for (folder, name) in &state.names {
                    out.extend_from_slice(&folder.record.to_le_bytes());
                    out.extend_from_slice(&folder.sequence.to_le_bytes());
                    encode_name(name, out);
                }
                out.extend_from_slice(&crate::batch::as_u32(state.streams.len()).to_le_bytes());
                for (name, stream) in &state.streams {
                    out.extend_from_slice(&stream.size.to_le_bytes());
                    out.extend_from_slice(&stream.allocated.to_le_bytes());
                    encode_name(name, out);
                }
            }
        }
    }

    /// Reads a change off the front of `bytes`; nothing if there is none, and then `bytes` may have been cut anywhere.
    pub fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let change = match from.u8()? {
            REMOVE => Self::Remove(from.u32()?),
            SET => Self::Set(from.state()?),
            _ => return None,
        };
        *bytes = from.0;
        Some(change)
    }
}

fn encode_file(file: &File, out: &mut Vec<u8>) {
    out.extend_from_slice(&file.record.to_le_bytes());
    out.extend_from_slice(&file.sequence.to_le_bytes());
    out.push(file.flags.bits());
    out.extend_from_slice(&file.attributes.to_le_bytes());
    out.extend_from_slice(&file.reparse_tag.to_le_bytes());
    for value in [file.size, file.allocated, file.created.0, file.modified.0, file.changed.0, file.accessed.0]
    {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn encode_evidence(kept: &Evidence, out: &mut Vec<u8>) {
    out.extend_from_slice(&kept.security.to_le_bytes());
    let times = [kept.name_modified, kept.name_created, kept.name_changed, kept.name_accessed];
    for value in [kept.usn, kept.lsn].into_iter().chain(times.map(|time| time.0)) {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn encode_name(name: &[u8], out: &mut Vec<u8>) {
    let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
    out.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(name);
}

/// What is left to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(bytes)?;
        self.0 = tail;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<Time> {
        self.u64().map(Time)
    }

    fn name(&mut self) -> Option<Vec<u8>> {
        let bytes = usize::from(self.u16()?);
        if bytes > NAME_BYTES_MAX {
            return None;
        }
        self.take(bytes).map(<[u8]>::to_vec)
    }

    fn state(&mut self) -> Option<FileState> {
        let (file, evidence) = (self.file()?, self.evidence()?);
        let (mut names, mut streams) = (Vec::new(), Vec::new());
        for _ in 0..self.u32()? {
            let folder = FileId { record: self.u32()?, sequence: self.u16()? };
            names.push((folder, self.name()?));
        }
        for _ in 0..self.u32()? {
            let stream = Stream { size: self.u64()?, allocated: self.u64()?, packed: false };
            streams.push((self.name()?, stream));
        }
        Some(FileState { file, evidence, names, streams })
    }

    fn file(&mut self) -> Option<File> {
        let (record, sequence) = (self.u32()?, self.u16()?);
        let flags = FileFlags::from_bits(self.u8()?)?;
        let (attributes, reparse_tag) = (self.u32()?, self.u32()?);
        Some(File {
            record,
            sequence,
            size: self.u64()?,
            allocated: self.u64()?,
            created: self.time()?,
            modified: self.time()?,
            changed: self.time()?,
            accessed: self.time()?,
            attributes,
            reparse_tag,
            flags,
        })
    }

    fn evidence(&mut self) -> Option<Evidence> {
        Some(Evidence {
            security: self.u32()?,
            usn: self.u64()?,
            lsn: self.u64()?,
            name_modified: self.time()?,
            name_created: self.time()?,
            name_changed: self.time()?,
            name_accessed: self.time()?,
        })
    }
}

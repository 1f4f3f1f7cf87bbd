//! One record of the `$MFT`.
//!
//! ```text
//! 0x00  4  signature "FILE"                0x18  4  used size
//! 0x04  2  offset of update sequence array 0x1C  4  allocated size
//! 0x06  2  its length in 16-bit numbers    0x20  8  base record (0: this is one)
//! 0x08  8  $LogFile sequence number        0x28  2  next attribute id
//! 0x10  2  sequence number                 0x2A  2  (old form: the array starts here)
//! 0x12  2  hard links                      0x2C  4  this record's number, low 32 bits
//! 0x14  2  offset of first attribute
//! 0x16  2  flags
//! ```

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::attribute::Attributes;
use crate::damage::Damage;
use crate::fixup::{self, Fixup};
use crate::reference::{FileReference, RawReference};

/// The header of a record as stored.
#[derive(Debug, Clone, Copy, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
struct RawHeader {
    signature: [u8; 4],
    usa_offset: U16,
    usa_count: U16,
    log_sequence: U64,
    sequence: U16,
    hard_links: U16,
    first_attribute: U16,
    flags: U16,
    used_size: U32,
    allocated_size: U32,
    base: RawReference,
    next_attribute: U16,
    reserved: U16,
    number: U32,
}

const HEADER_BYTES: usize = size_of::<RawHeader>();
const _: () = assert!(HEADER_BYTES == 0x30);

bitflags::bitflags! {
    /// Flags of a record.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct RecordFlags: u16 {
        /// It stands for something that exists.
        const IN_USE = 1;
        /// It stands for a folder.
        const DIRECTORY = 1 << 1;
        const _ = !0;
    }
}

/// Whether the fixups of a record are still to be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// As on disk.
    Protected,
    /// Undone by whoever dumped the record.
    Undone,
}

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The place was never used.
    #[error("the record is blank")]
    Blank,
    /// The driver found the record damaged and marked it so.
    #[error("the record is marked bad (signature BAAD)")]
    Baad,
    /// Something else lies here.
    #[error("no record: signature {found:02X?} instead of \"FILE\"")]
    Signature {
        /// What is there instead.
        found: [u8; 4],
    },
    /// Too short for a header.
    #[error("{found} bytes are too few for a record")]
    Short {
        /// How many there are.
        found: usize,
    },
}

/// A record, its fixups undone.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    header: &'a RawHeader,
    bytes: &'a [u8],
    fixup: Fixup,
    damage: Damage,
}

impl<'a> Record<'a> {
    /// Reads the record that fills `bytes`, undoing its fixups in place if it is protected.
    ///
    /// # Errors
    /// If `bytes` are no record. Damage that leaves something to read is no error: see [`Record::damage`].
    pub fn parse(bytes: &'a mut [u8], protection: Protection) -> Result<Self, RecordError> {
        let header = Self::header_of(bytes)?;
        let (usa_offset, usa_count) = (header.usa_offset.get(), header.usa_count.get());
        let fixup = match protection {
            Protection::Protected => fixup::undo(bytes, usa_offset, usa_count),
            Protection::Undone => Fixup::Sound,
        };
        let bytes: &'a [u8] = bytes;
        let header = Self::header_of(bytes)?;
        let mut damage = match fixup {
            Fixup::Sound => Damage::empty(),
            Fixup::Torn { .. } => Damage::TORN,
            Fixup::BadArray => Damage::UPDATE_SEQUENCE,
        };
        let used = header.used_size.get() as usize;
        let fits =
            used >= usize::from(header.first_attribute.get()) && (HEADER_BYTES..=bytes.len()).contains(&used);
        if !fits {
            damage |= Damage::USED_SIZE;
        }
        // Drivers shorten a record that they free; the attributes behind its used size tell what it was.
        let in_use = RecordFlags::from_bits_retain(header.flags.get()).contains(RecordFlags::IN_USE);
        let bytes = bytes.get(..used).filter(|_| fits && in_use).unwrap_or(bytes);
        Ok(Self { header, bytes, fixup, damage })
    }

    fn header_of(bytes: &[u8]) -> Result<&RawHeader, RecordError> {
        let (header, _) =
            RawHeader::ref_from_prefix(bytes).map_err(|_| RecordError::Short { found: bytes.len() })?;
        match &header.signature {
            b"FILE" => Ok(header),
            b"BAAD" => Err(RecordError::Baad),
            [0, 0, 0, 0] if bytes.iter().all(|&byte| byte == 0) => Err(RecordError::Blank),
            &found => Err(RecordError::Signature { found }),
        }
    }

    /// Whether the fixups of the record that fills `bytes` are still to be undone; nothing if it does not tell:
    /// it is no record, or torn, or its update sequence array is damaged.
    #[must_use]
    pub fn protection_of(bytes: &[u8]) -> Option<Protection> {
        let header = Self::header_of(bytes).ok()?;
        fixup::protection(bytes, header.usa_offset.get(), header.usa_count.get())
    }

    /// What undoing the fixups found.
    #[must_use]
    pub fn fixup(&self) -> Fixup {
        self.fixup
    }

    /// What does not check out in the header; the attributes may add to it.
    #[must_use]
    pub fn damage(&self) -> Damage {
        self.damage
    }

    /// The number that the record gives itself, low 32 bits. Headers of the old form have none.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        (usize::from(self.header.usa_offset.get()) >= HEADER_BYTES).then(|| self.header.number.get())
    }

    /// Where in `$LogFile` the last change to the record was logged.
    #[must_use]
    pub fn lsn(&self) -> u64 {
        self.header.log_sequence.get()
    }

    /// How often the record has been given out.
    #[must_use]
    pub fn sequence(&self) -> u16 {
        self.header.sequence.get()
    }

    /// How many names the record claims, short ones included.
    #[must_use]
    pub fn hard_links(&self) -> u16 {
        self.header.hard_links.get()
    }

    /// The record's flags.
    #[must_use]
    pub fn flags(&self) -> RecordFlags {
        RecordFlags::from_bits_retain(self.header.flags.get())
    }

    /// Whether it stands for something that exists.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.flags().contains(RecordFlags::IN_USE)
    }

    /// Whether it stands for a folder. The file attributes do not tell.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.flags().contains(RecordFlags::DIRECTORY)
    }

    /// The record that this one extends; nothing if it is a base record itself.
    #[must_use]
    pub fn base(&self) -> Option<FileReference> {
        (!self.header.base.is_null()).then(|| self.header.base.get())
    }

    /// The `$LogFile` sequence number of its last change.
    #[must_use]
    pub fn log_sequence(&self) -> u64 {
        self.header.log_sequence.get()
    }

    /// Its attributes in the order in which they lie.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.bytes, self.header.first_attribute.get().into())
    }
}

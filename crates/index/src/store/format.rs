//! The numbers of the format: sizes, places and the list of columns. Drawn in `docs/formats/snapshot.md`.

use xxhash_rust::xxh3::xxh3_64_with_seed;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub(crate) const MAGIC: [u8; 8] = *b"QUARRYIX";
pub(crate) const VERSION: u32 = 1;
pub(crate) const COLUMNS_MAX: u32 = 256;
pub(crate) const ROWS_MAX: u64 = 1 << 31;
/// Where columns start, and to what each is aligned.
pub(crate) const ALIGNMENT_BYTES: usize = 64;
/// What one checksum covers.
pub(crate) const BLOCK_BYTES: usize = 64 << 10;
pub(crate) const HEADER_BYTES: usize = size_of::<Header>();
pub(crate) const ENTRY_BYTES: usize = size_of::<Entry>();
pub(crate) const CHECKSUM_BYTES: usize = 8;

const TAIL_SEED: u64 = 0;
const IDENTITY_SEED: u64 = 1;
const HEADER_SEED: u64 = 2;
const BLOCK_SEED: u64 = 3;

/// The first bytes of a snapshot.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Header {
    pub(crate) magic: [u8; 8],
    pub(crate) version: U32,
    pub(crate) columns: U32,
    pub(crate) file_bytes: U64,
    pub(crate) tail_offset: U64,
    pub(crate) tail_checksum: U64,
    pub(crate) identity: U64,
    pub(crate) rows: U64,
    pub(crate) checksum: U64,
}
const _: () = assert!(size_of::<Header>() == 64 && ALIGNMENT_BYTES == 64);

/// One column in the directory.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) column: U16,
    pub(crate) shape: u8,
    pub(crate) transform: u8,
    pub(crate) scale: U32,
    pub(crate) offset: U64,
    pub(crate) bytes: U64,
    pub(crate) values: U64,
}
const _: () = assert!(size_of::<Entry>() == 32);

impl Header {
    pub(crate) fn checksum_of(&self) -> u64 {
        xxh3_64_with_seed(&self.as_bytes()[..HEADER_BYTES - CHECKSUM_BYTES], HEADER_SEED)
    }
}

pub(crate) fn tail_checksum(tail: &[u8]) -> u64 {
    xxh3_64_with_seed(tail, TAIL_SEED)
}

/// The same for the same columns: it is made of all their checksums.
pub(crate) fn identity(checksums: &[u8]) -> u64 {
    xxh3_64_with_seed(checksums, IDENTITY_SEED)
}

/// A block's number is part of its checksum, so that no block passes in another one's place.
fn block_seed(block: usize) -> u64 {
    block as u64 + BLOCK_SEED
}

pub(crate) fn block_checksum(block: usize, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, block_seed(block))
}

/// How the values of a column lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Bytes = 0,
    Ranked = 1,
    Packed = 2,
}

/// How a packed number stands for the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transform {
    None,
    /// Difference to the column that [`Column::base`] names.
    Difference,
    /// What is more than the base rounded up to a multiple of the scale, in that many units. The scale is a power
    /// of two, so that it divides 2⁶⁴ and differences may wrap around.
    Rounding {
        scale: u32,
    },
}

impl Transform {
    pub(crate) fn code(self) -> (u8, u32) {
        match self {
            Transform::None => (0, 0),
            Transform::Difference => (1, 0),
            Transform::Rounding { scale } => (2, scale),
        }
    }

    pub(crate) fn decode(code: u8, scale: u32) -> Option<Self> {
        match (code, scale) {
            (0, 0) => Some(Transform::None),
            (1, 0) => Some(Transform::Difference),
            (2, scale) if scale.is_power_of_two() => Some(Transform::Rounding { scale }),
            _ => None,
        }
    }

    /// The packed form of `value`, given that of the base.
    pub(crate) fn apply(self, value: u64, base: u64) -> u64 {
        match self {
            Transform::None => value,
            Transform::Difference => zigzag(value.wrapping_sub(base)),
            Transform::Rounding { scale } => zigzag(
                (value.wrapping_sub(rounded(base, scale)).cast_signed() / i64::from(scale)).cast_unsigned(),
            ),
        }
    }

    /// The value that `packed` stands for.
    pub(crate) fn undo(self, packed: u64, base: u64) -> u64 {
        match self {
            Transform::None => packed,
            Transform::Difference => base.wrapping_add(unzigzag(packed)),
            Transform::Rounding { scale } => {
                rounded(base, scale).wrapping_add(unzigzag(packed).wrapping_mul(u64::from(scale)))
            }
        }
    }
}

/// The next multiple of `scale`, 0 beyond the last one.
fn rounded(value: u64, scale: u32) -> u64 {
    value.checked_next_multiple_of(u64::from(scale)).unwrap_or(0)
}

fn zigzag(difference: u64) -> u64 {
    let signed = difference.cast_signed();
    ((signed << 1) ^ (signed >> 63)).cast_unsigned()
}

fn unzigzag(packed: u64) -> u64 {
    (packed >> 1) ^ (packed & 1).wrapping_neg()
}

macro_rules! columns {
    ($($(#[$meta:meta])* $name:ident = $number:literal $shape:ident $text:literal $(from $base:ident)?,)*) => {
        /// A column of a snapshot. What each holds is said in the format's description.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Column { $($(#[$meta])* #[doc = $text] $name = $number,)* }

        impl Column {
            /// All columns in the order of their numbers.
            pub const ALL: &'static [Column] = &[$(Column::$name,)*];

            pub(crate) fn shape(self) -> Shape {
                match self { $(Column::$name => Shape::$shape,)* }
            }

            /// What it is called.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Column::$name => $text,)* }
            }

            /// The column that its transform refers to, if it may have one.
            pub(crate) fn base(self) -> Option<Column> {
                match self { $($(Column::$name => Some(Column::$base),)?)* _ => None }
            }
        }
    };
}

columns! {
    RowClass = 1 Bytes "row.class",
    RowName = 2 Packed "row.name",
    RowParent = 3 Packed "row.parent",
    RowPrimary = 4 Ranked "row.primary",
    RowSubtree = 5 Ranked "row.subtree",
    SubtreeEnd = 6 Packed "subtree.end",
    ExtraFile = 7 Packed "extra.file",
    ExtraSize = 8 Packed "extra.size",
    ExtraAllocated = 9 Packed "extra.allocated" from ExtraSize,
    ClaimRow = 10 Packed "claim.row",
    ClaimParent = 11 Packed "claim.parent",
    NameFolded = 16 Bytes "name.folded",
    NameEnd = 17 Packed "name.end",
    NameSpelling = 18 Packed "name.spelling",
    SpellingBytes = 19 Bytes "spelling.bytes",
    PostingEnd = 20 Packed "posting.end",
    PostingRow = 21 Packed "posting.row",
    CasePairs = 22 Bytes "case.pairs",
    FileSize = 32 Packed "file.size",
    FileAllocated = 33 Packed "file.allocated" from FileSize,
    FileModified = 34 Packed "file.modified",
    FileCreated = 35 Packed "file.created" from FileModified,
    FileChanged = 36 Packed "file.changed" from FileModified,
    FileAccessed = 37 Packed "file.accessed" from FileCreated,
    FileAttributes = 38 Packed "file.attributes",
    FileTag = 39 Packed "file.tag",
    FileLinks = 40 Packed "file.links",
    FileRecord = 41 Packed "file.record",
    FileSequence = 42 Packed "file.sequence",
    FileFlags = 43 Packed "file.flags",
    TotalFiles = 48 Packed "total.files",
    TotalFolders = 49 Packed "total.folders",
    TotalBytes = 50 Packed "total.bytes",
    TotalAllocated = 51 Packed "total.allocated",
    TotalNewest = 52 Packed "total.newest",
    EvidenceSecurity = 64 Packed "evidence.security",
    EvidenceUsn = 65 Packed "evidence.usn",
    EvidenceLsn = 66 Packed "evidence.lsn",
    EvidenceNameModified = 67 Packed "evidence.name_modified" from FileModified,
    EvidenceNameCreated = 68 Packed "evidence.name_created" from FileCreated,
    EvidenceNameChanged = 69 Packed "evidence.name_changed" from FileChanged,
    EvidenceNameAccessed = 70 Packed "evidence.name_accessed" from FileAccessed,
    Note = 96 Bytes "note",
}

impl std::fmt::Display for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Column {
    pub(crate) fn number(self) -> u16 {
        self as u16
    }

    pub(crate) fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.number() == number)
    }

    /// Whether a snapshot may do without it.
    pub(crate) fn is_optional(self) -> bool {
        (Column::EvidenceSecurity..=Column::EvidenceNameAccessed).contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_ascend_and_refer_to_packed_ones() {
        assert!(Column::ALL.is_sorted_by(|a, b| a.number() < b.number()));
        for &column in Column::ALL {
            assert_eq!(Column::from_number(column.number()), Some(column));
            if let Some(base) = column.base() {
                assert_eq!((column.shape(), base.shape()), (Shape::Packed, Shape::Packed));
            }
        }
        assert_eq!(Column::from_number(12), None);
    }

    #[test]
    fn transforms_come_back() {
        let check = |transform: Transform, value: u64, base: u64| {
            assert_eq!(
                transform.undo(transform.apply(value, base), base),
                value,
                "{transform:?} {value} {base}"
            );
            let (code, scale) = transform.code();
            assert_eq!(Transform::decode(code, scale), Some(transform));
        };
        let edges = [0, 1, 4095, 4096, 4097, 1 << 40, i64::MAX as u64, u64::MAX - 1, u64::MAX];
        for value in edges {
            for base in edges {
                check(Transform::None, value, base);
                check(Transform::Difference, value, base);
                check(Transform::Rounding { scale: 1 }, value, base);
                check(Transform::Rounding { scale: 4096 }, value & !4095, base);
            }
        }
        assert_eq!(Transform::Rounding { scale: 512 }.apply(1024, 600), 0);
        assert_eq!(Transform::decode(2, 0), None);
        assert_eq!(Transform::decode(2, 3), None);
        assert_eq!(Transform::decode(3, 0), None);
    }
}

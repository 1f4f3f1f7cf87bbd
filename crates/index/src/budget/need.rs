//! What a build needs in memory at least: what it goes to in any order, for each row, and buffers.
//!
//! Most often the most is needed while rows are numbered: for each name where it lies, which folder holds it and the number of its name, by which
//! siblings are sorted, and what becomes of it. It is counted here once and for all and tested by the peak of a process.

/// The program itself, lists of what was met, and what the parts of a build take whatever its size.
const FIXED_BYTES: u64 = 24 << 20;
/// What a thread of a build takes for names, or files, that it sorts.
const THREAD_BYTES: u64 = 6 << 20;

/// One in so many is expected beside the one name of each file.
const MORE: u64 = 20;

/// What is known of a build before it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Files, each with a name, that are expected.
    pub files: u64,
    /// Threads that build.
    pub threads: usize,
    /// Bytes of buffers that are read into.
    pub buffers: u64,
}

impl Need {
    /// The fewest bytes that a budget for it must have, a few names and streams more than files included. As many more come it may
    /// turn out to be more.
    #[must_use]
    pub fn bytes(self) -> u64 {
        let items = Items { files: self.files, names: self.files, ..Items::default() }.bytes();
        self.fixed().saturating_add(items).saturating_add(items / MORE)
    }

    pub(super) fn fixed(self) -> u64 {
        let threads = THREAD_BYTES.saturating_mul(self.threads.max(1) as u64);
        FIXED_BYTES.saturating_add(threads).saturating_add(self.buffers)
    }
}

/// Rows and what belongs to them, as they come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Items {
    pub(crate) files: u64,
    pub(crate) names: u64,
    pub(crate) streams: u64,
    pub(crate) extensions: u64,
    pub(crate) patches: u64,
    /// Names that call their folder otherwise than it is called.
    pub(crate) claims: u64,
    /// Rows that hold others, [beyond](Items::holding) those for which there is room anyway.
    pub(crate) holders: u64,
}

impl Items {
    /// What is to be counted of `holders` that hold others among so many rows. When sums are made for them, what numbering took is free again:
    /// as much as a third of the rows take for that.
    pub(crate) fn holding(holders: usize, rows: usize) -> Self {
        Self { holders: holders.saturating_sub(rows / 3) as u64, ..Self::default() }
    }

    /// Bytes that they take when rows are numbered.
    pub(crate) fn bytes(self) -> u64 {
        /// Its flags and what it is called (8), and how far it reaches as a folder (8).
        const FILE: u64 = 16;
        /// What its record says of it (16) is not needed any more when it is numbered.
        const NAME: u64 = ITEM;
        const STREAM: u64 = 32 + ITEM;
        /// File, folder, number of the name, where its children begin and it itself among those of its folder (24), row (12), whether it
        /// was met (1), and how many bear its name (4).
        const ITEM: u64 = 41;
        const EXTENSION: u64 = 20;
        const PATCH: u64 = 64;
        const CLAIM: u64 = 24;
        /// What lies below it (40), and how far it reaches (8).
        const HOLDER: u64 = 48;
        let Self { files, names, streams, extensions, patches, claims, holders } = self;
        let each = [
            (files, FILE),
            (names, NAME),
            (streams, STREAM),
            (extensions, EXTENSION),
            (patches, PATCH),
            (claims, CLAIM),
            (holders, HOLDER),
        ];
        each.into_iter().fold(0, |sum: u64, (count, bytes)| sum.saturating_add(count.saturating_mul(bytes)))
    }
}

//! What counts in the total of a folder, in one pass over the columns: `docs/totals.md` says what does.
//!
//! To ask row after row for its facts unpacks each number alone. Files are numbered by the first of their rows, so a pass over rows
//! reads the columns of files upwards too, and whole chunks of them are unpacked; only further names lead back, and streams hold
//! their own sizes. A column that nobody asks for is not touched.

use foldhash::{HashSet, HashSetExt};

use crate::batch::as_u32;
use crate::rows::{class_bits, flags_in, kind_in};
use crate::store::PackedCursor;
use crate::{Index, Kind, RowFlags, Time};

/// Rows whose bits are in one word.
const WORD: usize = u64::BITS as usize;

impl Index {
    /// What counts in the total of a row: every file and link in use below it, once, and every named stream.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn counted(&self, row: u32) -> Counted<'_> {
        Counted::new(self, row as usize + 1..self.row(row).subtree_end() as usize)
    }
}

/// Goes through what counts in the total of a row, upwards. It stands nowhere until [`Counted::advance`] was called.
///
/// It takes some 30 KB, and a few bytes for each file that has a name below the row but its first one elsewhere.
#[derive(Debug)]
pub struct Counted<'a> {
    index: &'a Index,
    /// Those that may count.
    rows: std::ops::Range<usize>,
    /// Their classes, from the first row of their first word on.
    classes: &'a [u8],
    /// Whether a class is one of rows that count.
    counts: [bool; 256],
    /// The word that it stands in.
    word: usize,
    /// Rows of the word that count and were not met yet.
    left: u64,
    /// Rows of the word that are the first of their files.
    primaries: u64,
    /// Files before the word.
    files_before: usize,
    /// Files before the rows.
    files_outside: usize,
    /// Files with an earlier name outside that were met.
    met: HashSet<u32>,
    row: usize,
    place: Place,
    name: PackedCursor<'a>,
    size: PackedCursor<'a>,
    allocated: PackedCursor<'a>,
    modified: PackedCursor<'a>,
    extra_file: PackedCursor<'a>,
    extra_size: PackedCursor<'a>,
    extra_allocated: PackedCursor<'a>,
}

/// Where the facts of a row are.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// With this file, of which it is the first name.
    First(usize),
    /// With this file, of which it is another name.
    Further(usize),
    /// With this one of the rows that are no first names: it is a stream.
    Stream(usize),
}

impl<'a> Counted<'a> {
    fn new(index: &'a Index, rows: std::ops::Range<usize>) -> Self {
        let (table, files) = (&index.rows, &index.files);
        let word = rows.start / WORD;
        let first = word * WORD;
        let class = |class| u8::try_from(class).unwrap_or(u8::MAX);
        let counts = |class| kind_in(class) != Kind::Folder && !flags_in(class).contains(RowFlags::DELETED);
        let mut counted = Self {
            index,
            classes: if rows.is_empty() { &[] } else { table.classes(first..rows.end) },
            counts: std::array::from_fn(|at| counts(class(at))),
            word,
            left: 0,
            primaries: 0,
            files_before: table.primary.rank(first),
            files_outside: table.primary.rank(rows.start),
            met: HashSet::new(),
            row: rows.start,
            place: Place::First(0),
            name: table.name.cursor(),
            size: files.size.cursor(),
            allocated: files.allocated.cursor(),
            modified: files.modified.cursor(),
            extra_file: table.extra_file.cursor(),
            extra_size: table.extra_size.cursor(),
            extra_allocated: table.extra_allocated.cursor(),
            rows,
        };
        counted.look();
        // Rows of the first word that lie before.
        counted.left &= u64::MAX << (counted.rows.start % WORD);
        counted
    }

    /// Looks which rows of the word count.
    fn look(&mut self) {
        let (classes, _) = self.classes.split_at(self.classes.len().min(WORD));
        self.left = class_bits(classes, &self.counts);
        self.primaries = if classes.is_empty() { 0 } else { self.index.rows.primary.word(self.word) };
    }

    /// Goes to the next row that counts, and says whether there is one.
    #[inline]
    pub fn advance(&mut self) -> bool {
        loop {
            while self.left == 0 {
                let Some((_, rest)) = self.classes.split_at_checked(WORD) else { return false };
                self.classes = rest;
                self.files_before += self.primaries.count_ones() as usize;
                self.word += 1;
                self.look();
            }
            let bit = self.left.trailing_zeros();
            self.left &= self.left - 1;
            self.row = self.word * WORD + bit as usize;
            let file = self.files_before + (self.primaries & ((1 << bit) - 1)).count_ones() as usize;
            if self.primaries >> bit & 1 == 1 {
                self.place = Place::First(file);
                return true;
            }
            if self.stand_at_extra(self.row - file.min(self.row)) {
                return true;
            }
        }
    }

    /// Stands at a stream, or at a further name of a file that was not met below the row yet: if its first name is there, it was.
    fn stand_at_extra(&mut self, extra: usize) -> bool {
        if kind_in(self.index.rows.class(self.row)) == Kind::Stream {
            self.place = Place::Stream(extra);
            return true;
        }
        let file = self.extra_file.near(extra);
        let file = usize::try_from(file).unwrap_or(usize::MAX);
        self.place = Place::Further(file);
        file < self.files_outside && self.met.insert(as_u32(file))
    }

    /// The number of the row that it stands at.
    #[must_use]
    #[inline]
    pub fn row(&self) -> u32 {
        as_u32(self.row)
    }

    /// Whether that is a file or a link, not a stream.
    #[must_use]
    #[inline]
    pub fn is_file(&self) -> bool {
        !matches!(self.place, Place::Stream(_))
    }

    /// Its length in bytes.
    #[inline]
    pub fn size(&mut self) -> u64 {
        match self.place {
            Place::First(file) => self.size.get(file),
            Place::Further(file) => self.size.near(file),
            Place::Stream(extra) => self.extra_size.get(extra),
        }
    }

    /// Bytes that it takes on disk outside its record.
    #[inline]
    pub fn allocated(&mut self) -> u64 {
        match self.place {
            Place::First(file) => self.allocated.get(file),
            Place::Further(file) => self.allocated.near(file),
            Place::Stream(extra) => self.extra_allocated.get(extra),
        }
    }

    /// When the content of its file last changed.
    #[inline]
    pub fn modified(&mut self) -> Time {
        Time(match self.place {
            Place::First(file) => self.modified.get(file),
            Place::Further(file) => self.modified.near(file),
            Place::Stream(extra) => {
                let file = self.extra_file.near(extra);
                self.modified.near(usize::try_from(file).unwrap_or(usize::MAX))
            }
        })
    }

    /// The number of its name, for a stream that of the file which has it; nothing for a stream of a folder.
    #[inline]
    pub fn file_name(&mut self) -> Option<u32> {
        let name = if self.is_file() {
            self.name.get(self.row)
        } else {
            let owner = self.index.rows.parent(self.row);
            if kind_in(self.index.rows.class(owner)) == Kind::Folder {
                return None;
            }
            self.name.near(owner)
        };
        Some(u32::try_from(name).unwrap_or(u32::MAX))
    }
}

//! The extension of each name, found once: rows are then grouped by a look at an array.
//!
//! To take it from the name of each row costs two single numbers, a search for the dot and a look-up by bytes, row after row; in the
//! order of names it costs a fifth of that, and once for all rows with the name. Names that are asked for here and there, as those in a
//! small folder, are looked at one by one.

use foldhash::{HashMap, HashMapExt};

use super::names::extension;
use crate::NameStore;
use crate::batch::as_u32;

/// Names that are looked at in order in the time that one takes that is asked for by itself.
const SWEPT_SHARE: usize = 4;

/// Extensions by number, in the order in which they were met: 0 is none. Takes four bytes for each name of the index, and some forty for
/// each extension.
#[derive(Debug)]
pub struct Extensions<'a> {
    names: &'a NameStore,
    /// By name the number of its extension and one more; 0 if it was not looked for yet.
    known: Vec<u32>,
    numbers: HashMap<&'a [u8], u32>,
    texts: Vec<&'a [u8]>,
}

impl<'a> Extensions<'a> {
    /// The extensions of these names, of which some `asked` are likely to be asked for.
    #[must_use]
    pub fn new(names: &'a NameStore, asked: usize) -> Self {
        let mut all = Self { names, known: vec![0; names.len()], numbers: HashMap::new(), texts: Vec::new() };
        all.number(b"");
        if asked > names.len() / SWEPT_SHARE {
            all.find_all();
        }
        all
    }

    fn find_all(&mut self) {
        let (mut cursor, blob) = (self.names.cursor(), self.names.folded_blob());
        for name in 0..self.known.len() {
            // A name that cannot lie where it should is noted, and whoever shows the answer asks.
            let Some(place) = cursor.place(name) else { return };
            self.known[name] = self.number(extension(blob.get(place).unwrap_or_default())) + 1;
        }
    }

    fn number(&mut self, extension: &'a [u8]) -> u32 {
        // Not by an entry, which makes room before it looks: mostly it is there.
        if let Some(&number) = self.numbers.get(extension) {
            return number;
        }
        let number = as_u32(self.texts.len());
        self.texts.push(extension);
        self.numbers.insert(extension, number);
        number
    }

    /// The number of a name's extension; 0 if there is no such name.
    #[inline]
    pub fn of(&mut self, name: u32) -> usize {
        match self.known.get(name as usize) {
            None => 0,
            Some(0) => self.find(name),
            Some(known) => *known as usize - 1,
        }
    }

    fn find(&mut self, name: u32) -> usize {
        let number = self.number(extension(self.names.folded(name)));
        self.known[name as usize] = number + 1;
        number as usize
    }

    /// The folded extensions that were met, by number.
    #[must_use]
    pub fn texts(&self) -> &[&'a [u8]] {
        &self.texts
    }
}

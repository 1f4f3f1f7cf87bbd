//! Where the names of all items come from: what the workers read, in memory or handed on.

use std::ops::Range;

use super::text::Names;
use crate::budget::{Chain, SpillError};
use crate::case::CaseTable;

/// The names of all items, by item: those of the items that are names, then of streams, then of what is made here.
#[derive(Debug)]
pub(crate) struct ItemNames {
    pub(crate) names: Chain,
    pub(crate) streams: Chain,
    pub(crate) made: Vec<u8>,
    /// Bytes of each item's name.
    pub(crate) lengths: Vec<u16>,
}

/// Items one after another.
#[derive(Debug, Clone)]
pub(super) struct ItemStretch {
    pub(super) items: Range<usize>,
    /// Where their names begin among all.
    start: u64,
}

/// Memory for the names of some items.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl ItemNames {
    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Bytes of all names.
    pub(super) fn bytes(&self) -> u64 {
        self.names.bytes() + self.streams.bytes() + self.made.len() as u64
    }

    /// All items in stretches of at most so many `items` and so many `bytes` of names, or one name.
    pub(super) fn stretches(&self, items: usize, bytes: u64) -> Vec<ItemStretch> {
        let mut stretches = Vec::new();
        let mut next = ItemStretch { items: 0..0, start: 0 };
        let mut end = 0;
        for &length in &self.lengths {
            let length = u64::from(length);
            let full = next.items.len() == items || end + length - next.start > bytes;
            if full && !next.items.is_empty() {
                let item = next.items.end;
                stretches.push(std::mem::replace(&mut next, ItemStretch { items: item..item, start: end }));
            }
            next.items.end += 1;
            end += length;
        }
        stretches.extend(Some(next).filter(|last| !last.items.is_empty()));
        stretches
    }

    /// The names of some items, where the first of them has the number 0.
    pub(super) fn load<'a>(
        &self,
        stretch: &ItemStretch,
        loaded: &'a mut Loaded,
        case: &'a CaseTable,
    ) -> Result<Names<'a>, SpillError> {
        loaded.clear();
        loaded.push_ends(self.lengths[stretch.items.clone()].iter().copied());
        self.read(stretch.start..stretch.start + loaded.last_end(), &mut loaded.bytes)?;
        Ok(Names::new(&loaded.bytes, &loaded.ends, case))
    }

    /// The names of one item in every `step`.
    pub(super) fn sample<'a>(
        &self,
        step: usize,
        loaded: &'a mut Loaded,
        case: &'a CaseTable,
    ) -> Result<Names<'a>, SpillError> {
        loaded.clear();
        let mut start = 0;
        for lengths in self.lengths.chunks(step) {
            let sampled = lengths.first().copied();
            loaded.push_ends(sampled.into_iter());
            self.read(start..start + u64::from(sampled.unwrap_or(0)), &mut loaded.bytes)?;
            start += lengths.iter().map(|&length| u64::from(length)).sum::<u64>();
        }
        Ok(Names::new(&loaded.bytes, &loaded.ends, case))
    }

    /// Appends some bytes of all names to `out`.
    fn read(&self, wanted: Range<u64>, out: &mut Vec<u8>) -> Result<(), SpillError> {
        let (names, streams) = (self.names.bytes(), self.names.bytes() + self.streams.bytes());
        let within = |part: Range<u64>| {
            let from = wanted.start.clamp(part.start, part.end) - part.start;
            from..wanted.end.clamp(part.start, part.end) - part.start
        };
        self.names.read(within(0..names), out)?;
        self.streams.read(within(names..streams), out)?;
        let made = within(streams..streams + self.made.len() as u64);
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        out.extend_from_slice(&self.made[place(made.start)..place(made.end)]);
        Ok(())
    }
}

impl Loaded {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn last_end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Pushes where names of these lengths end, behind those before.
    fn push_ends(&mut self, lengths: impl Iterator<Item = u16>) {
        let mut end = self.last_end();
        self.ends.extend(lengths.map(|length| {
            end += u64::from(length);
            end
        }));
    }
}

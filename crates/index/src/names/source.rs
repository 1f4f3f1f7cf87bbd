//! Where the names of all items come from: memory, or what the workers handed on.

use std::ops::Range;

use super::text::Names;
use crate::budget::{Chain, SpillError};
use crate::case::CaseTable;

/// The names of all items, by item.
#[derive(Debug)]
pub(crate) enum ItemNames {
    /// Item *i* has the name `bytes[ends[i - 1]..ends[i]]`.
    Here {
        bytes: Vec<u8>,
        ends: Vec<u64>,
    },
    Handed(HandedNames),
}

/// Names that were handed on: of the items that are names, then of streams, then of what is made here.
#[derive(Debug)]
pub(crate) struct HandedNames {
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
    /// Where their names begin among those that were handed on.
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
        match self {
            Self::Here { ends, .. } => ends.len(),
            Self::Handed(handed) => handed.lengths.len(),
        }
    }

    /// Bytes of all names.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Here { bytes, .. } => bytes.len() as u64,
            Self::Handed(handed) => handed.names.bytes() + handed.streams.bytes() + handed.made.len() as u64,
        }
    }

    /// All items in stretches of at most so many `items`; where names have to be loaded, of at most so many `bytes`, or one name.
    pub(super) fn stretches(&self, items: usize, bytes: u64) -> Vec<ItemStretch> {
        let mut stretches = Vec::new();
        let Self::Handed(handed) = self else {
            let starts = (0..self.len()).step_by(items);
            let stretch =
                |start: usize| ItemStretch { items: start..self.len().min(start + items), start: 0 };
            stretches.extend(starts.map(stretch));
            return stretches;
        };
        let mut next = ItemStretch { items: 0..0, start: 0 };
        let mut end = 0;
        for &length in &handed.lengths {
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

    /// The names of some items, and the number by which items are less among them.
    pub(super) fn load<'a>(
        &'a self,
        stretch: &ItemStretch,
        loaded: &'a mut Loaded,
        case: &'a CaseTable,
    ) -> Result<(Names<'a>, usize), SpillError> {
        match self {
            Self::Here { bytes, ends } => Ok((Names::new(bytes, ends, case), 0)),
            Self::Handed(handed) => {
                handed.load(stretch.items.clone(), stretch.start, loaded)?;
                Ok((Names::new(&loaded.bytes, &loaded.ends, case), stretch.items.start))
            }
        }
    }
}

impl HandedNames {
    fn load(&self, items: Range<usize>, start: u64, loaded: &mut Loaded) -> Result<(), SpillError> {
        let Loaded { bytes, ends } = loaded;
        bytes.clear();
        ends.clear();
        let mut end = 0;
        ends.extend(self.lengths[items].iter().map(|&length| {
            end += u64::from(length);
            end
        }));
        let wanted = start..start + end;
        let (names, streams) = (self.names.bytes(), self.names.bytes() + self.streams.bytes());
        let within = |part: Range<u64>| {
            let from = wanted.start.clamp(part.start, part.end) - part.start;
            from..wanted.end.clamp(part.start, part.end) - part.start
        };
        self.names.read(within(0..names), bytes)?;
        self.streams.read(within(names..streams), bytes)?;
        let made = within(streams..streams + self.made.len() as u64);
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        bytes.extend_from_slice(&self.made[place(made.start)..place(made.end)]);
        Ok(())
    }
}

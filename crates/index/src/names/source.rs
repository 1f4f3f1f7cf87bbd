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

    /// Where the names of each `step` items begin.
    pub(super) fn starts(&self, step: usize) -> Vec<u64> {
        match self {
            Self::Here { .. } => Vec::new(),
            Self::Handed(handed) => {
                let bytes = |lengths: &[u16]| lengths.iter().copied().map(u64::from).sum::<u64>();
                let steps = handed.lengths.chunks(step).scan(0, |next, lengths| {
                    let start = *next;
                    *next += bytes(lengths);
                    Some(start)
                });
                steps.collect()
            }
        }
    }

    /// The names of some items, which begin at `start`, and the number by which items are less among them.
    pub(super) fn load<'a>(
        &'a self,
        items: Range<usize>,
        start: Option<u64>,
        loaded: &'a mut Loaded,
        case: &'a CaseTable,
    ) -> Result<(Names<'a>, usize), SpillError> {
        match self {
            Self::Here { bytes, ends } => Ok((Names::new(bytes, ends, case), 0)),
            Self::Handed(handed) => {
                handed.load(items.clone(), start.unwrap_or(0), loaded)?;
                Ok((Names::new(&loaded.bytes, &loaded.ends, case), items.start))
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

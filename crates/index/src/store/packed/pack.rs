//! Packs numbers. The reader's half is in the module above.

use std::ops::Range;

use rayon::prelude::*;

use super::fields;
use super::head::Head;
use super::{CHUNK, EXCEPTION_BYTES};
use crate::budget::{Budget, Kind, SpillError, Stretch};

/// Chunks that a thread packs before it asks for more.
const TASK_CHUNKS: usize = 32;
/// Numbers in as many chunks.
pub(crate) const TASK_VALUES: usize = TASK_CHUNKS * CHUNK;

/// Numbers that are packed chunk by chunk.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    bodies: Vec<u8>,
    heads: Vec<Head>,
    values: usize,
}

impl Packer {
    /// Appends a chunk; only the last one may be short.
    pub(crate) fn push(&mut self, chunk: &[u64]) {
        debug_assert!(chunk.len() <= CHUNK && self.values.is_multiple_of(CHUNK), "a short chunk is the last");
        let head = pack_chunk(chunk, &mut self.bodies);
        if self.heads.is_empty() {
            // The others are likely to take as much, and to move what was packed costs more than to pack it.
            self.bodies.reserve(self.bodies.len() * TASK_CHUNKS);
            self.heads.reserve_exact(TASK_CHUNKS);
        }
        self.heads.push(head);
        self.values += chunk.len();
    }

    /// What was packed, put where there is room for it.
    pub(crate) fn done(self, budget: &Budget) -> Result<Done, SpillError> {
        let Self { bodies, heads, values } = self;
        Ok(Done { bodies: budget.put(Kind::Columns, bodies)?, heads, values })
    }
}

/// Numbers that were packed, and are one of the parts of a column.
#[derive(Debug)]
pub(crate) struct Done {
    bodies: Stretch,
    heads: Vec<Head>,
    values: usize,
}

/// A column of what was packed one after another: its bytes in pieces, and how many numbers it has.
pub(crate) fn joined(
    parts: impl IntoIterator<Item = Done>,
    budget: &Budget,
) -> Result<(Vec<Stretch>, usize), SpillError> {
    let (mut pieces, mut heads) = (Vec::new(), Vec::new());
    let (mut before, mut values) = (0, 0);
    for part in parts {
        for head in part.heads {
            heads.extend_from_slice(&Head { body: before + head.body, ..head }.to_bytes());
        }
        before += part.bodies.len();
        values += part.values;
        pieces.push(part.bodies);
    }
    pieces.push(budget.put(Kind::Columns, heads)?);
    Ok((pieces, values))
}

/// Packs `values` numbers, of which `fill` gives those of a chunk, on all threads: as [`joined`].
pub(crate) fn pack(
    values: usize,
    budget: &Budget,
    fill: impl Fn(Range<usize>, &mut [u64]) + Sync,
) -> Result<(Vec<Stretch>, usize), SpillError> {
    let tasks = (0..values.div_ceil(TASK_VALUES)).into_par_iter().map(|task| {
        let (mut packer, mut numbers) = (Packer::default(), [0; CHUNK]);
        let end = values.min((task + 1) * TASK_VALUES);
        for start in (task * TASK_VALUES..end).step_by(CHUNK) {
            let chunk = start..end.min(start + CHUNK);
            let numbers = &mut numbers[..chunk.len()];
            fill(chunk, numbers);
            packer.push(numbers);
        }
        packer.done(budget)
    });
    joined(tasks.collect::<Result<Vec<_>, _>>()?, budget)
}

/// How many bits the fields and the exceptions of a chunk take, but for a few.
pub(crate) fn bits_of(chunk: &[u64]) -> usize {
    let (least, greatest) = bounds(chunk);
    if least == greatest { 0 } else { best(chunk, least).0 }
}

/// Appends the body of a chunk.
fn pack_chunk(values: &[u64], out: &mut Vec<u8>) -> Head {
    let (least, greatest) = bounds(values);
    let mut head = Head { least, greatest, body: out.len(), width: 0, exceptions: 0 };
    if least == greatest {
        return head;
    }
    head.width = best(values, least).1;
    let marker = head.marker();
    let mut differences = [0; CHUNK];
    let fields = &mut differences[..values.len()];
    fields.iter_mut().zip(values).for_each(|(field, value)| *field = value - least);
    if greatest - least <= marker {
        fields::pack(fields, head.width, out);
        return head;
    }
    let exceptions = (0u16..).zip(&*fields).filter(|&(_, &difference)| difference >= marker);
    let exceptions: Vec<(u16, u64)> = exceptions.map(|(place, &difference)| (place, difference)).collect();
    fields.iter_mut().for_each(|field| *field = marker.min(*field));
    fields::pack(fields, head.width, out);
    exceptions.iter().for_each(|(place, _)| out.extend_from_slice(&place.to_le_bytes()));
    exceptions.iter().for_each(|(_, number)| out.extend_from_slice(&number.to_le_bytes()));
    head.exceptions = exceptions.len();
    head
}

/// The least number and the greatest.
fn bounds(values: &[u64]) -> (u64, u64) {
    // Four at a time, so that none waits for the one before.
    let (quads, rest) = values.as_chunks::<4>();
    let (mut least, mut greatest) = ([u64::MAX; 4], [0; 4]);
    for quad in quads {
        for ((least, greatest), &value) in least.iter_mut().zip(&mut greatest).zip(quad) {
            *least = value.min(*least);
            *greatest = value.max(*greatest);
        }
    }
    let least = rest.iter().chain(&least).copied().min();
    let greatest = rest.iter().chain(&greatest).copied().max();
    (least.filter(|_| !values.is_empty()).unwrap_or(0), greatest.unwrap_or(0))
}

/// The width that takes the fewest bits for differences to `least`, not all of which are zero, and how many those are.
fn best(values: &[u64], least: u64) -> (usize, u32) {
    // How many differences take so many bits, counted in four tables: to add to the number that was added to last, one has to
    // wait for it. None is counted as one bit, for with no bits at all the marker would stand for every number.
    // One that is as large as the marker needs an exception too, which is rare enough to be left out here.
    let mut taking = [[0u16; 65]; 4];
    let mut count = |table: usize, value: u64| {
        taking[table][(u64::BITS - ((value - least) | 1).leading_zeros()) as usize] += 1;
    };
    let (quads, rest) = values.as_chunks::<4>();
    for &[a, b, c, d] in quads {
        count(0, a);
        count(1, b);
        count(2, c);
        count(3, d);
    }
    rest.iter().for_each(|&value| count(0, value));
    let taking = |width: usize| taking.iter().map(|table| usize::from(table[width])).sum::<usize>();
    let widest = (1..=64).rev().find(|&width| taking(width) > 0).unwrap_or(0);
    let mut best = (values.len() * widest, widest);
    let mut exceptions = 0;
    for width in (1..widest).rev() {
        exceptions += taking(width + 1);
        best = best.min((values.len() * width + exceptions * EXCEPTION_BYTES * 8, width));
    }
    (best.0, u32::try_from(best.1).unwrap_or(u64::BITS))
}

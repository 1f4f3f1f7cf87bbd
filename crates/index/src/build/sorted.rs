//! Files put in the order of their final numbers, where there is not memory to go to any of them.
//!
//! They are dealt out by their numbers in the order in which they were read, each to the stretch of files that it will be packed with. The
//! files that are sampled have stretches of their own, so that sampling reads no others.

use std::ops::Range;

use super::NO_FILE;
use super::emit::SAMPLED;
use super::file_table::Split;
use super::files::Table;
use super::layout::FileOrder;
use crate::batch::as_u32;
use crate::budget::{Budget, Kind, SpillError, Stretch};
use crate::evidence::Evidence;
use crate::file::File;
use crate::heads::{Fields, Stored};
use crate::pieces::Parts;
use crate::store::{CHUNK, TASK_VALUES};

/// Stretches of files at most.
const PARTS_MAX: usize = 1 << 9;
/// Bytes that are collected for a stretch before they are put aside.
const RUN_BYTES: usize = 1 << 14;

/// All files, dealt out.
pub(super) struct Sorted {
    /// How many files each part has, but for the last one.
    part_files: usize,
    files: usize,
    parts: Vec<Part>,
    has_evidence: bool,
}

/// Files with numbers that come one after another.
#[derive(Default)]
struct Part {
    sampled: Runs,
    others: Runs,
}

/// Files in the order in which they came, each behind its number in the part.
#[derive(Default)]
struct Runs {
    last: Vec<u8>,
    put: Vec<Stretch>,
}

impl Runs {
    fn put(&mut self, budget: &Budget) -> Result<(), SpillError> {
        let full = std::mem::take(&mut self.last);
        if !full.is_empty() {
            self.put.push(budget.put(Kind::Dealt, full)?);
        }
        Ok(())
    }

    /// Puts each file where it belongs.
    fn lay_out(&self, layout: &mut Layout) -> Result<(), SpillError> {
        let mut bytes = Vec::new();
        for stretch in &self.put {
            bytes.clear();
            stretch.read(0..stretch.len(), &mut bytes)?;
            let mut fields = Fields(&bytes);
            while !fields.0.is_empty() {
                let place = fields.u32();
                *layout.files.get_mut(place) = File::restore(&mut fields);
                if let Some(evidence) = &mut layout.evidence {
                    *evidence.get_mut(place) = Evidence::restore(&mut fields);
                }
            }
        }
        Ok(())
    }
}

/// The files of a part in their order.
struct Layout {
    files: Parts<File>,
    evidence: Option<Parts<Evidence>>,
}

impl Layout {
    fn new(files: usize, has_evidence: bool) -> Self {
        let evidence = has_evidence.then(|| vec![Evidence::default(); files].into());
        Self { files: vec![File::default(); files].into(), evidence }
    }

    fn table(&self) -> Table<'_> {
        Table { files: &self.files, evidence: self.evidence.as_ref() }
    }
}

fn is_sampled(number: usize) -> bool {
    (number / CHUNK).is_multiple_of(SAMPLED)
}

impl Sorted {
    pub(super) fn new(mut split: Split, order: &FileOrder, budget: &Budget) -> Result<Self, SpillError> {
        let files = order.place.len();
        // Whole tasks of packing, and whole rounds of sampling.
        let part_files = files.div_ceil(PARTS_MAX).max(1).next_multiple_of(TASK_VALUES);
        let parts = (0..files.div_ceil(part_files)).map(|_| Part::default()).collect();
        let has_evidence = split.has_evidence();
        let mut sorted = Self { part_files, files, parts, has_evidence };
        let mut number = vec![NO_FILE; split.heads.len()];
        for (of, &place) in (0u32..).zip(&order.place) {
            number[place as usize] = of;
        }
        budget.turn();
        split.take_all(|place, file, evidence| {
            let number = number[place as usize];
            if number == NO_FILE { Ok(()) } else { sorted.push(number as usize, &file, &evidence, budget) }
        })?;
        for part in &mut sorted.parts {
            part.sampled.put(budget)?;
            part.others.put(budget)?;
        }
        Ok(sorted)
    }

    fn push(
        &mut self,
        number: usize,
        file: &File,
        evidence: &Evidence,
        budget: &Budget,
    ) -> Result<(), SpillError> {
        let part = &mut self.parts[number / self.part_files];
        let runs = if is_sampled(number) { &mut part.sampled } else { &mut part.others };
        if runs.last.is_empty() {
            runs.last.reserve_exact(RUN_BYTES);
        }
        runs.last.extend_from_slice(&as_u32(number % self.part_files).to_le_bytes());
        file.store(&mut runs.last);
        if self.has_evidence {
            evidence.store(&mut runs.last);
        }
        let one = 4 + File::BYTES + if self.has_evidence { Evidence::BYTES } else { 0 };
        if runs.last.len() + one > RUN_BYTES { runs.put(budget) } else { Ok(()) }
    }

    fn len(&self, part: usize) -> usize {
        self.part_files.min(self.files - part * self.part_files)
    }

    /// Gives all sampled chunks to `each`: where they lie, and which files of that they are.
    pub(super) fn sampled(&self, mut each: impl FnMut(Table<'_>, Range<usize>)) -> Result<(), SpillError> {
        for (number, part) in self.parts.iter().enumerate() {
            let len = self.len(number);
            let mut layout = Layout::new(len, self.has_evidence);
            part.sampled.lay_out(&mut layout)?;
            for start in (0..len).step_by(CHUNK).filter(|start| is_sampled(number * self.part_files + start))
            {
                each(layout.table(), start..len.min(start + CHUNK));
            }
        }
        Ok(())
    }

    /// Gives all files to `each`, some at a time, with the number of the first of them. They are gone then.
    pub(super) fn each(
        mut self,
        mut each: impl FnMut(usize, Table<'_>) -> Result<(), SpillError>,
    ) -> Result<(), SpillError> {
        for number in 0..self.parts.len() {
            let part = std::mem::take(&mut self.parts[number]);
            let len = self.len(number);
            let mut layout = Layout::new(len, self.has_evidence);
            part.sampled.lay_out(&mut layout)?;
            part.others.lay_out(&mut layout)?;
            drop(part);
            each(number * self.part_files, layout.table())?;
        }
        Ok(())
    }
}

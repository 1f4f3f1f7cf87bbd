//! Where the bytes of a non-resident attribute lie on its volume.
//!
//! Everything is in bytes: a record may be larger than a cluster and lie in two runs, or smaller and share one.

use std::ops::Range;

use quarry_io::{Device, ReadError};
use quarry_ntfs::{BootSector, Run};

/// The most stretches that are followed: hundreds of times those of the worst volume known, 32 MiB in memory.
const EXTENTS_MAX: usize = 1 << 20;

/// A stretch of an attribute's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it starts in the content.
    pub start: u64,
    /// How long it is.
    pub length: u64,
    /// Where it starts on the volume; nothing for a hole.
    pub offset: Option<u64>,
}

impl Extent {
    fn end(&self) -> u64 {
        self.start + self.length
    }
}

/// The stretches of an attribute's content, without gaps. Only those of a dump may begin behind the start of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extents {
    list: Vec<Extent>,
    /// Bytes that are no holes.
    on_volume: u64,
}

/// A run that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtentError {
    /// It does not follow the run before.
    #[error("a run starts at VCN {found}, expected {expected}")]
    Gap {
        /// Where it starts.
        found: u64,
        /// Where it should.
        expected: u64,
    },
    /// It goes beyond the end of the volume.
    #[error("a run of {clusters} clusters at LCN {lcn} goes beyond the volume's {volume} clusters")]
    OutsideVolume {
        /// Where it starts.
        lcn: u64,
        /// How long it is.
        clusters: u64,
        /// How many clusters the volume has.
        volume: u64,
    },
    /// More stretches than are followed.
    #[error("more than {max} stretches")]
    TooMany {
        /// How many are followed.
        max: usize,
    },
    /// All runs together take more clusters than there are: some lie over others.
    #[error("the runs take more than the volume's {volume} clusters")]
    MoreThanVolume {
        /// How many clusters the volume has.
        volume: u64,
    },
}

impl Extents {
    /// Content that lies in one piece, as a dump does, of which it may be only a part.
    #[must_use]
    pub fn contiguous(piece: Extent) -> Self {
        let on_volume = if piece.offset.is_some() { piece.length } else { 0 };
        Self { list: vec![piece], on_volume }
    }

    /// The stretches in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Extent] {
        &self.list
    }

    /// Where the content that is covered starts.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.list.first().map_or(0, |first| first.start)
    }

    /// Where the content that is covered ends: its length, if it starts at 0.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.list.last().map_or(0, Extent::end)
    }

    /// Appends a run, which must follow the last one and lie within the volume.
    pub(crate) fn push(&mut self, run: Run, boot: &BootSector) -> Result<(), ExtentError> {
        let cluster = u64::from(boot.cluster_bytes);
        let volume = boot.clusters();
        let start = self.length();
        if run.vcn.checked_mul(cluster) != Some(start) {
            return Err(ExtentError::Gap { found: run.vcn, expected: start / cluster });
        }
        if let Some(lcn) = run.lcn
            && lcn.checked_add(run.clusters).is_none_or(|end| end > volume)
        {
            return Err(ExtentError::OutsideVolume { lcn, clusters: run.clusters, volume });
        }
        if self.list.len() >= EXTENTS_MAX {
            return Err(ExtentError::TooMany { max: EXTENTS_MAX });
        }
        let more = ExtentError::MoreThanVolume { volume };
        let length = run.clusters.checked_mul(cluster).ok_or(more)?;
        start.checked_add(length).filter(|&end| end <= i64::MAX as u64).ok_or(more)?;
        if run.lcn.is_some() {
            self.on_volume =
                Some(self.on_volume + length).filter(|&bytes| bytes / cluster <= volume).ok_or(more)?;
        }
        self.append(Extent { start, length, offset: run.lcn.and_then(|lcn| boot.offset_of(lcn)) });
        Ok(())
    }

    /// Bytes of holes among them.
    #[must_use]
    pub fn hole_bytes(&self) -> u64 {
        self.length() - self.start() - self.on_volume
    }

    /// Appends a stretch, joining it to the last one only if it goes on exactly where that ends.
    fn append(&mut self, next: Extent) {
        if let Some(last) = self.list.last_mut() {
            let goes_on = match (last.offset, next.offset) {
                (Some(last_offset), Some(offset)) => last_offset.checked_add(last.length) == Some(offset),
                (None, None) => true,
                _ => false,
            };
            if goes_on {
                last.length += next.length;
                return;
            }
        }
        self.list.push(next);
    }

    /// The parts of the stretches that `range` of the content lies in; nothing of what is not covered.
    pub(crate) fn within(&self, range: Range<u64>) -> impl Iterator<Item = Extent> {
        let first = self.list.partition_point(|extent| extent.end() <= range.start);
        let inside = self.list.get(first..).unwrap_or_default();
        let end = range.end;
        inside.iter().take_while(move |extent| extent.start < end).map(move |extent| {
            let start = extent.start.max(range.start);
            let skipped = start - extent.start;
            Extent {
                start,
                length: extent.end().min(end) - start,
                offset: extent.offset.map(|offset| offset + skipped),
            }
        })
    }

    /// Fills `buffer` with the content from `start` on; holes and what is not covered read as zeros.
    pub(crate) fn read(&self, device: &dyn Device, start: u64, buffer: &mut [u8]) -> Result<(), ReadError> {
        let mut filled = 0;
        for piece in self.within(start..start.saturating_add(buffer.len() as u64)) {
            let length = usize::try_from(piece.length).unwrap_or(usize::MAX).min(buffer.len() - filled);
            let (_, rest) = buffer.split_at_mut(filled);
            let (part, _) = rest.split_at_mut(length);
            match piece.offset {
                Some(offset) => fill(device, offset, part)?,
                None => part.fill(0),
            }
            filled += length;
        }
        if let Some(rest) = buffer.get_mut(filled..) {
            rest.fill(0);
        }
        Ok(())
    }
}

/// Fills `part` from any `offset`: directly where that suits the device, otherwise through aligned memory.
fn fill(device: &dyn Device, offset: u64, part: &mut [u8]) -> Result<(), ReadError> {
    let alignment = u64::from(device.alignment().max(1));
    let request = [offset, part.len() as u64, part.as_ptr().addr() as u64];
    if request.iter().all(|number| number.is_multiple_of(alignment)) {
        return device.read_exact_at(part, offset);
    }
    part.copy_from_slice(&device.read_bytes(offset, part.len())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quarry_io::MemoryDevice;

    fn boot() -> BootSector {
        BootSector {
            sector_bytes: 512,
            cluster_bytes: 512,
            record_bytes: 1024,
            sectors: 100,
            mft_lcn: 0,
            mft_mirror_lcn: 0,
            serial: 0,
        }
    }

    fn run(vcn: u64, lcn: impl Into<Option<u64>>, clusters: u64) -> Run {
        Run { vcn, lcn: lcn.into(), clusters }
    }

    #[test]
    fn pitfall_06_only_runs_that_touch_are_joined() {
        let mut extents = Extents::default();
        for run in
            [run(0, 10, 2), run(2, 12, 3), run(5, 4, 1), run(6, None, 2), run(8, None, 1), run(9, 5, 1)]
        {
            extents.push(run, &boot()).unwrap();
        }
        let expected = [
            (0, 5 * 512, Some(10 * 512)),
            (2560, 512, Some(2048)),
            (3072, 1536, None),
            (4608, 512, Some(2560)),
        ];
        let found: Vec<_> = extents.as_slice().iter().map(|e| (e.start, e.length, e.offset)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn pitfall_05_runs_that_cannot_be_are_refused() {
        let push = |runs: &[Run]| {
            let mut extents = Extents::default();
            runs.iter().try_for_each(|&run| extents.push(run, &boot()))
        };
        assert_eq!(push(&[run(0, 0, 1), run(2, 5, 1)]), Err(ExtentError::Gap { found: 2, expected: 1 }));
        let outside = ExtentError::OutsideVolume { lcn: 99, clusters: 2, volume: 100 };
        assert_eq!(push(&[run(0, 99, 2)]), Err(outside));
        assert!(push(&[run(0, u64::MAX, 2)]).is_err());
        assert_eq!(push(&[run(0, 0, 60), run(60, 20, 60)]), Err(ExtentError::MoreThanVolume { volume: 100 }));
        assert!(push(&[run(0, None, 1 << 62)]).is_err(), "a hole beyond what offsets can count");
        assert_eq!(push(&[run(0, None, 1 << 40), run(1 << 40, 0, 1)]), Ok(()), "a hole takes no clusters");
    }

    proptest! {
        #[test]
        fn reads_what_the_runs_say(
            lengths in prop::collection::vec((0u64..100, 1u64..6, any::<bool>()), 1..12),
            start in 0usize..6000,
            length in 0usize..6000,
        ) {
            let disk: Vec<u8> = (0..51200u32).map(|at| (at / 512 + at % 251).to_le_bytes()[0]).collect();
            let device = MemoryDevice::new("disk", disk.clone());
            let (mut extents, mut content, mut vcn) = (Extents::default(), Vec::new(), 0);
            for (lcn, clusters, hole) in lengths {
                let next = run(vcn, (!hole).then_some(lcn), clusters);
                if extents.push(next, &boot()).is_ok() {
                    vcn += clusters;
                    let at = |cluster: u64| usize::try_from(cluster * 512).unwrap();
                    let (from, bytes) = (at(lcn), at(clusters));
                    content.extend(if hole { vec![0; bytes] } else { disk[from..from + bytes].to_vec() });
                }
            }
            content.resize(content.len().max(start + length), 0);
            let mut buffer = vec![1; length];
            extents.read(&device, start as u64, &mut buffer).unwrap();
            prop_assert_eq!(&buffer, &content[start..start + length]);
        }
    }
}

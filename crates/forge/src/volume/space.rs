//! Which clusters of the volume under construction are taken, and by what bytes.

use super::geometry::Geometry;
use crate::attribute::Bitmap;
use crate::bytes::index;
use crate::runs::Run;

/// Clusters are handed out front to back; reservations at fixed places are made first.
#[derive(Debug)]
pub(super) struct Space {
    geometry: Geometry,
    used: Vec<bool>,
    cursor: usize,
    writes: Vec<(u64, Vec<u8>)>,
}

impl Space {
    pub(super) fn new(geometry: Geometry) -> Self {
        Self { geometry, used: Vec::new(), cursor: 0, writes: Vec::new() }
    }

    /// Takes the clusters of `runs`, holes left out; panics when one is taken already.
    pub(super) fn reserve(&mut self, what: &str, runs: &[Run]) {
        for &(lcn, length) in runs {
            let Some(lcn) = lcn else { continue };
            let (start, end) = (index(lcn), index(lcn + length));
            if self.used.len() < end {
                self.used.resize(end, false);
            }
            for (lcn, used) in (start..end).zip(&mut self.used[start..end]) {
                assert!(!*used, "{what}: cluster {lcn} is taken already");
                *used = true;
            }
        }
    }

    /// Takes the next free `clusters` in one piece.
    pub(super) fn allocate(&mut self, clusters: u64) -> Vec<Run> {
        if clusters == 0 {
            return Vec::new();
        }
        let wanted = index(clusters);
        let mut start = self.cursor;
        while let Some(taken) = (start..start + wanted).rfind(|&lcn| self.used.get(lcn) == Some(&true)) {
            start = taken + 1;
        }
        self.cursor = start + wanted;
        let run = vec![(Some(start as u64), clusters)];
        self.reserve("allocation", &run);
        run
    }

    /// Takes clusters for `bytes` and has them written there.
    pub(super) fn store(&mut self, bytes: Vec<u8>) -> Vec<Run> {
        let run = self.allocate(self.geometry.clusters(bytes.len() as u64));
        if let Some(&(Some(lcn), _)) = run.first() {
            self.write(lcn, bytes);
        }
        run
    }

    /// Has `bytes` written from cluster `lcn` on.
    pub(super) fn write(&mut self, lcn: u64, bytes: Vec<u8>) {
        self.writes.push((lcn, bytes));
    }

    /// Has `bytes` scattered over `runs`; what belongs to a hole is dropped.
    pub(super) fn scatter(&mut self, bytes: &[u8], runs: &[Run]) {
        let mut rest = bytes;
        for &(lcn, length) in runs {
            let here = rest.len().min(index(length * self.geometry.cluster));
            let (piece, behind) = rest.split_at(here);
            if let Some(lcn) = lcn {
                self.write(lcn, piece.to_vec());
            }
            rest = behind;
        }
    }

    /// Clusters up to and including the last one taken.
    pub(super) fn clusters(&self) -> u64 {
        self.used.len() as u64
    }

    /// The content of `$Bitmap` for a volume of `clusters`: what is taken, and everything past the end.
    pub(super) fn bitmap(&self, clusters: u64) -> Bitmap {
        let mut bitmap = Bitmap::new(clusters);
        for (lcn, _) in (0..).zip(&self.used).filter(|&(_, &used)| used) {
            bitmap.set(lcn, true);
        }
        for past in clusters..bitmap.bits() {
            bitmap.set(past, true);
        }
        bitmap
    }

    /// Carries out the writes, in order, on `image`.
    pub(super) fn write_out(self, image: &mut [u8]) {
        for (lcn, bytes) in self.writes {
            let at = index(lcn * self.geometry.cluster);
            image[at..at + bytes.len()].copy_from_slice(&bytes);
        }
    }
}

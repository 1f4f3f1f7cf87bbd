//! The finished volume: its bytes, its `$MFT`, and where in them a file's record is.

use super::geometry::Geometry;
use super::tree::Numbered;
use crate::bytes::index;
use crate::fixup::{STRIDE, apply, is_protected};
use crate::reference::Reference;
use crate::runs::Run;

/// A finished volume.
#[derive(Clone, Debug)]
pub struct Volume {
    pub(super) geometry: Geometry,
    pub(super) image: Vec<u8>,
    pub(super) mft: Vec<u8>,
    pub(super) mft_runs: Vec<Run>,
    pub(super) files: Numbered,
}

impl Volume {
    /// The volume's bytes, from the boot sector to its backup.
    #[must_use]
    pub fn image(&self) -> &[u8] {
        &self.image
    }

    /// The volume's bytes, taken out.
    #[must_use]
    pub fn into_image(self) -> Vec<u8> {
        self.image
    }

    /// The `$MFT` alone, as it lies on disk; holes read as zeros.
    #[must_use]
    pub fn mft(&self) -> &[u8] {
        &self.mft
    }

    /// The `$MFT` with the fixups of every intact record applied, as `ntfscat` writes it.
    #[must_use]
    pub fn mft_applied(&self) -> Vec<u8> {
        let mut mft = self.mft.clone();
        let records = mft.chunks_exact_mut(index(self.geometry.record));
        records.filter(|record| record.starts_with(b"FILE") && is_protected(record)).for_each(apply);
        mft
    }

    /// Where the `$MFT` lies, in clusters.
    #[must_use]
    pub fn mft_runs(&self) -> &[Run] {
        &self.mft_runs
    }

    /// Sizes of sectors, clusters and records.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The file at `path`; of a deleted one, what its children still call it.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn reference(&self, path: &str) -> Reference {
        self.files.reference(self.files.tree.find(path))
    }

    /// The bytes of record `number`.
    ///
    /// # Panics
    /// When the `$MFT` is shorter.
    #[must_use]
    pub fn record(&self, number: u64) -> &[u8] {
        let size = index(self.geometry.record);
        &self.mft[index(number) * size..][..size]
    }

    /// Changes record `number` in place, wherever it lies: `volume.edit(30, |record| vandal::tear(record, 1))`.
    /// The mirror of the first four records is left as it is.
    ///
    /// # Panics
    /// When the `$MFT` is shorter, or the record lies in a hole.
    pub fn edit(&mut self, number: u64, change: impl FnOnce(&mut [u8])) {
        let size = index(self.geometry.record);
        let start = index(number) * size;
        change(&mut self.mft[start..start + size]);
        // A record may straddle runs, but the smallest cluster has 512 bytes: a stride never does.
        for at in (start..start + size).step_by(STRIDE) {
            let place = self.place_in_image(at as u64);
            self.image[place..place + STRIDE].copy_from_slice(&self.mft[at..at + STRIDE]);
        }
    }

    /// Offset in the image of byte `at` of the `$MFT`.
    fn place_in_image(&self, at: u64) -> usize {
        let cluster = self.geometry.cluster;
        let mut start = 0;
        for &(lcn, length) in &self.mft_runs {
            let end = start + length * cluster;
            if at < end {
                let lcn = lcn.expect("the record lies in a hole of $MFT");
                return index(lcn * cluster + (at - start));
            }
            start = end;
        }
        panic!("byte {at} is past the end of $MFT");
    }
}

//! Where the system says that the `$MFT` lies, held against what record 0 says.
//!
//! The volume is what is read, so record 0 is believed; but on a volume that is mounted the driver knows best, and where it says otherwise
//! something is wrong with one of the two. Not every system tells, and none of a volume that it has not mounted: that is kept, and nothing is
//! said of it.

use std::io;

use quarry_io::SystemRun;
use quarry_ntfs::{BootSector, Run};

use crate::extents::Extents;
use crate::report::Note;
use crate::volume::Volume;

/// What came of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsCheck {
    /// The system says the same, as far as both go. The `$MFT` may have grown in between.
    Agrees,
    /// It says something else.
    Differs,
    /// It does not say it.
    NotTold,
}

impl RunsCheck {
    /// The result in two words at most.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::NotTold => "not told",
        }
    }
}

impl Volume {
    /// Compares where record 0 says that the `$MFT` lies with what the system said when it was asked
    /// ([`quarry_io::system_runs`]). A difference is noted.
    pub fn compare_runs(&mut self, told: io::Result<Vec<SystemRun>>) {
        let Some(boot) = self.boot() else { return };
        let check = match told.map(|told| difference(self.mft(), &told, boot)) {
            Err(error) => {
                tracing::debug!(%error, "the system does not tell where the $MFT lies");
                RunsCheck::NotTold
            }
            Ok(None) => RunsCheck::Agrees,
            Ok(Some(at)) => {
                self.note(Note::MftRunsDiffer { at });
                RunsCheck::Differs
            }
        };
        self.runs_check = Some(check);
    }

    /// What came of the comparison with the system; nothing if it was not asked.
    #[must_use]
    pub fn runs_check(&self) -> Option<RunsCheck> {
        self.runs_check
    }
}

/// The first byte of the `$MFT` of which the system says something else.
fn difference(ours: &Extents, told: &[SystemRun], boot: &BootSector) -> Option<u64> {
    let mut theirs = Extents::default();
    for &SystemRun { vcn, clusters, lcn } in told {
        // What does not fit the volume cannot be the same.
        if theirs.push(Run { vcn, clusters, lcn }, boot).is_err() {
            break;
        }
    }
    let all = 0..ours.length();
    let mut theirs = theirs.within(all.clone());
    for extent in ours.within(all) {
        match theirs.next() {
            Some(other) if other == extent => {}
            // A last stretch may be the beginning of a longer one: it is cut to what ours has.
            Some(other) if other.offset == extent.offset => {
                return Some(other.start + other.length.min(extent.length));
            }
            _ => return Some(extent.start),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use quarry_forge::VolumeBuilder;
    use quarry_io::MemoryDevice;
    use std::sync::Arc;

    fn volume() -> Volume {
        let runs = [(Some(200), 8), (Some(60), 4), (Some(180), 9)];
        let image = VolumeBuilder::new().mft_runs(&runs).build().into_image();
        let device = Arc::new(MemoryDevice::new("disk", image));
        crate::open(device, None).expect("a volume").remove(0)
    }

    fn check(told: &[(u64, u64, Option<u64>)], expected: RunsCheck, at: Option<u64>) {
        let mut volume = volume();
        let runs = told.iter().map(|&(vcn, clusters, lcn)| SystemRun { vcn, clusters, lcn }).collect();
        volume.compare_runs(Ok(runs));
        assert_eq!(volume.runs_check(), Some(expected), "{told:?}");
        let notes: Vec<Note> = at.map(|at| Note::MftRunsDiffer { at }).into_iter().collect();
        assert_eq!(volume.notes(), notes, "{told:?}");
        assert!(!volume.notes().iter().any(Note::is_partial));
    }

    #[test]
    fn what_the_system_says_is_held_against_record_0() {
        let cluster = 4096;
        let same = [(0, 8, Some(200)), (8, 4, Some(60)), (12, 9, Some(180))];
        check(&same, RunsCheck::Agrees, None);
        // The same in other pieces, and a $MFT that has grown meanwhile.
        check(
            &[(0, 3, Some(200)), (3, 5, Some(203)), (8, 4, Some(60)), (12, 9, Some(180))],
            RunsCheck::Agrees,
            None,
        );
        check(&[same[0], same[1], (12, 11, Some(180)), (23, 4, Some(20))], RunsCheck::Agrees, None);
        check(&[same[0], (8, 4, Some(61)), same[2]], RunsCheck::Differs, Some(8 * cluster));
        check(&[same[0], (8, 4, None), same[2]], RunsCheck::Differs, Some(8 * cluster));
        check(
            &[same[0], (8, 2, Some(60)), (10, 2, Some(100)), same[2]],
            RunsCheck::Differs,
            Some(10 * cluster),
        );
        check(&same[..2], RunsCheck::Differs, Some(12 * cluster));
        check(&[], RunsCheck::Differs, Some(0));
        // What is on no volume, and what has a gap before it.
        check(&[same[0], (8, 4, Some(u64::MAX)), same[2]], RunsCheck::Differs, Some(8 * cluster));
        check(&[same[0], same[2]], RunsCheck::Differs, Some(8 * cluster));
    }

    #[test]
    fn a_system_that_does_not_say_it_is_no_difference() {
        let mut volume = volume();
        assert_eq!(volume.runs_check(), None);
        volume.compare_runs(Err(io::ErrorKind::PermissionDenied.into()));
        assert_eq!((volume.runs_check(), volume.notes()), (Some(RunsCheck::NotTold), &[][..]));
    }
}

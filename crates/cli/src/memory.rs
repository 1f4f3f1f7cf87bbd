//! Building within `--memory`: the budget, and an index that is not built in memory.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use quarry_index::{Budget, BuildError, Built, Index, OverBudget, SnapshotBytes, SpillError};
use quarry_io::Map;
use quarry_scan::{Parsed, Prepared, Scan, ScanError};

use crate::args::Memory;
use crate::failure::{Complaint, chain};

/// Bytes that are written in one go.
const WRITE_BYTES: usize = 1 << 20;
const MIB: u64 = 1 << 20;

impl Memory {
    /// What the user allows; what does not fit goes to `usual`, if no other folder was named.
    pub(crate) fn budget(&self, usual: &Path) -> Budget {
        let folder = self.scratch.as_deref().unwrap_or(usual);
        self.memory.map_or_else(Budget::unlimited, |bytes| Budget::limited(bytes, folder))
    }

    /// The folder for what is put aside while nothing is published.
    pub(crate) fn folder(&self) -> PathBuf {
        let usual = || folder_on_disk(std::env::var_os("TMPDIR"), Path::new(LARGE_FILES));
        self.scratch.clone().unwrap_or_else(usual)
    }
}

/// Where Unix has temporary files that are large.
const LARGE_FILES: &str = "/var/tmp";

/// The folder for temporary files that the user `named`, else the one for those that are `large`: `/tmp` is memory on many systems, and
/// what does not fit there would be put aside into it.
fn folder_on_disk(named: Option<OsString>, large: &Path) -> PathBuf {
    let unnamed = named.is_none_or(|folder| folder.is_empty());
    if cfg!(unix) && unnamed && large.is_dir() { large.to_owned() } else { std::env::temp_dir() }
}

/// A volume with its index, which is to be searched.
#[derive(Debug)]
pub(crate) enum Product {
    Scan(Box<Scan>),
    /// Built within a budget.
    Prepared(Box<Prepared>),
}

impl Product {
    /// Builds the index within the budget that the volume was read with.
    pub(crate) fn build(parsed: Parsed, budget: &Budget) -> Result<Self, ScanError> {
        Ok(match budget.is_limited() {
            true => Self::Prepared(Box::new(parsed.prepare(|_, _| Vec::new())?)),
            false => Self::Scan(Box::new(parsed.build(|_, _| Vec::new())?)),
        })
    }

    /// The volume as it can be searched: an index that is not in memory is written to a file without a name in `folder`, and mapped from there.
    pub(crate) fn open(self, folder: &Path) -> Result<Scan, Complaint> {
        let Prepared { built, report, reads } = match self {
            Self::Scan(scan) => return Ok(*scan),
            Self::Prepared(prepared) => *prepared,
        };
        let complain = |error: &dyn std::error::Error| {
            let complaint = Complaint::about(folder.display().to_string(), chain(error));
            complaint.then("name another folder with --scratch, or leave out --memory")
        };
        let file = tempfile::tempfile_in(folder).map_err(|error| complain(&error))?;
        write(&built, &file).map_err(|error| complain(&error))?;
        drop(built);
        let map = Map::open(&file).map_err(|error| complain(&error))?;
        let index = Index::open(SnapshotBytes::Mapped(map)).map_err(|error| complain(&error))?;
        Ok(Scan { index, report, reads })
    }
}

/// Writes the snapshot of an index.
pub(crate) fn write(built: &Built, out: impl Write) -> Result<(), BuildError> {
    Ok(built.write(BufWriter::with_capacity(WRITE_BYTES, out))?.flush()?)
}

/// What the user can do about a build that went wrong for its budget, where there is something.
pub(crate) fn advice(error: &ScanError) -> Option<String> {
    match error {
        ScanError::Build(error) => build_advice(error),
        _ => None,
    }
}

/// The same for a build by itself.
pub(crate) fn build_advice(error: &BuildError) -> Option<String> {
    match error {
        BuildError::OverBudget(OverBudget { needed, .. }) => {
            Some(format!("allow at least --memory {}mb", needed.div_ceil(MIB)))
        }
        BuildError::Spill(SpillError::Full { .. }) => Some(
            "make room there, name another folder with --scratch, or allow more with --memory".to_owned(),
        ),
        BuildError::Spill(_) => Some("name another folder with --scratch".to_owned()),
        _ => None,
    }
}

/// An error of a build as one of writing, for whoever publishes.
pub(crate) fn as_io(error: BuildError) -> io::Error {
    match error {
        BuildError::Write(error) => error,
        error => io::Error::other(error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::folder_on_disk;
    use std::path::Path;

    #[test]
    fn what_does_not_fit_into_memory_is_not_put_where_memory_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let there = folder.path();
        assert_eq!(folder_on_disk(None, there), there);
        assert_eq!(folder_on_disk(Some("".into()), there), there);
        let usual = std::env::temp_dir();
        assert_eq!(folder_on_disk(Some("named".into()), there), usual, "which is the one that is named");
        assert_eq!(folder_on_disk(None, Path::new("/no such folder")), usual);
    }
}

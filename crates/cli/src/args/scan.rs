//! What `quarry scan` takes.

use std::path::PathBuf;

use clap::Args;

use super::{CatalogPlace, How, Memory, Reading, Reporting, new_name};

/// Reads volumes into the catalogue
///
/// Reads each NTFS volume of the sources, and keeps what it finds in the catalogue: names, sizes, times, deleted
/// files as far as their records are there, and streams. From then on `quarry find` and `quarry du` answer
/// without the source. Scanning a source again replaces its entry; until that is done, the old one is there. It
/// stays there if less can be read of the source than before.
#[derive(Debug, Args)]
#[command(after_help = SCAN_EXAMPLES, after_long_help = SCAN_EXAMPLES)]
pub(crate) struct Scan {
    /// Disk images, block devices or dumped $MFTs
    #[cfg_attr(target_os = "linux", arg(required_unless_present = "all", value_name = "SOURCE"))]
    #[cfg_attr(windows, doc = "[default: every NTFS volume on a fixed or removable drive]")]
    #[cfg_attr(windows, arg(value_name = "SOURCE"))]
    #[cfg_attr(not(any(target_os = "linux", windows)), arg(required = true, value_name = "SOURCE"))]
    pub(crate) sources: Vec<PathBuf>,
    /// Every NTFS volume that is attached to this machine
    #[cfg(any(target_os = "linux", windows))]
    #[arg(long, conflicts_with_all = ["sources", "name", "partition"])]
    pub(crate) all: bool,
    /// What the entry is called [default: the file's name without its ending, #N behind it if there are several
    /// volumes; of a device, the volume's label]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = new_name)]
    pub(crate) name: Option<String>,
    /// Keep what investigators ask for, too: security ids, USNs, LSNs, the times of the names
    #[arg(long)]
    pub(crate) evidence: bool,
    /// Leave out deleted files. Of an image, what its bitmap says is not in use is not even read
    #[arg(long)]
    pub(crate) living_only: bool,
    /// Print a JSON object for each volume, one a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) catalog: CatalogPlace,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) replacing: Replacing,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) memory: Memory,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

#[cfg(any(target_os = "linux", windows))]
impl Scan {
    /// Whether every volume that is attached is meant. Without a source it can only be that, where it need not be said.
    pub(crate) fn means_all(&self) -> bool {
        self.all || self.sources.is_empty()
    }
}

/// What to do if another process is changing the entry.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Catalogue")]
pub(crate) struct Waiting {
    /// Give up if another process is changing the entry, instead of waiting for it
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// What to do if the new scan would make a poorer entry.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Catalogue")]
pub(crate) struct Replacing {
    /// Replace the entry even if more of its source cannot be read than before, or less than half of its rows are left
    #[arg(long)]
    pub(crate) force: bool,
}

const SCAN_EXAMPLES: &str = "\
EXAMPLES
  Keep what is in an image, as the entry `demo`:
    quarry scan demo.ntfs
  The same under another name, with what investigators ask for:
    quarry scan demo.ntfs --name household --evidence
  What it did, for a program:
    quarry scan demo.ntfs --json";

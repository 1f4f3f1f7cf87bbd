//! What `quarry info` takes.

use std::path::PathBuf;

use clap::Args;

use super::{CatalogPlace, Reading, Reporting};

/// Tells what a source or an entry of the catalogue is
///
/// Tells what a source is and what it holds: kind, partitions, geometry, version, label, the runs of its $MFT,
/// how many records of which kind there are, and what is damaged. Of an entry of the catalogue it tells what
/// was so when its source was scanned, and when that was.
#[derive(Debug, Args)]
#[command(after_help = INFO_EXAMPLES, after_long_help = INFO_EXAMPLES)]
pub(crate) struct Info {
    /// Entries of the catalogue, disk images, block devices or dumped $MFTs
    #[arg(required = true, value_name = "NAME|SOURCE")]
    pub(crate) sources: Vec<PathBuf>,
    /// Print a JSON object for each volume, one a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what each column of an entry takes: bytes, values, bytes a row
    #[arg(long)]
    pub(crate) columns: bool,
    #[command(flatten)]
    pub(crate) catalog: CatalogPlace,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

const INFO_EXAMPLES: &str = "\
EXAMPLES
  What is in an image:
    quarry info demo.ntfs
  The same for a program:
    quarry info demo.ntfs --json
  What an entry of the catalogue takes, column by column:
    quarry info demo --columns";

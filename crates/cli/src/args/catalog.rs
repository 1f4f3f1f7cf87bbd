//! What `quarry catalog` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CatalogPlace, Memory, Replacing, Reporting, Waiting, new_name};

/// Lists, renews, moves and checks what has been scanned
///
/// The catalogue is a folder that holds what `quarry scan` found, as named entries. Each is one file, checked by
/// checksums wherever it is read.
#[derive(Debug, Args)]
#[command(after_help = CATALOG_EXAMPLES, after_long_help = CATALOG_EXAMPLES)]
pub(crate) struct Catalog {
    #[command(subcommand)]
    pub(crate) verb: CatalogVerb,
}

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogVerb {
    List(List),
    Show(Show),
    Refresh(Refresh),
    Remove(Remove),
    Export(Export),
    Import(Import),
    Verify(Verify),
    Collect(Collect),
}

impl CatalogVerb {
    /// What the user wants to be told beside the output.
    pub(super) fn reporting(&self) -> Reporting {
        match self {
            Self::List(List { common, .. })
            | Self::Show(Show { common, .. })
            | Self::Refresh(Refresh { common, .. })
            | Self::Remove(Remove { common, .. })
            | Self::Export(Export { common, .. })
            | Self::Import(Import { common, .. })
            | Self::Verify(Verify { common, .. })
            | Self::Collect(Collect { common, .. }) => common.reporting,
        }
    }
}

/// What all of them take.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Print a JSON object for each entry, one a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) catalog: CatalogPlace,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

/// Lists the entries
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Tells all that is known of an entry
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The entry
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Scans the sources of entries again, as they were scanned before
///
/// An entry is kept as it is if its source is another volume now, or if less can be read of it than before.
#[derive(Debug, Args)]
pub(crate) struct Refresh {
    /// The entries
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
    #[command(flatten)]
    pub(crate) replacing: Replacing,
    #[command(flatten)]
    pub(crate) memory: Memory,
}

/// Removes entries; searches that are under way finish
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The entries
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// Writes an entry to one file, to be carried elsewhere
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The entry
    pub(crate) name: String,
    /// The file, which must not be there yet
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Checks an exported file and makes it an entry
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file that `catalog export` wrote
    pub(crate) file: PathBuf,
    /// What the entry is called [default: as it was called]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = new_name)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// Checks every byte of entries
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The entries [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Deletes what programs that were killed left in the catalogue's folder
#[derive(Debug, Args)]
pub(crate) struct Collect {
    #[command(flatten)]
    pub(crate) common: Common,
}

const CATALOG_EXAMPLES: &str = "\
EXAMPLES
  What there is:
    quarry catalog list
  What is known of one entry:
    quarry catalog show demo
  Scan its source again:
    quarry catalog refresh demo
  Carry it to another machine:
    quarry catalog export demo demo.quarry
    quarry catalog import demo.quarry --name copy
  Check every byte of all entries:
    quarry catalog verify
  Remove one, and tidy up after programs that were killed:
    quarry catalog remove copy
    quarry catalog collect --json";

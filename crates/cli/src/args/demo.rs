//! What `quarry demo` takes.

use std::path::PathBuf;

use clap::Args;

use super::Reporting;

/// Shows what it does on a small volume of its own
///
/// Unpacks a small NTFS volume that comes with the program, searches it three times, and prints each search as
/// the command that a user would type, followed by what it prints.
#[derive(Debug, Args)]
#[command(after_help = DEMO_EXAMPLES, after_long_help = DEMO_EXAMPLES)]
pub(crate) struct Demo {
    /// Only unpack the volume, into this folder, and print its path
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

const DEMO_EXAMPLES: &str = "\
EXAMPLES
  See what it does:
    quarry demo
  Unpack the volume here, as demo.ntfs, and try searches of your own:
    quarry demo --keep .";

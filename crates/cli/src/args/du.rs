//! What `quarry du` takes.

use clap::{Args, ValueEnum};

use super::{On, Reading, Reporting};

/// Tells what takes the space
///
/// Shows the largest folders, files, kinds of files or ages of files, of all of the catalogue or of what --on
/// names. A file counts once however many names it has; deleted files do not count; the file system's own do. Streams
/// count with their file, and are rows of their own by file.
#[derive(Debug, Args)]
#[command(after_help = DU_EXAMPLES, after_long_help = DU_EXAMPLES)]
pub(crate) struct Du {
    /// The folder to look into, in any case: /Users/Anna [default: /]
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Add up by folder, file, extension or age (when the content was last modified)
    #[arg(long, value_enum, default_value_t = By::Folder, value_name = "WHAT", ignore_case = true,
        hide_possible_values = true)]
    pub(crate) by: By,
    /// How many levels of folders to show below PATH [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<u32>,
    /// Show at most so many rows [default: 20 in a table, else all]
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Print as table, csv or jsonl [default: table on a terminal, else csv]
    #[arg(long, short, value_enum, value_name = "FORMAT", ignore_case = true, hide_possible_values = true)]
    pub(crate) format: Option<DuFormat>,
    #[command(flatten)]
    pub(crate) place: On,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

/// What is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// Folders, with all that lies below them
    Folder,
    /// Files
    File,
    /// Files of one extension
    Extension,
    /// Files that were last modified about the same time ago
    Age,
}

/// A way to print sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DuFormat {
    /// Aligned, with bars, for people
    Table,
    /// RFC 4180, with a header
    Csv,
    /// A JSON object a line
    Jsonl,
}

const DU_EXAMPLES: &str = "\
EXAMPLES
  The largest folders of a volume:
    quarry du --on demo.ntfs
  Where the space goes in one folder of an entry of the catalogue, two levels deep:
    quarry du /Users --on demo --depth 2
  The ten largest files:
    quarry du --by file --limit 10 --on demo.ntfs
  Which kinds of files there are, for a program:
    quarry du --by extension --on demo.ntfs --format jsonl
  How old what lies there is:
    quarry du --by age --on demo.ntfs --format table";

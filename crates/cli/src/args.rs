//! The command line, defined once: the parser, `--help`, the manual page and the completions are made of this.

use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command, Parser, Subcommand, ValueEnum};

use crate::output::column::Column;

const EXIT_CODES: &str =
    "Exit codes: 0 found, 1 nothing found, 2 error, 3 partial (not all could be read), 130 interrupted";

/// Finds any file on an NTFS volume in milliseconds
///
/// Reads the volume's Master File Table directly, out of a disk image, a block device or a dumped $MFT. Nothing
/// is mounted and nothing is ever written to a source.
#[derive(Debug, Parser)]
#[command(name = "quarry", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Find(Find),
    Info(Info),
    Demo(Demo),
    #[command(hide = true)]
    Completions(Completions),
    #[command(hide = true)]
    Man(Man),
}

impl Verb {
    /// What the user wants to be told beside the output.
    pub(crate) fn reporting(&self) -> Reporting {
        match self {
            Self::Find(Find { reporting, .. })
            | Self::Info(Info { reporting, .. })
            | Self::Demo(Demo { reporting, .. }) => *reporting,
            Self::Completions(_) | Self::Man(_) => {
                Reporting { color: When::Auto, verbose: false, quiet: false }
            }
        }
    }
}

/// Searches names, sizes and dates
///
/// Searches one or more sources and prints a row for every name that matches: files, folders and
/// links. Words are searched for in names, and all of them must be there; letters match in either
/// case unless the query has a capital.
///
/// In a query:
///   annual report       names with both words        "annual report"  with just this in them
///   *.pdf  img_????.*   the whole name, a pattern    regex:^a.*z$     a regular expression
///   a | b   !a   ( )    or, not, grouping            case:Readme      capitals matter
///   ext:pdf;docx        one of these extensions      path:docs/2024   part of the path
///   size:>10mb          also < >= <= 1kb..2mb        dm:2024-05       modified; dc: da: dr: too
///   type:folder         file, folder, link, stream   deleted:         orphan: damaged: metafile:
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = FIND_EXAMPLES, after_long_help = FIND_EXAMPLES)]
pub(crate) struct Find {
    /// What to search for; several words need no quotes, and '' finds everything
    #[arg(required = true, num_args = 1.., value_name = "QUERY")]
    pub(crate) query: Vec<String>,
    /// Where to search: disk images, block devices or dumped $MFTs
    #[arg(long, required = true, num_args = 1.., value_name = "SOURCE")]
    pub(crate) on: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) rows: Rows,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

/// How sources are read.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Reading {
    /// The partition of a whole disk, counted from 1 [default: all with NTFS]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = from_one)]
    pub(crate) partition: Option<NonZeroUsize>,
    /// Stop at the first thing that cannot be read instead of going on without it
    #[arg(long)]
    pub(crate) strict: bool,
    /// How many threads read and parse [default: one a core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = from_one)]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Which rows, and in which order.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct Rows {
    /// Show the file system's own files too
    #[arg(long)]
    pub(crate) metafiles: bool,
    /// Show named data streams too, each as a row
    #[arg(long)]
    pub(crate) streams: bool,
    /// Show deleted files too, as far as their records are still there
    #[arg(long)]
    pub(crate) deleted: bool,
    /// Sort by name, size, modified, created, accessed or path [default: as they lie on the volume]
    #[arg(long, short, value_enum, value_name = "KEY", ignore_case = true, hide_possible_values = true)]
    pub(crate) sort: Option<SortKey>,
    /// Sort the other way round: largest, latest or last first
    #[arg(long, short, visible_alias = "descending")]
    pub(crate) reverse: bool,
    /// Print at most so many rows
    #[arg(long, short = 'n', value_name = "N", allow_negative_numbers = true, value_parser = rows)]
    pub(crate) limit: Option<usize>,
    /// Leave out so many rows first
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "N", allow_negative_numbers = true,
        value_parser = rows)]
    pub(crate) offset: usize,
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortKey {
    /// The last part of the path
    Name,
    /// Length in bytes
    Size,
    /// When the content was last written
    Modified,
    /// When it was created
    Created,
    /// When it was last read
    Accessed,
    /// The full path, folder by folder
    Path,
}

/// How rows are printed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print only how many rows there are
    #[arg(long, short, conflicts_with_all = ["columns", "format", "null"])]
    pub(crate) count: bool,
    /// Print as table, csv, jsonl or paths [default: table on a terminal, else paths, or csv with --columns]
    #[arg(long, short, value_enum, value_name = "FORMAT", ignore_case = true, hide_possible_values = true)]
    pub(crate) format: Option<Format>,
    /// Print these columns, separated by commas: source, path, name, folder, ext, type, size, allocated,
    /// modified, created, accessed, changed, attributes, links, reparse, record, sequence, state
    #[arg(long, value_parser = ColumnParser, value_delimiter = ',', value_name = "LIST", ignore_case = true,
        hide_possible_values = true)]
    pub(crate) columns: Vec<Column>,
    /// Print paths, each ended by a NUL instead of a line end (for xargs -0)
    #[arg(long, short = '0')]
    pub(crate) null: bool,
}

/// A number of rows. The last ones are had by turning the order round, not by a number below 0.
fn rows(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) if text.starts_with('-') => {
            Err("a number of rows is 0 or more; for the last rows, sort them with --reverse".to_owned())
        }
        Err(_) => Err("a number of rows is 0 or more, in digits: 20".to_owned()),
    }
}

/// A number that counts from 1.
fn from_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it is a number from 1 on".to_owned())
}

/// Reads the name of a column, blanks around it left out: `--columns 'Size, Path'` is what people write.
#[derive(Debug, Clone)]
struct ColumnParser;

impl TypedValueParser for ColumnParser {
    type Value = Column;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Column, clap::Error> {
        let trimmed = value.to_str().map_or(value, |text| OsStr::new(text.trim()));
        EnumValueParser::<Column>::new().parse_ref(command, arg, trimmed)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Column::value_variants().iter().filter_map(Column::to_possible_value)))
    }
}

/// A way to print rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned, with sizes and local times for people
    Table,
    /// RFC 4180, with a header
    Csv,
    /// A JSON object a line
    Jsonl,
    /// One path a line
    Paths,
}

/// What is said beside the rows.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Terminal")]
pub(crate) struct Reporting {
    /// Use colours: auto, always or never
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) color: When,
    /// List on standard error what is damaged and what could not be read
    #[arg(long, short, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say nothing on standard error but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// When to do something that suits a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// When it is one, and `NO_COLOR` is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Tells what a source is
///
/// Tells what a source is and what it holds: kind, partitions, geometry, version, label, the runs of its $MFT,
/// how many records of which kind there are, and what is damaged.
#[derive(Debug, Args)]
#[command(after_help = INFO_EXAMPLES, after_long_help = INFO_EXAMPLES)]
pub(crate) struct Info {
    /// Disk images, block devices or dumped $MFTs
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,
    /// Print a JSON object for each volume, one a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

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

/// Prints the completions of a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// bash, elvish, fish, powershell or zsh
    pub(crate) shell: clap_complete::Shell,
}

/// Prints the manual page of the command or of a verb
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The verb
    pub(crate) verb: Option<String>,
}

const FIND_EXAMPLES: &str = "\
EXAMPLES
  Names with a word in them:
    quarry find report --on demo.ntfs
  The invoices of one client in one folder:
    quarry find müller ext:pdf path:invoices/2024 --on demo.ntfs
  The five largest files, largest first:
    quarry find type:file --on demo.ntfs --sort size --reverse --limit 5
  What changed in May 2024, as CSV:
    quarry find dm:2024-05 --on demo.ntfs --sort modified --format csv --columns modified,size,path
  How many photographs there are:
    quarry find 'ext:jpg;cr3' --on demo.ntfs --count
  What somebody threw away, as JSON Lines:
    quarry find 'love letter' --on demo.ntfs --deleted --format jsonl --columns path,size,state
  Paths for another program:
    quarry find contract ext:pdf --on demo.ntfs -0 | xargs -0 -n 1 basename";

const INFO_EXAMPLES: &str = "\
EXAMPLES
  What is in an image:
    quarry info demo.ntfs
  The same for a program:
    quarry info demo.ntfs --json";

const DEMO_EXAMPLES: &str = "\
EXAMPLES
  See what it does:
    quarry demo
  Unpack the volume here, as demo.ntfs, and try searches of your own:
    quarry demo --keep .";

#[cfg(test)]
mod tests {
    use super::CommandLine;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}

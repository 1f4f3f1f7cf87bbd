//! What `quarry find` takes.

use std::ffi::OsStr;

use clap::builder::{EnumValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command, ValueEnum};
use quarry_index::query::SortKey;

use super::{How, Memory, On, Reading, Reporting};
use crate::output::column::Column;

/// Searches names, sizes and dates
///
/// Searches the catalogue, or what --on names, and prints a row for every name that matches: files,
/// folders and links. Words are searched for in names, and all of them must be there; letters match
/// in either case unless the query has a capital.
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
    #[command(flatten)]
    pub(crate) place: On,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) memory: Memory,
    #[command(flatten)]
    pub(crate) rows: Rows,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
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
    #[arg(long, short, value_parser = sort_key(), value_name = "KEY", ignore_case = true, hide_possible_values = true)]
    pub(crate) sort: Option<SortKey>,
    /// Sort the other way round: largest, latest or last first. Rows without the date come last either way
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

/// What rows are sorted by, and what that is called.
const SORT_KEYS: [(&str, SortKey); 6] = [
    ("name", SortKey::Name),
    ("size", SortKey::Size),
    ("modified", SortKey::Modified),
    ("created", SortKey::Created),
    ("accessed", SortKey::Accessed),
    ("path", SortKey::Path),
];

/// Reads the name of a key.
fn sort_key() -> impl TypedValueParser<Value = SortKey> {
    let key = |name: String| {
        let found = SORT_KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
        found.map(|&(_, key)| key).ok_or("there is no such key")
    };
    PossibleValuesParser::new(SORT_KEYS.map(|(name, _)| name)).try_map(key)
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

const FIND_EXAMPLES: &str = "\
EXAMPLES
  Names with a word in them, in all of the catalogue:
    quarry find report
  The same in a disk image, or in one entry of the catalogue:
    quarry find report --on demo.ntfs
    quarry find report --on demo
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

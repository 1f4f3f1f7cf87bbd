//! The command line, defined once: the parser, `--help`, the manual page and the completions are made of this.

mod bench;
mod catalog;
mod demo;
mod du;
mod find;
mod info;
mod scan;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use quarry_io::port::DEPTH_MAX;
use quarry_scan::Mode;

pub(crate) use bench::{Bench, BenchScan, BenchSynth, BenchVerb, Measure, Modes};
pub(crate) use catalog::{Catalog, CatalogVerb, Common, Export, Import, Refresh, Remove, Show, Verify};
pub(crate) use demo::Demo;
pub(crate) use du::{By, Du, DuFormat};
pub(crate) use find::{Find, Format, Output, Rows};
pub(crate) use info::Info;
pub(crate) use scan::{Replacing, Scan, Waiting};

const EXIT_CODES: &str = "Exit codes: 0 found, 1 nothing matches, 2 error, 3 partial (a source of several, or a part of one, could not \
     be read), 130 interrupted";

/// Finds any file on an NTFS volume in milliseconds
///
/// Reads the volume's Master File Table directly, out of a disk image, a block device or a dumped $MFT. Nothing
/// is mounted and nothing is ever written to a source. What has been scanned once can be kept in a catalogue and
/// searched without the source.
#[derive(Debug, Parser)]
#[command(name = "quarry", bin_name = "quarry", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Find(Find),
    Scan(Scan),
    Du(Du),
    Info(Info),
    Catalog(Catalog),
    Bench(Bench),
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
            | Self::Scan(Scan { reporting, .. })
            | Self::Du(Du { reporting, .. })
            | Self::Info(Info { reporting, .. })
            | Self::Demo(Demo { reporting, .. }) => *reporting,
            Self::Catalog(catalog) => catalog.verb.reporting(),
            Self::Bench(bench) => bench.verb.reporting(),
            Self::Completions(_) | Self::Man(_) => {
                Reporting { color: When::Auto, verbose: false, quiet: false }
            }
        }
    }
}

/// Where the catalogue is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Catalogue")]
pub(crate) struct CatalogPlace {
    /// The catalogue's folder [env: QUARRY_CATALOG] [default: quarry/catalog in the user's data folder]
    #[arg(long = "catalog", id = "catalog_folder", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Where to search.
#[derive(Debug, Clone, Args)]
pub(crate) struct On {
    /// Where to search: entries of the catalogue, disk images, block devices or dumped $MFTs; ./NAME is never an
    /// entry [default: all of the catalogue]
    #[arg(long, num_args = 1.., value_name = "NAME|SOURCE")]
    pub(crate) on: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) catalog: CatalogPlace,
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
    /// How many threads read, parse and search [default: one a core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = from_one)]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Who reads and who parses.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct How {
    /// Who reads and who parses: auto, streaming, prefetch, pipelined, pipelined-parallel, parallel or completion
    #[arg(long, value_name = "MODE", default_value_t = Mode::Auto, hide_default_value = true)]
    pub(crate) mode: Mode,
    /// How many reads are in flight, in the modes completion and prefetch [default: what the drive likes, adapted]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = depth)]
    pub(crate) depth: Option<NonZeroUsize>,
    /// Read through the system's page cache: auto (all but block devices that are not in it), always or never
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", hide_default_value = true, hide_possible_values = true)]
    pub(crate) page_cache: When,
}

/// How much memory building an index may take.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Memory")]
pub(crate) struct Memory {
    /// Take so much memory at most to read and build, as in 512mb or 2gb; what does not fit is put aside in files that nobody
    /// sees, and what is found is the same [default: no limit]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    pub(crate) memory: Option<u64>,
    /// Put it aside in this folder [default: the catalogue's of a scan, else the system's for large temporary files]
    #[arg(long, value_name = "DIR", requires = "memory")]
    pub(crate) scratch: Option<PathBuf>,
}

/// A number of bytes, as queries have it.
fn bytes(text: &str) -> Result<u64, String> {
    quarry_index::query::parse_size(text).map_err(|_| "write a size such as 512mb or 2gb".to_owned())
}

/// A number that counts from 1.
fn from_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it is a number from 1 on".to_owned())
}

/// How many reads are in flight.
fn depth(text: &str) -> Result<NonZeroUsize, String> {
    match from_one(text)? {
        depth if depth.get() <= DEPTH_MAX => Ok(depth),
        _ => Err(format!("at most {DEPTH_MAX} reads are in flight")),
    }
}

/// What an entry is to be called.
fn new_name(text: &str) -> Result<String, String> {
    if text.starts_with('-') {
        return Err(
            "a name that begins with a hyphen would be taken for a flag: choose another one".to_owned()
        );
    }
    Ok(text.to_owned())
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// As it suits: a terminal without `NO_COLOR`, a drive that is not in memory
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
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
    /// The verb, and a verb of that
    pub(crate) verbs: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::CommandLine;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}

//! What `quarry bench` takes.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use quarry_scan::Mode;

use super::{Memory, Reporting, When, depth, from_one};

/// Measures how fast volumes are read
///
/// Reads a source several times in each way that is asked for, keeps nothing, and prints records and bytes a second,
/// CPU time and memory for each phase.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) verb: BenchVerb,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchVerb {
    Scan(BenchScan),
    Synth(BenchSynth),
}

impl BenchVerb {
    pub(crate) fn reporting(&self) -> Reporting {
        match self {
            Self::Scan(scan) => scan.reporting,
            Self::Synth(synth) => synth.reporting,
        }
    }
}

/// Reads a volume into an index
#[derive(Debug, Args)]
pub(crate) struct BenchScan {
    /// A disk image, a block device or a dumped $MFT
    #[arg(value_name = "SOURCE")]
    pub(crate) source: PathBuf,
    /// The partition of a whole disk, counted from 1 [default: the first with NTFS]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = from_one)]
    pub(crate) partition: Option<NonZeroUsize>,
    /// Drop what the system keeps of the source in memory before each run
    #[arg(long)]
    pub(crate) drop_caches: bool,
    #[command(flatten)]
    pub(crate) measure: Measure,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

/// Reads a $MFT that is made up as it is read
///
/// Its records are a function of their number and the seed, and distributed as on real volumes, so that a hundred million of
/// them need no disk. What making them takes is measured apart.
#[derive(Debug, Args)]
pub(crate) struct BenchSynth {
    /// How many records there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(25..=quarry_scan::SYNTH_RECORDS_MAX))]
    pub(crate) records: u64,
    /// Another seed makes other names, sizes and folders
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write the $MFT to a new file, and measure nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["modes", "depths", "threads", "runs", "lean", "find", "json", "memory"])]
    pub(crate) write: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) measure: Measure,
    #[command(flatten)]
    pub(crate) reporting: Reporting,
}

/// What is measured, and how often.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Measuring")]
pub(crate) struct Measure {
    /// In these modes, separated by commas, or in all
    #[arg(long = "mode", id = "modes", value_name = "MODES", value_delimiter = ',', default_value = "auto", value_parser = modes)]
    pub(crate) modes: Vec<Modes>,
    /// With so many reads in flight, separated by commas, in the modes that take a number
    #[arg(long = "depth", id = "depths", value_name = "LIST", value_delimiter = ',', value_parser = depth)]
    pub(crate) depths: Vec<NonZeroUsize>,
    /// On so many threads, separated by commas [default: one a core]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = from_one)]
    pub(crate) threads: Vec<NonZeroUsize>,
    /// Through the system's page cache: auto, always or never
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", hide_default_value = true, hide_possible_values = true)]
    pub(crate) page_cache: When,
    /// So many times each; the best run counts
    #[arg(long, value_name = "N", default_value = "3", value_parser = from_one)]
    pub(crate) runs: NonZeroUsize,
    /// Read and parse only, and build no index
    #[arg(long)]
    pub(crate) lean: bool,
    /// Search the index that was built, too, and say what that takes
    #[arg(long, value_name = "QUERY", conflicts_with = "lean")]
    pub(crate) find: Option<String>,
    /// Print a JSON object for each line of the table, one a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) memory: Memory,
}

/// One mode, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Modes {
    One(Mode),
    All,
}

fn modes(text: &str) -> Result<Modes, String> {
    match text {
        "all" => Ok(Modes::All),
        text => text.parse().map(Modes::One).map_err(|error: quarry_scan::UnknownMode| error.to_string()),
    }
}

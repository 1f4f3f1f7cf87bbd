//! The seven ways in which a volume can be read, and the values that each of them is.
//!
//! A mode is no reader of its own: all are one engine ([`super::worker`]) with other numbers, so that what is mended once is
//! mended for all. Which is fastest depends on the drive, on what is cached, and on whether reading or parsing is the limit.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::str::FromStr;

use quarry_io::DriveProfile;

/// Reads in flight of [`Mode::Prefetch`], unless told otherwise: one that is filled while the other is parsed.
const PREFETCH_DEPTH: usize = 2;
/// Buffers that may be full and wait for each parser in the modes with a queue.
const QUEUED_PER_PARSER: usize = 2;

/// How reading and parsing are divided among threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// What suits the drive and what is cached.
    #[default]
    Auto,
    /// One thread reads, and parses what it read.
    Streaming,
    /// The same with the next read in flight meanwhile.
    Prefetch,
    /// One reader, one parser, and a queue of full buffers between them.
    Pipelined,
    /// One reader, many parsers, and a queue of full buffers between them.
    PipelinedParallel,
    /// Many threads, each parsing what it read.
    Parallel,
    /// Many reads in flight on a completion port, and many parsers that take what is complete.
    Completion,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Auto,
        Self::Streaming,
        Self::Prefetch,
        Self::Pipelined,
        Self::PipelinedParallel,
        Self::Parallel,
        Self::Completion,
    ];

    /// Its name, as [`Display`](fmt::Display) writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Streaming => "streaming",
            Self::Prefetch => "prefetch",
            Self::Pipelined => "pipelined",
            Self::PipelinedParallel => "pipelined-parallel",
            Self::Parallel => "parallel",
            Self::Completion => "completion",
        }
    }

    /// Whether the number of reads in flight can be chosen. The others have as many as readers.
    #[must_use]
    pub const fn takes_depth(self) -> bool {
        matches!(self, Self::Auto | Self::Prefetch | Self::Completion)
    }

    /// Its values with so many `threads` on such a drive. [`Mode::Auto`] has to be decided first; here it is `Completion`.
    pub(super) fn shape(self, threads: usize, drive: &DriveProfile, depth: Option<NonZeroUsize>) -> Shape {
        let fixed = |depth: usize| Depths { first: depth, all: depth..=depth };
        let forced = depth.map(|depth| fixed(depth.get()));
        let queue = |parsers: usize| parsers * QUEUED_PER_PARSER;
        let (depths, readers, parsers, queue) = match self {
            Self::Streaming => (fixed(1), 1, 0, 0),
            Self::Prefetch => (forced.unwrap_or_else(|| fixed(PREFETCH_DEPTH)), 1, 0, 0),
            Self::Pipelined => (fixed(1), 1, 1, queue(1)),
            Self::PipelinedParallel => (fixed(1), 1, threads, queue(threads)),
            Self::Parallel => (fixed(threads), threads, 0, 0),
            Self::Completion | Self::Auto => {
                let adaptive = Depths { first: drive.depth(), all: drive.depths() };
                (forced.unwrap_or(adaptive), 0, threads, 0)
            }
        };
        Shape { depths, readers, parsers, queue }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no mode {0:?}; there are auto, streaming, prefetch, pipelined, pipelined-parallel, parallel and completion"
)]
pub struct UnknownMode(String);

impl FromStr for Mode {
    type Err = UnknownMode;

    /// Its name in any case, with or without its dashes; and what completion is called elsewhere: `iocp`, `iocp-parallel`,
    /// `uring`, `io_uring`, `advanced-overlap`.
    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        let letters: String =
            text.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
        let same = |mode: &Self| mode.name().chars().filter(|&c| c != '-').eq(letters.chars());
        match letters.as_str() {
            "iocp" | "iocpparallel" | "uring" | "iouring" | "advancedoverlap" => Ok(Self::Completion),
            _ => Self::ALL.into_iter().find(same).ok_or_else(|| UnknownMode(text.to_owned())),
        }
    }
}

/// What a mode is for one volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Reads in flight.
    pub(super) depths: Depths,
    /// Threads that read and parse what they read; with `parsers`, a reader that only reads.
    pub(super) readers: usize,
    /// Threads that parse what others read.
    pub(super) parsers: usize,
    /// Full buffers that may wait for a parser, beside the reads in flight.
    pub(super) queue: usize,
}

/// How many reads are in flight: at first, and at least and at most later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Depths {
    pub(super) first: usize,
    pub(super) all: RangeInclusive<usize>,
}

impl Shape {
    /// Threads that parse.
    pub(super) fn workers(&self) -> usize {
        if self.parsers == 0 { self.readers } else { self.parsers }
    }

    /// Whether each worker waits for a read of its own. Otherwise reads run ahead of the workers, on a port.
    pub(super) fn blocks(&self) -> bool {
        self.parsers == 0 && *self.depths.all.end() == self.readers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quarry_io::DriveKind;

    #[test]
    fn every_spelling_is_understood() {
        let check = |mode: Mode, words: &[&str]| {
            for word in words {
                assert_eq!(word.parse(), Ok(mode), "{word}");
            }
        };
        for mode in Mode::ALL {
            check(mode, &[&mode.to_string(), &format!("{mode:?}"), &mode.name().to_uppercase()]);
        }
        check(Mode::PipelinedParallel, &["pipelined-parallel", "pipelinedparallel", "pipelined_parallel"]);
        let elsewhere =
            ["iocp", "IOCP", "iocp-parallel", "iocpparallel", "IocpParallel", "uring", "io_uring"];
        check(Mode::Completion, &elsewhere);
        check(Mode::Completion, &["completion", "AdvancedOverlap"]);
        for word in ["", "fast", "parallel-pipelined", "pipe lined"] {
            assert!(word.parse::<Mode>().is_err(), "{word}");
        }
    }

    #[test]
    fn the_modes_are_these_values() {
        let nvme = DriveKind::Nvme.profile();
        let check = |mode: Mode, depth, expected| {
            let Shape { depths, readers, parsers, queue } = mode.shape(3, &nvme, NonZeroUsize::new(depth));
            assert_eq!((depths.first, depths.all, readers, parsers, queue), expected, "{mode}");
        };
        check(Mode::Streaming, 0, (1, 1..=1, 1, 0, 0));
        check(Mode::Prefetch, 0, (2, 2..=2, 1, 0, 0));
        check(Mode::Prefetch, 5, (5, 5..=5, 1, 0, 0));
        check(Mode::Pipelined, 0, (1, 1..=1, 1, 1, 2));
        check(Mode::PipelinedParallel, 0, (1, 1..=1, 1, 3, 6));
        check(Mode::Parallel, 0, (3, 3..=3, 3, 0, 0));
        check(Mode::Completion, 0, (12, 8..=16, 0, 3, 0));
        check(Mode::Completion, 4, (4, 4..=4, 0, 3, 0));
        for mode in Mode::ALL {
            let blocks = matches!(mode, Mode::Streaming | Mode::Parallel);
            assert_eq!(mode.shape(1, &nvme, None).blocks(), blocks, "{mode}");
        }
    }
}

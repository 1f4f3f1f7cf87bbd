//! What one line of `quarry du` says.

use std::cmp::Reverse;

use quarry_index::{Row, Time};

use crate::sources::Source;

/// A source and the folder of it that is looked into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) source: &'a Source,
    pub(super) row: Row<'a>,
}

/// A folder, a file, or a sum of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The source, if it is one thing.
    pub(super) source: Option<String>,
    /// A path, or what is summed up.
    pub(super) label: Vec<u8>,
    pub(super) bytes: u64,
    pub(super) allocated: u64,
    pub(super) files: u64,
    pub(super) folders: u64,
    /// When the newest file was last modified, or the file.
    pub(super) newest: Time,
}

/// The largest first; where nothing else decides, by label.
pub(super) fn sorted(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = lines.collect();
    lines.sort_by(|a, b| {
        (Reverse(a.bytes), Reverse(a.allocated), &a.label).cmp(&(
            Reverse(b.bytes),
            Reverse(b.allocated),
            &b.label,
        ))
    });
    lines
}

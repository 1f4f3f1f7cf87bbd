//! A row made up for the writers' tests.

use quarry_index::{Kind, RowFlags, SnapshotError};

use super::Writer;
use super::row::{Moment, Row};

/// A row out of plain values.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    pub(crate) modified: u64,
    pub(crate) reparse_tag: u32,
    pub(crate) flags: RowFlags,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            path: b"/docs/report.pdf".to_vec(),
            kind: Kind::File,
            size: 1536,
            modified: 133_592_046_721_234_567,
            reparse_tag: 0,
            flags: RowFlags::empty(),
        }
    }
}

impl Sample {
    /// A row with this path.
    pub(crate) fn at(path: &str) -> Self {
        Self { path: path.as_bytes().to_vec(), ..Self::default() }
    }

    fn slash(&self) -> usize {
        self.path.iter().rposition(|&byte| byte == b'/').unwrap_or(0)
    }
}

impl Row for Sample {
    fn source(&self) -> &str {
        "disk"
    }
    fn path(&self) -> &[u8] {
        &self.path
    }
    fn folder(&self) -> &[u8] {
        &self.path[..self.slash()]
    }
    fn sound(&self) -> Result<(), SnapshotError> {
        Ok(())
    }
    fn name(&self) -> &[u8] {
        &self.path[self.slash() + 1..]
    }
    fn kind(&self) -> Kind {
        self.kind
    }
    fn size(&self) -> u64 {
        self.size
    }
    fn allocated(&self) -> u64 {
        4096
    }
    /// Of the times other than `modified`, one is the epoch of Unix, one unset, one all ones.
    fn time(&self, moment: Moment) -> u64 {
        match moment {
            Moment::Modified => self.modified,
            Moment::Created => 116_444_736_000_000_000,
            Moment::Accessed => 0,
            Moment::Changed => u64::MAX,
        }
    }
    fn attributes(&self) -> u32 {
        0x20
    }
    fn links(&self) -> u16 {
        1
    }
    fn reparse_tag(&self) -> u32 {
        self.reparse_tag
    }
    fn record(&self) -> Option<u32> {
        Some(64)
    }
    fn sequence(&self) -> u16 {
        2
    }
    fn flags(&self) -> RowFlags {
        self.flags
    }
}

/// What `writer` makes of `rows`.
pub(crate) fn printed(writer: &mut dyn Writer, rows: &[Sample]) -> Vec<u8> {
    let mut out = Vec::new();
    writer.begin(&mut out);
    for row in rows {
        writer.row(row, &mut out);
    }
    out
}

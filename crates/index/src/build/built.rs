//! An index that was built to be written, not searched: it is not laid out in memory.

use std::io::Write;

use super::BuildError;
use super::findings::Findings;
use crate::index::Total;
use crate::store::{Encoded, Ready};

/// An index that is ready to be written as a snapshot, with what is told of it before. Its columns lie in memory or in a scratch file.
#[derive(Debug)]
pub struct Built {
    ready: Ready,
    findings: Findings,
    root: Total,
}

impl Built {
    pub(super) fn new(
        columns: Vec<Encoded>,
        rows: usize,
        findings: Findings,
        root: Total,
    ) -> Result<Self, BuildError> {
        Ok(Self { ready: Ready::new(columns, rows as u64)?, findings, root })
    }

    /// What did not fit together.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.ready.rows()
    }

    /// Bytes of its snapshot.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.ready.bytes()
    }

    /// What lies below the root.
    #[must_use]
    pub fn root_total(&self) -> Total {
        self.root
    }

    /// As [`Index::identity`](crate::Index::identity).
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.ready.identity()
    }

    /// Writes the snapshot to `out`, from the beginning to the end, and gives that back. The caller flushes.
    ///
    /// # Errors
    /// If `out` cannot be written, or a scratch file not be read.
    pub fn write<W: Write>(&self, out: W) -> Result<W, BuildError> {
        Ok(self.ready.write(out)?)
    }
}

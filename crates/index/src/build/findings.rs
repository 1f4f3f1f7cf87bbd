//! What did not fit together while an index was built.
//!
//! Nothing of this stops a build: each is counted, the first ones are listed, and the rows concerned say so
//! themselves.

/// How many findings are listed; the count goes on.
pub const LISTED_MAX: usize = 10_000;

/// What kind of thing does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The parent of a name is gone, is another file by now, or is no folder.
    Orphan,
    /// Folders in use that lie in one another. Deleted ones that do are no finding: their parents have become others.
    Cycle,
    /// A folder deeper than folders can lie.
    TooDeep,
    /// An extension record whose base is gone or is another file by now.
    StaleExtension,
    /// A file in use without any name.
    Nameless,
}

impl std::fmt::Display for FindingKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FindingKind::Orphan => "orphan: its parent folder is gone",
            FindingKind::Cycle => "folder inside itself",
            FindingKind::TooDeep => "folder deeper than 32768 levels",
            FindingKind::StaleExtension => "stale extension: its base record is gone",
            FindingKind::Nameless => "file without a name",
        })
    }
}

/// One thing that does not fit, and in which record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// Where.
    pub record: u32,
}

/// Everything that did not fit.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Findings {
    listed: Vec<Finding>,
    orphans: u64,
    cycles: u64,
    too_deep: u64,
    stale_extensions: u64,
    nameless: u64,
}

impl Findings {
    pub(crate) fn note(&mut self, kind: FindingKind, record: u32) {
        *self.counter(kind) += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(Finding { kind, record });
        }
    }

    fn counter(&mut self, kind: FindingKind) -> &mut u64 {
        match kind {
            FindingKind::Orphan => &mut self.orphans,
            FindingKind::Cycle => &mut self.cycles,
            FindingKind::TooDeep => &mut self.too_deep,
            FindingKind::StaleExtension => &mut self.stale_extensions,
            FindingKind::Nameless => &mut self.nameless,
        }
    }

    /// How many there are of one kind.
    #[must_use]
    pub fn count(&self, kind: FindingKind) -> u64 {
        match kind {
            FindingKind::Orphan => self.orphans,
            FindingKind::Cycle => self.cycles,
            FindingKind::TooDeep => self.too_deep,
            FindingKind::StaleExtension => self.stale_extensions,
            FindingKind::Nameless => self.nameless,
        }
    }

    /// How many there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.orphans + self.cycles + self.too_deep + self.stale_extensions + self.nameless
    }

    /// The first [`LISTED_MAX`] of them.
    #[must_use]
    pub fn listed(&self) -> &[Finding] {
        &self.listed
    }
}

//! Run lists: where the clusters of a non-resident attribute lie.
//!
//! Each run is a header byte, whose low half says how many bytes the length takes and whose high half how many
//! the offset takes, then the two numbers: the length in clusters, and the distance from the start of the run
//! before, signed. No offset means a hole. A header of 0 ends the list.
//!
//! Any of it may be hostile. Arithmetic is checked; a length must be positive, an LCN must not be negative, and
//! the list must not go beyond the last VCN that the attribute gives itself.

/// A stretch of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First virtual cluster.
    pub vcn: u64,
    /// First logical cluster; nothing for a hole. 0 is a cluster like others.
    pub lcn: Option<u64>,
    /// How many clusters, at least one.
    pub clusters: u64,
}

/// What is wrong with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunFault {
    /// The list ends before it has covered its attribute.
    #[error("the list ends after VCN {covered}, expected VCN {expected} to be the last")]
    NoEnd {
        /// The last VCN covered.
        covered: i128,
        /// The last VCN that the attribute claims.
        expected: u64,
    },
    /// A number of more than eight bytes, or a length of none.
    #[error("header {found:#04x}: a length takes 1 to 8 bytes, an offset 0 to 8")]
    Header {
        /// The header.
        found: u8,
    },
    /// A length of zero or less.
    #[error("length {found}, expected at least 1")]
    Length {
        /// The length.
        found: i64,
    },
    /// An LCN below zero or beyond 2^63.
    #[error("offset {distance} from LCN {from} leads outside any volume")]
    Lcn {
        /// Start of the run before.
        from: i64,
        /// The distance.
        distance: i64,
    },
    /// More clusters than the attribute has.
    #[error("VCN {vcn} and {clusters} more, expected VCN {expected} to be the last")]
    Beyond {
        /// Start of the run.
        vcn: u64,
        /// Its length.
        clusters: u64,
        /// The last VCN that the attribute claims.
        expected: u64,
    },
}

/// Where in a run list something is wrong, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("run list, byte {offset}: {fault}")]
pub struct RunError {
    /// Where in the list.
    pub offset: usize,
    /// What is wrong.
    pub fault: RunFault,
}

/// The runs of a list. After an error there are no more.
#[derive(Debug, Clone)]
pub struct Runs<'a> {
    list: &'a [u8],
    offset: usize,
    vcn: u64,
    /// The VCN after the last; nothing when all is read.
    end: Option<u64>,
    lcn: i64,
}

impl<'a> Runs<'a> {
    /// Reads the run list at the start of `list`, which covers the virtual clusters from `lowest_vcn` to
    /// `highest_vcn`, both included.
    #[must_use]
    pub fn new(list: &'a [u8], lowest_vcn: u64, highest_vcn: u64) -> Self {
        // An attribute without clusters has a highest VCN of -1, so that the end is 0.
        let end = highest_vcn.wrapping_add(1);
        Self { list, offset: 0, vcn: lowest_vcn, end: Some(end), lcn: 0 }
    }

    fn read(&self, end: u64) -> Result<Option<(Run, usize)>, RunFault> {
        let expected = end.wrapping_sub(1);
        let no_end = RunFault::NoEnd { covered: i128::from(self.vcn) - 1, expected };
        let rest = self.list.get(self.offset..).unwrap_or_default();
        let &header = match rest.first() {
            Some(0) | None if self.vcn == end => return Ok(None),
            Some(0) | None => return Err(no_end),
            Some(header) => header,
        };
        let (length_bytes, distance_bytes) = (usize::from(header & 0xF), usize::from(header >> 4));
        if !(1..=8).contains(&length_bytes) || distance_bytes > 8 {
            return Err(RunFault::Header { found: header });
        }
        let numbers = rest.get(1..1 + length_bytes + distance_bytes).ok_or(no_end)?;
        let (length, distance) = numbers.split_at_checked(length_bytes).ok_or(no_end)?;
        let (length, distance) = (signed(length), signed(distance));
        let clusters = u64::try_from(length).ok().filter(|&clusters| clusters > 0);
        let clusters = clusters.ok_or(RunFault::Length { found: length })?;
        let fits = self.vcn.checked_add(clusters).is_some_and(|next| next <= end);
        if !fits {
            return Err(RunFault::Beyond { vcn: self.vcn, clusters, expected });
        }
        let lcn = match distance_bytes {
            0 => None,
            _ => self.lcn_after(distance)?,
        };
        Ok(Some((Run { vcn: self.vcn, lcn, clusters }, 1 + numbers.len())))
    }

    /// The LCN at `distance` from the run before. Volumes older than NTFS 3 write a hole as LCN -1.
    fn lcn_after(&self, distance: i64) -> Result<Option<u64>, RunFault> {
        let fault = RunFault::Lcn { from: self.lcn, distance };
        match self.lcn.checked_add(distance).ok_or(fault)? {
            -1 if distance == -1 => Ok(None),
            lcn => u64::try_from(lcn).map(Some).map_err(|_| fault),
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.end?;
        match self.read(end) {
            Ok(Some((run, bytes))) => {
                self.offset += bytes;
                self.vcn = run.vcn + run.clusters;
                if let Some(lcn) = run.lcn.and_then(|lcn| i64::try_from(lcn).ok()) {
                    self.lcn = lcn;
                }
                Some(Ok(run))
            }
            Ok(None) => {
                self.end = None;
                None
            }
            Err(fault) => {
                self.end = None;
                Some(Err(RunError { offset: self.offset, fault }))
            }
        }
    }
}

/// A little-endian number of 0 to 8 bytes, sign-extended.
fn signed(bytes: &[u8]) -> i64 {
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
    let mut wide = [fill; 8];
    for (slot, &byte) in wide.iter_mut().zip(bytes) {
        *slot = byte;
    }
    i64::from_le_bytes(wide)
}

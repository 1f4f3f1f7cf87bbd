//! What a scan met, told on standard error: in one line, or thing by thing.

use quarry_index::{Finding, FindingKind};
use quarry_scan::Report;
use serde::{Deserialize, Serialize};

use crate::session::{Session, Verbosity};

/// Tells what is damaged or missing in the source called `name`.
pub(crate) fn tell(session: &Session, name: &str, report: &Report) {
    for note in &report.notes {
        session.note(Verbosity::Usual, &format!("{name}: {note}"));
    }
    if session.verbosity < Verbosity::Verbose {
        if let Some(summary) = summary(report) {
            session.note(Verbosity::Usual, &format!("{name}: {summary}; -v lists them"));
        }
        return;
    }
    for unread in &report.unread {
        session.note(Verbosity::Verbose, &format!("{name}: {unread}"));
    }
    for damaged in &report.damaged {
        session.note(Verbosity::Verbose, &format!("{name}: {damaged}"));
    }
    for each in report.findings.listed() {
        session.note(Verbosity::Verbose, &format!("{name}: {}", finding(each)));
    }
    let told = report.unread.len() + report.damaged.len() + report.findings.listed().len();
    if let Some(summary) = summary(report).filter(|_| told > 0) {
        session.note(Verbosity::Verbose, &format!("{name}: {summary} in all"));
    }
}

/// What does not fit together, and where.
pub(crate) fn finding(finding: &Finding) -> String {
    format!("record {}: {}", finding.record, finding.kind)
}

/// The counts in a line, those first that make an answer partial.
fn summary(report: &Report) -> Option<String> {
    let counted: Vec<String> = Damage::new(report).counted().collect();
    (!counted.is_empty()).then(|| counted.join(", "))
}

/// What does not check out: how many there are of each kind of thing. Notes of earlier versions do not say what showed when
/// records were joined.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Damage {
    unread_records: u64,
    damaged_records: u64,
    torn_records: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stale_extensions: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    orphans: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cycles: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    too_deep: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nameless_files: Option<u64>,
}

impl Damage {
    /// The counts of a report.
    pub(crate) fn new(report: &Report) -> Self {
        let found = |kind| Some(report.findings.count(kind));
        Self {
            unread_records: report.counts.unread,
            damaged_records: report.counts.damaged,
            torn_records: report.counts.torn,
            stale_extensions: found(FindingKind::StaleExtension),
            orphans: found(FindingKind::Orphan),
            cycles: found(FindingKind::Cycle),
            too_deep: found(FindingKind::TooDeep),
            nameless_files: found(FindingKind::Nameless),
        }
    }

    /// Whether all of it is known.
    pub(crate) fn is_whole(&self) -> bool {
        self.orphans.is_some()
    }

    /// Each that is not zero, in words.
    pub(crate) fn counted(&self) -> impl Iterator<Item = String> {
        [
            (self.unread_records, "record not read", "records not read"),
            (self.damaged_records, "record damaged", "records damaged"),
            (self.torn_records, "of them torn", "of them torn"),
            (self.stale_extensions.unwrap_or(0), "stale extension", "stale extensions"),
            (self.orphans.unwrap_or(0), "orphan", "orphans"),
            (self.cycles.unwrap_or(0), "folder inside itself", "folders inside themselves"),
            (self.too_deep.unwrap_or(0), "folder too deep", "folders too deep"),
            (self.nameless_files.unwrap_or(0), "file without a name", "files without a name"),
        ]
        .into_iter()
        .filter(|&(count, ..)| count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
    }
}

#[cfg(test)]
mod tests {
    use super::summary;
    use quarry_scan::Report;

    fn check(unread: u64, damaged: u64, expected: Option<&str>) {
        let mut report = Report::default();
        report.counts.unread = unread;
        report.counts.damaged = damaged;
        assert_eq!(summary(&report).as_deref(), expected);
    }

    #[test]
    fn counts_are_told_where_there_are_any() {
        check(0, 0, None);
        check(0, 1, Some("1 record damaged"));
        check(2, 12, Some("2 records not read, 12 records damaged"));
        check(1, 1, Some("1 record not read, 1 record damaged"));
    }
}

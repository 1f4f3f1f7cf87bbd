//! What a scan met, told on standard error: in one line, or thing by thing.

use std::fmt::Write as _;

use quarry_index::FindingKind;
use quarry_scan::Report;

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
    for finding in report.findings.listed() {
        session.note(Verbosity::Verbose, &format!("{name}: record {}: {}", finding.record, finding.kind));
    }
    let told = report.unread.len() + report.damaged.len() + report.findings.listed().len();
    if let Some(summary) = summary(report).filter(|_| told > 0) {
        session.note(Verbosity::Verbose, &format!("{name}: {summary} in all"));
    }
}

/// How many there are of each kind of thing, those first that make an answer partial.
fn summary(report: &Report) -> Option<String> {
    let found = |kind| report.findings.count(kind);
    let parts = [
        (report.counts.unread, "record not read", "records not read"),
        (report.counts.damaged, "record damaged", "records damaged"),
        (found(FindingKind::StaleExtension), "stale extension", "stale extensions"),
        (found(FindingKind::Orphan), "orphan", "orphans"),
        (found(FindingKind::Cycle), "folder inside itself", "folders inside themselves"),
        (found(FindingKind::Nameless), "file without a name", "files without a name"),
    ];
    let mut text = String::new();
    for (count, one, many) in parts.into_iter().filter(|&(count, ..)| count > 0) {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{count} {}", if count == 1 { one } else { many });
    }
    (!text.is_empty()).then_some(text)
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
    }
}

//! What a user is told when something cannot be done: where, why, and what to do about it.

use std::fmt;

use crate::exit::Exit;
use crate::output::sink::SinkError;
use crate::output::words::{escaped, quoted};

/// Why a verb ended before its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A source, a flag or a query is at fault.
    Because(Complaint),
    /// As above, and the user knows already.
    Told,
    /// Rows could not be written.
    Output(SinkError),
    /// The user interrupted it.
    Interrupted,
}

/// One line for standard error: `<source>: <cause>; <next step>`; below it perhaps a query and the place in it. Whatever is said may quote a name that
/// somebody else chose: what could steer a terminal, or begin another line, is spelled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// What it is about, as the user named it.
    pub(crate) source: Option<String>,
    /// What is wrong.
    pub(crate) cause: String,
    /// What to do, where the cause does not say so itself.
    pub(crate) next_step: Option<String>,
    /// Lines that stand below.
    pub(crate) below: Vec<String>,
}

impl Complaint {
    /// A complaint about `source`.
    pub(crate) fn about(source: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self { source: Some(source.into()), ..Self::of(cause) }
    }

    /// One whose cause says itself what it is about.
    pub(crate) fn of(cause: impl fmt::Display) -> Self {
        Self { source: None, cause: cause.to_string(), next_step: None, below: Vec::new() }
    }

    /// One whose cause goes on in lines below it.
    pub(crate) fn in_lines(cause: impl fmt::Display) -> Self {
        let cause = cause.to_string();
        let mut lines = cause.lines();
        let first = Self::of(lines.next().unwrap_or_default());
        Self { below: lines.map(str::to_owned).collect(), ..first }
    }

    /// The same with the entry that may have been meant, if there is one.
    pub(crate) fn did_you_mean(self, name: Option<&quarry_catalog::Name>) -> Self {
        match name {
            Some(name) => self.then(format!("did you mean the entry {}?", quoted(name.as_str()))),
            None => self,
        }
    }

    /// The same with the next step.
    pub(crate) fn then(self, next_step: impl Into<String>) -> Self {
        Self { next_step: Some(next_step.into()), ..self }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{}: ", escaped(source.as_bytes()))?;
        }
        f.write_str(&escaped(self.cause.as_bytes()))?;
        if let Some(step) = &self.next_step {
            write!(f, "; {}", escaped(step.as_bytes()))?;
        }
        self.below.iter().try_for_each(|line| write!(f, "\n{}", escaped(line.as_bytes())))
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::Because(complaint)
    }
}

impl From<SinkError> for Failure {
    fn from(error: SinkError) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    /// How the command ends, and what to say about it.
    pub(crate) fn verdict(self) -> (Exit, Option<Complaint>) {
        match self {
            Self::Because(complaint) => (Exit::Error, Some(complaint)),
            Self::Told => (Exit::Error, None),
            // The rows that the reader wanted were found.
            Self::Output(SinkError::Closed) => (Exit::Found, None),
            Self::Output(error @ (SinkError::Io(_) | SinkError::Damaged(_))) => {
                (Exit::Error, Some(Complaint::of(error)))
            }
            Self::Interrupted => (Exit::Interrupted, None),
        }
    }
}

/// The message of `error` and of what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Where advice follows the cause, that stands in the middle.
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::{Complaint, chain};

    #[test]
    fn a_complaint_says_where_why_and_what_to_do() {
        let complaint = Complaint::about("disk.img", "holds no NTFS volume");
        assert_eq!(complaint.to_string(), "disk.img: holds no NTFS volume");
        assert_eq!(
            complaint.then("try `quarry info`").to_string(),
            "disk.img: holds no NTFS volume; try `quarry info`"
        );
    }

    /// A name with a line of its own would look like a message of the program.
    #[test]
    fn a_name_begins_no_line() {
        let complaint = Complaint::about("a\nquarry: b", "c\nd\u{1b}[2J").then("e\rf");
        assert_eq!(complaint.to_string(), "a\\u{a}quarry: b: c\\u{a}d\\u{1b}[2J; e\\u{d}f");
        let drawn = Complaint::in_lines("not understood\n  size:>>\n       ^");
        assert_eq!(drawn.to_string(), "not understood\n  size:>>\n       ^");
    }

    #[test]
    fn causes_are_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("{text}")]
        struct Layer {
            text: &'static str,
            source: Option<Box<Layer>>,
        }
        let layer = |text, source: Option<Layer>| Layer { text, source: source.map(Box::new) };
        let error = layer("cannot open", Some(layer("read failed: EIO", Some(layer("EIO", None)))));
        assert_eq!(chain(&error), "cannot open: read failed: EIO");
        let error = layer("cannot open: EIO; look after the disk", Some(layer("EIO", None)));
        assert_eq!(chain(&error), "cannot open: EIO; look after the disk");
    }
}
